package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/tcptune/tcptune/internal/report"

	"github.com/tcptune/tcptune/installer"
	"github.com/tcptune/tcptune/installer/fetch"
	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/plan"
	"github.com/tcptune/tcptune/portcheck"
	"github.com/tcptune/tcptune/service"
	"github.com/tcptune/tcptune/sysctl"
)

// The exit codes of every command.
const (
	exitDone        = 0
	exitFailed      = 1
	exitDiffers     = 2 // not as wanted; apply --detailed-exitcode: changed
	exitPartial     = 4 // as wanted, but for items that are named
	exitUnsupported = 5
	exitUsage       = 64
	exitBusy        = 75
	exitNeedsRoot   = 77
)

// usageError is a mistake in the command line.
type usageError struct{ message, hint string }

func (e usageError) Error() string { return e.message }

// unrepairedError is about a command that was killed, and whose half-done changes nobody has undone yet.
type unrepairedError struct{ command string }

func (e unrepairedError) Error() string { return "cannot start: " + e.command + " was interrupted" }

// needsRootError says which command would do.
type needsRootError struct {
	args []string
	to   string // what root is needed for; "": to change this host
}

func (e needsRootError) Error() string {
	return "cannot " + cmp.Or(e.to, "change this host") + " without root"
}

func (e needsRootError) command() string {
	words := []string{"sudo", "tcptune"}
	for _, a := range e.args {
		words = append(words, shellWord(a))
	}
	return strings.Join(words, " ")
}

// shellWord is a as one word for a shell.
func shellWord(a string) string {
	if strings.ContainsAny(a, " \t\n'\"\\$`*?[]{}()<>|&;~#!") || a == "" {
		return "'" + strings.ReplaceAll(a, "'", `'\''`) + "'"
	}
	return a
}

// unsupportedError says what kind of host was found.
type unsupportedError struct{ reason string }

func (e unsupportedError) Error() string { return "cannot work on this host: " + e.reason }

// goCodes are the exit codes of errors about Go that are not simply failures.
func goCodes() map[fetch.Code]int {
	return map[fetch.Code]int{fetch.NoBuild: exitUnsupported, fetch.BadSetting: exitUsage, installer.AptBusy: exitBusy}
}

// describe turns an error into what a person and a program read, and the exit code.
func describe(err error) (report.Problem, int) {
	p := report.Problem{Code: "failed", Message: err.Error()}
	var (
		usage       usageError
		needsRoot   needsRootError
		unsupported unsupportedError
		unrepaired  unrepairedError
		confirming  confirmError
		standing    standingError
		stale       *plan.StaleError
		rolledBack  *plan.RolledBackError
		foreign     *sysctl.ForeignFileError
		unmet       *sysctl.UnmetError
		unknownKey  *sysctl.UnknownKeyError
		removedKey  *sysctl.RemovedKeyError
		noProfile   *sysctl.UnknownProfileError
		noPort      *portcheck.ArgumentError
		inTheWay    *service.ForeignError
		noProgram   *service.NoProgramError
		taken       *service.TakenError
		closed      *service.NotListeningError
		portHeld    portHeldError
		noService   noServiceError
		aboutGo     *fetch.Error
	)
	switch {
	case errors.As(err, &usage):
		p.Code, p.Hint = "usage", usage.hint
		return p, exitUsage
	case errors.As(err, &noPort):
		p.Code, p.Hint = "usage", noPort.Hint
		return p, exitUsage
	case errors.Is(err, errNotFreed):
		p.Code, p.Hint = "not-freed", "the lines above say who holds it; tcptune port PORT --kill --dry-run shows what would be done"
	case errors.As(err, &needsRoot):
		p.Code, p.Hint = "needs-root", "run: "+needsRoot.command()
		return p, exitNeedsRoot
	case errors.As(err, &unsupported):
		p.Code, p.Hint = "unsupported-os", "--allow-unsupported proceeds all the same, at your own risk"
		return p, exitUnsupported
	case errors.Is(err, plan.ErrBusy):
		p.Code, p.Message, p.Hint = "busy", "cannot start: "+plan.ErrBusy.Error(), "try again, or let it wait: --wait 30s"
		return p, exitBusy
	case errors.As(err, &unrepaired):
		p.Code, p.Hint = "interrupted", "tcptune apply undoes what it left and tunes anew, tcptune revert takes everything back"
		return p, exitBusy
	case errors.Is(err, errInterrupted), errors.Is(err, errToolsInterrupted):
		p.Code, p.Hint = "interrupted", "run it again"
	case errors.Is(err, plan.ErrInterrupted):
		p.Code, p.Message = "interrupted", "cannot start: "+plan.ErrInterrupted.Error()
	case errors.Is(err, plan.ErrWindowOpen):
		p.Code, p.Message = "confirm-pending", "cannot start: "+err.Error()
		p.Hint = "run tcptune confirm to keep it, or tcptune revert to take it back"
		return p, exitBusy
	case errors.Is(err, plan.ErrNoWindow):
		p.Code, p.Message = "nothing-to-confirm", "cannot confirm: "+plan.ErrNoWindow.Error()
		p.Hint = "it may have been taken back already: see tcptune status"
	case errors.As(err, &confirming):
		p.Code, p.Hint = "stale-plan", "tcptune revert takes the apply back; then apply again"
	case errors.As(err, &stale):
		p.Code, p.Hint = "stale-plan", "make a new plan: tcptune plan --out FILE"
	case errors.As(err, &rolledBack):
		p.Code = "rolled-back"
		if len(rolledBack.Left) > 0 {
			p.Code, p.Hint = "not-rolled-back", "the next tcptune apply or revert tries again to undo it"
		}
	case errors.As(err, &foreign):
		p.Code = "foreign-file"
		p.Hint = fmt.Sprintf("move your settings to another file, for instance /etc/sysctl.d/70-local.conf, and remove %s", foreign.Path)
		if foreign.Edited {
			p.Code = "edited-file"
		}
		if foreign.Odd != nil {
			p.Hint = "if it masks the file of tcptune on purpose, run tcptune revert; else remove it"
		}
	case errors.As(err, &inTheWay):
		p.Code, p.Hint = "foreign-file", "choose another --name, or move "+inTheWay.Path+" away"
		if inTheWay.Edited {
			p.Code, p.Hint = "edited-file", "keep settings of your own in a drop-in: move "+inTheWay.Path+" away, then systemctl edit"
		}
	case errors.As(err, &noProgram) && noProgram.Bundled:
		p.Hint = "install the package tcptune-server, or name the program: --program FILE"
	case errors.As(err, &taken):
		p.Code, p.Hint = "name-taken", "choose another --name"
	case errors.As(err, &closed):
		p.Code, p.Hint = "not-active", "run: sudo systemctl start "+closed.Unit
	case errors.As(err, &portHeld):
		p.Code, p.Hint = "port-held", "--free-port stops who holds it, or choose another --listen"
		if portHeld.kept != "" {
			p.Code, p.Hint = "not-freed", "choose another --listen"
		}
	case errors.As(err, &noService):
		p.Code, p.Hint = "no-such-service", "tcptune service status lists what is installed"
	case errors.As(err, &aboutGo):
		p.Code, p.Hint = string(aboutGo.Code), aboutGo.Hint
		if code, ok := goCodes()[aboutGo.Code]; ok {
			return p, code
		}
	case errors.Is(err, host.ErrNoSystemd):
		p.Code = "no-systemd"
	case errors.As(err, &unmet):
		p.Code = "required-key"
	case errors.As(err, &unknownKey), errors.As(err, &removedKey):
		p.Code = "unknown-key"
		if errors.As(err, &removedKey) {
			p.Code = "removed-key"
		}
	case errors.As(err, &noProfile):
		p.Code, p.Hint = "unknown-profile", "tcptune profile list shows all of them"
		if !errors.As(err, &standing) {
			return p, exitUsage
		}
	case errors.Is(err, plan.ErrOtherNamespace):
		p.Code, p.Hint = "other-namespace", "work where the values are: outside of ip netns exec and unshare -n"
	case errors.Is(err, plan.ErrChroot):
		p.Code, p.Hint = "chroot", "run it outside, on the folder: tcptune apply --root DIR"
	case errors.Is(err, plan.ErrDamaged):
		p.Code = "journal-damaged"
		p.Hint = "to start anew, without knowing what to take back: mv " + plan.JournalPath + " /root/"
	case errors.Is(err, os.ErrPermission):
		p.Code = "permission-denied"
	}
	return p, exitFailed
}
