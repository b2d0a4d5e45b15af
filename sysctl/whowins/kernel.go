package whowins

import (
	"strings"
	"syscall"
)

// Kernel says what becomes of the values that a tool writes: what is known of the machine. Keys are paths below
// /proc/sys.
type Kernel interface {
	// Names are all names of the variable that the key at p is, p first.
	Names(p string) []string
	// Needs are the other keys by whose values a write to the key at p is judged.
	Needs(p string) []string
	// Start is what the key at p holds before the tool writes anything.
	Start(p string) (value string, known bool)
	// Write says what becomes of value when it is written to the key at p. held is what a key holds by then. known is
	// false for a key of which the kernel's rules are not known.
	Write(p, value string, held func(p string) (string, bool)) (w Written, known bool)
}

// Written is what became of one write.
type Written struct {
	Value   string // what the key holds afterwards
	Known   bool   // and whether that can be told
	Refused bool
	Errno   syscall.Errno // the error of a write that is refused
	Reason  string        // why it is refused, or cannot be told
}

// Refusal is an assignment that the kernel does not take: the key keeps what it held.
type Refusal struct {
	Setting

	Reason string
	Errno  syscall.Errno
}

// Under is f for a machine of which more is known: boot is its kernel when systemd-sysctl runs at the next boot, and now
// is the one that tools write to now.
func (f *Forecaster) Under(boot, now Kernel) *Forecaster {
	g := *f
	g.given = map[string]Forecast{}
	g.boot, g.restart, g.system = f.boot.under(boot), f.restart.under(now), f.system.under(now)
	if g.restart != nil {
		g.restart.start = nil
	}
	g.ufw = f.ufw.under(boot)
	g.kernel = f.kernel.under(boot)
	if f.tuned != nil {
		t := *f.tuned
		t.again = t.again.under(boot)
		g.tuned = &t
	}
	g.knows = boot
	return &g
}

func (m *model) under(k Kernel) *model {
	if m == nil {
		return nil
	}
	n := *m
	n.judge = k
	return &n
}

// course is what happens to one key while a tool writes.
type course struct {
	p       string
	names   []string
	value   string
	known   bool // value is what the key holds
	touched bool // a write has changed it, whole or in part
	won     *assignment
	lost    []Setting
	refused []Refusal
	reason  string
	doubt   string // why value is not known, where a write is to blame
}

// begin adds the course of the key at p, unless it is there by one of its names.
func (m *model) begin(r *run, p string) {
	if r.byName[p] != nil {
		return
	}
	c := &course{p: p, names: []string{p}, reason: NobodyAssigns}
	if m.judge != nil {
		c.names = m.judge.Names(p)
		c.value, c.known = m.judge.Start(p)
		if m.start != nil {
			if o := m.start.decide(p); o.Holds != nil {
				c.value, c.known = *o.Holds, true
			}
		}
	}
	r.all = append(r.all, c)
	for _, name := range c.names {
		r.byName[name] = c
	}
}

// write is what becomes of value, written to the key of c by the name p.
func (m *model) write(r *run, p, value string) Written {
	if m.judge != nil {
		held := func(p string) (string, bool) {
			if c := r.byName[p]; c != nil {
				return c.value, c.known
			}
			return m.judge.Start(p)
		}
		if w, known := m.judge.Write(p, value, held); known {
			return w
		}
	}
	if refused(p, value) {
		return Written{Refused: true, Errno: syscall.EINVAL, Reason: "no key takes such a value"}
	}
	return Written{Value: plainNumbers(p, value), Known: true}
}

// plainNumbers is value without a comment behind numbers, which the kernel does not read, whatever the key is. Below
// kernel/ there are free strings.
func plainNumbers(p, value string) string {
	numbers, _, comment := strings.Cut(value, "#")
	before := strings.TrimRight(numbers, " \t")
	if !comment || before == numbers || before == "" || strings.HasPrefix(p, "kernel/") ||
		strings.Trim(before, "0123456789- \t") != "" {
		return value
	}
	return before
}

// take carries out the assignment n of c.
func (m *model) take(r *run, c *course, n *assignment, p string) {
	c.lost = shadow(c.lost, c.p, n.earlier...)
	w := m.write(r, p, n.value)
	if w.Refused {
		c.reason = n.origin.String() + " assigns it, but the kernel refuses the value: " + w.Reason
		c.refused = append(c.refused, Refusal{n.setting(c.p), w.Reason, w.Errno})
		c.lost = shadow(c.lost, c.p, *n)
		if m.judge != nil && w.Known && w.Value != c.value {
			c.value, c.known, c.touched = w.Value, true, true
		}
		return
	}
	if c.won != nil {
		c.lost = shadow(c.lost, c.p, *c.won)
	}
	c.won, c.value, c.known, c.touched, c.doubt = n, w.Value, w.Known, true, ""
	if !w.Known {
		c.doubt = n.origin.String() + " sets " + n.value + ": " + w.Reason
	}
}

// outcome is what has become of c in the end.
func (c *course) outcome() Outcome {
	o := Outcome{Reason: c.reason, Refused: c.refused, Lost: c.lost}
	if c.touched && c.known {
		o.Holds = &c.value
	}
	if c.won == nil {
		return o
	}
	set := c.won.setting(c.p)
	set.Shadowed = c.lost
	o.Lost = nil
	if c.doubt != "" {
		o.Unknown, o.Reason, o.Lost = true, c.doubt, append(c.lost, set)
		return o
	}
	o.Set = &set
	if o.Reason == c.reason && len(c.refused) > 0 && c.refused[len(c.refused)-1].Origin != set.Origin {
		o.Reason = set.Origin.String() + " is the last to assign it that the kernel takes"
		return o
	}
	o.Reason = set.Origin.String() + " is the last to assign it"
	return o
}
