package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// TestWhatATerminalOf80ColumnsShows holds testdata/pictures.txt, which is what such a terminal shows, colours left out,
// and that no line is wider, also of commands whose answer depends on the machine. UPDATE=1 writes the pictures anew.
func TestWhatATerminalOf80ColumnsShows(t *testing.T) {
	const file = "testdata/pictures.txt"
	root := filepath.Join(t.TempDir(), "image")
	if out, err := exec.CommandContext(t.Context(), "cp", "-a", "../../test/fixtures/ubuntu-24.04", root).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if err := os.WriteFile(filepath.Join(root, "var/lib/dpkg/arch"), []byte("amd64\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	for _, line := range []string{
		"tcptune check --root image", "tcptune plan --root image", "tcptune apply --root image", "tcptune apply --root image",
		"tcptune status --root image", "tcptune status --root image --profile wan --bandwidth 10gbit --rtt 80ms",
		"tcptune status --root image --all", "tcptune explain tcp_rmem --root image", "tcptune revert --root image --dry-run",
		"tcptune service status nosuch", "tcptune plan --root image --profile sever",
	} {
		fmt.Fprintf(&got, "$ %s\n%s\n", line, picture(t, root, strings.Fields(line)))
	}
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(file, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	wanted, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(wanted), got.String()); diff != "" {
		t.Errorf("wanted (-) and got (+):\n%s", diff)
	}

	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for _, line := range []string{fmt.Sprintf("tcptune port %d", l.Addr().(*net.TCPAddr).Port), "tcptune port", "tcptune service status", "tcptune check"} {
		if picture(t, root, strings.Fields(line)) == "" {
			t.Errorf("%s: shows nothing", line)
		}
	}
}

// picture is what a terminal of 80 columns shows of stdout and stderr.
func picture(t *testing.T, root string, args []string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Args, cmd.Env, cmd.Dir = args, append(os.Environ(), inScript+"=1"), filepath.Dir(root)
	return pictureOf(t, cmd)
}

func pictureOf(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	primary, secondary, err := openTerminal()
	if err != nil {
		t.Fatal(err)
	}
	defer primary.Close()
	const columns = 80
	if err := unix.IoctlSetWinsize(int(primary.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 25, Col: columns}); err != nil {
		t.Fatal(err)
	}
	if cmd.Env == nil {
		cmd.Env = os.Environ()
	}
	cmd.Env = append(cmd.Env, "TERM=xterm", "NO_COLOR=")
	cmd.Stdout, cmd.Stderr = secondary, secondary
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = secondary.Close()
	raw, _ := io.ReadAll(primary) // ends with EIO when the other side is closed
	_ = cmd.Wait()                // 2 and 4 are answers, too
	text := regexp.MustCompile("\x1b\\[[0-9]*m").ReplaceAllString(strings.ReplaceAll(string(raw), "\r\n", "\n"), "")
	for line := range strings.Lines(text) {
		if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > columns {
			t.Errorf("%s: a line has %d columns: %q", strings.Join(cmd.Args, " "), n, line)
		}
		if line != strings.TrimRight(line, " \n")+"\n" {
			t.Errorf("%s: a line ends with blanks: %q", strings.Join(cmd.Args, " "), line)
		}
	}
	return text
}

func TestALineThatIsTooWideGoesOnBelowItsText(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ line, want string }{
		{"fits", "fits"},
		{"one two three four", "one two\n    three\n    four"},
		{"  one two three", "  one two\n     three"},
		{"/a/very/long/path", "/a/very/lo\n    ng/pat\n    h"},
		{"\x1b[31mone two\x1b[0m three", "\x1b[31mone two\x1b[0m\n    three"},
		{"äöü äöü äöü", "äöü äöü\n    äöü"},
	} {
		if got := foldLine(tc.line, 10); got != tc.want {
			t.Errorf("%q: got %q, want %q", tc.line, got, tc.want)
		}
	}
}
