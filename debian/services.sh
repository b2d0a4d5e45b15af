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

# sockets SERVICE ...: their socket units: NAME.socket, where there is one, and those that name their service.
sockets() {
	for service; do
		name=${service%.service}
		[ ! -e "/etc/systemd/system/$name.socket" ] || echo "$name.socket"
		for unit in /etc/systemd/system/"$name"-*.socket; do
			! grep -qsx "Service=$service" "$unit" || echo "${unit##*/}"
		done
	done
}

# open_sockets UNIT ...: those that listen; closed_sockets: the others.
open_sockets() {
	for unit; do
		! systemctl --quiet is-active "$unit" || echo "$unit"
	done
}
closed_sockets() {
	for unit; do
		if ! systemctl --quiet is-active "$unit"; then echo "$unit"; fi
	done
}

# stop_services closes the sockets and stops the services that run this package's server.
stop_services() {
	# shellcheck disable=SC2046 # words
	sockets=$(sockets $(services))
	# shellcheck disable=SC2086 # words
	closed=$(open_sockets $sockets)
	# shellcheck disable=SC2086 # words
	[ -z "$closed" ] || echo "tcptune-server: closing" $closed >&2
	# First the sockets: a client that came while the service drains would start it again.
	for unit in $sockets $(services); do
		deb-systemd-invoke stop "$unit" || echo "tcptune-server: cannot stop $unit, see: systemctl status $unit" >&2
	done
}
