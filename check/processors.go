package check

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/report"
)

const hugePagesFile = "/sys/kernel/mm/transparent_hugepage/enabled"

// checkHugePages judges transparent huge pages for every program: allocating one may compact memory while a client
// waits, and a fork copies 2 MiB where 4 KiB would do (Documentation/admin-guide/mm/transhuge.rst).
func checkHugePages(f facts) report.Check {
	const name = "huge-pages"
	text := f.hugePages
	switch {
	case errors.Is(text.err, fs.ErrNotExist):
		return pass(name, "none", "this kernel has no transparent huge pages")
	case text.err != nil:
		return unseen(name, text.err)
	}
	_, rest, _ := strings.Cut(text.value, "[")
	mode, _, found := strings.Cut(rest, "]")
	switch {
	case !found:
		return unseen(name, fmt.Errorf("%s is %q", hugePagesFile, text.value))
	case mode == "always":
		return warn(name, mode,
			"every program gets huge pages, whether it asks or not: databases and caches answer late while "+
				"the kernel finds or copies them", "echo madvise > "+hugePagesFile+", and transparent_hugepage=madvise on the "+
				"command line of the kernel")
	}
	return pass(name, mode, "only programs that ask for huge pages get them, or none")
}

// governors counts the processors by who sets their clock, "performance", and names the driver.
type governors struct {
	driver string
	count  map[string]int
}

const cpufreq = "/sys/devices/system/cpu/cpufreq"

func observeGovernors(h host.Host) (g governors, err error) {
	g.count = map[string]int{}
	policies, err := h.ReadDir(cpufreq)
	if err != nil {
		return g, host.Cause(err)
	}
	for _, policy := range policies {
		data, err := h.ReadFile(cpufreq + "/" + policy + "/scaling_governor")
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return g, host.Cause(err)
		}
		if g.driver == "" {
			driver, _ := h.ReadFile(cpufreq + "/" + policy + "/scaling_driver") // without one powersave is what it says
			g.driver = strings.TrimSpace(string(driver))
		}
		g.count[strings.TrimSpace(string(data))]++
	}
	if len(g.count) == 0 {
		return g, fs.ErrNotExist
	}
	return g, nil
}

// checkGovernor judges who sets the clock. powersave keeps it at the lowest, but with the drivers of newer processors
// it is what others call schedutil (Documentation/admin-guide/pm/intel_pstate.rst and amd-pstate.rst).
func checkGovernor(f facts) report.Check {
	const name = "cpu-governor"
	switch {
	case errors.Is(f.governors.err, fs.ErrNotExist) && f.virt.value.VM != "":
		return pass(name, "none", "the hypervisor sets the clock of the processors, which a guest does not see")
	case errors.Is(f.governors.err, fs.ErrNotExist):
		return pass(name, "none", "the kernel does not set the clock of the processors: the firmware does")
	case f.governors.err != nil:
		return unseen(name, f.governors.err)
	}
	g := f.governors.value
	var values []string
	for _, word := range slices.Sorted(maps.Keys(g.count)) {
		values = append(values, fmt.Sprintf("%s (%d)", word, g.count[word]))
	}
	value := strings.TrimSpace(strings.Join(values, ", ") + " by " + g.driver)
	if g.count["powersave"] > 0 && g.driver != "intel_pstate" && !strings.HasPrefix(g.driver, "amd-pstate") {
		return warn(name, value, "powersave keeps processors at their lowest clock, whatever the load",
			"cpupower frequency-set -g schedutil, or performance where every microsecond counts")
	}
	return pass(name, value, "the clock follows the load, or is the highest")
}
