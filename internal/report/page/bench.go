package page

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/tcptune/tcptune/internal/report"
)

// Bench is the page of a load test, or of a comparison of several.
func Bench(b report.Bench) Page {
	if len(b.Compared) > 0 {
		return compared(b)
	}
	p := Page{Title: "Load test of " + b.Target, Lead: benchLead(b)}
	p.Parts = append(p.Parts, benchTiles(b))
	p.Parts = append(p.Parts, benchNotes(b)...)
	p.Parts = append(p.Parts, overTime(b)...)
	p.Parts = append(p.Parts, byPercentile(b)...)
	p.Parts = append(p.Parts, latencyTable(b.Latency), roundsTable(b), troubles(b), promises(b), tcpTable(b.TCP),
		settingsTable(b.Settings))
	return p
}

func benchLead(b report.Bench) string {
	how := "closed loop"
	if b.RateAsked > 0 {
		how = "open loop, " + report.Thousands(b.RateAsked) + " requests due each second"
	}
	return fmt.Sprintf("Protocol %s, %d bytes, %s connections, %d at a time on each; %s for %g s after %g s of warm-up.",
		b.Protocol, b.Size, whole(b.Connections.Asked), b.Pipeline, how, math.Round(b.Duration*1e3)/1e3, b.Warmup)
}

func whole[N int | uint64](n N) string {
	if n < 100 {
		return strconv.FormatUint(uint64(n), 10)
	}
	return report.Thousands(float64(n))
}

func benchTiles(b report.Bench) Tiles {
	rate := Tile{Label: "requests a second", Value: report.Thousands(b.Rate)}
	if b.BytesIn+b.BytesOut > 0 {
		rate.Note = report.Bits(b.BytesOut) + " out, " + report.Bits(b.BytesIn) + " in"
	}
	tiles := Tiles{rate}
	if l := b.Latency.Intended; l != nil {
		tiles = append(tiles, latencyTiles(l, "from when it was due")...)
	} else if l := b.Latency.Actual; l != nil {
		tiles = append(tiles, latencyTiles(l, "from when it was sent")...)
	}
	bad, of := b.Requests.Failed+b.Requests.Unsent, b.Requests.Sent+b.Requests.Unsent
	failed := Tile{Label: "failed", Value: whole(bad), Note: "of " + whole(of), Tone: Good}
	if bad > 0 {
		failed.Tone = Bad
	}
	busy := Tile{Label: "generator busy", Value: fmt.Sprintf("%.0f %%", 100*b.CPU), Note: "of the time of its thread"}
	if b.Workers > 1 {
		busy.Note = fmt.Sprintf("the busiest of %d threads", b.Workers)
	}
	if b.Saturated {
		busy.Tone, busy.Note = Warn, "saturated: it may be what was measured"
	}
	return append(tiles, failed, busy)
}

func latencyTiles(p *report.Percentiles, note string) Tiles {
	return Tiles{
		{Label: "p50", Value: report.Took(p.P50), Note: note},
		{Label: "p99", Value: report.Took(p.P99), Note: note},
	}
}

func benchNotes(b report.Bench) (list []Part) {
	if b.Found != nil {
		n := Note{Text: "No rate held what was asked of it.", Tone: Bad}
		if *b.Found > 0 {
			n = Note{Text: report.Thousands(*b.Found) + " requests a second is the highest rate that was found to hold", Tone: Good}
			if b.NotAbove != nil {
				n.Text += "; " + report.Thousands(*b.NotAbove) + " did not, or could not be reached"
			}
			n.Text += "."
		}
		list = append(list, n)
	}
	for _, l := range b.Limits {
		list = append(list, Note{Tone: Warn, Text: fmt.Sprintf("Near the limit %s, %s of %s: %s. What moves it: %s.",
			l.Name, whole(l.Need), whole(l.Have), l.Why, l.Fix)})
	}
	return list
}

// overTime is the rate and the latency over the time of the test.
func overTime(b report.Bench) (list []Part) {
	h := b.Heat
	if h == nil || len(h.Counts) == 0 || len(h.Bands) < 2 {
		return nil
	}
	end := h.Step * float64(len(h.Counts))
	seconds := func(v float64) string { return strconv.FormatFloat(v, 'g', 4, 64) + " s" }
	x := Axis{High: end, Words: seconds}
	rate := Series{Name: "answers a second"}
	failed := Series{Name: "failures a second", Tone: Bad}
	most := 0.0
	for i, column := range h.Counts {
		if b.RateAsked == 0 && h.Step*float64(i) >= b.Duration { // what was still under way
			break
		}
		sum := uint64(0)
		for _, n := range column {
			sum += n
		}
		rate.X, rate.Y = append(rate.X, h.Step*(float64(i)+0.5)), append(rate.Y, float64(sum)/h.Step)
		most = max(most, float64(sum)/h.Step)
	}
	anything := false
	for i, s := range b.Series {
		width := end - s.At
		if i+1 < len(b.Series) {
			width = b.Series[i+1].At - s.At
		}
		each := float64(s.Failed) / max(width, h.Step)
		failed.X, failed.Y = append(failed.X, s.At, s.At+width), append(failed.Y, each, each)
		anything, most = anything || s.Failed > 0, max(most, each)
	}
	rates := Lines{Title: "Rate over time", X: x, Y: Until(most, Count), Series: []Series{rate}, Filled: true}
	if anything {
		rates.Series = append(rates.Series, failed)
	}
	about := "Each cell is how many answers came at that time with that latency, from when they were sent. The colours go by " +
		"its logarithm, so that one late answer is seen beside thousands."
	if b.RateAsked > 0 {
		about = strings.Replace(about, "sent", "due", 1)
	}
	y := Axis{Low: h.Bands[0], High: h.Bands[len(h.Bands)-1], Log: true, Words: Time}
	return append(list, rates, Heat{
		Title: "Latency over time", About: about, X: x, Y: y, Step: h.Step, Bands: h.Bands, Counts: h.Counts, Unit: "answers",
	})
}

// Count is a number as an axis has it.
func Count(v float64) string {
	for _, unit := range []struct {
		of   float64
		name string
	}{{1e6, "M"}, {1e3, "k"}} {
		if v >= unit.of {
			return strconv.FormatFloat(v/unit.of, 'g', 3, 64) + unit.name
		}
	}
	return strconv.FormatFloat(v, 'g', 3, 64)
}

// Time is one of microseconds as an axis has it.
func Time(us float64) string {
	for _, unit := range []struct {
		of   float64
		name string
	}{{1e6, " s"}, {1e3, " ms"}} {
		if us >= unit.of {
			return strconv.FormatFloat(us/unit.of, 'g', 3, 64) + unit.name
		}
	}
	return strconv.FormatFloat(us, 'g', 3, 64) + " us"
}

// byPercentile is a chart whose axis has as much room for the last thousandth as for the first half.
func byPercentile(b report.Bench) []Part {
	var series []Series
	low, high := math.Inf(1), 0.0
	for _, of := range []struct {
		name string
		p    *report.Percentiles
	}{{"intended: from when it was due", b.Latency.Intended}, {"actual: from when it was sent", b.Latency.Actual}} {
		if p := of.p; p != nil {
			y := []float64{p.P50, p.P90, p.P99, p.P999, p.P9999, p.Max}
			series = append(series, Series{Name: of.name, X: []float64{0, 1, 2, 3, 4, 5}, Y: y})
			low, high = min(low, y[0]), max(high, y[len(y)-1])
		}
	}
	if len(series) == 0 {
		return nil
	}
	names := []string{"p50", "p90", "p99", "p99.9", "p99.99", "max"}
	x := Axis{High: 5, Ticks: []float64{0, 1, 2, 3, 4, 5}, Words: func(v float64) string { return names[int(v)] }}
	about := ""
	if len(series) > 1 {
		about = "What lies between the two lines is the time that requests waited to be sent, which a closed loop does not see."
	}
	return []Part{Lines{Title: "Latency by percentile", About: about, X: x, Y: Decades(low, high, Time), Series: series}}
}

func latencyTable(l report.BenchLatency) Table {
	t := Table{Title: "Percentiles", Head: []string{""}}
	rows := []struct {
		name string
		of   func(report.Percentiles) float64
	}{
		{"min", func(p report.Percentiles) float64 { return p.Min }},
		{"mean", func(p report.Percentiles) float64 { return p.Mean }},
		{"p50", func(p report.Percentiles) float64 { return p.P50 }},
		{"p90", func(p report.Percentiles) float64 { return p.P90 }},
		{"p99", func(p report.Percentiles) float64 { return p.P99 }},
		{"p99.9", func(p report.Percentiles) float64 { return p.P999 }},
		{"p99.99", func(p report.Percentiles) float64 { return p.P9999 }},
		{"max", func(p report.Percentiles) float64 { return p.Max }},
	}
	for _, column := range []struct {
		name string
		of   *report.Percentiles
	}{{"intended", l.Intended}, {"actual", l.Actual}, {"connect", l.Connect}} {
		if column.of == nil {
			continue
		}
		t.Head = append(t.Head, column.name)
		for i, row := range rows {
			if len(t.Rows) <= i {
				t.Rows = append(t.Rows, Row(row.name))
			}
			t.Rows[i] = append(t.Rows[i], Cell{Text: report.Took(row.of(*column.of))})
		}
	}
	return t
}

func roundsTable(b report.Bench) Table {
	if b.Found != nil {
		t := Table{Title: "Rates that were tried", Head: []string{"tried", "a second", "p99", "failed", ""}, Words: []int{4}}
		for _, r := range b.Rounds {
			held := Cell{"did not hold", Bad}
			if r.Held {
				held = Cell{"held", Good}
			}
			row := Row(report.Thousands(r.Asked), report.Thousands(r.Rate), report.Took(r.P99), whole(r.Failed))
			t.Rows = append(t.Rows, append(row, held))
		}
		return t
	}
	t := Table{Title: "Rounds", Head: []string{"round", "a second", "p50", "p99", "failed"}}
	for i, r := range b.Rounds {
		t.Rows = append(t.Rows,
			Row(strconv.Itoa(i+1), report.Thousands(r.Rate), report.Took(r.P50), report.Took(r.P99), whole(r.Failed)))
	}
	return t
}

// troubles are what failed, by kind.
func troubles(b report.Bench) Table {
	t := Table{Title: "Failures", Head: []string{"kind", "requests", "connections"}}
	all := maps.Clone(b.Errors)
	if all == nil {
		all = map[string]uint64{}
	}
	for k := range b.Connections.Failed {
		all[k] += 0
	}
	count := func(n uint64) string {
		if n == 0 {
			return ""
		}
		return whole(n)
	}
	for _, k := range slices.Sorted(maps.Keys(all)) {
		t.Rows = append(t.Rows, Row(k, count(b.Errors[k]), count(b.Connections.Failed[k])))
	}
	if b.Connections.Lost > 0 {
		t.Rows = append(t.Rows, Row("connections that were lost and opened again", "", whole(b.Connections.Lost)))
	}
	if b.Requests.Unsent > 0 {
		t.Rows = append(t.Rows, Row("never sent: no connection was free", whole(b.Requests.Unsent), ""))
	}
	return t
}

func promises(b report.Bench) Table {
	t := Table{Title: "Promises", Head: []string{"promise", "measured", ""}, Words: []int{2}}
	for _, a := range b.Asserted {
		held := Cell{"does not hold", Bad}
		if a.Held {
			held = Cell{"holds", Good}
		}
		t.Rows = append(t.Rows, append(Row(a.Text, a.Figure()), held))
	}
	return t
}

func tcpTable(tcp *report.BenchTCP) Table {
	t := Table{Title: "Connections at the end", About: "What the kernel says of the sockets of the generator (TCP_INFO)."}
	if tcp == nil {
		return t
	}
	percent := func(share float64) string { return fmt.Sprintf("%.1f %%", 100*share) }
	t.Rows = [][]Cell{
		Row("sockets", whole(tcp.Sockets)), Row("segments sent again", whole(tcp.Retransmits)),
		Row("round trip, median", report.Took(tcp.RTT)), Row("round trip, smallest", report.Took(tcp.MinRTT)),
		Row("congestion control", tcp.Congestion),
		Row("segments of at most", fmt.Sprintf("%d bytes out, %d in", tcp.SendMSS, tcp.ReceiveMSS)),
		Row("waited for the receiver's window", percent(tcp.Limited)), Row("waited for its own send buffer", percent(tcp.BufLimited)),
	}
	return t
}

func settingsTable(settings map[string]string) Table {
	t := Table{Title: "Settings of this host at that time"}
	for _, key := range slices.Sorted(maps.Keys(settings)) {
		t.Rows = append(t.Rows, Row(key, strings.Join(strings.Fields(settings[key]), " ")))
	}
	return t
}

// compared is the page of tests that were held against each other.
func compared(b report.Bench) Page {
	chart := Intervals{
		Title: "Ratios", About: "The bar is where the ratio lies with 95 % confidence. A difference is shown where it does not hold 1.",
		Head: [4]string{"", "before", "after", "ratio"},
	}
	counts := map[string]int{}
	for _, r := range b.Compared {
		counts[r.Verdict]++
		one := Interval{
			Group: r.Workload, Name: metricName(r.Metric),
			Before: metricFigure(r.Metric, r.Before), After: metricFigure(r.Metric, r.After),
			Ratio: r.Ratio, Verdict: r.Verdict, Tone: VerdictTone(r.Verdict),
		}
		if r.Low != nil && r.High != nil {
			one.Low, one.Top = *r.Low, *r.High
		} else if r.Verdict == report.NotShown && r.Metric != failedShare {
			one.Verdict += ", too few rounds"
		}
		chart.Rows = append(chart.Rows, one)
	}
	return Page{Title: "Load tests compared", Parts: []Part{Verdicts(counts), chart, promises(b)}}
}

// Verdicts are the tiles that say how often each was given.
func Verdicts(counts map[string]int) Tiles {
	var tiles Tiles
	for _, v := range []string{report.Better, report.Worse, report.NotShown} {
		tone := VerdictTone(v)
		if counts[v] == 0 {
			tone = Plain
		}
		tiles = append(tiles, Tile{Label: v, Value: strconv.Itoa(counts[v]), Tone: tone})
	}
	if n := counts[report.NotComparable]; n > 0 {
		tiles = append(tiles, Tile{Label: report.NotComparable, Value: strconv.Itoa(n), Tone: Warn})
	}
	return tiles
}

// VerdictTone is how a verdict is to be taken.
func VerdictTone(verdict string) Tone {
	return map[string]Tone{report.Better: Good, report.Worse: Bad, report.NotComparable: Warn}[verdict]
}

func metricName(metric string) string {
	return map[string]string{
		"rate_per_s": "requests a second", "p50_us": "p50", "p99_us": "p99", failedShare: "failed",
	}[metric]
}

// failedShare is the metric of a comparison that is a share.
const failedShare = "failed_share"

func metricFigure(metric string, v float64) string {
	if strings.HasSuffix(metric, "_us") {
		return report.Took(v)
	}
	if metric == failedShare {
		return fmt.Sprintf("%.2f %%", 100*v)
	}
	return report.Thousands(v)
}
