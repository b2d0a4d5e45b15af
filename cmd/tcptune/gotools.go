package main

import (
	"cmp"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/tcptune/tcptune/internal/report"
)

// showTools prints which tools there are, or would be, and which Go builds them.
func (t terminal) showTools(w io.Writer, list []report.GoTool) {
	if len(list) == 0 {
		return
	}
	printf(w, "\n")
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	printf(tw, "TOOL\tVERSION\tSTATE\tBUILT BY\tPATH\n")
	for _, g := range list {
		by := "-"
		if g.Go != "" {
			by = "Go " + g.Go
		}
		if g.Needs != "" {
			by += ", needs " + g.Needs
		}
		printf(tw, "%s\t%s\t%s\t%s\t%s\n", g.Target, cmp.Or(g.Version, "?"), g.State, by, cmp.Or(g.Path, "-"))
	}
	_ = tw.Flush()
	for _, g := range list {
		if g.Why != "" {
			printf(w, "%s\n", t.paint(red, fmt.Sprintf("%s is %s: %s", g.Target, g.State, g.Why)))
		}
		if g.Fix != "" {
			printf(w, "      to repair it: %s\n", g.Fix)
		}
	}
}
