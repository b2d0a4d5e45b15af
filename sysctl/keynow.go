package sysctl

import (
	"fmt"
	"strings"

	"github.com/tcptune/tcptune/internal/report"
)

// KeyNow is the truth about one key of this host, with nothing wanted of it.
func (s *Survey) KeyNow(k Key) report.Key {
	out := report.Key{Target: k.Name, Status: report.Unchanged}
	v := s.verdict(s.Now, k, ProfileKey{Mode: ExactMode}, "")
	out.AfterReboot, out.AfterSysctlSystem, out.DecidedBy, out.Reason = v.reboot, v.system, v.decidedBy, v.rebootReason
	knob := s.Knobs[k.Name]
	switch {
	case !s.Live:
	case !knob.Present:
		out.Status, out.Reason = report.Skipped, s.whyMissing(k)
	default:
		out.Running = &knob.Value
	}
	return out
}

// Setters lists every assignment of k in the files of the host, "file:line = value", the winner of the next boot marked.
func (s *Survey) Setters(k Key) []string {
	fc := s.Now.Key(k.Name)
	winners := map[Origin]string{}
	if fc.Reboot.Set != nil {
		winners[fc.Reboot.Set.Origin] = "wins at boot"
	}
	if set := fc.SysctlSystem.Set; set != nil {
		if winners[set.Origin] != "" {
			winners[set.Origin] += " and with sysctl --system"
		} else {
			winners[set.Origin] = "wins with sysctl --system"
		}
	}
	var lines []string
	seen := map[Origin]bool{}
	for _, o := range []Outcome{fc.Reboot, fc.Restart, fc.SysctlSystem} {
		if o.Set == nil {
			continue
		}
		for _, set := range append(o.Set.Shadowed, *o.Set) {
			if seen[set.Origin] {
				continue
			}
			seen[set.Origin] = true
			line := fmt.Sprintf("%s = %s", set.Origin, set.Value)
			if won := winners[set.Origin]; won != "" {
				line += " (" + won + ")"
			}
			lines = append(lines, line)
		}
	}
	return lines
}

// DefaultLines describes the defaults of k, one line for each change of it: "from Linux 5.4: 4096".
func (k Key) DefaultLines() []string {
	var lines []string
	for _, d := range k.Defaults {
		text := strings.ReplaceAll(d.Value, "$", d.Scale.String())
		switch {
		case text == "" && d.By != "":
			text = "decided by " + d.By
		case text == "":
			text, d.Note = d.Note, ""
		}
		if d.Since.Known() {
			text = fmt.Sprintf("from Linux %s: %s", d.Since, text)
		}
		if d.Note != "" {
			text += " (" + d.Note + ")"
		}
		lines = append(lines, text)
	}
	return lines
}

// String writes s as arithmetic.
func (s Scale) String() string {
	text := fmt.Sprintf("memory / %d", s.Per)
	if s.PowerOfTwo {
		text += ", up to a power of two"
	}
	return fmt.Sprintf("<%s, at least %d, at most %d>", text, s.Min, s.Max)
}
