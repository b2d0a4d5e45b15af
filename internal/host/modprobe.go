package host

import (
	"context"
	"errors"
	"fmt"
)

// ErrNoModules is returned where the kernel was made without loadable modules.
var ErrNoModules = errors.New("this kernel has no loadable modules")

// LoadModule loads the module and those that it needs, by modprobe(8), and checks that it is there afterwards: an
// "install" line in /etc/modprobe.d can make modprobe succeed without loading anything. One that is loaded or built in
// is left alone. It is [ErrNoKernel] on an image and [ErrNoModules] where the kernel cannot load any.
func (h Host) LoadModule(ctx context.Context, name string) error {
	if !h.Live() {
		return ErrNoKernel
	}
	if !validModule(name) {
		return errModuleName(name)
	}
	state, err := h.Module(name)
	if err != nil || state.Usable() {
		return err
	}
	if !h.exists("/proc/modules") {
		return fmt.Errorf("cannot load module %s: %w", name, ErrNoModules)
	}
	if _, err := h.Run(ctx, "modprobe", "--", name); err != nil {
		return fmt.Errorf("cannot load module %s: %w", name, err)
	}
	state, err = h.Module(name)
	if err != nil {
		return err
	}
	// Unknown is taken as success: modprobe has just said so, and a kernel whose lists are hidden cannot confirm it.
	if !state.Usable() && state != ModuleUnknown {
		return fmt.Errorf(
			"cannot load module %s: modprobe succeeded, but it is not loaded; is there an install line in /etc/modprobe.d?",
			name,
		)
	}
	return nil
}

// validModule keeps words that cannot be a module, options among them, away from modprobe and from paths.
// MODULE_NAME_LEN is 64 less the size of a pointer (include/linux/moduleparam.h).
func validModule(name string) bool {
	if name == "" || len(name) > 56 || name[0] == '-' {
		return false
	}
	for _, r := range name {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '_', r == '-':
		default:
			return false
		}
	}
	return true
}

func errModuleName(name string) error { return fmt.Errorf("cannot be the name of a module: %q", name) }
