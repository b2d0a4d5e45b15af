package pages

import (
	_ "embed"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tcptune/tcptune/bench"
	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/internal/report/page"
)

// checks is what is looked for in each page.
//
//go:embed checks.js
var checks string

// pictures is where they are left for people to look at.
const pictures = "../../bin/pages"

// shown is a page, and how much there must be in its charts.
type shown struct {
	name  string
	page  page.Page
	lines int    // in all charts
	cells int    // of heat maps
	count uint64 // that they show together
	ratio int    // ratios, each with its interval
}

func TestEveryPageCanBeReadAndAsksNobody(t *testing.T) {
	b := openBrowser(t)
	for _, s := range all(t) {
		file := filepath.Join(t.TempDir(), s.name+".html")
		f, err := os.Create(file)
		if err != nil {
			t.Fatal(err)
		}
		s.page.Foot = "tcptune, in a test"
		if err := s.page.Write(f); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		for _, l := range []look{{400, false}, {400, true}, {1600, false}, {1600, true}} {
			b.open("file://"+file, l)
			if others := b.others("file://" + file); len(others) > 0 || len(b.said) > 0 {
				t.Errorf("%s %s asks for %v; the console has %v", s.name, l, others, b.said)
			}
			var wrong []string
			if b.ask(checks, &wrong); len(wrong) > 0 {
				t.Errorf("%s %s:\n%s", s.name, l, strings.Join(wrong, "\n"))
			}
			s.holds(t, b, l)
			b.picture(filepath.Join(pictures, s.name+"-"+l.String()+".png"))
		}
	}
}

// holds counts what the charts show.
func (s shown) holds(t *testing.T, b *browser, l look) {
	t.Helper()
	var got struct {
		Lines, Cells, Ratios int
		Count                uint64
		Page                 float64 // how light it is, 0 to 1
	}
	b.ask(`(() => {
	const all = (what) => [...document.querySelectorAll(what)];
	const sum = (list) => list.reduce((a, b) => a + b, 0);
	return {
		Lines: all(".lines .line").filter((e) => e.getTotalLength() > 0).length,
		Cells: sum(all(".heat path:not(.grid)").map((e) => e.getAttribute("d").split("M").length - 1)),
		Count: sum(all(".heat .here title").map((e) => Number(e.textContent.split("\n")[1].split(" ")[0]))),
		Ratios: all(".ratios .span").filter((e) => e.getBoundingClientRect().width > 0).length,
		Page: sum(getComputedStyle(document.body).backgroundColor.match(/\d+/g).map(Number)) / 765,
	};
})()`, &got)
	if got.Lines != s.lines || got.Cells != s.cells || got.Count != s.count || got.Ratios != s.ratio {
		t.Errorf("%s %s: the charts have %+v, not %d lines, %d cells of %d answers, %d ratios", s.name, l, got, s.lines, s.cells, s.count, s.ratio)
	}
	if dark := got.Page < 0.2; dark != l.dark || !dark && got.Page < 0.9 {
		t.Errorf("%s %s: the page is %.2f light", s.name, l, got.Page)
	}
}

// TestAPageThatAsksSomebodyIsCaught is the test of the test.
func TestAPageThatAsksSomebodyIsCaught(t *testing.T) {
	b := openBrowser(t)
	s := httptest.NewServer(http.NotFoundHandler())
	defer s.Close()
	file := filepath.Join(t.TempDir(), "bad.html")
	text := fmt.Sprintf(`<style>p { font-size: 8px; color: #999; white-space: nowrap; width: 3000px }</style><p>small and grey</p><img src="%s/x.png">`, s.URL)
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	b.open("file://"+file, look{width: 400})
	if others := b.others("file://" + file); len(others) != 1 || others[0] != s.URL+"/x.png" {
		t.Errorf("it asks for %v", others)
	}
	var wrong []string
	b.ask(checks, &wrong)
	for _, want := range []string{"wide, the screen 400", "letters of 8px", "contrast of 2.8", "cut off"} {
		if !strings.Contains(strings.Join(wrong, "\n"), want) {
			t.Errorf("%q is not among %q", want, wrong)
		}
	}
}

// all are the pages, of tests that were really made.
func all(t *testing.T) []shown {
	t.Helper()
	at := frozen(t, 700*time.Millisecond, 300*time.Millisecond)
	o := bench.Options{
		Target: bench.Target{Name: at.String(), Addr: at}, Protocol: bench.Raw, Size: 64, Conns: 20, Pipeline: 1, Workers: 1,
		Duration: 1500 * time.Millisecond, Timeout: 5 * time.Second, Rate: 2000,
	}
	run := func(o bench.Options) report.Bench {
		b, err := bench.Run(t.Context(), o, nil)
		if err != nil {
			t.Fatal(err)
		}
		b.Settings = map[string]string{"net.ipv4.tcp_rmem": "4096 131072 33554432", "net.ipv4.tcp_congestion_control": "bbr", "kernel.hostname": "a-host"}
		return b
	}
	open := run(o)
	o.Rate, o.Duration = 0, 300*time.Millisecond
	closed := run(o)
	closed.Errors = map[string]uint64{"timeout": 12, "reset": 3}
	closed.Requests.Failed, closed.Saturated, closed.Series[0].Failed = 15, true, 15
	closed.Limits = []report.BenchLimit{{
		Name: "listen-backlog", Have: 4096, Need: 16384, Why: "so many connections are opened at once", Fix: "a larger net.core.somaxconn",
	}}
	low, high, far := 0.82, 1.31, 56.2
	compared := report.Bench{Compared: []report.Compared{
		{Workload: "before.json -> after.json", Metric: "rate_per_s", Before: 1200, After: 63000, Ratio: 52.5, Low: &high, High: &far, Verdict: report.Better},
		{Workload: "before.json -> after.json", Metric: "p50_us", Before: 800, After: 810, Ratio: 1.01, Low: &low, High: &high, Verdict: report.NotShown},
		{Workload: "before.json -> a-name-of-a-file-that-is-longer-than-a-telephone-is-wide.json", Metric: "p99_us", Before: 1, After: 1.2, Ratio: 1.2, Verdict: report.NotShown},
	}}
	return []shown{
		loadTest("bench-open-loop", open, 3),
		loadTest("bench-closed-loop", closed, 3),
		{name: "bench-compare", page: page.Bench(compared), ratio: 2},
		{name: "prove", page: page.Prove(proof(&low, &high, &far)), ratio: 3},
		{name: "diagnose", page: page.Diagnose(limits()), lines: 7},
		{name: "diagnose-nothing", page: page.Diagnose(nil, []report.Observed{{Duration: 10, Looks: 10, Sampled: 1}})},
		{name: "prove-nothing", page: page.Prove(report.Proof{Before: "HOST-NOW", After: "profile server"})},
		{name: "bench-nothing", page: page.Bench(report.Bench{Target: "10.0.0.1:9", Protocol: "send", Size: 64, Pipeline: 1})},
	}
}

// limits has what a page of diagnose can be about.
func limits() ([]report.Limit, []report.Observed) {
	octaves := []float64{1000, 1414.2, 2000, 2828.4, 4000}
	twentieths, counts := []float64{0}, []int{}
	for i := range 20 {
		twentieths, counts = append(twentieths, float64(i+1)/20), append(counts, i%3)
	}
	found := []report.Limit{
		{
			Rule: "receive-window", Certainty: "certain", Target: "port 8080", Words: "the window of the receiver bounds the rate", New: true,
			Evidence: "91 % of the time waited for a window of 64 KiB at 40.2 ms; a larger one may give up to 8 times the rate",
			Advice: []report.Advised{
				{Kind: "key", Target: "net.ipv4.tcp_rmem", Value: "4096 131072 8388608"},
				{Kind: "elsewhere", Target: "192.0.2.0/24", Value: "nothing here helps"},
				{Kind: "unit", Target: "unit a.service", Value: "LimitNOFILE=65536"},
			},
			Check: "ss -ti", Source: "RFC 7323",
		},
		{Rule: "path", Certainty: "hint", Target: "port 8080, to which a-unit-with-a-rather-long-name.service connects", Namespace: "blue", Check: "look", Source: "TCP_INFO"},
	}
	seen := report.Observed{
		Duration: 10, Looks: 10, Sockets: 1200, Sending: 7, Came: 3, Went: 2, Sampled: 0.5, ProgramShare: 0.43, Gone: []string{"loss port 8080"},
		Unknown: []report.Unjudged{{Rule: "descriptors", Target: "port 22", Reason: "not visible: only root may look into the processes of others"}},
		Spreads: []report.Spread{
			{Of: "rtt", Bands: octaves, Counts: []int{1, 5, 0, 1}},
			{Of: "min-rtt", Bands: octaves[:3], Counts: []int{6, 1}},
			{Of: "sent", Bands: []float64{65536, 92681, 131072}, Counts: []int{3, 4}},
			{Of: "received", Bands: []float64{1, 1.41}, Counts: []int{3}},
			{Of: "window-limited", Bands: twentieths, Counts: counts},
			{Of: "buffer-limited", Bands: twentieths[:2], Counts: []int{7}},
			{Of: "application-limited", Bands: twentieths, Counts: counts},
		},
		Services: []report.Spent{{Target: "port 8080", Connections: 9, Sending: 7, Shares: []report.SpentPart{{By: "application", Share: 0.43}, {By: "network", Share: 0.57}}}},
	}
	return found, []report.Observed{seen}
}

// proof has what a page of prove can be about: keys one by one, figures without a ratio, and what nothing is said about.
func proof(low, high, far *float64) report.Proof {
	const key = "net.ipv4.tcp_slow_start_after_idle"
	bulk := report.ProofRow{Workload: "bulk", Metric: "goodput", Unit: "Mbit/s", Before: 1.69, After: 90.6, Ratio: far, Low: high, High: far, Verdict: report.Better}
	same := report.ProofRow{Workload: "idle", Metric: "p99", Unit: "ms", Before: 161.2, After: 158.4, Ratio: low, Low: low, High: high, Verdict: report.NotShown}
	one, none := same, report.ProofRow{Workload: "connections", Metric: "failed", Unit: "%", After: 0.25, Verdict: report.NotShown}
	one.Key, one.Verdict = key, report.Worse
	return report.Proof{
		Scenario: "intercontinental", Before: "HOST-NOW", After: "profile server", Rounds: 5, Confidence: 0.99,
		Path: report.ProofPath{
			Kind: "netem", RTT: 80, Loss: 0.01, Rate: 100e6, Queue: 1e6,
			Measured: report.ProofMeasurement{Runs: 40, Repeated: 2, Delay: 80.02, Loss: 0.0099, Rate: 99.8e6, LateP99: 310},
		},
		Rows:        []report.ProofRow{bulk, same, none, one},
		Settings:    []report.ProofSetting{{Target: "net.ipv4.tcp_rmem", Before: "4096 131072 6291456", After: "4096 131072 33554432"}},
		NotProvable: []report.ProofAbsence{{Target: "net.core.default_qdisc", Reason: "one value for the whole machine: a network namespace has none of its own"}},
		NotMeasured: []report.ProofAbsence{{Target: "requests", Reason: "in 2 of 5 rounds one packet in a hundred was more than 5.1ms late"}},
	}
}

func loadTest(name string, b report.Bench, lines int) shown {
	s := shown{name: name, page: page.Bench(b), lines: lines}
	for _, column := range b.Heat.Counts {
		for _, n := range column {
			if s.count += n; n > 0 {
				s.cells++
			}
		}
	}
	return s
}

// frozen is an echo service that stands still for a while, some time after it was first asked.
func frozen(t *testing.T, after, still time.Duration) netip.AddrPort {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	var first sync.Once
	var begin, end time.Time
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				buf := make([]byte, 4096)
				for {
					n, err := c.Read(buf)
					if err != nil {
						return
					}
					first.Do(func() { begin = time.Now().Add(after); end = begin.Add(still) })
					if now := time.Now(); now.After(begin) && now.Before(end) {
						time.Sleep(time.Until(end))
					}
					if _, err := c.Write(buf[:n]); err != nil {
						return
					}
				}
			}()
		}
	}()
	return netip.MustParseAddrPort(l.Addr().String())
}
