package packaging

import (
	"os"
	"os/exec"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCopyrightSpeaksOfWhatIsLinked(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), "go", "run", "./hack/copyright")
	cmd.Dir = "../.."
	cmd.Stderr = os.Stderr
	want, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../../debian/copyright")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("debian/copyright is stale (make generate), -want +got:\n%s", diff)
	}
}
