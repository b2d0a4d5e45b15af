package container

import (
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// programs are those of this tree that machines run, built and linked once for all tests.
var programs struct {
	once sync.Once
	dir  string
	err  error
	said []byte
}

func TestMain(m *testing.M) {
	code := m.Run()
	if programs.dir != "" {
		_ = os.RemoveAll(programs.dir)
	}
	os.Exit(code)
}

// program is the file of the static program with that name: tcptune, tcptune-server, jobs or load. All may run it: the
// tests have an umask, and DynamicUser= is not root.
func program(t *testing.T, name string) string {
	t.Helper()
	p := &programs
	p.once.Do(func() {
		if p.dir, p.err = os.MkdirTemp("", "tcptune-programs-"); p.err != nil {
			return
		}
		build := exec.Command("go", "build", "-o", p.dir+"/",
			"../../cmd/tcptune", "../../cmd/tcptune-server", "./testdata/jobs", "./testdata/load")
		build.Env = append(build.Environ(), "CGO_ENABLED=0")
		p.said, p.err = build.CombinedOutput()
	})
	if p.err != nil {
		t.Fatalf("cannot build the programs: %v\n%s", p.err, p.said)
	}
	file := filepath.Join(p.dir, name)
	if err := os.Chmod(file, 0o755); err != nil {
		t.Fatal(err)
	}
	return file
}
