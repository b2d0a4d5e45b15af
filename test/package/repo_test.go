package packaging

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestAptInstallsFromTheRepository(t *testing.T) {
	public := folder(t, "apt-repo/public")
	m := boot(t)
	m.CopyTree(t, public, public)
	// No other source: this is about ours, and the machine has no network.
	m.sh("rm -f /etc/apt/sources.list /etc/apt/sources.list.d/*; cp " + public +
		"/tcptune.sources /etc/apt/sources.list.d/")
	m.sh("apt-get --error-on=any update && apt-get install --yes tcptune-server")
	m.has(m.sh("tcptune --version && apt-cache policy tcptune"), "tcptune version", "file:"+public)

	// What was not signed with the key is not taken.
	m.sh("cd " + public + "/dists/stable && sed -i 's/^Label: tcptune/Label: other/' InRelease && rm -rf /var/lib/apt/lists/*")
	if r := m.Run(t, "apt-get", "--error-on=any", "update"); r.Code == 0 {
		t.Error("apt has taken a repository that was changed after it was signed")
	}
}

// A key that nobody has asked for would be trusted by hosts, and is gone with the folder.
func TestNoKeyIsMadeUnasked(t *testing.T) {
	repo := filepath.Join(t.TempDir(), "repo")
	var stderr strings.Builder
	cmd := exec.CommandContext(t.Context(), "../../hack/apt-repo.sh", t.TempDir(), repo)
	cmd.Stderr = &stderr
	if err := cmd.Run(); cmd.ProcessState.ExitCode() != 64 || !strings.Contains(stderr.String(), "KEY=throw-away") {
		t.Errorf("without a key: %v, want exit 64 and how to ask for one:\n%s", err, stderr.String())
	}
	if _, err := os.Stat(repo); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it has made something all the same: %v", err)
	}
}
