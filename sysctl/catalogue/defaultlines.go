package catalogue

import (
	"fmt"
	"strings"
)

// DefaultLines describes the defaults of k, one line for each change of it: "from Linux 5.4: 4096".
func (k Key) DefaultLines() []string {
	var lines []string
	for _, d := range k.Defaults {
		text := strings.ReplaceAll(d.Value, "$", d.Scale.String())
		switch {
		case text == "" && d.By != "":
			text = "decided by " + d.By
		case text == "":
			text, d.Note = d.Note, ""
		}
		if d.Since.Known() {
			text = fmt.Sprintf("from Linux %s: %s", d.Since, text)
		}
		if d.Note != "" {
			text += " (" + d.Note + ")"
		}
		lines = append(lines, text)
	}
	return lines
}

// String writes s as arithmetic.
func (s Scale) String() string {
	text := fmt.Sprintf("memory / %d", s.Per)
	if s.PowerOfTwo {
		text += ", up to a power of two"
	}
	return fmt.Sprintf("<%s, at least %d, at most %d>", text, s.Min, s.Max)
}
