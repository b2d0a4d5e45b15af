package main

import (
	"net"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestTheJournalGetsPriorities(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	log, err := newLogger(&out, "auto", "info")
	if err != nil {
		t.Fatal(err)
	}
	log.Debug("not said")
	log.Info("well", "n", 1)
	log.With("who", "me").Warn("oh")
	log.Error("bad")
	want := "<6>msg=well n=1\n<4>msg=oh who=me\n<3>msg=bad\n"
	if out.String() != want {
		t.Errorf("%q, not %q", out.String(), want)
	}
}

func TestTooManyLinesAreCounted(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	log, err := newLogger(&out, "text", "info")
	if err != nil {
		t.Fatal(err)
	}
	const many = 10 * logBurst
	for range many {
		log.Info("again")
	}
	if n := strings.Count(out.String(), "msg=again"); n < logBurst || n > logBurst+logRate {
		t.Errorf("%d lines of %d", n, many)
	}
}

func TestALevelThatDoesNotExistIsRefused(t *testing.T) {
	t.Parallel()
	if _, err := newLogger(nil, "text", "loud"); err == nil {
		t.Error("taken")
	}
}

func TestTheAdminServerLogsAsTheRestDoes(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	log, err := newLogger(&out, "json", "info")
	if err != nil {
		t.Fatal(err)
	}
	adminServer(nil, log).ErrorLog.Print("http: Accept error")
	if !strings.HasPrefix(out.String(), "{") || !strings.Contains(out.String(),
		`"level":"WARN","msg":"http: Accept error"`) {
		t.Errorf("%s", out.String())
	}
}

func TestAtDebugEachConnectionIsALine(t *testing.T) {
	t.Parallel()
	for level, want := range map[string]int{"debug": 1, "info": 0} {
		l := listen(t)
		p := launch(t, nil, map[string]*net.TCPListener{"x.socket": l}, "--log-level", level, "--drain", "2s")
		c := dial(t, l.Addr())
		talk(t, c, "hello", "hello")
		p.signal(unix.SIGTERM)
		if code := p.exit(); code != exitDone {
			t.Errorf("exit code %d", code)
		}
		line := `<7>msg="a connection has ended" remote=` + c.LocalAddr().String() + " reason=drained age="
		if said := p.stderr.String(); strings.Count(said, line) != want || strings.Count(said, "bytes-out=5") != want {
			t.Errorf("at %s it does not say %q %d times:\n%s", level, line, want, said)
		}
	}
}
