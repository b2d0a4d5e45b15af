package provision

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"

	"github.com/tcptune/tcptune/bench"
	"github.com/tcptune/tcptune/internal/report"
)

// BenchTurns runs two load tests in turn, so many rounds, and compares them. What each promises is held against its
// own rounds.
func (t Target) BenchTurns(ctx context.Context, a, b Load, rounds int, told func(LoadNow)) (out Outcome, err error) {
	h, err := t.host()
	if err != nil {
		return out, err
	}
	sides := [2]Load{a, b}
	var of [2]bench.Options
	var promises [2][]bench.Promise
	for i, l := range sides {
		if promises[i], err = promisesOf(l.Asserts); err != nil {
			return out, err
		}
		if of[i], err = l.options(ctx, h); err != nil {
			return out, err
		}
	}
	all, err := inTurn(ctx, of, rounds, told)
	ended := min(len(all[0]), len(all[1]))
	if err != nil && (ctx.Err() == nil || ended == 0) {
		return out, interrupted(ctx, err)
	}
	all = [2][]report.Bench{all[0][:ended], all[1][:ended]}
	middle := [2]report.Bench{bench.Middle(all[0]), bench.Middle(all[1])}
	for i, l := range sides {
		middle[i].Target = cmp.Or(l.Name, middle[i].Target)
	}
	out = comparedOutcome(middle[0], middle[1])
	if err != nil {
		return out, interruptedIn(ended+1, rounds)
	}
	for i := range sides {
		from := len(out.Report.Bench.Asserted)
		out.judge(promises[i], all[i])
		for k := range out.Report.Bench.Asserted[from:] {
			a := &out.Report.Bench.Asserted[from+k]
			a.Text = middle[i].Target + ": " + a.Text
		}
	}
	return out, nil
}

// inTurn runs two load tests in turn. Beside an error it returns the rounds that had ended.
func inTurn(ctx context.Context, of [2]bench.Options, rounds int, told func(LoadNow)) (all [2][]report.Bench, err error) {
	for n := range rounds {
		for turn := range of {
			side := (n + turn) % len(of) // no side is always the first
			one, err := bench.Run(ctx, of[side], told)
			if err != nil {
				return all, err
			}
			all[side], of[side].Near = append(all[side], one), nil // once is enough
		}
	}
	return all, nil
}

// BenchCompare holds the load tests that documents of bench tell of against the first.
func (t Target) BenchCompare(files []string) (out Outcome, err error) {
	h, err := t.host()
	if err != nil {
		return out, err
	}
	var all []report.Bench
	for _, file := range files {
		data, err := readNamed(h, file)
		if err != nil {
			return out, err
		}
		var doc report.Report
		if err := json.Unmarshal(data, &doc); err != nil || doc.Bench == nil {
			return out, report.Usage(fmt.Sprintf("cannot compare %s: it holds no load test", file), "made by: tcptune bench … --rounds 5 --json >"+file)
		}
		b := *doc.Bench
		if err := cannotCompare(file, doc); err != nil {
			return out, err
		}
		if len(b.Rounds) == 0 {
			b = bench.Middle([]report.Bench{b})
		}
		b.Target = file
		all = append(all, b)
	}
	return comparedOutcome(all[0], all[1:]...), nil
}

// cannotCompare refuses a document that tells of no service that has answered.
func cannotCompare(file string, doc report.Report) error {
	silent := doc.Bench.Rate == 0
	for _, r := range doc.Bench.Rounds {
		silent = silent && r.Rate == 0
		if r.Failed > 0 && r.FailedShare == 0 {
			return report.Usage(fmt.Sprintf("cannot compare %s: it does not say what share of the requests failed", file),
				"an older tcptune has made it")
		}
	}
	switch {
	case doc.Error != nil:
		return report.Usage(fmt.Sprintf("cannot compare %s: its load test did not end well", file), doc.Error.Message)
	case silent:
		return report.Usage(fmt.Sprintf("cannot compare %s: its service has answered nothing", file), "")
	}
	return nil
}

// comparedOutcome holds others against a.
func comparedOutcome(a report.Bench, others ...report.Bench) Outcome {
	out := outcome(nil)
	for _, b := range others {
		rows := bench.Compare(a, b)
		for i := range rows {
			rows[i].Workload = a.Target + " -> " + b.Target
		}
		a.Compared = append(a.Compared, rows...)
	}
	out.Report.Bench = &a
	return out
}
