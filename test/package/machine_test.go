package packaging

import (
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tcptune/tcptune/test/container"
)

// machine is a booted systemd that claims to be Ubuntu 24.04, into which the packages are installed.
type machine struct {
	*container.Machine
	testing.TB
}

// boot boots a machine with the packages of folder "deb" below /debs/deb, and those of "deb/next" below /debs/next.
func boot(t *testing.T) machine {
	t.Helper()
	dirs := map[string]string{"deb": folder(t, "deb"), "next": folder(t, "deb/next")}
	m := machine{container.Boot(t, container.Options{Release: "24.04"}), t}
	for name, dir := range dirs {
		for _, deb := range debs(t, dir, machineArch(t)) {
			m.CopyIn(t, deb, "/debs/"+name+"/"+filepath.Base(deb))
		}
	}
	return m
}

// sh is Script of the test.
func (m machine) sh(script string) string {
	m.Helper()
	return m.Script(m.TB, script)
}

func (m machine) install(name string) {
	m.Helper()
	m.sh("dpkg --install /debs/" + name + "/*.deb")
}

// has fails the test where text does not contain each of parts.
func (m machine) has(text string, parts ...string) {
	m.Helper()
	for _, p := range parts {
		if !strings.Contains(text, p) {
			m.Errorf("no %q in:\n%s", p, text)
		}
	}
}

// exists checks whether paths are there.
func (m machine) exists(want bool, paths ...string) {
	m.Helper()
	for _, p := range paths {
		if got := m.Run(m.TB, "sh", "-c", `[ -e "$1" ] || [ -L "$1" ]`, "sh", p).Code == 0; got != want {
			m.Errorf("%s: there is %v, want %v", p, got, want)
		}
	}
}

// write puts text into a file of the machine.
func (m machine) write(file, text string) {
	m.Helper()
	at := filepath.Join(m.TempDir(), path.Base(file))
	if err := os.WriteFile(at, []byte(text), 0o644); err != nil {
		m.Fatal(err)
	}
	m.CopyIn(m.TB, at, file)
}

func (m machine) tree() []string { m.Helper(); return m.Tree(m.TB) }

func (m machine) sameTree(before []string) {
	m.Helper()
	if diff := cmp.Diff(before, m.tree()); diff != "" {
		m.Errorf("files before (-) and after (+):\n%s", diff)
	}
}

// knobs are the values of the network that a container has to itself.
func (m machine) knobs() string { m.Helper(); return m.sh("sysctl -a -r '^net\\.' 2>/dev/null | sort") }
