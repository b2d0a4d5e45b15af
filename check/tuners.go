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
	does  string   // to our keys
	fix   string

	active bool
	detail string // what it says about itself, or why its state is not visible
}

// unitTuners returns the services that are known to set TCP keys. irqbalance, tlp and thermald touch none.
func unitTuners() []tuner {
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
			name: "k3s", files: []string{"/usr/local/bin/k3s"},
			does: "the kube-proxy in it sets the limits of connection tracking, and pods have a network of their own",
			fix:  "set nf_conntrack_max by kube-proxy-arg=conntrack-max-per-core, and keys of pods by securityContext.sysctls",
		},
	}
}

// observeTuners finds the tuners; what the files of the host say about one is what the forecast says.
func observeTuners(ctx context.Context, h host.Host, files *whowins.Forecaster) []tuner {
	var found []tuner
	there := func(file string) bool { _, err := h.Lstat(file); return err == nil }
	for _, t := range unitTuners() {
		if slices.ContainsFunc(t.files, there) {
			t.active, t.detail = unitActive(ctx, h, files, t.name+".service")
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
