package main

import (
	"fmt"
	"slices"
	"strings"
)

// sharedOptions are those that more than one command has, with the same meaning.
func sharedOptions(commands []command) (shared []option) {
	for i, c := range commands {
		for _, o := range c.Flags {
			elsewhere := slices.ContainsFunc(commands[i+1:], func(other command) bool { return other.has(o) })
			if elsewhere && !slices.ContainsFunc(shared, o.equal) {
				shared = append(shared, o)
			}
		}
	}
	return shared
}

func (o option) equal(other option) bool {
	return o.Name == other.Name && o.Usage == other.Usage && o.Default == other.Default
}

func (c command) has(o option) bool { return slices.ContainsFunc(c.Flags, o.equal) }

// optionList is a definition list. Where several commands are described it says which of them take an option, unless
// all do.
func optionList(options []option, commands []command) string {
	var b strings.Builder
	for _, o := range options {
		fmt.Fprintf(&b, "%s\n: %s%s%s\n\n", o.term(), sentence(o.Usage), o.preset(), o.takers(commands))
	}
	return b.String()
}

func (o option) term() string {
	term := "**--" + o.Name + "**"
	for _, alias := range o.Aliases {
		term += ", **-" + alias + "**"
	}
	if o.Value != "" {
		term += " *" + escape(o.Value) + "*"
	}
	return term
}

// preset says the default, where there is one that says anything.
func (o option) preset() string {
	if o.Default == "" {
		return ""
	}
	return " Default: " + escape(strings.Trim(o.Default, `"`)) + "."
}

func (o option) takers(commands []command) string {
	var names []string
	for _, c := range commands {
		if c.has(o) {
			names = append(names, strings.TrimPrefix(c.path, "tcptune "))
		}
	}
	if len(names) == len(commands) {
		return ""
	}
	return " Taken by " + strings.Join(names, ", ") + "."
}
