package sysctl

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/internal/trail"
	"github.com/tcptune/tcptune/sysctl/catalogue"
	"github.com/tcptune/tcptune/sysctl/profile"
	"github.com/tcptune/tcptune/sysctl/whowins"
)

// KeyNow is the truth about one key of this host, with nothing wanted of it. It is unknown where one of its values is:
// an image has no running values, and misses none.
func (s *Survey) KeyNow(k catalogue.Key) report.Key {
	out := report.Key{Target: k.Name, Status: report.Unchanged}
	v := s.verdict(s.Now, k, profile.Wish{Mode: profile.ExactMode}, "")
	out.AfterReboot, out.AfterSysctlSystem, out.DecidedBy = v.reboot, v.system, v.decidedBy
	knob := s.Knobs[k.Name]
	var reasons []string
	switch {
	case !s.Live:
		reasons = append(reasons, "an image has no running values")
	case !knob.Present:
		out.Status, out.AfterSysctlSystem = report.Skipped, nil
		reasons = append(reasons, s.whyMissing(k))
		if k.OnKernel(s.Kernel) != nil {
			out.AfterReboot = nil
		}
	case knob.Unread != "":
		reasons = append(reasons, "its running value is unknown: "+knob.Unread)
		if v.decidedBy.SysctlSystem == nil {
			out.AfterSysctlSystem = nil // it stays what it is, and nobody knows what that is
		}
	default:
		out.Running = &knob.Value
	}
	if v.reboot == nil {
		why := v.rebootReason
		if from := catalogue.Inherited(k.Name); from != "" && v.decidedBy.Reboot == nil {
			why = "no file sets it, and an interface that appears copies " + from
		}
		reasons = append(reasons, "after a reboot it is unknown: "+why)
	}
	if v.system == nil && s.Live && knob.Present && knob.Unread == "" {
		by := s.Now.Key(k.Name).SysctlSystem
		reasons = append(reasons, "after sysctl --system it is unknown: "+cmp.Or(nonsense(k, by.Set), by.Reason))
	}
	unknown := out.AfterReboot == nil || s.Live && (out.Running == nil || out.AfterSysctlSystem == nil)
	if unknown && out.Status == report.Unchanged {
		out.Status = report.Unknown
	}
	out.Reason = strings.Join(reasons, "; ")
	for _, value := range []**string{&out.Running, &out.AfterReboot, &out.AfterSysctlSystem} {
		if *value != nil {
			shown := trail.Value(k.Name, **value)
			*value = &shown
		}
	}
	return out
}

// moduleOf is the module that brings k, or "".
func moduleOf(k catalogue.Key) string {
	return cmp.Or(k.Module, whowins.ModuleOf(host.SwapSeparators(k.Name)))
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
		if o.Set == nil {
			continue
		}
		for _, set := range append(o.Set.Shadowed, *o.Set) {
			if seen[set.Origin] {
				continue
			}
			seen[set.Origin] = true
			line := fmt.Sprintf("%s = %s", set.Origin, trail.Value(k.Name, set.Value))
			if won := winners[set.Origin]; won != "" {
				line += " (" + won + ")"
			}
			lines = append(lines, line)
		}
	}
	return lines
}
