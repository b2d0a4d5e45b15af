#!/bin/sh
# apt-repo.sh DEBS REPO [KEY]: makes an apt repository of the packages in the folder DEBS, with the suite "stable", signed
# with the key KEY of this user's GnuPG, or else with a key that is made for it and kept in REPO/private/gnupg. What is to
# be published is REPO/public; tcptune.sources in it is for /etc/apt/sources.list.d of a host, with the key inside
# (deb822, sources.list(5)).
set -eu

[ $# -ge 2 ] || { echo "usage: hack/apt-repo.sh DEBS REPO [KEY]" >&2; exit 64; }
debs=$1
mkdir -p "$2"
repo=$(cd "$2" && pwd)
# Made anew: reprepro rightly refuses other bytes under a version that it has already.
rm -rf "$repo/public" "$repo/private/db"
mkdir -p "$repo/public" "$repo/private"
key=${3-}
# Where the repository will be found.
uri=${REPO_URI:-file:$repo/public}

if [ -z "$key" ]; then
	export GNUPGHOME="$repo/private/gnupg"
	if [ ! -d "$GNUPGHOME" ]; then
		mkdir -m 0700 "$GNUPGHOME"
		gpg --batch --quiet --passphrase '' --quick-generate-key 'tcptune packages' ed25519 sign never
	fi
	key=$(gpg --batch --list-secret-keys --with-colons | awk -F: '$1 == "fpr" { print $10; exit }')
fi

mkdir -p "$repo/private/conf"
cat >"$repo/private/conf/distributions" <<END
Origin: tcptune
Label: tcptune
Suite: stable
Codename: stable
Architectures: amd64 arm64
Components: main
Description: Packages of tcptune
SignWith: $key
END
reprepro --silent --basedir "$repo/private" --outdir "$repo/public" --ignore=extension includedeb stable "$debs"/*.deb

{
	printf 'Types: deb\nURIs: %s\nSuites: stable\nComponents: main\nSigned-By:\n' "$uri"
	gpg --batch --armor --export "$key" | sed 's/^$/./; s/^/ /'
} >"$repo/public/tcptune.sources"
# The agent that gpg has started for the key made here.
[ -n "${3-}" ] || gpgconf --kill gpg-agent
