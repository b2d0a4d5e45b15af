// Package lint says what is wrong with texts that set kernel settings: line by line, with a kind, a severity, the reason
// and what to do. It judges what it is given and writes nothing; check, the command lint and the import ask it, so that
// all three say the same of a line.
package lint

import (
	"fmt"

	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/sysctl/catalogue"
	"github.com/tcptune/tcptune/sysctl/kernel"
	"github.com/tcptune/tcptune/sysctl/whowins"
)

// Text is a file, or what came from standard input, that is to be judged.
type Text struct {
	Name   string // as it is to be shown
	Data   []byte
	Placed bool // it is a file of the host that the World describes, where its tools look for it
}

// World is what is known of the machine that the texts are for.
type World struct {
	Catalogue *catalogue.Catalogue
	Kernel    catalogue.KernelVersion // unknown for an image
	Facts     kernel.Facts            // what is known of the kernel; the zero value knows nothing
	// Has reports whether the running kernel has the key; nil for an image.
	Has func(key string) bool
	// Hidden: keys of the machine may be out of sight, in a container or a network namespace.
	Hidden bool
	Files  *whowins.Forecaster // what the files of the host say; nil: nothing is known of them
}

// Verdict is what a line comes to.
type Verdict string

// The verdicts on a line, for who wants to take it over.
const (
	Good    Verdict = "good"    // a key that is there, a value that it can have
	Mended  Verdict = "mended"  // what was meant can be told, and that is good
	Gone    Verdict = "gone"    // the key is no more, or never was: the line has no effect anywhere
	Bad     Verdict = "bad"     // the key is there, and the value is not one for it
	Pattern Verdict = "pattern" // it is about several keys, or keeps patterns off one
	Unclear Verdict = "unclear" // what was meant, or whether there is such a key, cannot be told
)

// Judged is a line that says something, and what was found about it.
type Judged struct {
	Origin   whowins.Origin
	Written  string // the line
	Key      string // as it is meant
	Value    string // as it is meant
	Ignore   bool   // a failure is no error
	Idle     bool   // as it is written the line sets nothing
	Verdict  Verdict
	Findings []report.Finding
}

// Judgement is what was found about a text.
type Judgement struct {
	Lines    []Judged
	Findings []report.Finding // about the text as a whole
}

// Unread says why the lines of the text are not known, or are not all of them; "" where they are.
func (j Judgement) Unread() string {
	for _, f := range j.Findings {
		if f.Kind == "encoding" || f.Kind == "unreadable" || f.Kind == "too-many" {
			return f.Reason
		}
	}
	return ""
}

// mostFindings is how many lines of a text are named: nobody reads more of one that was never meant for sysctl.
const mostFindings = 100

// All are the findings about the text and its lines, in the order of the lines.
func (j Judgement) All() (all []report.Finding) {
	all = append(all, j.Findings...)
	for i, l := range j.Lines {
		if len(all) >= mostFindings && i < len(j.Lines)-1 {
			return append(all, finding(whowins.Origin{File: l.Origin.File}, "too-many",
				fmt.Sprintf("there is more: only the first %d findings are named", len(all)), "correct these first"))
		}
		all = append(all, l.Findings...)
	}
	return all
}

// finding is one of a kind, with the severity of that kind.
func finding(at whowins.Origin, kind, reason, fix string) report.Finding {
	return report.Finding{
		Target: at.String(), File: at.File, Line: at.Line, Kind: kind, Severity: severityOf(kind), Reason: reason, Fix: fix,
	}
}
