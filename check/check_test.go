package check

import (
	"errors"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/sysctl/catalogue"
	"github.com/tcptune/tcptune/sysctl/ephemeral"
)

// healthy is a host at which every check passes.
func healthy() facts {
	f := facts{
		live: true, root: true,
		release:        see(host.OSRelease{ID: "ubuntu", VersionID: "24.04", PrettyName: "Ubuntu 24.04.2 LTS"}, nil),
		arch:           see("amd64", nil),
		kernel:         see("6.8.0-60-generic", nil),
		installed:      see([]string{"6.8.0-59-generic", "6.8.0-60-generic"}, nil),
		systemdRunning: true,
		systemdVersion: see(255, nil),
		initialUserNS:  true,
		reach:          map[string]error{},
		hasModules:     true,
		mayLoadModules: true,
		bbr:            feature{module: see(host.ModuleLoadable, nil)},
		fq:             feature{module: see(host.ModuleLoadable, nil)},
		noFile:         see(host.NoFile{Soft: 1024, Hard: 1048576}, nil),
		ports:          see(host.PortUse{Low: 32768, High: 60999}, nil),
		sockstat:       see(host.Sockstat{TimeWait: 100}, nil),
		netstat:        see(map[string]uint64{"TcpExtListenOverflows": 0, "TcpExtListenDrops": 0}, nil),
		softnet:        see(host.Softnet{Processed: 1000}, nil),
		processors:     see(4, nil),
		links: see([]link{{
			Link:       host.Link{Name: "eth0", RxQueues: 4, TxQueueLen: 1000, RxPackets: 1e9},
			processors: see([]string{"0", "1", "2", "3"}, nil), interrupts: 9, ring: 256, most: 4096,
		}}, nil),
		hugePages:     see("always [madvise] never\n", nil),
		governors:     see(governors{"intel_pstate", map[string]int{"powersave": 4}}, nil),
		uptime:        see(100*time.Hour, nil),
		managerNoFile: see(host.NoFile{Soft: 1024, Hard: 524288}, nil),
		listeners: see([]Listener{
			{Local: netip.MustParseAddrPort("0.0.0.0:22"), Program: "sshd", Pid: 700, Unit: "ssh.service", noFile: see(host.NoFile{Soft: 1024, Hard: 524288}, nil)},
			{Local: netip.MustParseAddrPort("127.0.0.1:6379"), Program: "redis-server", Pid: 701, Unit: "redis.service", noFile: see(host.NoFile{Soft: 1024, Hard: 524288}, nil)},
			{Local: netip.MustParseAddrPort("[::]:80"), Program: "nginx", Pid: 702, Unit: "nginx.service", noFile: see(host.NoFile{Soft: 1048576, Hard: 1048576}, nil)},
		}, nil),
		knobs: map[string]seen[string]{},
	}
	for key, value := range map[string]string{
		"fs.nr_open": "1048576", "kernel.modules_disabled": "0", "net.core.default_qdisc": "fq_codel",
		"net.ipv4.tcp_allowed_congestion_control":   "reno cubic",
		"net.ipv4.tcp_available_congestion_control": "reno cubic",
		"net.ipv4.tcp_max_tw_buckets":               "131072",
		"net.ipv4.ip_local_port_range":              "32768\t60999", "net.ipv4.ip_local_reserved_ports": "",
		"net.core.netdev_max_backlog": "1000", "net.core.somaxconn": "4096", "net.ipv4.tcp_mem": "1000\t2000\t3000",
		"net.ipv4.tcp_syncookies":            "1",
		"net.netfilter.nf_conntrack_buckets": "262144", "net.netfilter.nf_conntrack_count": "10", "net.netfilter.nf_conntrack_max": "262144",
	} {
		f.knobs[key] = see(value, nil)
	}
	return f
}

func mustMatrix(t *testing.T) matrix {
	t.Helper()
	m, err := supportMatrix()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// byName gives the check of that name, judged on f.
func byName(t *testing.T, f facts, name string) report.Check {
	t.Helper()
	m := mustMatrix(t)
	cat, err := catalogue.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range judge(m, f, cat, Options{}) {
		if c.Name == name {
			return c
		}
	}
	t.Fatal("no check ", name)
	return report.Check{}
}

func TestAHealthyHostPasses(t *testing.T) {
	cat, err := catalogue.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range judge(mustMatrix(t), healthy(), cat, Options{}) {
		if c.Grade != report.Pass || c.Fix != "" {
			t.Errorf("%+v", c)
		}
	}
}

// TestChecks changes one thing of a healthy host at a time. want is the grade and a word of the value or the reason.
func TestChecks(t *testing.T) {
	denied := &fs.PathError{Op: "open", Path: "x", Err: fs.ErrPermission}
	missing := &fs.PathError{Op: "open", Path: "x", Err: fs.ErrNotExist}
	set := func(key, value string) func(*facts) {
		return func(f *facts) { f.knobs[key] = see(value, nil) }
	}
	tests := []struct {
		name, check string
		change      func(*facts)
		grade       report.Grade
		want        string
	}{
		{"another system", "os-release", func(f *facts) { f.release.value = host.OSRelease{ID: "fedora", VersionID: "42", PrettyName: "Fedora"} }, report.Fail, "ID=fedora VERSION_ID=42"},
		{"no os-release", "os-release", func(f *facts) { f.release.err = missing }, report.Fail, "no /etc/os-release"},
		{"another architecture", "architecture", func(f *facts) { f.arch.value = "i386" }, report.Fail, "i386"},
		{"no architecture", "architecture", func(f *facts) { f.arch.err = errors.New("why") }, report.Warn, "not visible: why"},
		{"an old kernel", "kernel", func(f *facts) { f.kernel.value = "5.4.0-200-generic" }, report.Fail, "older than 5.15"},
		{"a strange kernel", "kernel", func(f *facts) { f.kernel.value = "strange" }, report.Warn, "not visible"},

		{"no systemd", "systemd", func(f *facts) { f.systemdRunning = false }, report.Warn, "not running"},
		{"an old systemd", "systemd", func(f *facts) { f.systemdVersion.value = 247 }, report.Warn, "older than 249"},
		{"a systemd of unknown version", "systemd", func(f *facts) { f.systemdVersion.err = denied }, report.Warn, "not visible"},

		{"a container", "virtualization", func(f *facts) { f.virt.value.Container = "docker" }, report.Warn, "docker container"},
		{"some container", "virtualization", func(f *facts) { f.virt.value.Container = "other" }, report.Warn, "container"},
		{"a VM", "virtualization", func(f *facts) { f.virt.value.VM = "kvm" }, report.Pass, "kvm virtual machine"},
		{"WSL 1", "virtualization", func(f *facts) { f.virt.value.WSL = 1 }, report.Fail, "WSL 1"},
		{"WSL 2", "virtualization", func(f *facts) { f.virt.value.WSL = 2 }, report.Warn, "WSL 2"},

		{"a read-only key", "sysctl-reach", func(f *facts) { f.reach["net.core.rmem_max"] = denied }, report.Warn, "read-only here: net.core.rmem_max"},
		{"a hidden key", "sysctl-reach", func(f *facts) { f.reach["net.core.default_qdisc"] = missing }, report.Warn, "1 of 14"},
		{"not root", "sysctl-reach", func(f *facts) { f.root = false }, report.Pass, "needs root"},

		{"no modules", "module-loading", func(f *facts) { f.hasModules = false }, report.Warn, "without loadable modules"},
		{"locked modules", "module-loading", set("kernel.modules_disabled", "1"), report.Warn, "until the next boot"},
		{"no capability", "module-loading", func(f *facts) { f.mayLoadModules = false }, report.Warn, "CAP_SYS_MODULE"},
		{"the kernel's modules are gone", "module-loading", func(f *facts) { f.installed.value = []string{"6.8.0-61-generic"} }, report.Warn, "/lib/modules/6.8.0-60-generic"},

		{"BBR is listed", "bbr", set("net.ipv4.tcp_available_congestion_control", "reno bbr cubic"), report.Pass, "available"},
		{"BBR is absent", "bbr", func(f *facts) { f.bbr.module.value = host.ModuleAbsent }, report.Warn, "absent"},
		{"BBR cannot be loaded", "bbr", set("kernel.modules_disabled", "1"), report.Warn, "loadable, but"},
		{"BBR is restricted", "bbr", func(f *facts) {
			set("net.ipv4.tcp_available_congestion_control", "reno bbr")(f)
			f.reach["net.core.rmem_max"] = os.NewSyscallError("open", unix.EACCES)
		}, report.Warn, "restricted"},
		{"BBR by the configuration", "bbr", func(f *facts) {
			f.bbr = feature{see(host.ModuleUnknown, nil), see("y", nil)}
		}, report.Pass, "built in"},
		{"no BBR by the configuration", "bbr", func(f *facts) {
			f.bbr = feature{see(host.ModuleUnknown, nil), see("", nil)}
		}, report.Warn, "absent"},
		{"BBR is not visible", "bbr", func(f *facts) {
			f.bbr = feature{see(host.ModuleUnknown, nil), see("", error(missing))}
		}, report.Warn, "not visible"},
		{"fq is in use", "fq", set("net.core.default_qdisc", "fq"), report.Pass, "in use"},
		{"fq is absent", "fq", func(f *facts) { f.fq.module.value = host.ModuleAbsent }, report.Warn, "absent"},
		{"fq in a container", "fq", func(f *facts) { f.reach["net.core.rmem_max"] = os.NewSyscallError("open", unix.EACCES) }, report.Warn, "not visible"},

		{"a low hard limit", "nofile", func(f *facts) { f.noFile.value.Hard = 4096 }, report.Warn, "4096"},
		{"a low ceiling", "nofile", set("fs.nr_open", "4096"), report.Warn, "fs.nr_open"},
		{"no limit", "nofile", func(f *facts) { f.noFile.value.Hard = 1<<64 - 1 }, report.Pass, "hard unlimited"},

		{"conntrack, 69 %", "conntrack", set("net.netfilter.nf_conntrack_count", "181000"), report.Pass, "69 %"},
		{"conntrack, 70 %", "conntrack", set("net.netfilter.nf_conntrack_count", "183501"), report.Warn, "70 %"},
		{"conntrack, 90 %", "conntrack", set("net.netfilter.nf_conntrack_count", "235930"), report.Fail, "90 %"},
		{"no conntrack", "conntrack", func(f *facts) { f.knobs["net.netfilter.nf_conntrack_max"] = seen[string]{err: missing} }, report.Pass, "not in use"},
		{"conntrack without limit", "conntrack", set("net.netfilter.nf_conntrack_max", "0"), report.Pass, "no limit"},
		{"conntrack, hidden", "conntrack", func(f *facts) { f.knobs["net.netfilter.nf_conntrack_count"] = seen[string]{err: denied} }, report.Warn, "not visible"},

		{"few ports", "ephemeral-ports", func(f *facts) { f.ports.value.Busiest.Sockets = 100 }, report.Pass, "(0 %)"},
		{"many ports", "ephemeral-ports", func(f *facts) { f.ports.value.Busiest.Sockets = 20000 }, report.Warn, "(70 %)"},
		{"nearly all ports", "ephemeral-ports", func(f *facts) { f.ports.value.Busiest.Sockets = 28000 }, report.Fail, "(99 %)"},
		{"too many sockets", "ephemeral-ports", func(f *facts) { f.ports.err = errTooManySockets }, report.Warn, "not visible"},
		{"a listener in the range", "port-range", set(ephemeral.RangeKey, "50 60999"), report.Warn, "80 (nginx, nginx.service)"},
		{"one that is reserved", "port-range", func(f *facts) {
			f.listeners.value[2].Local = netip.MustParseAddrPort("[::]:40000")
			set(ephemeral.ReservedKey, "39999-40001")(f)
		}, report.Pass, "32768 to 60999"},
		{"one of nobody knows whom", "port-range", func(f *facts) {
			f.listeners.value[2] = Listener{Local: netip.MustParseAddrPort("[::]:40000")}
		}, report.Warn, "40000 (not visible)"},
		{"NodePorts in the range", "port-range", func(f *facts) {
			f.nodePorts = []ephemeral.Claim{{First: 30000, Last: 32768, By: "NodePorts"}}
		}, report.Warn, "32768 (NodePorts)"},
		{"NodePorts beside the range", "port-range", func(f *facts) {
			f.nodePorts = []ephemeral.Claim{{First: 30000, Last: 32767, By: "NodePorts"}}
		}, report.Pass, "32768 to 60999"},
		{"a range of nearly all ports", "port-range", func(f *facts) {
			f.listeners.value = nil
			set(ephemeral.RangeKey, "1024 65535")(f)
		}, report.Warn, "begins at 1024"},
		{"nobody knows who listens", "port-range", func(f *facts) { f.listeners = seen[[]Listener]{err: denied} }, report.Warn, "not visible"},
		{"no range", "port-range", func(f *facts) { f.knobs[ephemeral.RangeKey] = seen[string]{err: denied} }, report.Warn, "not visible"},

		{"a server with few open files", "listener-nofile", func(f *facts) {
			f.listeners.value[2].noFile.value.Soft = 1024
		}, report.Warn, "nginx, nginx.service: 1024"},
		{"its limit cannot be seen", "listener-nofile", func(f *facts) { f.listeners.value[2].noFile.err = denied }, report.Warn, "not visible"},
		{"its process cannot be seen", "listener-nofile", func(f *facts) {
			f.listeners.value[2] = Listener{Local: netip.MustParseAddrPort("[::]:80")}
		}, report.Warn, "the limits of 1 that listen"},
		{"units get few", "default-nofile", func(f *facts) { f.managerNoFile.value.Hard = 4096 }, report.Warn, "DefaultLimitNOFILE is 1024:4096"},
		{"systemd does not run", "default-nofile", func(f *facts) { f.managerNoFile.err = host.ErrNoSystemd }, report.Pass, "no units"},
		{"systemd does not say", "default-nofile", func(f *facts) { f.managerNoFile.err = denied }, report.Warn, "not visible"},
		{"nobody was asked", "listener-nofile", func(f *facts) { f.listeners.err = errNotAsked }, report.Warn, "not visible"},

		{"one queue", "receive-queues", func(f *facts) { f.links.value[0].RxQueues = 1 }, report.Warn, "eth0 has one receive queue"},
		{"one queue, spread", "receive-queues", func(f *facts) { f.links.value[0].RxQueues, f.links.value[0].RPS = 1, true }, report.Pass, "with RPS"},
		{"one queue, one processor", "receive-queues", func(f *facts) {
			f.links.value[0].RxQueues, f.processors.value = 1, 1
		}, report.Pass, "1 processor"},
		{"no number of processors", "receive-queues", func(f *facts) { f.processors.err = denied }, report.Warn, "not visible"},
		{"no interface", "receive-queues", func(f *facts) { f.links.value = nil }, report.Pass, "no interface"},
		{"no interface in a container", "receive-queues", func(f *facts) {
			f.links.value, f.virt.value.Container = nil, "docker"
		}, report.Warn, "not visible"},
		{"no list of interfaces", "receive-queues", func(f *facts) { f.links.err = denied }, report.Warn, "not visible"},
		{"one processor serves all queues", "interrupts", func(f *facts) {
			f.links.value[0].processors.value = []string{"0"}
		}, report.Warn, "one processor that serves all"},
		{"interrupts are not visible", "interrupts", func(f *facts) { f.links.value[0].processors.err = denied }, report.Warn, "not visible"},
		{"a device without PCI", "interrupts", func(f *facts) { f.links.value[0].processors.err = missing }, report.Warn, "not visible"},
		{"a device without interrupts", "interrupts", func(f *facts) { f.links.value[0].interrupts = 0 }, report.Warn, "not visible"},
		{"one queue has one interrupt", "interrupts", func(f *facts) { f.links.value[0].RxQueues = 1 }, report.Pass, "1 queue"},
		{"the card misses packets", "card-drops", func(f *facts) { f.links.value[0].RxMissed = 5000 }, report.Warn, "ring 256 of 4096"},
		{"with its largest ring", "card-drops", func(f *facts) {
			f.links.value[0].RxMissed, f.links.value[0].ring = 5000, 4096
		}, report.Warn, "ring 4096 of 4096"},
		{"with a ring that is not visible", "card-drops", func(f *facts) {
			f.links.value[0].RxMissed, f.links.value[0].ringErr = 5000, denied
		}, report.Warn, "not visible"},
		{"it missed some", "card-drops", func(f *facts) { f.links.value[0].RxMissed = 50 }, report.Pass, "50 missed"},
		{"many are dropped", "card-drops", func(f *facts) { f.links.value[0].RxDropped = 2e6 }, report.Warn, "more than one packet in 1000"},
		{"some are dropped", "card-drops", func(f *facts) { f.links.value[0].RxDropped = 5e5 }, report.Pass, "500000 dropped"},
		{"a short queue", "txqueuelen", func(f *facts) {
			f.links.value[0].TxQueueLen, f.links.value[0].qdisc = 100, see("default mq pfifo_fast", nil)
		}, report.Warn, "drops what is beyond 100 packets"},
		{"a short queue of which nobody asks", "txqueuelen", func(f *facts) {
			f.links.value[0].TxQueueLen, f.links.value[0].qdisc = 100, see("fq", nil)
		}, report.Pass, "100 with fq"},
		{"a short queue of nobody knows what", "txqueuelen", func(f *facts) {
			f.links.value[0].TxQueueLen, f.links.value[0].qdisc = 100, seen[string]{err: denied}
		}, report.Warn, "not visible"},
		{"long chains", "conntrack-hash", set("net.netfilter.nf_conntrack_buckets", "16384"), report.Warn, "16 connections in each bucket"},
		{"four in a chain", "conntrack-hash", set("net.netfilter.nf_conntrack_buckets", "65536"), report.Pass, "65536 buckets"},
		{"no hash table", "conntrack-hash", func(f *facts) { f.knobs["net.netfilter.nf_conntrack_buckets"] = seen[string]{err: missing} }, report.Pass, "not in use"},
		{"a hash table that is hidden", "conntrack-hash", func(f *facts) { f.knobs["net.netfilter.nf_conntrack_buckets"] = seen[string]{err: denied} }, report.Warn, "not visible"},
		{"huge pages for all", "huge-pages", func(f *facts) { f.hugePages.value = "[always] madvise never" }, report.Warn, "always"},
		{"huge pages for nobody", "huge-pages", func(f *facts) { f.hugePages.value = "always madvise [never]" }, report.Pass, "never"},
		{"no huge pages", "huge-pages", func(f *facts) { f.hugePages.err = missing }, report.Pass, "none"},
		{"huge pages are hidden", "huge-pages", func(f *facts) { f.hugePages.err = denied }, report.Warn, "not visible"},
		{"huge pages are nonsense", "huge-pages", func(f *facts) { f.hugePages.value = "what" }, report.Warn, "not visible"},
		{"powersave that is what it says", "cpu-governor", func(f *facts) { f.governors.value.driver = "acpi-cpufreq" }, report.Warn, "lowest clock"},
		{"powersave of amd-pstate", "cpu-governor", func(f *facts) { f.governors.value.driver = "amd-pstate-epp" }, report.Pass, "powersave"},
		{"performance", "cpu-governor", func(f *facts) { f.governors.value = governors{"acpi-cpufreq", map[string]int{"performance": 4}} }, report.Pass, "performance (4) by acpi-cpufreq"},
		{"no governor", "cpu-governor", func(f *facts) { f.governors.err = missing }, report.Pass, "none"},
		{"governors are hidden", "cpu-governor", func(f *facts) { f.governors.err = denied }, report.Warn, "not visible"},

		{"containers with values of their own", "containers", func(f *facts) {
			f.containers = containers{
				engines: engines()[:1], networks: 2,
				own:   map[string]string{"net.core.somaxconn": "65535", "net.ipv4.tcp_fin_timeout": "30"},
				other: map[string]string{"net.core.somaxconn": "4096"},
			}
		}, report.Warn, "net.core.somaxconn is 4096, on the host 65535"},
		{"containers with the host's values", "containers", func(f *facts) {
			f.containers = containers{engines: engines()[:1], networks: 2}
		}, report.Pass, "docker, 2 networks"},
		{"no container", "containers", func(f *facts) { f.containers = containers{engines: engines()[:1]} }, report.Warn, "no container with a network"},
		{"containers that only root can look into", "containers", func(f *facts) {
			f.containers = containers{engines: engines()[:1], hidden: 3}
		}, report.Warn, "not visible"},
		{"containers that cannot be looked into", "containers", func(f *facts) {
			f.containers = containers{engines: engines()[:1], networks: 1, err: denied}
		}, report.Warn, "not visible"},

		{"TIME_WAIT", "time-wait", func(f *facts) { f.sockstat.value.TimeWait = 100000 }, report.Warn, "(76 %)"},
		{"no sockstat", "time-wait", func(f *facts) { f.sockstat.err = denied }, report.Warn, "not visible"},

		{"a few overflows", "listen-overflows", func(f *facts) { f.netstat.value["TcpExtListenOverflows"] = 99 }, report.Pass, "(0.99 per hour)"},
		{"many overflows", "listen-overflows", func(f *facts) { f.netstat.value["TcpExtListenOverflows"] = 100 }, report.Warn, "(1 per hour)"},
		{"many drops", "listen-overflows", func(f *facts) { f.netstat.value["TcpExtListenDrops"] = 1000 }, report.Warn, "1000 drops"},
		{"no counter", "listen-overflows", func(f *facts) { f.netstat.value = map[string]uint64{} }, report.Warn, "not visible"},
		{"cut short", "time-wait", func(f *facts) { f.netstat.value["TcpExtTCPTimeWaitOverflow"] = 100 }, report.Warn, "100 cut short"},
		{"rarely cut short", "time-wait", func(f *facts) { f.netstat.value["TcpExtTCPTimeWaitOverflow"] = 99 }, report.Pass, "99 cut short"},
		{"handshakes", "syn-queue", func(f *facts) { f.netstat.value["TcpExtTCPReqQFullDrop"] = 100 }, report.Warn, "100 times full since boot"},
		{"handshakes, each with a cookie", "syn-queue", func(f *facts) {
			f.netstat.value["TcpExtTCPReqQFullDoCookies"], f.knobs["net.ipv4.tcp_syncookies"] = 100, see("2", nil)
		}, report.Warn, "not visible"},
		{"few handshakes", "syn-queue", func(f *facts) { f.netstat.value["TcpExtTCPReqQFullDrop"] = 99 }, report.Pass, "(0.99 per hour)"},
		{"pressure", "tcp-memory", func(f *facts) { f.netstat.value["TcpExtTCPMemoryPressures"] = 1000 }, report.Warn, "(10 per hour)"},
		{"orphans", "orphans", func(f *facts) { f.netstat.value["TcpExtTCPAbortOnMemory"] = 100 }, report.Warn, "100 cut off"},
		{"thrown away", "receive-drops", func(f *facts) { f.netstat.value["TcpExtRcvPruned"], f.netstat.value["TcpExtTCPBacklogDrop"] = 60, 40 }, report.Warn, "100 thrown away"},
		{"no counters", "receive-drops", func(f *facts) { f.netstat.err = denied }, report.Warn, "not visible"},
		{"packets dropped", "softnet-drops", func(f *facts) { f.softnet.value.Dropped = 5000 }, report.Warn, "50 per hour"},

		{"a reboot is pending", "reboot", func(f *facts) { f.pendingReboot, f.pendingPackages = true, []string{"libc6"} }, report.Warn, "by libc6"},
		{"a newer kernel", "reboot", func(f *facts) { f.installed.value = append(f.installed.value, "6.8.0-61-generic") }, report.Warn, "6.8.0-61-generic will boot next"},
		{"a newer kernel of another kind", "reboot", func(f *facts) { f.installed.value = append(f.installed.value, "6.17.0-5-aws") }, report.Pass, "no reboot"},
		{"in a container", "reboot", func(f *facts) { f.virt.value.Container = "lxc" }, report.Warn, "not visible"},
		{"uptime", "reboot", func(*facts) {}, report.Pass, "up 4 d 4 h"},

		{"an active tuner", "tuner-tuned", func(f *facts) { f.tuners = []tuner{{name: "tuned", active: true, detail: "active, enabled", fix: "x"}} }, report.Warn, "active"},
		{"an idle tuner", "tuner-ufw", func(f *facts) { f.tuners = []tuner{{name: "ufw", detail: "disabled"}} }, report.Pass, "not active"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := healthy()
			test.change(&f)
			got := byName(t, f, test.check)
			if got.Grade != test.grade || !strings.Contains(got.Value+" "+got.Reason, test.want) {
				t.Errorf("got %+v, want %s and %q", got, test.grade, test.want)
			}
			notVisible := strings.Contains(got.Value+got.Reason, "not visible")
			if got.Grade == report.Fail && got.Fix == "" || got.Grade == report.Warn && got.Fix == "" && !notVisible {
				t.Errorf("no fix in %+v", got)
			}
		})
	}
}

func TestAllowUnsupportedIsAWarning(t *testing.T) {
	f := healthy()
	f.release.value = host.OSRelease{ID: "fedora", PrettyName: "Fedora"}
	if c := checkRelease(mustMatrix(t), f, Options{AllowUnsupported: true}); c.Grade != report.Warn {
		t.Errorf("%+v", c)
	}
}

// image makes a root of the given files and links ("-> target").
func image(t *testing.T, files map[string]string) host.Host {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		p := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		var err error
		if to, ok := strings.CutPrefix(text, "-> "); ok {
			err = os.Symlink(to, p)
		} else {
			err = os.WriteFile(p, []byte(text), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	h, err := host.At(root)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestAnImageHasNoLiveChecks(t *testing.T) {
	h := image(t, map[string]string{
		"/etc/os-release":                           "ID=ubuntu\nVERSION_ID=\"24.04\"\nPRETTY_NAME=\"Ubuntu 24.04 LTS\"\n",
		"/var/lib/dpkg/arch":                        "arm64\n",
		"/lib/modules/6.8.0-60-generic/modules.dep": "",
		"/lib/systemd/libsystemd-shared-255.so":     "",
		"/etc/ufw/ufw.conf":                         "# comment\nENABLED=yes\n",
		"/etc/default/ufw":                          "IPT_SYSCTL=/etc/ufw/sysctl.conf\n",
		"/etc/ufw/sysctl.conf":                      "net/ipv4/tcp_syncookies=1\n",
		"/var/lib/dpkg/status":                      packages,
		"/usr/sbin/tuned":                           "",
		"/etc/systemd/system/multi-user.target.wants/tuned.service": "-> /usr/lib/systemd/system/tuned.service",
		"/usr/sbin/bpftune":                          "",
		"/etc/sysctl.d/99-cloudimg-ipv6.conf":        "net.ipv6.conf.all.use_tempaddr = 0\n",
		"/etc/sysctl.d/60-gce-network-security.conf": "# net.core.x\nnet.ipv4.tcp_syncookies=1\n",
	})
	got := Run(t.Context(), h, Options{})
	want := []string{
		"os-release PASS Ubuntu 24.04 LTS", "architecture PASS arm64", "kernel PASS 6.8.0-60-generic", "systemd PASS systemd 255",
		"containers PASS none",
		"tuner-tuned WARN enabled, systemd is not running", "tuner-bpftune PASS not enabled", "tuner-ufw WARN enabled",
		"tuner-cloud-image WARN /etc/sysctl.d/60-gce-network-security.conf",
		"sysctl-files WARN /etc/tuned/active_profile",
	}
	var lines []string
	for _, c := range got.Checks {
		lines = append(lines, c.Name+" "+string(c.Grade)+" "+c.Value)
	}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if got.Supported.Level != LevelSupported {
		t.Errorf("%+v", got.Supported)
	}
}

func TestSupportedGate(t *testing.T) {
	tests := map[string]struct {
		files map[string]string
		want  Level
	}{
		"ubuntu":               {map[string]string{"/usr/lib/os-release": "ID=ubuntu\nVERSION_ID=22.04\n", "/var/lib/dpkg/arch": "amd64\n"}, LevelSupported},
		"fedora":               {map[string]string{"/etc/os-release": "ID=fedora\nVERSION_ID=42\n"}, LevelUnsupported},
		"no os-release":        {map[string]string{"/etc/hostname": "x"}, LevelUnsupported},
		"an unknown machine":   {map[string]string{"/etc/os-release": "ID=ubuntu\nVERSION_ID=24.04\n"}, LevelCompatible},
		"an old architecture":  {map[string]string{"/etc/os-release": "ID=ubuntu\nVERSION_ID=24.04\n", "/var/lib/dpkg/arch": "i386\n"}, LevelUnsupported},
		"a link into the root": {map[string]string{"/etc/os-release": "-> /usr/lib/os-release", "/usr/lib/os-release": "ID=debian\nVERSION_ID=13\n"}, LevelCompatible},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got, err := Supported(image(t, test.files)); got.Level != test.want || err != nil {
				t.Errorf("got %+v, %v, want %s", got, err, test.want)
			}
		})
	}
	if got, err := Supported(image(t, map[string]string{"/etc/os-release/folder": ""})); err == nil {
		t.Errorf("an os-release that is a folder: %+v", got)
	}
}

// TestThisMachine holds what can be held on any machine that runs the tests.
func TestThisMachine(t *testing.T) {
	got := Run(t.Context(), host.Host{}, Options{AllowUnsupported: true})
	seen := map[string]bool{}
	for _, c := range got.Checks {
		if seen[c.Name] || !regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`).MatchString(c.Name) {
			t.Errorf("name %q", c.Name)
		}
		seen[c.Name] = true
		if c.Value == "" || c.Reason == "" || c.Grade != report.Pass && c.Grade != report.Warn && c.Grade != report.Fail {
			t.Errorf("%+v", c)
		}
		if c.Value == "not visible" && !strings.HasPrefix(c.Reason, "not visible: ") {
			t.Errorf("%+v does not say why", c)
		}
	}
	if want := 17; len(got.Checks) < want {
		t.Errorf("%d checks, want at least %d", len(got.Checks), want)
	}
	gate, err := Supported(host.Host{})
	if err != nil || gate != got.Supported {
		t.Errorf("the gate says %+v, %v, the checks %+v", gate, err, got.Supported)
	}
}

func BenchmarkSupportedGate(b *testing.B) {
	for b.Loop() {
		if _, err := Supported(host.Host{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRun(b *testing.B) {
	for b.Loop() {
		_ = Run(b.Context(), host.Host{}, Options{})
	}
}
