package profile

import (
	"bytes"
	"fmt"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/token"
)

// The most that is handed to the parser, whose memory and time grow with the signs of YAML by kilobytes for each and
// with the square of their depth: 20 kB of "[" took it five seconds and 660 MB. A profile that sets every key of the
// catalogue has a tenth of them.
const (
	maxSigns = 4000
	maxDepth = 32 // of brackets, and of what one line opens
)

// modest refuses a text with more signs of YAML than what people write has, wherever they stand.
func modest(data []byte) error {
	signs, number := 0, 0
	for line := range bytes.Lines(data) {
		number++
		line = bytes.TrimSpace(line)
		if len(line) == 0 || line[0] == '#' {
			continue
		}
		signs++
		opened, only := 0, true // only: nothing but signs so far
		for at, c := range line {
			if bytes.IndexByte([]byte("[]{},:-?&*!|>'\"%@`"), c) < 0 {
				only = only && c == ' '
				continue
			}
			signs++
			if c == '[' || c == '{' || only {
				opened++
			}
			if opened > maxDepth && !bytes.HasPrefix(line, []byte("---")) {
				return errorAtPlace(number, at+1, "more than %d things in one another", maxDepth)
			}
		}
		if signs > maxSigns {
			return errorAtPlace(number, 1, "more than %d signs of YAML: no profile needs so many", maxSigns)
		}
	}
	return nil
}

func errorAtPlace(line, column int, format string, args ...any) error {
	at := &token.Token{Position: &token.Position{Line: line, Column: column}}
	return &yaml.SyntaxError{Message: fmt.Sprintf(format, args...), Token: at}
}
