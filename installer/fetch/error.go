package fetch

import (
	"errors"
	"fmt"
)

// Code says what kind of thing went wrong. The words are stable: they appear in the JSON output.
type Code string

// The codes of [Error].
const (
	Unreachable   Code = "unreachable"     // no answer, or not from the one that was asked; another source may do
	Unverified    Code = "not-verified"    // a proof failed: nobody can tell what was received
	UnknownSigner Code = "unknown-signer"  // signed by a key that is not in the key ring
	NoDatabase    Code = "no-checksum-db"  // the checksum database is switched off
	NoVersion     Code = "no-such-version" // nobody has released it
	NoBuild       Code = "no-such-build"   // released, but not for this architecture
	BadArchive    Code = "bad-archive"     // damaged, hostile or no toolchain
	NoSpace       Code = "no-space"
	BadSetting    Code = "bad-setting" // the configuration cannot be used
)

// Error is what getting a toolchain fails with, for everything that an operator can do something about.
type Error struct {
	Code    Code
	Message string // begins with "cannot"
	Hint    string // what to do about it; may be empty
	Err     error  // the cause; may be nil
}

func (e *Error) Error() string {
	if e.Err == nil {
		return e.Message
	}
	return e.Message + ": " + e.Err.Error()
}

func (e *Error) Unwrap() error { return e.Err }

// Fail is an error of that code, whose message begins with "cannot".
func Fail(code Code, hint, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...), Hint: hint}
}

// Because adds the cause.
func (e *Error) Because(err error) *Error {
	e.Err = err
	return e
}

// is reports whether err is an [Error] of that code.
func is(err error, code Code) bool {
	var e *Error
	return errors.As(err, &e) && e.Code == code
}
