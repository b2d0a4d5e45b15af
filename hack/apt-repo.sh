#!/bin/sh
# apt-repo.sh DEBS REPO KEY: makes an apt repository of the packages in the folder DEBS, with the suite "stable", signed with
# the key KEY of this user's GnuPG. KEY "throw-away" is one that is made for it, without a passphrase, and kept in
# REPO/private/gnupg: for trying out, since hosts would have to learn a new key when it is gone. What is to be published is
# REPO/public; tcptune.sources in it is for /etc/apt/sources.list.d of a host, with the key inside (deb822, sources.list(5)).
set -eu

if [ $# != 3 ]; then
	echo "apt-repo: want the key to sign with: make apt-repo KEY=FINGERPRINT" >&2
	echo "hint: KEY=throw-away makes one, for trying out; hosts have to be told of the next one" >&2
	exit 64
fi
"$(dirname "$0")/apt-install.sh" gpg gpg-agent reprepro
debs=$1
mkdir -p "$2"
repo=$(cd "$2" && pwd)
# Made anew: reprepro rightly refuses other bytes under a version that it has already.
rm -rf "$repo/public" "$repo/private/db"
mkdir -p "$repo/public" "$repo/private"
key=$3
# Where the repository will be found.
uri=${REPO_URI:-file:$repo/public}

if [ "$key" = throw-away ]; then
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
[ "$3" != throw-away ] || gpgconf --kill gpg-agent
