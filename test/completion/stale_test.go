package completion

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestScriptsAreThoseOfTheCommandLine(t *testing.T) {
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), "go", "run", "./hack/completion", dir)
	cmd.Dir = "../.."
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, name := range []string{"tcptune.bash", "_tcptune", "tcptune.fish", "tcptune-server.bash", "_tcptune-server", "tcptune-server.fish"} {
		want, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(filepath.Join("../../docs/completion", name))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("docs/completion/%s is stale, run make generate; -want +got:\n%s", name, diff)
		}
	}
}

func TestShellcheckHasNothingToSay(t *testing.T) {
	program, err := exec.LookPath("shellcheck")
	if err != nil {
		t.Skip("there is no shellcheck on this machine")
	}
	if out, err := exec.CommandContext(t.Context(), program, "../../docs/completion/tcptune.bash", "../../docs/completion/tcptune-server.bash").CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
