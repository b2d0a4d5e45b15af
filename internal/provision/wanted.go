package provision

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/tcptune/tcptune/internal/plan"
	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/sysctl"
	"github.com/tcptune/tcptune/sysctl/profile"
)

// Tuning is what a caller asks of the tuning. What it leaves open is as declared, else as applied last, else the
// default.
type Tuning struct {
	Profile   *string  // nil: not named
	Bandwidth string   // "10gbit"; "": not given
	RTT       string   // "80ms"; "": not given
	Flows     *int     // connections at the same time; nil: not given
	LiveQdisc *bool    // nil: not given
	Retire    []string // files to move aside, as paths of the host
}

// changes reports whether t asks for something besides a profile.
func (t Tuning) changes() bool { return t.sized() || t.LiveQdisc != nil }

// sized reports whether t asks for buffers of a size.
func (t Tuning) sized() bool { return t.Bandwidth != "" || t.RTT != "" || t.Flows != nil }

// Empty reports whether t leaves everything open.
func (t Tuning) Empty() bool { return t.Profile == nil && !t.changes() && t.Retire == nil }

// wanted is what t comes to on a host.
func (t Tuning) wanted(d declared, j plan.Journal) (o sysctl.Options, origin string, err error) {
	if t.Profile != nil {
		if *t.Profile == "" { // a variable of a script that is not set
			return o, "", report.Usage("cannot use an empty --profile", "")
		}
		o, origin = sysctl.Options{Profile: *t.Profile}, "named on the command line"
	} else if o, origin, err = standing(d, j); err != nil {
		return o, "", err
	}
	if t.changes() && t.Profile == nil {
		origin += ", changed on the command line"
	}
	return o, origin, t.overrule(&o)
}

// standing is what is wanted when nobody says anything.
func standing(d declared, j plan.Journal) (o sysctl.Options, origin string, err error) {
	if d.there {
		return d.options, "declared in " + DeclaredPath, nil
	}
	last := j.Wanted
	if j.Window != nil {
		last = j.Window.Wanted
	}
	if last == nil {
		return sysctl.Options{Profile: sysctl.DefaultProfile}, "the default", nil
	}
	if err := json.Unmarshal(last, &o); err != nil {
		return o, "", fmt.Errorf("cannot read what was applied last: %w", err)
	}
	return o, "applied last", nil
}

// overrule puts what t asks for into o.
func (t Tuning) overrule(o *sysctl.Options) error {
	bandwidth, rtt, err := parsePath(t.Bandwidth, t.RTT)
	if err != nil {
		return report.Usage(err.Error(), "")
	}
	if t.Bandwidth != "" {
		o.Bandwidth = bandwidth
	}
	if t.RTT != "" {
		o.RTT = rtt
	}
	if t.Flows != nil {
		if o.Flows = *t.Flows; o.Flows < 0 {
			return report.Usage(fmt.Sprintf("cannot use --flows %d: it must not be negative", o.Flows), "")
		}
	}
	if t.LiveQdisc != nil {
		o.LiveQdisc = *t.LiveQdisc
	}
	o.Retire = t.Retire
	return nil
}

func parsePath(bandwidth, rtt string) (bits int64, delay time.Duration, err error) {
	if bandwidth != "" {
		if bits, err = profile.ParseBandwidth(bandwidth); err != nil {
			return 0, 0, err
		}
	}
	if rtt != "" {
		delay, err = profile.ParseRTT(rtt)
	}
	return bits, delay, err
}
