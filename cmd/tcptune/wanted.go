package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/plan"
	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/sysctl"
	"github.com/tcptune/tcptune/sysctl/profile"
)

// declaredPath is the optional file in which an operator declares the state of a host.
const declaredPath = "/etc/tcptune/tcptune.yaml"

// declared is the content of tcptune.yaml.
type declared struct {
	Tuning struct {
		Profile   string `yaml:"profile"`
		Bandwidth string `yaml:"bandwidth"`
		RTT       string `yaml:"rtt"`
		Flows     int    `yaml:"flows"`
		LiveQdisc bool   `yaml:"live_qdisc"`
	} `yaml:"tuning"`
	Go declaredGo `yaml:"go"`
}

// declaredGo is which Go a host is to have, and where it comes from.
type declaredGo struct {
	Version string   `yaml:"version"`
	Source  []string `yaml:"source"`
	Base    string   `yaml:"base"`
	Proxy   string   `yaml:"proxy"`
	CAFile  string   `yaml:"ca_file"`
	Keyring string   `yaml:"keyring"`
}

// wanted settles which tuning a command is about, and from where that comes: tcptune.yaml, else what was applied last,
// else the default. The flags of this call change single wishes of it; --profile starts from nothing.
func wanted(c *cli.Context, h host.Host, j plan.Journal) (o sysctl.Options, origin string, err error) {
	if c.IsSet("profile") {
		if c.String("profile") == "" { // a variable of a script that is not set
			return o, "", report.Usage("cannot use an empty --profile", "")
		}
		o, origin = sysctl.Options{Profile: c.String("profile")}, "named on the command line"
	} else if o, origin, err = standing(h, j); err != nil {
		return o, "", err
	}
	set, err := overrule(c, &o)
	if err != nil {
		return o, "", err
	}
	if set && !c.IsSet("profile") {
		origin += ", changed on the command line"
	}
	return o, origin, nil
}

// standing is what is wanted of h when nobody says anything.
func standing(h host.Host, j plan.Journal) (o sysctl.Options, origin string, err error) {
	switch o, found, err := fromFile(h); {
	case err != nil:
		return o, "", err
	case found:
		return o, "declared in " + declaredPath, nil
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

// overrule puts the flags of c into o, and reports whether there were any.
func overrule(c *cli.Context, o *sysctl.Options) (set bool, err error) {
	bandwidth, rtt, err := parsePath(c.String("bandwidth"), c.String("rtt"))
	if err != nil {
		return false, report.Usage(err.Error(), "")
	}
	if n := c.Int("flows"); n < 0 {
		return false, report.Usage(fmt.Sprintf("cannot use --flows %d: it must not be negative", n), "")
	}
	if c.Bool("live-qdisc") && c.IsSet("root") && c.String("root") != "/" {
		return false, report.Usage("cannot use --live-qdisc with --root: an image has no interfaces", "")
	}
	for name, put := range map[string]func(){
		"bandwidth":  func() { o.Bandwidth = bandwidth },
		"rtt":        func() { o.RTT = rtt },
		"flows":      func() { o.Flows = c.Int("flows") },
		"live-qdisc": func() { o.LiveQdisc = c.Bool("live-qdisc") },
	} {
		if c.IsSet(name) {
			put()
			set = true
		}
	}
	return set, nil
}

// standingError is a mistake in a tuning that nobody has named on the command line.
type standingError struct {
	cause  error
	origin string
}

func (e standingError) Error() string { return fmt.Sprintf("%v (%s)", e.cause, e.origin) }

func (e standingError) Unwrap() error { return e.cause }

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

func fromFile(h host.Host) (o sysctl.Options, found bool, err error) {
	d, err := readDeclared(h)
	if err != nil || d == nil {
		return o, false, err
	}
	o = sysctl.Options{Profile: d.Tuning.Profile, Flows: d.Tuning.Flows, LiveQdisc: d.Tuning.LiveQdisc}
	if o.Profile == "" {
		o.Profile = sysctl.DefaultProfile
	}
	if o.Flows < 0 {
		return o, false, fmt.Errorf("cannot use %s: flows must not be negative", declaredPath)
	}
	o.Bandwidth, o.RTT, err = parsePath(d.Tuning.Bandwidth, d.Tuning.RTT)
	if err != nil {
		return o, false, fmt.Errorf("cannot use %s: %w", declaredPath, err)
	}
	return o, true, nil
}

// readDeclared reads tcptune.yaml, nil when there is none.
func readDeclared(h host.Host) (*declared, error) {
	data, err := h.ReadFile(declaredPath)
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := h.Lstat(declaredPath); err == nil {
			return nil, fmt.Errorf("cannot read %s: the link leads nowhere", declaredPath)
		}
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read %s: %w", declaredPath, err)
	}
	d, err := parseDeclared(data)
	return &d, err
}

func parseDeclared(data []byte) (declared, error) {
	var d declared
	if nothingIn(data) {
		return d, nil
	}
	if err := profile.DecodeYAML(data, declaredPath, "this is not the form of tcptune.yaml: see man 5 tcptune.yaml", &d); err != nil {
		return d, fmt.Errorf("cannot use the declared state: %w", err)
	}
	return d, nil
}

// nothingIn reports whether data holds nothing, or comments only.
func nothingIn(data []byte) bool {
	for line := range bytes.Lines(data) {
		if line = bytes.TrimSpace(line); len(line) > 0 && line[0] != '#' {
			return false
		}
	}
	return true
}
