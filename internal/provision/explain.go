package provision

import (
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
	Text    string
	Facts   []Fact // fields, scope, module, since, defaults
	Myths   []catalogue.Myth
	Setters []string // files that assign it, and which one wins
	Sources []string
}

// Fact is a line about a key.
type Fact struct{ Name, Value string }

// Summary is a key and the first sentence about it.
type Summary struct{ Key, Text string }

// Explain tells about a key: what it does, and who sets it here.
func (t Target) Explain(name string) (out Explained, err error) {
	cat, err := catalogue.Load()
	if err != nil {
		return out, err
	}
	k, err := cat.Lookup(name)
	if err != nil {
		return out, fmt.Errorf("cannot explain it: %w", err)
	}
	survey, err := t.survey(cat, k.Name)
	if err != nil {
		return out, err
	}
	out = Explained{
		Outcome: outcome(survey.Unread()), Text: k.Explain, Facts: factsOf(k), Myths: k.Myths,
		Setters: survey.Setters(k), Sources: k.Sources,
	}
	out.Report.Keys = []report.Key{survey.KeyNow(k)}
	return out, nil
}

// Keys lists the keys of the catalogue, with their values on this host.
func (t Target) Keys() (out Outcome, list []Summary, err error) {
	cat, err := catalogue.Load()
	if err != nil {
		return out, nil, err
	}
	survey, err := t.survey(cat, cat.Names()...)
	if err != nil {
		return out, nil, err
	}
	out = outcome(survey.Unread())
	for _, k := range cat.Keys() {
		out.Report.Keys = append(out.Report.Keys, survey.KeyNow(k))
		first, _, _ := strings.Cut(strings.Join(strings.Fields(k.Explain), " "), ". ")
		list = append(list, Summary{k.Name, strings.TrimSuffix(first, ".") + "."})
	}
	return out, list, nil
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

func factsOf(k catalogue.Key) (facts []Fact) {
	add := func(name, value string) { facts = append(facts, Fact{name, value}) }
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
	switch f.Rule {
	case catalogue.AtLeast:
		text += ", more is more"
	case catalogue.AtMost:
		text += ", less is more"
	case catalogue.Exact:
	}
	return strings.TrimSpace(text)
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
