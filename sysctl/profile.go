package sysctl

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"
)

// ProfileDir is where an operator's own profiles live, each in NAME.yaml.
const ProfileDir = "/etc/tcptune/profiles.d"

// Mode says how a profile's value meets the one that the host has.
type Mode string

// The modes of a profile's key.
const (
	Raise     Mode = "raise" // further in the direction of the key's rules, never back
	ExactMode Mode = "exact" // this value and no other
	UnionMode Mode = "union" // what the host has and this: port lists and bitmaps, which a write replaces
)

// ProfileKey is one wanted value.
type ProfileKey struct {
	Key      string
	Value    string // may hold $receive and $send, see [Profile.Resolve]
	Mode     Mode
	Required bool   // apply fails where this cannot be had
	Why      string // the reason, for the operator
	Source   string // "file:line" of the entry
}

// Computed reports whether the value waits for [Profile.Resolve].
func (k ProfileKey) Computed() bool { return strings.Contains(k.Value, "$") }

// Profile is a set of wanted values, complete: what it extends is in it.
type Profile struct {
	Name    string
	Summary string
	Extends string       // the parent's name, or ""
	Keys    []ProfileKey // in catalogue order
	Origin  string       // "built in" or the path of the file
	// Bandwidth (bit/s) and RTT describe the path that computed values are meant for when the operator names none.
	Bandwidth int64
	RTT       time.Duration
}

// Computed reports whether some value depends on the path and on memory, and waits for [Profile.Resolve].
func (p Profile) Computed() bool { return slices.ContainsFunc(p.Keys, ProfileKey.Computed) }

// KeyNames are the full names of the keys of p.
func (p Profile) KeyNames() []string {
	names := make([]string, len(p.Keys))
	for i, k := range p.Keys {
		names[i] = k.Key
	}
	return names
}

// Resolve fills in the buffer sizes: $receive and $send become those of s.
func (p Profile) Resolve(s Sizing) Profile {
	fill := placeholders(s.ReceiveMax, s.SendMax)
	p.Keys = slices.Clone(p.Keys)
	for i := range p.Keys {
		p.Keys[i].Value = fill.Replace(p.Keys[i].Value)
	}
	return p
}

func placeholders(receive, send int64) *strings.Replacer {
	return strings.NewReplacer("$receive", fmt.Sprint(receive), "$send", fmt.Sprint(send))
}

// ProfileReader is what profiles need of a host: its files.
type ProfileReader interface {
	ReadFile(path string) ([]byte, error)
	ReadDir(path string) ([]string, error)
}

// ProfileInfo is a line of the list of profiles.
type ProfileInfo struct {
	Name    string
	Summary string
	Origin  string // "built in" or the path of the file
	Err     error  // why the file cannot be used; Summary is "" then
}

const builtIn = "built in"

// ProfileNames lists the built-in profiles, then the host's own in the order of their names. A file that cannot be used
// is listed with its error and hides none of the others.
func ProfileNames(r ProfileReader) ([]ProfileInfo, error) {
	var infos []ProfileInfo
	for _, f := range profileFiles() {
		infos = append(infos, ProfileInfo{Name: f.Name.Text, Summary: f.Summary.Text, Origin: builtIn})
	}
	names, err := r.ReadDir(ProfileDir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return infos, fmt.Errorf("cannot list profiles: %w", err)
	}
	for _, n := range names {
		name, isProfile := strings.CutSuffix(n, ".yaml")
		if !isProfile || strings.HasPrefix(n, ".") {
			continue
		}
		f, err := findProfile(r, name)
		infos = append(infos, ProfileInfo{Name: name, Summary: f.Summary.Text, Origin: profilePath(name), Err: err})
	}
	return infos, nil
}

// LoadProfile returns the profile name, built in or of [ProfileDir], with all that it extends. Every key is one of cat
// and every value is valid; a mistake in a file is a [ProfileError] with its place.
func LoadProfile(r ProfileReader, cat *Catalogue, name string) (Profile, error) {
	return loadProfile(r, cat, name, nil)
}

func loadProfile(r ProfileReader, cat *Catalogue, name string, below []string) (Profile, error) {
	f, err := findProfile(r, name)
	if err != nil {
		return Profile{}, err
	}
	p := Profile{Name: name, Summary: f.Summary.Text, Extends: f.Extends.Text, Origin: f.Origin()}
	below = append(below, name)
	parent := Profile{}
	if p.Extends != "" {
		if slices.Contains(below, p.Extends) {
			return Profile{}, f.errorAt(f.Extends, "profiles extend each other in a circle: %s", strings.Join(append(below, p.Extends), " -> "))
		}
		if parent, err = loadProfile(r, cat, p.Extends, below); err != nil {
			var unknown *UnknownProfileError
			if errors.As(err, &unknown) {
				return Profile{}, f.errorAt(f.Extends, "%v", err)
			}
			return Profile{}, err
		}
	}
	if p.Bandwidth, p.RTT, err = f.path(); err != nil {
		return Profile{}, err
	}
	p.Bandwidth, p.RTT = cmp.Or(p.Bandwidth, parent.Bandwidth), cmp.Or(p.RTT, parent.RTT)
	p.Keys, err = f.keys(cat, parent.Keys)
	return p, err
}

// UnknownProfileError is returned for a profile that is neither built in nor among the host's own.
type UnknownProfileError struct {
	Name  string
	Known []string // the built-in ones
}

// Error names what was looked for, and where.
func (e *UnknownProfileError) Error() string {
	return fmt.Sprintf("cannot find profile %q: built in are %s, others live in %s", e.Name, strings.Join(e.Known, ", "), ProfileDir)
}

func profilePath(name string) string { return ProfileDir + "/" + name + ".yaml" }

// findProfile reads one profile, without what it extends. A file with the name of a built-in profile is refused: two
// meanings of "server" on a fleet would be found out only by a failure.
func findProfile(r ProfileReader, name string) (ProfileFile, error) {
	var known []string
	var found ProfileFile
	for _, f := range profileFiles() {
		known = append(known, f.Name.Text)
		if f.Name.Text == name {
			found = f
		}
	}
	if !profileName(name) {
		return ProfileFile{}, &UnknownProfileError{Name: name, Known: known}
	}
	data, err := r.ReadFile(profilePath(name))
	switch {
	case err == nil && found.File != "":
		return ProfileFile{}, fmt.Errorf("cannot use %s: profile %s is built in, give yours another name", profilePath(name), name)
	case err == nil:
		return ParseProfile(data, profilePath(name))
	case !errors.Is(err, fs.ErrNotExist):
		return ProfileFile{}, fmt.Errorf("cannot read profile %s: %w", name, err)
	case found.File == "":
		return ProfileFile{}, &UnknownProfileError{Name: name, Known: known}
	}
	return found, nil
}

// profileName reports whether s can name a profile, and so a file: letters, digits, '-', '_' and dots inside.
func profileName(s string) bool {
	odd := func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_' && r != '.'
	}
	return s != "" && s[0] != '.' && len(s) <= 64 && strings.IndexFunc(s, odd) < 0
}
