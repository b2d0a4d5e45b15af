package check

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/report"
)

func (f facts) releaseVerdict(m matrix) Verdict {
	switch err := f.release.err; {
	case errors.Is(err, fs.ErrNotExist):
		return Verdict{LevelUnsupported, "this system has no /etc/os-release; " + m.known()}
	case err != nil:
		return Verdict{LevelUnsupported, err.Error()}
	}
	return m.release(f.release.value)
}

// archVerdict lets an image pass whose architecture nothing tells: the files that tcptune writes are the same on all.
func (f facts) archVerdict(m matrix) Verdict {
	if f.arch.err != nil {
		return Verdict{LevelCompatible, "architecture not visible: " + f.arch.err.Error()}
	}
	return m.architecture(f.arch.value)
}

func checkRelease(m matrix, f facts, opt Options) report.Check {
	value := f.release.value.PrettyName
	if f.release.err != nil {
		value = "not visible"
	}
	return byVerdict("os-release", value, f.releaseVerdict(m), opt)
}

func checkArchitecture(m matrix, f facts, opt Options) report.Check {
	if f.arch.err != nil {
		return unseen("architecture", f.arch.err)
	}
	return byVerdict("architecture", f.arch.value, f.archVerdict(m), opt)
}

// byVerdict takes compatible for PASS: the reason says what it means, and nobody could do anything about it.
func byVerdict(name, value string, v Verdict, opt Options) report.Check {
	if v.Level != LevelUnsupported {
		return pass(name, value, v.Reason)
	}
	const fix = "use a system of the list, or --allow-unsupported at your own risk"
	if opt.AllowUnsupported {
		return warn(name, value, v.Reason+"; going on because of --allow-unsupported", "")
	}
	return fail(name, value, v.Reason, fix)
}

// checkKernel judges the kernel that runs. On an image it judges those that may boot.
func checkKernel(m matrix, f facts) report.Check {
	release, err, which := f.kernel.value, f.kernel.err, "running"
	if !f.live {
		release, err, which = "", f.installed.err, "installed"
		if all := f.installed.value; len(all) > 0 {
			release = all[len(all)-1]
		}
	}
	switch {
	case err != nil:
		return unseen("kernel", err)
	case release == "":
		return warn("kernel", "none installed", "not visible: the image has no kernel of its own, as container images do",
			"install the kernel before the image is tuned, or run tcptune status on the machine that boots it")
	}
	version, err := host.ParseKernelVersion(release)
	oldest, _ := host.ParseKernelVersion(m.Kernel)
	switch {
	case err != nil:
		return warn("kernel", release, "not visible: the name does not begin with a version", "")
	case version.Less(oldest):
		return fail("kernel", release,
			fmt.Sprintf("the %s kernel is older than %s, the oldest that tcptune knows", which, m.Kernel),
			"install and boot a newer kernel: apt install linux-generic, then reboot")
	}
	return pass("kernel", release, fmt.Sprintf("the %s kernel is at least %s", which, m.Kernel))
}

// oldestSystemd is that of Ubuntu 22.04.
const oldestSystemd = 249

func checkSystemd(f facts) report.Check {
	v := f.systemdVersion
	installed := fmt.Sprintf("systemd %d", v.value)
	switch {
	case errors.Is(v.err, fs.ErrNotExist):
		installed = "not installed"
	case v.err != nil:
		installed = "systemd of unknown version"
	}
	if !f.live {
		if v.err != nil {
			return pass("systemd", installed,
				"the image brings no systemd that would apply sysctl.d at boot, as container images do")
		}
		return pass("systemd", installed, "it will apply sysctl.d when the image boots")
	}
	if !f.systemdRunning {
		return warn("systemd", installed+", not running",
			"nothing applies sysctl.d when this system starts, and services cannot be installed",
			`run "tcptune apply" at each start, or "sysctl --system" from your own init`)
	}
	switch {
	case v.err != nil:
		return warn("systemd", installed+", running", "not visible: "+v.err.Error(), "systemctl --version")
	case v.value < oldestSystemd:
		return warn("systemd", installed+", running",
			fmt.Sprintf("older than %d, the oldest that tcptune is tested with", oldestSystemd),
			"upgrade to Ubuntu 22.04 or later")
	}
	return pass("systemd", installed+", running", "it applies sysctl.d at boot")
}

// sameFlavour returns the last of the releases, sorted, that ends like the running one: "generic", "aws",
// "cloud-amd64".
func sameFlavour(releases []string, running string) string {
	newest := ""
	for _, r := range releases {
		if flavour(r) == flavour(running) {
			newest = r
		}
	}
	return newest
}

// flavour is what follows the version and the build: "6.8.0-60-generic", "6.12.48+deb13-cloud-amd64".
func flavour(release string) string {
	_, rest, _ := strings.Cut(release, "-")
	return strings.TrimLeft(rest, "0123456789-.")
}
