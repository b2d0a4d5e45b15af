#!/bin/sh
# provision.sh: the package, the declared state, tuning, and a service behind it. As root; it may be run again. It ends with 0,
# with 4 where the host refuses something, which is named, and the rest is done, and else with what has failed.
set -eu

command -v tcptune >/dev/null || {
	curl --fail --output /etc/apt/sources.list.d/tcptune.sources https://apt.example.com/tcptune.sources
	apt-get update
	apt-get install --yes tcptune tcptune-server
}

mkdir -p /etc/tcptune
cat >/etc/tcptune/tcptune.yaml <<'YAML'
tuning:
  profile: server
YAML

code=0
tcptune apply --wait 60s || code=$?
case $code in
0 | 4) ;;
*) exit "$code" ;; # rolled back, and there is no service
esac
tcptune service install --protocol http --listen 8080 --now --wait 60s
exit "$code"
