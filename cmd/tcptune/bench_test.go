package main

import (
	"context"
	"encoding/json"
	"html"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tcptune/tcptune/internal/report"
	schematest "github.com/tcptune/tcptune/test/schema"
)

// TestALoadTestIsADocumentAndATable runs the command against an echo service, in each form that it prints.
func TestALoadTestIsADocumentAndATable(t *testing.T) {
	at := echoService(t)
	say := func(code int, args ...string) string {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), os.Args[0])
		cmd.Args, cmd.Env = append([]string{"tcptune", "bench"}, args...), append(os.Environ(), inScript+"=1")
		var errs strings.Builder
		cmd.Stderr = &errs
		out, _ := cmd.Output()
		if got := cmd.ProcessState.ExitCode(); got != code {
			t.Errorf("%v: exit code %d, not %d: %s", args, got, code, errs.String())
		}
		return string(out)
	}
	short := []string{"--duration", "200ms", "--conns", "4"}
	text := say(0, append(short, at, "--rate", "200", "--assert", "errors==0")...)
	for _, want := range []string{at + "  raw, 64 bytes, 4 connections", "40 sent, 40 answered, 0 failed", "intended ", "actual ", "errors==0: holds (0)"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
	doc := say(2, append(short, at, "--rate", "200", "--assert", "p99<1us", "--json")...)
	schematest.Validate(t, []byte(doc))
	var r report.Report
	if err := json.Unmarshal([]byte(doc), &r); err != nil || r.Bench == nil || r.ExitCode != 2 {
		t.Fatalf("%v: %s", err, doc)
	}
	b := r.Bench
	if b.Requests.Sent != 40 || b.Requests.Answered != 40 || b.Latency.Intended == nil || b.Asserted[0].Held || b.Settings["net.ipv4.tcp_rmem"] == "" {
		t.Errorf("%s", doc)
	}
	if out := say(0, append(short, at, "--csv")...); !strings.HasPrefix(out, "at_s,answered,failed,p50_us,p99_us,max_us\n0,") {
		t.Errorf("CSV:\n%s", out)
	}
	if out := say(0, append(short, at, "--prometheus")...); !strings.Contains(out, "\ntcptune_bench_requests_failed{protocol=\"raw\",target=\""+at+"\"} 0\n") {
		t.Errorf("metrics:\n%s", out)
	}
	if out := say(0, append(short, at, "--html")...); !strings.Contains(out, "<h1>Load test of "+at) || !strings.HasSuffix(out, "</html>\n") {
		t.Errorf("page:\n%s", out)
	}
	turns := []string{at + " --duration 100ms --conns 2", at + " --duration 100ms --conns 4"}
	if out := say(0, append(turns, "--interleave", "--html")...); !strings.Contains(out, html.EscapeString(turns[0]+" -> "+turns[1])) {
		t.Errorf("page of a comparison:\n%s", out)
	}
	good, bad := at+" --duration 100ms --assert errors==0", at+" --duration 100ms --assert p99<1us"
	promised := []string{"--interleave", "--rounds", "2", good, bad}
	if out := say(2, promised...); !strings.Contains(out, bad+": p99<1us: does not hold (") {
		t.Errorf("promises of tests in turn:\n%s", out)
	}
	schematest.Validate(t, []byte(say(2, append(promised, "--json")...)))
	schematest.Validate(t, []byte(say(0, "--interleave", "--rounds", "2", "--json", at+" --duration 100ms --conns 2", at+" --duration 100ms --conns 4")))
	doc = say(0, at, "--rounds", "3", "--duration", "100ms", "--json")
	schematest.Validate(t, []byte(doc))
	file := filepath.Join(t.TempDir(), "a.json")
	if err := os.WriteFile(file, []byte(doc), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Dir(filepath.Dir(file)), 0o755); err != nil { // the program runs as somebody else
		t.Fatal(err)
	}
	if out := say(0, "compare", file, file); strings.Count(out, "no difference shown") != 3 {
		t.Errorf("a test and itself:\n%s", out)
	}
	found := say(0, at, "--find-rate", "--p99", "2s", "--duration", "100ms", "--conns", "4", "--json")
	schematest.Validate(t, []byte(found))
	if err := json.Unmarshal([]byte(found), &r); err != nil || r.Bench.Found == nil || len(r.Bench.Rounds) < 2 {
		t.Errorf("%v: %s", err, found)
	}
}

// echoService is where an echo service listens until the test ends.
func echoService(t *testing.T) (at string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				_, _ = io.Copy(c, c)
			}()
		}
	}()
	return l.Addr().String()
}

// TestALongLoadTestIsSeenWhileItRuns reads the file of a test that would take an hour, and what an interrupt leaves in it.
func TestALongLoadTestIsSeenWhileItRuns(t *testing.T) {
	t.Parallel()
	at, dir := echoService(t), t.TempDir()
	for p := dir; p != "/tmp" && p != "/"; p = filepath.Dir(p) {
		_ = os.Chmod(p, 0o777) // the program runs as somebody else
	}
	file := filepath.Join(dir, "bench.prom")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0])
	cmd.Args = []string{"tcptune", "bench", at, "--rate", "20", "--conns", "2", "--duration", "1h", "--textfile", file}
	cmd.Env = append(os.Environ(), inScript+"=1")
	var errs strings.Builder
	cmd.Stderr = &errs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	metric := func(name string) (value float64) {
		text, err := os.ReadFile(file)
		if err != nil {
			return -1
		}
		for line := range strings.Lines(string(text)) {
			if strings.HasPrefix(line, "tcptune_bench_"+name+"{") {
				_, number, _ := strings.Cut(line, "} ")
				value, err = strconv.ParseFloat(strings.TrimSpace(number), 64)
				if err != nil {
					t.Errorf("%q: %v", line, err)
				}
			}
		}
		return value
	}
	more := func(than float64) float64 {
		for ctx.Err() == nil {
			if n := metric("requests_answered"); n > than {
				return n
			}
			time.Sleep(20 * time.Millisecond)
		}
		t.Fatalf("no more than %v requests are answered in it after a minute", than)
		return 0
	}
	more(more(0))
	if metric("running") != 1 || metric("latency_seconds") <= 0 || metric("requests_failed") != 0 {
		text, _ := os.ReadFile(file)
		t.Errorf("while it runs:\n%s", text)
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	if text := errs.String(); !strings.Contains(text, "interrupted") {
		t.Errorf("an interrupt says %q", text)
	}
	if metric("running") != 0 || metric("requests_sent") < metric("requests_answered") || metric("requests_answered") <= 0 {
		text, _ := os.ReadFile(file)
		t.Errorf("after an interrupt:\n%s", text)
	}
}
