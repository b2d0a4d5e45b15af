package main

import (
	"fmt"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/tcptune/tcptune/internal/provision"
)

// progressEvery is how often a log is told that something goes on.
const progressEvery = 10 * time.Second

// progress shows how far a download is: a bar on a terminal, and a line every ten seconds elsewhere.
func (t terminal) progress() provision.Progress {
	say := func(line string) { printf(t.err, "%s\n", line) }
	if !colorful(t.err) {
		return provision.Progress{Show: t.progressLines(), End: func() {}, Say: say}
	}
	var mu sync.Mutex
	var bar *progressbar.ProgressBar
	var now provision.Step // what the bar is about
	show := func(p provision.Step) {
		mu.Lock()
		defer mu.Unlock()
		if bar == nil || p.Source != now.Source || p.Phase != now.Phase || p.Total != now.Total {
			total := p.Total
			if total <= 0 {
				total = -1 // a spinner
			}
			bar = progressbar.NewOptions64(
				total,
				progressbar.OptionSetWriter(t.err),
				progressbar.OptionShowBytes(true),
				progressbar.OptionSetDescription(
					phase(p),
				),
				progressbar.OptionSetWidth(30),
				progressbar.OptionThrottle(100*time.Millisecond),
				progressbar.OptionClearOnFinish(),
			)
		}
		now = p
		_ = bar.Set64(p.Done)
	}
	end := func() {
		mu.Lock()
		defer mu.Unlock()
		if bar != nil {
			_ = bar.Clear()
			bar = nil
		}
	}
	return provision.Progress{Show: show, End: end, Say: say}
}

func (t terminal) progressLines() func(provision.Step) {
	var mu sync.Mutex
	last := time.Now()
	return func(p provision.Step) {
		mu.Lock()
		defer mu.Unlock()
		if time.Since(last) < progressEvery {
			return
		}
		last = time.Now()
		of := ""
		if p.Total > 0 {
			of = fmt.Sprintf(" of %d", p.Total>>20)
		}
		printf(t.err, "tcptune: %s: %d%s MiB\n", phase(p), p.Done>>20, of)
	}
}

// phase is what is going on, in words.
func phase(p provision.Step) string {
	what := p.Source // the name of a file
	switch p.Source {
	case provision.Download:
		what = "the archive"
	case provision.Module:
		what = "the module"
	}
	return p.Phase + "ing " + what
}
