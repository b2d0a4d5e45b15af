package profile

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/sysctl/catalogue"
)

// Dir is where an operator's own profiles live, each in NAME.yaml.
const Dir = "/etc/tcptune/profiles.d"

// Mode says how a profile's value meets the one that the host has.
type Mode string

// The modes of a profile's key.
const (
	Raise     Mode = "raise" // further in the direction of the key's rules, never back
	ExactMode Mode = "exact" // this value and no other
	UnionMode Mode = "union" // what the host has and this: port lists and bitmaps, which a write replaces
)

// Wish is one wanted value.
type Wish struct {
	Key      string
	Value    string // may hold $receive and $send, see [Profile.Resolve]
	Mode     Mode
	Required bool   // apply fails where this cannot be had
	Why      string // the reason, for the operator
	Source   string // "file:line" of the entry
}

// Computed reports whether the value waits for [Profile.Resolve].
func (w Wish) Computed() bool { return strings.Contains(w.Value, "$") }

// Enough reports whether have needs no change where want is wanted. What k cannot have is never enough, however much it
// is: the kernel refuses a number that does not fit, and keeps what it has.
func (w Wish) Enough(k catalogue.Key, have, want string) bool {
	if w.Mode == ExactMode {
		return k.Equal(have, want)
	}
	return k.Validate(have) == nil && k.Satisfies(have, want)
}

// Profile is a set of wanted values, complete: what it extends is in it.
type Profile struct {
	Name    string
	Summary string
	Extends string // the parent's name, or ""
	Keys    []Wish // in catalogue order
	Origin  string // "built in" or the path of the file
	// Bandwidth (bit/s) and RTT describe the path that computed values are meant for when the operator names none.
	Bandwidth int64
	RTT       time.Duration
}

// Computed reports whether some value depends on the path and on memory, and waits for [Profile.Resolve].
func (p Profile) Computed() bool { return slices.ContainsFunc(p.Keys, Wish.Computed) }

// KeyNames are the full names of the keys of p.
func (p Profile) KeyNames() []string {
	names := make([]string, len(p.Keys))
	for i, k := range p.Keys {
		names[i] = k.Key
	}
	return names
}

// Values are the values of the keys of p.
func (p Profile) Values() []string {
	values := make([]string, len(p.Keys))
	for i, k := range p.Keys {
		values[i] = k.Value
	}
	return values
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

// Reader is what profiles need of a host: its files.
type Reader interface {
	ReadFile(path string) ([]byte, error)
	ReadDir(path string) ([]string, error)
}

// Info is a line of the list of profiles.
type Info struct {
	Name    string
	Summary string
	Origin  string // "built in" or the path of the file
	Err     error  // why the file cannot be used; Summary is "" then
}

const builtIn = "built in"

// List lists the built-in profiles, then the host's own in the order of their names. A file that cannot be used
// is listed with its error and hides none of the others.
func List(r Reader) ([]Info, error) {
	var infos []Info
	for _, f := range builtInFiles() {
		infos = append(infos, Info{Name: f.Name.Text, Summary: f.Summary.Text, Origin: builtIn})
	}
	names, err := r.ReadDir(Dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return infos, fmt.Errorf("cannot list profiles: %w", err)
	}
	for _, n := range names {
		name, isProfile := strings.CutSuffix(n, ".yaml")
		if !isProfile || strings.HasPrefix(n, ".") {
			continue
		}
		f, err := find(r, name)
		infos = append(infos, Info{Name: name, Summary: f.Summary.Text, Origin: pathOf(name), Err: err})
	}
	return infos, nil
}

// Load returns the profile name, built in or of [Dir], with all that it extends. Every key is one of cat
// and every value is valid; a mistake in a file is said with its place.
func Load(r Reader, cat *catalogue.Catalogue, name string) (Profile, error) {
	return load(r, cat, name, nil)
}

// LoadText is [Load] for the text of a profile that need not be one of the host's: file is where it is from. What it
// extends is the host's.
func LoadText(r Reader, cat *catalogue.Catalogue, data []byte, file string) (Profile, error) {
	f, err := Parse(data, file)
	if err != nil {
		return Profile{}, err
	}
	return f.complete(r, cat, nil)
}

func load(r Reader, cat *catalogue.Catalogue, name string, below []string) (Profile, error) {
	f, err := find(r, name)
	if err != nil {
		return Profile{}, err
	}
	return f.complete(r, cat, below)
}

// complete is the profile of f with all that it extends. Below are those that extend it.
func (f File) complete(r Reader, cat *catalogue.Catalogue, below []string) (p Profile, err error) {
	name := f.Name.Text
	p = Profile{Name: name, Summary: f.Summary.Text, Extends: f.Extends.Text, Origin: f.Origin()}
	below = append(below, name)
	parent := Profile{}
	if p.Extends != "" {
		if slices.Contains(below, p.Extends) {
			circle := strings.Join(append(below, p.Extends), " -> ")
			return Profile{}, f.errorAt(f.Extends, "profiles extend each other in a circle: %s", circle)
		}
		if parent, err = load(r, cat, p.Extends, below); err != nil {
			if report.Is(err, codeUnknown) {
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

// codeUnknown is the code of the error about a profile that is neither built in nor among the host's own.
const codeUnknown = "unknown-profile"

func unknown(r Reader, name string, builtIn []string) error {
	e := &report.Error{
		Code: codeUnknown, Exit: report.ExitUsage, Hint: "tcptune profile list shows all of them",
		Message: fmt.Sprintf(
			"cannot find profile %q: built in are %s, others live in %s",
			name,
			strings.Join(builtIn, ", "),
			Dir,
		),
	}
	if meant := report.Near(name, append(builtIn, ownNames(r)...)); meant != "" {
		e.Hint += "; did you mean " + meant + "?"
	}
	return e
}

// ownNames are the profiles of the host. Where they cannot be listed there are none to suggest.
func ownNames(r Reader) (names []string) {
	files, _ := r.ReadDir(Dir)
	for _, f := range files {
		if name, isProfile := strings.CutSuffix(f, ".yaml"); isProfile && validName(name) {
			names = append(names, name)
		}
	}
	return names
}

func pathOf(name string) string { return Dir + "/" + name + ".yaml" }

// find reads one profile, without what it extends. A file with the name of a built-in profile is refused: two
// meanings of "server" on a fleet would be found out only by a failure.
func find(r Reader, name string) (File, error) {
	var known []string
	var found File
	for _, f := range builtInFiles() {
		known = append(known, f.Name.Text)
		if f.Name.Text == name {
			found = f
		}
	}
	if !validName(name) {
		return File{}, unknown(r, name, known)
	}
	data, err := r.ReadFile(pathOf(name))
	switch {
	case err == nil && found.File != "":
		return File{}, fmt.Errorf("cannot use %s: profile %s is built in, give yours another name", pathOf(name), name)
	case err == nil:
		return Parse(data, pathOf(name))
	case !errors.Is(err, fs.ErrNotExist):
		return File{}, fmt.Errorf("cannot read profile %s: %w", name, host.Cause(err))
	case found.File == "":
		return File{}, unknown(r, name, known)
	}
	return found, nil
}

// validName reports whether s can name a profile, and so a file: letters, digits, '-', '_' and dots inside.
func validName(s string) bool {
	odd := func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_' && r != '.'
	}
	return s != "" && s[0] != '.' && len(s) <= 64 && strings.IndexFunc(s, odd) < 0
}
