package sysctl

import (
	"fmt"

	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/sysctl/catalogue"
	"github.com/tcptune/tcptune/sysctl/profile"
	"github.com/tcptune/tcptune/sysctl/whowins"
)

// KeyNow is the truth about one key of this host, with nothing wanted of it.
func (s *Survey) KeyNow(k catalogue.Key) report.Key {
	out := report.Key{Target: k.Name, Status: report.Unchanged}
	v := s.verdict(s.Now, k, profile.Wish{Mode: profile.ExactMode}, "")
	out.AfterReboot, out.AfterSysctlSystem, out.DecidedBy, out.Unknown = v.reboot, v.system, v.decidedBy, v.unknown
	if out.Reason = v.whyUnknown(); out.Reason != "" {
		out.Status = report.Unknown
	}
	knob := s.Knobs[k.Name]
	switch {
	case !s.Live:
	case !knob.Present:
		out.Status, out.Reason = report.Skipped, s.whyMissing(k)
	case knob.Unread == nil:
		out.Running = &knob.Value
	}
	return out
}

// Setters lists every assignment of k in the files of the host, "file:line = value", the winner of the next boot
// marked.
func (s *Survey) Setters(k catalogue.Key) []string {
	fc := s.Now.Key(k.Name)
	winners := map[whowins.Origin]string{}
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
	seen := map[whowins.Origin]bool{}
	for _, o := range []whowins.Outcome{fc.Reboot, fc.Restart, fc.SysctlSystem} {
		refused := map[whowins.Origin]string{}
		for _, r := range o.Refused {
			refused[r.Origin] = " (refused: " + r.Reason + ")"
		}
		for _, set := range o.Assigned() {
			if seen[set.Origin] {
				continue
			}
			seen[set.Origin] = true
			line := fmt.Sprintf("%s = %s", set.Origin, set.Value)
			if won := winners[set.Origin]; won != "" {
				line += " (" + won + ")"
			}
			line += refused[set.Origin]
			lines = append(lines, line)
		}
	}
	return lines
}
