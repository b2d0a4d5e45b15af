package catalogue

import (
	"fmt"
	"slices"
	"strings"
	"syscall"

	"github.com/tcptune/tcptune/internal/host"
)

// Condition ties the values of a key to something outside its line. The kernel refuses a value that does not meet it.
type Condition struct {
	// A number is held against a field of another key, or of the key itself.
	Field    string  `yaml:"field"` // of the value; "" where it has one only
	NotBelow Operand `yaml:"not_below"`
	NotAbove Operand `yaml:"not_above"`

	// A word is held against what the kernel has: every kernel has BuiltIn, and this one what it lists in the key Listed
	// and what modules bring, Module with the word in place of "*". Outside the first network namespace it must also be
	// in the key Allowed.
	BuiltIn []string `yaml:"built_in"`
	Listed  string   `yaml:"listed"`
	Module  string   `yaml:"module"`
	Allowed string   `yaml:"allowed"`
}

// Operand is a field of a key: of the key that has the condition, where Key is "".
type Operand struct {
	Key   string `yaml:"key"`
	Field string `yaml:"field"` // "" where it has one only
	at    int    // the place of Field, which New fills in
}

// given reports whether there is anything to hold a number against.
func (o Operand) given() bool { return o.Key != "" || o.Field != "" }

// Range is what the kernel itself takes for a field, from one version on.
type Range struct {
	Since KernelVersion `yaml:"since"`
	Min   int64         `yaml:"min"`
	Max   int64         `yaml:"max"`
}

// Taken says what the kernel makes of a value that is written to it.
type Taken string

// What becomes of a value.
const (
	Takes   Taken = "taken"
	Refuses Taken = "refused" // the key keeps what it has
	Absent  Taken = "absent"  // there is no such key to write to
	Unsure  Taken = "unknown" // it depends on what is not known
)

// Judgement is what the kernel makes of a value, and why, where it does not simply take it.
type Judgement struct {
	Taken  Taken
	Reason string
	Errno  syscall.Errno // what the write fails with, where it is refused: the tools do not take all errors alike
}

func refuses(errno syscall.Errno, reason string, args ...any) Judgement {
	return Judgement{Refuses, fmt.Sprintf(reason, args...), errno}
}

func unsure(reason string, args ...any) Judgement {
	return Judgement{Taken: Unsure, Reason: fmt.Sprintf(reason, args...)}
}

// Machine is what is known of the machine that is to take a value. The zero value knows nothing.
type Machine struct {
	Kernels []KernelVersion                 // the one that is meant, or several that may be; none: not known
	Unseen  string                          // why that is not known, or modules are not
	Modules map[string]host.ModuleState     // those that matter; one that is missing is not known
	Lists   map[string]string               // what the kernel lists in keys such as tcp_available_congestion_control
	Locked  bool                            // no module can be loaded
	Own     bool                            // a network namespace of its own, not the first one
	Value   func(key string) (string, bool) // what another key holds when the value is written
}

// Operands are the keys against whose values those of c are held.
func (c *Catalogue) Operands() []string {
	var names []string
	for _, k := range c.data.Keys {
		for _, cond := range k.Conditions {
			for _, o := range []Operand{cond.NotBelow, cond.NotAbove} {
				if o.Key != "" {
					names = append(names, o.Key)
				}
			}
		}
	}
	return names
}

// ModuleFor is the module that brings the word value of k, "" where each kernel has it or none is known.
func (k Key) ModuleFor(value string) string {
	for _, c := range k.Conditions {
		if c.Module != "" && k.Kind == Word && !slices.Contains(c.BuiltIn, value) && k.validateWord(value) == nil {
			return strings.ReplaceAll(c.Module, "*", value)
		}
	}
	return ""
}

// Judge says what the kernel of m makes of value: whether it has k, takes such a value at all, and finds the conditions
// met that lie outside the line. What is not known of m makes it [Unsure], with the reason.
func (k Key) Judge(value string, m Machine) Judgement {
	if j := k.exists(m); j.Taken != Takes {
		return j
	}
	switch k.Kind {
	case Word:
		return k.judgeWord(strings.TrimSuffix(value, "\n"), m)
	case Ports:
		// The kernel takes a comma at the end, and no blank anywhere.
		if _, err := parsePorts(strings.TrimSuffix(value, ",")); err != nil || strings.TrimSpace(value) != value {
			return refuses(syscall.EINVAL, "%q is no port list as the kernel reads it: no blanks, no other text", value)
		}
		return Judgement{Taken: Takes}
	}
	numbers, err := k.numbers(value)
	if err != nil {
		return refuses(syscall.EINVAL, "%v", err)
	}
	return k.judgeNumbers(numbers, m)
}

// exists reports whether the kernel of m has k.
func (k Key) exists(m Machine) Judgement {
	var with, without []string
	reason := ""
	for _, v := range m.Kernels {
		if err := k.OnKernel(v); err != nil {
			without, reason = append(without, v.String()), err.Error()
		} else {
			with = append(with, v.String())
		}
	}
	switch {
	case with != nil && without != nil:
		return unsure("Linux %s has %s, Linux %s has not, and either may boot",
			strings.Join(with, ", "), k.Name, strings.Join(without, ", "))
	case without != nil:
		return Judgement{Absent, reason, syscall.ENOENT}
	case len(m.Kernels) == 0 && (k.Since.Known() || k.Removed.Known()):
		return unsure("not every kernel has %s: %s", k.Name, m.unseen())
	case k.Module == "":
		return Judgement{Taken: Takes}
	}
	switch m.Modules[k.Module] {
	case host.ModuleAbsent:
		return Judgement{Absent, fmt.Sprintf("%s comes with module %s, which is neither built in nor installed",
			k.Name, k.Module), syscall.ENOENT}
	case host.ModuleLoaded, host.ModuleBuiltin, host.ModuleLoadable:
		return Judgement{Taken: Takes}
	}
	return unsure("%s comes with module %s: %s", k.Name, k.Module, m.unseen())
}

func (m Machine) unseen() string {
	if m.Unseen == "" {
		return "what the kernel has cannot be seen"
	}
	return m.Unseen
}

func (k Key) judgeWord(word string, m Machine) Judgement {
	for _, c := range k.Conditions {
		if j := k.available(c, word, m); j.Taken != Takes {
			return j
		}
		if c.Allowed == "" || !m.Own {
			continue
		}
		if allowed, known := m.Lists[c.Allowed]; !known {
			return unsure("%s must be in %s, which cannot be read here", word, c.Allowed)
		} else if !slices.Contains(strings.Fields(allowed), word) {
			return refuses(syscall.EPERM,
				"outside the first network namespace only what %s names can be set, and %s is not among it", c.Allowed, word)
		}
	}
	return Judgement{Taken: Takes}
}

// available reports whether the kernel has what goes by the name of word.
func (k Key) available(c Condition, word string, m Machine) Judgement {
	listed := m.Lists[c.Listed]
	if slices.Contains(c.BuiltIn, word) || slices.Contains(strings.Fields(listed), word) {
		return Judgement{Taken: Takes}
	}
	module := k.ModuleFor(word)
	if module == "" {
		return refuses(syscall.ENOENT, "%v", k.validateWord(word))
	}
	switch state := m.Modules[module]; {
	case state == host.ModuleLoaded, state == host.ModuleBuiltin, state == host.ModuleLoadable && !m.Locked:
		return Judgement{Taken: Takes}
	case state == host.ModuleLoadable:
		return refuses(syscall.ENOENT, "module %s is not loaded, and kernel.modules_disabled is 1", module)
	case state == host.ModuleAbsent:
		return refuses(syscall.ENOENT, "this kernel has no %s: module %s is neither built in nor installed", word, module)
	}
	return unsure("%s needs module %s: %s", word, module, m.unseen())
}

// judgeNumbers judges the fields that a write sets. Those that it leaves out keep what they have.
func (k Key) judgeNumbers(numbers []int64, m Machine) Judgement {
	doubt := Judgement{Taken: Takes}
	for i, n := range numbers {
		switch j := k.inRange(i, n, m); j.Taken {
		case Refuses:
			return j
		case Unsure:
			doubt = j
		}
	}
	for _, c := range k.Conditions {
		switch j := k.holds(c, numbers, m); j.Taken {
		case Refuses:
			return j
		case Unsure:
			doubt = j
		}
	}
	return doubt
}

// inRange judges the number n of a field by what the kernels of m take there. Where the catalogue does not say that, what
// is sensible is taken, and of the rest nobody can tell.
func (k Key) inRange(field int, n int64, m Machine) Judgement {
	f := k.Fields[field]
	var takes, refused []Range
	judge := func(r Range) {
		if n < r.Min || n > r.Max {
			refused = append(refused, r)
		} else {
			takes = append(takes, r)
		}
	}
	beyond := false
	for _, v := range m.Kernels {
		if r, known := f.rangeOn(v); known {
			judge(r)
			beyond = beyond || k.Reviewed.Known() && k.Reviewed.Less(v)
		}
	}
	if len(m.Kernels) == 0 {
		for _, r := range f.Takes {
			judge(r)
		}
	}
	switch {
	case refused != nil && (takes != nil || beyond):
		why := "the kernels that may boot do not agree"
		if beyond {
			why = "a newer kernel than the catalogue speaks of may take more"
		} else if len(m.Kernels) == 0 {
			why = m.unseen()
		}
		return unsure("not every kernel takes %d for %s: %s", n, k.Name, why)
	case refused != nil:
		return refuses(syscall.EINVAL, "the kernel takes %d to %d for %s%s, not %d",
			refused[0].Min, refused[0].Max, k.fieldName(field), sinceText(f, refused[0], n), n)
	case takes != nil || n >= f.Min && n <= f.Max:
		return Judgement{Taken: Takes}
	}
	return unsure("%s must be %s, not %d: whether the kernel takes that is not known", k.fieldName(field), f.bounds(), n)
}

// sinceText says from which kernel on n is taken, where one takes it.
func sinceText(f Field, now Range, n int64) string {
	for _, r := range f.Takes {
		if now.Since.Less(r.Since) && n >= r.Min && n <= r.Max {
			return fmt.Sprintf(" before Linux %s", r.Since)
		}
	}
	return ""
}

// rangeOn is what the kernel v takes for f.
func (f Field) rangeOn(v KernelVersion) (r Range, known bool) {
	for _, e := range f.Takes {
		if !v.Less(e.Since) {
			r, known = e, true
		}
	}
	return r, known
}

func (k Key) fieldName(field int) string {
	if len(k.Fields) == 1 {
		return k.Name
	}
	return k.Fields[field].Name + " of " + k.Name
}

// holds judges numbers by a condition about another number.
func (k Key) holds(c Condition, numbers []int64, m Machine) Judgement {
	at := max(0, k.place(c.Field))
	mine, name, known := k.operand(Operand{Field: c.Field, at: at}, numbers, m)
	if !known {
		return unsure("what %s is to begin with is not known", name)
	}
	for _, side := range []struct {
		Operand
		word string
		bad  func(mine, other int64) bool
	}{
		{c.NotBelow, "below", func(mine, other int64) bool { return mine < other }},
		{c.NotAbove, "above", func(mine, other int64) bool { return mine > other }},
	} {
		if !side.given() {
			continue
		}
		other, name, known := k.operand(side.Operand, numbers, m)
		switch {
		case !known:
			return unsure("%s must not be %s %s, and what that will be is not known", k.fieldName(at), side.word, name)
		case side.bad(mine, other):
			return refuses(syscall.EINVAL, "%s must not be %s %s: %d is %s %d",
				k.fieldName(at), side.word, name, mine, side.word, other)
		}
	}
	return Judgement{Taken: Takes}
}

// operand is the number that a condition refers to, and its name.
func (k Key) operand(o Operand, numbers []int64, m Machine) (n int64, name string, known bool) {
	key := o.Key
	if key == "" {
		if o.at < len(numbers) {
			return numbers[o.at], "its " + o.Field, true
		}
		key = k.Name
	}
	if name = key; o.Field != "" {
		name = o.Field + " of " + key
	}
	if m.Value == nil {
		return 0, name, false
	}
	text, known := m.Value(key)
	words := strings.Fields(text)
	if !known || o.at >= len(words) {
		return 0, name, false
	}
	n, err := parseInteger(words[o.at])
	return n, name, err == nil
}

// link finds the fields that the conditions of the catalogue name.
func (c *Catalogue) link() error {
	for i := range c.data.Keys {
		k := &c.data.Keys[i]
		for j := range k.Conditions {
			cond := &k.Conditions[j]
			if cond.Field != "" && k.place(cond.Field) < 0 {
				return fmt.Errorf("cannot use the catalogue: a condition of %s is about its %s", k.Name, cond.Field)
			}
			for _, o := range []*Operand{&cond.NotBelow, &cond.NotAbove} {
				other := *k
				if at, known := c.byName[o.Key]; known {
					other = c.data.Keys[at]
				} else if o.Key != "" {
					return fmt.Errorf("cannot use the catalogue: a condition of %s is about %s", k.Name, o.Key)
				}
				if o.given() && o.Field != "" {
					if o.at = other.place(o.Field); o.at < 0 {
						return fmt.Errorf("cannot use the catalogue: a condition of %s is about %s of %s", k.Name, o.Field, other.Name)
					}
				}
			}
		}
	}
	return nil
}

// place is the place of the field name in the value of k, or -1.
func (k Key) place(name string) int {
	return slices.IndexFunc(k.Fields, func(f Field) bool { return f.Name == name })
}
