package service

import (
	"cmp"
	_ "embed"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
)

// A property is a line that an operator adds to the unit of a program of their own, "NAME=VALUE" as it would stand in a
// drop-in. systemd has several hundred: what a value may be is asked of systemd-analyze, see [Judge], and only what the
// file has to know of names is here.

//go:embed properties.yaml
var propertiesYAML []byte

// propertyTable is properties.yaml.
type propertyTable struct {
	Unit    []string          `yaml:"unit"`    // names that belong into [Unit]; all others are of [Service]
	Offered []string          `yaml:"offered"` // some that are asked for often; systemd has hundreds
	Refused map[string]string `yaml:"refused"` // by the beginning of a name: what does it instead, or why it cannot be
}

func readProperties() (t propertyTable, err error) {
	return t, yaml.UnmarshalWithOptions(propertiesYAML, &t, yaml.Strict())
}

// PropertyNames are some of the properties that a service of one's own may have, sorted.
func PropertyNames() ([]string, error) {
	t, err := readProperties()
	return slices.Sorted(slices.Values(t.Offered)), err
}

// ofUnit reports whether a name belongs into the section [Unit].
func (t propertyTable) ofUnit(name string) bool {
	return slices.Contains(t.Unit, name) || strings.HasPrefix(name, "Condition") || strings.HasPrefix(name, "Assert")
}

// check refuses lines that would mean more than one property, and those that the unit itself has to be sure of.
func (t propertyTable) check(lines []string) error {
	for _, line := range lines {
		name, value, ok := strings.Cut(line, "=")
		switch {
		case !ok || !regexp.MustCompile(`^[A-Z][A-Za-z0-9]{0,63}$`).MatchString(name):
			return fmt.Errorf("cannot use -p %q: it is NAME=VALUE as in a unit file, MemoryMax=1G for instance", line)
		case !utf8.ValidString(value) || strings.ContainsFunc(value, unicode.IsControl):
			return fmt.Errorf("cannot use -p %s: its value has to be one line of UTF-8 without control characters", name)
		case strings.HasSuffix(strings.TrimSpace(value), `\`):
			return fmt.Errorf(`cannot use -p %s: a value that ends with \ goes on in the next line`, name)
		}
		if why, refused := t.Refused[name]; refused {
			return fmt.Errorf("cannot use -p %s: %s", name, why)
		}
	}
	return nil
}

// properties are the lines of s for one of the sections.
func (s Spec) properties(unit bool) (lines []string, err error) {
	t, err := readProperties()
	for _, line := range s.Properties {
		if name, _, _ := strings.Cut(line, "="); t.ofUnit(name) == unit {
			lines = append(lines, line)
		}
	}
	return lines, err
}

// shownProperties are those of s for a plan; a value that may be a secret is left out.
func (s Spec) shownProperties() string {
	var names []string
	for _, line := range s.Properties {
		if name, _, _ := strings.Cut(line, "="); secret(name) {
			line = name + "=…"
		}
		names = append(names, line)
	}
	return strings.Join(names, ", ")
}

func secret(name string) bool {
	return name == "Environment" || strings.HasPrefix(name, "SetCredential")
}

// Remarks says which properties stand beside lines that the unit has by itself, and what others can read.
func (s Spec) Remarks(systemd int) (lines []string, err error) {
	if len(s.Properties) == 0 {
		return nil, nil
	}
	bare := s
	bare.Properties = nil
	units, err := Render(bare, systemd)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(units, func(u Unit) bool { return u.Name == s.Name+".service" })
	for _, line := range s.Properties {
		name, value, _ := strings.Cut(line, "=")
		own := linesOf(units[i].Text, name)
		if own != nil && name != "After" && !slices.Contains(own, value) {
			lines = append(lines, fmt.Sprintf("-p %s stands after %s, which the unit has by itself: "+
				"the last one counts, or where it is a list, both", line, name+"="+strings.Join(own, ", "+name+"=")))
		}
		if secret(name) {
			lines = append(lines, fmt.Sprintf("every user of this host can read %s= of the unit; "+
				"EnvironmentFile= and LoadCredential= keep a secret", name))
		}
	}
	return slices.Compact(lines), nil
}

// linesOf are the values that a key has in the text of a unit.
func linesOf(text, key string) (values []string) {
	for line := range strings.Lines(text) {
		if value, found := strings.CutPrefix(strings.TrimSuffix(line, "\n"), key+"="); found {
			values = append(values, value)
		}
	}
	return values
}

// kind is what Type= of a program of one's own says.
func (s Spec) kind() string { return cmp.Or(s.Type, "exec") }

// twins reports whether a service has a second process that serves while the first one is replaced.
func (s Spec) twins() bool { return s.bundled() || s.Overlap }

func (s Spec) checkType() error {
	kinds := []string{"exec", "notify", "notify-reload"}
	switch {
	case !slices.Contains(kinds, s.kind()):
		return fmt.Errorf("cannot use --type %q: it is one of %s%s", s.Type, strings.Join(kinds, ", "), meant(s.Type, kinds))
	case s.Overlap && s.kind() == "exec":
		return errors.New("cannot use --overlap without --type notify: nobody could tell when the second process serves")
	case s.Overlap && s.StateDir && s.User == "":
		return errors.New("cannot use --overlap with --state-dir without --user: two processes write there, as the same user")
	}
	return nil
}
