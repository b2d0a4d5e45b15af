package portcheck

import (
	"path"
	"slices"
	"strings"
)

// guard protects programs and units that a machine needs, or that the operator's own login needs.
type guard struct {
	programs []string // base names of executables
	units    []string // with * at the end: any that begins so
	what     string   // "it is …"
	instead  string   // what to do instead
	force    bool     // may be forced
	anybody  bool     // whoever has written the program: there is nothing to pretend to, since it may be forced
}

// guards is what is not stopped for the sake of a port. A terminal multiplexer hides which sshd carries this login, so
// all of them are kept.
func guards() []guard {
	return append([]guard{
		{
			programs: []string{"sshd", "sshd-session", "sshd-auth", "dropbear"},
			units:    []string{"ssh.service", "sshd.service", "ssh.socket", "sshd.socket", "ssh@*", "sshd@*"},
			what:     "it may carry this login", force: true,
			instead: "to end the way into this machine, systemctl stop ssh.socket ssh.service; a forwarded port ends with its ssh",
		},
		{
			programs: []string{"systemd"}, units: []string{"user@*", "init.scope"},
			what: "it is the service manager of a user", force: true,
			instead: "stop the user's unit that it listens for: systemctl --user stop NAME.socket",
		},
		{
			programs: []string{"dbus-daemon", "dbus-broker", "dbus-broker-launch"},
			units:    []string{"dbus.service", "dbus.socket", "dbus-broker.service"},
			what:     "every service talks through it, and restarting it breaks the machine", instead: "it is not stopped",
		},
		{
			programs: []string{"systemd-resolved"}, units: []string{"systemd-resolved*"},
			what: "it resolves names for this machine", force: true,
			instead: "to free port 53, set DNSStubListener=no in /etc/systemd/resolved.conf.d/ and restart systemd-resolved",
		},
		{
			programs: []string{"systemd-networkd"}, units: []string{"systemd-networkd*"},
			what: "it keeps the network of this machine", instead: "change its configuration in /etc/systemd/network", force: true,
		},
		{
			programs: []string{"systemd-logind", "systemd-journald", "systemd-udevd", "systemd-timesyncd"},
			units:    []string{"systemd-*"},
			what:     "it is a part of systemd", instead: "change its configuration, or mask its unit", force: true,
		},
		{
			programs: containerPrograms(),
			units:    []string{"docker.service", "docker.socket", "containerd.service", "podman.service", "podman.socket"},
			what:     "containers depend on it", instead: "stop the container that publishes the port: docker ps, podman ps", force: true,
		},
		{
			programs: []string{"kubelet", "kubelite", "k3s", "k3s-server", "k3s-agent", "rke2", "k0s", "microk8s"},
			units:    []string{"kubelet.service", "k3s*", "rke2-*", "k0s*", "snap.microk8s.*"},
			what:     "the pods of this node depend on it", instead: "drain the node first", force: true,
		},
		{
			programs: []string{"cron", "crond", "atd", "anacron"}, units: []string{"cron.service", "crond.service", "atd.service"},
			what: "every job of this machine depends on it", instead: "stop the job, not its scheduler", force: true,
		},
		{
			programs: []string{"cloud-init"}, units: []string{"cloud-init*", "cloud-config.service", "cloud-final.service"},
			what: "it is setting this machine up", instead: "wait for it: cloud-init status --wait", force: true,
		},
	}, processManagers()...)
}

// processManagers hold the ports of many programs in one process: ending it ends them all. Anybody may run one.
func processManagers() []guard {
	manager := func(instead string, programs ...string) guard {
		return guard{programs: programs, what: "it holds the ports of all programs that it runs", instead: instead, force: true, anybody: true}
	}
	return []guard{
		manager("pm2 list shows them, and pm2 delete NAME ends one", "pm2"),
		manager("supervisorctl status shows them, and supervisorctl stop NAME ends one", "supervisord"),
		manager("circusctl list shows them, and circusctl stop NAME ends one", "circusd"),
		manager("take the line of the port out of its configuration, and reload it", "inetd", "inetutils-inetd", "xinetd"),
		manager("passenger-status shows them", "passenger", "PassengerAgent"),
		manager("einhornsh ends one of them", "einhorn"),
		manager("s6-svc -d ends the one that asked for the port", "s6-fdholderd"),
	}
}

// guardOf returns the guard of a process, by the program that it runs, or nil. A process names itself as it likes, and
// anybody may call a file sshd: of an ordinary user a name counts only where the file is root's.
func guardOf(p Process) *guard {
	names := programNames(p)
	for _, g := range guards() {
		if slices.ContainsFunc(names, func(name string) bool { return slices.Contains(g.programs, name) }) {
			if p.Foreign && !g.anybody {
				return nil
			}
			g.force = g.force || ordinary(p.UID)
			return &g
		}
	}
	return nil
}

// programNames are the names by which p is known: of its executable and of the script that runs; and where no ordinary user
// could have chosen it, what it calls itself.
func programNames(p Process) []string {
	exe := path.Base(strings.TrimSuffix(p.Exe, " (deleted)"))
	names := []string{exe}
	if interprets(exe) {
		names = append(names, scriptName(p.Args))
	}
	if len(p.Args) > 0 {
		switch argv0 := path.Base(p.Args[0]); {
		case strings.HasPrefix(p.Args[0], "PM2 v") && strings.Contains(p.Args[0], "God Daemon"):
			names = append(names, "pm2")
		case strings.HasPrefix(exe, "podman") || exe == "exe": // it runs itself once more, under the name of what it is to be
			names = append(names, strings.TrimPrefix(argv0, "containers-"))
		case exe == "busybox" && argv0 == exe && len(p.Args) > 1: // "busybox inetd"
			names = append(names, p.Args[1])
		case exe == "busybox":
			names = append(names, argv0)
		}
	}
	if !ordinary(p.UID) {
		names = append(names, p.Name)
	}
	return names
}

// interprets reports whether a program runs scripts that are known by their own name.
func interprets(exe string) bool {
	return slices.ContainsFunc([]string{"python", "perl", "ruby", "node"}, func(name string) bool { return strings.HasPrefix(exe, name) })
}

// ordinary reports whether a user is a person's, or nobody's, rather than one of the system's: see login.defs(5).
func ordinary(uid uint32) bool { return uid >= 1000 }

// scriptName is the base name of the script that an interpreter runs, as in "python3 /usr/bin/cloud-init".
func scriptName(args []string) string {
	for _, a := range args[min(1, len(args)):] {
		if !strings.HasPrefix(a, "-") {
			return path.Base(a)
		}
	}
	return ""
}

// guardOfUnit returns the guard of a unit, or nil.
func guardOfUnit(name string) *guard {
	for _, g := range guards() {
		for _, pattern := range g.units {
			if prefix, open := strings.CutSuffix(pattern, "*"); name == pattern || open && strings.HasPrefix(name, prefix) {
				return &g
			}
		}
	}
	return nil
}
