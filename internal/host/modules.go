package host

import (
	"bytes"
	"errors"
	"fmt"
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
// image, see [Host.ModuleIn].
func (h Host) Module(name string) (ModuleState, error) {
	if !h.Live() {
		return ModuleUnknown, ErrNoKernel
	}
	u, err := uname()
	if err != nil {
		return ModuleUnknown, err
	}
	return h.module(u.release, name)
}

// Loaded reports whether the module is in memory as a module; one that is built in is not. It is [ErrNoKernel] on an
// image.
func (h Host) Loaded(name string) (bool, error) {
	if !h.Live() {
		return false, ErrNoKernel
	}
	return h.loaded(name)
}

// ModuleIn says whether the installed kernel of that release has the module, loaded or not: by the lists that depmod(8)
// and the kernel's own build wrote to /lib/modules. It works on images.
func (h Host) ModuleIn(release, name string) (ModuleState, error) {
	state, _, err := h.moduleIn(release, name)
	return state, err
}

func (h Host) module(release, name string) (ModuleState, error) {
	loaded, err := h.loaded(name)
	if err != nil {
		return ModuleUnknown, err
	}
	if loaded {
		return ModuleLoaded, nil
	}
	state, real, err := h.moduleIn(release, name)
	if err != nil {
		return ModuleUnknown, err
	}
	if real != moduleName(name) { // name was an alias
		if loaded, err := h.loaded(real); err == nil && loaded {
			return ModuleLoaded, nil
		}
	}
	// Built-in code shows up in /sys/module too, but only where it has parameters or a version.
	if !state.Usable() && h.exists("/sys/module/"+real) {
		return ModuleBuiltin, nil
	}
	return state, nil
}

func (h Host) loaded(name string) (bool, error) {
	data, err := h.ReadFile("/proc/modules")
	if errors.Is(err, fs.ErrNotExist) { // a kernel without modules
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("cannot list the loaded modules: %w", Cause(err))
	}
	return parseModules(data)[moduleName(name)], nil
}

// moduleIn also returns the module's real name where name is an alias of it.
func (h Host) moduleIn(release, name string) (ModuleState, string, error) {
	want := moduleName(name)
	if !validModule(name) {
		return ModuleUnknown, want, errModuleName(name)
	}
	dir := path.Join(modulesDir, release)
	builtin, errB := h.ReadFile(path.Join(dir, "modules.builtin"))
	if errB == nil && inModuleList(builtin, want) {
		return ModuleBuiltin, want, nil
	}
	dep, errD := h.ReadFile(path.Join(dir, "modules.dep"))
	if errD == nil && inModuleList(dep, want) {
		return ModuleLoadable, want, nil
	}
	if errB != nil || errD != nil {
		return ModuleUnknown, want, nil
	}
	aliases, err := h.ReadFile(path.Join(dir, "modules.alias"))
	if real := aliasTarget(aliases, want); err == nil && real != "" && real != want && inModuleList(dep, real) {
		return ModuleLoadable, real, nil
	}
	return ModuleAbsent, want, nil
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

// inModuleList reports whether a list such as modules.builtin or modules.dep has a file of the module. A line of the
// latter is "kernel/net/ipv4/tcp_bbr.ko.zst: kernel/…", the module before the colon and what it needs after it.
func inModuleList(data []byte, want string) bool {
	for line := range bytes.Lines(data) {
		file, _, _ := bytes.Cut(bytes.TrimSpace(line), []byte(":"))
		base, _, ok := strings.Cut(path.Base(string(file)), ".ko")
		if ok && moduleName(base) == want {
			return true
		}
	}
	return false
}

// aliasTarget finds the module of an alias without wildcards in the text of modules.alias, "alias NAME MODULE".
func aliasTarget(data []byte, want string) string {
	for line := range bytes.Lines(data) {
		fields := bytes.Fields(line)
		if len(fields) == 3 && string(fields[0]) == "alias" && moduleName(string(fields[1])) == want {
			return moduleName(string(fields[2]))
		}
	}
	return ""
}
