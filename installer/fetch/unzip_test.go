package fetch

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/sumdb/dirhash"

	"github.com/tcptune/tcptune/internal/report"
)

const testVersion = "v0.0.1-go1.26.3.linux-amd64"

type zipped struct {
	name, content string
	mode          fs.FileMode
}

func zipOf(t testing.TB, files ...zipped) []byte {
	t.Helper()
	var data bytes.Buffer
	w := zip.NewWriter(&data)
	for _, f := range files {
		h := &zip.FileHeader{Name: f.name, Method: zip.Deflate}
		if f.mode != 0 {
			h.SetMode(f.mode)
		}
		one, err := w.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := one.Write([]byte(f.content)); err != nil && !strings.HasSuffix(f.name, "/") {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return data.Bytes()
}

func prefixed(files ...zipped) []zipped {
	for i := range files {
		files[i].name = toolchainModule + "@" + testVersion + "/" + files[i].name
	}
	return files
}

func unzipTo(t testing.TB, data []byte, dir string) (string, error) {
	t.Helper()
	return unzip(t.Context(), bytes.NewReader(data), int64(len(data)), testVersion, dir, func(int64, int64) {})
}

func TestAModuleBecomesAToolchainAndItsHash(t *testing.T) {
	t.Parallel()
	data := zipOf(t, prefixed(
		zipped{name: "VERSION", content: "go1.26.3\n"},
		zipped{name: "src/_go.mod", content: "module std\n"},
		zipped{name: "bin/go", content: "program"},
		zipped{name: "pkg/tool/linux_amd64/compile", content: "program"},
		zipped{name: "lib/go_js_wasm_exec", content: "script"},
		zipped{name: "lib/time/zoneinfo.zip", content: strings.Repeat("zone ", 100000)})...)
	dir := filepath.Join(t.TempDir(), "go")
	got, err := unzipTo(t, data, dir)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "m.zip")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	want, err := dirhash.HashZip(file, dirhash.Hash1)
	if err != nil || got != want {
		t.Errorf("hash %s, want %s, %v", got, want, err)
	}
	modes := map[string]string{}
	err = fs.WalkDir(os.DirFS(dir), ".", func(p string, d fs.DirEntry, err error) error {
		if fi, e := d.Info(); e == nil && !d.IsDir() {
			modes[p] = fi.Mode().String()
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{
		"VERSION": "-rw-r--r--", "src/go.mod": "-rw-r--r--", "bin/go": "-rwxr-xr-x", "pkg/tool/linux_amd64/compile": "-rwxr-xr-x",
		"lib/go_js_wasm_exec": "-rwxr-xr-x", "lib/time/zoneinfo.zip": "-rw-r--r--",
	}, modes); diff != "" {
		t.Errorf("tree (-want +got):\n%s", diff)
	}
}

func TestHostileModulesAreRefused(t *testing.T) {
	t.Parallel()
	lying := zipOf(t, prefixed(zipped{name: "VERSION", content: strings.Repeat("x", 5000)})...)
	at := bytes.LastIndex(lying, []byte("PK\x01\x02"))
	lying[at+24], lying[at+25] = 1, 0 // the size in the directory at the end: 1, while 5,000 bytes follow
	for name, data := range map[string][]byte{
		"no zip":             []byte("nothing"),
		"outside":            zipOf(t, zipped{name: "etc/passwd"}),
		"another version":    zipOf(t, zipped{name: toolchainModule + "@v0.0.1-go1.26.2.linux-amd64/VERSION"}),
		"parent folder":      zipOf(t, prefixed(zipped{name: "../../x"})...),
		"absolute":           zipOf(t, prefixed(zipped{name: "/etc/passwd"})...),
		"link":               zipOf(t, prefixed(zipped{name: "x", content: "/etc/passwd", mode: fs.ModeSymlink | 0o777})...),
		"device":             zipOf(t, prefixed(zipped{name: "x", mode: fs.ModeDevice})...),
		"folder":             zipOf(t, prefixed(zipped{name: "x/"})...),
		"twice":              zipOf(t, prefixed(zipped{name: "x"}, zipped{name: "x"})...),
		"twice, renamed":     zipOf(t, prefixed(zipped{name: "go.mod"}, zipped{name: "_go.mod"})...),
		"below a file":       zipOf(t, prefixed(zipped{name: "x"}, zipped{name: "x/y"})...),
		"more than it says":  lying,
		"control characters": zipOf(t, prefixed(zipped{name: "a\x01"})...),
	} {
		t.Run(name, func(t *testing.T) {
			room := t.TempDir()
			if hash, err := unzipTo(t, data, filepath.Join(room, "go")); !report.Is(err, BadArchive) {
				t.Errorf("unpacked as %s, %v, want %s", hash, err, BadArchive)
			}
			if left, _ := filepath.Glob(room + "/[^g]*"); len(left) > 0 {
				t.Errorf("beside the tree: %q", left)
			}
		})
	}
}

// Whatever an archive says: either it is refused, or all that is there is in the tree.
func FuzzUnzip(f *testing.F) {
	f.Add(zipOf(f, prefixed(zipped{name: "VERSION", content: "go1.26.3\n"}, zipped{name: "src/_go.mod"})...))
	f.Fuzz(func(t *testing.T, data []byte) {
		room := t.TempDir()
		_, err := unzipTo(t, data, filepath.Join(room, "go"))
		onlyTheTree(t, room, err)
	})
}

func FuzzUntar(f *testing.F) {
	f.Add(tarOf(f, "go/VERSION", "go/src/a.go", "go/../x", "/x"))
	f.Fuzz(func(t *testing.T, data []byte) {
		room := t.TempDir()
		err := untar(t.Context(), bytes.NewReader(data), filepath.Join(room, "go"))
		onlyTheTree(t, room, err)
	})
}

func onlyTheTree(t *testing.T, room string, err error) {
	t.Helper()
	if err != nil && !report.Is(err, BadArchive) {
		t.Errorf("error = %v, want %s", err, BadArchive)
	}
	if beside, _ := filepath.Glob(room + "/[^g]*"); len(beside) > 0 {
		t.Errorf("beside the tree: %q", beside)
	}
	walk := fs.WalkDir(os.DirFS(room), ".", func(p string, d fs.DirEntry, err error) error {
		if d != nil && d.Type()&^(fs.ModeDir|fs.ModeSymlink) != 0 {
			t.Errorf("%s is a %s", p, d.Type())
		}
		return err
	})
	if walk != nil {
		t.Error(walk)
	}
}

func tarOf(t testing.TB, names ...string) []byte {
	t.Helper()
	var data bytes.Buffer
	compressed := gzip.NewWriter(&data)
	w := tar.NewWriter(compressed)
	for _, name := range names {
		if err := w.WriteHeader(&tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o644}); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Close(), compressed.Close()); err != nil {
		t.Fatal(err)
	}
	return data.Bytes()
}
