package report

import (
	"cmp"
	"errors"
	"os"
)

// The exit codes of every command.
const (
	ExitDone        = 0
	ExitFailed      = 1
	ExitDiffers     = 2 // not as wanted; apply --detailed-exitcode: changed
	ExitPartial     = 4 // as wanted, but for items that are named
	ExitUnsupported = 5
	ExitPartlyDone  = 6 // with --detailed-exitcode: changed, and partial
	ExitUsage       = 64
	ExitBusy        = 75
	ExitNeedsRoot   = 77
)

// NeedsRoot is the code of an [Error] about what only root can do.
const NeedsRoot = "needs-root"

// Error is what an operator has to read, and a program: Code is stable, the texts are not.
type Error struct {
	Code    string `json:"code"`    // "stale-plan", "needs-root", "unsupported-os", …; "": "failed"
	Exit    int    `json:"-"`       // the exit code; 0: [ExitFailed]
	Message string `json:"message"` // begins with "cannot"
	Hint    string `json:"hint,omitempty"`
	Err     error  `json:"-"` // the cause, said behind the message; may be nil
}

func (e *Error) Error() string {
	if e.Err == nil {
		return e.Message
	}
	return e.Message + ": " + e.Err.Error()
}

func (e *Error) Unwrap() error { return e.Err }

// Because adds the cause.
func (e *Error) Because(err error) *Error {
	e.Err = err
	return e
}

// Is reports whether err has an [Error] of that code in it.
func Is(err error, code string) bool {
	var e *Error
	return errors.As(err, &e) && e.Code == code
}

// Usage is a mistake in what was asked for. The hint may be empty.
func Usage(message, hint string) error {
	return &Error{Code: "usage", Exit: ExitUsage, Message: message, Hint: hint}
}

// Describe is err as it is printed: the outermost [Error] in it says the code, the exit code and the hint, and err as a
// whole the message.
func Describe(err error) Error {
	d := Error{Message: err.Error()}
	var e *Error
	switch {
	case errors.As(err, &e):
		d.Code, d.Exit, d.Hint = e.Code, e.Exit, e.Hint
	case errors.Is(err, os.ErrPermission):
		d.Code = "permission-denied"
	}
	d.Code, d.Exit = cmp.Or(d.Code, "failed"), cmp.Or(d.Exit, ExitFailed)
	return d
}
