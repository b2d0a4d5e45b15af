package check

import (
	"context"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/diagnose/rules"
	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/sysctl/ephemeral"
	"github.com/tcptune/tcptune/sysctl/whowins"
)

// seen is something that was asked of the host: the answer, or why there is none.
type seen[T any] struct {
	value T
	err   error
}

func see[T any](value T, err error) seen[T] { return seen[T]{value, err} }

// facts is all that the checks judge. Tests write it down instead of asking a machine.
type facts struct {
	live, root bool

	release seen[host.OSRelease]
	arch    seen[string]

	kernel    seen[string]   // release, live only
	installed seen[[]string] // kernels in /lib/modules

	systemdRunning bool
	systemdVersion seen[int]

	virt            seen[host.Virt]
	initialUserNS   bool
	reach           map[string]error // per key of reachKeys: nil, or why root cannot write it
	knobs           map[string]seen[string]
	bbr, fq         feature
	hasModules      bool // the kernel was made with loadable modules
	mayLoadModules  bool // CAP_SYS_MODULE is not beyond reach
	noFile          seen[host.NoFile]
	ports           seen[host.PortUse]
	sockstat        seen[host.Sockstat]
	netstat         seen[map[string]uint64]
	softnet         seen[host.Softnet]
	uptime          seen[time.Duration]
	listeners       seen[[]Listener]
	nodePorts       []ephemeral.Claim
	managerNoFile   seen[host.NoFile] // what a unit gets that says nothing
	links           seen[[]link]
	processors      seen[int]
	hugePages       seen[string]
	governors       seen[governors]
	containers      containers
	pendingReboot   bool
	pendingPackages []string
	pendingErr      error

	found    map[string]rules.Finding // what the counters since boot tell, by rule
	unjudged map[string]error

	files  seen[*whowins.Forecaster] // what the files that set keys say
	reader whowins.Reader            // has read them
	tuners []tuner                   // those that are installed
}

// feature is a part of the kernel that may be a module.
type feature struct {
	module seen[host.ModuleState]
	config seen[string] // its option in the kernel's configuration, asked when the module lists are silent
}

// readKnobs are the keys whose values the checks judge.
var readKnobs = [...]string{
	"fs.nr_open",
	"kernel.modules_disabled",
	"net.core.default_qdisc",
	"net.core.netdev_max_backlog",
	"net.core.somaxconn",
	ephemeral.RangeKey,
	ephemeral.ReservedKey,
	"net.ipv4.tcp_allowed_congestion_control",
	"net.ipv4.tcp_available_congestion_control",
	"net.ipv4.tcp_max_tw_buckets",
	"net.ipv4.tcp_mem",
	"net.ipv4.tcp_syncookies",
	"net.netfilter.nf_conntrack_buckets",
	"net.netfilter.nf_conntrack_count",
	"net.netfilter.nf_conntrack_max",
}

// maxCounted is the number of sockets up to which they are counted one by one. The kernel walks its whole table for
// that, about a second per million, on the processor of somebody's service.
const maxCounted = 500_000

func observe(ctx context.Context, h host.Host, opt Options) facts {
	f := facts{
		live:      h.Live(),
		root:      h.IsRoot(),
		release:   see(h.OSRelease()),
		arch:      see(h.Arch()),
		installed: see(h.InstalledKernels()),
	}
	if f.live {
		observeKernel(h, &f)
		observeNetwork(h, &f)
		observeListeners(ctx, h, opt, &f)
		observeMachine(h, &f)
	}
	f.containers = observeContainers(h)
	r := whowins.Once(h)
	if f.files = see(whowins.Observe(r)); f.files.err == nil {
		f.reader = r
		f.tuners = observeTuners(ctx, h, f.files.value)
		f.systemdVersion.value = f.files.value.Systemd()
	}
	if f.systemdVersion.value == 0 { // no package says it
		f.systemdVersion = see(h.SystemdVersion())
	}
	return f
}

func observeKernel(h host.Host, f *facts) {
	f.kernel = see(h.KernelRelease())
	f.systemdRunning = h.SystemdRunning()
	f.virt = see(h.Virt())
	f.initialUserNS = h.InitialUserNamespace()
	f.bbr, f.fq = observeFeatures(h)
	_, err := h.Stat("/proc/modules")
	f.hasModules = err == nil
	f.mayLoadModules = h.MayHave(unix.CAP_SYS_MODULE) && f.initialUserNS
	f.noFile = see(h.NoFile())
	f.uptime = see(h.BootClock())
	f.pendingReboot, f.pendingPackages, f.pendingErr = h.PendingReboot()
	f.reach = map[string]error{}
	for _, key := range reachKeys {
		f.reach[key] = h.CanWriteKnob(key)
	}
	f.knobs = map[string]seen[string]{}
	for _, key := range readKnobs {
		f.knobs[key] = see(h.ReadKnob(key))
	}
}

func observeNetwork(h host.Host, f *facts) {
	f.netstat = see(h.Netstat())
	f.softnet = see(h.Softnet())
	f.sockstat = see(h.Sockstat())
	if s := f.sockstat; s.err == nil && s.value.Alloc+s.value.TimeWait > maxCounted {
		f.ports.err = errTooManySockets
		return
	}
	ports := f.knobs[ephemeral.RangeKey]
	if f.ports.err = ports.err; ports.err == nil {
		f.ports = see(h.PortUse(ports.value))
	}
}

// observeMachine looks at what limits TCP without being a key.
func observeMachine(h host.Host, f *facts) {
	f.links = observeLinks(h)
	f.processors = see(h.Processors())
	text, err := h.ReadFile(hugePagesFile)
	f.hugePages = see(string(text), err)
	f.governors = see(observeGovernors(h))
}

func observeFeatures(h host.Host) (bbr, fq feature) {
	states, err := h.Modules("tcp_bbr", "sch_fq")
	bbr.module, fq.module = see(states["tcp_bbr"], err), see(states["sch_fq"], err)
	if bbr.module.value == host.ModuleUnknown || fq.module.value == host.ModuleUnknown {
		text, err := h.KernelConfigText()
		built := host.ParseKernelConfig(text, "CONFIG_TCP_CONG_BBR", "CONFIG_NET_SCH_FQ")
		bbr.config, fq.config = see(built["CONFIG_TCP_CONG_BBR"], err), see(built["CONFIG_NET_SCH_FQ"], err)
	}
	return bbr, fq
}

// words reports whether the knob's list has the word.
func (f facts) words(key, word string) bool {
	return slices.Contains(strings.Fields(f.knobs[key].value), word)
}
