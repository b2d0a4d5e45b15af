package check

import (
	"context"
	"fmt"
	"path"
	"strings"

	"github.com/tcptune/tcptune/internal/report"

	"github.com/tcptune/tcptune/internal/host"
)

// tuner is another program that sets TCP keys, and is installed.
type tuner struct {
	name   string
	active bool
	detail string // what it says about itself, or why its state is not visible
	does   string // to our keys
	fix    string
}

// unitTuner is a tuner that works as a service.
type unitTuner struct {
	name, unit string
	files      []string // any of them says that it is installed
	does, fix  string
}

// unitTuners returns the services that are known to set TCP keys. irqbalance, tlp and thermald touch none.
func unitTuners() []unitTuner {
	return []unitTuner{
		{
			"tuned", "tuned.service",
			[]string{"/usr/sbin/tuned"},
			"its profile sets keys after systemd-sysctl, and applies /run and /etc sysctl.d again unless reapply_sysctl=0",
			`see "tcptune status" for who wins; to leave TCP to tcptune: systemctl disable --now tuned`,
		},
		{
			"bpftune", "bpftune.service",
			[]string{"/usr/sbin/bpftune"},
			"it changes tcp_rmem, tcp_wmem, the congestion control and others while the machine runs",
			"systemctl disable --now bpftune, or do without tcptune",
		},
		{
			"sapconf", "sapconf.service",
			[]string{"/etc/sysconfig/sapconf", "/usr/sbin/sapconf"},
			"it sets keys when it starts",
			`see "tcptune status" for who wins; systemctl disable --now sapconf`,
		},
		{
			"saptune", "saptune.service",
			[]string{"/usr/sbin/saptune"},
			"its notes set keys when it starts",
			`see "tcptune status" for who wins; saptune service disablestop`,
		},
		{
			"kubelet", "kubelet.service",
			[]string{"/usr/bin/kubelet", "/usr/local/bin/kubelet"},
			"kube-proxy beside it sets the limits of connection tracking, and pods have a network of their own",
			"set nf_conntrack_max by conntrack.maxPerCore of kube-proxy, and keys of pods by securityContext.sysctls",
		},
		{
			"k3s", "k3s.service",
			[]string{"/usr/local/bin/k3s"},
			"the kube-proxy in it sets the limits of connection tracking, and pods have a network of their own",
			"set nf_conntrack_max by kube-proxy-arg=conntrack-max-per-core, and keys of pods by securityContext.sysctls",
		},
	}
}

func observeTuners(ctx context.Context, h host.Host) []tuner {
	var found []tuner
	for _, u := range unitTuners() {
		if anyFile(h, u.files) {
			t := tuner{name: u.name, does: u.does, fix: u.fix}
			t.active, t.detail = unitActive(ctx, h, u.unit)
			found = append(found, t)
		}
	}
	if t, ok := observeUFW(h); ok {
		found = append(found, t)
	}
	if t, ok := observeCloud(h); ok {
		found = append(found, t)
	}
	return found
}

// unitActive asks systemd. Where it does not run, the link that "systemctl enable" makes says what the next boot does.
func unitActive(ctx context.Context, h host.Host, unit string) (active bool, detail string) {
	if h.SystemdRunning() {
		state, _, file, err := h.UnitState(ctx, unit)
		if err != nil {
			return true, "not visible: " + err.Error() // to be on the safe side
		}
		return state == "active" || state == "activating" || state == "reloading", strings.TrimSuffix(state+", "+file, ", ")
	}
	if anyFile(h, []string{"/etc/systemd/system/multi-user.target.wants/" + unit}) {
		return !h.Live(), "enabled, systemd is not running"
	}
	return false, "not enabled"
}

// observeUFW reads whether the firewall is on: it then loads /etc/ufw/sysctl.conf at boot, in no order against
// systemd-sysctl.
func observeUFW(h host.Host) (tuner, bool) {
	conf, err := h.ReadFile("/etc/ufw/ufw.conf")
	if err != nil {
		return tuner{}, false
	}
	t := tuner{
		name: "ufw", detail: "disabled",
		does: "at boot it applies /etc/ufw/sysctl.conf, before or after sysctl.d as chance has it",
		fix:  `see "tcptune status" for keys that both set; IPT_SYSCTL= (empty) in /etc/default/ufw ends it`,
	}
	if assignment(conf, "ENABLED") == "yes" {
		t.active, t.detail = true, "enabled"
	}
	if defaults, err := h.ReadFile("/etc/default/ufw"); err == nil && t.active && assignment(defaults, "IPT_SYSCTL") == "" {
		t.active, t.detail = false, "enabled, without IPT_SYSCTL"
	}
	return t, true
}

// observeCloud finds the sysctl files that cloud images and cloud-init bring, when they set keys of TCP. Most only set
// IPv6 privacy addresses.
func observeCloud(h host.Host) (tuner, bool) {
	var files []string
	for _, dir := range []string{"/etc/sysctl.d", "/usr/lib/sysctl.d"} {
		names, err := h.ReadDir(dir)
		if err != nil {
			continue
		}
		for _, name := range names {
			if !strings.HasSuffix(name, ".conf") || !isCloudFile(name) {
				continue
			}
			if data, err := h.ReadFile(path.Join(dir, name)); err == nil && setsTCP(data) {
				files = append(files, path.Join(dir, name))
			}
		}
	}
	if len(files) == 0 {
		return tuner{}, false
	}
	return tuner{
		name: "cloud-image", active: true, detail: strings.Join(files, ", "),
		does: "its files of sysctl.d set keys of TCP", fix: `see "tcptune status" for who wins`,
	}, true
}

// isCloudFile knows the files by the names that the images of Ubuntu's cloud partners carry.
func isCloudFile(name string) bool {
	for _, word := range []string{"cloud", "gce", "google", "ec2", "aws", "amazon", "azure", "oracle"} {
		if strings.Contains(name, word) {
			return true
		}
	}
	return false
}

// setsTCP reports whether a line assigns a key of TCP or of sockets. Which line wins is for package sysctl to say.
func setsTCP(data []byte) bool {
	for line := range strings.Lines(string(data)) {
		key := strings.ReplaceAll(strings.TrimLeft(line, " \t-"), "/", ".")
		if strings.HasPrefix(key, "net.core.") || strings.HasPrefix(key, "net.ipv4.tcp_") || strings.HasPrefix(key, "net.ipv4.ip_local_") {
			return true
		}
	}
	return false
}

// assignment finds a shell variable in a file such as /etc/default/ufw; the last one counts.
func assignment(data []byte, name string) string {
	value := ""
	for line := range strings.Lines(string(data)) {
		if v, ok := strings.CutPrefix(strings.TrimSpace(line), name+"="); ok {
			value = strings.Trim(v, `"' `)
		}
	}
	return value
}

func anyFile(h host.Host, files []string) bool {
	for _, file := range files {
		if _, err := h.Lstat(file); err == nil {
			return true
		}
	}
	return false
}

// checkTuners makes a finding for each other tuner that is installed, or one that there is none.
func checkTuners(f facts) []report.Check {
	if len(f.tuners) == 0 {
		return []report.Check{pass("tuners", "none", "no other tuner was found: tuned, bpftune, sapconf, saptune, kubelet, k3s, ufw, cloud image files")}
	}
	var checks []report.Check
	for _, t := range f.tuners {
		name := "tuner-" + t.name
		if t.active {
			checks = append(checks, warn(name, t.detail, fmt.Sprintf("%s is active: %s", t.name, t.does), t.fix))
		} else {
			checks = append(checks, pass(name, t.detail, t.name+" is installed and not active"))
		}
	}
	return checks
}
