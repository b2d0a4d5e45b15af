package provision

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/prove"
	"github.com/tcptune/tcptune/prove/path"
	"github.com/tcptune/tcptune/sysctl/profile"
)

// ProvePath is a path as a user writes it. What is "" is as in the scenario, or without one as in no path.
type ProvePath struct {
	Scenario string
	RTT      string // "80ms"
	Jitter   string // "5ms"
	Loss     string // "1%" or "0.01"
	Burst    string // packets in a row: "4"
	Reorder  string // as Loss
	Rate     string // "100mbit"
	Queue    string // "256kib"
	Seed     uint64
	Kind     string // "netem", "tun", or "": what the kernel has
}

// ScenarioNames are the paths that have a name, each with what it is about.
func ScenarioNames() (names, about []string) {
	for _, s := range prove.Scenarios() {
		names, about = append(names, s.Name), append(about, s.About)
	}
	return names, about
}

// ownPath is the name of a path that has none.
const ownPath = "own"

// shape is the path that p describes, and its name.
func (p ProvePath) shape() (name string, s path.Shape, err error) {
	own := p.RTT + p.Jitter + p.Loss + p.Burst + p.Reorder + p.Rate + p.Queue
	name = p.Scenario
	if name == "" && own == "" {
		name = prove.DefaultScenario
	}
	if name != "" {
		if s, err = scenario(name); err != nil {
			return "", s, err
		}
		if p.Queue == "" && (p.RTT != "" || p.Rate != "") {
			s.Queue = 0 // it was that of another path
		}
	}
	if own != "" {
		name = ownPath
	}
	s.Seed, s.Kind = p.Seed, p.Kind
	for _, f := range []struct {
		flag, text string
		into       func(string) error
	}{
		{"rtt", p.RTT, func(v string) (err error) { s.RTT, err = profile.ParseRTT(v); return err }},
		{"jitter", p.Jitter, func(v string) (err error) { s.Jitter, err = time.ParseDuration(v); return err }},
		{"loss", p.Loss, func(v string) (err error) { s.Loss, err = parseShare(v); return err }},
		{"burst", p.Burst, func(v string) (err error) { s.Burst, err = parseNumber(v); return err }},
		{"reorder", p.Reorder, func(v string) (err error) { s.Reorder, err = parseShare(v); return err }},
		{"rate", p.Rate, func(v string) (err error) { s.Rate, err = profile.ParseBandwidth(v); return err }},
		{"queue", p.Queue, func(v string) (err error) { s.Queue, err = parseBytes(v); return err }},
	} {
		if f.text == "" {
			continue
		}
		if err := f.into(f.text); err != nil {
			return "", s, report.Usage(fmt.Sprintf("cannot use --%s %s: %v", f.flag, f.text, err), "")
		}
	}
	switch {
	case p.Queue != "" && s.Queue == 0:
		return "", s, report.Usage("cannot make a path without a queue: two packets of 1500 bytes are the least", "")
	case p.Queue != "" && s.Rate == 0:
		return "", s, report.Usage("cannot use --queue without a rate: nothing waits there", "--rate 100mbit, for instance")
	case p.Burst != "" && s.Loss == 0:
		return "", s, report.Usage("cannot use --burst without a loss", "--loss 1%, for instance")
	}
	if s = s.Fill(); s.Check() != nil {
		return "", s, report.Usage(s.Check().Error(), "")
	}
	return name, s, nil
}

func scenario(name string) (path.Shape, error) {
	names, _ := ScenarioNames()
	name = strings.ToLower(strings.ReplaceAll(name, " ", "-"))
	for _, s := range prove.Scenarios() {
		if s.Name == name {
			return s.Shape, nil
		}
	}
	hint := "they are " + strings.Join(names, ", ")
	if meant := report.Near(name, names); meant != "" {
		hint += "; did you mean " + meant + "?"
	}
	return path.Shape{}, report.Usage(fmt.Sprintf("cannot find scenario %q", name), hint)
}

// parseShare reads "1%" or "0.01".
func parseShare(text string) (float64, error) {
	number, percent := strings.CutSuffix(strings.TrimSpace(text), "%")
	x, err := parseNumber(number)
	switch {
	case err != nil:
		return 0, err
	case percent:
		x /= 100
	case x >= 1:
		return 0, fmt.Errorf("want a share as in 0.01, or 1%%")
	}
	return x, nil
}

func parseNumber(text string) (float64, error) {
	x, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil || math.IsNaN(x) || math.IsInf(x, 0) || x < 0 {
		return 0, fmt.Errorf("want a number that is not negative")
	}
	return x, nil
}

// parseBytes reads a number of bytes: "65536", "256kib", "1mb".
func parseBytes(text string) (int64, error) {
	number, factor := strings.ToLower(strings.TrimSpace(text)), 1.0
	for _, u := range []struct {
		unit   string
		factor float64
	}{{"kib", 1 << 10}, {"mib", 1 << 20}, {"gib", 1 << 30}, {"kb", 1e3}, {"mb", 1e6}, {"gb", 1e9}, {"b", 1}} {
		if n, is := strings.CutSuffix(number, u.unit); is {
			number, factor = n, u.factor
			break
		}
	}
	x, err := parseNumber(number)
	if err != nil || x*factor > 1<<40 {
		return 0, fmt.Errorf("want bytes, as in 65536, 256kib or 1mb")
	}
	return int64(x * factor), nil
}

// describePath is s as the report has it, with what was measured of it.
func describePath(s path.Shape, m report.ProofMeasurement) report.ProofPath {
	ms := func(d time.Duration) float64 { return d.Seconds() * 1e3 }
	return report.ProofPath{
		Kind: s.Kind, RTT: ms(s.RTT), Jitter: ms(s.Jitter), Loss: s.Loss, Burst: s.Burst, Reorder: s.Reorder, Rate: s.Rate,
		Queue: s.Queue, Seed: s.Seed, Measured: m,
	}
}
