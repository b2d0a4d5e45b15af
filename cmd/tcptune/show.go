package main

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/diff"
	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/internal/provision"
	"github.com/tcptune/tcptune/internal/report"
)

func isTerminal(f *os.File) bool {
	_, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	return err == nil
}

// The colours of a terminal, SGR codes.
const (
	plainColor = ""
	green      = "32"
	yellow     = "33"
	red        = "31"
	faint      = "2"
)

// paint is s in a colour, and safe. s is a string, or a [shown] of several lines.
func (t terminal) paint(color string, s any) shown {
	text, safe := s.(shown)
	if !safe {
		text = shown(oneLine(fmt.Sprint(s)))
	}
	if !t.color || color == plainColor {
		return text
	}
	return "\x1b[" + shown(color) + "m" + text + "\x1b[0m"
}

func statusColor(s report.Status) string {
	switch s {
	case report.Applied:
		return green
	case report.Planned, report.Refused, report.Skipped, report.Overridden, report.Unknown, report.Kept:
		return yellow
	case report.Failed:
		return red
	case report.Unchanged:
		return faint
	}
	return plainColor
}

// showTuned prints a plan, or what became of it, and what it sums up to.
func (t terminal) showTuned(w io.Writer, d provision.Tuned, verb string) {
	printf(w, "%s\n\n", t.paint(faint, d.Origin))
	t.showChanges(w, d.Report.Changes, asWanted)
	if d.Image {
		t.showSettings(w, d.Report.Changes)
	}
	if t.showDeadLines(w, d.Report.DeadLines) {
		printf(w, "\n")
	}
	sumUp(w, d.Report.Changes, verb, asWanted)
	if d.Seen != "" {
		printf(w, "%s\n", d.Seen)
	}
}

// showDeadLines names the lines of other files that decide nothing beside ours, if there are any.
func (t terminal) showDeadLines(w io.Writer, dead []report.DeadLine) (some bool) {
	for _, d := range dead {
		word := "dead"
		if d.New {
			word = "dead from now on"
		}
		printf(w, "%s: %s %s = %s\n", t.paint(yellow, word), d.At, d.Target, side(&d.Value))
	}
	return dead != nil
}

// What is said of changes that need not be made.
const (
	asWanted = "as wanted"
	asBefore = "as before"
)

// changedVerb is what an apply has done.
const changedVerb = "changed"

// showSettings prints the assignments in the files that an image gets: it has no running values that would show them.
func (t terminal) showSettings(w io.Writer, changes []report.Change) {
	for _, c := range changes {
		if c.Kind != report.File || c.Before != nil || c.After == nil || !provision.AboutTuning(c) {
			continue
		}
		printf(w, "%s\n", c.Target)
		for line := range strings.Lines(*c.After) {
			if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
				printf(w, "    %s\n", line)
			}
		}
		printf(w, "\n")
	}
}

func (t terminal) showRevert(w io.Writer, changes []report.Change, verb string, strays bool) {
	if len(changes) == 0 && strays {
		printf(w, "nothing can be taken back without the journal\n")
		return
	}
	if len(changes) == 0 {
		printf(w, "nothing to take back: tcptune has tuned nothing on this host\n")
		return
	}
	changes = slices.Clone(changes)
	for i := range changes {
		changes[i].Why = "" // it is the same for all
	}
	t.showChanges(w, changes, asBefore)
	sumUp(w, changes, verb, asBefore)
}

// sumUp says how many changes there were of each kind.
func sumUp(w io.Writer, changes []report.Change, verb, calm string) {
	counts := map[report.Status]int{}
	done := 0
	for _, c := range changes {
		counts[c.Status]++
		if c.Moved() {
			done++
		}
	}
	var words []string
	switch n := counts[report.Planned]; {
	case n == 0:
	case verb == changedVerb: // of an apply only what waits for its confirmation stays planned
		words = append(words, fmt.Sprintf("%d to be written by tcptune confirm", n))
	default:
		done += n
	}
	for _, s := range []report.Status{
		report.Unchanged, report.Kept, report.Overridden, report.Unknown, report.Refused, report.Skipped, report.Failed,
	} {
		if n := counts[s]; n > 0 {
			word := string(s)
			if s == report.Unchanged {
				word = calm
			}
			words = append(words, fmt.Sprintf("%d %s", n, word))
		}
	}
	head := fmt.Sprintf("%d %s", done, verb)
	if done == 0 && counts[report.Planned] == 0 {
		head = "nothing to do"
	}
	printf(w, "%s\n", strings.Join(append([]string{head}, words...), ", "))
}

// showChanges prints one block for each change: what, before and after, the status, and why. Keys that are as wanted
// take one line together.
func (t terminal) showChanges(w io.Writer, changes []report.Change, calm string) {
	width := 0
	for _, c := range changes {
		if c.Status != report.Unchanged {
			width = max(width, len(c.Target))
		}
	}
	var quiet []string
	for _, c := range changes {
		if c.Status == report.Unchanged && c.Reason == "" {
			quiet = append(quiet, c.Target)
			continue
		}
		t.showChange(w, c, width)
	}
	if len(quiet) > 0 {
		printf(w, "%s\n", t.paint(faint, calm+": "+strings.Join(quiet, ", ")))
	}
	if len(changes) > 0 {
		printf(w, "\n")
	}
}

func (t terminal) showChange(w io.Writer, c report.Change, width int) {
	status := t.paint(statusColor(c.Status), fmt.Sprintf("%-10s", c.Status))
	printf(w, "%-*s  %s  %s\n", width, c.Target, status, transition(c))
	if c.Reason != "" {
		printf(w, "    %s\n", t.paint(yellow, c.Reason))
	}
	if c.Why != "" {
		printf(w, "    %s\n", t.paint(faint, c.Why))
	}
	if c.Kind == report.File && (c.Status == report.Planned || c.Status == report.Applied) {
		t.showDiff(w, c)
	}
}

func transition(c report.Change) string {
	if c.Kind == report.File {
		switch {
		case c.Status == report.Kept:
			return "as it is"
		case c.Before == nil && c.After == nil:
			return "absent"
		case c.Before == nil:
			return "new file"
		case c.After == nil:
			return "removed"
		case *c.Before == *c.After:
			return "as it is"
		}
		return "rewritten"
	}
	if c.Kind == report.Retired && c.Status != report.Kept {
		if c.After == nil {
			return "moved aside"
		}
		return "moved back"
	}
	before, after := side(c.Before), side(c.After)
	switch {
	case c.Status == report.Kept || c.Status == report.Unchanged || before == after:
		return before
	case c.Before == nil && c.Kind != report.Module && c.Kind != report.Folder:
		return after
	}
	return before + " -> " + after
}

func side(v *string) string {
	if v == nil {
		return "absent"
	}
	return cmp.Or(strings.Join(strings.Fields(*v), " "), "empty")
}

// showDiff prints what changes in a file. A file that is new or goes away is not printed in full: its lines are the
// keys below.
func (t terminal) showDiff(w io.Writer, c report.Change) {
	if c.Before == nil || c.After == nil {
		return
	}
	text := diff.Diff(c.Target, []byte(*c.Before), c.Target+" (new)", []byte(*c.After))
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "diff ") {
			continue
		}
		color := plainColor
		switch line[0] {
		case '+':
			color = green
		case '-':
			color = red
		}
		printf(w, "    %s\n", t.paint(color, strings.TrimSuffix(line, "\n")))
	}
}
