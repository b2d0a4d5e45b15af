package host

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/tcptune/tcptune/internal/trail"
)

// ErrNoKernel is returned where a question needs a running kernel and the host is a folder: the kernel of the machine
// that tcptune runs on says nothing about the one that will boot the image.
var ErrNoKernel = errors.New("an image has no running kernel")

// Host is a machine under a root directory. The zero value is the running machine.
type Host struct {
	root  string // "" for the running machine, otherwise absolute and free of symbolic links
	trail trail.Trail
}

// WithTrail returns h as one that says what it does.
func (h Host) WithTrail(t trail.Trail) Host {
	h.trail = t
	return h
}

// Trail is where h, and whoever works on it, says what it does.
func (h Host) Trail() trail.Trail { return h.trail }

// At returns the host whose root directory is dir. "/" is the running machine.
// It fails when dir cannot be resolved or is no directory.
func At(dir string) (Host, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return Host{}, err
	}
	real, err := filepath.EvalSymlinks(abs)
	if err != nil {
		return Host{}, fmt.Errorf("cannot use root directory %s: %w", dir, Cause(err))
	}
	if real == "/" {
		return Host{}, nil
	}
	fi, err := os.Stat(real)
	if err != nil {
		return Host{}, fmt.Errorf("cannot use root directory %s: %w", dir, Cause(err))
	}
	if !fi.IsDir() {
		return Host{}, fmt.Errorf("cannot use root directory %s: not a directory", dir)
	}
	return Host{root: real}, nil
}

// Live reports whether h is the running machine, the only one with a kernel.
func (h Host) Live() bool { return h.root == "" }

// Root is the root directory of h, "/" for the running machine.
func (h Host) Root() string {
	if h.Live() {
		return "/"
	}
	return h.root
}
