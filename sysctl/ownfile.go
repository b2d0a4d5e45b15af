package sysctl

import (
	"fmt"
	"log/slog"
	"path"

	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/sysctl/whowins"

	"github.com/tcptune/tcptune/internal/plan"
)

// ownNames are the names that our file may have, in the order of sysctl.d(5): a later one wins over more files.
func ownNames() []string {
	var names []string
	for n := 60; n <= 99; n++ {
		names = append(names, fmt.Sprintf("%d-tcptune.conf", n))
	}
	return append(names, "99-zz-tcptune.conf", "zz-tcptune.conf", "zzzz-tcptune.conf")
}

// place chooses the path and the content of our file: the first name that wins for every line after a reboot, or else
// the first of those that win for most. systemd-sysctl decides, because it is what runs at boot.
func (d *Draft) place() error {
	d.own, d.loads = File{Path: firstOwnPath}, File{Path: loadsPath}
	if modules := d.survey.modulesAtBoot(d.decisions); modules != nil {
		text, err := renderLoads(modules)
		if err != nil {
			return err
		}
		d.loads.Content = &text
	}
	var wanted []decision
	for _, dec := range d.decisions {
		if dec.line {
			wanted = append(wanted, dec)
		}
	}
	if len(wanted) == 0 {
		d.own.Path = d.survey.Own.Path
		d.forecast = d.survey.Elsewhere
		return nil
	}
	text, err := renderConf(d.profile.Name, d.decisions)
	if err != nil {
		return err
	}
	d.own.Content = &text
	best := -1
	for _, name := range d.survey.usefulNames(wanted) {
		p := sysctlFolder + "/" + name
		f, err := d.survey.with(p, text, d.loads)
		if err != nil {
			return err
		}
		wins := 0
		for _, dec := range wanted {
			wins += d.survey.wins(f, dec)
		}
		d.survey.trail.Step("tries", slog.String("file", p), slog.Int("points", wins), slog.Int("of", 2*len(wanted)))
		if wins > best {
			best, d.own.Path, d.forecast = wins, p, f
		}
		if wins == 2*len(wanted) {
			break
		}
	}
	d.survey.trail.Step("names", slog.String("file", d.own.Path), slog.String(
		"rule",
		"the first name that wins for most keys: two points for a key that is as wanted after a reboot, one for a race that may be won",
	))
	return nil
}

// wins is 2 when the key is as wanted after a reboot, 1 when it may be because it wins one side of a race, and else 0.
func (s *Survey) wins(f *whowins.Forecaster, dec decision) int {
	if value, known := s.afterReboot(f, dec.key); known && dec.wish.Enough(dec.key, value, dec.want) {
		return 2
	}
	for _, race := range f.Key(dec.key.Name).Races {
		for _, side := range []whowins.Outcome{race.Either, race.Or} {
			if value, known := side.Value(); known && dec.wish.Enough(dec.key, value, dec.want) {
				return 1
			}
		}
	}
	return 0
}

// with is the forecast for the host with our file at p, and nowhere else, and with the modules of loads.
func (s *Survey) with(p, text string, loads File) (*whowins.Forecaster, error) {
	if s.owns(s.Own) && s.Own.Path == p && *s.Own.Content == text && sameText(s.Loads.Content, loads.Content) &&
		s.retired == nil {
		return s.Now, nil
	}
	r := whowins.WithFile(s.bare(), p, []byte(text))
	if loads.Content != nil {
		r = whowins.WithFile(r, loads.Path, []byte(*loads.Content))
	}
	f, err := whowins.NewForecaster(r, s.versions)
	if err != nil {
		return nil, err
	}
	return s.judged(f), nil
}

func sameText(a, b *string) bool { return a == b || a != nil && b != nil && *a == *b }

// usefulNames drops the names that cannot win more than one before them: a name makes a difference only by standing
// behind a file that assigns one of our keys.
func (s *Survey) usefulNames(wanted []decision) []string {
	rivals := map[string]bool{}
	for _, dec := range wanted {
		fc := s.Elsewhere.Key(dec.key.Name)
		for _, o := range []whowins.Outcome{fc.Reboot, fc.Restart} {
			for _, set := range o.Assigned() {
				if path.Base(path.Dir(set.Origin.File)) == "sysctl.d" {
					rivals[path.Base(set.Origin.File)] = true
				}
			}
		}
	}
	var useful []string
	passed := -1
	for _, name := range ownNames() {
		behind := 0
		for rival := range rivals {
			if rival < name {
				behind++
			}
		}
		if behind > passed {
			useful, passed = append(useful, name), behind
		}
	}
	return useful
}

// override marks a key whose value somebody else decides after a reboot or after "sysctl --system", in spite of our
// file, and one of which nobody can tell that.
func (d *Draft) override(c *plan.Change, dec decision) {
	if c.Status.Partial() || dec.retry {
		return
	}
	v := d.survey.verdict(d.forecast, dec.key, dec.wish, dec.want)
	switch {
	case v.overridden != "":
		c.DecidedBy, c.Reason = v.decidedBy, v.overridden
	case len(v.unknown) > 0:
		c.Doubt = v.whyUnknown()
		c.Reason = c.Doubt
	default:
		return
	}
	switch {
	case c.Status == report.Planned:
	case c.Doubt != "":
		c.Status = report.Unknown
	default:
		c.Status = report.Overridden
	}
}
