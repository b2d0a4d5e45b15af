package installer

import (
	"bufio"
	"context"
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tcptune/tcptune/installer/fetch"
	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/report"
)

// goCommand runs the machine's go in dir, offline and apart from the user's settings.
func goCommand(t *testing.T, dir string, args ...string) {
	t.Helper()
	program, err := exec.LookPath("go")
	if err != nil {
		t.Skip("there is no go on this machine: ", err)
	}
	cmd := exec.Command(program, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOPROXY=off", "GOSUMDB=off", "GOFLAGS=", "GOWORK=off", "GOENV=off", "GOTOOLCHAIN=local")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

func TestANewWorkspaceIsVettedBuiltAndTestedOffline(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "Mein Server")
	made, err := Workspace{Go: version(t, "1.25.0")}.New(dir)
	if err != nil {
		t.Fatal(err)
	}
	if made != dir {
		t.Errorf("made %s, want %s", made, dir)
	}
	for _, args := range [][]string{{"vet", "./..."}, {"build", "-o", os.DevNull, "."}, {"test", "-count=1", "./..."}} {
		goCommand(t, dir, args...)
	}
	if out, err := exec.Command("gofmt", "-l", dir).CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("gofmt -l: %v\n%s", err, out)
	}
	text, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("module mein-server\n\ngo 1.25.0\n", string(text)); diff != "" {
		t.Error(diff)
	}
}

func TestANewWorkspaceServesUntilItsClientsAreDone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if _, err := (Workspace{Go: version(t, "1.25.0")}).New(dir); err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(dir, "server")
	goCommand(t, dir, "build", "-o", program, ".")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, "-listen", "127.0.0.1:0", "-drain", "1m")
	log, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(log)
	next := func(word string) string {
		t.Helper()
		for lines.Scan() {
			if strings.Contains(lines.Text(), word) {
				return lines.Text()
			}
		}
		t.Fatalf("it never said %s", word)
		return ""
	}
	_, address, _ := strings.Cut(next(" listening "), "address=")
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	answers := bufio.NewReader(conn)
	echo := func(line string) {
		t.Helper()
		if _, err := io.WriteString(conn, line); err != nil {
			t.Fatal(err)
		}
		if got, err := answers.ReadString('\n'); err != nil || got != line {
			t.Fatalf("got %q, %v", got, err)
		}
	}
	echo("before\n")
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	next(" draining ")
	echo("during the drain\n")
	_ = conn.Close()
	for lines.Scan() { // until it ends: Wait closes the pipe
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("it ended with %v", err)
	}
}

func TestAFolderThatHoldsAnythingIsNoPlaceForAWorkspace(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if _, err := (Workspace{Go: version(t, "1.26.0")}).New(dir); err != nil {
		t.Fatalf("an empty folder: %v", err)
	}
	before, err := os.ReadFile(filepath.Join(dir, "main.go"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := (Workspace{Module: "example.com/other", Go: version(t, "1.26.0")}).New(dir); !report.Is(err, notEmpty) {
		t.Fatalf("got %v, want %s", err, notEmpty)
	}
	if after, _ := os.ReadFile(filepath.Join(dir, "main.go")); string(after) != string(before) {
		t.Error("a file was changed")
	}
}

func TestAModulePathThatGoDoesNotTakeMakesNothing(t *testing.T) {
	t.Parallel()
	for _, path := range []string{
		"../up", "a b", "/abs", "example.com/\"x\"", "-x", "a\n)", "a.example/v1", "a.example/vendor/x",
	} {
		dir := filepath.Join(t.TempDir(), "w")
		if _, err := (Workspace{Module: path, Go: version(t, "1.26.0")}).New(dir); !report.Is(err, fetch.BadSetting) {
			t.Errorf("%q: got %v, want %s", path, err, fetch.BadSetting)
		}
		if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%q: something was made", path)
		}
	}
}

func TestTheNameOfAFolderMakesThatOfAProgram(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{"echo": "echo", "My Server": "my-server", "äö": "server", "..x": "x", "a_b-1": "a_b-1", "/": "server"} {
		if got := folderName(name); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
}

func TestANewWorkspaceIsForTheActiveGo(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		files map[string]string
		want  string
	}{
		"the active one":            {nil, "1.26.3"},
		"not a newer one of others": {map[string]string{"/usr/lib/go-1.22/VERSION": "go1.99.0\n"}, "1.26.3"},
	} {
		if got := site(t, tc.files).Newest(t.Context()); got.String() != tc.want {
			t.Errorf("%s: got %s, want %s", name, got, tc.want)
		}
	}
	empty, err := host.At(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if got := (Site{h: empty}).Newest(t.Context()); !got.IsZero() {
		t.Errorf("a host without any: got %s", got)
	}
}

// The go command takes "net" for its own, wherever the folder lies.
func TestAWorkspaceIsNotCalledLikeAPackageOfGo(t *testing.T) {
	t.Parallel()
	i, _ := installed(t)
	taken := i.site().OfGo
	for _, tc := range []struct{ folder, module, want string }{
		{"fmt", "", "fmt-server"}, {"std", "", "std-server"}, {"echo", "", "echo"}, {"fmt", "example.com/fmt", "example.com/fmt"},
	} {
		dir := filepath.Join(t.TempDir(), tc.folder)
		if _, err := (Workspace{Module: tc.module, Go: version(t, release), Taken: taken}).New(dir); err != nil {
			t.Fatal(err)
		}
		mod, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err != nil || !strings.HasPrefix(string(mod), "module "+tc.want+"\n") {
			t.Errorf("%s is %q, %v, want %s", tc.folder, mod, err, tc.want)
		}
	}
	for _, module := range []string{"fmt", "all", "work", "C", "unsafe", "main", "go", "toolchain", "cmd/x"} {
		dir := filepath.Join(t.TempDir(), "x")
		if _, err := (Workspace{Module: module, Go: version(t, release), Taken: taken}).New(dir); code(err) != fetch.BadSetting {
			t.Errorf("--module %s: %v", module, err)
		}
		if _, err := os.Stat(dir); err == nil {
			t.Errorf("--module %s leaves a folder", module)
		}
	}
}
