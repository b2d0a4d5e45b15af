# services: those that tcptune has made for the bundled server and that run this package's. What they run is what systemd
# says: a drop-in may have put a program of the operator there.
services() {
	for unit in /etc/systemd/system/*.service; do
		if [ -f "$unit" ] && head -n 1 "$unit" | grep -q '^# Written by tcptune\.' &&
			grep -q '^Description=TCP server of tcptune (' "$unit" && runs_server "${unit##*/}"; then
			echo "${unit##*/}"
		fi
	done
}

# runs_server SERVICE: /bin may be a link to /usr/bin.
runs_server() {
	program=$(systemctl show --property=ExecStart --value "$1")
	program=${program#*path=}
	[ "$(readlink -f "${program%% ; *}")" = "$(readlink -f /usr/bin/tcptune-server)" ]
}

# units SUFFIX ...: the units that belong to them.
units() {
	for service in $(services); do
		for suffix; do
			unit=${service%.service}$suffix
			[ ! -e "/etc/systemd/system/$unit" ] || echo "$unit"
		done
	done
}

# sockets: their socket units. There is one for each further address, which names its service.
sockets() {
	units .socket -admin.socket
	for service in $(services); do
		for unit in /etc/systemd/system/"${service%.service}"-*.socket; do
			case $unit in *-admin.socket) continue ;; esac
			! grep -qsx "Service=$service" "$unit" || echo "${unit##*/}"
		done
	done
}

# open_sockets: those of their sockets that listen.
open_sockets() {
	for unit in $(sockets); do
		! systemctl --quiet is-active "$unit" || echo "$unit"
	done
}

# stop_services closes the sockets and stops the services that run this package's server.
stop_services() {
	closed=$(open_sockets)
	# shellcheck disable=SC2086 # words
	[ -z "$closed" ] || echo "tcptune-server: closing" $closed >&2
	# First the sockets: a client that came while the service drains would start it again.
	for unit in $(sockets) $(units .service); do
		deb-systemd-invoke stop "$unit" || echo "tcptune-server: cannot stop $unit, see: systemctl status $unit" >&2
	done
}
