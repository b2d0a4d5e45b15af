package main

import (
	"maps"
	"os"
	"slices"
	"testing"

	"github.com/goccy/go-yaml"
)

// What ansible-doc says of a module is what it takes.
func TestTheModulesOfAnsibleAreDescribed(t *testing.T) {
	for name, module := range ansibleModules() {
		data, err := os.ReadFile("../../deploy/ansible/plugins/modules/" + name + ".yml")
		if err != nil {
			t.Fatal(err)
		}
		var page struct {
			Documentation struct {
				Module  string
				Options map[string]struct {
					Description string
					Type        string
					Choices     []string
					Default     string
				}
			} `yaml:"DOCUMENTATION"`
			Examples string `yaml:"EXAMPLES"`
		}
		if err := yaml.Unmarshal(data, &page); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		doc := page.Documentation
		if doc.Module != name || page.Examples == "" {
			t.Errorf("%s.yml is about %q, with the examples %q", name, doc.Module, page.Examples)
		}
		state := doc.Options["state"]
		slices.Sort(state.Choices)
		if want := slices.Sorted(maps.Keys(module.states)); !slices.Equal(state.Choices, want) || state.Default != module.usual {
			t.Errorf("%s.yml: the states are %v, by default %s; want %v, %s", name, state.Choices, state.Default, want, module.usual)
		}
		delete(doc.Options, "state")
		if got, want := slices.Sorted(maps.Keys(doc.Options)), slices.Sorted(maps.Keys(module.options)); !slices.Equal(got, want) {
			t.Errorf("%s.yml: the options are\n%v, want\n%v", name, got, want)
		}
		for option, how := range module.options {
			d := doc.Options[option]
			kinds := map[optionOf][]string{
				asFlag: {"str", "int", "list"}, asSwitch: {"bool"}, asPairs: {"dict"}, asArgument: {"list", "str"}, asProgram: {"list"}, asName: {"str"},
			}
			if d.Description == "" || !slices.Contains(kinds[how], d.Type) {
				t.Errorf("%s.yml: option %s is a %q: %q", name, option, d.Type, d.Description)
			}
		}
	}
}

// Each option of a module is a flag of the command, or an argument.
func TestTheOptionsOfModulesAreFlags(t *testing.T) {
	app := newApp(terminal{})
	for name, module := range ansibleModules() {
		var known []string
		for _, words := range module.states {
			c := app.Command(words[0])
			if len(words) > 1 && len(c.Subcommands) > 0 {
				for _, sub := range c.Subcommands {
					if sub.Name == words[1] {
						c = sub
					}
				}
			}
			for _, f := range c.Flags {
				known = append(known, f.Names()...)
			}
		}
		for option, how := range module.options {
			if how != asArgument && !slices.Contains(known, flagOf(option)) {
				t.Errorf("%s: the option %s is no flag", name, option)
			}
		}
	}
}
