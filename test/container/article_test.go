package container

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/test/long"
	"github.com/tcptune/tcptune/test/markdown"
)

const article = "../../docs/from-zero-to-load-test.md"

// The article is carried out as it stands, by one user on one machine, and each line of output that is shown is printed there,
// but for its figures.
func TestTheArticleIsCarriedOutAsItIsWritten(t *testing.T) {
	long.Only(t, "a toolchain is fetched, and builds a server and its tests without a cache")
	reader := newReader(t)
	reader.hasNetwork(t)
	reader.follows(t, func(string) bool { return true })
}

// What needs no toolchain and takes no time is carried out by "make test": the server comes from the Go of this machine.
func TestTheArticleIsCarriedOutButForItsToolchain(t *testing.T) {
	t.Parallel()
	r := newReader(t)
	r.m.CopyIn(t, r.built(t), "/usr/local/bin/echo-server")
	r.follows(t, func(command string) bool {
		takes := regexp.MustCompile(`(?m)^(sudo )?(tcptune )?(go|cd|install|prove) |&$`).MatchString(command)
		if takes {
			t.Logf("left out, as it needs the toolchain or takes long; make test-all runs it: %s", command)
		}
		return !takes
	})
}

// reader is somebody who does what the article says.
type reader struct{ m *Machine }

// newReader boots a machine that has tcptune and a sudo that asks nothing.
func newReader(t *testing.T) reader {
	t.Helper()
	m := newTuned(t)
	m.RunInput(t, strings.NewReader("#!/bin/sh\nexec \"$@\"\n"), "sh", "-c", "cat >/usr/bin/sudo; chmod 755 /usr/bin/sudo")
	// What prove makes its path with, where the kernel has no netem.
	m.Must(t, "sh", "-c", "mkdir -p /dev/net; mknod /dev/net/tun c 10 200")
	return reader{m}
}

// built is the program that the article builds, made by the Go of this machine.
func (r reader) built(t *testing.T) (path string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "echo-server")
	for _, argv := range [][]string{{program(t, "tcptune"), "go", "new", dir}, {"go", "build", "-C", dir, "-o", "echo-server", "."}} {
		if out, err := exec.CommandContext(t.Context(), argv[0], argv[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%q: %v\n%s", argv, err, out)
		}
	}
	return filepath.Join(dir, "echo-server")
}

// hasNetwork gives the machine what this one knows of names, certificates and the module proxy. go.dev is not reachable from
// everywhere; the proxy is what counts.
func (r reader) hasNetwork(t *testing.T) {
	t.Helper()
	proxy, err := exec.CommandContext(t.Context(), "go", "env", "GOPROXY").Output()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(string(proxy), "http") {
		t.Skipf("no module proxy is configured: GOPROXY=%s", proxy)
	}
	hosts, err := os.ReadFile("/etc/hosts")
	if err != nil {
		t.Fatal(err)
	}
	r.m.RunInput(t, strings.NewReader(string(hosts)+"127.0.0.1 go.dev\n"), "tee", "/etc/hosts")
	r.m.CopyIn(t, "/etc/resolv.conf", "/etc/resolv.conf")
	r.m.CopyIn(t, "/etc/ssl/certs/ca-certificates.crt", "/etc/ssl/certs/ca-certificates.crt")
	r.m.RunInput(t, strings.NewReader("export GOPROXY="+string(proxy)), "tee", "/root/.session")
}

// follows carries out the commands that do, one after the other.
func (r reader) follows(t *testing.T, do func(command string) bool) {
	t.Helper()
	page, err := markdown.Read(article)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range page.Blocks() {
		for _, e := range exchanges(b.Text) {
			if do(e.command) {
				r.says(t, e)
			}
		}
	}
}

// exchange is a command and what is shown of its output. One that goes on in the background is one with those that follow.
type exchange struct{ command, output string }

func exchanges(text string) (all []exchange) {
	for line := range strings.Lines(text) {
		command, is := strings.CutPrefix(line, "$ ")
		switch {
		case is && len(all) > 0 && strings.Contains(all[len(all)-1].command+"\n", "&\n"):
			all[len(all)-1].command += "\n" + strings.TrimSpace(command)
		case is:
			all = append(all, exchange{command: strings.TrimSpace(command)})
		default:
			all[len(all)-1].output += line
		}
	}
	return all
}

// says carries out a command in the folder where the last one has left the reader.
func (r reader) says(t *testing.T, e exchange) {
	t.Helper()
	command := e.command
	if strings.Contains(command, "tcptune prove ") {
		command += " --force" // other tests run beside this one
	}
	script := "cd; touch .session .folder; . .session; cd \"$(cat .folder)\"\n" + command + "\ncode=$?; pwd >~/.folder; exit $code"
	cmd := r.m.Command(t.Context(), "bash", "-c", "exec 2>&1; "+script)
	if strings.HasPrefix(command, "sudo tcptune go install") {
		// With the network of this machine: that of the machine is loopback alone.
		cmd.Args = slices.DeleteFunc(cmd.Args, func(a string) bool { return a == "-n" })
	}
	said, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	out, code := string(said), cmd.ProcessState.ExitCode()
	t.Logf("$ %s\n%s", e.command, out)
	if code != 0 && !(code == partialHere && strings.Contains(command, "tcptune ")) {
		t.Fatalf("%s: exit %d\n%s", e.command, code, out)
	}
	// Chance may show a difference where there is none, and a busy machine hide one.
	if strings.Contains(command, "bench compare") || strings.Contains(out, "note: other programs take") {
		e.output, out = anyVerdict.ReplaceAllString(e.output, "VERDICT"), anyVerdict.ReplaceAllString(out, "VERDICT")
	}
	printed := strings.Split(shape(out), "\n")
	for line := range strings.Lines(e.output) {
		if line = strings.TrimSuffix(line, "\n"); line != "…" && !slices.Contains(printed, shape(line)) {
			t.Errorf("%s: shown, and not printed: %s\n%s", e.command, line, out)
		}
	}
}

var (
	figure     = regexp.MustCompile(`\d[\d.,]*(e[+-]\d+)?( (ns|us|ms|s|kbit/s|Mbit/s|Gbit/s)\b)?`)
	anyVerdict = regexp.MustCompile(report.NotShown + "|" + report.Better + "|" + report.Worse)
)

// shape is text without its figures, and with one space for several.
func shape(text string) string {
	lines := strings.Split(figure.ReplaceAllString(text, "N"), "\n")
	for i := range lines {
		lines[i] = strings.Join(strings.Fields(lines[i]), " ")
	}
	return strings.Join(lines, "\n")
}
