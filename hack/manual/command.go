package main

import (
	"fmt"
	"slices"
	"strings"
)

// describeAll is a subsection for each command, and one for the flags that several of them have.
func describeAll(commands []command) string {
	shared := sharedOptions(commands)
	var b strings.Builder
	for _, c := range commands {
		c.describe(&b, shared)
	}
	if len(shared) > 0 {
		b.WriteString("### Options of several commands\n\n" + optionList(shared, commands))
	}
	return b.String()
}

func (c command) describe(b *strings.Builder, shared []option) {
	text, examples := c.parts()
	fmt.Fprintf(b, "### %s\n\n%s\n\n%s", c.path, sentence(c.Usage), blocks(text))
	var own []option
	var also []string
	for _, o := range c.Flags {
		if slices.ContainsFunc(shared, o.equal) {
			also = append(also, "**--"+o.Name+"**")
		} else {
			own = append(own, o)
		}
	}
	b.WriteString(optionList(own, nil))
	if len(also) > 0 {
		fmt.Fprintf(b, "Described below: %s.\n\n", strings.Join(also, ", "))
	}
	if examples != "" {
		b.WriteString("For example:\n\n" + code(examples))
	}
}

// parts takes the text of the help apart. What stands behind the examples belongs to the text.
func (c command) parts() (text, examples string) {
	for _, word := range []string{"Examples:\n", "Example:\n"} {
		if before, after, found := strings.Cut(c.Text, word); found {
			examples, after, _ = strings.Cut(after, "\n\n")
			return before + after, examples
		}
	}
	return c.Text, ""
}

// blocks renders paragraphs; lines that are indented are kept as they are.
func blocks(text string) string {
	var b strings.Builder
	for line := range strings.Lines(strings.TrimRight(text, "\n")) {
		if kept, indented := strings.CutPrefix(line, "  "); indented {
			b.WriteString("\n```\n" + kept + "```\n\n")
		} else {
			b.WriteString(inline(line))
		}
	}
	return strings.ReplaceAll(b.String(), "```\n\n\n```\n", "") + "\n\n"
}

func code(lines string) string {
	return "```\n" + strings.ReplaceAll(strings.TrimSpace("\n"+lines), "\n  ", "\n") + "\n```\n\n"
}
