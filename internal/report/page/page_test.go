package page

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/tcptune/tcptune/internal/report"
)

// hostile is a text that would become a script, an attribute or a picture, were it not escaped.
const hostile = `"><script src=//evil.example/x></script><img src='http://evil.example'>` + "\x00\xff\n&amp;</style>"

func written(t *testing.T, p Page) string {
	t.Helper()
	var b strings.Builder
	if err := p.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// busy is a load test with something in every field that a page shows.
func busy(words string) report.Bench {
	p := &report.Percentiles{Count: 9, Min: 10, Mean: 20, P50: 30, P90: 40, P99: 5000, P999: 6e5, P9999: 7e5, Max: 8e6}
	found := 1000.0
	return report.Bench{
		Target: words, Protocol: words, Size: 64, Pipeline: 2, Workers: 3, RateAsked: 1000, Duration: 2,
		Connections: report.BenchConnections{Asked: 50, Opened: 51, Lost: 1, Failed: map[string]uint64{words: 3}},
		Requests:    report.BenchRequests{Sent: 10, Answered: 8, Failed: 2, Unsent: 1}, Rate: 4, BytesIn: 5, BytesOut: 6,
		Latency: report.BenchLatency{Intended: p, Actual: p, Connect: p}, Errors: map[string]uint64{words: 2}, Saturated: true,
		TCP:    &report.BenchTCP{Sockets: 1, Congestion: words},
		Limits: []report.BenchLimit{{Name: words, Have: 1, Need: 2, Why: words, Fix: words}},
		Series: []report.BenchSecond{{Answered: 7, Failed: 2}, {At: 1, Answered: 1}},
		Heat:   &report.BenchHeat{Step: 1, Bands: []float64{1, 2, 4}, Counts: [][]uint64{{3, 4}, {0, 1}}},
		Rounds: []report.BenchRound{{Rate: 1, Held: true}}, Found: &found,
		Asserted: []report.BenchAssert{{Text: words, Got: &found, Held: true}}, Settings: map[string]string{words: words},
	}
}

func TestNothingGetsIntoAPageUnescaped(t *testing.T) {
	low, high := 0.5, 2.0
	pages := []Page{
		Bench(busy(hostile)),
		Bench(report.Bench{Compared: []report.Compared{{Workload: hostile, Metric: hostile, Ratio: 1, Low: &low, High: &high, Verdict: hostile}}}),
		Diagnose([]report.Limit{{
			Rule: hostile, Certainty: hostile, Target: hostile, Namespace: hostile, Words: hostile, Evidence: hostile, Check: hostile, Source: hostile,
			Advice: []report.Advised{{Kind: hostile, Target: hostile, Value: hostile}, {Kind: "key", Target: hostile, Value: hostile}},
		}}, []report.Observed{{
			Namespace: hostile, Narrowed: hostile, Unknown: []report.Unjudged{{Rule: hostile, Target: hostile, Reason: hostile}}, Gone: []string{hostile},
			Spreads:  []report.Spread{{Of: "rtt", Bands: []float64{1, 2}, Counts: []int{1}}, {Of: hostile, Bands: []float64{1}, Counts: []int{1}}},
			Services: []report.Spent{{Target: hostile, Shares: []report.SpentPart{{By: hostile}}}},
		}}),
		{Title: hostile, Lead: hostile, Foot: hostile, Parts: []Part{
			Tiles{{hostile, hostile, hostile, Bad}},
			Note{hostile, Warn},
			Table{Title: hostile, About: hostile, Head: []string{hostile, hostile}, Rows: [][]Cell{{{hostile, Good}, {hostile, Bad}}}},
			Lines{
				Title: hostile, About: hostile, X: Axis{High: 1, Words: func(float64) string { return hostile }}, Y: Until(3, func(float64) string { return hostile }),
				Series: []Series{{Name: hostile, X: []float64{0, 1}, Y: []float64{1, 2}}, {Name: hostile}},
			},
			Intervals{
				Title: hostile, About: hostile, Head: [4]string{hostile, hostile, hostile, hostile},
				Rows: []Interval{{hostile, hostile, hostile, hostile, 1, 0.5, 2, hostile, Good}},
			},
		}},
	}
	for i, p := range pages {
		p.Foot = hostile
		got := written(t, p)
		if strings.Contains(got, "<script") || strings.Contains(got, "<img") || strings.Count(got, "</style>") != 1 {
			t.Errorf("page %d: a text became HTML", i)
		}
		wellFormed(t, got)
	}
}

// wellFormed holds that each element is closed.
func wellFormed(t *testing.T, page string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(page))
	d.Strict, d.AutoClose, d.Entity = false, []string{"meta", "link"}, xml.HTMLEntity
	depth := 0
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, page)
		}
		switch token.(type) {
		case xml.StartElement:
			depth++
		case xml.EndElement:
			depth--
		}
	}
	if depth != 0 {
		t.Errorf("%d elements stay open", depth)
	}
}

func TestAPageAsksNobodyForAnything(t *testing.T) {
	got := written(t, Bench(busy("x")))
	for _, way := range []string{"http:", "https:", "//", "src=", "url(", "@import", "<script"} {
		if strings.Contains(got, way) {
			t.Errorf("%q is in the page", way)
		}
	}
}

func TestAPageShowsWhatWasMeasured(t *testing.T) {
	got := written(t, Bench(busy("127.0.0.1:7000")))
	for _, want := range []string{
		"Load test of 127.0.0.1:7000", "5.0 ms", "600.0 ms", "8.00 s", "saturated", "Rates that were tried", "Promises", "Failures",
		"Settings of this host", "1,000 requests a second is the highest", `class="line bad"`,
		"<title>0 s\n7 answers, up to 4 us</title>", "<title>1 s\n1 answers, up to 4 us</title>",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in\n%s", want, got)
		}
	}
	if got := written(t, Bench(report.Bench{Target: "x", Protocol: "send"})); strings.Contains(got, "<svg") {
		t.Error("a test without a latency has a chart")
	}
}

func TestTicksAreRoundAndFew(t *testing.T) {
	for _, c := range []struct {
		axis Axis
		want string
	}{
		{Axis{High: 8}, "[0 2 4 6 8]"},
		{Axis{High: 0.75}, "[0 0.2 0.4 0.6000000000000001]"},
		{Axis{Low: 20, High: 1000, Log: true}, "[20 50 100 200 500 1000]"},
		{Axis{Low: 1, High: 1e6, Log: true}, "[1 10 100 1000 10000 100000 1e+06]"},
		{Until(0, nil), "[0 0.2 0.4 0.6000000000000001 0.8 1]"},
	} {
		if got := fmt.Sprint(c.axis.ticks(7)); got != c.want {
			t.Errorf("%+v: got %s, want %s", c.axis, got, c.want)
		}
	}
}
