package main

import (
	"cmp"
	"io"

	"github.com/tcptune/tcptune/internal/report"
)

// showShells prints which go each kind of shell would run, and why.
func (t terminal) showShells(w io.Writer, list []report.GoShell) {
	if len(list) == 0 {
		return
	}
	printf(w, "\nwhich go they find:\n")
	width := 0
	for _, g := range list {
		width = max(width, len(g.Target))
	}
	for _, g := range list {
		color := green
		if g.State != "active" {
			color = yellow
		}
		found := g.Go
		if g.Version != "" {
			found += ", " + g.Version
		}
		printf(w, "  %-*s  %s\n", width, g.Target, t.paint(color, cmp.Or(found, g.State)))
		printf(w, "      %s\n", t.paint(faint, g.Why))
		for _, v := range [][2]string{{"GOROOT", g.Goroot}, {"GOFLAGS", g.Goflags}, {"GOTOOLCHAIN", g.Gotoolchain}} {
			if v[1] != "" {
				printf(w, "      there, %s is %s\n", v[0], v[1])
			}
		}
		if g.Fix != "" {
			printf(w, "      to run the active one, %s\n", g.Fix)
		}
		for _, d := range g.Doubts {
			printf(w, "      not sure: %s\n", d)
		}
	}
}
