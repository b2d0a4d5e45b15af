package whowins

import (
	"strings"
	"sync"
	"syscall"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/sysctl/catalogue"
)

// Made is what became of one write.
type Made struct {
	Value   string
	Known   bool
	Refused bool
	Errno   syscall.Errno
	Reason  string
}

// KernelRules are the decisions of the kernel, each of which can be switched over, to see that trees decide it.
type KernelRules struct {
	RefusedStays bool // a refused value leaves what was there
	Ranges       bool // what is out of range is refused
	OtherKeys    bool // and what does not fit another key
	AtItsMoment  bool // by the value that this has when the tool writes, not by what it had before
	Listed       bool // only words that the kernel lists are taken
	TextBehind   bool // text behind a number does not count
	FieldByField bool // what is refused in the middle of a vector leaves the fields before it changed
}

// TheKernel are the rules as they are.
func TheKernel() KernelRules { return KernelRules{true, true, true, true, true, true, true} }

// Kernel is the kernel of this machine as the catalogue has it, in the network namespace of the sandbox.
type Kernel struct {
	KernelRules

	Lists map[string]string
}

var judgedBy = sync.OnceValues(func() (known struct {
	keys    map[string]catalogue.Key // by path
	version catalogue.KernelVersion
}, err error,
) {
	cat, err := catalogue.Load()
	if err != nil {
		return known, err
	}
	known.keys = map[string]catalogue.Key{}
	for _, k := range cat.Keys() {
		known.keys[host.SwapSeparators(k.Name)] = k
	}
	release, err := host.Host{}.KernelRelease()
	if err != nil {
		return known, err
	}
	known.version, err = host.ParseKernelVersion(release)
	return known, err
})

// Initially is what the key at p holds before a tool runs.
func Initially(p string) string {
	if value, conditional := Conditional()[p]; conditional {
		return value
	}
	return Initial
}

// Needs are the keys by whose values the one at p is judged.
func (k Kernel) Needs(p string) []string {
	switch p {
	case "net/ipv4/ip_local_port_range":
		return []string{"net/ipv4/ip_unprivileged_port_start"}
	case "net/ipv4/ip_unprivileged_port_start":
		return []string{"net/ipv4/ip_local_port_range"}
	}
	return nil
}

// Start is what the key at p holds before a tool runs.
func (Kernel) Start(p string) (string, bool) { return Initially(p), true }

// Write is what becomes of value, and whether the rules for the key at p are known.
func (k Kernel) Write(p, value string, held func(string) (string, bool)) (w Made, known bool) {
	by, err := judgedBy()
	if err != nil {
		return w, false
	}
	key, known := by.keys[p]
	if !known { // all the others take one number
		words := strings.FieldsFunc(value, func(r rune) bool { return r == ' ' || r == '\t' })
		if len(words) == 0 || strings.ContainsAny(words[0], "\r\v\f") {
			return w, false
		}
		return Made{Value: words[0], Known: true}, true
	}
	if !k.OtherKeys {
		key.Conditions = nil
	}
	key.Piecewise = key.Piecewise && k.FieldByField
	for i := range key.Fields {
		if !k.Ranges {
			key.Fields = append([]catalogue.Field{}, key.Fields...)
			key.Fields[i].Takes, key.Fields[i].Min, key.Fields[i].Max = nil, -1<<62, 1<<62
		}
	}
	if words := strings.Fields(value); !k.TextBehind && len(words) > len(key.Fields) && key.Kind != catalogue.Word {
		return Made{Refused: true, Errno: syscall.EINVAL}, true
	}
	lists := k.Lists
	if !k.Listed && key.Kind == catalogue.Word {
		lists = map[string]string{}
		for name := range k.Lists {
			lists[name] = value
		}
	}
	m := catalogue.Machine{
		Kernels: []catalogue.KernelVersion{by.version}, Lists: lists, Own: true,
		Modules: map[string]host.ModuleState{key.ModuleFor(value): host.ModuleAbsent},
		Value: func(name string) (string, bool) {
			if other := host.SwapSeparators(name); other != p && !k.AtItsMoment {
				return Initially(other), true
			}
			return held(host.SwapSeparators(name))
		},
	}
	own, ownKnown := held(p)
	var j catalogue.Judgement
	w.Value, w.Known, j = key.Write(value, own, ownKnown, m)
	w.Reason, w.Errno = j.Reason, j.Errno
	w.Refused = j.Taken == catalogue.Refuses
	if w.Refused && !k.RefusedStays {
		return Made{Value: key.Normal(value), Known: true}, true
	}
	return w, true
}
