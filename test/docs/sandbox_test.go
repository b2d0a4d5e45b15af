package docs

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// imageInText is how the pages call the image that they work on.
const imageInText = "/mnt/image"

// sandbox is where the examples of one page run, one after the other: a folder, and a copy of a fixture.
type sandbox struct {
	testing.TB
	dir, image, record string
	env                []string
}

// programs builds both programs, once for all pages.
func programs(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	cmd := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-o", dir+"/", "../../cmd/tcptune",
		"../../cmd/tcptune-server")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("cannot build the programs: %v\n%s", err, text)
	}
	return dir
}

func newSandbox(t testing.TB, programs, fixture string) *sandbox {
	t.Helper()
	top := t.TempDir()
	s := &sandbox{
		TB: t, dir: filepath.Join(top, "work"), image: filepath.Join(top, "image"),
		record: filepath.Join(top, "record"),
	}
	out, err := exec.Command("cp", "-a", filepath.Join("../../test/fixtures", fixture), s.image).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	// What the examples install as a service; and the folder that all start in, with what they expect there.
	for _, program := range []string{"usr/bin/tcptune-server", "usr/local/bin/mydaemon"} {
		s.write(filepath.Join(s.image, program), "#!/bin/sh\n", 0o755)
	}
	s.write(filepath.Join(s.image, "var/lib/dpkg/arch"), "amd64\n", 0o644)
	s.write(filepath.Join(s.dir, "go.mod"), "module example.com/ours\n\ngo 1.26\n", 0o644)
	s.env = append(os.Environ(), "LC_ALL=C", "NO_COLOR=1", envTcptune+"="+filepath.Join(programs, "tcptune"),
		envServer+"="+filepath.Join(programs, "tcptune-server"),
		envImage+"="+s.image, envRecord+"="+s.record)
	return s
}

func (s *sandbox) write(path, text string, mode os.FileMode) {
	s.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), mode)); err != nil {
		s.Fatal(err)
	}
}

// shell runs a script and returns what a terminal would show, with the image under the name that the pages give it.
func (s *sandbox) shell(script string) (output string, code int) {
	s.Helper()
	cmd := exec.Command("sh", "-c", strings.ReplaceAll(script, imageInText, s.image))
	cmd.Dir, cmd.Env = s.dir, s.env
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		s.Fatalf("%s: %v", script, err)
	}
	return strings.ReplaceAll(string(out), s.image, imageInText), cmd.ProcessState.ExitCode()
}

// runs runs a script that must succeed, or, for one that looks and judges, must have an answer.
func (s *sandbox) runs(script string) string {
	s.Helper()
	out, code := s.shell(script)
	if code != 0 && !(judges(script) && (code == 2 || code == 4)) {
		s.Errorf("%s: exit %d\n%s", script, code, out)
	}
	return out
}

// judges reports whether the last command of a line gives 2 or 4 for what it has found.
func judges(line string) bool {
	words := strings.Fields(line[strings.LastIndexAny(line, ";&|")+1:])
	for len(words) > 0 && (words[0] == "sudo" || words[0] == "tcptune") {
		words = words[1:]
	}
	if len(words) == 0 {
		return false
	}
	switch words[0] {
	case "plan", "status", "check", "port":
		return true
	}
	return strings.Contains(line, "--dry-run")
}

// calls is how often tcptune has been run.
func (s *sandbox) calls() int {
	data, err := os.ReadFile(s.record)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		s.Fatal(err)
	}
	return strings.Count(string(data), "\n")
}
