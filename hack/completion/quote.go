package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// quote makes one word of text for bash and zsh.
func quote(text string) string {
	if regexp.MustCompile(`^[A-Za-z0-9_.,/-]+$`).MatchString(text) {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

// fishQuote makes one word of text for fish, which knows \\ and \' between single quotes.
func fishQuote(text string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(text) + "'"
}

// zshWord is w for _describe, which takes "name:description".
func zshWord(w word) string {
	name := strings.ReplaceAll(w.Name, ":", `\:`)
	if w.Usage == "" {
		return name
	}
	return name + ":" + w.Usage
}

// zshFlags are the specifications of f for _arguments, one for each name. "=" says that the value is the next word or
// follows "="; the names in parentheses are not offered once this one is given; "*" says that it repeats.
func zshFlags(f flag) (specs []string) {
	for _, name := range f.Names {
		spec := "(" + strings.Join(f.Names, " ") + ")" + name
		if f.Repeats {
			spec = "*" + name
		}
		if f.Value != "" {
			spec += "="
		}
		spec += "[" + strings.NewReplacer("[", `\[`, "]", `\]`).Replace(f.Usage) + "]"
		if f.Value != "" {
			spec += ":" + f.Value + ": " + zshAction(f.Value)
		}
		specs = append(specs, quote(spec))
	}
	return specs
}

// zshAction offers what may stand for a placeholder. A space alone is the action that only shows the placeholder.
func zshAction(placeholder string) string {
	if slices.Contains(free(), placeholder) {
		return ""
	}
	return "_tcptune_values " + quote(placeholder)
}

// fishWants is the condition for offering f.
func fishWants(path string, f flag) string {
	test := "__tcptune_at '" + path + "'"
	if f.Repeats {
		return test
	}
	for _, name := range f.Names {
		test += " " + name
		if f.Value != "" {
			test += "="
		}
	}
	return test
}

// fishFirst is the condition for offering the argument of c.
func fishFirst(c command) string {
	test := fmt.Sprintf("__tcptune_first '%s' %d", c.Path, max(1, len(c.Times)))
	for _, f := range c.Flags {
		if f.Value != "" {
			test += " " + strings.Join(f.Names, " ")
		}
	}
	return test
}
