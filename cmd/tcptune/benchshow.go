package main

import (
	"encoding/csv"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/internal/report/page"
)

// showBench prints what a load test has measured.
func (t terminal) showBench(w io.Writer, b report.Bench) {
	printf(w, "%s  %s, %d bytes, %d connections, pipeline %d, %s\n", b.Target, b.Protocol, b.Size, b.Connections.Asked, b.Pipeline,
		loopOf(b))
	printf(w, "\n%s requests a second", report.Thousands(b.Rate))
	if b.BytesOut+b.BytesIn > 0 {
		printf(w, ", %s out, %s in", report.Bits(b.BytesOut), report.Bits(b.BytesIn))
	}
	printf(w, "\n")
	if len(b.Rounds) > 0 && b.Found == nil {
		printf(w, "in %d rounds ", len(b.Rounds))
	}
	printf(w, "%d sent, %d answered, %d failed", b.Requests.Sent, b.Requests.Answered, b.Requests.Failed)
	if b.Requests.Unsent > 0 {
		printf(w, ", %d never sent: no connection was free", b.Requests.Unsent)
	}
	printf(w, "\n\n")
	showLatency(w, b.Latency)
	t.showTroubles(w, b)
	if b.TCP != nil {
		printf(w, "\n%s, round trip %s, at least %s; %d segments sent again\n", b.TCP.Congestion, report.Took(b.TCP.RTT), report.Took(b.TCP.MinRTT),
			b.TCP.Retransmits)
	}
	printf(w, "%d%% of the time of the busiest of %d generating threads", int(b.CPU*100+0.5), b.Workers)
	if b.Memory > 0 {
		printf(w, ", %.0f MB of memory", float64(b.Memory)/(1<<20))
	}
	if b.Saturated {
		printf(w, ": %s, more of them or another machine may show more", t.paint(yellow, "generator saturated"))
	}
	printf(w, "\n")
	if b.Found != nil {
		t.showFound(w, b)
	} else if len(b.Rounds) > 0 {
		showRounds(w, b.Rounds)
	}
	t.showAsserted(w, b.Asserted)
}

func (t terminal) showAsserted(w io.Writer, promises []report.BenchAssert) {
	for _, a := range promises {
		word := t.paint(green, "holds")
		if !a.Held {
			word = t.paint(red, "does not hold")
		}
		printf(w, "%s: %s (%s)\n", a.Text, word, a.Figure())
	}
}

func loopOf(b report.Bench) string {
	long := math.Round(b.Duration*1e3) / 1e3
	if b.RateAsked > 0 {
		return fmt.Sprintf("%s a second for %g s", report.Thousands(b.RateAsked), long)
	}
	return fmt.Sprintf("closed loop for %g s", long)
}

func showLatency(w io.Writer, l report.BenchLatency) {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	printf(tw, "latency\tp50\tp90\tp99\tp99.9\tp99.99\tmax\t\n")
	for _, row := range []struct {
		name string
		of   *report.Percentiles
	}{{"intended", l.Intended}, {"actual", l.Actual}, {"connect", l.Connect}} {
		if p := row.of; p != nil {
			printf(tw, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t\n", row.name, report.Took(p.P50), report.Took(p.P90), report.Took(p.P99), report.Took(p.P999), report.Took(p.P9999), report.Took(p.Max))
		}
	}
	_ = tw.Flush() // what was not printed, run says
}

// showTroubles prints what went wrong.
func (t terminal) showTroubles(w io.Writer, b report.Bench) {
	for _, k := range slices.Sorted(maps.Keys(b.Errors)) {
		printf(w, "%s %d requests: %s\n", t.paint(red, "failed"), b.Errors[k], k)
	}
	for _, k := range slices.Sorted(maps.Keys(b.Connections.Failed)) {
		printf(w, "%s %d connections: %s\n", t.paint(yellow, "not opened"), b.Connections.Failed[k], k)
	}
	if b.Connections.Lost > 0 {
		printf(w, "%s %d connections\n", t.paint(yellow, "lost"), b.Connections.Lost)
	}
	for _, k := range slices.Sorted(maps.Keys(b.Connections.LostIdle)) {
		printf(w, "  %d of them with nothing asked: %s\n", b.Connections.LostIdle[k], k)
	}
}

func showRounds(w io.Writer, rounds []report.BenchRound) {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	printf(tw, "round\ta second\tp50\tp99\tfailed\t\n")
	for i, r := range rounds {
		printf(tw, "%d\t%s\t%s\t%s\t%d\t\n", i+1, report.Thousands(r.Rate), report.Took(r.P50), report.Took(r.P99), r.Failed)
	}
	_ = tw.Flush() // what was not printed, run says
}

func (t terminal) showFound(w io.Writer, b report.Bench) {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	printf(tw, "\ntried\ta second\tp99\tfailed\t\n")
	for _, r := range b.Rounds {
		held := "no"
		if r.Held {
			held = "held"
		}
		printf(tw, "%s\t%s\t%s\t%d\t%s\n", report.Thousands(r.Asked), report.Thousands(r.Rate), report.Took(r.P99), r.Failed, held)
	}
	_ = tw.Flush() // what was not printed, run says
	if *b.Found == 0 {
		printf(w, "%s\n", t.paint(red, "no rate held it"))
		return
	}
	printf(w, "%s requests a second held it, %s did not or could not be reached\n", t.paint(green, report.Thousands(*b.Found)),
		report.Thousands(*b.NotAbove))
}

// showCompared prints a comparison.
func (t terminal) showCompared(w io.Writer, rows []report.Compared) {
	workload := ""
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, r := range rows {
		if r.Workload != workload {
			workload = r.Workload
			_ = tw.Flush() // what was not printed, run says
			printf(tw, "%s\nMETRIC\tBEFORE\tAFTER\tRATIO\t95 %%\tVERDICT\n", workload)
		}
		ratio, between := "-", "-"
		if r.Ratio > 0 {
			ratio = fmt.Sprintf("%.2f", r.Ratio)
		}
		switch {
		case r.Low != nil && r.High != nil:
			between = fmt.Sprintf("%.2f to %.2f", *r.Low, *r.High)
		case r.Verdict == report.NotShown && r.Metric != failedShare:
			between = "too few rounds"
		}
		name, _, _ := strings.Cut(r.Metric, "_")
		printf(tw, "%s\t%s\t%s\t%s\t%s\t%s\n", name, figure(r.Metric, r.Before), figure(r.Metric, r.After), ratio, between,
			t.paint(verdictColor(r.Verdict), r.Verdict))
	}
	_ = tw.Flush() // what was not printed, run says
}

func verdictColor(verdict string) string {
	return map[string]string{report.Better: green, report.Worse: red, report.NotComparable: yellow}[verdict]
}

// failedShare is the metric of a comparison that is a share.
const failedShare = "failed_share"

func figure(metric string, v float64) string {
	switch {
	case strings.HasSuffix(metric, "_us"):
		return report.Took(v)
	case metric == failedShare:
		return fmt.Sprintf("%.2f%%", 100*v)
	}
	return report.Thousands(v)
}

// showPage prints a page, and says in it by whom and when it was made.
func (t terminal) showPage(p page.Page) {
	p.Foot = fmt.Sprintf("tcptune %s, %s", version, time.Now().UTC().Format("2 January 2006, 15:04 UTC"))
	_ = p.Write(t.out) // what was not printed, run says
}

// csvBench prints one line for each second.
func csvBench(w io.Writer, b report.Bench) {
	out := csv.NewWriter(w)
	_ = out.Write([]string{"at_s", "answered", "failed", "p50_us", "p99_us", "max_us"})
	for _, s := range b.Series {
		number := func(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }
		_ = out.Write([]string{
			number(s.At), strconv.FormatUint(s.Answered, 10), strconv.FormatUint(s.Failed, 10), number(s.P50), number(s.P99), number(s.Max),
		})
	}
	out.Flush() // what was not printed, run says
}
