#!/bin/sh
# deb.sh [-q] [-a ARCH] [-v VERSION] [-V TEXT] OUT: builds the packages from the tracked files as they are now into the folder
# OUT. The source package comes with them where ARCH (dpkg's name) is this machine's own, and for each package a list of the
# modules that are linked (CycloneDX), which is inside the package as well.
# VERSION is that of debian/changelog unless it is given, TEXT what the programs call themselves.
# With -q they are for a test that only installs them: without source package, and the lists are empty.
# The first go on PATH builds; the modules come from its cache.
set -eu
umask 022 # modes are part of the source package

usage() {
	sed -n '2s/^# \(.*\]* OUT\):.*/usage: hack\/\1/p' "$0" >&2
	exit 64
}

own=$(dpkg --print-architecture)
arch=$own
version=
text=
quick=
while getopts qa:v:V: option; do
	case $option in
	q) quick=yes ;;
	a) arch=$OPTARG ;;
	v) version=$OPTARG ;;
	V) text=$OPTARG ;;
	*) usage ;;
	esac
done
shift $((OPTIND - 1))
[ $# = 1 ] || usage
mkdir -p "$1"
out=$(cd "$1" && pwd)
cd "$(dirname "$0")/.."

commit=$(git log -1 --format=%H)
committed=$(git log -1 --format=%cI)

# The program that lists the modules, once for all builds: it has a hundred times the code of tcptune.
repo=$PWD
sbom=$repo/bin/tools/cyclonedx-gomod
if [ -z "$quick" ] && [ -z "$(find "$sbom" -newer tools/go.sum 2>/dev/null)" ]; then
	echo "deb: building cyclonedx-gomod from tools/go.mod (the first time takes minutes)" >&2
	CGO_ENABLED=0 go build -modfile=tools/go.mod -trimpath -buildvcs=false -o "$sbom" \
		github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod
fi

work=$(mktemp -d "${TMPDIR:-/tmp}/tcptune-deb.XXXXXX")
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
tree=$work/tcptune
mkdir "$tree"

# The tracked files with all edits, through an index of its own: nothing of the repository changes.
(
	export GIT_INDEX_FILE="$work/index"
	cp "$(git rev-parse --git-dir)/index" "$GIT_INDEX_FILE"
	git add -u
	git archive "$(git write-tree)"
) | tar -x -C "$tree"

cd "$tree"
GOCACHE=$(go env GOCACHE)
export GOCACHE
export CGO_ENABLED=0 GOTOOLCHAIN=local GOWORK=off
# The network is asked only for modules that this machine does not have yet, and by nothing that follows.
GOPROXY=off go mod vendor 2>/dev/null || go mod vendor
export GOPROXY=off
linked=$work/linked
for goarch in amd64 arm64; do
	GOARCH=$goarch go list -tags urfave_cli_no_docs,nethttpomithttp2 -deps -f '{{with .Module}}{{.Path}}{{end}}' ./cmd/...
done | sort -u >"$linked"
# What only tests import is not shipped: debian/copyright speaks of what is linked.
sed -n 's/^# \([^ ]*\) .*/\1/p' vendor/modules.txt | while read -r module; do
	grep -qxF "$module" "$linked" || rm -rf "vendor/$module"
done
find vendor -type d -empty -delete

[ -z "$version" ] || sed -i "1s/(.*)/($version)/" debian/changelog
[ -z "$text" ] || export TCPTUNE_VERSION="$text"
export TCPTUNE_COMMIT="$commit" TCPTUNE_COMMITTED="$committed"
if [ -z "$quick" ]; then
	"$repo/hack/sbom.sh" "$sbom" . "${text:-$(dpkg-parsechangelog -S Version)}"
else
	mkdir -p debian/sbom
	for program in tcptune tcptune-server; do
		echo '{}' >"debian/sbom/${program}_$arch.cdx.json"
	done
fi

build=binary
[ "$arch" != "$own" ] || [ -n "$quick" ] || build=full
log=$work/log
DEB_BUILD_OPTIONS=${DEB_BUILD_OPTIONS-} dpkg-buildpackage --build=$build -a"$arch" -Ppkg.tcptune.outside-go -us -uc >"$log" 2>&1 || {
	cat "$log" >&2
	exit 1
}
version=$(dpkg-parsechangelog -S Version)
for program in tcptune tcptune-server; do
	cp "debian/sbom/${program}_$arch.cdx.json" "$out/${program}_${version}_$arch.cdx.json"
done
cd "$work"
for f in *.deb *.dsc *.tar.xz *.changes *.buildinfo; do
	[ ! -e "$f" ] || mv "$f" "$out/"
done
