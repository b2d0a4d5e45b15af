package main

import (
	"encoding/json"
	"html"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tcptune/tcptune/internal/report"
	schematest "github.com/tcptune/tcptune/test/schema"
)

// TestALoadTestIsADocumentAndATable runs the command against an echo service, in each form that it prints.
func TestALoadTestIsADocumentAndATable(t *testing.T) {
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
	at := l.Addr().String()
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
	if out := say(0, append(short, at, "--prometheus")...); !strings.Contains(out, "\ntcptune_bench_requests_failed{target=\""+at+"\",protocol=\"raw\"} 0\n") {
		t.Errorf("metrics:\n%s", out)
	}
	if out := say(0, append(short, at, "--html")...); !strings.Contains(out, "<h1>Load test of "+at) || !strings.HasSuffix(out, "</html>\n") {
		t.Errorf("page:\n%s", out)
	}
	turns := []string{at + " --duration 100ms --conns 2", at + " --duration 100ms --conns 4"}
	if out := say(0, append(turns, "--interleave", "--html")...); !strings.Contains(out, html.EscapeString(turns[0]+" -> "+turns[1])) {
		t.Errorf("page of a comparison:\n%s", out)
	}
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
