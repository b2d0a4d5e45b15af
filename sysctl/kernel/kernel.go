// Package kernel gathers what is known of the kernel of a host, or of those that are installed in an image: what the
// conditions of the catalogue are judged by. It is the one place that asks for it, once for each run, so that a forecast,
// a plan, a check and an explanation cannot differ. It judges nothing and writes nothing.
package kernel

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/sysctl/catalogue"
	"github.com/tcptune/tcptune/sysctl/whowins"
)

// Facts is what is known of the kernel.
type Facts struct {
	Catalogue *catalogue.Catalogue // by which it was asked

	Live      bool
	Kernel    catalogue.KernelVersion   // the one that runs; unknown for an image
	Installed []catalogue.KernelVersion // the kernels in an image, one of which will boot
	Memory    int64                     // bytes, 0 for an image
	// Modules are those that a key or a word of the catalogue needs. For an image it is what all of its kernels have.
	Modules map[string]host.ModuleState
	Locked  bool // kernel.modules_disabled: nothing more can be loaded until the next boot
	Own     bool // a network namespace other than the kernel's first one
	Lists   map[string]string
	Running map[string]string // what keys hold by whose values others are judged
	Unseen  string            // why modules are not known, where they are not
}

// Observe asks h for what the keys of cat need. words are values that are wanted or assigned somewhere: those that only a
// module can bring have it looked up.
func Observe(h host.Host, cat *catalogue.Catalogue, words []string) (f Facts, err error) {
	f.Catalogue, f.Live = cat, h.Live()
	modules := modulesOf(cat, words)
	if !f.Live {
		return f, f.observeInstalled(h, modules)
	}
	memory, err := h.MemTotal()
	if err != nil {
		return f, err
	}
	f.Memory = int64(memory)
	release, err := h.KernelRelease()
	if err != nil {
		return f, err
	}
	if f.Kernel, err = host.ParseKernelVersion(release); err != nil {
		return f, err
	}
	if locked, err := h.ReadKnob("kernel.modules_disabled"); err == nil {
		f.Locked = locked == "1"
	}
	// Only the first network namespace can write the keys of the whole machine (net/core/sysctl_net_core.c).
	f.Own = errors.Is(h.CanWriteKnob("net.core.rmem_max"), unix.EACCES)
	f.Lists = map[string]string{}
	for _, k := range cat.Keys() {
		for _, c := range k.Conditions {
			for _, list := range []string{c.Listed, c.Allowed} {
				if list == "" {
					continue
				}
				if value, err := h.ReadKnob(list); err == nil {
					f.Lists[list] = value
				}
			}
		}
	}
	f.Running = map[string]string{}
	for _, k := range cat.Keys() {
		if !k.Piecewise && !slices.Contains(cat.Operands(), k.Name) {
			continue
		}
		if value, err := h.ReadKnob(k.Name); err == nil {
			f.Running[k.Name] = value
		}
	}
	return f, f.observeModules(h, modules)
}

// modulesOf are the modules that bring keys, and those that a key of cat needs, or one of its words or of words.
func modulesOf(cat *catalogue.Catalogue, words []string) []string {
	names := whowins.Modules()
	for _, k := range cat.Keys() {
		names = append(names, k.Module)
		for _, w := range slices.Concat(k.Words, words) {
			names = append(names, k.ModuleFor(w))
		}
	}
	slices.Sort(names)
	return slices.DeleteFunc(slices.Compact(names), func(name string) bool { return name == "" })
}

// observeInstalled looks at the kernels of an image. It has no running one, so what counts of a module is whether all of
// them have it.
func (f *Facts) observeInstalled(h host.Host, modules []string) error {
	releases, err := h.InstalledKernels()
	if err != nil {
		return err
	}
	f.Modules = map[string]host.ModuleState{}
	f.Unseen = "no kernel is installed in this image"
	for i, r := range releases {
		v, err := host.ParseKernelVersion(r)
		if err != nil {
			return err
		}
		f.Installed = append(f.Installed, v)
		states, err := h.ModulesIn(r, modules...)
		if err != nil {
			return err
		}
		f.Unseen = "the kernels that are installed in this image differ in it"
		for m, st := range states {
			if i > 0 {
				st = both(f.Modules[m], st)
			}
			f.Modules[m] = st
		}
	}
	return nil
}

// both is the state of a module in two kernels, one of which will boot.
func both(a, b host.ModuleState) host.ModuleState {
	there := func(s host.ModuleState) bool { return s == host.ModuleBuiltin || s == host.ModuleLoadable }
	switch {
	case a == b:
		return a
	case there(a) && there(b):
		return host.ModuleLoadable
	}
	return host.ModuleUnknown
}

// observeModules looks the modules up on the running kernel. Where its module lists are not there, as on kernels made
// without modules, its configuration answers if it can be read, and what it lists where it has no modules at all.
func (f *Facts) observeModules(h host.Host, names []string) (err error) {
	if f.Modules, err = h.Modules(names...); err != nil {
		return err
	}
	f.Unseen = "neither the lists of its modules nor its configuration can be read here"
	unknown := map[string]string{} // the option of each module that nothing is known of
	for m, st := range f.Modules {
		if option := optionOf(m); st == host.ModuleUnknown && option != "" {
			unknown[m] = option
		}
	}
	if len(unknown) == 0 {
		return nil
	}
	config, err := h.KernelConfigText()
	if err != nil || len(config) == 0 {
		return nil //nolint:nilerr // not visible, so they stay unknown
	}
	built := host.ParseKernelConfig(config, slices.Collect(maps.Values(unknown))...)
	for m, option := range unknown {
		switch built[option] {
		case "y":
			f.Modules[m] = host.ModuleBuiltin
		case "m": // it may be installed somewhere out of sight
		default:
			f.Modules[m] = host.ModuleAbsent
		}
	}
	return nil
}

// options are what the names of modules become in the configuration of the kernel: tcp_bbr is CONFIG_TCP_CONG_BBR.
var options = [...]struct{ module, option string }{
	{"tcp_", "CONFIG_TCP_CONG_"},
	{"sch_", "CONFIG_NET_SCH_"},
	{"nf_", "CONFIG_NF_"},
	{"br_netfilter", "CONFIG_BRIDGE_NETFILTER"},
}

// optionOf is the option that a module is built by, or "" where that is not known.
func optionOf(module string) string {
	for _, o := range options {
		if rest, ok := strings.CutPrefix(module, o.module); ok {
			return o.option + strings.ToUpper(rest)
		}
	}
	return ""
}

// Machine is what is known of the machine that a value is written to. value is what another key holds at that moment.
func (f Facts) Machine(value func(key string) (string, bool)) catalogue.Machine {
	m := catalogue.Machine{
		Kernels: f.Installed, Unseen: f.Unseen, Modules: f.Modules, Lists: f.Lists, Locked: f.Locked, Own: f.Own, Value: value,
	}
	if f.Live {
		m.Kernels = []catalogue.KernelVersion{f.Kernel}
	}
	return m
}

// Key is the entry of the catalogue for the key name, or one that knows nothing but the name.
func (f Facts) Key(name string) catalogue.Key {
	if k, known := f.Catalogue.Find(name); known {
		return k
	}
	return catalogue.Key{Name: name}
}

// Default is the value that k has when nothing sets it, where that is known: on the running kernel, and for an image when
// all kernels that are installed in it agree.
func (f Facts) Default(k catalogue.Key) (value string, known bool) {
	if f.Live {
		value, known = k.DefaultOn(f.Kernel, f.Memory)
		return k.Normal(value), known
	}
	for i, v := range f.Installed {
		d, ok := k.DefaultOn(v, 0)
		if !ok || i > 0 && d != value {
			return "", false
		}
		value, known = d, true
	}
	return k.Normal(value), known
}
