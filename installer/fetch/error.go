package fetch

import (
	"fmt"

	"github.com/tcptune/tcptune/internal/report"
)

// Code says what kind of thing went wrong.
type Code = string

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
type Error = report.Error

// Fail is an error of that code, whose message begins with "cannot".
func Fail(code Code, hint, format string, args ...any) *Error {
	exits := map[Code]int{NoBuild: report.ExitUnsupported, BadSetting: report.ExitUsage}
	return &Error{Code: code, Exit: exits[code], Message: fmt.Sprintf(format, args...), Hint: hint}
}
