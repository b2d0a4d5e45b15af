package installer

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/tcptune/tcptune/installer/fetch"
	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/report"
)

// programs runs programs; [host.Host] does.
type programs interface {
	RunProgram(ctx context.Context, p host.Program) (stdout []byte, err error)
}

// The codes of errors of apt.
const (
	AptBusy   = "apt-busy"
	AptFailed = "apt-failed"
	NoApt     = "no-apt"
)

const aptTime = 30 * time.Minute

// AptPackage is a package of the distribution that has Go.
type AptPackage struct {
	Name      string // "golang-go", "golang-1.22-go"
	Installed string // its version, "2:1.22~2build1"; "" when it is not installed
	Candidate string // the version that apt would install
}

// Go is the series that a version of the package has, "1.22"; "" when it does not say.
func (p AptPackage) Go() string {
	if m := regexp.MustCompile(`^golang-(\d+\.\d+)-go$`).FindStringSubmatch(p.Name); m != nil {
		return m[1]
	}
	_, version, ok := strings.Cut(p.Candidate, ":") // the epoch
	if !ok {
		version = p.Candidate
	}
	return regexp.MustCompile(`^\d+\.\d+`).FindString(version)
}

// Program is the go that the package brings.
func (p AptPackage) Program() string {
	if p.Name == "golang-go" {
		return "/usr/bin/go"
	}
	return "/usr/lib/go-" + p.Go() + "/bin/go"
}

// FindApt asks apt for the package that fulfils w: golang-go for whatever the distribution has, golang-1.22-go for a
// series. A single release is [fetch.BadSetting]: the distribution has one of each series only.
func FindApt(ctx context.Context, h programs, w fetch.Wish) (p AptPackage, err error) {
	p.Name = "golang-go"
	if w != (fetch.Wish{}) {
		if _, exact := w.Exact(); exact || !regexp.MustCompile(`^1\.\d{1,3}$`).MatchString(w.String()) {
			return p, fetch.Fail(fetch.BadSetting, "name a series, 1.22 for instance, or nothing",
				"cannot choose Go %s among the packages of apt", w)
		}
		p.Name = "golang-" + w.String() + "-go"
	}
	out, err := h.RunProgram(ctx, host.Program{Name: "apt-cache", Args: []string{"policy", "--", p.Name}})
	if err != nil {
		return p, aptError("cannot ask apt for "+p.Name, err)
	}
	p.Installed, p.Candidate = parsePolicy(string(out))
	if p.Candidate == "" {
		return p, fetch.Fail(fetch.NoVersion, "update apt's lists: sudo apt-get update; or leave --from apt out",
			"cannot install %s: apt knows no such package", p.Name)
	}
	return p, nil
}

// parsePolicy reads what "apt-cache policy" says of one package.
func parsePolicy(text string) (installed, candidate string) {
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		if value = strings.TrimSpace(value); value == "(none)" || !plain(value) || strings.Contains(value, " ") {
			continue
		}
		switch name {
		case "Installed":
			installed = value
		case "Candidate":
			candidate = value
		}
	}
	return installed, candidate
}

// Install lets apt-get install p, asking nothing and waiting for apt's lock no longer than wait. What it does is apt's
// own transaction. A lock that stays taken is [AptBusy].
func (p AptPackage) Install(ctx context.Context, h programs, wait time.Duration) error {
	_, err := h.RunProgram(ctx, host.Program{
		Name: "apt-get",
		Args: []string{
			"install", "--yes", "--no-install-recommends",
			"-o", fmt.Sprintf("DPkg::Lock::Timeout=%d", int(wait.Seconds())), "-o", "Dpkg::Use-Pty=0", "--", p.Name,
		},
		Env:  []string{"DEBIAN_FRONTEND=noninteractive", "HOME=/root"},
		Time: aptTime + wait,
	})
	if err != nil {
		return aptError("cannot install "+p.Name, err)
	}
	return nil
}

// Command is what Install runs, to be shown.
func (p AptPackage) Command() string {
	return "apt-get install --yes --no-install-recommends " + p.Name
}

// aptError finds out what apt means. It exits with 100 for everything.
func aptError(what string, err error) error {
	var said *host.ProgramError
	switch {
	case errors.As(err, &said) && lockTaken(said.Stderr):
		e := fetch.Fail(AptBusy, "try again, or let it wait: --wait 60s", "%s: another program holds the lock of apt", what)
		e.Exit = report.ExitBusy
		return e
	case errors.As(err, &said):
		return fetch.Fail(AptFailed, "", "%s: %s", what, firstError(said))
	case errors.Is(err, host.ErrNoKernel):
		return err
	}
	return fetch.Fail(NoApt, "", "%s", what).Because(err)
}

func lockTaken(stderr string) bool {
	return strings.Contains(stderr, "Could not get lock") ||
		strings.Contains(stderr, "Unable to acquire the dpkg frontend lock") ||
		strings.Contains(stderr, "Unable to lock ")
}

// firstError is the first thing that apt calls an error: what follows comes from it.
func firstError(e *host.ProgramError) string {
	for line := range strings.Lines(e.Stderr) {
		if rest, ok := strings.CutPrefix(strings.TrimSpace(line), "E: "); ok && plain(rest) {
			return rest
		}
	}
	return e.State
}
