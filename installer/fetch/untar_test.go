package fetch_test

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/installer/fetch"
)

// unpack gives an archive with a right sum to --file: what is wrong with it is then only what is in it.
func unpack(t *testing.T, data []byte) (dir string, err error) {
	t.Helper()
	archive := writeFile(t, "go1.26.3.linux-amd64.tar.gz", data)
	c := fetch.Config{File: archive, FileSum: fmt.Sprintf("%x", sha256.Sum256(data))}
	r, err := c.Resolve(t.Context(), fetch.Wish{}, "amd64")
	if err != nil {
		t.Fatal(err)
	}
	dir = filepath.Join(t.TempDir(), "go")
	_, err = c.Fetch(t.Context(), r, "amd64", dir, nil)
	return dir, err
}

func TestHostileArchivesAreRefused(t *testing.T) {
	t.Parallel()
	special := func(name string, kind byte, link string) entry {
		return entry{Header: tar.Header{Name: name, Typeflag: kind, Linkname: link, Mode: 0o644}}
	}
	// Most of them are links, which count like files and are made last: so few have to be written before it is too much.
	many := make([]entry, 50001)
	for i := range many {
		many[i] = special(fmt.Sprintf("go/%d", i), tar.TypeSymlink, "VERSION")
		if i > 49900 {
			many[i] = file(fmt.Sprintf("go/%d", i), "", 0o644)
		}
	}
	for name, tt := range map[string]struct {
		entries []entry
		says    string
	}{
		"absolute path":             {[]entry{file("/etc/cron.d/x", "", 0o644)}, "outside of go/"},
		"outside of go":             {[]entry{file("other/x", "", 0o644)}, "outside of go/"},
		"go itself is a file":       {[]entry{file("go", "", 0o644)}, "outside of go/"},
		"parent folder":             {[]entry{file("go/../../x", "", 0o644)}, "no path inside"},
		"parent folder at the end":  {[]entry{special("go/src/..", tar.TypeDir, "")}, "no path inside"},
		"empty element":             {[]entry{file("go//x", "", 0o644)}, "no path inside"},
		"backslash":                 {[]entry{file(`go/..\x`, "", 0o644)}, "no path inside"},
		"control character":         {[]entry{file("go/a\nb", "", 0o644)}, "no path inside"},
		"long path":                 {[]entry{file("go/"+strings.Repeat("a/", 300)+"x", "", 0o644)}, "longer than"},
		"link out":                  {[]entry{special("go/x", tar.TypeSymlink, "../../etc/passwd")}, "link"},
		"absolute link":             {[]entry{special("go/x", tar.TypeSymlink, "/etc/passwd")}, "link"},
		"link to itself":            {[]entry{special("go/x", tar.TypeSymlink, "x")}, "link"},
		"link to nothing":           {[]entry{special("go/x", tar.TypeSymlink, "nothing")}, "link"},
		"link to a link":            {[]entry{special("go/y", tar.TypeSymlink, "VERSION"), special("go/x", tar.TypeSymlink, "y")}, "link"},
		"link through a link":       {[]entry{special("go/s", tar.TypeSymlink, "src"), special("go/x", tar.TypeSymlink, "s/fmt/print.go")}, "link"},
		"link that is not clean":    {[]entry{special("go/s", tar.TypeSymlink, "."), special("go/x", tar.TypeSymlink, "s/s/../../..")}, "link"},
		"file through a link":       {[]entry{special("go/x", tar.TypeSymlink, "src"), file("go/x/y", "", 0o644)}, "something else"},
		"hard link out":             {[]entry{special("go/x", tar.TypeLink, "/etc/passwd")}, "link"},
		"hard link up":              {[]entry{special("go/x", tar.TypeLink, "go/../../x")}, "link"},
		"hard link to a folder":     {[]entry{special("go/x", tar.TypeLink, "go/src")}, "link"},
		"character device":          {[]entry{special("go/x", tar.TypeChar, "")}, "devices"},
		"block device":              {[]entry{special("go/x", tar.TypeBlock, "")}, "devices"},
		"pipe":                      {[]entry{special("go/x", tar.TypeFifo, "")}, "devices"},
		"set-uid":                   {[]entry{file("go/x", "", 0o4755)}, "set-uid"},
		"set-gid":                   {[]entry{file("go/x", "", 0o2755)}, "set-uid"},
		"set-gid folder":            {[]entry{{Header: tar.Header{Name: "go/x/", Typeflag: tar.TypeDir, Mode: 0o2755}}}, "set-uid"},
		"the same file twice":       {[]entry{file("go/VERSION", "go1.26.3", 0o644)}, "twice"},
		"a folder over a file":      {[]entry{special("go/VERSION", tar.TypeDir, "")}, "twice"},
		"a file over a folder":      {[]entry{file("go/src", "", 0o644)}, "twice"},
		"a file below a file":       {[]entry{file("go/VERSION/x", "", 0o644)}, "something else"},
		"more files than plausible": {many, "more than the 50000 files"},
	} {
		t.Run(name, func(t *testing.T) {
			dir, err := unpack(t, pack(t, append(toolchain("go1.26.3", 0), tt.entries...)...))
			if e := wantError(t, err, fetch.BadArchive); !strings.Contains(e.Error(), tt.says) {
				t.Errorf("error = %q, want %q in it", e, tt.says)
			}
			if left, _ := filepath.Glob(filepath.Dir(dir) + "/*"); len(left) > 0 {
				t.Errorf("left: %q", left)
			}
		})
	}
}

func TestDamagedArchivesAreRefused(t *testing.T) {
	t.Parallel()
	good := pack(t, toolchain("go1.26.3", 1<<20)...)
	broken := bytes.Clone(good)
	broken[len(broken)-6] ^= 1 // in the sum at the end of the gzip stream
	huge := pack(t, entry{Header: tar.Header{Name: "go/x", Typeflag: tar.TypeDir, Mode: 0o755}})
	for name, data := range map[string][]byte{
		"empty": {}, "no gzip": []byte("PK\x03\x04"), "no tar": gzipped(t, []byte(strings.Repeat("x", 1024))),
		"cut": good[:len(good)/2], "wrong sum": broken, "rubbish at the end": append(bytes.Clone(huge), "rubbish"...),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := unpack(t, data)
			wantCode(t, err, fetch.BadArchive)
		})
	}
}

// What a header claims is believed before anything is written: a bomb is not unpacked to be found one.
func TestAnArchiveThatIsLargerThanAToolchainIsRefused(t *testing.T) {
	t.Parallel()
	var raw bytes.Buffer
	w := tar.NewWriter(&raw)
	if err := w.WriteHeader(&tar.Header{Name: "go/x", Typeflag: tar.TypeReg, Size: 3 << 30, Mode: 0o644}); err != nil {
		t.Fatal(err)
	}
	_, err := unpack(t, gzipped(t, raw.Bytes()))
	if e := wantError(t, err, fetch.BadArchive); !strings.Contains(e.Error(), "MB that a toolchain has") {
		t.Errorf("error = %q", e)
	}
}

func TestLinksInsideOfTheTreeAndModesSurvive(t *testing.T) {
	before := unix.Umask(0o077) // of the whole process: no test here runs in parallel
	t.Cleanup(func() { unix.Umask(before) })
	dir, err := unpack(t, pack(t, append(toolchain("go1.26.3", 0),
		entry{Header: tar.Header{Name: "go/misc/wasm", Typeflag: tar.TypeSymlink, Linkname: "../src/fmt"}},
		entry{Header: tar.Header{Name: "go/bin/also", Typeflag: tar.TypeLink, Linkname: "go/bin/go"}},
		entry{Header: tar.Header{Name: "go/empty/", Typeflag: tar.TypeDir, Mode: 0o700}})...))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir + "/misc/wasm/print.go"); err != nil {
		t.Error(err)
	}
	for name, want := range map[string]os.FileMode{"bin/also": 0o755, "VERSION": 0o644, "src/fmt": 0o755 | os.ModeDir, ".": 0o755 | os.ModeDir, "empty": 0o755 | os.ModeDir} {
		fi, err := os.Stat(filepath.Join(dir, name))
		if err != nil || fi.Mode() != want {
			t.Errorf("%s: %v %v, want %v", name, fi.Mode(), err, want)
		}
	}
}
