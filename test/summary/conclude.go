package main

import (
	"cmp"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"
)

// conclude prints the failures, the skips and the counts, and returns the exit status.
//
// What counts is the leaves: a test that only holds subtests is not counted beside them, unless it failed or was
// skipped by itself. A test that never ended has failed.
func (r *record) conclude(out io.Writer) int {
	var passed, failed, skipped int
	var skips []string
	for _, p := range r.order {
		before := failed
		for _, t := range p.tests {
			switch t.result {
			case "pass":
				if !t.children {
					passed++
				}
			case "skip":
				skipped++
				skips = append(skips, fmt.Sprintf("%s %s: %s", p.name, t.name, reason(t.output.String())))
			default:
				if !t.children || !p.failureBelow(t) {
					failed++
				}
				printFailure(out, t)
			}
		}
		if p.failed && failed == before { // nothing but the package itself says so
			failed++
			fmt.Fprintf(out, "\n=== %s failed\n%s", p.name, p.output.String())
			if b := r.builds[p.build]; b != nil {
				fmt.Fprint(out, b.String())
			}
		} else if said := verdicts.ReplaceAllString(p.output.String(), ""); failed > before && said != "" {
			fmt.Fprintf(out, "\n=== %s, outside its tests\n%s", p.name, said)
		}
	}
	if len(r.counts) > 0 {
		fmt.Fprintf(out, "\ncounts:\n  %s\n", strings.Join(r.counts, "\n  "))
	}
	if slow := r.slow(); len(slow) > 0 {
		fmt.Fprintf(out, "\nlongest:\n  %s\n", strings.Join(slow, "\n  "))
	}
	if len(skips) > 0 {
		fmt.Fprintf(out, "\nskipped:\n  %s\n", strings.Join(skips, "\n  "))
	}
	ran := passed + failed
	fmt.Fprintf(out, "\n%d tests ran in %d packages\n%d passed, %d failed, %d skipped\n",
		ran, len(r.order), passed, failed, skipped)
	if failed > 0 || ran == 0 {
		return 1
	}
	return 0
}

// slow is what took longest, without subtests: at most 20 tests of 15 seconds and more.
func (r *record) slow() []string {
	var tests []*test
	for _, p := range r.order {
		for _, t := range p.tests {
			if t.took >= 15*time.Second && r.parent(p, t.name) == nil {
				tests = append(tests, t)
			}
		}
	}
	slices.SortStableFunc(tests, func(a, b *test) int { return cmp.Compare(b.took, a.took) })
	var lines []string
	for _, t := range tests[:min(len(tests), 20)] {
		lines = append(lines, fmt.Sprintf("%s %s %s", t.took, t.pkg, t.name))
	}
	return lines
}

func (p *pack) failureBelow(parent *test) bool {
	for _, t := range p.tests {
		if strings.HasPrefix(t.name, parent.name+"/") && t.result != "pass" && t.result != "skip" {
			return true
		}
	}
	return false
}

func printFailure(out io.Writer, t *test) {
	verdict := "failed"
	if t.result == "" {
		verdict = "did not end"
	}
	fmt.Fprintf(out, "\n=== %s %s %s\n%s", t.pkg, t.name, verdict, t.output.String())
}

// verdicts are the lines with which a failing package ends anyway.
var verdicts = regexp.MustCompile(`(?m)^(FAIL(\t.*)?|exit status 1)\n`)

// position is the "file.go:12: " that package testing puts before a message.
var position = regexp.MustCompile(`^[^\s:]+\.go:\d+: `)

// reason is what a test said before it was skipped, on one line.
func reason(output string) string {
	var said []string
	for line := range strings.Lines(output) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "=== ") || strings.HasPrefix(line, "--- ") {
			continue
		}
		said = append(said, position.ReplaceAllString(line, ""))
	}
	if len(said) == 0 {
		return "no reason given"
	}
	return strings.Join(said, "; ")
}
