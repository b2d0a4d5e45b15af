package kernel

import (
	"slices"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/sysctl/catalogue"
	"github.com/tcptune/tcptune/sysctl/whowins"
)

// AtBoot is the kernel when systemd-sysctl runs at the next boot: each key holds its default, and modules can be loaded.
func (f Facts) AtBoot() whowins.Kernel {
	f.Locked = false
	return writes{f, f.Default}
}

// Now is the kernel as it runs: what "sysctl --system" would write to. For an image that is the one that was booted.
func (f Facts) Now() whowins.Kernel {
	if !f.Live {
		return f.AtBoot()
	}
	return writes{f, func(k catalogue.Key) (string, bool) { v, known := f.Running[k.Name]; return v, known }}
}

// writes is a kernel, and what its keys hold before anything is written.
type writes struct {
	Facts

	start func(catalogue.Key) (string, bool)
}

// key is the entry for the key at path p, if the catalogue has one.
func (w writes) key(p string) (k catalogue.Key, known bool) {
	name := host.SwapSeparators(p)
	k, found := w.Catalogue.Find(name)
	return k, found && slices.Contains(w.Catalogue.NamesOf(name), k.Name)
}

func (w writes) Names(p string) []string {
	names := w.Catalogue.NamesOf(host.SwapSeparators(p))
	for i, name := range names {
		names[i] = host.SwapSeparators(name)
	}
	return names
}

func (w writes) Needs(p string) (list []string) {
	k, known := w.key(p)
	if !known {
		return nil
	}
	for _, c := range k.Conditions {
		for _, o := range []catalogue.Operand{c.NotBelow, c.NotAbove} {
			if o.Key != "" {
				list = append(list, host.SwapSeparators(o.Key))
			}
		}
	}
	return list
}

func (w writes) Start(p string) (string, bool) {
	k, known := w.key(p)
	if !known {
		return "", false
	}
	return w.start(k)
}

func (w writes) Write(p, value string, held func(string) (string, bool)) (done whowins.Written, known bool) {
	k, known := w.key(p)
	if !known {
		return done, false
	}
	own, ownKnown := held(p)
	var j catalogue.Judgement
	done.Value, done.Known, j = k.Write(value, own, ownKnown, w.Machine(func(key string) (string, bool) {
		return held(host.SwapSeparators(key))
	}))
	done.Reason, done.Errno = j.Reason, j.Errno
	done.Refused = j.Taken == catalogue.Refuses || j.Taken == catalogue.Absent
	if j.Taken == catalogue.Takes && !done.Known {
		done.Reason = "it sets a part of the fields, and what the others hold is not known"
	}
	return done, true
}
