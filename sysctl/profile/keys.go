package profile

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/sysctl/catalogue"
)

// path reads the network path, zero where none is given.
func (f File) path() (bandwidth int64, rtt time.Duration, err error) {
	if f.Path.Bandwidth.Text != "" {
		if bandwidth, err = ParseBandwidth(f.Path.Bandwidth.Text); err != nil {
			return 0, 0, f.errorAt(f.Path.Bandwidth, "%v", err)
		}
	}
	if f.Path.RTT.Text != "" {
		if rtt, err = ParseRTT(f.Path.RTT.Text); err != nil {
			return 0, 0, f.errorAt(f.Path.RTT, "%v", err)
		}
	}
	return bandwidth, rtt, nil
}

// keys checks the entries of f and lays them over those of the parent. The result is in catalogue order.
func (f File) keys(cat *catalogue.Catalogue, has hasKey, parent []Wish) ([]Wish, error) {
	wanted := map[string]Wish{}
	for _, k := range parent {
		wanted[k.Key] = k
	}
	for _, d := range f.Drop {
		k, err := f.find(cat, has, d)
		if err != nil {
			return nil, err
		}
		if _, there := wanted[k.Name]; !there {
			return nil, f.errorAt(d, "cannot drop %s: profile %q does not set it", k.Name, f.Extends.Text)
		}
		delete(wanted, k.Name)
	}
	own := map[string]int{}
	for _, e := range f.Keys {
		k, err := f.entry(cat, has, e)
		if err != nil {
			return nil, err
		}
		if line, twice := own[k.Key]; twice {
			return nil, f.errorAt(e.Key, "%s is set twice, first in line %d", k.Key, line)
		}
		own[k.Key] = e.Key.Line
		wanted[k.Key] = k
	}
	var keys []Wish
	for _, k := range cat.Keys() {
		if w, ok := wanted[k.Name]; ok {
			keys = append(keys, w)
		}
	}
	// Nobody knows an order of the others: they come as they are written, those of the parent first.
	for _, k := range parent {
		if w, ok := wanted[k.Key]; ok && outside(cat, k.Key) {
			keys = append(keys, w)
			delete(wanted, k.Key)
		}
	}
	for _, e := range f.Keys {
		name := cat.Entry(e.Key.Text).Name
		if w, ok := wanted[name]; ok && outside(cat, name) {
			keys = append(keys, w)
		}
	}
	return keys, nil
}

// outside reports whether the catalogue has no entry of that name.
func outside(cat *catalogue.Catalogue, name string) bool {
	_, err := cat.Lookup(name)
	return err != nil
}

// hasKey reports whether the host of a profile has a key, or may have it.
type hasKey func(name string) bool

// keysOf asks the machine that r is, or for what is no running machine what Linux is known to have.
func keysOf(r Reader) hasKey {
	return func(name string) bool {
		if m, ok := r.(interface {
			Live() bool
			Stat(path string) (fs.FileInfo, error)
		}); ok && m.Live() {
			if fi, err := m.Stat(host.KnobPath(name)); err == nil {
				return fi.Mode().IsRegular()
			}
		}
		return catalogue.KnownToLinux(name)
	}
}

// find is the key that is meant at a place. One that the catalogue does not have must be there, or it may be a slip.
func (f File) find(cat *catalogue.Catalogue, has hasKey, at Located) (catalogue.Key, error) {
	k, err := cat.Lookup(at.Text)
	if err == nil {
		return k, nil
	}
	k = cat.Entry(at.Text)
	_, misspelt := cat.Misspelt(at.Text)
	switch {
	case report.Is(err, catalogue.CodeRemovedKey), misspelt, !strings.Contains(k.Name, "."):
		return k, f.errorAt(at, "%v", err)
	case !catalogue.OutsideAllowed(k.Name):
		return k, f.errorAt(at, "%s is not in the catalogue of keys; below net. and fs. keys may stand here that it does not have, "+
			"with mode exact", k.Name)
	case !has(k.Name):
		return k, f.errorAt(at, "%v", err)
	}
	return k, nil
}

func (f File) entry(cat *catalogue.Catalogue, has hasKey, e Entry) (Wish, error) {
	fail := func(at Located, format string, args ...any) (Wish, error) {
		return Wish{}, f.errorAt(at, format, args...)
	}
	if e.Key.Text == "" {
		return fail(f.Name, "an item under keys has no key")
	}
	key, err := f.find(cat, has, e.Key)
	if err != nil {
		return Wish{}, err
	}
	if e.Value.Line == 0 {
		return fail(e.Key, "%s has no value", key.Name)
	}
	// The largest sizes that Size ever gives stand in for the computed ones here.
	if err := key.Validate(placeholders(largestBuffer, largestBuffer).Replace(e.Value.Text)); err != nil {
		return fail(e.Value, "%v", err)
	}
	if modes := modesOf(key); !slices.Contains(modes, Mode(e.Mode.Text)) {
		at := e.Mode
		if at.Line == 0 {
			at = e.Key
		}
		return fail(at, "mode of %s must be %s, not %q", key.Name, joinModes(modes), e.Mode.Text)
	}
	if e.Why.Text == "" {
		return fail(e.Key, "%s has no why: say what the value is for", key.Name)
	}
	// A zero byte ends a line for systemd, so that what follows it in the comment would be an assignment of our file.
	if strings.ContainsFunc(e.Why.Text, func(r rune) bool { return unicode.IsControl(r) && !unicode.IsSpace(r) }) {
		return fail(e.Why, "why of %s must not hold control characters", key.Name)
	}
	value := e.Value.Text
	if !strings.Contains(value, "$") {
		value = key.Normal(value)
	}
	return Wish{
		Key: key.Name, Value: value, Mode: Mode(e.Mode.Text), Required: e.Required, Why: e.Why.Text,
		Source: fmt.Sprintf("%s:%d", f.File, e.Key.Line),
	}, nil
}

// modesOf are the modes that make sense for k: there is no more or less of a word or a switch, and only lists and
// bitmaps can be united.
func modesOf(k catalogue.Key) []Mode {
	switch k.Kind {
	case catalogue.Ports, catalogue.Bitmap:
		return []Mode{UnionMode, ExactMode}
	case catalogue.Int, catalogue.Vector:
		if slices.ContainsFunc(k.Fields, func(f catalogue.Field) bool { return f.Rule != catalogue.Exact }) {
			return []Mode{Raise, ExactMode}
		}
	}
	return []Mode{ExactMode}
}

func joinModes(modes []Mode) string {
	words := make([]string, len(modes))
	for i, m := range modes {
		words[i] = string(m)
	}
	return strings.Join(words, " or ")
}
