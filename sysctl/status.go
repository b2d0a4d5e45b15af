package sysctl

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/sysctl/catalogue"
	"github.com/tcptune/tcptune/sysctl/profile"
	"github.com/tcptune/tcptune/sysctl/whowins"
)

// verdict is what becomes of one key after a reboot and after "sysctl --system".
type verdict struct {
	reboot, system *string
	rebootReason   string // why reboot is nil
	decidedBy      *report.DecidedBy
	overridden     string // why the key does not stay as wanted, or ""
}

// verdict forecasts k with the files of f, where want is wanted.
func (s *Survey) verdict(f *whowins.Forecaster, k catalogue.Key, wish profile.Wish, want string) verdict {
	fc := f.Key(k.Name)
	v := verdict{decidedBy: &report.DecidedBy{}}
	if value, known := s.afterReboot(f, k); known {
		v.reboot = &value
	} else {
		v.rebootReason = whyUnknown(s, k, fc)
	}
	if knob, running := s.Knobs[k.Name]; running && knob.Present && s.versions.Procps != "" && !fc.SysctlSystem.Unknown {
		v.system = &knob.Value // no file sets it, so it stays as it is
	}
	wrongAtBoot, wrongByHand := nonsense(k, fc.Reboot.Set), nonsense(k, fc.SysctlSystem.Set)
	if set := fc.SysctlSystem.Set; set != nil {
		v.system = nil
		if value := k.Normal(set.Value); wrongByHand == "" {
			v.system = &value
		}
		origin := set.Origin.String()
		v.decidedBy.SysctlSystem = &origin
	}
	if set := fc.Reboot.Set; set != nil {
		origin := set.Origin.String()
		v.decidedBy.Reboot = &origin
	}
	var reasons []string
	if v.reboot != nil && !wish.Enough(k, *v.reboot, want) {
		why := ""
		if fc.Reboot.Set == nil && fc.Reboot.Reason != whowins.NobodyAssigns {
			why = ": " + fc.Reboot.Reason // systemd-sysctl is masked, for instance
		}
		reasons = append(
			reasons,
			fmt.Sprintf("after a reboot it is %s, by %s%s", shown(*v.reboot), by(v.decidedBy.Reboot), why),
		)
	}
	if wrongAtBoot != "" {
		reasons = append(reasons, "after a reboot it cannot be told: "+wrongAtBoot)
	}
	if fc.Reboot.Unknown && fc.Races == nil {
		reasons = append(reasons, "after a reboot it cannot be told: "+fc.Reboot.Reason)
	}
	for _, race := range fc.Races {
		if r := s.lost(race, k, wish, want); r != "" {
			reasons = append(reasons, r)
		}
	}
	if wrongByHand != "" && wrongByHand != wrongAtBoot {
		reasons = append(reasons, "after sysctl --system it cannot be told: "+wrongByHand)
	}
	if fc.SysctlSystem.Set != nil && wrongByHand == "" && !wish.Enough(k, *v.system, want) {
		reasons = append(
			reasons,
			fmt.Sprintf("after sysctl --system it is %s, by %s", shown(*v.system), by(v.decidedBy.SysctlSystem)),
		)
	}
	v.overridden = strings.Join(reasons, "; ")
	return v
}

// lost says that one side of a race does not give k what is wanted, or returns "".
func (s *Survey) lost(race whowins.Race, k catalogue.Key, wish profile.Wish, want string) string {
	var sides []string
	bad := false
	for _, side := range []whowins.Outcome{race.Either, race.Or} {
		value, known := side.Value()
		from := "the kernel's default"
		if known {
			from = side.Set.Origin.String()
		} else {
			value, known = s.kernelDefault(k)
		}
		if !known {
			value = "unknown"
		}
		bad = bad || !known || !wish.Enough(k, k.Normal(value), want)
		sides = append(sides, fmt.Sprintf("%s by %s", value, from))
	}
	if !bad {
		return ""
	}
	return fmt.Sprintf("after a reboot it is either %s: %s", strings.Join(sides, " or "), race.Reason)
}

// shown is value for a sentence: a port list may be empty.
func shown(value string) string {
	if value == "" {
		return "empty"
	}
	return value
}

func by(origin *string) string {
	if origin == nil {
		return "the kernel's default"
	}
	return *origin
}

func whyUnknown(s *Survey, k catalogue.Key, fc whowins.Forecast) string {
	wrong := nonsense(k, fc.Reboot.Set)
	switch {
	case wrong != "":
		return wrong
	case fc.Reboot.Reason != whowins.NobodyAssigns:
		return fc.Reboot.Reason
	case !s.Live:
		return "no file sets it; the default depends on the kernel that will boot"
	case k.MemoryScaled:
		return "no file sets it; the kernel sizes it at boot"
	}
	return "no file sets it; the default of this kernel is not known"
}

// Keys returns the truth about every managed key, in the order of the plan.
func (d *Draft) Keys() []report.Key {
	var keys []report.Key
	for _, dec := range d.decisions {
		keys = append(keys, d.keyStatus(dec))
	}
	return keys
}

func (d *Draft) keyStatus(dec decision) report.Key {
	s := d.survey
	want := dec.want
	v := s.verdict(s.Now, dec.key, dec.wish, dec.want)
	out := report.Key{
		Target: dec.key.Name, Wanted: &want, Status: dec.status, Reason: dec.reason,
		AfterReboot: v.reboot, AfterSysctlSystem: v.system, DecidedBy: v.decidedBy,
	}
	if knob := s.Knobs[dec.key.Name]; knob.Present {
		value := knob.Value
		out.Running = &value
	}
	if dec.status.Partial() {
		return out
	}
	reasons := []string{}
	if dec.reason != "" {
		reasons = append(reasons, dec.reason)
	}
	fileLine, hasLine := s.ownLines()[dec.key.Name]
	switch {
	case dec.write && hasLine && s.overtaken(dec, fileLine):
		reasons = append(reasons, fmt.Sprintf("the default of kernel %s is higher than the line in %s", s.Kernel, s.Own.Path))
	case dec.write:
		reasons = append(reasons, "the running value is not as wanted")
	case dec.line && !hasLine:
		out.Status = report.Planned
		reasons = append(reasons, "no line of ours keeps it after a reboot")
	case dec.line && !dec.key.Equal(fileLine, dec.want):
		out.Status = report.Planned
		reasons = append(reasons, fmt.Sprintf("the line in %s says %s", s.Own.Path, fileLine))
	case !dec.line && hasLine:
		out.Status = report.Planned
		reasons = append(reasons, "the line in "+s.Own.Path+" is no longer needed")
	}
	if !dec.write && out.Status != report.Planned && v.overridden != "" {
		out.Status = report.Overridden
	}
	if v.overridden != "" {
		reasons = append(reasons, v.overridden)
	}
	if v.reboot == nil && v.overridden == "" && v.rebootReason != "" {
		reasons = append(reasons, v.rebootReason)
	}
	out.Reason = strings.Join(reasons, "; ")
	return out
}

// overtaken reports whether a line that was right once now holds the host below what its kernel gives by itself.
func (s *Survey) overtaken(dec decision, line string) bool {
	value, known := s.kernelDefault(dec.key)
	return known && dec.wish.Mode == profile.Raise && !dec.key.Equal(value, line) && dec.key.Satisfies(value, line)
}

// Converged reports whether nothing at all is to be changed.
func (d *Draft) Converged() bool {
	return d.Empty() && !slices.ContainsFunc(d.Keys(), func(k report.Key) bool { return k.Status == report.Planned })
}
