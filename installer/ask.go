package installer

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/report"
)

// AskShells puts the question which go it finds to the shell of u: as a login shell, and as one that a terminal opens.
// So that user's start-up files are run, as that user (see [host.Host.RunAs]); root has none to be run, and is refused.
// A shell that does not answer is unknown, with the reason. The error is that of ctx.
func (s Site) AskShells(ctx context.Context, u host.Account) (list []report.GoShell, err error) {
	for _, kind := range []struct {
		name  string
		flags []string
	}{{"login shell", []string{"-l", "-i"}}, {"shell", []string{"-i"}}} {
		g := report.GoShell{Target: kind.name + " of " + u.Name, State: shellUnknown}
		if a, err := s.ask(ctx, u, kind.flags); err != nil {
			g.Why = err.Error()
		} else {
			s.heard(&g, a, strings.Join(append([]string{path.Base(u.Shell)}, kind.flags...), " "))
		}
		if ctx.Err() != nil {
			return list, ctx.Err()
		}
		list = append(list, g)
	}
	return list, nil
}

// answer is what a shell says.
type answer struct {
	said                         string // by its word for go: a file, or the name of a function, or the text of an alias
	file                         string // the first go in its PATH, functions and aliases aside; "" for none
	real                         string // what file leads to
	goroot, goflags, gotoolchain string // as a program that it starts would have them
}

// heard fills in what a shell has answered.
func (s Site) heard(g *report.GoShell, a answer, shell string) {
	g.Go, g.Goroot, g.Goflags, g.Gotoolchain = a.file, a.goroot, a.goflags, a.gotoolchain
	active := s.activeProgram()
	switch {
	case a.said != "" && !strings.HasPrefix(a.said, "/"):
		what := "an alias"
		if a.said == "go" {
			what = "a function"
		}
		g.Why = fmt.Sprintf("go is %s there, says %s; nobody else can tell what it runs", what, shell)
		return
	case a.file == "":
		g.State, g.Why = shellNone, "no folder of PATH has one, says "+shell
	default:
		s.found(g, a.real)
		g.Why = fmt.Sprintf("%s comes first in PATH, says %s", path.Dir(a.file), shell)
	}
	if active != "" && g.State != shellActive {
		g.Fix = seeker{where: "PATH, in the start-up files of that user"}.fix(a.file, folder{dir: path.Dir(a.file)})
	}
}

// inner is run by sh in the place of the shell: so the question is the same whatever the shell is, and about what it
// hands down to programs. $0 and $2 are marks, $1 is the shell's word for go. readlink is asked here, and not by us,
// who may be root, while the folders may be a user's.
const inner = `go=$(command -v go); printf "%s\0" "$0" "$1" "$go" "$(/usr/bin/readlink -f "$go")" ` +
	`"${GOROOT-}" "${GOFLAGS-}" "${GOTOOLCHAIN-}" "$2"`

// question is the command for a shell of that name; "" for one whose language is not known.
func question(shell, begin, end string) string {
	switch shell {
	case "sh", "dash", "bash", "zsh", "ksh", "ksh93", "mksh":
		return `\exec /bin/sh -c '` + inner + `' ` + begin + ` "$(command -v go)" ` + end
	case "fish":
		return `set -l said ""; functions -q go; and set said go; ` +
			`exec /bin/sh -c '` + inner + `' ` + begin + ` "$said" ` + end
	}
	return ""
}

func (s Site) ask(ctx context.Context, u host.Account, flags []string) (a answer, err error) {
	// What start-up files print comes before, and cannot look like an answer.
	begin, end := rand.Text(), rand.Text()
	command := question(path.Base(u.Shell), begin, end)
	switch {
	case !path.IsAbs(u.Shell), path.Base(u.Shell) == "nologin", path.Base(u.Shell) == "false":
		return a, errors.New("cannot tell: that user has no shell")
	case command == "":
		return a, fmt.Errorf("cannot tell: how to ask %q is not known", u.Shell)
	}
	said, err := s.h.RunAs(ctx, u, append(append([]string{u.Shell}, flags...), "-c", command), s.closed(u),
		func(said []byte) bool {
			_, rest, _ := bytes.Cut(said, []byte(begin+"\x00"))
			return bytes.Contains(rest, []byte("\x00"+end+"\x00"))
		})
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return a, fmt.Errorf("cannot tell: it does not answer within %s", host.RunAsTime)
	case errors.Is(err, host.ErrTooMuchOutput):
		return a, fmt.Errorf("cannot tell: %w", host.ErrTooMuchOutput)
	case err != nil:
		return a, err
	}
	return parseAnswer(string(said), begin, end)
}

// closed is the environment that a session of u begins with, and nothing of ours.
func (s Site) closed(u host.Account) []string {
	at := "/usr/local/bin:/usr/bin:/bin"
	if k := s.session(); k.blind == "" {
		at = k.path.String()
	}
	return []string{
		"PATH=" + at, "HOME=" + u.Home, "USER=" + u.Name, "LOGNAME=" + u.Name, "SHELL=" + u.Shell, "TERM=dumb",
		"LANG=C.UTF-8",
	}
}

// parseAnswer finds the answer between the marks.
func parseAnswer(said, begin, end string) (a answer, err error) {
	_, rest, begun := strings.Cut(said, begin+"\x00")
	body, _, ended := strings.Cut(rest, "\x00"+end+"\x00")
	f := strings.Split(body, "\x00")
	if !begun || !ended || len(f) != 6 {
		return a, errors.New("cannot tell: it ended without an answer")
	}
	for _, text := range f {
		if text != "" && (!plain(text) || len(text) > 4096) {
			return a, errors.New("cannot tell: its answer cannot be shown")
		}
	}
	return answer{f[0], f[1], f[2], f[3], f[4], f[5]}, nil
}
