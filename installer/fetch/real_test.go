package fetch_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tcptune/tcptune/installer/fetch"
	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/test/long"
	"github.com/tcptune/tcptune/test/mirror"
)

// A whole toolchain, the one that runs this test, by way of an archive.
func TestTheInstalledToolchainSurvivesTheWayThroughAnArchive(t *testing.T) {
	t.Parallel()
	long.Only(t, "packs and unpacks a whole toolchain")
	goroot := goRoot(t)
	version := goVersion(t, goroot)
	data, err := mirror.Pack(goroot)
	if err != nil {
		t.Fatal(err)
	}
	s := openShop(t, mirror.Archive{Version: version, Arch: "amd64", Data: data})
	if _, err := s.install(t, version); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("diff", "-r", "--no-dereference", goroot, s.dir()).CombinedOutput(); err != nil {
		t.Errorf("the trees differ: %v\n%.2000s", err, out)
	}
	compiles(t, s.dir(), version)
}

// A real toolchain, older than the machine's, through the module proxy that this machine is configured for, and proven
// by the real checksum database.
func TestAnOlderToolchainComesThroughTheConfiguredProxy(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("downloads a whole toolchain")
	}
	goroot := goRoot(t)
	env := fetch.ReadGoEnv(host.Host{}, os.Getenv, goroot)
	c := fetch.Config{Sources: []string{fetch.Module}, Go: env, CacheDir: t.TempDir()}
	known, err := c.List(t.Context())
	var e *report.Error
	if errors.As(err, &e) && e.Code == fetch.Unreachable {
		t.Skipf("no module proxy can be reached from here: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	mine, err := fetch.ParseVersion(goVersion(t, goroot))
	if err != nil {
		t.Skipf("the machine's Go is no release: %v", err)
	}
	var older fetch.Version
	for _, v := range known { // newest first
		if v.Stable() && v.Compare(mine) < 0 && v.Series() != mine.Series() {
			older = v
			break
		}
	}
	if older.IsZero() {
		t.Fatalf("no release before %s in %v", mine, known)
	}
	dir := filepath.Join(t.TempDir(), "go")
	arch, err := fetch.Arch(host.Host{})
	if err != nil {
		t.Fatal(err)
	}
	origin, err := c.Fetch(t.Context(), fetch.Resolved{Version: older}, arch, dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(origin.Digest, "h1:") || len(origin.Verified) != 1 || !strings.HasPrefix(origin.Verified[0], "checksum database ") {
		t.Errorf("origin = %+v", origin)
	}
	compiles(t, dir, older.Toolchain())
}

func goRoot(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

func goVersion(t *testing.T, goroot string) string {
	t.Helper()
	return strings.Fields(string(read(t, goroot+"/VERSION")))[0]
}

// compiles builds and runs a program with the toolchain at goroot, without a network and without anything cached.
func compiles(t *testing.T, goroot, version string) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":  "module m\n",
		"main.go": "package main\n\nimport (\n\t\"fmt\"\n\t\"runtime\"\n)\n\nfunc main() { fmt.Print(runtime.Version()) }\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(filepath.Join(goroot, "bin/go"), "run", ".")
	cmd.Dir = dir
	cmd.Env = []string{"PATH=/usr/bin:/bin", "HOME=" + t.TempDir(), "GOPROXY=off", "GOTOOLCHAIN=local", "GOENV=off", "CGO_ENABLED=0"}
	out, err := cmd.CombinedOutput()
	if err != nil || string(out) != version {
		t.Errorf("the program says %q, %v, want %s", out, err, version)
	}
}
