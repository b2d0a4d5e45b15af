package packaging

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A release is checked by the one signature: it covers the sums, and those every other file.
func TestAReleaseIsSignedAsAWhole(t *testing.T) {
	if _, err := exec.LookPath("gpg"); err != nil {
		t.Skip("gpg is not installed, see test/apt-packages.txt")
	}
	debs := t.TempDir()
	names := []string{"t_1_amd64.deb", "t_1.dsc", "t_1.tar.xz", "t_1_amd64.buildinfo", "t_1_amd64.cdx.json"}
	for _, name := range names {
		if err := os.WriteFile(filepath.Join(debs, name), []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	home := gnupgHome(t)
	gpg := func(args ...string) string {
		return must(t, append([]string{"env", "GNUPGHOME=" + home, "gpg", "--batch", "--quiet"}, args...)...)
	}
	gpg("--passphrase", "", "--quick-generate-key", "release of a test", "ed25519", "sign", "never")
	key := gpg("--armor", "--export-secret-keys")

	for name, env := range map[string]string{
		"a key of this user":       "GNUPGHOME=" + home,
		"a key in the environment": "SIGNING_KEY=" + key,
	} {
		t.Run(name, func(t *testing.T) {
			out := filepath.Join(t.TempDir(), "release")
			argv := []string{"env", env, "../../hack/release.sh", debs, out}
			if strings.HasPrefix(env, "GNUPGHOME") {
				argv = append(argv, "release of a test")
			}
			must(t, argv...)
			gpg("--verify", out+"/SHA256SUMS.asc", out+"/SHA256SUMS")
			checked := must(t, "env", "-C", out, "sha256sum", "--strict", "--check", "SHA256SUMS")
			files, err := os.ReadDir(out)
			if err != nil {
				t.Fatal(err)
			}
			if got, want := strings.Count(checked, ": OK\n"), len(files)-2; got != want || got != len(names) {
				t.Errorf("%d sums for %d files, want %d:\n%s", got, want, len(names), checked)
			}
		})
	}
	t.Run("no key", func(t *testing.T) {
		cmd := exec.CommandContext(t.Context(), "env", "-u", "SIGNING_KEY", "../../hack/release.sh", debs, t.TempDir())
		if out, err := cmd.CombinedOutput(); cmd.ProcessState.ExitCode() != 64 {
			t.Errorf("%v, want exit 64\n%s", err, out)
		}
	})
}

// gnupgHome is a folder for keys whose path is short enough for the socket of an agent, which ends with the test.
func gnupgHome(t *testing.T) string {
	t.Helper()
	home, err := os.MkdirTemp("/tmp", "gnupg")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("gpgconf", "--homedir", home, "--kill", "gpg-agent").CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		if err := os.RemoveAll(home); err != nil {
			t.Error(err)
		}
	})
	return home
}
