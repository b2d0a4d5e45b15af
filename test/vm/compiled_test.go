package vm

import (
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
)

// compiled is the static program that the go command makes with these words, the last of which is the package.
func compiled(t *testing.T, words ...string) (program string) {
	t.Helper()
	program = filepath.Join(t.TempDir(), "program")
	last := len(words) - 1
	argv := slices.Concat(words[:last], []string{"-ldflags", "-s -w", "-o", program}, words[last:])
	build := exec.CommandContext(t.Context(), "go", argv...)
	build.Env = append(build.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%q: %v\n%s", argv, err, out)
	}
	return program
}

// compiledTcptune is tcptune as the Makefile builds it.
func compiledTcptune(t *testing.T) string {
	t.Helper()
	return compiled(t, "build", "-tags", "urfave_cli_no_docs,nethttpomithttp2", "../../cmd/tcptune")
}
