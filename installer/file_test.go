package installer_test

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tcptune/tcptune/installer"
	"github.com/tcptune/tcptune/test/mirror"
)

func latest(t *testing.T, c installer.Config) installer.Resolved {
	t.Helper()
	r, err := c.Resolve(t.Context(), installer.Wish{}, "amd64")
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// What a bundle holds is enough for a host without a network.
func TestABundleIsInstalledElsewhere(t *testing.T) {
	archives, modules := openShop(t, mirror.Archive{}), openModuleShop(t)
	for name, tt := range map[string]struct {
		config installer.Config
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
			c := installer.Config{File: filepath.Join(out, files[0]), Keyring: tt.config.Keyring, Go: installer.GoEnv{SumDB: tt.config.Go.SumDB}}
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
	archives, modules := openShop(t, mirror.Archive{}), openModuleShop(t)
	for name, tt := range map[string]struct {
		config  installer.Config
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
			c := installer.Config{File: filepath.Join(out, files[0]), Keyring: tt.config.Keyring, Go: installer.GoEnv{SumDB: tt.config.Go.SumDB}}
			dir := filepath.Join(t.TempDir(), "go")
			_, err = c.Fetch(t.Context(), latest(t, c), "amd64", dir, nil)
			wantCode(t, err, installer.Unverified)
			if _, err := os.Stat(dir); err == nil {
				t.Error("the tree is there")
			}
		})
	}
}

func TestAFileNeedsASumOrASignature(t *testing.T) {
	data := pack(t, toolchain("go1.26.3", 0)...)
	sum := fmt.Sprintf("%x", sha256.Sum256(data))
	key := newKey(t, time.Now().Add(-time.Hour), 0)
	public, err := key.Public()
	if err != nil {
		t.Fatal(err)
	}
	signature := writeFile(t, "signature", sign(t, key, data, time.Now()))
	for name, tt := range map[string]struct {
		config   installer.Config
		verified []string
		code     installer.Code
	}{
		"nothing":              {installer.Config{}, nil, installer.Unverified},
		"sum":                  {installer.Config{FileSum: sum}, []string{"sha256"}, ""},
		"sum with its name":    {installer.Config{FileSum: "sha256:" + strings.ToUpper(sum)}, []string{"sha256"}, ""},
		"wrong sum":            {installer.Config{FileSum: strings.Repeat("0", 64)}, nil, installer.Unverified},
		"half a sum":           {installer.Config{FileSum: sum[:32]}, nil, installer.BadSetting},
		"sum of a module":      {installer.Config{FileSum: "h1:xyz="}, nil, installer.BadSetting},
		"signature":            {installer.Config{FileSig: signature, Keyring: writeFile(t, "k", public)}, []string{"signature"}, ""},
		"signature, no key":    {installer.Config{FileSig: signature}, nil, installer.UnknownSigner},
		"signature and sum":    {installer.Config{FileSig: signature, FileSum: sum, Keyring: writeFile(t, "k", public)}, []string{"sha256", "signature"}, ""},
		"a signature is wrong": {installer.Config{FileSig: signature, FileSum: sum}, nil, installer.UnknownSigner},
		"no such signature":    {installer.Config{FileSig: "/nonexistent"}, nil, installer.BadSetting},
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
	for name, code := range map[string]installer.Code{
		"go1.26.3.linux-amd64.tar.gz": "", "go1.27rc1.linux-amd64.zip": "", "go1.26.3.linux-arm64.tar.gz": installer.NoBuild,
		"go1.26.3.darwin-amd64.tar.gz": installer.BadSetting, "latest.tar.gz": installer.BadSetting, "go1.26.linux-amd64.tar.gz": installer.BadSetting,
	} {
		_, err := installer.Config{File: "/srv/" + name}.Resolve(t.Context(), installer.Wish{}, "amd64")
		if code == "" && err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if code != "" {
			wantCode(t, err, code)
		}
	}
	w, err := installer.ParseWish("1.25")
	if err != nil {
		t.Fatal(err)
	}
	_, err = installer.Config{File: "/srv/go1.26.3.linux-amd64.tar.gz"}.Resolve(t.Context(), w, "amd64")
	wantCode(t, err, installer.NoVersion)
}
