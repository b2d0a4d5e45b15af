package plan

import (
	"errors"
	"fmt"
	"strings"

	"github.com/tcptune/tcptune/internal/report"
)

// The codes of the errors with which a transaction ends.
const (
	Stale         = "stale-plan"      // the host is no longer as it was when the plan was made; nothing was written
	RolledBack    = "rolled-back"     // a change failed which the plan cannot do without; all was undone
	NotRolledBack = "not-rolled-back" // the same, and the message names what was not undone
	Damaged       = "journal-damaged" // nothing can read the journal, nor its copy, and so it must not be replaced
	Newer         = "journal-newer"   // a newer tcptune has written the journal
)

// What keeps a session, or what is asked of it, from beginning.
var (
	// ErrBusy is returned while another tcptune holds the lock.
	ErrBusy error = &report.Error{
		Code: "busy", Exit: report.ExitBusy, Message: "cannot start: another tcptune is at work on this host",
		Hint: "try again, or let it wait: --wait 30s",
	}
	// ErrInterrupted is returned when a signal ends the wait for the lock.
	ErrInterrupted error = &report.Error{
		Code: "interrupted", Message: "cannot start: interrupted while waiting for another tcptune",
	}
	// ErrNoWindow is returned where no window is open.
	ErrNoWindow error = &report.Error{
		Code: "nothing-to-confirm", Message: "cannot confirm: nothing waits for a confirmation",
		Hint: "it may have been taken back already: see tcptune status",
	}
	// ErrWindowOpen is for commands that must not run while a window is open.
	ErrWindowOpen error = &report.Error{
		Code: "confirm-pending", Exit: report.ExitBusy, Message: "cannot start: an apply waits for its confirmation",
		Hint: "run tcptune confirm to keep it, or tcptune revert to take it back",
	}
	// ErrOtherNamespace is about a network namespace whose files belong to another one: what is written and remembered
	// for that one must not come from this one's values.
	ErrOtherNamespace error = &report.Error{
		Code:    "other-namespace",
		Message: "cannot work in this network namespace: the files and the journal of this system are about another one",
		Hint:    "work where the values are: outside of ip netns exec and unshare -n",
	}
	// ErrChroot is about files that are not those of the machine whose running values can be seen: a change would reach
	// the builder of an image, which has no journal of it.
	ErrChroot error = &report.Error{
		Code:    "chroot",
		Message: "cannot tune from within a chroot: the running values are those of the machine around it",
		Hint:    "run it outside, on the folder: tcptune apply --root DIR",
	}
)

// MovedOn is about a saved plan that is not what the host calls for any more; moved has a line for each difference.
func MovedOn(moved []string) error {
	return staleError("cannot apply the plan: the host has moved on", moved)
}

func staleError(message string, moved []string) error {
	return &report.Error{
		Code: Stale, Message: message, Hint: "make a new plan: tcptune plan --out FILE", Err: errors.New(strings.Join(moved, "; ")),
	}
}

// newer is about a journal that only the tcptune which has written it can read.
func newer(by string) error {
	who, what := "a newer tcptune", "the newest tcptune"
	if by != "" {
		who, what = "tcptune "+by, "tcptune "+by
	}
	return &report.Error{
		Code: Newer, Message: "cannot read the journal " + JournalPath + ": it was written by " + who,
		Hint: "install " + what + ": only that one knows what there is to take back",
	}
}

// damaged is about a journal that nothing can read.
func damaged(why error) error {
	return &report.Error{
		Code: Damaged, Message: "cannot read the journal " + JournalPath, Err: why,
		Hint: "to start anew, without knowing what to take back: mv " + JournalPath + " /root/",
	}
}

// failure is what ends a transaction. Kind and target are empty where it is no single change that failed.
type failure struct {
	kind          report.Kind
	target, cause string
	hint          string // what to do about it; "" for nothing
}

// rolledBack is the error of a transaction that was undone; left names what was not, one line each.
func (f failure) rolledBack(left []string) error {
	message := f.cause
	if f.kind != "" {
		message = fmt.Sprintf("cannot change %s %s: %s", f.kind, f.target, f.cause)
	}
	if len(left) == 0 {
		return &report.Error{Code: RolledBack, Message: message + "; everything was rolled back", Hint: f.hint}
	}
	return &report.Error{
		Code: NotRolledBack, Message: message + "; not rolled back: " + strings.Join(left, "; "),
		Hint: "the next tcptune apply or revert tries again to undo it",
	}
}
