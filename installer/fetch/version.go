package fetch

import (
	"cmp"
	"fmt"
	"regexp"
	"strconv"
)

// Version is a release of Go. The zero value is none.
type Version struct {
	major, minor, patch int
	pre                 string // "beta" or "rc"; "" for a release proper
	number              int    // of the beta or release candidate
}

// The names of all releases there ever were: go1, go1.2.2, go1.9.2rc2, go1.21.0, go1.26rc1. Numbers are short, so that
// none overflows.
func versionForm() *regexp.Regexp {
	const n, positive = `(0|[1-9]\d{0,4})`, `([1-9]\d{0,4})`
	return regexp.MustCompile(`^(?:go)?` + n + `(?:\.` + n + `)?(?:\.` + n + `)?(?:(beta|rc)` + positive + `)?$`)
}

// ParseVersion reads the name of a release, with or without "go" in front. "1.26" names no release but a series, since
// the first release of a series is called 1.26.0 (from Go 1.21 on): it is an error, see [ParseWish].
func ParseVersion(s string) (Version, error) {
	v, _, ok := parseVersion(s)
	if !ok {
		return Version{}, Fail(BadSetting, "Go's releases are called 1.26.3, 1.26.0 or 1.27rc1",
			"cannot take %q for a release of Go", s)
	}
	return v, nil
}

// parseVersion also says whether s names a series. Of the old names, 1.20 is both a release and a series.
func parseVersion(s string) (v Version, series, ok bool) {
	m := versionForm().FindStringSubmatch(s)
	if m == nil {
		return Version{}, false, false
	}
	v.major, _ = strconv.Atoi(m[1]) // the form has digits only
	v.minor, _ = strconv.Atoi(m[2])
	v.patch, _ = strconv.Atoi(m[3])
	v.pre = m[4]
	v.number, _ = strconv.Atoi(m[5])
	series = m[3] == "" && v.pre == ""
	// From 1.21 on a name without a patch is no release: https://go.dev/doc/toolchain#name
	return v, series, !series || v.before121()
}

func (v Version) before121() bool { return v.major == 1 && v.minor < 21 }

// String returns the name without "go": "1.26.3", "1.27rc1".
func (v Version) String() string {
	s := strconv.Itoa(v.major)
	if v.minor > 0 {
		s += "." + strconv.Itoa(v.minor)
	}
	if v.patch > 0 || v.pre == "" && !v.before121() {
		s = fmt.Sprintf("%d.%d.%d", v.major, v.minor, v.patch)
	}
	if v.pre != "" {
		s += v.pre + strconv.Itoa(v.number)
	}
	return s
}

// Toolchain returns the name that a go.mod and the release list use: "go1.26.3".
func (v Version) Toolchain() string { return "go" + v.String() }

// Series returns the language version: "1.26".
func (v Version) Series() string { return fmt.Sprintf("%d.%d", v.major, v.minor) }

// Stable reports whether v is neither a beta nor a release candidate.
func (v Version) Stable() bool { return v.pre == "" }

// IsZero reports whether v is no version at all.
func (v Version) IsZero() bool { return v == Version{} }

// Compare is negative when v is older than w, and 0 when they are the same.
func (v Version) Compare(w Version) int {
	return cmp.Or(
		cmp.Compare(v.major, w.major),
		cmp.Compare(v.minor, w.minor),
		cmp.Compare(v.patch, w.patch),
		cmp.Compare(v.stage(), w.stage()),
		cmp.Compare(v.number, w.number),
	)
}

// stage orders what comes before a release.
func (v Version) stage() int { return map[string]int{"beta": 0, "rc": 1, "": 2}[v.pre] }
