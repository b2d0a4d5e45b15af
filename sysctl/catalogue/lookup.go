package catalogue

import (
	"fmt"
	"strings"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/report"
)

// The codes of what [Catalogue.Lookup] cannot find.
const (
	codeUnknownKey = "unknown-key" // not in the catalogue
	CodeRemovedKey = "removed-key" // kernels do not have it any more
)

// unknownKey says what is wrong with a name, and which key was probably meant, if that can be told.
func unknownKey(key, reason, meant string) error {
	e := &report.Error{Code: codeUnknownKey, Message: key + " " + reason}
	if meant != "" {
		e.Message += ": did you mean " + meant + "?"
	}
	return e
}

// gone says when a key went, why, and what to do instead.
func (r RemovedKey) gone() error {
	message := fmt.Sprintf("%s was removed in Linux %s: %s", r.Name, r.Removed, r.Reason)
	if r.Instead != "" {
		message += "; " + r.Instead
	}
	return &report.Error{Code: CodeRemovedKey, Message: message}
}

// dottedName writes the name of a key in one form: with dots, whether it came with dots, with slashes or as a path
// below /proc/sys. It follows sysctl.d(5): where the first separator is a slash, dots and slashes change places.
func dottedName(name string) string {
	name = strings.TrimPrefix(name, "/proc/sys/")
	first := strings.IndexAny(name, "./")
	if first < 0 || name[first] == '.' {
		return name
	}
	return host.SwapSeparators(name)
}

// Lookup finds a key by its name with dots or slashes, or by its last component where only one key ends so
// ("tcp_rmem"). What it cannot find is a [report.Error] with
// the code [codeUnknownKey] or [CodeRemovedKey].
func (c *Catalogue) Lookup(name string) (Key, error) {
	full := dottedName(strings.TrimSpace(name))
	if i, ok := c.byName[full]; ok {
		return c.data.Keys[i], nil
	}
	for _, a := range c.data.Aliases {
		if i, ok := c.byName[a.Of]; ok && a.Name == full {
			return c.data.Keys[i], nil
		}
	}
	if !strings.Contains(full, ".") {
		if names := c.byLast[full]; len(names) == 1 {
			return c.data.Keys[c.byName[names[0]]], nil
		} else if len(names) > 1 {
			return Key{}, unknownKey(full, "is ambiguous, it may be "+strings.Join(names, " or "), "")
		}
	}
	for _, r := range c.data.Removed {
		if sameKey(full, r.Name) {
			return Key{}, r.gone()
		}
	}
	if right, wrong := c.Misspelt(full); wrong {
		return Key{}, unknownKey(full, "is a wrong name that circulates, no current kernel has such a key", right)
	}
	return Key{}, unknownKey(full, "is not in the catalogue of keys", c.nearest(full))
}

// Misspelt reports whether name is a misspelling that circulates, and of which key.
func (c *Catalogue) Misspelt(name string) (right string, wrong bool) {
	for _, m := range c.data.Misspelt {
		if sameKey(dottedName(name), m.Wrong) {
			return m.Right, true
		}
	}
	return "", false
}

// sameKey reports whether asked is the key name, in full or by its last component.
func sameKey(asked, name string) bool {
	return asked == name || !strings.Contains(asked, ".") && strings.HasSuffix(name, "."+asked)
}

// nearest returns the key that name was probably meant to be, or "". The last components are compared when name has no
// prefix, or a wrong one: the right key below the wrong folder is a common slip.
func (c *Catalogue) nearest(name string) string {
	last := name[strings.LastIndexByte(name, '.')+1:]
	if names := c.byLast[last]; len(names) == 1 {
		return names[0]
	}
	if names := c.byLast[report.Near(last, c.lasts)]; len(names) > 0 {
		return names[0]
	}
	return ""
}
