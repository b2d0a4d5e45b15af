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
}

// guards is what is not stopped for the sake of a port. A terminal multiplexer hides which sshd carries this login, so
// all of them are kept.
func guards() []guard {
	return []guard{
		{
			programs: []string{
				"sshd",
				"sshd-session",
				"sshd-auth",
				"dropbear",
			}, units: []string{"ssh.service", "sshd.service", "ssh.socket", "sshd.socket", "ssh@*", "sshd@*"},
			what: "it may carry this login", instead: "to end the way into this machine, systemctl stop ssh.socket ssh.service; a forwarded port ends with its ssh", force: true,
		},
		{
			programs: []string{"systemd"}, units: []string{"user@*", "init.scope"},
			what: "it is the service manager of a user", instead: "stop the user's unit that it listens for: systemctl --user stop NAME.socket", force: true,
		},
		{
			programs: []string{
				"dbus-daemon",
				"dbus-broker",
				"dbus-broker-launch",
			}, units: []string{"dbus.service", "dbus.socket", "dbus-broker.service"},
			what: "every service talks through it, and restarting it breaks the machine", instead: "it is not stopped",
		},
		{
			programs: []string{"systemd-resolved"}, units: []string{"systemd-resolved*"},
			what: "it resolves names for this machine", instead: "to free port 53, set DNSStubListener=no in /etc/systemd/resolved.conf.d/ and restart systemd-resolved", force: true,
		},
		{
			programs: []string{"systemd-networkd"}, units: []string{"systemd-networkd*"},
			what: "it keeps the network of this machine", instead: "change its configuration in /etc/systemd/network", force: true,
		},
		{
			programs: []string{
				"systemd-logind",
				"systemd-journald",
				"systemd-udevd",
				"systemd-timesyncd",
			}, units: []string{"systemd-*"},
			what: "it is a part of systemd", instead: "change its configuration, or mask its unit", force: true,
		},
		{
			programs: []string{
				"dockerd",
				"containerd",
				"docker-proxy",
				"rootlesskit",
				"rootlessport",
				"conmon",
				"pasta",
				"pasta.avx2",
				"passt.avx2",
				"slirp4netns",
			}, units: []string{"docker.service", "docker.socket", "containerd.service", "podman.service", "podman.socket"},
			what: "containers depend on it", instead: "stop the container that publishes the port: docker ps, podman ps", force: true,
		},
		{
			programs: []string{
				"kubelet",
				"k3s",
				"k3s-server",
				"microk8s",
			}, units: []string{"kubelet.service", "k3s.service", "snap.microk8s.*"},
			what: "the pods of this node depend on it", instead: "drain the node first", force: true,
		},
		{
			programs: []string{"cron", "crond"}, units: []string{"cron.service", "crond.service"},
			what: "every job of this machine depends on it", instead: "stop the job, not cron", force: true,
		},
		{
			programs: []string{"cloud-init"}, units: []string{"cloud-init*", "cloud-config.service", "cloud-final.service"},
			what: "it is setting this machine up", instead: "wait for it: cloud-init status --wait", force: true,
		},
	}
}

// guardOf returns the guard of a process, by the program that it runs, or nil.
func guardOf(p Process) *guard {
	names := []string{path.Base(strings.TrimSuffix(p.Exe, " (deleted)")), p.Name}
	if slices.Contains(names, "python3") || strings.HasPrefix(names[0], "python") {
		names = append(names, scriptName(p.Args))
	}
	for _, g := range guards() {
		for _, name := range names {
			if slices.Contains(g.programs, name) {
				return &g
			}
		}
	}
	return nil
}

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
