package check

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/sysctl/whowins"
)

// tuner is another program that sets TCP keys.
type tuner struct {
	name  string
	files []string // any of them says that it is installed
	units []string // of systemd that run it; nil: NAME.service
	links []string // of the network that are there while it runs, for what systemd does not know of: pods
	does  string   // to our keys
	fix   string

	active bool
	detail string // what it says about itself, or why its state is not visible
}

// unitTuners returns the programs that are known to set TCP keys. irqbalance, tlp and thermald touch none.
func unitTuners() []tuner {
	const proxyDoes = "the kube-proxy in it sets the limits of connection tracking, and pods have a network of their own"
	return []tuner{
		{
			name: "tuned", files: []string{"/usr/sbin/tuned"},
			does: "its profile sets keys after systemd-sysctl, and applies /run and /etc sysctl.d again unless reapply_sysctl=0",
			fix:  `see "tcptune status" for who wins; to leave TCP to tcptune: systemctl disable --now tuned`,
		},
		{
			name: "bpftune", files: []string{"/usr/sbin/bpftune"},
			does: "it changes tcp_rmem, tcp_wmem, the congestion control and others while the machine runs",
			fix:  "systemctl disable --now bpftune, or do without tcptune",
		},
		{
			name: "sapconf", files: []string{"/etc/sysconfig/sapconf", "/usr/sbin/sapconf"},
			does: "it sets keys when it starts",
			fix:  `see "tcptune status" for who wins; systemctl disable --now sapconf`,
		},
		{
			name: "saptune", files: []string{"/usr/sbin/saptune"},
			does: "its notes set keys when it starts",
			fix:  `see "tcptune status" for who wins; saptune service disablestop`,
		},
		{
			name: "kubelet", files: []string{"/usr/bin/kubelet", "/usr/local/bin/kubelet"},
			does: "kube-proxy beside it sets the limits of connection tracking, and pods have a network of their own",
			fix:  "set nf_conntrack_max by conntrack.maxPerCore of kube-proxy, and keys of pods by securityContext.sysctls",
		},
		{
			name: "k3s", files: []string{"/usr/local/bin/k3s", "/usr/bin/k3s"},
			units: []string{"k3s.service", "k3s-agent.service"}, does: proxyDoes,
			fix: "set nf_conntrack_max by kube-proxy-arg=conntrack-max-per-core, and keys of pods by securityContext.sysctls",
		},
		{
			name: "rke2", files: []string{"/usr/local/bin/rke2", "/usr/bin/rke2", "/opt/rke2/bin/rke2"},
			units: []string{"rke2-server.service", "rke2-agent.service"}, does: proxyDoes,
			fix: "set nf_conntrack_max by kube-proxy-arg: [conntrack-max-per-core=0] in /etc/rancher/rke2/config.yaml, " +
				"and keys of pods by securityContext.sysctls; with its CIS profile keep the keys of 60-rke2-cis.conf as they are",
		},
		{
			name: "k0s", files: []string{"/usr/local/bin/k0s", "/usr/bin/k0s"},
			units: []string{"k0scontroller.service", "k0sworker.service"}, does: proxyDoes,
			fix: "set nf_conntrack_max by spec.network.kubeProxy of k0s.yaml, and keys of pods by securityContext.sysctls",
		},
		{
			name: "microk8s", files: []string{"/var/snap/microk8s", "/snap/bin/microk8s"},
			units: []string{"snap.microk8s.daemon-kubelite.service"}, does: proxyDoes,
			fix: "set nf_conntrack_max by --conntrack-max-per-core in /var/snap/microk8s/current/args/kube-proxy, " +
				"and keys of pods by securityContext.sysctls",
		},
		{
			name: "cilium",
			files: []string{
				"/etc/cni/net.d/05-cilium.conflist", "/etc/cni/net.d/05-cilium.conf", "/opt/cni/bin/cilium-cni",
			},
			links: []string{"cilium_host"},
			does: "its agent sets rp_filter of its interfaces, kernel.unprivileged_bpf_disabled and net.core.bpf_jit_enable, " +
				"and with the bandwidth manager net.core.netdev_max_backlog, somaxconn, default_qdisc and tcp_congestion_control",
			fix: `see "tcptune status" while it runs; bandwidthManager.enabled of its chart decides about the latter`,
		},
		{
			name: "calico", files: []string{"/etc/cni/net.d/10-calico.conflist", "/opt/cni/bin/calico"},
			links: []string{"vxlan.calico", "tunl0", "cali*"},
			does:  "Felix sets rp_filter, route_localnet and proxy_arp of its interfaces, and ip_forward",
			fix:   `nothing, where only keys of TCP are tuned; see "tcptune status" while it runs`,
		},
	}
}

// observeTuners finds the tuners; what the files of the host say about one is what the forecast says.
func observeTuners(ctx context.Context, h host.Host, files *whowins.Forecaster) []tuner {
	var found []tuner
	there := func(file string) bool { _, err := h.Lstat(file); return err == nil }
	for _, t := range unitTuners() {
		if slices.ContainsFunc(t.files, there) {
			if t.links != nil {
				t.active, t.detail = linkThere(h, t.links)
			} else {
				t.active, t.detail = anyActive(ctx, h, files, t.unitNames())
			}
			found = append(found, t)
		}
	}
	if t, ok := ufw(files); ok {
		found = append(found, t)
	}
	if t, ok := cloudFiles(files); ok {
		found = append(found, t)
	}
	return found
}

func (t tuner) unitNames() []string {
	if t.units != nil {
		return t.units
	}
	return []string{t.name + ".service"}
}

// anyActive asks for the first of the units that is active, or for the last one.
func anyActive(
	ctx context.Context, h host.Host, files *whowins.Forecaster, units []string,
) (active bool, detail string) {
	for _, unit := range units {
		if active, detail = unitActive(ctx, h, files, unit); active {
			break
		}
	}
	return active, detail
}

// linkThere looks for an interface that a program makes in pods' networks. An image has none: there it will run.
func linkThere(h host.Host, patterns []string) (active bool, detail string) {
	if !h.Live() {
		return true, "installed"
	}
	names, err := h.ReadDir("/sys/class/net")
	if err != nil {
		return true, "not visible: " + err.Error() // to be on the safe side
	}
	for _, name := range names {
		if slices.ContainsFunc(patterns, func(p string) bool { is, _ := path.Match(p, name); return is }) {
			return true, "interface " + name
		}
	}
	return false, "without an interface of its own"
}

// unitActive asks systemd. Where it does not run, the link that "systemctl enable" makes says what the next boot does.
func unitActive(ctx context.Context, h host.Host, files *whowins.Forecaster, unit string) (active bool, detail string) {
	if h.SystemdRunning() {
		state, _, file, err := h.UnitState(ctx, unit)
		if err != nil {
			return true, "not visible: " + err.Error() // to be on the safe side
		}
		return state == "active" || state == "activating" || state == "reloading", strings.TrimSuffix(state+", "+file, ", ")
	}
	is := files.Unit(unit)
	if is.On {
		return !h.Live(), is.Text + ", systemd is not running"
	}
	return false, is.Text
}

// ufw is the firewall: where it is on it loads /etc/ufw/sysctl.conf at boot, in no order against systemd-sysctl.
func ufw(files *whowins.Forecaster) (tuner, bool) {
	is := files.Ufw()
	return tuner{
		name: "ufw", active: is.On, detail: is.Text,
		does: "at boot it applies /etc/ufw/sysctl.conf, before or after sysctl.d as chance has it",
		fix:  `see "tcptune status" for keys that both set; IPT_SYSCTL= (empty) in /etc/default/ufw ends it`,
	}, is.Text != ""
}

// cloudFiles finds the sysctl files that cloud images and cloud-init bring, when they set keys of TCP. Most only set
// IPv6 privacy addresses.
func cloudFiles(files *whowins.Forecaster) (tuner, bool) {
	var found []string
	for _, set := range files.Settings() {
		file := set.Origin.File
		if path.Base(path.Dir(file)) == "sysctl.d" && isCloudFile(path.Base(file)) && setsTCP(set) &&
			!slices.Contains(found, file) {
			found = append(found, file)
		}
	}
	return tuner{
		name: "cloud-image", active: true, detail: strings.Join(found, ", "),
		does: "its files of sysctl.d set keys of TCP", fix: `see "tcptune status" for who wins`,
	}, found != nil
}

// isCloudFile knows the files by the names that the images of Ubuntu's cloud partners carry.
func isCloudFile(name string) bool {
	words := []string{"cloud", "gce", "google", "ec2", "aws", "amazon", "azure", "oracle"}
	return slices.ContainsFunc(words, func(word string) bool { return strings.Contains(name, word) })
}

// setsTCP reports whether set assigns a key of TCP or of sockets.
func setsTCP(set whowins.Setting) bool {
	return !set.Exclude && (strings.HasPrefix(set.Key, "net.core.") || strings.HasPrefix(set.Key, "net.ipv4.tcp_") ||
		strings.HasPrefix(set.Key, "net.ipv4.ip_local_"))
}

// checkTuners makes a finding for each other tuner that is installed, or one that there is none.
func checkTuners(f facts) []report.Check {
	if f.files.err != nil {
		return []report.Check{unseen("tuners", f.files.err)}
	}
	if len(f.tuners) == 0 {
		return []report.Check{pass("tuners", "none",
			"no other tuner was found: tuned, bpftune, sapconf, saptune, kubelet, k3s, rke2, k0s, microk8s, Cilium, Calico, "+
				"ufw, cloud image files")}
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
