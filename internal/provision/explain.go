package provision

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/tcptune/tcptune/internal/plan"
	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/sysctl"
	"github.com/tcptune/tcptune/sysctl/catalogue"
)

// Explained is what is to be said of one key. The envelope has its values on this host.
type Explained struct {
	Outcome
	Facts []Fact // fields, scope, module, since, defaults
}

// Fact is a line about a key.
type Fact struct{ Name, Value string }

// Explain tells about a key of the host or of the catalogue: what it does, as far as the catalogue knows it, and who
// sets it here. A value that cannot be read makes the answer a part of one.
func (t Target) Explain(name string) (out Explained, err error) {
	cat, err := catalogue.Load()
	if err != nil {
		return out, err
	}
	h, err := t.host()
	if err != nil {
		return out, err
	}
	k, note, err := sysctl.Find(h, cat, name)
	if err != nil {
		return out, fmt.Errorf("cannot explain it: %w", err)
	}
	survey, err := t.survey(cat, k.Name)
	if err != nil {
		return out, err
	}
	out = Explained{Outcome: outcome(survey.Unread()), Facts: factsOf(k)}
	if note != "" {
		out.note(note)
	}
	out.Report.Explained = []report.Explanation{explanation(k, survey.Setters(k))}
	out.Report.Keys = []report.Key{survey.KeyNow(k)}
	if survey.Knobs[k.Name].Unread != nil {
		out.Partial, out.Code = true, report.ExitPartial
	}
	return out, nil
}

// Keys lists the keys of the catalogue, with their values on this host.
func (t Target) Keys() (out Outcome, err error) {
	cat, err := catalogue.Load()
	if err != nil {
		return out, err
	}
	survey, err := t.survey(cat, cat.Names()...)
	if err != nil {
		return out, err
	}
	out = outcome(survey.Unread())
	for _, k := range cat.Keys() {
		out.Report.Keys = append(out.Report.Keys, survey.KeyNow(k))
		first, _, _ := strings.Cut(strings.Join(strings.Fields(k.Explain), " "), ". ")
		out.Report.Explained = append(
			out.Report.Explained,
			report.Explanation{Target: k.Name, Text: strings.TrimSuffix(first, ".") + "."},
		)
	}
	return out, nil
}

func (t Target) survey(cat *catalogue.Catalogue, names ...string) (s sysctl.Survey, err error) {
	h, err := t.host()
	if err != nil {
		return s, err
	}
	j, err := plan.ReadJournal(h)
	if err != nil {
		return s, err
	}
	return sysctl.Observe(h, cat, j.Forecast(), names)
}

func explanation(k catalogue.Key, setters []string) report.Explanation {
	e := report.Explanation{
		Target: k.Name, Text: cmp.Or(k.Explain, notKnown), NotOurs: k.NotOurs, Instead: k.Instead,
		Scope: scopeText(k), Module: k.Module, Defaults: k.DefaultLines(), Setters: setters,
		Sources: k.Sources,
	}
	if k.Explain == "" {
		e.Scope, e.Sources = "", documented(k.Name)
	}
	if k.NoEffect.Known() {
		e.NoEffectSince = k.NoEffect.String()
	}
	if k.Since.Known() {
		e.Since = k.Since.String()
	}
	for _, f := range k.Fields {
		e.Fields = append(e.Fields, report.Field{Name: f.Name, Unit: f.Unit, Min: f.Min, Max: f.Max, Rule: ruleText(f.Rule)})
	}
	for _, m := range k.Myths {
		e.Myths = append(e.Myths, report.Myth{Claim: strings.Join(strings.Fields(m.Claim), " "), Truth: m.Truth})
	}
	return e
}

// notKnown stands for what the catalogue does not tell.
const notKnown = "The catalogue does not know this key: what it does is not told here, who sets it is."

// documented is where the kernel documents the key name, if that can be told.
func documented(name string) []string {
	for _, d := range [][2]string{
		{"net.ipv4.", "networking/ip-sysctl.rst"},
		{"net.ipv6.", "networking/ip-sysctl.rst"},
		{"net.bridge.", "networking/ip-sysctl.rst"},
		{"net.mptcp.", "networking/mptcp-sysctl.rst"},
		{"net.netfilter.nf_conntrack", "networking/nf_conntrack-sysctl.rst"},
		{"net.", "admin-guide/sysctl/net.rst"},
		{"vm.", "admin-guide/sysctl/vm.rst"},
		{"fs.", "admin-guide/sysctl/fs.rst"},
		{"kernel.", "admin-guide/sysctl/kernel.rst"},
		{"user.", "admin-guide/sysctl/user.rst"},
	} {
		if strings.HasPrefix(name, d[0]) {
			return []string{"Documentation/" + d[1]}
		}
	}
	return nil
}

func factsOf(k catalogue.Key) (facts []Fact) {
	add := func(name, value string) { facts = append(facts, Fact{name, value}) }
	if k.Explain == "" {
		return nil
	}
	if k.NoEffect.Known() {
		add("without effect", "since Linux "+k.NoEffect.String())
	}
	if k.Instead != "" {
		add("instead", k.Instead)
	}
	if k.NotOurs != "" {
		add("not ours", k.NotOurs+": no built-in profile sets it")
	}
	for _, f := range k.Fields {
		add(f.Name, fieldText(f))
	}
	add("scope", scopeText(k))
	if k.Module != "" {
		add("module", "appears with module "+k.Module)
	}
	if k.Since.Known() {
		add("since", "Linux "+k.Since.String())
	}
	for _, line := range k.DefaultLines() {
		add("default", line)
	}
	return facts
}

func fieldText(f catalogue.Field) string {
	text := ""
	if f.Min != f.Max {
		text = fmt.Sprintf("%d to %d", f.Min, f.Max)
	}
	if f.Unit != "" {
		text += " " + f.Unit
	}
	if rule := ruleText(f.Rule); rule != "" {
		text += ", " + rule
	}
	return cmp.Or(strings.TrimSpace(text), "a word")
}

func ruleText(r catalogue.Rule) string {
	switch r {
	case catalogue.AtLeast:
		return "more is more"
	case catalogue.AtMost:
		return "less is more"
	case catalogue.Exact:
	}
	return ""
}

func scopeText(k catalogue.Key) string {
	if k.Scope == catalogue.Global {
		return "the whole machine"
	}
	if k.Inherit {
		return "each network namespace, a new one copies it"
	}
	return "each network namespace"
}
