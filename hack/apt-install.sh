#!/bin/sh
# apt-install.sh PACKAGE ...: installs those that are missing, and says which. Needs root, or sudo without a password;
# where neither is at hand it says what to run and exits 1.
set -eu

missing=
for package in "$@"; do
	dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ]; then
	root=
elif sudo -n true 2>/dev/null; then
	root="sudo -n"
else
	echo "apt-install: needs root to install:$missing" >&2
	echo "hint: sudo apt-get install$missing" >&2
	exit 1
fi

echo "apt-install: installing:$missing" >&2
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# shellcheck disable=SC2086 # words
get() { $root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=120 "$@" >"$log" 2>&1; }
# shellcheck disable=SC2086
get install -y --no-install-recommends $missing ||
	{ get update && get install -y --no-install-recommends $missing; } ||
	{ cat "$log" >&2; exit 1; }
