package lint

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/sysctl/catalogue"
)

// repeated names the lines of a text that a later one replaces: the last assignment of a key counts.
func (j *judge) repeated(lines []Judged) {
	last := map[string]int{}
	for i, l := range lines {
		if l.assigns() {
			last[Variable(j.Catalogue, l.Key)] = i
		}
	}
	for i := range lines {
		one := &lines[i]
		by, known := last[Variable(j.Catalogue, one.Key)]
		if !known || by == i || !one.assigns() {
			continue
		}
		winner := lines[by]
		if same(one.Value, winner.Value) {
			one.add("duplicate", fmt.Sprintf("line %d says the same once more", winner.Origin.Line), "remove one of the two")
			one.last().Severity = report.Note
			continue
		}
		one.add("duplicate", fmt.Sprintf("line %d sets it to %s: this line does nothing", winner.Origin.Line, winner.Value),
			"remove one of the two")
	}
}

// assigns reports whether the tools take the line for an assignment of its key, whatever the kernel makes of the value.
func (one *Judged) assigns() bool {
	return !one.Idle && (one.Verdict == Good || one.Verdict == Mended || one.Verdict == Bad)
}

// Variable is one name for the keys that are one variable of the kernel.
func Variable(cat *catalogue.Catalogue, key string) string {
	for _, a := range cat.Aliases() {
		if a.Name == key {
			return a.Of
		}
	}
	return key
}

// pairOf reads the two lines of a list in YAML, as pods of Kubernetes have it:
//
//   - name: net.core.somaxconn
//     value: "1024"
func pairOf(first, second string) (p pair, ok bool) {
	if !strings.Contains(first, "name:") || !strings.HasPrefix(second, "value:") {
		return p, false
	}
	name := regexp.MustCompile(`^-?\s*name:\s*["']?(` + keyForm + `)["']?$`).FindStringSubmatch(first)
	value := regexp.MustCompile(`^value:\s*["']?([^"']+)["']?$`).FindStringSubmatch(second)
	if name == nil || value == nil {
		return p, false
	}
	return pair{dotted(name[1]), strings.TrimSpace(value[1])}, true
}
