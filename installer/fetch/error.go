package fetch

import (
	"fmt"

	"github.com/tcptune/tcptune/internal/report"
)

// The codes of errors about a toolchain that cannot be got.
const (
	Unreachable   = "unreachable"     // no answer, or not from the one that was asked; another source may do
	Unverified    = "not-verified"    // a proof failed: nobody can tell what was received
	UnknownSigner = "unknown-signer"  // signed by a key that is not in the key ring
	NoDatabase    = "no-checksum-db"  // the checksum database is switched off
	NoVersion     = "no-such-version" // nobody has released it
	NoBuild       = "no-such-build"   // released, but not for this architecture
	BadArchive    = "bad-archive"     // damaged, hostile or no toolchain
	NoSpace       = "no-space"
	BadSetting    = "bad-setting" // the configuration cannot be used
)

// Fail is an error of that code, whose message begins with "cannot".
func Fail(code, hint, format string, args ...any) *report.Error {
	exit := map[string]int{NoBuild: report.ExitUnsupported, BadSetting: report.ExitUsage}[code]
	return &report.Error{Code: code, Exit: exit, Message: fmt.Sprintf(format, args...), Hint: hint}
}
