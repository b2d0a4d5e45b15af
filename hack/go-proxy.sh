#!/bin/sh
# go-proxy.sh: prints what GOPROXY is without any setting, as the go.env of an unmodified Go toolchain has it: from where a
# host without Go gets its first one. The address stands nowhere in this repository but as its sum. Distributions change
# that file, so that it is looked for in the go on PATH, in the toolchains of the module cache, and in one that is fetched.
set -eu

sum=b04b0c509623fab4755f2d6af4aa0edd26e95695a2252dac0d1d4f656f6c8fbe

try() {
	line=$(sed -n '/^GOPROXY=/p' "$1/go.env" 2>/dev/null) || return 0
	if [ "$(printf '%s\n' "$line" | sha256sum | cut -c1-64)" = $sum ]; then
		echo "${line#GOPROXY=}"
		exit 0
	fi
}

export GOFLAGS= GOWORK=off
try "$(go env GOROOT)"
for dir in "$(go env GOMODCACHE)"/golang.org/toolchain@*; do
	try "$dir"
done
module=golang.org/toolchain@v0.0.1-$(go env GOVERSION).linux-amd64
try "$(cd / && go mod download -json "$module" 2>/dev/null | sed -n 's/^.*"Dir": "\(.*\)".*/\1/p')"
echo "go-proxy: no go.env of an unmodified toolchain is at hand: the program will know no proxy by itself" >&2
