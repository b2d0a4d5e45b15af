package check

import (
	"strings"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/report"
)

// checkReboot says whether the next boot will bring another kernel. Values that are right for this one may not be for
// that one, and modules of a kernel whose package was removed cannot be loaded any more.
func checkReboot(f facts) report.Check {
	const name = "reboot"
	const fix = "reboot when it suits, then run tcptune status"
	value := "uptime unknown"
	if f.uptime.err == nil {
		value = "up " + span(f.uptime.value)
	}
	if f.virt.value.Container != "" {
		return warn(name, value, "not visible: a container does not see whether its host waits for a reboot",
			"run tcptune check on that host")
	}
	if f.pendingReboot {
		reason := "a reboot is asked for"
		if len(f.pendingPackages) > 0 {
			reason += " by " + strings.Join(f.pendingPackages, ", ")
		}
		return warn(name, value+", reboot pending", reason, fix)
	}
	newest := sameFlavour(f.installed.value, f.kernel.value)
	if newest != "" && host.CompareReleases(newest, f.kernel.value) > 0 {
		return warn(name, value+", newer kernel installed", newest+" will boot next, "+f.kernel.value+" runs", fix)
	}
	if f.pendingErr != nil {
		return unseen(name, f.pendingErr)
	}
	return pass(name, value, "no reboot is asked for")
}
