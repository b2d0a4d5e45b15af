#!/bin/sh
# sbom.sh TOOL TREE VERSION: writes for each program and architecture the list of the modules that are linked into it, in
# the form of CycloneDX, to TREE/debian/sbom. TOOL is cyclonedx-gomod, VERSION what the programs call themselves. Equal
# sources give equal lists: they hold no time and no serial number, are sorted, and do not say how TOOL was built.
# The modules must be in the cache: no network is asked.
set -eu

tool=$1
cd "$2"
mkdir -p debian/sbom

# The tool asks git for the version, so it gets a repository with no more than a tag, in which ~ is not allowed.
[ ! -e .git ] || { echo "sbom: $PWD is a repository; want a tree without one" >&2; exit 1; }
trap 'rm -rf .git' EXIT
git -c init.defaultBranch=main init --quiet
git -c user.name=tcptune -c user.email=tcptune -c commit.gpgSign=false commit --quiet --allow-empty --message tree
git -c tag.gpgSign=false tag "v$(echo "$3" | tr '~' -)"

export CGO_ENABLED=0 GOOS=linux GOPROXY=off GOTOOLCHAIN=local GOWORK=off
export GOFLAGS='-mod=readonly -tags=urfave_cli_no_docs,nethttpomithttp2'
for arch in amd64 arm64; do
	for program in tcptune tcptune-server; do
		log=$(GOARCH=$arch "$tool" app -json -noserial -notimestamp -std -licenses -assert-licenses -main "cmd/$program" \
			-output debian/sbom/made . 2>&1) || { echo "$log" >&2; exit 1; }
		jq --sort-keys 'del(.metadata.tools[].hashes)
			| .components |= sort_by(."bom-ref")
			| .dependencies |= (map(if .dependsOn then .dependsOn |= sort else . end) | sort_by(.ref))' \
			debian/sbom/made >"debian/sbom/${program}_$arch.cdx.json"
	done
done
rm debian/sbom/made
