#!/bin/sh
# as-root.sh PROGRAM ARGUMENT ...: for "go test -exec". Only the compiled test binary gets root, the compiler does not.
# Without root and without sudo the tests that need it skip, and say so.
set -eu
[ "$(id -u)" != 0 ] && sudo -n true 2>/dev/null && set -- sudo -n -E env "PATH=$PATH" "$@"
exec "$@"
