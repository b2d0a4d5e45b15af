package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tcptune/tcptune/internal/report"
)

// What differs from one run to the next, and from one machine to the next, in a trail.
var trailMasks = []struct {
	what *regexp.Regexp
	with string
}{
	{regexp.MustCompile(`(?m)^debug [0-9.]+s`), "debug TIME"},
	{regexp.MustCompile(`took=\S+`), "took=TIME"},
	{regexp.MustCompile(`(path=/proc/\S+) bytes=[0-9]+`), "$1 bytes=N"},
	{regexp.MustCompile(`(tcptune/(?:journal.json(?:\.former)?|history.jsonl)) bytes=[0-9]+`), "$1 bytes=N"}, // boot and namespace have no fixed length
	{regexp.MustCompile(`pid=[0-9]+`), "pid=PID"},
	{regexp.MustCompile(`target=[0-9]+`), "target=PID"},
	{regexp.MustCompile(`parent=[0-9]+`), "parent=PID"},
	{regexp.MustCompile(`(inode|cookie)=[0-9]+`), "$1=N"},
	{regexp.MustCompile(`(made_in|cgroup)=/\S*`), "$1=GROUP"},
	{regexp.MustCompile(`by_cgroup=(true|false)`), "by_cgroup=BOOL"},
	{regexp.MustCompile(`"(no unit and no container runs it|it was started in \S+, and does not work for it)"`), "WHERE"},
	{regexp.MustCompile(`hidden_processes=[0-9]+`), "hidden_processes=N"},
	// How a kernel says which modules it has, and whether they are locked.
	{regexp.MustCompile(`(?m)^debug TIME finds module=.*\n`), ""},
	{regexp.MustCompile(`(?m)^debug TIME reads path=/(proc/config|proc/modules|boot/|lib/modules|sys/module).*\n`), ""},
	{regexp.MustCompile(`(?m)^debug TIME reads key=kernel.modules_disabled .*\n`), ""},
	// Folders of the machine that a room has as they are.
	{regexp.MustCompile(`(?m)^debug TIME lists folder=(/usr/local)?(/usr)?/lib/modules-load.d .*\n`), ""},
}

func masked(trail string) string {
	for _, m := range trailMasks {
		trail = m.what.ReplaceAllString(trail, m.with)
	}
	return trail
}

// trailIs holds the trail in a file against the one of a run. With UPDATE=1 in the environment the file is written
// anew.
func (r room) trailIs(got result, name string) {
	r.Helper()
	var lines []string
	for line := range strings.Lines(got.err) {
		if strings.HasPrefix(line, "debug ") {
			lines = append(lines, line)
		}
	}
	text := masked(strings.Join(lines, ""))
	file := filepath.Join("testdata", name)
	if os.Getenv("UPDATE") != "" {
		r.check(os.MkdirAll("testdata", 0o755))
		r.check(os.WriteFile(file, []byte(text), 0o644))
		return
	}
	want, err := os.ReadFile(file)
	r.check(err)
	if diff := cmp.Diff(string(want), text); diff != "" {
		r.Errorf("the trail is not that of %s (UPDATE=1 writes it anew):\n%s", file, diff)
	}
}

func TestTheGuideShowsStepsOfTheseTrails(t *testing.T) {
	guide, err := os.ReadFile("../../docs/debugging.md")
	if err != nil {
		t.Fatal(err)
	}
	trails := map[string]string{}
	for _, command := range []string{"apply", "status", "port"} {
		text, err := os.ReadFile("testdata/trail-" + command + ".txt")
		if err != nil {
			t.Fatal(err)
		}
		trails[command] = string(text)
	}
	shown, command := 0, ""
	for line := range strings.Lines(string(guide)) {
		if called := regexp.MustCompile("`(?:sudo )?tcptune ([a-z]+) .*--debug`").FindStringSubmatch(line); called != nil {
			command = called[1]
		}
		if strings.HasPrefix(line, "debug ") {
			shown++
			if !strings.Contains(trails[command], masked(line)) {
				t.Errorf("docs/debugging.md shows what the trail of %s has not got: %s", command, line)
			}
		}
	}
	if shown < 20 {
		t.Errorf("the guide shows %d steps: this test has read nothing", shown)
	}
}

func TestKernelTrailOfApplySaysWhatIsReadDecidedAndWritten(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	r.trailIs(r.run(report.ExitDone, "apply", "--profile", "room", "--debug"), "trail-apply.txt")
}

func TestKernelTrailOfStatusSaysWhoWinsAndWhy(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	r.run(report.ExitDone, "apply", "--profile", "room")
	later := "net.ipv4.tcp_keepalive_time = 700\n-net.ipv4.tcp_fastopen_key = 11111111-22222222-33333333-44444444\n"
	r.check(os.WriteFile("/etc/sysctl.d/99-zz-other.conf", []byte(later), 0o644))
	t.Setenv("TCPTUNE_DEBUG", "1")
	got := r.run(report.ExitDiffers, "status")
	if strings.Contains(got.err, "22222222") {
		t.Error("the trail gives a secret away")
	}
	r.trailIs(got, "trail-status.txt")
}

func TestKernelTrailOfPortSaysWhyASignal(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	r.check(exec.Command("ip", "link", "set", "lo", "up").Run())
	r.listen("127.0.0.1:9005")
	r.trailIs(r.run(report.ExitDone, "port", "9005", "--kill", "--debug"), "trail-port.txt")
}

func TestKernelNothingIsSaidWithoutAskingForATrail(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	t.Setenv("TCPTUNE_DEBUG", "0")
	if got := r.run(report.ExitDone, "apply", "--profile", "room"); strings.Contains(got.err, "debug ") {
		t.Errorf("got %s", got.err)
	}
}
