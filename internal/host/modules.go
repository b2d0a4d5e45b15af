package host

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
)

// ModuleState says whether a piece of the kernel is there.
type ModuleState string

// The states of a module. Loaded and Builtin can be used at once, Loadable after [Host.LoadModule].
const (
	ModuleLoaded   ModuleState = "loaded"
	ModuleBuiltin  ModuleState = "built in"
	ModuleLoadable ModuleState = "loadable"
	ModuleAbsent   ModuleState = "absent"
	// ModuleUnknown is the answer where the lists of the running kernel are not visible, as in containers, and on
	// kernels made without modules, which write no lists.
	ModuleUnknown ModuleState = "not visible"
)

// Usable reports whether the module works without anything being loaded.
func (s ModuleState) Usable() bool { return s == ModuleLoaded || s == ModuleBuiltin }

// Module says whether the running kernel has the module. Name may be spelt with - or _. It is [ErrNoKernel] on an
// image, see [Host.ModulesIn].
func (h Host) Module(name string) (ModuleState, error) {
	states, err := h.Modules(name)
	if err != nil {
		return ModuleUnknown, err
	}
	return states[name], nil
}

// Modules is [Host.Module] for several modules, with each list of the kernel read once.
func (h Host) Modules(names ...string) (map[string]ModuleState, error) {
	if !h.Live() {
		return nil, ErrNoKernel
	}
	u, err := uname()
	if err != nil {
		return nil, err
	}
	return h.modules(u.release, names)
}

// ModulesIn says of each module whether the installed kernel of that release has it, loaded or not: by the lists that
// depmod(8) and the kernel's own build wrote to /lib/modules. It works on images.
func (h Host) ModulesIn(release string, names ...string) (map[string]ModuleState, error) {
	states, _, err := h.modulesIn(release, names)
	return states, err
}

func (h Host) modules(release string, names []string) (map[string]ModuleState, error) {
	loaded, err := h.loaded()
	if err != nil {
		return nil, err
	}
	states, real, err := h.modulesIn(release, names)
	for name, state := range states {
		switch {
		case loaded[moduleName(name)] || loaded[real[name]]:
			states[name] = ModuleLoaded
		// Built-in code shows up in /sys/module too, but only where it has parameters or a version.
		case !state.Usable() && h.exists("/sys/module/"+real[name]):
			states[name] = ModuleBuiltin
		}
	}
	return states, err
}

// loaded are the modules in memory.
func (h Host) loaded() (map[string]bool, error) {
	data, err := h.ReadFile("/proc/modules")
	if errors.Is(err, fs.ErrNotExist) { // a kernel without modules
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot list the loaded modules: %w", Cause(err))
	}
	return parseModules(data), nil
}

// modulesIn says what the lists of a kernel say of each module, and its real name, where it was asked for by an alias.
func (h Host) modulesIn(release string, names []string) (
	states map[string]ModuleState, real map[string]string, err error,
) {
	states, real = map[string]ModuleState{}, map[string]string{}
	for _, name := range names {
		if !validModule(name) {
			return nil, nil, errModuleName(name)
		}
		real[name] = moduleName(name)
	}
	lists := path.Join(modulesDir, release)
	builtin, errB := parsed(h, lists+"/modules.builtin", parseModuleList)
	dep, errD := parsed(h, lists+"/modules.dep", parseModuleList)
	missing := map[string]bool{}
	for name, m := range real {
		switch {
		case builtin.has(m):
			states[name] = ModuleBuiltin
		case dep.has(m):
			states[name] = ModuleLoadable
		case errB != nil || errD != nil:
			states[name] = ModuleUnknown
		default:
			states[name], missing[m] = ModuleAbsent, true
		}
	}
	if len(missing) == 0 {
		return states, real, nil
	}
	// Without the list of aliases, what goes by one counts as absent.
	aliases, _ := parsed(h, lists+"/modules.alias", func(r io.Reader) (map[string]string, error) {
		return parseModuleAliases(r, missing)
	})
	for name, m := range real {
		if missing[m] && dep.has(aliases[m]) {
			states[name], real[name] = ModuleLoadable, aliases[m]
		}
	}
	return states, real, nil
}

// moduleName is the kernel's own spelling: it turns every - of a file name into _, see modprobe(8).
func moduleName(name string) string { return strings.ReplaceAll(name, "-", "_") }

// parseModules reads the names in the text of /proc/modules.
func parseModules(data []byte) map[string]bool {
	names := map[string]bool{}
	for line := range strings.Lines(string(data)) {
		if name, _, ok := strings.Cut(line, " "); ok && name != "" {
			names[moduleName(name)] = true
		}
	}
	return names
}

// moduleNames are the names of a list, each between two newlines: thousands, of which a few are asked for.
type moduleNames []byte

func (n moduleNames) has(name string) bool {
	return name != "" && bytes.Contains(n, []byte("\n"+name+"\n"))
}

// parseModuleList reads the names in a list such as modules.builtin or modules.dep. A line of the latter is
// "kernel/net/ipv4/tcp_bbr.ko.zst: kernel/…", the module before the colon and what it needs after it.
func parseModuleList(r io.Reader) (moduleNames, error) {
	names := moduleNames("\n")
	err := eachLine(r, func(line []byte) {
		if colon := bytes.IndexByte(line, ':'); colon >= 0 {
			line = line[:colon]
		}
		base, suffix, _ := bytes.Cut(line[bytes.LastIndexByte(line, '/')+1:], []byte("."))
		if bytes.HasPrefix(suffix, []byte("ko")) {
			names = append(append(names, plainName(base)...), '\n')
		}
	})
	return names, err
}

// parseModuleAliases finds the modules of the wanted aliases in the text of modules.alias, "alias NAME MODULE".
func parseModuleAliases(r io.Reader, wanted map[string]bool) (map[string]string, error) {
	aliases := map[string]string{}
	return aliases, eachLine(r, func(line []byte) {
		if bytes.IndexByte(line, ':') >= 0 { // the identifier of a device, as nearly all of them are
			return
		}
		rest, _ := bytes.CutPrefix(line, []byte("alias "))
		name, module, _ := bytes.Cut(rest, []byte(" "))
		if name = plainName(name); wanted[string(name)] && aliases[string(name)] == "" {
			aliases[string(name)] = string(plainName(bytes.TrimSpace(module)))
		}
	})
}

// plainName is [moduleName], in place.
func plainName(name []byte) []byte {
	for i, c := range name {
		if c == '-' {
			name[i] = '_'
		}
	}
	return name
}

// parsed is what parse makes of the file at p, which is read as a stream: modules.alias has megabytes.
func parsed[T any](h Host, p string, parse func(io.Reader) (T, error)) (list T, err error) {
	err = h.stream(p, func(r io.Reader) (err error) {
		list, err = parse(r)
		return err
	})
	return list, err
}

// eachLine hands each line to use, which may change it and must not keep it.
func eachLine(r io.Reader, use func(line []byte)) error {
	scanner := bufio.NewScanner(r)
	scanner.Buffer(make([]byte, 64<<10), 1<<20)
	for scanner.Scan() {
		use(scanner.Bytes())
	}
	return scanner.Err()
}
