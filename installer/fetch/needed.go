package fetch

import (
	"cmp"
	"context"
	"encoding/json"
	"path"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"
)

// Needed is the module of a program, and the Go that it asks for.
type Needed struct {
	Module, Version string
	Go              Wish // what its go line says is the least that will do; the zero value: any
}

// NeededBy asks the proxies which module has the package pkg, which of its versions is meant by version, which may be
// "latest", and which Go that asks for. Nothing proves the answer, and nothing has to: it decides which proven Go builds the
// program, and the go command proves what it builds.
func (c Config) NeededBy(ctx context.Context, pkg, version string) (n Needed, err error) {
	c.Patience = min(cmp.Or(c.Patience, defaultPatience), compareTime)
	ctx, cancel := context.WithTimeout(ctx, neededTime)
	defer cancel()
	w, err := c.web()
	if err != nil {
		return n, err
	}
	proxies, err := c.Go.proxies()
	if err != nil {
		return n, err
	}
	// The module has the longest path that there is, as for the go command: https://go.dev/ref/mod#resolve-pkg-mod
	for at := pkg; at != "." && strings.Contains(at, "/"); at = path.Dir(at) {
		err = tryProxies(ctx, proxies, func(base string) (err error) {
			n, err = needed{w, base}.by(ctx, at, version)
			return err
		})
		if !gone(err) {
			return n, err
		}
	}
	return n, Fail(NoVersion, "", "cannot find %s@%s: no proxy has such a module", pkg, version)
}

// neededTime is what the questions of [Config.NeededBy] may take together.
const neededTime = 30 * time.Second

// needed asks one proxy.
type needed struct {
	web  web
	base string
}

func (q needed) by(ctx context.Context, modulePath, version string) (n Needed, err error) {
	n = Needed{Module: modulePath, Version: version}
	if version == "latest" {
		n.Version, err = q.latest(ctx, modulePath)
	} else {
		_, err = q.version(ctx, modulePath, version, ".info") // of what it does not have a proxy may refuse the rest
	}
	if err != nil {
		return n, err
	}
	mod, err := q.mod(ctx, modulePath, n.Version)
	if err != nil || mod.Go == nil {
		return n, err
	}
	n.Go, err = ParseWish(mod.Go.Version)
	return n, err
}

// latest is what the go command makes of "latest": the newest release that is not retracted, which the go.mod of the newest
// says of all; without a release a candidate, without these what the proxy names, or the newest commit that it lists.
func (q needed) latest(ctx context.Context, modulePath string) (string, error) {
	text, err := q.get(ctx, modulePath, "/@v/list")
	if err != nil {
		return "", err
	}
	versions := slices.DeleteFunc(strings.Fields(string(text)), func(v string) bool {
		return !semver.IsValid(v) || semver.Build(v) != ""
	})
	slices.SortFunc(versions, func(a, b string) int {
		return cmp.Or(cmp.Compare(maturity(b), maturity(a)), semver.Compare(b, a))
	})
	if len(versions) > 0 && maturity(versions[0]) > ofCommit {
		mod, err := q.mod(ctx, modulePath, versions[0])
		if err != nil {
			return "", err
		}
		for _, v := range versions {
			if !slices.ContainsFunc(mod.Retract, func(r *modfile.Retract) bool {
				return semver.Compare(r.Low, v) <= 0 && semver.Compare(v, r.High) <= 0
			}) {
				return v, nil
			}
		}
		return "", Fail(NoVersion, "", "cannot use any version of %s: all are retracted", modulePath)
	}
	var answer struct{ Version string }
	text, err = q.get(ctx, modulePath, "/@latest")
	switch {
	case gone(err) && len(versions) > 0:
		return versions[0], nil
	case err != nil:
		return "", err
	}
	if err = json.Unmarshal(text, &answer); err != nil || !semver.IsValid(answer.Version) {
		return "", Fail(NoVersion, "", "cannot tell which version of %s is the latest", modulePath)
	}
	return answer.Version, nil
}

// What a version is worth when the latest is asked for.
const (
	ofCommit = iota
	ofCandidate
	ofRelease
)

func maturity(version string) int {
	switch {
	case module.IsPseudoVersion(version):
		return ofCommit
	case semver.Prerelease(version) != "":
		return ofCandidate
	}
	return ofRelease
}

func (q needed) version(ctx context.Context, modulePath, version, kind string) ([]byte, error) {
	escaped, err := module.EscapeVersion(version)
	if err != nil {
		return nil, err
	}
	return q.get(ctx, modulePath, "/@v/"+escaped+kind)
}

func (q needed) mod(ctx context.Context, modulePath, version string) (*modfile.File, error) {
	text, err := q.version(ctx, modulePath, version, ".mod")
	if err != nil {
		return nil, err
	}
	mod, err := modfile.ParseLax("go.mod", text, nil)
	if err != nil {
		return nil, Fail(BadArchive, "", "cannot read the go.mod of %s@%s", modulePath, version).Because(err)
	}
	return mod, nil
}

const maxGoMod = 1 << 20 // bytes

func (q needed) get(ctx context.Context, modulePath, rest string) ([]byte, error) {
	escaped, err := module.EscapePath(modulePath)
	if err != nil {
		return nil, err
	}
	return q.web.get(ctx, q.base+"/"+escaped+rest, maxGoMod)
}
