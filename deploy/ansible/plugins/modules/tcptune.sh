#!/bin/sh
# WANT_JSON: Ansible gives the arguments of the task in a file. What they mean, tcptune on the host knows.
PATH=$PATH:/usr/sbin:/usr/bin:/usr/local/bin
command -v tcptune >/dev/null || {
	echo '{"failed": true, "msg": "tcptune is not installed on this host"}'
	exit 1
}
exec tcptune ansible-module "$1"
