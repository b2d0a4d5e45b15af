// Package rules says what observations mean: the rules are data, in rules.yaml, and one function evaluates them. It knows
// no host: a [Subject] is what was seen of a service, an interface, a unit or the host.
package rules

import (
	_ "embed"
	"fmt"
	"slices"

	"github.com/goccy/go-yaml"
)

//go:embed rules.yaml
var data []byte

// Rule says when something limits TCP, and what moves it.
type Rule struct {
	ID string `yaml:"id"`
	Of string `yaml:"of"` // the kind of subject: "host", "port", "process", "interface"
	// Certain, Likely and Hint are conditions, "listen_drops >= 1", all of which have to hold: the first list that does is how
	// sure the finding is. An operand is a figure of the subject or a number.
	Certain []string `yaml:"certain"`
	Likely  []string `yaml:"likely"`
	Hint    []string `yaml:"hint"`
	// Sampled: the state is only seen at looks, and not counted in between. What few of them show is likely at most.
	Sampled bool `yaml:"sampled"`
	// Unless names rules whose findings, when they are as sure, explain this one; "any" is every other one that is likely.
	Unless   []string `yaml:"unless"`
	Weight   string   `yaml:"weight"`   // the figure, 0 to 1, by which findings are put in order
	Words    string   `yaml:"words"`    // what it means
	Evidence string   `yaml:"evidence"` // what was seen, in a line
	Advice   []Advice `yaml:"advice"`
	Check    string   `yaml:"check"` // how to look afterwards
	Source   string   `yaml:"source"`
}

// Advice is what moves a limit. In Target and Value {figure} stands for what was seen.
type Advice struct {
	When   []string `yaml:"when"`
	Kind   Kind     `yaml:"kind"`
	Target string   `yaml:"target"`
	Value  string   `yaml:"value"`
}

// Kind says who or what has to change.
type Kind string

// The kinds of advice.
const (
	Key       Kind = "key"       // of sysctl, on this host
	Unit      Kind = "unit"      // a line of the unit
	Program   Kind = "program"   // a setting of the program
	CPU       Kind = "cpu"       // more of it
	Elsewhere Kind = "elsewhere" // nothing on this host
)

// The degrees of certainty, from high to low.
const (
	Certain = "certain"
	Likely  = "likely"
	Hint    = "hint"
)

// FewLooks is how many looks do not make certain what is only seen at them: a state that comes and goes may be there at
// each.
const FewLooks = 3

// IDs are the rules that findings may be of for sure. Every other one is a hint at most.
func IDs() []string {
	return []string{
		"accept-queue", "syn-queue", "receive-window", "send-buffer", "slow-reader", "application", "loss", "bufferbloat",
		"ephemeral-ports", "time-wait", "tcp-memory", "descriptors", "conntrack", "softnet", "cpu-throttled", "pmtu",
	}
}

// Load returns the rules, in their order.
func Load() ([]Rule, error) {
	var all []Rule
	if err := yaml.UnmarshalWithOptions(data, &all, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("cannot read the rules: %w", err)
	}
	for _, r := range all {
		if err := r.valid(); err != nil {
			return nil, fmt.Errorf("cannot use rule %s: %w", r.ID, err)
		}
	}
	return all, nil
}

func (r Rule) valid() error {
	lists := [][]string{r.Certain, r.Likely, r.Hint}
	for _, a := range r.Advice {
		lists = append(lists, a.When)
		if !slices.Contains([]Kind{Key, Unit, Program, CPU, Elsewhere}, a.Kind) {
			return fmt.Errorf("no kind of advice: %q", a.Kind)
		}
	}
	for _, list := range lists {
		for _, text := range list {
			if _, err := parse(text); err != nil {
				return err
			}
		}
	}
	if !slices.Contains(IDs(), r.ID) && (r.Certain != nil || r.Likely != nil) {
		return fmt.Errorf("it is more than a hint")
	}
	return nil
}
