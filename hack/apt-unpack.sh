#!/bin/sh
# apt-unpack.sh DIR PACKAGE ...: the files of packages below DIR, without installing them: what brings a daemon does not
# start one here. What is there stays. Needs no root.
set -eu

dir=$1
shift
for package in "$@"; do
	[ -e "$dir/.$package" ] && continue
	mkdir -p "$dir"
	work=$(mktemp -d)
	trap 'rm -rf "$work"' EXIT
	(cd "$work" && apt-get -qq -o APT::Sandbox::User=root download "$package" >&2) ||
		{ echo "apt-unpack: cannot download $package" >&2; exit 1; }
	dpkg-deb -x "$work"/*.deb "$dir"
	rm -rf "$dir/usr/share/doc" # an example in Go there would be a package of ours
	touch "$dir/.$package"
	rm -rf "$work"
done
