#!/bin/sh
# rollout.sh VERSION SHARE: brings VERSION of the program "shop" to the first SHARE percent of the hosts of group production,
# at least one, in the stages of the playbook. Its archive in dist/ holds /opt/shop/VERSION: a host keeps the former ones,
# so that going back is the same command with the former version, and needs no archive.
set -eu

version=$1 share=$2
inventory=${INVENTORY:-deploy/hosts}

count=$(ansible production --inventory "$inventory" --list-hosts | sed -n '1s/.*(\([0-9]*\)):.*/\1/p')
hosts="production[0:$(((count * share + 99) / 100 - 1))]"
archive=dist/shop-$version.tar.gz
[ ! -e "$archive" ] ||
	ansible "$hosts" --inventory "$inventory" --become --module-name ansible.builtin.unarchive --args "src=$archive dest=/"
# deploy/declared.yml has host_declared, with exec: ["/opt/shop/{{ shop_version }}/shop"].
ansible-playbook tcptune.tcptune.rollout --inventory "$inventory" --extra-vars @deploy/declared.yml \
	--extra-vars "shop_version=$version" --extra-vars "rollout_hosts=$hosts"
