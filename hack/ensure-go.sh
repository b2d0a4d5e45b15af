#!/bin/sh
# Prints the path of a Go toolchain that is at least as new as go.mod asks for, and gets one where the machine has none:
# Debian's or Ubuntu's package if that is new enough; otherwise the toolchain module, fetched by whatever older go there
# is and verified by it against the checksum database; otherwise the tarball from go.dev, verified by the sha256 that
# go.dev publishes. What is fetched goes to a cache of the user, nothing is put on PATH. Talks on stderr only.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
want=$(awk '$1 == "toolchain" { sub(/^go/, "", $2); t = $2 } $1 == "go" { g = $2 } END { print t ? t : g }' "$here/../go.mod")
cache=${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/tcptune
fetched=$cache/go$want

say() { echo "ensure-go: $*" >&2; }

# version GO: its version without the leading "go", empty when it does not run. GOTOOLCHAIN=local: the go command itself,
# not one that it would fetch; from /, so that no go.mod can be read.
version() { (cd / && GOTOOLCHAIN=local "$1" version 2>/dev/null) | sed -n 's/^go version go\([0-9.]*\).*/\1/p'; }

new_enough() {
	v=$(version "$1")
	[ -n "$v" ] && [ "$(printf '%s\n%s\n' "$want" "$v" | sort -V | head -n 1)" = "$want" ]
}

candidates() {
	command -v go || true
	printf '%s\n' /usr/local/go/bin/go "$fetched/bin/go"
	ls -d /usr/lib/go-*/bin/go 2>/dev/null | sort -rV || true
}

find_go() {
	for go in $(candidates); do
		if [ -x "$go" ] && new_enough "$go"; then
			echo "$go"
			return 0
		fi
	done
	return 1
}

any_go() {
	for go in $(candidates); do
		if [ -n "$(version "$go")" ]; then
			echo "$go"
			return 0
		fi
	done
	return 1
}

# The newest golang-1.NN-go that the distribution has, if it is new enough by its name.
packaged() {
	command -v apt-cache >/dev/null || return 1
	newest=$(apt-cache pkgnames golang-1. | sed -n 's/^golang-\(1\.[0-9]*\)-go$/\1/p' | sort -V | tail -n 1)
	[ -n "$newest" ] && [ "$(printf '%s\n%s\n' "${want%.*}" "$newest" | sort -V | head -n 1)" = "${want%.*}" ] || return 1
	echo "golang-$newest-go"
}

# The toolchain is a module like any other; only names and modes differ, because a module's zip cannot hold a nested
# go.mod or an executable bit.
from_module() {
	boot=$1
	[ "$("$boot" env GOSUMDB)" != off ] || { say "GOSUMDB=off: nothing would verify the toolchain module"; return 1; }
	os_arch=$("$boot" env GOHOSTOS)-$("$boot" env GOHOSTARCH)
	say "fetching the toolchain go$want with $boot, verified against the checksum database"
	work=$(mktemp -d "$cache/fetch.XXXXXX")
	trap 'chmod -R u+w "$work" 2>/dev/null; rm -rf "$work"' EXIT
	(
		cd "$work"
		# No pattern may exempt the toolchain from the checksum database.
		GOTOOLCHAIN=local GO111MODULE=on GOFLAGS=-modcacherw GOMODCACHE=$work/mod GOPATH=$work/gopath \
			GONOSUMDB=none GOPRIVATE=none GOINSECURE=none \
			"$boot" mod download "golang.org/toolchain@v0.0.1-go$want.$os_arch" >&2
	) || return 1
	tree=$work/mod/golang.org/toolchain@v0.0.1-go$want.$os_arch
	find "$tree" -name _go.mod | while read -r f; do mv "$f" "${f%_go.mod}go.mod"; done
	chmod +x "$tree"/bin/* "$tree"/pkg/tool/*/*
	mv "$tree" "$fetched" 2>/dev/null || [ -x "$fetched/bin/go" ] # another make was faster
}

from_tarball() {
	case $(dpkg --print-architecture) in
	ppc64el) arch=ppc64le ;;
	armhf) arch=armv6l ;;
	*) arch=$(dpkg --print-architecture) ;;
	esac
	file=go$want.linux-$arch.tar.gz
	"$here/apt-install.sh" ca-certificates curl || return 1
	say "fetching https://go.dev/dl/$file"
	work=$(mktemp -d "$cache/fetch.XXXXXX")
	trap 'rm -rf "$work"' EXIT
	curl -fsSL --connect-timeout 20 'https://go.dev/dl/?mode=json&include=all' -o "$work/index" || return 1
	sum=$(tr -d ' \n' <"$work/index" | tr '{' '\n' | grep -F "\"filename\":\"$file\"" |
		sed -n 's/.*"sha256":"\([0-9a-f]\{64\}\)".*/\1/p' | head -n 1)
	[ -n "$sum" ] || { say "go.dev has no sha256 for $file"; return 1; }
	curl -fsSL --connect-timeout 20 "https://go.dev/dl/$file" -o "$work/$file" || return 1
	(cd "$work" && echo "$sum  $file" | sha256sum -c --quiet >&2) || return 1
	tar -C "$work" -xzf "$work/$file" || return 1
	mv "$work/go" "$fetched" 2>/dev/null || [ -x "$fetched/bin/go" ]
}

find_go && exit 0

say "no Go $want or newer on this machine"
mkdir -p "$cache"
if ! any_go >/dev/null; then
	# shellcheck disable=SC2046 # no package: no argument
	"$here/apt-install.sh" ca-certificates $(packaged || echo golang-go) || true
	find_go && exit 0
elif package=$(packaged) && "$here/apt-install.sh" "$package"; then
	find_go && exit 0
fi
if boot=$(any_go); then
	(from_module "$boot") || say "cannot fetch the toolchain module"
fi
find_go && exit 0
(from_tarball) || say "cannot fetch the tarball"
find_go && exit 0
say "cannot get Go $want: install it from https://go.dev/dl and try again"
exit 1
