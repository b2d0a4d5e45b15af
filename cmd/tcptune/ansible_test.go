package main

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
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

// What a task says reaches the command line word for word, and what has no place on one is refused, with the option's
// name.
func TestValuesOfATaskAreTakenAsWrittenOrRefused(t *testing.T) {
	for _, c := range []struct{ module, options, want string }{
		{
			"tcptune_service", `"property": {"Environment": ["A=1", "B=2"], "Nice": -5, "PrivateTmp": true}`,
			"service install --property=Environment=A=1 --property=Environment=B=2 --property=Nice=-5" +
				" --property=PrivateTmp=true --json",
		},
		{
			"tcptune_service", `"limit": {"max-conns": 12345678901234567890}`,
			"service install --limit=max-conns=12345678901234567890 --json",
		},
		{
			"tcptune_service", `"exec": ["/usr/bin/shop", "-v", 8]`,
			"service install --exec=/usr/bin/shop --json -- -v 8",
		},
		{"tcptune_service", `"property": {}`, "service install --json"},
		{"tcptune_go", `"version": "1.30"`, "go install --json 1.30"},
		{"tcptune_port", `"ports": [8080, "9000-9010"]`, "port --kill --json 8080 9000-9010"},
		{"tcptune_service", `"property": {"Slice": null}`, "cannot use null in the option property.Slice"},
		{"tcptune_service", `"property": {"After": ["a", null]}`, "cannot use null in the option property.After"},
		{
			"tcptune_service", `"property": {"Environment": {"A": "1"}}`,
			"cannot use a dictionary in the option property.Environment",
		},
		{"tcptune_service", `"listen": [{"8080": 1}]`, "cannot use a dictionary in the option listen"},
		{"tcptune_service", `"exec": []`, "cannot run an empty list in the option exec"},
		{"tcptune_go", `"version": 1.3`, "cannot tell which text the number 1.3 in the option version was"},
		{"tcptune_go", `"version": "1.30"} {"version": "1.31"`, "something follows"},
	} {
		task, err := readTask(fmt.Appendf(nil, `{"_ansible_module_name": %q, %s}`, c.module, c.options))
		if err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", c.options, err, c.want)
		}
		if got := strings.Join(task.argv(), " "); err == nil && got != "tcptune "+c.want {
			t.Errorf("%s:\n%s, want\n%s", c.options, got, c.want)
		}
	}
}
