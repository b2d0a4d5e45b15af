package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
)

const maxVersionList = 4 << 20 // bytes; 6 KB in 2026

// modules is the source of toolchains as versions of golang.org/toolchain, through the proxies in GOPROXY.
type modules struct {
	web      web
	env      GoEnv
	proxies  []proxy
	lists    lists
	partials string
	sumDir   string
	beside   int64 // see [Config.Beside]
}

func (c Config) module() (source, error) {
	if err := c.Go.verifies(); err != nil {
		return nil, err
	}
	w, err := c.web()
	if err != nil {
		return nil, err
	}
	proxies, err := c.Go.proxies()
	if err != nil {
		return nil, err
	}
	return modules{
		web: w, env: c.Go, proxies: proxies, lists: lists{c.cache("lists")}, partials: c.cache("partial"),
		sumDir: c.cache("sumdb"), beside: c.Beside,
	}, nil
}

// list returns the versions that a proxy knows for any architecture. A proxy lists what somebody has asked it for, so a
// build for a rarer architecture may exist all the same.
func (m modules) list(ctx context.Context, fresh bool) ([]Version, error) {
	form := regexp.MustCompile(`(?m)^v0\.0\.1-(go[0-9.]+(?:(?:rc|beta)[0-9]+)?)\.linux-\w+$`)
	var all []Version
	err := tryProxies(ctx, m.proxies, func(base string) error {
		return m.lists.get(ctx, m.web, base+"/"+toolchainModule+"/@v/list", maxVersionList, fresh, func(data []byte) error {
			seen := map[Version]bool{}
			for _, match := range form.FindAllSubmatch(data, -1) {
				if v, err := ParseVersion(string(match[1])); err == nil {
					seen[v] = true
				}
			}
			all = slices.Collect(maps.Keys(seen))
			if len(all) == 0 {
				return fmt.Errorf("it lists no version of %s", toolchainModule)
			}
			return nil
		})
	})
	return all, err
}

// has asks for the version itself: a proxy can have what it does not list.
func (m modules) has(ctx context.Context, v Version, arch string) error {
	err := tryProxies(ctx, m.proxies, func(base string) error {
		_, err := m.web.get(ctx, m.address(base, v, arch)+".info", maxRecord)
		return err
	})
	if !gone(err) {
		return err
	}
	known, err := m.list(ctx, false)
	if err != nil {
		return err
	}
	if _, released := (Wish{version: v}).Pick(known); released {
		return noBuild(v, arch, nil)
	}
	return noVersion(Wish{version: v}, known)
}

func (m modules) address(base string, v Version, arch string) string {
	return base + "/" + toolchainModule + "/@v/" + moduleVersion(v, arch)
}

func (m modules) fetch(ctx context.Context, v Version, arch, dir string, show func(Progress)) (Origin, error) {
	db, err := m.database(ctx)
	if err != nil {
		return Origin{}, err
	}
	var origin Origin
	err = m.spool(ctx, v, arch, filepath.Dir(dir), show, func(file *os.File, size int64, address string) error {
		origin = Origin{Source: Module, URL: redacted(address)}
		origin.Digest, err = unpackModule(ctx, db, file, size, moduleVersion(v, arch), dir, Module, show)
		origin.Verified = []string{"checksum database " + db.name}
		return err
	})
	return origin, err
}

// unpackModule asks the database what the module must be, unpacks it and compares.
func unpackModule(ctx context.Context, db *database, file io.ReaderAt, size int64, version, dir, source string,
	show func(Progress),
) (string, error) {
	want, err := db.lookup(version)
	if err != nil {
		return "", err
	}
	if err := RequireSpace(filepath.Dir(dir), share(size, ofZip)); err != nil {
		return "", err
	}
	return want, unpackProven(ctx, want, file, size, version, dir, source, show)
}

func unpackProven(ctx context.Context, want string, file io.ReaderAt, size int64, version, dir, source string,
	show func(Progress),
) error {
	got, err := unzip(ctx, file, size, version, dir, func(done, total int64) {
		show(Progress{Source: source, Phase: "unpack", Done: done, Total: total})
	})
	if err != nil {
		return err
	}
	if got != want {
		return unproven("its hash is %s, and should be %s", got, want)
	}
	return nil
}

// spool downloads the zip of a version into a file that has no name any more, in the folder room, and hands it to use.
// A zip is read from its end, so it cannot be unpacked while it comes in.
func (m modules) spool(ctx context.Context, v Version, arch, room string, show func(Progress),
	use func(file *os.File, size int64, address string) error,
) error {
	file, err := os.CreateTemp(room, ".tcptune-")
	if err != nil {
		return fmt.Errorf("cannot download: %w", err)
	}
	defer file.Close()
	if err := os.Remove(file.Name()); err != nil {
		return fmt.Errorf("cannot download: %w", err)
	}
	return tryProxies(ctx, m.proxies, func(base string) error {
		address := m.address(base, v, arch) + ".zip"
		for tries := 0; ; tries++ {
			err := m.download(ctx, address, moduleVersion(v, arch)+".zip", room, file, show, use)
			if !errors.Is(err, errChanged) {
				return err
			}
			if tries == maxRetries {
				return unreachable(address, err)
			}
		}
	})
}

func (m modules) download(ctx context.Context, address, name, room string, file *os.File, show func(Progress),
	use func(*os.File, int64, string) error,
) error {
	part := openPartial(m.partials, name, address)
	defer func() { part.close() }()
	s, err := openStream(ctx, m.web, address, 0, maxArchive, part)
	if err != nil {
		return err
	}
	defer s.Close()
	if err := RequireSpace(room, s.size+share(s.size, ofZip)+m.beside); err != nil {
		return err
	}
	if err := file.Truncate(0); err != nil {
		return err
	}
	size, err := io.Copy(io.NewOffsetWriter(file, 0), counted(s, Module, s.size, show))
	if err != nil {
		return outOfSpace(room, err)
	}
	part.remove()
	part = nil
	return use(file, size, address)
}
