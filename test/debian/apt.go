package debian

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
)

// Keyring has the keys that sign Debian.
const Keyring = "/usr/share/keyrings/debian-archive-keyring.gpg"

// Unpack fetches packages of a suite, and all that they depend on, from the mirror that the machine's own apt uses and
// unpacks them as the folder root, of which it is the first to write. No script of a package is run.
func Unpack(work, suite, root string, packages ...string) error {
	a, err := newApt(work, suite)
	if err != nil {
		return err
	}
	install := []string{"install", "--yes", "--download-only", "--no-install-recommends"}
	if err := a.run("apt-get", append(install, packages...)...); err != nil {
		return err
	}
	// Since Debian 13 no package but base-files, which nothing depends on, has these.
	for _, name := range []string{"bin", "lib", "lib64", "sbin"} {
		if err := os.MkdirAll(filepath.Join(root, "usr", name), 0o755); err != nil {
			return err
		}
		if err := os.Symlink("usr/"+name, filepath.Join(root, name)); err != nil {
			return err
		}
	}
	debs, err := filepath.Glob(work + "/cache/archives/*.deb")
	for _, deb := range debs {
		if err := a.run("dpkg-deb", "--extract", deb, root); err != nil {
			return err
		}
	}
	return err
}

// apt is an apt of its own: it shares nothing with the machine's but the way to the mirror.
type apt struct{ conf string }

func newApt(work, suite string) (apt, error) {
	a := apt{conf: work + "/apt.conf"}
	if _, err := os.Stat(Keyring); err != nil {
		return a, err
	}
	mirror, err := Mirror()
	if err != nil {
		return a, err
	}
	for _, dir := range []string{work + "/state/lists/partial", work + "/cache/archives/partial"} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return a, err
		}
	}
	list := fmt.Sprintf("deb [signed-by=%s] %s %s main\n", Keyring, mirror, suite)
	conf := fmt.Sprintf(`Dir::State "%[1]s/state";
Dir::State::status "%[1]s/status";
Dir::Cache "%[1]s/cache";
Dir::Etc::sourcelist "%[1]s/sources.list";
Dir::Etc::sourceparts "-";
APT::Sandbox::User "root";
Acquire::Languages "none";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
Acquire::Check-Valid-Until "false";
Acquire::http::Timeout "20";
Acquire::Retries "1";
`, work)
	if err := os.WriteFile(work+"/sources.list", []byte(list), 0o644); err != nil {
		return a, err
	}
	// No package is installed. The folder of this file is also where apt locks.
	if err := os.WriteFile(work+"/status", nil, 0o644); err != nil {
		return a, err
	}
	if err := os.WriteFile(a.conf, []byte(conf), 0o644); err != nil {
		return a, err
	}
	return a, a.run("apt-get", "--error-on=any", "update")
}

func (a apt) run(name string, args ...string) error {
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), "APT_CONFIG="+a.conf, "LC_ALL=C")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Run(); err != nil {
		lines := strings.Split(strings.TrimSpace(stderr.String()), "\n")
		return fmt.Errorf("%s: %w: %s", name, err, lines[len(lines)-1])
	}
	return nil
}

// Mirror returns the Debian mirror of the machine's own apt configuration, sources.list(5).
func Mirror() (string, error) {
	files, _ := filepath.Glob("/etc/apt/sources.list.d/*.sources")
	lists, _ := filepath.Glob("/etc/apt/sources.list.d/*.list")
	for _, file := range append(append(files, lists...), "/etc/apt/sources.list") {
		data, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(data)) {
			if strings.HasPrefix(strings.TrimSpace(line), "#") {
				continue
			}
			for _, word := range strings.Fields(line) {
				if strings.Contains(word, "://") && path.Base(strings.TrimRight(word, "/")) == "debian" {
					return word, nil
				}
			}
		}
	}
	return "", errors.New("the machine's apt knows no mirror of Debian")
}
