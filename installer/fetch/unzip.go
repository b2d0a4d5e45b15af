package fetch

import (
	"archive/zip"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"hash"
	"io"
	"path"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
)

// unzip unpacks the zip of a version of golang.org/toolchain into the new folder dir. It returns the hash of the
// module, "h1:…", which was computed on the way (golang.org/x/mod/sumdb/dirhash.Hash1). A module knows neither links
// nor modes.
func unzip(ctx context.Context, zipped io.ReaderAt, size int64, version, dir string,
	show func(done, total int64),
) (string, error) {
	archive, err := zip.NewReader(zipped, size)
	if err != nil {
		return "", damaged(ctx, err)
	}
	t, err := newTree(dir)
	if err != nil {
		return "", err
	}
	defer t.root.Close()
	prefix := toolchainModule + "@" + version + "/"
	total := int64(0)
	for _, f := range archive.File {
		name, below := strings.CutPrefix(f.Name, prefix)
		switch {
		case !below:
			return "", refuse(f.Name, "it is outside of %s", prefix)
		case !f.Mode().IsRegular() || strings.HasSuffix(name, "/"):
			return "", refuse(f.Name, "a module has files only")
		case f.UncompressedSize64 > maxTreeBytes:
			return "", refuse(f.Name, "it is larger than a whole toolchain")
		}
		if err := t.claim(inTree(name), 'f', int64(f.UncompressedSize64)); err != nil {
			return "", err
		}
		total += int64(f.UncompressedSize64)
	}

	lines := make([]string, len(archive.File)) // of the hash
	group, ctx := errgroup.WithContext(ctx)
	var next, done atomic.Int64
	for range max(2, runtime.GOMAXPROCS(0)) {
		group.Go(func() error {
			h := sha256.New()
			for {
				i := int(next.Add(1)) - 1
				if i >= len(archive.File) {
					return nil
				}
				f := archive.File[i]
				if err := ctx.Err(); err != nil {
					return context.Cause(ctx)
				}
				if err := unzipFile(ctx, t, f, inTree(strings.TrimPrefix(f.Name, prefix)), h); err != nil {
					return err
				}
				lines[i] = fmt.Sprintf("%x  %s\n", h.Sum(nil), f.Name)
				show(done.Add(int64(f.UncompressedSize64)), total)
			}
		})
	}
	if err := group.Wait(); err != nil {
		return "", err
	}
	slices.SortFunc(lines, func(a, b string) int { return strings.Compare(a[66:], b[66:]) }) // by name
	sum := sha256.Sum256([]byte(strings.Join(lines, "")))
	return "h1:" + base64.StdEncoding.EncodeToString(sum[:]), nil
}

func unzipFile(ctx context.Context, t *tree, f *zip.File, name string, h hash.Hash) error {
	h.Reset()
	content, err := f.Open()
	if err != nil {
		return damaged(ctx, err)
	}
	defer content.Close()
	// No more than was claimed: then package zip finds the size wrong at the end.
	limited := io.LimitReader(content, int64(f.UncompressedSize64)+1)
	return t.file(name, executable(name), io.TeeReader(reader{ctx, limited}, h))
}

// inTree returns what a file of the module is called in a toolchain. A module has no go.mod but its own, so those of
// the standard library are called _go.mod there.
func inTree(name string) string {
	if dir, base := path.Split(name); base == "_go.mod" {
		return dir + "go.mod"
	}
	return name
}

// executable tells which files are programs, as the go command does after it has unpacked a toolchain.
func executable(name string) bool {
	for _, pattern := range []string{"bin/*", "pkg/tool/*/*", "lib/go_?*_?*_exec"} {
		if ok, _ := path.Match(pattern, name); ok {
			return true
		}
	}
	return false
}
