package host

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
)

// KernelVersion is the part of a kernel release that decides which keys and defaults it has. The zero value stands for
// an unknown kernel, or, in the catalogue, for "before all kernels that it speaks of".
type KernelVersion [2]int // major and minor, {6, 18}

// ParseKernelVersion reads the release of uname(2) or /proc/sys/kernel/osrelease: "6.8.0-45-generic", "6.18.44-fc",
// "7.0-rc3".
func ParseKernelVersion(release string) (KernelVersion, error) {
	major, rest, found := strings.Cut(strings.TrimSpace(release), ".")
	digits := strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
	if digits < 0 {
		digits = len(rest)
	}
	a, errMajor := strconv.ParseUint(major, 10, 16)
	b, errMinor := strconv.ParseUint(rest[:digits], 10, 16)
	if !found || errMajor != nil || errMinor != nil {
		return KernelVersion{}, fmt.Errorf("cannot read kernel release %q: want one like 6.8.0-45-generic", release)
	}
	return KernelVersion{int(a), int(b)}, nil
}

// Known reports whether v is a version at all.
func (v KernelVersion) Known() bool { return v != KernelVersion{} }

// Less reports whether v came before w.
func (v KernelVersion) Less(w KernelVersion) bool {
	return cmp.Or(cmp.Compare(v[0], w[0]), cmp.Compare(v[1], w[1])) < 0
}

// String is the version as in "6.18", and "unknown" for the zero value.
func (v KernelVersion) String() string {
	if !v.Known() {
		return "unknown"
	}
	return fmt.Sprintf("%d.%d", v[0], v[1])
}

// UnmarshalText reads a version of catalogue.yaml.
func (v *KernelVersion) UnmarshalText(text []byte) error {
	w, err := ParseKernelVersion(string(text))
	if err != nil {
		return err
	}
	*v = w
	return nil
}
