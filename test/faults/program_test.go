package faults

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// program builds the tcptune that is to be hit. It skips the test where there is no way to hit it.
func program(t testing.TB) string {
	t.Helper()
	return build(t, "../../cmd/tcptune")
}

func build(t testing.TB, pkg string) string {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("fault injection needs root")
	}
	if _, err := exec.LookPath("strace"); err != nil {
		t.Skip("fault injection needs strace, which is not installed")
	}
	out := filepath.Join(t.TempDir(), "program")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", out, pkg)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("cannot build %s: %v\n%s", pkg, err, text)
	}
	return out
}
