package host

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// modulesDir holds one folder per installed kernel. It is also reached as /usr/lib/modules where /lib is a link.
const modulesDir = "/lib/modules"

// KernelRelease returns what uname -r prints, "6.8.0-60-generic". It is [ErrNoKernel] on an image: the package list
// says what may boot, not what runs. See [Host.InstalledKernels].
func (h Host) KernelRelease() (string, error) {
	if !h.Live() {
		return "", ErrNoKernel
	}
	u, err := uname()
	return u.release, err
}

// InstalledKernels returns the releases that have modules under /lib/modules, oldest first. It is empty where the
// kernel comes from outside, as in containers. Folders without a module list are what removed kernels left behind.
func (h Host) InstalledKernels() ([]string, error) {
	names, err := h.ReadDir(modulesDir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot list %s: %w", modulesDir, Cause(err))
	}
	names = slices.DeleteFunc(names, func(name string) bool {
		_, dep := h.Stat(path.Join(modulesDir, name, "modules.dep"))
		_, builtin := h.Stat(path.Join(modulesDir, name, "modules.builtin"))
		return dep != nil && builtin != nil
	})
	slices.SortFunc(names, CompareReleases)
	return names, nil
}

// CompareReleases orders kernel releases as people do: runs of digits by their value, the rest by its bytes.
func CompareReleases(a, b string) int {
	for a != "" && b != "" {
		na, restA := cutRun(a)
		nb, restB := cutRun(b)
		if isDigit(na[0]) && isDigit(nb[0]) {
			na, nb = strings.TrimLeft(na, "0"), strings.TrimLeft(nb, "0")
			if c := cmp.Compare(len(na), len(nb)); c != 0 {
				return c
			}
		}
		if c := strings.Compare(na, nb); c != 0 {
			return c
		}
		a, b = restA, restB
	}
	return cmp.Compare(len(a), len(b))
}

// cutRun splits off the leading run of digits, or of anything else.
func cutRun(s string) (run, rest string) {
	i := 1
	for i < len(s) && isDigit(s[i]) == isDigit(s[0]) {
		i++
	}
	return s[:i], s[i:]
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
