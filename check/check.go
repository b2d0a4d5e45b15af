// Package check looks a host over before anything is tuned: whether it is one that tcptune is made for, what the
// environment keeps out of reach, and what the kernel's counters say about its service so far.
//
// It only reads, and does so without root as far as it can; what it cannot see it says. Observing and judging are
// apart: observe asks the host everything once, and each check is a function of what was seen.
package check

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/sysctl/catalogue"
	"github.com/tcptune/tcptune/sysctl/lint"
)

// Options change how findings are judged.
type Options struct {
	// AllowUnsupported turns an unsupported release or architecture from FAIL into WARN.
	AllowUnsupported bool
	// Listeners finds the TCP sockets that listen, and who they belong to. nil: nobody can tell.
	Listeners func(context.Context) ([]Listener, error)
}

// Result is what was found, in a fixed order.
type Result struct {
	Checks    []report.Check
	Supported Verdict
	Figures   []report.Metric // what the checks of a running kernel have judged
	Unseen    []string        // the names of figures that cannot be seen
}

// Run makes all checks. On an image those that need a running kernel are left out. What goes wrong on the way is a
// finding, not an error.
func Run(ctx context.Context, h host.Host, opt Options) Result {
	m, err := supportMatrix()
	cat, errCat := catalogue.Load()
	if err = cmp.Or(err, errCat); err != nil {
		return Result{
			Checks:    []report.Check{fail("os-release", "not visible", err.Error(), "report this: the program is damaged")},
			Supported: Verdict{Level: LevelUnsupported, Reason: err.Error()},
		}
	}
	f := observe(ctx, h, opt)
	checks := judge(m, f, cat, opt)
	if f.files.err == nil {
		checks = append(checks, lint.Checks(lint.Files(f.reader, lint.Of(h, cat, f.files.value)))...)
	}
	out := Result{Checks: checks, Supported: worst(f.releaseVerdict(m), f.archVerdict(m))}
	out.Figures, out.Unseen = figures(f)
	return out
}

func judge(m matrix, f facts, cat *catalogue.Catalogue, opt Options) []report.Check {
	if f.live {
		f.found, f.unjudged = f.sinceBoot()
	}
	checks := []report.Check{checkRelease(m, f, opt), checkArchitecture(m, f, opt), checkKernel(m, f), checkSystemd(f)}
	if f.live {
		checks = append(checks,
			checkVirtualization(f), checkReach(f),
			checkModules(f), checkBBR(f), checkFQ(f),
			checkNoFile(f), checkManagerFiles(f), checkListenerFiles(f), checkConntrack(f), checkPorts(f), checkRange(f, cat),
			checkTimeWait(f),
			checkListenQueues(f), checkSoftnet(f), checkReboot(f),
			checkQueues(f), checkInterrupts(f), checkCards(f), checkTxQueueLen(f), checkConntrackHash(f),
			checkHugePages(f), checkGovernor(f))
		checks = append(checks, checkSinceBoot(f)...)
	}
	return append(append(checks, checkContainers(f)), checkTuners(f)...)
}

// Supported is the gate that a command passes before it changes anything. It reads one small file, or a few of an
// image. The error says that the os-release file is there and cannot be read; a system without one is unsupported.
func Supported(h host.Host) (Verdict, error) {
	m, err := supportMatrix()
	if err != nil {
		return Verdict{}, err
	}
	f := facts{release: see(h.OSRelease()), arch: see(h.Arch())}
	if err := f.release.err; err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Verdict{}, fmt.Errorf("cannot tell whether this system is supported: %w", err)
	}
	return worst(f.releaseVerdict(m), f.archVerdict(m)), nil
}

func pass(name, value, reason string) report.Check {
	return report.Check{Name: name, Grade: report.Pass, Value: value, Reason: reason}
}

func warn(name, value, reason, fix string) report.Check {
	return report.Check{Name: name, Grade: report.Warn, Value: value, Reason: reason, Fix: fix}
}

func fail(name, value, reason, fix string) report.Check {
	return report.Check{Name: name, Grade: report.Fail, Value: value, Reason: reason, Fix: fix}
}

// unseen is the finding that there is none. It is a warning: nobody should take it for "ok".
func unseen(name string, err error) report.Check {
	fix := ""
	if errors.Is(err, fs.ErrPermission) {
		fix = "sudo tcptune check"
	}
	return warn(name, "not visible", "not visible: "+err.Error(), fix)
}
