package fetch

import (
	"maps"
	"slices"
	"strings"

	"github.com/tcptune/tcptune/internal/host"
)

// architectures are the names that go.dev/dl uses for Linux, by those of Debian. armel has machines that are too old
// for GOARM=6 and some that are not (ARMv6 with a 64-bit float unit); the trial run of the new toolchain tells them
// apart.
func architectures() map[string]string {
	return map[string]string{
		"amd64": "amd64", "arm64": "arm64", "armhf": "armv6l", "armel": "armv6l", "i386": "386", "loong64": "loong64",
		"ppc64el": "ppc64le", "riscv64": "riscv64", "s390x": "s390x",
	}
}

// Architectures are those that there are builds for, sorted, as go.dev/dl names them.
func Architectures() []string {
	return slices.Compact(slices.Sorted(maps.Values(architectures())))
}

// Arch returns the architecture of h as go.dev/dl names it: amd64, arm64, armv6l, ppc64le, s390x, riscv64, loong64 or
// 386. It is an [Error] with code [NoBuild] on a machine that Go's builds do not know.
func Arch(h host.Host) (string, error) {
	name, err := h.Arch()
	if err != nil {
		return "", err
	}
	if arch := architectures()[name]; arch != "" {
		return arch, nil
	}
	return "", Fail(NoBuild, "there are builds for "+strings.Join(Architectures(), ", "),
		"cannot install Go on %s: there is no build for it", name)
}
