package record

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/report"
)

func image(t *testing.T) host.Host {
	t.Helper()
	h, err := host.At(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func str(s string) *string { return &s }

func applied(kind report.Kind, target string, before, after *string) report.Change {
	return report.Change{Kind: kind, Target: target, Before: before, After: after, Effective: after, Status: report.Applied}
}

func TestARecordHasWhatWasChangedAndNoSecret(t *testing.T) {
	t.Parallel()
	h := image(t)
	warnings := Write(h, Entry{Args: []string{"apply", "--profile", "server"}, Version: "1.0.0", Code: 4, Changes: []report.Change{
		applied(report.Knob, "net.core.somaxconn", str("4096"), str("65535")),
		applied(report.Knob, "net.ipv4.tcp_fastopen_key", str("old-secret"), str("new-secret")),
		applied(report.File, "/etc/systemd/system/x.service", nil, str("Environment=TOKEN=secret\n")),
		applied(report.Knob, "net.ipv4.ip_local_reserved_ports", str(""), str(strings.Repeat("1,", 9999))),
		{Kind: report.Knob, Target: "is.as.wanted", Status: report.Unchanged},
		{Kind: report.Knob, Target: "was.tried", Before: str("1"), After: str("2"), Effective: str("1"), Status: report.Planned, Reason: "rolled back"},
	}})
	list, notes, err := Read(h)
	if warnings != nil || notes != nil || err != nil || len(list) != 1 {
		t.Fatalf("%q, %q, %v, %d records", warnings, notes, err, len(list))
	}
	r := list[0]
	want := []report.RecordedChange{
		{Kind: "knob", Target: "net.core.somaxconn", Before: str("4096"), After: str("65535"), Status: report.Applied},
		{Kind: "knob", Target: "net.ipv4.tcp_fastopen_key", Before: str("(hidden)"), After: str("(hidden)"), Status: report.Applied},
		{Kind: "file", Target: "/etc/systemd/system/x.service", Status: report.Applied},
		{Kind: "knob", Target: "net.ipv4.ip_local_reserved_ports", Before: str(""), After: str(strings.Repeat("1,", 256) + "… (19998 bytes)"), Status: report.Applied},
		{Kind: "knob", Target: "was.tried", Before: str("1"), After: str("1"), Status: report.Planned},
	}
	want[2].After = r.Changes[2].After // its digest; the next line holds that it is one
	if diff := cmp.Diff(want, r.Changes); diff != "" || !strings.HasPrefix(*r.Changes[2].After, "25 bytes, sha256 ") {
		t.Errorf("changes, want (-) and got (+):\n%s", diff)
	}
	if _, err := time.Parse(time.RFC3339, r.Time); err != nil || len(r.ID) != 8 || r.Command != "apply" || r.ExitCode != 4 || r.ErrorCode != "" ||
		r.Version != "1.0.0" || r.By.UID != os.Getuid() || r.CommandLine != "tcptune apply --profile server" {
		t.Errorf("record is %+v, %v", r, err)
	}
	text, err := h.ReadFile(File)
	if err != nil || strings.Contains(string(text), "secret") && !strings.Contains(string(text), "(hidden)") || strings.Contains(string(text), "TOKEN") {
		t.Errorf("the file is %s, %v", text, err)
	}
	if fi, err := h.Lstat(File); err != nil || fi.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", fi.Mode(), err)
	}
}

func TestAFailureIsRecordedWithItsCode(t *testing.T) {
	t.Parallel()
	h := image(t)
	Write(h, Entry{Command: "expiry", Err: &report.Error{Code: "rolled-back", Message: "cannot"}})
	list, _, err := Read(h)
	if err != nil || len(list) != 1 || list[0].ExitCode != report.ExitFailed || list[0].ErrorCode != "rolled-back" || list[0].Command != "expiry" {
		t.Errorf("%+v, %v", list, err)
	}
}

func TestTheCommandLineHasNoSecrets(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		args       []string
		line, verb string
	}{
		{[]string{"apply"}, "tcptune apply", "apply"},
		{[]string{"apply", "plan.json"}, "tcptune apply plan.json", "apply"},
		{[]string{"port", "8080", "--kill"}, "tcptune port 8080 --kill", "port"},
		{[]string{"service", "install", "web", "--now"}, "tcptune service install web --now", "service install"},
		{[]string{"go", "install", "--proxy", "https://u:p@proxy.example"}, "tcptune go install --proxy https://(hidden)@proxy.example", "go install"},
		{[]string{"go", "install", "--proxy=https://token@a,https://u:p@b,direct"}, "tcptune go install --proxy=https://(hidden)@b,direct", "go install"},
		{[]string{"go", "install", "--proxy", "https://u:p/w@rd@a/?sig=s"}, "tcptune go install --proxy https://(hidden)@a/?(hidden)", "go install"},
		{[]string{"go", "install", "--proxy", "u:p@proxy:3128"}, "tcptune go install --proxy u:(hidden)@proxy:3128", "go install"},
		{[]string{"go", "install", "--tools", "golang.org/x/tools/gopls@latest"}, "tcptune go install --tools golang.org/x/tools/gopls@latest", "go install"},
		{[]string{"port", "80", "--kill", "--", "/usr/bin/daemon", "--password", "p"}, "tcptune port 80 --kill -- /usr/bin/daemon (hidden)", "port"},
		{[]string{"port", "80", "--kill", "--", "daemon"}, "tcptune port 80 --kill -- daemon", "port"},
		{[]string{"port", "80", "--kill", "--"}, "tcptune port 80 --kill --", "port"},
		{[]string{"service", "install", "--exec", "/opt/d", "--", "p"}, "tcptune service install --exec /opt/d -- (hidden)", "service install"},
		{[]string{"service", "install", "--exec=/opt/d", "--", "p", "q"}, "tcptune service install --exec=/opt/d -- (hidden)", "service install"},
		{
			[]string{"service", "install", "-p", "Environment=TOKEN=s", "-pEnvironment=A=s", "--property=SetCredential=k:s", "-p", "EnvironmentFile=/etc/x"},
			"tcptune service install -p Environment=(hidden) -pEnvironment=(hidden) --property=SetCredential=(hidden) -p EnvironmentFile=/etc/x",
			"service install",
		},
		{[]string{"apply", "a b\n\x1b[2Jforged", ""}, `tcptune apply "a b\n\x1b[2Jforged" ""`, "apply"},
		{[]string{"--version"}, "tcptune --version", ""},
		{nil, "tcptune", ""},
	} {
		if got := Line(tt.args); got != tt.line {
			t.Errorf("%q: %s, want %s", tt.args, got, tt.line)
		}
		if got := verb(tt.args); got != tt.verb {
			t.Errorf("%q: command %q, want %q", tt.args, got, tt.verb)
		}
	}
}

func TestTheFileKeepsTheNewest500(t *testing.T) {
	t.Parallel()
	h := image(t)
	for i := range mostRecords + 20 {
		r := report.Record{ID: fmt.Sprintf("%08x", i), Changes: []report.RecordedChange{}}
		if err := appendTo(h, r); err != nil {
			t.Fatal(err)
		}
	}
	list, notes, err := Read(h)
	if err != nil || notes != nil || len(list) != mostRecords || list[0].ID != fmt.Sprintf("%08x", mostRecords+19) || list[len(list)-1].ID != "00000014" {
		t.Errorf("%d records, %v, %q", len(list), err, notes)
	}
}

func TestTheFileKeepsNoMoreThanItsBytes(t *testing.T) {
	t.Parallel()
	line := strings.Repeat("x", 99<<10) + "\n"
	got := bound([]byte("first\n" + strings.Repeat(line, 12)))
	if len(got) != 10*len(line) {
		t.Errorf("%d bytes are left of lines with %d", len(got), len(line))
	}
	if got := bound([]byte(strings.Repeat("x", mostBytes+1))); len(got) != 0 {
		t.Errorf("%d bytes are left of one line that is too long", len(got))
	}
	for _, whole := range []string{"", "a\n", "a\nb\n", "a\nb"} {
		if got := bound([]byte(whole)); string(got) != whole {
			t.Errorf("%q became %q", whole, got)
		}
	}
}

// port --kill does not hold the lock of the host.
func TestRecordsThatAreWrittenAtOnceAreAllThere(t *testing.T) {
	t.Parallel()
	h := image(t)
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if warnings := Write(h, Entry{Command: "port"}); warnings != nil {
				t.Error(warnings)
			}
		})
	}
	all.Wait()
	if list, notes, err := Read(h); err != nil || notes != nil || len(list) != 20 {
		t.Errorf("%d records, %q, %v", len(list), notes, err)
	}
}

func TestALineThatIsNoRecordIsNamedAndTheRestIsThere(t *testing.T) {
	t.Parallel()
	h := image(t)
	Write(h, Entry{Command: "apply"})
	text, err := h.ReadFile(File)
	if err := errors.Join(err, h.WriteFile(File, []byte("half{\n"+string(text)+"{}\n"), fileMode)); err != nil {
		t.Fatal(err)
	}
	list, notes, err := Read(h)
	if diff := cmp.Diff([]string{"line 3 of " + File + " is no record", "line 1 of " + File + " is no record"}, notes); diff != "" || err != nil || len(list) != 1 {
		t.Errorf("%d records, %v, notes, want (-) and got (+):\n%s", len(list), err, diff)
	}
}

// Others than root may write to /var/log, and must not choose where root writes.
func TestALinkInPlaceOfTheFolderIsRefused(t *testing.T) {
	t.Parallel()
	h := image(t)
	if err := errors.Join(h.MkdirAll("/var/log"), h.MkdirAll("/elsewhere"), h.WriteLink("/var/log/tcptune", "/elsewhere")); err != nil {
		t.Fatal(err)
	}
	warnings := Write(h, Entry{Command: "apply"})
	names, err := h.ReadDir("/elsewhere")
	if len(warnings) != 1 || !strings.Contains(warnings[0], "/var/log/tcptune is no folder") || len(names) > 0 || err != nil {
		t.Errorf("warnings %q; %q, %v", warnings, names, err)
	}
}

// listen makes a log of h, which reads as journald does: what is sent, and nothing of what is empty.
func listen(t *testing.T, h host.Host, socket string) <-chan string {
	t.Helper()
	conn := open(t, h, socket)
	messages := make(chan string, 9)
	go func() {
		defer close(messages)
		for buf := make([]byte, 1<<20); ; {
			n, err := conn.Read(buf)
			if err != nil {
				return
			}
			if n > 0 {
				messages <- string(buf[:n])
			}
		}
	}()
	return messages
}

// open makes a log of h that does not read.
func open(t *testing.T, h host.Host, socket string) *net.UnixConn {
	t.Helper()
	if err := h.MkdirAll(filepath.Dir(socket)); err != nil {
		t.Fatal(err)
	}
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Net: "unixgram", Name: h.Root() + socket})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetReadDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return conn
}

func many() (changes []report.Change) {
	for i := range 2 * mostChanges {
		changes = append(changes, applied(report.Knob, fmt.Sprint("k", i), str(strings.Repeat("1", 999)), str("2")))
	}
	return changes
}

func TestOneEntryIsInTheJournalOfSystemd(t *testing.T) {
	t.Parallel()
	h := image(t)
	journal := listen(t, h, journalSocket)
	listen(t, h, syslogSocket) // it is not asked
	for name, changes := range map[string][]report.Change{"one": {applied(report.Knob, "a", str("1"), str("2\n3"))}, "many": many()} {
		if warnings := Write(h, Entry{Args: []string{"apply"}, Version: "1.0.0", Changes: changes}); warnings != nil {
			t.Fatalf("%s: %q", name, warnings)
		}
		fields := map[string]string{}
		for line := range strings.Lines(<-journal) {
			field, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
			fields[field] = value
		}
		for field, want := range map[string]string{
			"SYSLOG_IDENTIFIER": "tcptune", "PRIORITY": "5", "TCPTUNE_COMMAND": "apply", "TCPTUNE_COMMAND_LINE": "tcptune apply",
			"TCPTUNE_UID": fmt.Sprint(os.Getuid()), "TCPTUNE_EXIT_CODE": "0", "TCPTUNE_VERSION": "1.0.0",
		} {
			if fields[field] != want {
				t.Errorf("%s: %s is %q, want %q", name, field, fields[field], want)
			}
		}
		if !strings.HasPrefix(fields["TCPTUNE_CHANGES"], `[{"kind":"knob","target":"`) || !strings.HasSuffix(fields["MESSAGE"], "exit 0 ["+fields["TCPTUNE_ID"]+"]") {
			t.Errorf("%s: %q", name, fields)
		}
	}
}

func TestSyslogIsToldWhereThereIsNoJournal(t *testing.T) {
	t.Parallel()
	h := image(t)
	log := listen(t, h, syslogSocket)
	for name, changes := range map[string][]report.Change{"one": {applied(report.Knob, "a", str("1"), str("2"))}, "many": many()} {
		if warnings := Write(h, Entry{Args: []string{"apply"}, Changes: changes}); warnings != nil {
			t.Fatalf("%s: %q", name, warnings)
		}
		line := <-log
		if !strings.HasPrefix(line, "<37>") || !strings.Contains(line, fmt.Sprintf(" tcptune[%d]: apply by uid %d", os.Getpid(), os.Getuid())) ||
			!strings.Contains(line, `tcptune apply; [{"kind":"knob"`) || len(line) > 8<<10 || strings.Contains(line, "\n") {
			t.Errorf("%s: %s", name, line)
		}
	}
}

func TestAWritersFailureIsSaid(t *testing.T) {
	t.Parallel()
	h := image(t)
	_ = open(t, h, journalSocket).Close() // the socket stays, and nobody reads
	if err := h.WriteFile("/var", []byte("in the way"), 0o644); err != nil {
		t.Fatal(err)
	}
	warnings := Write(h, Entry{Command: "apply"})
	if len(warnings) != 2 || !strings.Contains(warnings[0], "not in "+File) || !strings.Contains(warnings[1], "connection refused") {
		t.Errorf("warnings are %q", warnings)
	}
}

func TestAnEntryThatTheJournalDoesNotReadIsSaid(t *testing.T) {
	t.Parallel()
	h := image(t)
	journal := open(t, h, journalSocket)
	read := make(chan error, 1)
	go func() { // one that stops before it has done with it
		_, err := journal.Read(make([]byte, 1<<20))
		read <- err
	}()
	warnings := Write(h, Entry{Command: "apply"})
	if len(warnings) != 1 || !strings.Contains(warnings[0], "it was sent, and has not been read within 5s") {
		t.Errorf("warnings are %q", warnings)
	}
	if err := <-read; err != nil {
		t.Error(err)
	}
}

func TestTheUnitIsTheInnermost(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"0::/system.slice/cron.service\n":                                             "cron.service",
		"0::/user.slice/user-1000.slice/session-3.scope\n":                            "session-3.scope",
		"0::/user.slice/user-1000.slice/user@1000.service/app.slice/x.scope/deeper\n": "x.scope",
		"4:memory:/\n1:name=systemd:/system.slice/ssh.service\n":                      "ssh.service",
		"0::/\n": "", "": "", "garbage": "",
	} {
		if got := unitOf(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// A process that was given the words shows them to everybody.
func TestSecretsAreTakenFromTheCommandLineOfTheProcess(t *testing.T) {
	t.Parallel()
	if os.Getenv("TCPTUNE_TEST_HIDE") != "" { // it was started with them, see below
		own := Hide(os.Args[3:])
		text, err := os.ReadFile("/proc/self/cmdline")
		t.Logf("%q, %q, %v", own, text, err)
		return
	}
	cmd := exec.CommandContext(t.Context(), "/proc/self/exe", "-test.v", "-test.run=TestSecretsAreTaken",
		"https://u:pass@a", "plain", "--", "program", "word")
	cmd.Env = append(os.Environ(), "TCPTUNE_TEST_HIDE=yes")
	out, err := cmd.CombinedOutput()
	want := `["https://u:pass@a" "plain" "--" "program" "word"], ` +
		`"/proc/self/exe\x00-test.v\x00-test.run=TestSecretsAreTaken\x00xxxxxxxxxxxxxxxx\x00plain\x00--\x00program\x00xxxx\x00", <nil>`
	if err != nil || !strings.Contains(string(out), want) {
		t.Errorf("got %s, %v\nwant %s", out, err, want)
	}
}
