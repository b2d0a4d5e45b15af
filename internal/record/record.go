// Package record writes down what root has changed through tcptune, by whom it was asked to, and how that ended: one
// entry in the journal of systemd, or in syslog where that is all there is, and one line in a bounded file, which is
// there where the journal is gone after a reboot. It changes nothing else, decides nothing, and what it cannot write is
// said and is no reason to fail: the change was made. Called by internal/provision, once for each outcome.
package record

import (
	"cmp"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/internal/trail"
)

// Entry is what an outcome has to say for itself.
type Entry struct {
	Command string   // "" for what Args say
	Args    []string // the command line, without the program
	Version string   // of this program
	Changes []report.Change
	Code    int   // the exit code of success
	Err     error // nil for success
}

// What is written of one change, at most: a list of reserved ports can be long, and an installation has many files.
const (
	mostChanges  = 200
	longestValue = 512 // bytes
)

// Write records e, and says what could not be written. It returns nothing to say where no log is there to be written
// to, but for the file, which always is.
func Write(h host.Host, e Entry) (warnings []string) {
	r := recordOf(h, e)
	if err := appendTo(h, r); err != nil {
		warnings = append(warnings, fmt.Sprintf("this change is not in %s: %v", File, host.Cause(err)))
	}
	if err := send(h, r); err != nil {
		warnings = append(warnings, fmt.Sprintf("this change is not in the log of this system: %v", host.Cause(err)))
	}
	return warnings
}

func recordOf(h host.Host, e Entry) report.Record {
	r := report.Record{
		ID: newID(), Time: time.Now().UTC().Format(time.RFC3339), Command: cmp.Or(e.Command, verb(e.Args)),
		CommandLine: Line(e.Args), By: actor(h), Changes: []report.RecordedChange{}, ExitCode: e.Code, Version: e.Version,
	}
	if e.Err != nil {
		told := report.Describe(e.Err)
		r.ExitCode, r.ErrorCode = told.Exit, told.Code
	}
	for _, c := range Made(e.Changes) {
		if len(r.Changes) == mostChanges {
			r.More++
			continue
		}
		r.Changes = append(r.Changes, report.RecordedChange{
			Kind: string(c.Kind), Target: short(c.Target), Status: c.Status,
			Before: value(c, c.Before), After: value(c, cmp.Or(c.Effective, c.After)),
		})
	}
	return r
}

// Made lists the changes that were made, or that were tried and taken back.
func Made(changes []report.Change) (made []report.Change) {
	for _, c := range changes {
		if c.Moved() || c.Status == report.Failed || strings.HasPrefix(c.Reason, "rolled back") {
			made = append(made, c)
		}
	}
	return made
}

// value is what is written of a value. A file may hold anything, so it is its size and a digest.
func value(c report.Change, v *string) *string {
	if v == nil {
		return nil
	}
	s := short(trail.Value(c.Target, *v))
	if c.Kind == report.File {
		s = fmt.Sprintf("%d bytes, sha256 %x", len(*v), sha256.Sum256([]byte(*v)))
	}
	return &s
}

func short(s string) string {
	if len(s) <= longestValue {
		return s
	}
	return fmt.Sprintf("%s… (%d bytes)", strings.ToValidUTF8(s[:longestValue], ""), len(s))
}

func newID() string {
	id := make([]byte, 4)
	_, _ = rand.Read(id) // it never fails, see crypto/rand
	return hex.EncodeToString(id)
}

// errGone is about a log that is not there: nothing has failed.
var errGone = errors.New("there is no log")
