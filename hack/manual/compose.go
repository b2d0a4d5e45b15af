package main

import (
	"fmt"
	"path"
	"regexp"
	"strings"
)

// compose makes the page file, "tcptune-go.8", in Markdown of its source: a heading "# NAME - what it is", then
// sections.
func (m manual) compose(file, date, source string) (string, error) {
	name, section := nameAndSection(file)
	title, body, _ := strings.Cut(source, "\n")
	if !strings.HasPrefix(title, "# "+name+" - ") {
		return "", fmt.Errorf("want the first line \"# %s - …\"", name)
	}
	volume := map[string]string{"5": "File Formats", "8": "System Administration"}[section]
	var failed error
	body = regexp.MustCompile(`(?m)^<!-- ([a-z-]+)((?: [a-z-]+)*) -->$`).
		ReplaceAllStringFunc(body, func(line string) string {
			words := strings.Fields(line)
			text, err := m.directive(words[1], words[2:len(words)-1])
			if err != nil {
				failed = fmt.Errorf("%s: %w", line, err)
			}
			return strings.TrimRight(text, "\n")
		})
	return fmt.Sprintf("# %q %q %q %q %q\n\n## NAME\n%s\n%s",
		strings.ToUpper(name), section, date, "tcptune", volume, strings.TrimPrefix(title, "# "), body), failed
}

// nameAndSection takes "tcptune.yaml.5" apart.
func nameAndSection(file string) (name, section string) {
	ext := path.Ext(file)
	return strings.TrimSuffix(file, ext), strings.TrimPrefix(ext, ".")
}

// directive is the text that stands for a line of the form <!-- NAME ARGUMENTS -->.
func (m manual) directive(name string, arguments []string) (string, error) {
	commands, err := m.find(arguments)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	switch name {
	case "synopsis":
		return synopsis(commands), nil
	case "commands":
		return describeAll(commands), nil
	case "index":
		return m.index()
	case "server-options":
		return optionList(m.server, nil), nil
	case "text", "options", "examples":
		for _, c := range commands {
			text, examples := c.parts()
			b.WriteString(
				map[string]string{"text": blocks(text), "options": optionList(c.Flags, nil), "examples": code(examples)}[name],
			)
		}
		return b.String(), nil
	}
	return "", fmt.Errorf("there is no %s", name)
}

// synopsis shows how each command is called, one below the other.
func synopsis(commands []command) string {
	var lines []string
	for _, c := range commands {
		for line := range strings.Lines(c.Synopsis) {
			line = strings.TrimPrefix(strings.TrimSpace(line), "sudo ")
			lines = append(lines, "**"+c.path+"**"+placeholders(strings.TrimPrefix(line, c.path)))
		}
	}
	return strings.Join(lines, "  \n") // two spaces: a new line, but no new paragraph
}

// index lists what tcptune can do, and where it is described.
func (m manual) index() (string, error) {
	var b strings.Builder
	for _, c := range m.tcptune.Commands {
		if c.Hidden {
			continue
		}
		if m.pages[c.Name] == "" {
			return "", fmt.Errorf("no page has the synopsis of %s", c.Name)
		}
		page, section := nameAndSection(m.pages[c.Name])
		fmt.Fprintf(&b, "**%s**\n: %s See **%s**(%s).\n\n", c.Name, sentence(c.Usage), page, section)
	}
	return b.String(), nil
}
