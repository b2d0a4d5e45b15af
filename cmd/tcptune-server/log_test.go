package main

import (
	"strings"
	"testing"
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
