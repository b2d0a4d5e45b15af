package main

import (
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/internal/report"
)

// history is what the records say, the newest first.
func (r room) history() []report.Record {
	r.Helper()
	return r.report(r.run(report.ExitDone, "history", "--json")).Records
}

// recorded checks the commands of the records, the newest first.
func (r room) recorded(want ...string) []report.Record {
	r.Helper()
	records := r.history()
	var got []string
	for _, rec := range records {
		got = append(got, rec.Command)
	}
	if strings.Join(got, ", ") != strings.Join(want, ", ") {
		r.Errorf("recorded are %q, want %q", got, want)
	}
	return records
}

func TestKernelEachChangeLeavesOneRecord(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	before := r.state()
	r.check(os.MkdirAll("/run/systemd/journal", 0o755))
	journald, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Net: "unixgram", Name: "/run/systemd/journal/socket"})
	r.check(err)
	defer journald.Close()
	r.check(journald.SetReadDeadline(time.Now().Add(time.Minute)))
	entries := make(chan string, 9)
	go func() {
		defer close(entries)
		for buf := make([]byte, 1<<20); ; {
			n, err := journald.Read(buf)
			if err != nil {
				return
			}
			if n > 0 { // as journald does
				entries <- string(buf[:n])
			}
		}
	}()

	r.says(r.run(report.ExitDone, "history").out, "nothing is recorded")
	r.run(report.ExitDone, "apply", "--profile", "room")
	r.run(report.ExitDone, "apply") // which has nothing to do
	r.run(report.ExitDone, "plan")
	r.run(report.ExitDone, "revert")
	r.run(report.ExitDone, "revert")
	records := r.recorded("revert", "apply")
	if len(records) != 2 {
		return
	}
	changes := map[string]report.RecordedChange{}
	for _, c := range records[1].Changes {
		changes[c.Target] = c
	}
	if c := changes["net.core.somaxconn"]; c.Before == nil || *c.Before != "4096" || c.After == nil || *c.After != "65535" {
		t.Errorf("the record has %+v", c)
	}
	if c := changes["/etc/sysctl.d/60-tcptune.conf"]; c.Before != nil || c.After == nil || !strings.Contains(*c.After, "bytes, sha256 ") {
		t.Errorf("the record has %+v", c)
	}
	if got := records[1].CommandLine; got != "tcptune apply --profile room" {
		t.Errorf("the command line is %q", got)
	}
	one := r.run(report.ExitDone, "history", records[1].ID)
	r.says(one.out, "tcptune apply --profile room")
	r.says(one.out, "knob net.core.somaxconn  applied\n    4096 -> 65535")
	r.says(r.run(report.ExitDone, "history").out, records[0].ID+"  "+records[0].Time+"  revert")

	for i := range records {
		r.says(<-entries, "TCPTUNE_ID="+records[len(records)-1-i].ID+"\n")
	}
	r.is(before, tree.withoutTimes) // /var/log is none of the state
}

func TestKernelConfirmationExpiryAndKillAreRecorded(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	r.run(report.ExitDone, "apply", "--profile", "room", "--confirm", "10m")
	r.run(report.ExitDone, "confirm")
	r.run(report.ExitDone, "revert")
	r.run(report.ExitDone, "apply", "--profile", "room", "--confirm", "1s")
	r.until("nobody confirmed, and the values are as before", windowClosed)
	r.check(exec.Command("ip", "link", "set", "lo", "up").Run())
	r.listen("127.0.0.1:9006")
	r.run(report.ExitDone, "port", "9006", "--kill", "--", "true", "--password", "secret")
	records := r.recorded("port", "expiry", "apply", "revert", "confirm", "apply")
	if len(records) != 6 {
		return
	}
	if got := records[0]; got.CommandLine != "tcptune port 9006 --kill -- true (hidden)" || len(got.Changes) != 1 || got.Changes[0].Kind != "signal" {
		t.Errorf("the record of --kill is %+v", got)
	}
	if got := records[1]; len(got.Changes) == 0 || got.ExitCode != 0 {
		t.Errorf("the record of the expiry is %+v", got)
	}
}

func TestKernelWhatWasRolledBackIsRecorded(t *testing.T) {
	needsStrace(t)
	r, ok := enter(t)
	if !ok {
		return
	}
	got := r.traced("write", "/proc/sys/net/ipv4/tcp_no_metrics_save", "error=EIO", "apply", "--profile", "room")
	if got.code != report.ExitFailed {
		t.Fatal(got)
	}
	records := r.recorded("apply")
	if len(records) == 1 && (records[0].ExitCode != report.ExitFailed || records[0].ErrorCode != "rolled-back" || len(records[0].Changes) == 0) {
		t.Errorf("%+v", records[0])
	}
}

func TestKernelARecordThatCannotBeWrittenIsSaidAndFailsNothing(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	r.check(unix.Mount("", "/var/log", "", unix.MS_REMOUNT|unix.MS_RDONLY, ""))
	got := r.run(report.ExitDone, "apply", "--profile", "room")
	r.says(got.err, "tcptune: note: this change is not in /var/log/tcptune/history.jsonl: read-only file system")
	r.has(roomAfter)
	r.check(unix.Mount("", "/var/log", "", unix.MS_REMOUNT, ""))
	r.recorded()
	r.run(report.ExitDone, "revert")
	r.recorded("revert")
}

func TestKernelHistoryIsForRoot(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	r.run(report.ExitDone, "apply", "--profile", "room")
	got := r.start(exec.Command("as-nobody", "tcptune", "history"))()
	if got.code != report.ExitNeedsRoot {
		t.Errorf("%v", got)
	}
	r.says(got.err, "cannot read /var/log/tcptune/history.jsonl without root")
	r.says(got.err, "hint: run: sudo tcptune history")
}
