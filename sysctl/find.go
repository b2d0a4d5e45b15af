package sysctl

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/sysctl/catalogue"
)

// Find is the key that name stands for on h: one that its kernel has, or that the catalogue knows. Of a key that only
// the kernel knows no more than the name is told. What is to be said about the name itself is the note. The error of a
// name that stands for none has the key that was probably meant; it is never said of a key that is there.
//
// An image has no kernel to ask, so there every full name that is not known to be wrong stands for a key.
func Find(h host.Host, cat *catalogue.Catalogue, name string) (k catalogue.Key, note string, err error) {
	full := catalogue.Dotted(strings.TrimSpace(name))
	if one := cat.Canonical(full); one != full {
		k, _ = cat.About(one)
		return k, full + " is another name of " + one, nil
	}
	if h.HasKnob(full) {
		k, _ = cat.About(full)
		return k, "", nil
	}
	k, err = cat.Lookup(full)
	if err == nil || full == "" {
		return k, "", err
	}
	if h.HasKnobsBelow(full) {
		return k, "", noKey(full, "is a folder of keys: name one of them")
	}
	keys, kerr := h.Knobs()
	if kerr != nil {
		return k, "", fmt.Errorf("cannot list the keys of this kernel: %w", host.Cause(kerr))
	}
	same, note := namesakes(keys, full)
	switch {
	case len(same) == 1:
		k, _ = cat.About(same[0])
		return k, note, nil
	case len(same) > 1:
		return k, "", noKey(full, "is ambiguous, it may be "+several(same))
	case !report.Is(err, catalogue.CodeUnknownKey):
		return k, "", err // it is gone
	}
	if k, known := cat.About(full); known || moduleOf(k) != "" {
		return k, "", nil // it may come with an interface, or with a module
	}
	if _, misspelt := cat.Misspelt(full); misspelt {
		return k, "", err
	}
	meant := cat.Nearest(full, keys)
	if h.Live() || !strings.Contains(full, ".") {
		why := "does not exist on this host"
		if meant != "" {
			why += ": did you mean " + meant + "?"
		}
		return k, "", noKey(full, why)
	}
	note = "the catalogue does not know " + full + ", and an image has no kernel to ask whether it has such a key"
	if meant != "" {
		note += ": did you mean " + meant + "?"
	}
	return catalogue.Key{Name: full}, note, nil
}

func noKey(name, why string) error {
	return &report.Error{Code: catalogue.CodeUnknownKey, Message: name + " " + why}
}

// namesakes are the keys of the kernel that name, which is none, may stand for: those that end in it, if it is a single
// word, or the one that it would be if its dots were not all between words, as they are not in the name of a VLAN.
func namesakes(keys []string, name string) (same []string, note string) {
	if !strings.Contains(name, ".") {
		return slices.DeleteFunc(slices.Clone(keys), func(k string) bool {
			return path.Base(host.SwapSeparators(k)) != name
		}), ""
	}
	flat := func(key string) string { return strings.ReplaceAll(key, "/", ".") }
	i := slices.IndexFunc(keys, func(k string) bool { return flat(k) == flat(name) })
	if i < 0 {
		return nil, ""
	}
	return keys[i : i+1], fmt.Sprintf("no tool finds this key as %s: a dot within a name is written as a slash, %s", name, keys[i])
}

// several lists what a word may stand for. More than a few are not read.
func several(keys []string) string {
	const most = 4
	if len(keys) <= most {
		return strings.Join(keys, " or ")
	}
	return fmt.Sprintf("%s or %d others", strings.Join(keys[:most], " or "), len(keys)-most)
}
