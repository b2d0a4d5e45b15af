package sysctl

import (
	"log/slog"
	"maps"
	"slices"

	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/internal/trail"
	"github.com/tcptune/tcptune/sysctl/whowins"
)

// mostSettings is how many assignments a trail lists: a file that was never meant for sysctl may have millions.
const mostSettings = 1000

// tell says what the files and the kernel have contributed.
func (s *Survey) tell() {
	if !s.trail.On() || s.Now == nil { // nil: it has failed before
		return
	}
	all := s.Now.Settings()
	for i, set := range all {
		if i == mostSettings {
			s.trail.Step("omits", slog.Int("settings", len(all)-i))
			break
		}
		if set.Exclude {
			s.trail.Step("excludes", slog.String("key", set.Key), slog.Any("at", set.Origin))
			continue
		}
		s.trail.Step("assigns", slog.String("key", set.Key), slog.String("value", trail.Value(set.Key, set.Value)),
			slog.Any("at", set.Origin))
	}
	for _, p := range s.Now.Problems() {
		s.trail.Step("skips", slog.Any("at", p.Origin), slog.String("rule", p.Text))
	}
	for _, name := range slices.Sorted(maps.Keys(s.Modules)) {
		s.trail.Step("finds", slog.String("module", name), slog.String("state", string(s.Modules[name])))
	}
}

// tell says what was decided about each key, and who wins it now and with the plan.
func (d *Draft) tell() {
	s := d.survey
	if !s.trail.On() {
		return
	}
	for _, dec := range d.decisions {
		name := dec.key.Name
		s.tellWinner("wins", s.Now, name)
		if d.forecast != s.Now {
			s.tellWinner("foresees", d.forecast, name)
		}
		s.trail.Step("decides", slog.String("key", name), slog.String("wanted", trail.Value(name, dec.want)),
			slog.String("running", trail.Value(name, s.Knobs[name].Value)), slog.Bool("write", dec.write),
			slog.Bool("line", dec.line), slog.String("status", string(dec.status)), slog.String("rule", dec.rule(s)))
	}
	for _, c := range d.Changes {
		if c.Writes() {
			s.trail.Step(
				"plans",
				slog.String("kind", string(c.Kind)),
				slog.String("target", c.Target),
				slog.String("why", c.Why),
			)
		}
	}
}

// rule says in words why dec is as it is.
func (d decision) rule(s *Survey) string {
	switch {
	case d.reason != "":
		return d.reason
	case d.write:
		return "the running value is not enough in mode " + string(d.wish.Mode)
	case d.status == report.Unchanged && !d.line:
		return "it runs as wanted, and is so after a reboot without us"
	case !s.Live:
		return "the files must say it, since nothing else does"
	}
	return "it runs as wanted, and needs a line of ours to be so after a reboot"
}

// tellWinner says which line gives key its value at boot and by "sysctl --system", over which others, and why.
func (s *Survey) tellWinner(step string, f *whowins.Forecaster, key string) {
	fc := f.Key(key)
	for _, way := range []struct {
		at string
		o  whowins.Outcome
	}{{"boot", fc.Reboot}, {"sysctl --system", fc.SysctlSystem}} {
		about := []slog.Attr{slog.String("key", key), slog.String("at", way.at)}
		if set := way.o.Set; set != nil {
			about = append(about, slog.Any("by", set.Origin), slog.String("value", trail.Value(key, set.Value)))
			for _, lost := range set.Shadowed {
				about = append(about, slog.Any("over", lost.Origin))
			}
		}
		s.trail.Step(step, append(about, slog.String("rule", way.o.Reason))...)
	}
}
