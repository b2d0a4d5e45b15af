package catalogue

import (
	"fmt"
	"maps"
	"slices"
)

// Kind is the form of a key's value.
type Kind string

// The kinds of key.
const (
	Int    Kind = "int"    // one integer
	Vector Kind = "vector" // several integers, parted by white space
	Word   Kind = "word"   // the name of a congestion control or a queue discipline
	Bool   Kind = "bool"   // 0 or 1
	Bitmap Kind = "bitmap" // one integer whose bits are switches
	Ports  Kind = "ports"  // a list of port numbers and ranges: 8080,9000-9010
)

// Rule says when a value is enough for another one, and so in which direction mode raise moves it.
type Rule string

// The rules of comparison.
const (
	AtLeast Rule = "at-least"
	AtMost  Rule = "at-most"
	Exact   Rule = "exact"
)

// Scope says who shares a value.
type Scope string

// The scopes of a key.
const (
	PerNetns Scope = "netns"  // each network namespace has its own
	Global   Scope = "global" // one for the whole machine
)

// Field is one component of a value.
type Field struct {
	Name string `yaml:"name"` // as the kernel's documentation calls it: "min", "default", "max"
	Unit string `yaml:"unit"` // "bytes", "pages", "seconds", "connections" …
	Min  int64  `yaml:"min"`  // the smallest sensible value, where the kernel itself takes nonsense
	Max  int64  `yaml:"max"`  // for a Bitmap: all switches together
	Rule Rule   `yaml:"rule"`
	// Takes is what the kernel itself takes, where the catalogue knows it: wider than Min and Max, which are sensible.
	Takes []Range `yaml:"takes"`
}

// Default is what the kernel starts with, from one version on.
type Default struct {
	Since KernelVersion `yaml:"since"` // zero: as far back as the catalogue goes
	Value string        `yaml:"value"` // with a "$" in place of the number that Scale gives; "" where By decides
	Scale Scale         `yaml:"scale"` // how the kernel computes that number from the size of memory
	By    string        `yaml:"by"`    // who decides where the kernel's source does not: "kernel configuration", "systemd"
	Note  string        `yaml:"note"`  // what a reader should know about it
}

// Myth is something that is often said about a key and is not so.
type Myth struct {
	Claim string `yaml:"claim"`
	Truth string `yaml:"truth"`
}

// Key is one entry of the catalogue.
type Key struct {
	Name   string   `yaml:"name"` // with dots: "net.ipv4.tcp_rmem"
	Kind   Kind     `yaml:"kind"`
	Fields []Field  `yaml:"fields"` // one for each component of the value; one also for words and port lists
	Words  []string `yaml:"words"`  // the usual values of a Word; modules may bring others
	// Ascending keys want each field to be no smaller than the one before it.
	Ascending bool `yaml:"ascending"`
	// Piecewise keys take field by field: what is refused in the middle leaves those before it changed.
	Piecewise bool  `yaml:"piecewise"`
	Scope     Scope `yaml:"scope"`
	// Inherit: a new network namespace copies the value of the initial one instead of starting with the default.
	Inherit bool `yaml:"inherit"`
	// MemoryScaled: the default depends on the size of memory.
	MemoryScaled bool `yaml:"memory_scaled"`
	// Module is the kernel module without which the key does not exist.
	Module string `yaml:"module"`
	// Conditions must be met by a value, or the kernel refuses it: see [Key.Judge].
	Conditions []Condition   `yaml:"conditions"`
	Since      KernelVersion `yaml:"since"`   // the first kernel with this key; zero: older than the catalogue
	Removed    KernelVersion `yaml:"removed"` // the first kernel without it; zero: still there
	// NoEffect is the first kernel that takes a value and does nothing with it; zero: it has its effect.
	NoEffect KernelVersion `yaml:"no_effect"`
	Instead  string        `yaml:"instead"` // what to do instead of setting a key without effect; may be ""
	// NotOurs says whose business the key is where no built-in profile will ever set it, "routing" for instance.
	NotOurs  string    `yaml:"not_ours"`
	Defaults []Default `yaml:"defaults"`
	Explain  string    `yaml:"explain"`
	Myths    []Myth    `yaml:"myths"`
	Sources  []string  `yaml:"sources"`
	Order    int       `yaml:"-"` // the place in the catalogue, from 0
	// Reviewed is the newest kernel that this entry was held against: [Catalogue.Newest].
	Reviewed KernelVersion `yaml:"-"`
}

// Unit is the unit that all fields of k share, or "" where they differ.
func (k Key) Unit() string {
	for _, f := range k.Fields {
		if f.Unit != k.Fields[0].Unit {
			return ""
		}
	}
	return k.Fields[0].Unit
}

// RemovedKey is a key that kernels had once, or never, and that advice on the net still names.
type RemovedKey struct {
	Name    string        `yaml:"name"`    // "*" at its end stands for the rest of a name
	Removed KernelVersion `yaml:"removed"` // the first kernel without it; zero: Linux never had it
	Reason  string        `yaml:"reason"`
	Instead string        `yaml:"instead"` // what to do now, "*" in it is that rest; may be ""
}

// Alias is a second name of a variable: what is written to either is read from both.
type Alias struct {
	Name string `yaml:"name"`
	Of   string `yaml:"of"`
}

// Misspelling is a wrong name that circulates.
type Misspelling struct {
	Wrong string `yaml:"wrong"`
	Right string `yaml:"right"`
}

// Data is catalogue.yaml, as the generator reads it and as it is compiled in.
type Data struct {
	Newest   KernelVersion `yaml:"newest"`
	Keys     []Key         `yaml:"keys"`
	Aliases  []Alias       `yaml:"aliases"`
	Removed  []RemovedKey  `yaml:"removed"`
	Misspelt []Misspelling `yaml:"misspelt"`
}

// Catalogue is what tcptune knows about the kernel's keys.
type Catalogue struct {
	data   Data
	byName map[string]int      // full name -> place in data.Keys
	byLast map[string][]string // last component -> full names
	lasts  []string            // the last components, sorted
}

// Load returns the catalogue that is compiled in.
func Load() (*Catalogue, error) { return New(compiled()) }

// New indexes data. It fails where two entries contradict each other.
func New(data Data) (*Catalogue, error) {
	n := len(data.Keys)
	c := &Catalogue{data: data, byName: make(map[string]int, n), byLast: make(map[string][]string, n)}
	for i := range data.Keys {
		name := data.Keys[i].Name
		if _, twice := c.byName[name]; twice {
			return nil, fmt.Errorf("cannot use the catalogue: %s stands in it twice", name)
		}
		data.Keys[i].Order, data.Keys[i].Reviewed = i, data.Newest
		c.byName[name] = i
		last := lastWord(name)
		c.byLast[last] = append(c.byLast[last], name)
	}
	if err := c.link(); err != nil {
		return nil, err
	}
	c.lasts = slices.Sorted(maps.Keys(c.byLast))
	for _, m := range data.Misspelt {
		if _, known := c.byName[m.Right]; !known {
			return nil, fmt.Errorf("cannot use the catalogue: %s is corrected to %s, which it does not know", m.Wrong, m.Right)
		}
	}
	return c, nil
}

// Keys returns all keys in the order in which they are to be written: a key that bounds another one comes first. The
// slice is the catalogue's own and must not be changed.
func (c *Catalogue) Keys() []Key { return c.data.Keys }

// Names are the full names of all keys, in the order of Keys.
func (c *Catalogue) Names() []string {
	names := make([]string, len(c.data.Keys))
	for i, k := range c.data.Keys {
		names[i] = k.Name
	}
	return names
}

// NamesOf are all names of the variable that name stands for, name itself first.
func (c *Catalogue) NamesOf(name string) []string {
	names := []string{name}
	for _, a := range c.data.Aliases {
		for _, is := range [][2]string{{a.Name, a.Of}, {a.Of, a.Name}} {
			if is[0] == name {
				names = append(names, is[1])
			}
		}
	}
	return names
}

// Aliases are the second names of variables. The slice is the catalogue's own and must not be changed.
func (c *Catalogue) Aliases() []Alias { return c.data.Aliases }

// RemovedKeys are the keys that kernels had once. The slice is the catalogue's own and must not be changed.
func (c *Catalogue) RemovedKeys() []RemovedKey { return c.data.Removed }

// Misspellings are the wrong names that circulate. The slice is the catalogue's own and must not be changed.
func (c *Catalogue) Misspellings() []Misspelling { return c.data.Misspelt }

// Newest is the newest kernel that the catalogue was held against. About a newer one it makes no statement.
func (c *Catalogue) Newest() KernelVersion { return c.data.Newest }

// Covers reports whether the catalogue speaks about the kernel v.
func (c *Catalogue) Covers(v KernelVersion) bool { return v.Known() && !c.data.Newest.Less(v) }
