#!/bin/sh
# release.sh DEBS OUT [KEY]: puts what is published of the packages in the folder DEBS into the folder OUT, with SHA256SUMS and
# its signature SHA256SUMS.asc, made with the key KEY of this user's GnuPG, or with the secret key, armoured and without a
# passphrase, in the environment (SIGNING_KEY), which is kept nowhere.
set -eu
umask 022

if [ $# -lt 2 ] || { [ -z "${3-}" ] && [ -z "${SIGNING_KEY-}" ]; }; then
	echo "release: want the key to sign with: make release KEY=FINGERPRINT, or the key itself in SIGNING_KEY" >&2
	exit 64
fi
"$(dirname "$0")/apt-install.sh" gpg gpg-agent
rm -rf "$2"
mkdir -p "$2"
cp "$1"/*.deb "$1"/*.dsc "$1"/*.tar.xz "$1"/*.buildinfo "$1"/*.cdx.json "$2/"
cd "$2"
sha256sum -- * >SHA256SUMS.new
mv SHA256SUMS.new SHA256SUMS

key=${3-}
if [ -z "$key" ]; then
	GNUPGHOME=$(mktemp -d)
	export GNUPGHOME
	trap 'gpgconf --kill gpg-agent; rm -rf "$GNUPGHOME"' EXIT
	printenv SIGNING_KEY | gpg --batch --quiet --import
	key=$(gpg --batch --list-secret-keys --with-colons | awk -F: '$1 == "fpr" { print $10; exit }')
fi
gpg --batch --quiet --local-user "$key" --armor --detach-sign SHA256SUMS
