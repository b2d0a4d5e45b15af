package check

import (
	"errors"
	"io/fs"
	"slices"
	"strings"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/report"
)

func checkModules(f facts) report.Check {
	const name = "module-loading"
	const boot = "load what is needed at boot, by /etc/modules-load.d, before it is locked"
	disabled := f.knobs["kernel.modules_disabled"]
	switch {
	case !f.hasModules:
		return warn(name, "no modules",
			"this kernel was made without loadable modules: what is not built in is not to be had",
			"boot a kernel of the distribution, where BBR or fq are wanted and absent")
	case disabled.value == "1":
		return warn(name, "locked", "kernel.modules_disabled is 1: nothing can be loaded until the next boot", boot)
	case !f.mayLoadModules:
		return warn(name, "not allowed", "CAP_SYS_MODULE is out of reach here, as in containers",
			"sudo modprobe tcp_bbr sch_fq, on the host")
	case f.kernel.err == nil && f.installed.err == nil && !slices.Contains(f.installed.value, f.kernel.value):
		return warn(name, "no modules of the running kernel",
			"there is no /lib/modules/"+f.kernel.value+": it was removed or is not visible here",
			"reboot into an installed kernel")
	case disabled.err != nil && !errors.Is(disabled.err, fs.ErrNotExist):
		return unseen(name, disabled.err)
	case !f.root:
		return pass(name, "possible for root", "nothing locks it; loading needs root")
	}
	return pass(name, "possible", "root can load modules")
}

// checkBBR asks the list of the kernel first: it names what can be used at once.
func checkBBR(f facts) report.Check {
	const name = "bbr"
	const keep = "keep cubic, or boot a kernel that has it"
	available := f.knobs["net.ipv4.tcp_available_congestion_control"]
	if f.words("net.ipv4.tcp_available_congestion_control", "bbr") {
		if f.ownNetwork() && !f.words("net.ipv4.tcp_allowed_congestion_control", "bbr") {
			return warn(name, "restricted",
				"outside the first network namespace only the algorithms of tcp_allowed_congestion_control can be set",
				"on the host: sysctl net.ipv4.tcp_allowed_congestion_control=\""+
					strings.TrimSpace(f.knobs["net.ipv4.tcp_allowed_congestion_control"].value+" bbr")+"\"")
		}
		return pass(name, "available", "the kernel lists it in tcp_available_congestion_control")
	}
	if available.err != nil {
		return unseen(name, available.err)
	}
	return checkFeature(name, f.bbr, f, keep)
}

// checkFQ is about net.core.default_qdisc = fq. BBR paces by itself since Linux 4.13 where fq does not.
func checkFQ(f facts) report.Check {
	const name = "fq"
	if f.knobs["net.core.default_qdisc"].value == "fq" {
		return pass(name, "in use", "net.core.default_qdisc is fq")
	}
	if f.ownNetwork() {
		return warn(name, "not visible", "not visible: net.core.default_qdisc belongs to the first network namespace",
			"run tcptune check on the host of this container")
	}
	return checkFeature(name, f.fq, f, "nothing to do: BBR paces by itself, fq only does it with less CPU time")
}

// checkFeature judges a part of the kernel by its module, and by the kernel's configuration where no list names it.
func checkFeature(name string, part feature, f facts, without string) report.Check {
	if part.module.err != nil {
		return unseen(name, part.module.err)
	}
	state := part.module.value
	if state == host.ModuleUnknown && part.config.err == nil {
		switch part.config.value {
		case "y":
			state = host.ModuleBuiltin
		case "m":
			state = host.ModuleLoadable
		default:
			state = host.ModuleAbsent
		}
	}
	switch state {
	case host.ModuleLoaded, host.ModuleBuiltin:
		return pass(name, string(state), "the kernel can use it at once")
	case host.ModuleLoadable:
		if g := checkModules(f); g.Grade != report.Pass {
			return warn(name, "loadable, but modules cannot be loaded", g.Reason, g.Fix)
		}
		return pass(name, string(state), "the kernel loads it when it is asked for")
	case host.ModuleAbsent:
		return warn(name, string(state), "neither built in nor among the modules of the running kernel", without)
	}
	reason := "neither /lib/modules nor the kernel's configuration can be read here"
	if part.config.err != nil {
		reason = part.config.err.Error()
	}
	return warn(name, "not visible", "not visible: "+reason, without)
}
