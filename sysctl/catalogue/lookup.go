package catalogue

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/report"
)

// The codes of what [Catalogue.Lookup] cannot find.
const (
	CodeUnknownKey = "unknown-key" // not in the catalogue
	CodeRemovedKey = "removed-key" // kernels do not have it any more
)

// unknownKey says what is wrong with a name, and which key was probably meant, if that can be told.
func unknownKey(key, reason, meant string) error {
	e := &report.Error{Code: CodeUnknownKey, Message: key + " " + reason}
	if meant != "" {
		e.Message += ": did you mean " + meant + "?"
	}
	return e
}

// gone says when the key name of r went, why, and what to do instead.
func (r RemovedKey) gone(name string) error {
	begin, many := strings.CutSuffix(r.Name, "*")
	rest, full := strings.CutPrefix(name, begin)
	switch {
	case !many:
		name, rest = r.Name, "*"
	case !full:
		folder := begin[:strings.LastIndexByte(begin, '.')+1]
		rest, name = strings.TrimPrefix(name, begin[len(folder):]), folder+name
	}
	message := fmt.Sprintf("%s was removed in Linux %s: %s", name, r.Removed, r.Reason)
	if !r.Removed.Known() {
		message = fmt.Sprintf("%s is no key of Linux: %s", name, r.Reason)
	}
	if r.Instead != "" {
		message += "; " + strings.ReplaceAll(r.Instead, "*", rest)
	}
	return &report.Error{Code: CodeRemovedKey, Message: message}
}

// Dotted writes the name of a key in one form: with dots, whether it came with dots, with slashes or as a path
// below /proc/sys. It follows sysctl.d(5): where the first separator is a slash, dots and slashes change places.
func Dotted(name string) string {
	name = strings.TrimPrefix(name, "/proc/sys/")
	first := strings.IndexAny(name, "./")
	if first < 0 || name[first] == '.' {
		return name
	}
	return host.SwapSeparators(name)
}

// Find finds a key by its whole name with dots or slashes, or by one of its aliases.
func (c *Catalogue) Find(name string) (k Key, known bool) {
	full := Dotted(strings.TrimSpace(name))
	if i, ok := c.byName[full]; ok {
		return c.data.Keys[i], true
	}
	for _, a := range c.data.Aliases {
		if i, ok := c.byName[a.Of]; ok && a.Name == full {
			return c.data.Keys[i], true
		}
	}
	return Key{}, false
}

// Lookup finds a key as [Catalogue.Find] does, or by its last component where only one key ends so ("tcp_rmem"). What it
// cannot find is a [report.Error] with the code [CodeUnknownKey] or [CodeRemovedKey], and with the key that was
// probably meant.
func (c *Catalogue) Lookup(name string) (Key, error) {
	if k, known := c.Find(name); known {
		return k, nil
	}
	full := Dotted(strings.TrimSpace(name))
	if !strings.Contains(full, ".") {
		if names := c.byLast[full]; len(names) == 1 {
			return c.data.Keys[c.byName[names[0]]], nil
		} else if len(names) > 1 {
			return Key{}, unknownKey(full, "is ambiguous, it may be "+strings.Join(names, " or "), "")
		}
	}
	for _, r := range c.data.Removed {
		if sameKey(full, r.Name) {
			return Key{}, r.gone(full)
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
		if sameKey(Dotted(name), m.Wrong) {
			return m.Right, true
		}
	}
	return "", false
}

// sameKey reports whether asked is the key name, in full or by its last component. A "*" at the end of name stands for
// any rest; one that stands for whole components is only met in full.
func sameKey(asked, name string) bool {
	begin, many := strings.CutSuffix(name, "*")
	switch {
	case !many:
		return asked == name || !strings.Contains(asked, ".") && strings.HasSuffix(name, "."+asked)
	case strings.HasPrefix(asked, begin):
		return true
	}
	last := lastWord(begin)
	return last != "" && !strings.Contains(asked, ".") && strings.HasPrefix(asked, last)
}

// nearest returns the key of the catalogue that name was probably meant to be, or "".
func (c *Catalogue) nearest(name string) string { return c.Nearest(name, nil) }

// Nearest returns the key that name was probably meant to be, one of the catalogue or of those that a host has besides,
// or "". The last components are compared when name has no prefix, or a wrong one: the right key below the wrong folder
// is a common slip.
func (c *Catalogue) Nearest(name string, besides []string) string {
	byLast, lasts := c.byLast, c.lasts
	if besides != nil {
		byLast, lasts = maps.Clone(c.byLast), slices.Clone(c.lasts)
		for _, k := range besides {
			last := lastWord(k)
			if byLast[last] == nil {
				lasts = append(lasts, last)
			}
			if _, known := c.byName[k]; !known {
				byLast[last] = append(slices.Clip(byLast[last]), k)
			}
		}
	}
	last := lastWord(name)
	if names := byLast[last]; len(names) == 1 {
		return names[0]
	}
	if names := byLast[report.Near(last, lasts)]; len(names) > 0 {
		return nearestFolder(name, names)
	}
	return ""
}

func lastWord(name string) string { return name[strings.LastIndexByte(name, '.')+1:] }

// nearestFolder is the one of names that has most in common with the beginning of name.
func nearestFolder(name string, names []string) string {
	common := func(k string) (n int) {
		for n < min(len(k), len(name)) && k[n] == name[n] {
			n++
		}
		return n
	}
	return slices.MaxFunc(names, func(a, b string) int { return cmp.Compare(common(a), common(b)) })
}

// Canonical is the name under which the catalogue has the variable that name stands for: name itself, unless that is a
// second name of it.
func (c *Catalogue) Canonical(name string) string {
	for _, a := range c.data.Aliases {
		if a.Name == name {
			return a.Of
		}
	}
	return name
}

// About is the entry that tells about the key name: its own one, or for the key of an interface that of all interfaces,
// under the name of the key asked for. There a default is not told: an interface copies what its family has.
func (c *Catalogue) About(name string) (k Key, known bool) {
	if i, ok := c.byName[name]; ok {
		return c.data.Keys[i], true
	}
	family, which, last, ok := perInterface(name)
	if !ok {
		return Key{Name: name}, false
	}
	for _, general := range []string{"all", "default"} {
		if i, ok := c.byName[family+"."+general+"."+last]; ok && general != which {
			k = c.data.Keys[i]
			k.Name, k.Defaults = name, nil
			return k, true
		}
	}
	return Key{Name: name}, false
}

// Inherited is the key whose value an interface copies when it appears, for the key name of one interface: for
// net.ipv4.conf.eth0.rp_filter it is net.ipv4.conf.default.rp_filter. It is "" for every other key.
func Inherited(name string) string {
	family, which, last, ok := perInterface(name)
	if !ok || which == "all" || which == "default" {
		return ""
	}
	return family + ".default." + last
}

// perInterface takes the key of an interface apart: "net.ipv4.conf", "eth0", "rp_filter".
func perInterface(name string) (family, which, last string, ok bool) {
	words := strings.Split(name, ".")
	if len(words) != 5 || words[0] != "net" || words[2] != "conf" && words[2] != "neigh" {
		return "", "", "", false
	}
	return strings.Join(words[:3], "."), words[3], words[4], true
}
