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
