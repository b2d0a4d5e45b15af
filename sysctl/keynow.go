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
	out.AfterReboot, out.AfterSysctlSystem, out.DecidedBy, out.Unknown = v.reboot, v.system, v.decidedBy, v.unknown
	if from := catalogue.Inherited(k.Name); from != "" && v.reboot == nil && v.decidedBy.Reboot == nil {
		v.unknown[report.KeyAfterReboot] = "no file sets it, and an interface that appears copies " + from
	}
	if out.Reason = v.whyUnknown(); out.Reason != "" {
		out.Status = report.Unknown
	}
	knob := s.Knobs[k.Name]
	switch {
	case !s.Live:
		out.Reason = strings.TrimSuffix("an image has no running values; "+out.Reason, "; ")
	case !knob.Present:
		out.Status, out.Reason = report.Skipped, s.whyMissing(k)
		out.AfterSysctlSystem = nil
		if k.OnKernel(s.Kernel) != nil {
			out.AfterReboot = nil
		}
	case knob.Unread == nil:
		out.Running = &knob.Value
	}
	for _, value := range []**string{&out.Running, &out.AfterReboot, &out.AfterSysctlSystem} {
		if *value != nil {
			shown := trail.Value(k.Name, **value)
			*value = &shown
		}
	}
	return out
}

// entry is what is known of the key name, with the module that brings it.
func entry(cat *catalogue.Catalogue, name string) catalogue.Key {
	k := cat.Entry(name)
	k.Module = moduleOf(k)
	return k
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
		refused := map[whowins.Origin]string{}
		for _, r := range o.Refused {
			refused[r.Origin] = " (refused: " + r.Reason + ")"
		}
		for _, set := range o.Assigned() {
			if seen[set.Origin] {
				continue
			}
			seen[set.Origin] = true
			line := fmt.Sprintf("%s = %s", set.Origin, trail.Value(k.Name, set.Value))
			if won := winners[set.Origin]; won != "" {
				line += " (" + won + ")"
			}
			line += refused[set.Origin]
			lines = append(lines, line)
		}
	}
	return lines
}
