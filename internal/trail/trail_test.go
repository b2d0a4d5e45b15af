package trail

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestASilentTrailCostsNothing(t *testing.T) {
	var silent Trail
	path := "/etc/sysctl.conf"
	allocations := testing.AllocsPerRun(100, func() {
		if silent.On() {
			silent.Step("reads", slog.String("path", path))
		}
	})
	if allocations != 0 {
		t.Errorf("got %v allocations for a step, want none", allocations)
	}
	silent.Step("reads", slog.String("path", path))
	silent.Asks("systemd", "", time.Now(), "", nil)
}

func TestAStepIsOneLineWhateverItIsAbout(t *testing.T) {
	var out bytes.Buffer
	New(&out).Step("reads", slog.String("path", "/etc/a\n\x1b[31mb"), Came("bytes", 3, nil), Failed(nil))
	got := out.String()
	if strings.Count(got, "\n") != 1 || strings.Contains(got, "\x1b") {
		t.Errorf("got %q, which a terminal would take for something else", got)
	}
	if want := `s reads path="/etc/a\n\x1b[31mb" bytes=3` + "\n"; !strings.HasPrefix(got, "debug 0.0") || !strings.HasSuffix(got, want) {
		t.Errorf("got %q, want … %q", got, want)
	}
}

func TestAnErrorStandsInThePlaceOfWhatDidNotCome(t *testing.T) {
	var out bytes.Buffer
	trail := New(&out)
	trail.Step("lists", Came("names", 0, errors.New("permission denied")))
	trail.Asks("systemd", "to start a.service", time.Now(), "done", errors.New("timed out"))
	for _, want := range []string{
		`lists error="permission denied"`, `asks whom=systemd what="to start a.service" answer="error: timed out" took=`,
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("got %q, without %q", out.String(), want)
		}
	}
}

func TestSecretsAreNotToldApart(t *testing.T) {
	for key, hidden := range map[string]bool{
		"net.ipv4.tcp_fastopen_key":                   true,
		"net.ipv6.conf.eth0/100.stable_secret":        true,
		"net.ipv6.conf.*.stable_secret":               true,
		"net/ipv4/tcp_fastopen_key":                   true,
		"net.ipv4.tcp_rmem":                           false,
		"net.ipv4.tcp_fastopen_blackhole_timeout_sec": false,
	} {
		if got := Value(key, "4096") == Hidden; got != hidden {
			t.Errorf("%s: hidden %v, want %v", key, got, hidden)
		}
	}
	for address, want := range map[string]string{
		"https://go.dev/dl/x":                        "https://go.dev/dl/x",
		"https://user:secret@mirror.example/a?t=key": "https://%28hidden%29@mirror.example/a?(hidden)",
		"https://token@mirror.example/":              "https://%28hidden%29@mirror.example/",
		"://nonsense:secret":                         Hidden,
	} {
		if got := URL(address); got != want {
			t.Errorf("%s: got %s, want %s", address, got, want)
		}
	}
}

func TestStepsOfSeveralAtOnceDoNotMix(t *testing.T) {
	var out bytes.Buffer
	trail := New(&out)
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() { trail.Step("reads", slog.String("path", "/a"), slog.String("value", "b")) })
	}
	all.Wait()
	for line := range strings.Lines(out.String()) {
		if !strings.HasSuffix(line, "s reads path=/a value=b\n") {
			t.Errorf("got %q", line)
		}
	}
}
