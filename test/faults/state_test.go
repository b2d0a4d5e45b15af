package faults

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
)

// state is a host: "knob /proc/sys/…", "setting /etc/…", "entry /etc/…" and "content /etc/…", each with its value.
type state map[string]string

// differences between s and want, one line each, at most 10.
func (s state) differences(want state) []string {
	var lines []string
	all := maps.Clone(s)
	maps.Copy(all, want)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if s[name] != want[name] && len(lines) < 10 {
			lines = append(lines, fmt.Sprintf("%s is %q, want %q", name, s[name], want[name]))
		}
	}
	return lines
}

// torn names what is neither as in a nor as in b, in a host whose program was killed a moment ago: a knob or a file
// that is half one and half the other. Files under a temporary name, which begins with a dot, may lie about.
func (s state) torn(a, b state) []string {
	var lines []string
	all := maps.Clone(s)
	maps.Copy(all, a)
	maps.Copy(all, b)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		_, file, _ := strings.Cut(name, " ")
		if strings.HasPrefix(path.Base(file), ".") || file == path.Dir(journalFile) ||
			path.Dir(file) == path.Dir(journalFile) {
			continue
		}
		if s[name] != a[name] && s[name] != b[name] {
			lines = append(lines, fmt.Sprintf("%s is %q, want %q or %q", name, s[name], a[name], b[name]))
		}
	}
	return lines
}

// The journal, and its former copy.
const (
	journalFile  = "/var/lib/tcptune/journal.json"
	formerSuffix = ".former"
)
