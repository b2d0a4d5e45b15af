package fetch

import (
	"slices"
	"strings"
)

// Wish is what somebody asks for: the latest release, the newest patch of a series, or one release. The zero value is
// the latest.
type Wish struct {
	version Version
	series  bool // any release of version's series that is not older than version
}

// ParseWish reads "latest" (or nothing), "1.26" for the newest patch of a series, and "1.26.3" or "1.27rc1" for exactly
// that release; "go" may stand in front. Releases that are called like a series are meant by "go1.20" and "1.20.0".
func ParseWish(s string) (Wish, error) {
	if s == "" || s == "latest" {
		return Wish{}, nil
	}
	v, series, ok := parseVersion(s)
	if !ok && !series {
		return Wish{}, Fail(BadSetting, "ask for latest, 1.26, 1.26.3 or 1.27rc1", "cannot take %q for a version of Go", s)
	}
	if ok && strings.HasPrefix(s, "go") {
		series = false
	}
	return Wish{version: v, series: series}, nil
}

// String is how the wish is written: "latest", "1.26", "1.26.3".
func (w Wish) String() string {
	switch {
	case w == Wish{}:
		return "latest"
	case w.series && w.version.patch == 0:
		return w.version.Series()
	}
	return w.version.String()
}

// Exact returns the one release that will do, if there is only one.
func (w Wish) Exact() (Version, bool) { return w.version, w != Wish{} && !w.series }

// Pick returns the newest of these versions that fulfils the wish. Betas and candidates are only taken when named.
func (w Wish) Pick(from []Version) (Version, bool) {
	var best Version
	for _, v := range from {
		if w.Allows(v) && (best.IsZero() || v.Compare(best) > 0) {
			best = v
		}
	}
	return best, !best.IsZero()
}

// Allows reports whether v fulfils the wish.
func (w Wish) Allows(v Version) bool {
	switch {
	case w == Wish{}:
		return v.Stable()
	case w.series:
		return v.Stable() && v.Series() == w.version.Series() && v.Compare(w.version) >= 0
	}
	return v == w.version
}

// ReachedBy reports whether v is at least what a go line asks for that reads as w does. The language 1.26 is older than each
// release of it, 1.26rc1 included.
func (w Wish) ReachedBy(v Version) bool {
	return w == Wish{} || v.Compare(w.version) >= 0 || w.series && v.Series() == w.version.Series()
}

// Patched is what to look for where w is the least that will do: the newest patch of its series, which has the security
// fixes.
func (w Wish) Patched() Wish {
	w.series = w.series || w.version.Stable()
	return w
}

// Near returns what there is beside what was wished for, newest first, at most a handful, as [ParseWish] reads it.
func (w Wish) Near(from []Version) []string {
	var same, stable []Version
	for _, v := range from {
		if v.Series() == w.version.Series() {
			same = append(same, v)
		} else if v.Stable() {
			stable = append(stable, v)
		}
	}
	if len(same) == 0 {
		same = stable
	}
	slices.SortFunc(same, func(a, b Version) int { return b.Compare(a) })
	return Names(same[:min(len(same), 5)])
}

// Names are the names by which these versions, and no others, can be asked for. The first releases of a series were
// called like the series: go1.20 is the one, and 1.20 the other.
func Names(versions []Version) (list []string) {
	for _, v := range versions {
		name := v.String()
		if _, series, _ := parseVersion(name); series {
			name = v.Toolchain()
		}
		list = append(list, name)
	}
	return list
}
