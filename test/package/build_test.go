package packaging

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// sizeLimits are the most that each package may take on the mirror, in bytes.
func sizeLimits() map[string]int64 {
	return map[string]int64{"tcptune": 8_000_000, "tcptune-server": 4_000_000}
}

// The second build had another folder, time zone, locale and umask, and an empty cache.
func TestTwoBuildsGiveTheSameBytes(t *testing.T) {
	first, second := folder(t, "deb"), folder(t, "deb/again")
	files := append(debs(t, first, machineArch(t)), find(t, first, "*.dsc"), find(t, first, "*.tar.xz"))
	for _, deb := range debs(t, first, machineArch(t)) {
		files = append(files, strings.TrimSuffix(deb, ".deb")+".cdx.json")
	}
	for _, f := range files {
		if a, b := sum(t, f), sum(t, filepath.Join(second, filepath.Base(f))); a != b {
			t.Errorf("%s: %s and then %s", filepath.Base(f), a, b)
		} else {
			t.Logf("%s  %s", a, filepath.Base(f))
		}
	}
}

func sum(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%x", sha256.Sum256(data))
}

func TestPackagesAreSmall(t *testing.T) {
	dir := folder(t, "deb")
	for _, arch := range []string{"amd64", "arm64"} {
		for _, deb := range debs(t, dir, arch) {
			fi, err := os.Stat(deb)
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%s: %.2f MB", filepath.Base(deb), float64(fi.Size())/1e6)
			name, _, _ := strings.Cut(filepath.Base(deb), "_")
			if limit := sizeLimits()[name]; fi.Size() >= limit {
				t.Errorf("%s has %d bytes, want less than %d", deb, fi.Size(), limit)
			}
		}
	}
}

// Nothing in a package is read by systemd, sysctl or cron: to install it changes nothing.
func TestPackagesHoldProgramsAndDocumentationOnly(t *testing.T) {
	dir := folder(t, "deb")
	allowed := []string{
		"./usr/bin/tcptune", "./usr/bin/tcptune-server", "./usr/share/doc/", "./usr/share/lintian/", "./usr/share/man/",
		"./usr/share/bash-completion/completions/tcptune", "./usr/share/zsh/vendor-completions/_tcptune",
		"./usr/share/fish/vendor_completions.d/tcptune",
	}
	for _, deb := range debs(t, dir, machineArch(t)) {
		for line := range strings.Lines(must(t, "dpkg-deb", "--contents", deb)) {
			fields := strings.Fields(line)
			path := fields[5]
			ok := strings.HasPrefix(fields[0], "d")
			for _, prefix := range allowed {
				ok = ok || strings.HasPrefix(path, prefix)
			}
			if !ok {
				t.Errorf("%s: %s", filepath.Base(deb), line)
			}
		}
	}
}

func TestLintianHasNothingToSay(t *testing.T) {
	dir := folder(t, "deb")
	for _, changes := range []string{find(t, dir, "*_amd64.changes"), find(t, dir, "*_arm64.changes")} {
		out := must(t, "lintian", "--allow-root", "--pedantic", "--fail-on", "error,warning,pedantic", changes)
		if out != "" && !strings.Contains(out, "root") {
			t.Log(out)
		}
	}
}

// The other architecture's programs run under qemu's emulation of a process.
func TestForeignProgramsRun(t *testing.T) {
	dir := folder(t, "deb")
	if machineArch(t) == "arm64" {
		t.Skip("arm64 is this machine's own")
	}
	root := t.TempDir()
	for _, deb := range debs(t, dir, "arm64") {
		must(t, "dpkg-deb", "--extract", deb, root)
	}
	const qemu = "qemu-aarch64-static"
	program := root + "/usr/bin/tcptune"
	if out := must(t, qemu, program, "--version"); !strings.Contains(out, "tcptune version ") {
		t.Error(out)
	}
	must(t, qemu, root+"/usr/bin/tcptune-server", "--help")
	// 0 and 2 are both answers about this host; anything else is a failure of the program.
	script := `code=0; "$@" || code=$?; case $code in 0|2|4) ;; *) exit 1;; esac`
	for verb, says := range map[string]string{"check": "passed", "plan": "net.core.somaxconn"} {
		if out := must(t, "sh", "-c", script, "sh", qemu, program, verb, "--allow-unsupported"); !strings.Contains(out,
			says) {
			t.Errorf("%s: %s", verb, out)
		}
	}
}
