package vm

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestAptInstallsFromTheRepository(t *testing.T) {
	wholeList(t)
	m := Boot(t, Options{Release: "24.04"})
	public := filepath.Join(*packagesDir, "apt-repo/public")
	m.CopyTree(t, public, public)
	// No other source: this is about ours, and the machine has no network.
	m.Script(t, "rm -f /etc/apt/sources.list /etc/apt/sources.list.d/*; cp "+public+
		"/tcptune.sources /etc/apt/sources.list.d/")
	m.Script(t, "apt-get --error-on=any update && apt-get install --yes tcptune-server")
	if out := m.Script(t, "tcptune --version && apt-cache policy tcptune"); !strings.Contains(out, "tcptune version") ||
		!strings.Contains(out, "file:"+public) {
		t.Errorf("what is installed:\n%s", out)
	}
}

// What autopkgtest runs on a machine of its own (debian/tests/control), run by hand: no autopkgtest is involved.
func TestTheTestsOfThePackagePass(t *testing.T) {
	wholeList(t)
	m := installed(t)
	for _, name := range []string{"smoke", "life"} {
		m.CopyIn(t, "../../debian/tests/"+name, "/tests/"+name)
		t.Log(m.Script(t, "/tests/"+name))
	}
}
