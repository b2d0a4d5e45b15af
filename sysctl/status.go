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
	unknown        map[string]string // why a field of [report.Key] cannot be known
	decidedBy      *report.DecidedBy
	overridden     string // why the key does not stay as wanted, or ""
}

func unknowable() []string {
	return []string{report.KeyRunning, report.KeyAfterReboot, report.KeySysctlSystem}
}

// whyUnknown is why v cannot be good, each reason once, or "".
func (v verdict) whyUnknown() string {
	var reasons []string
	for _, field := range unknowable() {
		if why := v.unknown[field]; why != "" && !slices.Contains(reasons, why) {
			reasons = append(reasons, why)
		}
	}
	return strings.Join(reasons, "; ")
}

// verdict forecasts k with the files of f, where want is wanted.
func (s *Survey) verdict(f *whowins.Forecaster, k catalogue.Key, wish profile.Wish, want string) verdict {
	fc := f.Key(k.Name)
	v := verdict{decidedBy: &report.DecidedBy{}, unknown: map[string]string{}}
	if value, known := s.afterReboot(f, k); known {
		v.reboot = &value
	} else {
		v.unknown[report.KeyAfterReboot] = whyUnknown(s, k, fc)
	}
	knob := s.Knobs[k.Name]
	if knob.Unread != nil {
		v.unknown[report.KeyRunning] = "what runs cannot be read: " + knob.Unread.Error()
	}
	o := fc.SysctlSystem
	value, set := o.Value()
	switch {
	case s.versions.Procps == "": // there is no sysctl --system
	case o.Unknown:
		v.unknown[report.KeySysctlSystem] = o.Reason
	case set:
		value = k.Normal(value)
		v.system = &value
	case !s.Live: // it stays as it was booted
		v.system = v.reboot
		if why := v.unknown[report.KeyAfterReboot]; why != "" {
			v.unknown[report.KeySysctlSystem] = why
		}
	case knob.Present && knob.Unread == nil:
		v.system = &knob.Value // no file sets it, so it stays as it is
	case knob.Present:
		v.unknown[report.KeySysctlSystem] = v.unknown[report.KeyRunning]
	}
	if o.Set != nil {
		origin := o.Set.Origin.String()
		v.decidedBy.SysctlSystem = &origin
	}
	if set := fc.Reboot.Set; set != nil {
		origin := set.Origin.String()
		v.decidedBy.Reboot = &origin
	}
	var reasons []string
	if v.reboot != nil && !wish.Enough(k, *v.reboot, want) {
		why := ""
		if fc.Reboot.Set == nil && fc.Reboot.Reason != whowins.NobodyAssigns || len(fc.Reboot.Refused) > 0 {
			why = ": " + fc.Reboot.Reason // systemd-sysctl is masked, for instance
		}
		reasons = append(
			reasons,
			fmt.Sprintf("after a reboot it is %s, by %s%s", shown(*v.reboot), by(v.decidedBy.Reboot), why),
		)
	}
	for _, race := range fc.Races {
		if r := s.lost(race, k, wish, want); r != "" {
			reasons = append(reasons, r)
		}
	}
	if set && v.system != nil && !wish.Enough(k, *v.system, want) {
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
		if side.Unknown { // it is not lost, but unknown
			return ""
		}
		value, known := side.Value()
		from := "the kernel's default"
		if known {
			from = side.Set.Origin.String()
		} else {
			value, known = s.Default(k)
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
	switch {
	case fc.Reboot.Reason != "" && fc.Reboot.Reason != whowins.NobodyAssigns:
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
		AfterReboot: v.reboot, AfterSysctlSystem: v.system, DecidedBy: v.decidedBy, Unknown: v.unknown,
	}
	if knob := s.Knobs[dec.key.Name]; knob.Present && knob.Unread == nil {
		value := knob.Value
		out.Running = &value
	}
	if dec.status == report.Skipped && out.Running == nil { // nothing is there that could have a value
		out.AfterReboot, out.AfterSysctlSystem, out.Unknown = nil, nil, nil
	}
	if dec.status.Partial() {
		if why := v.whyUnknown(); len(out.Unknown) > 0 && why != out.Reason {
			out.Reason += "; " + why
		}
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
	out.Reason = strings.Join(reasons, "; ")
	for _, field := range unknowable() {
		if why := v.unknown[field]; !strings.Contains(out.Reason, why) {
			out.Reason = strings.TrimPrefix(out.Reason+"; "+why, "; ")
		}
	}
	if len(v.unknown) > 0 && out.Status.Good() {
		out.Status = report.Unknown
	}
	return out
}

// overtaken reports whether a line that was right once now holds the host below what its kernel gives by itself.
func (s *Survey) overtaken(dec decision, line string) bool {
	value, known := s.Default(dec.key)
	return known && dec.wish.Mode == profile.Raise && !dec.key.Equal(value, line) && dec.key.Satisfies(value, line)
}

// Converged reports whether nothing at all is to be changed.
func (d *Draft) Converged() bool {
	return d.Empty() && !slices.ContainsFunc(d.Keys(), func(k report.Key) bool { return k.Status == report.Planned })
}
