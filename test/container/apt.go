package container

import (
	"context"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
)

// apt is where this machine gets its packages from. A root is made from the same place, with the same keys, through the
// same proxy.
type apt struct {
	suite   string   // "bookworm", "noble"
	arch    string   // "amd64"
	sources []string // files that name the distribution's archive, with the keys that sign it
	options []string // lines of apt.conf that reach the archive
}

// proxyOptions are the settings that say how to reach an archive and how old it may be.
var proxyOptions = regexp.MustCompile(
	`^Acquire::(.*::)?(Proxy|Proxy-Auto-Detect|Retries|Timeout|Check-Valid-Until|Check-Date)\b`,
)

// readApt asks apt itself, which works before any "apt-get update".
func readApt(ctx context.Context) (apt, error) {
	var a apt
	release, err := os.ReadFile("/etc/os-release")
	if err != nil {
		return a, Unavailable("no /etc/os-release")
	}
	for line := range strings.Lines(string(release)) {
		if value, ok := strings.CutPrefix(line, "VERSION_CODENAME="); ok {
			a.suite = strings.Trim(strings.TrimSpace(value), `"'`)
		}
	}
	targets, err := output(
		ctx,
		"apt-get",
		"indextargets",
		"--format",
		"$(RELEASE) $(COMPONENT) $(ARCHITECTURE) $(SOURCESENTRY)",
		"Created-By: Packages",
	)
	if err != nil || a.suite == "" {
		return a, Unavailable("this machine has no apt that could tell where packages come from")
	}
	for line := range strings.Lines(targets) {
		f := strings.Fields(line)
		if len(f) != 4 || f[0] != a.suite || f[1] != "main" {
			continue
		}
		a.arch = f[2]
		file, _, _ := strings.Cut(f[3], ":")
		if !slices.Contains(a.sources, file) {
			a.sources = append(a.sources, file)
		}
	}
	if a.sources == nil {
		return a, Unavailable("apt on this machine knows no source of " + a.suite + " main")
	}
	settings, err := output(ctx, "apt-config", "dump")
	for line := range strings.Lines(settings) {
		if proxyOptions.MatchString(line) {
			a.options = append(a.options, strings.TrimSpace(line))
		}
	}
	return a, err
}

func output(ctx context.Context, name string, args ...string) (string, error) {
	out, err := exec.CommandContext(ctx, name, args...).Output()
	return string(out), err
}
