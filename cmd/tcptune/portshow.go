package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tcptune/tcptune/internal/provision"
	"github.com/tcptune/tcptune/internal/report"
)

// showHolders prints a row for each process of each socket, and what is to be known of those without one.
func (t terminal) showHolders(w io.Writer, s provision.PortSurvey, free bool) {
	if len(s.Holders)+len(s.Rest) == 0 {
		printf(w, "%s\n", withoutHolder(s, free))
		return
	}
	rows := [][]string{{"PORT", "ADDRESS", "STATE", "PID", "USER", "STARTED", "PARENT", "RUN BY", "COMMAND"}}
	var more []string // what a row has no column for
	hidden, byGroup := false, false
	for _, h := range append(s.Holders[:len(s.Holders):len(s.Holders)], s.Rest...) {
		head := []string{fmt.Sprintf("%s/%d", h.Protocol, h.Port()), address(h), string(h.State)}
		for _, o := range h.Owners {
			rows = append(rows, append(head[:3:3], fmt.Sprint(o.Pid), o.User, started(o.Started), fmt.Sprint(o.Parent),
				runBy(o.Process.Cgroup), command(o.Process)))
		}
		if len(h.Owners) == 0 {
			rows = append(rows, append(head[:3:3], "-", h.User(), "-", "-", orDash(h.OriginName()), howMany(h)+h.Reason))
		}
		if h.Veiled && len(h.Owners) > 0 {
			more = append(more, fmt.Sprintf("%s/%d: %s", h.Protocol, h.Port(), h.Reason))
		}
		hidden = hidden || h.Veiled
		byGroup = byGroup || h.ByCgroup
	}
	t.table(w, rows)
	switch {
	case hidden && s.Unveil != "":
		t.warn(append(more, "owner not visible: "+s.Veil+"; "+s.Unveil))
	case hidden:
		t.warn(append(more, "owner not visible: run "+asRoot(os.Args[1:])))
	}
	if byGroup {
		printf(
			w,
			"%s\n",
			t.paint(faint, "looked into the control group in which the socket was made; --thorough looks into every process"),
		)
	}
}

// withoutHolder says that nobody holds the ports. Free is more: they were bound.
func withoutHolder(s provision.PortSurvey, free bool) string {
	one, many := " has no holder", " have no holder"
	if free {
		one, many = " is free", " are free"
	}
	var names []string
	for _, r := range s.Ranges {
		names = append(names, r.String())
	}
	if len(names) == 1 && s.Ranges[0].Size() == 1 {
		return names[0] + onlyAt(s) + one
	}
	return strings.Join(names, ", ") + onlyAt(s) + many
}

// onlyAt says which addresses alone were asked about, "" for all.
func onlyAt(s provision.PortSurvey) string {
	var names []string
	for _, a := range s.At {
		names = append(names, a.String())
	}
	if names == nil {
		return ""
	}
	return " at " + strings.Join(names, ", ")
}

func address(h provision.PortHolder) string {
	text := h.Local.Addr().String()
	if h.Family() == "dual-stack" {
		text += " (dual-stack)"
	}
	if h.Remote.IsValid() && h.Remote.Port() != 0 {
		text += " <- " + h.Remote.String()
	}
	if h.Namespace != "" {
		text += " in netns " + h.Namespace
	}
	return text
}

func howMany(h provision.PortHolder) string {
	if h.Count > 1 {
		return fmt.Sprintf("%d ", h.Count)
	}
	return ""
}

func started(at time.Time) string {
	if at.IsZero() {
		return "-"
	}
	switch age := time.Since(at); {
	case age < 2*time.Minute:
		return fmt.Sprintf("%ds ago", int(age.Seconds()))
	case age < 2*time.Hour:
		return fmt.Sprintf("%dm ago", int(age.Minutes()))
	case age < 48*time.Hour:
		return fmt.Sprintf("%dh ago", int(age.Hours()))
	default:
		return fmt.Sprintf("%dd ago", int(age.Hours()/24))
	}
}

func runBy(c provision.Cgroup) string {
	switch {
	case c.Container.ID != "":
		return c.Container.Engine + "/" + c.Container.ID[:min(12, len(c.Container.ID))]
	case c.UserUnit != "":
		return c.UserUnit + " of user " + fmt.Sprint(c.UserUID)
	}
	return orDash(c.Unit)
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// command is the command line, or as ps(1) does, the name of a process without one; and where it was started.
func command(p provision.PortProcess) string {
	text := p.CommandLine()
	if text == "" {
		text = "[" + p.Name + "]"
	}
	if p.Dir != "" && p.Dir != "/" {
		text = "(in " + p.Dir + ") " + text
	}
	if p.Stopped {
		text = "(stopped) " + text
	}
	return text
}

// shortestLast is how many columns the last cell of a row keeps, however narrow the terminal is.
const shortestLast = 24

// table prints rows in columns. On a terminal the last cell is cut to what is left of the line.
func (t terminal) table(w io.Writer, rows [][]string) {
	widths := make([]int, len(rows[0])-1)
	for _, row := range rows {
		for i := range widths {
			widths[i] = max(widths[i], utf8.RuneCountInString(row[i])+2)
		}
	}
	left := 0
	for _, width := range widths {
		left += width
	}
	for _, row := range rows {
		for i, width := range widths {
			printf(w, "%-*s", width, row[i])
		}
		last := []rune(row[len(widths)])
		if room := max(t.columns-left, shortestLast); t.columns > 0 && len(last) > room {
			last = append(last[:room-1], '…')
		}
		printf(w, "%s\n", string(last))
	}
}

// showActs prints what was done, or would be, and then what became of the ports.
func (t terminal) showActs(w io.Writer, done provision.FreedPorts) {
	for _, a := range done.Acts {
		name := a.Target
		if a.Kind == report.Signal && a.Pid > 0 {
			name = "pid " + a.Target
			if a.Before != nil {
				name += " (" + *a.Before + ")"
			}
		}
		printf(w, "%s  %s  %s\n", name, t.paint(statusColor(a.Status), actWord(a)), strings.Join(a.Ports, ", "))
		if a.Reason != "" {
			printf(w, "    %s\n", a.Reason)
		}
		if a.Status != report.Planned && a.Status != report.Applied {
			continue
		}
		if a.Deaf != "" && a.Status == report.Planned {
			printf(w, "    %s\n", a.Deaf)
		}
		for _, along := range []struct {
			words string
			what  []string
		}{{"also closes", a.Others}, {"also stops", a.Takes()}, {"may also close", a.Maybe}} {
			if len(along.what) > 0 && (along.words != "may also close" || a.Status == report.Planned) {
				printf(w, "    %s %s\n", along.words, strings.Join(along.what, ", "))
			}
		}
	}
	var free []string
	at := onlyAt(done.Before)
	for _, v := range done.Verdicts {
		if v.Unproven {
			printf(w, "%s%s has no holder\n", v.Range, at) // that it is free is not proven, and why stands beside it
			continue
		}
		if !v.Free {
			printf(w, "%s%s is %s\n", v.Range, at, t.paint(red, "not free")) // why stands beside it, once
			continue
		}
		if v.Reason != "" {
			printf(w, "%s: %s\n", v.Range, v.Reason)
		}
		free = append(free, v.Range.String())
	}
	switch {
	case len(free) == 1:
		printf(w, "%s%s is free\n", free[0], at)
	case len(free) > 8:
		printf(w, "%d ports%s are free\n", len(free), at)
	case len(free) > 1:
		printf(w, "%s%s are free\n", strings.Join(free, ", "), at)
	}
}

func actWord(a provision.PortAct) string {
	stop := map[report.Kind]string{
		report.Signal:    "to be ended",
		report.Unit:      "to be stopped",
		report.Container: "to be stopped", report.Connection: "to be closed",
	}
	done := map[report.Kind]string{
		report.Signal: "ended", report.Unit: "stopped", report.Container: "stopped", report.Connection: "closed",
	}
	switch a.Status {
	case report.Planned:
		return stop[a.Kind]
	case report.Applied:
		if a.Kind == report.Signal && a.Effective != nil { // it lives on, without the socket
			return "freed"
		}
		return done[a.Kind]
	case report.Unchanged:
		return "nothing to do"
	}
	return string(a.Status)
}

// showAgain shows the holders after a change.
func (t terminal) showAgain(s provision.PortSurvey) {
	var text bytes.Buffer
	t.showHolders(&text, s, false)
	if t.color {
		printf(t.out, "\x1b[H\x1b[2J")
	}
	printf(t.out, "%s  %s", time.Now().Format(time.TimeOnly), shown(text.String()))
}

// showPids prints each process once, for another program.
func (t terminal) showPids(w io.Writer, s provision.PortSurvey) {
	seen := map[int]bool{}
	for _, h := range s.Holders {
		if h.Veiled {
			t.warn([]string{fmt.Sprintf("%s/%d: %s", h.Protocol, h.Port(), h.Reason)})
		}
		for _, o := range h.Owners {
			if !seen[o.Pid] {
				seen[o.Pid] = true
				printf(w, "%d\n", o.Pid)
			}
		}
	}
}
