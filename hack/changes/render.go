package main

import (
	_ "embed"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"text/template"

	"github.com/tcptune/tcptune/sysctl"
	"github.com/tcptune/tcptune/sysctl/catalogue"
	"github.com/tcptune/tcptune/sysctl/profile"
)

//go:embed page.md.tmpl
var page string

// noFiles is a host without profiles of its own.
type noFiles struct{}

func (noFiles) ReadFile(path string) ([]byte, error) {
	return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
}

func (noFiles) ReadDir(string) ([]string, error) { return nil, nil }

// entry is a key with what the profiles want of it.
type entry struct {
	catalogue.Key
	Wishes []wish
}

// wish is what one or several profiles want of a key, in the same words.
type wish struct {
	Profiles []string
	profile.Wish
}

// facts is what the page shows.
type facts struct {
	Newest   catalogue.KernelVersion
	Profiles []profile.Profile
	Server   []entry // the keys of the default profile, with its wish alone
	Set      []entry // keys that some profile sets
	Known    []entry // all others
	Each     *each   // nil where it was not measured
	Removed  []catalogue.RemovedKey
	Misspelt []catalogue.Misspelling
}

// render returns the page. It fails where a built-in profile cannot be loaded.
func render() (string, error) {
	f, err := collect()
	if err != nil {
		return "", err
	}
	t, err := template.New("page").Funcs(template.FuncMap{
		"flat": flat, "escape": escape, "join": strings.Join, "rangeOf": rangeOf, "value": value, "scope": scope, "anchor": anchor,
	}).Parse(page)
	if err != nil {
		return "", err
	}
	var out strings.Builder
	if err := t.Execute(&out, f); err != nil {
		return "", err
	}
	return out.String(), nil
}

func collect() (facts, error) {
	cat, err := catalogue.Load()
	if err != nil {
		return facts{}, err
	}
	infos, err := profile.List(noFiles{})
	if err != nil {
		return facts{}, err
	}
	f := facts{Newest: cat.Newest(), Removed: cat.RemovedKeys(), Misspelt: cat.Misspellings()}
	if f.Each, err = eachKey(measured); err != nil {
		return facts{}, err
	}
	wishes := map[string][]wish{}
	for _, info := range infos {
		p, err := profile.Load(noFiles{}, cat, info.Name)
		if err != nil {
			return facts{}, err
		}
		f.Profiles = append(f.Profiles, p)
		for _, k := range p.Keys {
			if p.Name == sysctl.DefaultProfile {
				key, err := cat.Lookup(k.Key)
				if err != nil {
					return facts{}, err
				}
				f.Server = append(f.Server, entry{key, []wish{{Wish: k}}})
			}
			wishes[k.Key] = wanting(wishes[k.Key], p.Name, k)
		}
	}
	for _, k := range cat.Keys() {
		if w := wishes[k.Name]; w != nil {
			f.Set = append(f.Set, entry{k, w})
		} else {
			f.Known = append(f.Known, entry{Key: k})
		}
	}
	return f, nil
}

// wanting adds what a profile wants. One that extends another one wants most keys in the same words.
func wanting(all []wish, profile string, k profile.Wish) []wish {
	same := func(w wish) bool { return w.Value == k.Value && w.Mode == k.Mode && flat(w.Why) == flat(k.Why) }
	if i := slices.IndexFunc(all, same); i >= 0 {
		all[i].Profiles = append(all[i].Profiles, profile)
		return all
	}
	return append(all, wish{[]string{profile}, k})
}

// flat is text on one line.
func flat(text string) string { return strings.Join(strings.Fields(text), " ") }

// escape keeps what is no markup from becoming some.
func escape(text string) string {
	return strings.NewReplacer("<", `\<`, "|", `\|`, "*", `\*`).Replace(flat(text))
}

// rangeOf is the sensible range of a field, and the direction in which it is raised.
func rangeOf(f catalogue.Field) string {
	var parts []string
	if f.Min != f.Max {
		parts = append(parts, strings.TrimSpace(fmt.Sprintf("%d to %d %s", f.Min, f.Max, f.Unit)))
	}
	switch f.Rule {
	case catalogue.AtLeast:
		parts = append(parts, "more is more")
	case catalogue.AtMost:
		parts = append(parts, "less is more")
	case catalogue.Exact:
	}
	return strings.Join(parts, ", ")
}

// value shows what a profile computes from the path as what it is.
func value(v string) string {
	return strings.NewReplacer("$receive", "RECEIVE", "$send", "SEND").Replace(v)
}

func scope(k catalogue.Key) string {
	switch {
	case k.Scope == catalogue.Global:
		return "the whole machine"
	case k.Inherit:
		return "each network namespace; a new one copies it"
	}
	return "each network namespace"
}

// anchor is the link to the heading of a key.
func anchor(name string) string { return "#" + strings.ReplaceAll(name, ".", "") }
