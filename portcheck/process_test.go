package portcheck

import (
	"bufio"
	"os/exec"
	"strings"
	"testing"
	"unicode"
)

// A wrong yes would stop a supervisor with all of its jobs.
func TestAWorkerIsCalledLikeItsMainProcess(t *testing.T) {
	for _, tc := range []struct {
		main, holder string
		want         bool
	}{
		{"/usr/bin/node /srv/app.js", "/usr/bin/node /srv/app.js", true},
		{"python3 /usr/bin/app", "/usr/bin/python3 /usr/bin/app --worker 3", true},
		{"/usr/sbin/daemon", "/usr/sbin/daemon --worker", true},
		{"/usr/bin/node", "/usr/bin/node /srv/job.js", false},
		{"python3 /usr/bin/supervisord -n", "python3 /srv/job.py", false},
		{"perl -I lib boss.pl", "perl -I lib job.pl", false},
		{"java -cp /srv/lib Boss", "java -cp /srv/lib Job", false},
		{"node -r dotenv/config boss.js", "node -r dotenv/config job.js", false},
		{"deno run boss.ts", "deno run job.ts", false},
		{"daemon run --all", "daemon run", false},
		{"boss", "job", false},
		{"", "", false},
	} {
		if got := sameScript(strings.Fields(tc.main), strings.Fields(tc.holder)); got != tc.want {
			t.Errorf("%q of %q: %v", tc.holder, tc.main, got)
		}
	}
}

// A name is the process' own choice, and it is shown to root.
func TestANameDoesNotSteerTheTerminal(t *testing.T) {
	cmd := exec.Command("sh", "-c", `printf 'a\033[31mb' >/proc/$$/comm; echo ready; read line`, "\x1b]0;title\a")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _, _ = in.Close(), cmd.Wait() }()
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "ready\n" {
		t.Fatalf("%q, %v", line, err)
	}
	p, err := Details(t.Context(), cmd.Process.Pid)
	if err != nil || p.Name != "a [31mb" || !strings.Contains(p.CommandLine(), "]0;title") || strings.ContainsFunc(p.CommandLine(), unicode.IsControl) {
		t.Errorf("name %q, command %q, %v", p.Name, p.CommandLine(), err)
	}
}
