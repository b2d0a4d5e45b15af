package fetch_test

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tcptune/tcptune/installer/fetch"
	"github.com/tcptune/tcptune/test/mirror"
)

func latest(t *testing.T, c fetch.Config) fetch.Resolved {
	t.Helper()
	r, err := c.Resolve(t.Context(), fetch.Wish{}, "amd64")
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// What a bundle holds is enough for a host without a network.
func TestABundleIsInstalledElsewhere(t *testing.T) {
	t.Parallel()
	archives, modules := openShop(t, mirror.Archive{}), openModuleShop(t)
	for name, tt := range map[string]struct {
		config fetch.Config
		room   string
		files  []string
	}{
		"archive": {archives.config, archives.room, []string{"go1.26.3.linux-amd64.tar.gz", "go1.26.3.linux-amd64.tar.gz.sha256", "go1.26.3.linux-amd64.tar.gz.asc"}},
		"module":  {modules.config, modules.room, []string{"go1.26.3.linux-amd64.zip", "go1.26.3.linux-amd64.zip.sumdb.json"}},
	} {
		t.Run(name, func(t *testing.T) {
			out := filepath.Join(t.TempDir(), "bundle")
			files, err := tt.config.Bundle(t.Context(), latest(t, tt.config), "amd64", out, nil)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.files, files); diff != "" {
				t.Errorf("files (-want +got):\n%s", diff)
			}
			if there, _ := filepath.Glob(out + "/*"); len(there) != len(files) {
				t.Errorf("there is %q", there)
			}
			c := fetch.Config{File: filepath.Join(out, files[0]), Keyring: tt.config.Keyring, Go: fetch.GoEnv{SumDB: tt.config.Go.SumDB}}
			dir := filepath.Join(tt.room, "go")
			origin, err := c.Fetch(t.Context(), latest(t, c), "amd64", dir, nil)
			if err != nil {
				t.Fatal(err)
			}
			if origin.Source != "file" || len(origin.Verified) != 1 {
				t.Errorf("origin = %+v", origin)
			}
			if _, err := os.Stat(dir + "/bin/go"); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestABundleThatWasTamperedWithIsRefused(t *testing.T) {
	t.Parallel()
	archives, modules := openShop(t, mirror.Archive{}), openModuleShop(t)
	for name, tt := range map[string]struct {
		config  fetch.Config
		file    int // of the bundle
		replace func(old []byte) []byte
	}{
		"archive":           {archives.config, 0, func([]byte) []byte { return pack(t, toolchain("go1.26.2", 0)...) }},
		"signature":         {archives.config, 2, func([]byte) []byte { return sign(t, archives.key, []byte("x"), time.Now()) }},
		"no signature":      {archives.config, 2, nil},
		"module":            {modules.config, 0, func([]byte) []byte { return moduleZip(t, "go1.26.2") }},
		"records":           {modules.config, 1, func(old []byte) []byte { return []byte(strings.ReplaceAll(string(old), "A", "B")) }},
		"records are empty": {modules.config, 1, func([]byte) []byte { return []byte("{}") }},
		"no records":        {modules.config, 1, nil},
	} {
		t.Run(name, func(t *testing.T) {
			out := t.TempDir()
			files, err := tt.config.Bundle(t.Context(), latest(t, tt.config), "amd64", out, nil)
			if err != nil {
				t.Fatal(err)
			}
			victim := filepath.Join(out, files[tt.file])
			if old := read(t, victim); tt.replace == nil {
				err = os.Remove(victim)
			} else {
				err = os.WriteFile(victim, tt.replace(old), 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
			c := fetch.Config{File: filepath.Join(out, files[0]), Keyring: tt.config.Keyring, Go: fetch.GoEnv{SumDB: tt.config.Go.SumDB}}
			dir := filepath.Join(t.TempDir(), "go")
			_, err = c.Fetch(t.Context(), latest(t, c), "amd64", dir, nil)
			wantCode(t, err, fetch.Unverified)
			if _, err := os.Stat(dir); err == nil {
				t.Error("the tree is there")
			}
		})
	}
}

func TestAFileNeedsASumOrASignature(t *testing.T) {
	t.Parallel()
	data := pack(t, toolchain("go1.26.3", 0)...)
	sum := fmt.Sprintf("%x", sha256.Sum256(data))
	key := newKey(t, time.Now().Add(-time.Hour), 0)
	public, err := key.Public()
	if err != nil {
		t.Fatal(err)
	}
	signature := writeFile(t, "signature", sign(t, key, data, time.Now()))
	for name, tt := range map[string]struct {
		config   fetch.Config
		verified []string
		code     string
	}{
		"nothing":              {fetch.Config{}, nil, fetch.Unverified},
		"sum":                  {fetch.Config{FileSum: sum}, []string{"sha256"}, ""},
		"sum with its name":    {fetch.Config{FileSum: "sha256:" + strings.ToUpper(sum)}, []string{"sha256"}, ""},
		"wrong sum":            {fetch.Config{FileSum: strings.Repeat("0", 64)}, nil, fetch.Unverified},
		"half a sum":           {fetch.Config{FileSum: sum[:32]}, nil, fetch.BadSetting},
		"sum of a module":      {fetch.Config{FileSum: "h1:xyz="}, nil, fetch.BadSetting},
		"signature":            {fetch.Config{FileSig: signature, Keyring: writeFile(t, "k", public)}, []string{"signature"}, ""},
		"signature, no key":    {fetch.Config{FileSig: signature}, nil, fetch.UnknownSigner},
		"signature and sum":    {fetch.Config{FileSig: signature, FileSum: sum, Keyring: writeFile(t, "k", public)}, []string{"sha256", "signature"}, ""},
		"a signature is wrong": {fetch.Config{FileSig: signature, FileSum: sum}, nil, fetch.UnknownSigner},
		"no such signature":    {fetch.Config{FileSig: "/nonexistent"}, nil, fetch.BadSetting},
	} {
		t.Run(name, func(t *testing.T) {
			c := tt.config
			c.File = writeFile(t, "go1.26.3.linux-amd64.tar.gz", data)
			origin, err := c.Fetch(t.Context(), latest(t, c), "amd64", filepath.Join(t.TempDir(), "go"), nil)
			if tt.code != "" {
				wantCode(t, err, tt.code)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			for i, v := range origin.Verified {
				origin.Verified[i], _, _ = strings.Cut(v, " ")
			}
			if diff := cmp.Diff(tt.verified, origin.Verified); diff != "" {
				t.Errorf("verified (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTheNameOfAFileSaysWhatIsInIt(t *testing.T) {
	t.Parallel()
	for name, code := range map[string]string{
		"go1.26.3.linux-amd64.tar.gz": "", "go1.27rc1.linux-amd64.zip": "", "go1.26.3.linux-arm64.tar.gz": fetch.NoBuild,
		"go1.26.3.darwin-amd64.tar.gz": fetch.BadSetting, "latest.tar.gz": fetch.BadSetting, "go1.26.linux-amd64.tar.gz": fetch.BadSetting,
	} {
		_, err := fetch.Config{File: "/srv/" + name}.Resolve(t.Context(), fetch.Wish{}, "amd64")
		if code == "" && err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if code != "" {
			wantCode(t, err, code)
		}
	}
	w, err := fetch.ParseWish("1.25")
	if err != nil {
		t.Fatal(err)
	}
	_, err = fetch.Config{File: "/srv/go1.26.3.linux-amd64.tar.gz"}.Resolve(t.Context(), w, "amd64")
	wantCode(t, err, fetch.NoVersion)
}
