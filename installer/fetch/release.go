package fetch

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tcptune/tcptune/internal/report"
)

const (
	maxReleaseList = 32 << 20  // bytes; 3 MB in 2026
	maxArchive     = 512 << 20 // bytes; 80 MB in 2026
)

// release is a version as the list at go.dev/dl/?mode=json&include=all describes it.
type release struct {
	version Version
	builds  []build // for Linux
}

// build is an archive of a release.
type build struct {
	arch   string // as go.dev/dl names it: armv6l, ppc64le
	name   string // go1.26.3.linux-amd64.tar.gz
	sha256 string // hexadecimal
	size   int64  // bytes
}

// parseReleases reads a release list. What it does not understand, such as a version of a future form, is left out; a
// build whose name is not the one that its version and architecture ask for is an error, since the name becomes a path.
func parseReleases(data []byte) ([]release, error) {
	var list []struct {
		Version string
		Files   []struct {
			Filename, OS, Arch, SHA256, Kind string
			Size                             int64
		}
	}
	if err := json.Unmarshal(data, &list); err != nil {
		return nil, noList("it is no release list: " + err.Error())
	}
	var releases []release
	for _, entry := range list {
		v, err := ParseVersion(entry.Version)
		if err != nil {
			continue
		}
		r := release{version: v}
		for _, f := range entry.Files {
			if f.OS != "linux" || f.Kind != "archive" {
				continue
			}
			sum, err := hex.DecodeString(f.SHA256)
			switch {
			case f.Filename != archiveName(v, f.Arch) || strings.ContainsAny(f.Arch, "/\\"):
				return nil, noList(fmt.Sprintf("it calls the archive of %s for %s %q", v.Toolchain(), f.Arch, f.Filename))
			case err != nil || len(sum) != 32:
				continue // releases before 1.5 have SHA-1 sums only
			case f.Size <= 0 || f.Size > maxArchive:
				return nil, noList(fmt.Sprintf("it says that %s has %d bytes", f.Filename, f.Size))
			}
			r.builds = append(r.builds, build{arch: f.Arch, name: f.Filename, sha256: strings.ToLower(f.SHA256), size: f.Size})
		}
		releases = append(releases, r)
	}
	if len(releases) == 0 {
		return nil, noList("it is a release list without releases")
	}
	return releases, nil
}

func archiveName(v Version, arch string) string {
	return v.Toolchain() + ".linux-" + arch + ".tar.gz"
}

// releases returns the list of the mirror, from the cache when that is fresh enough.
func (d download) releases(ctx context.Context, fresh bool) ([]release, error) {
	address := d.base + "/?mode=json&include=all"
	var releases []release
	err := d.lists.get(ctx, d.web, address, maxReleaseList, fresh, func(data []byte) (err error) {
		releases, err = parseReleases(data)
		return err
	})
	return releases, err
}

// errNoList is what a server has answered instead of a list of releases.
var errNoList = errors.New("it has no list of releases")

// find returns the build of a version, or says what there is instead.
func find(releases []release, v Version, arch string) (build, error) {
	at := slices.IndexFunc(releases, func(r release) bool { return r.version == v })
	if at < 0 {
		return build{}, noVersion(Wish{version: v}, versions(releases))
	}
	var have []string
	for _, b := range releases[at].builds {
		if b.arch == arch {
			return b, nil
		}
		have = append(have, b.arch)
	}
	return build{}, noBuild(v, arch, have)
}

func versions(releases []release) []Version {
	var all []Version
	for _, r := range releases {
		all = append(all, r.version)
	}
	return all
}

func noVersion(w Wish, from []Version) *report.Error {
	hint := ""
	if names := w.Near(from); len(names) > 0 {
		hint = "there are " + strings.Join(names, ", ")
	}
	return Fail(NoVersion, hint, "cannot find Go %s", w)
}

func noBuild(v Version, arch string, have []string) *report.Error {
	hint := ""
	if len(have) > 0 {
		hint = "it was built for " + strings.Join(have, ", ")
	}
	return Fail(NoBuild, hint, "cannot find a build of Go %s for %s", v, arch)
}
