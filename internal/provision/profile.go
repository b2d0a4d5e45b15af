package provision

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/sysctl"
	"github.com/tcptune/tcptune/sysctl/catalogue"
	"github.com/tcptune/tcptune/sysctl/profile"
)

// Profiles lists the profiles, built in and of the host. The error names those that cannot be used.
func (t Target) Profiles() (out Outcome, err error) {
	h, err := t.host()
	if err != nil {
		return out, err
	}
	cat, err := catalogue.Load()
	if err != nil {
		return out, err
	}
	infos, err := profile.List(h)
	if err != nil {
		return out, err
	}
	out = outcome(nil)
	if j, _, err := recall(h); err == nil {
		out.note(strayNames(h, j)...)
	}
	var broken []string
	for _, i := range infos {
		if _, err := profile.Load(h, cat, i.Name); err != nil {
			broken = append(broken, err.Error())
			continue
		}
		out.Report.Profiles = append(out.Report.Profiles, report.Profile{Name: i.Name, Summary: i.Summary, Origin: i.Origin})
	}
	if broken != nil {
		return out, fmt.Errorf("cannot use every profile: %s", strings.Join(broken, "; "))
	}
	return out, nil
}

// Profile tells what a profile wants, and why.
func (t Target) Profile(name string) (out Outcome, err error) {
	h, err := t.host()
	if err != nil {
		return out, err
	}
	cat, err := catalogue.Load()
	if err != nil {
		return out, err
	}
	p, err := profile.Load(h, cat, name)
	if err != nil {
		return out, err
	}
	shown := report.Profile{Name: p.Name, Summary: p.Summary, Origin: p.Origin, Extends: p.Extends}
	for _, k := range p.Keys {
		if !cat.Entry(k.Key).Ranged() {
			k.Why += "; " + catalogue.NoRange
		}
		shown.Keys = append(shown.Keys, report.ProfileKey{
			Target: k.Key, Value: k.Value, Mode: string(k.Mode), Required: k.Required, Why: strings.Join(strings.Fields(k.Why), " "),
		})
	}
	out = outcome(nil)
	out.Report.Profiles = []report.Profile{shown}
	return out, nil
}

// Size computes the buffers for a path on this machine, with a congestion control by its name.
func Size(w Tuning, congestionControl string) (out Outcome, err error) {
	var o sysctl.Options
	if err := w.overrule(&o); err != nil {
		return out, err
	}
	cat, err := catalogue.Load()
	if err != nil {
		return out, err
	}
	path, err := o.Path(host.Host{})
	if err != nil {
		return out, err
	}
	if path.Congestion, err = congestion(cat, congestionControl); err != nil {
		return out, err
	}
	size, err := profile.Size(cat, path)
	if err != nil {
		return out, err
	}
	out = outcome(size.Warnings)
	out.Report.Sizing = &report.Sizing{ReceiveMax: size.ReceiveMax, SendMax: size.SendMax, Steps: size.Steps}
	return out, nil
}

// congestion checks the name of a congestion control: the arithmetic knows bbr, and takes all others for alike.
func congestion(cat *catalogue.Catalogue, name string) (string, error) {
	k, err := cat.Lookup("net.ipv4.tcp_congestion_control")
	if err != nil {
		return "", err
	}
	if !slices.Contains(k.Words, name) {
		return "", report.Usage(
			fmt.Sprintf("cannot use --congestion %q: no such congestion control", name),
			"they are "+strings.Join(k.Words, ", "),
		)
	}
	return name, nil
}
