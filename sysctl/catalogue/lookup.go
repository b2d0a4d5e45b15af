package catalogue

import (
	"fmt"
	"strings"

	"github.com/tcptune/tcptune/internal/host"
)

// UnknownKeyError is returned for a name that is not in the catalogue.
type UnknownKeyError struct {
	Key        string // as it was asked for
	Suggestion string // the key that was probably meant, or ""
	Reason     string // why it is not known
	Misspelt   bool   // the name is a misspelling that circulates
}

// Error says what is wrong with the name and which one to use instead.
func (e *UnknownKeyError) Error() string {
	s := e.Key + " " + e.Reason
	if e.Suggestion != "" {
		s += ": did you mean " + e.Suggestion + "?"
	}
	return s
}

// RemovedKeyError is returned for a key that kernels do not have any more.
type RemovedKeyError struct {
	Key     string
	Removed KernelVersion
	Reason  string
	Instead string
}

// Error says when the key went, why, and what to do instead.
func (e *RemovedKeyError) Error() string {
	s := fmt.Sprintf("%s was removed in Linux %s: %s", e.Key, e.Removed, e.Reason)
	if e.Instead != "" {
		s += "; " + e.Instead
	}
	return s
}

// DottedName writes the name of a key in one form: with dots, whether it came with dots, with slashes or as a path
// below /proc/sys. It follows sysctl.d(5): where the first separator is a slash, dots and slashes change places.
func DottedName(name string) string {
	name = strings.TrimPrefix(name, "/proc/sys/")
	first := strings.IndexAny(name, "./")
	if first < 0 || name[first] == '.' {
		return name
	}
	return host.SwapSeparators(name)
}

// Lookup finds a key by its name with dots or slashes, or by its last component where only one key ends so
// ("tcp_rmem"). What it cannot find is an [UnknownKeyError] or a [RemovedKeyError].
func (c *Catalogue) Lookup(name string) (Key, error) {
	full := DottedName(strings.TrimSpace(name))
	if i, ok := c.byName[full]; ok {
		return c.data.Keys[i], nil
	}
	if !strings.Contains(full, ".") {
		if names := c.byLast[full]; len(names) == 1 {
			return c.data.Keys[c.byName[names[0]]], nil
		} else if len(names) > 1 {
			return Key{}, &UnknownKeyError{Key: full, Reason: "is ambiguous, it may be " + strings.Join(names, " or ")}
		}
	}
	for _, r := range c.data.Removed {
		if sameKey(full, r.Name) {
			return Key{}, &RemovedKeyError{Key: r.Name, Removed: r.Removed, Reason: r.Reason, Instead: r.Instead}
		}
	}
	for _, m := range c.data.Misspelt {
		if sameKey(full, m.Wrong) {
			return Key{}, &UnknownKeyError{Key: full, Suggestion: m.Right, Misspelt: true, Reason: "is a wrong name that circulates, no current kernel has such a key"}
		}
	}
	return Key{}, &UnknownKeyError{Key: full, Suggestion: c.nearest(full), Reason: "is not in the catalogue of keys"}
}

// sameKey reports whether asked is the key name, in full or by its last component.
func sameKey(asked, name string) bool {
	return asked == name || !strings.Contains(asked, ".") && strings.HasSuffix(name, "."+asked)
}

// nearest returns the key whose name is at most a quarter of its letters away from name, or "". The last components are
// compared when name has no prefix, or a wrong one: the right key below the wrong folder is a common slip.
func (c *Catalogue) nearest(name string) string {
	last := name[strings.LastIndexByte(name, '.')+1:]
	if names := c.byLast[last]; len(names) == 1 {
		return names[0]
	}
	best, distance := "", len(last)/4+1
	for _, k := range c.data.Keys {
		if d := editDistance(last, k.Name[strings.LastIndexByte(k.Name, '.')+1:]); d < distance {
			best, distance = k.Name, d
		}
	}
	return best
}

// editDistance counts the letters to insert, delete or change to make a into b (Levenshtein).
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
