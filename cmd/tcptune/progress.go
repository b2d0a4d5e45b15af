package main

import (
	"fmt"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/tcptune/tcptune/installer/fetch"
)

// progressEvery is how often a log is told that something goes on.
const progressEvery = 10 * time.Second

// progress shows how far a download is: a bar on a terminal, and a line every ten seconds elsewhere. end removes the bar;
// it may be called twice.
func (t terminal) progress() (show func(fetch.Progress), end func()) {
	if !colorful(t.err) {
		return t.progressLines(), func() {}
	}
	var mu sync.Mutex
	var bar *progressbar.ProgressBar
	var now fetch.Progress // what the bar is about
	show = func(p fetch.Progress) {
		mu.Lock()
		defer mu.Unlock()
		if bar == nil || p.Source != now.Source || p.Phase != now.Phase || p.Total != now.Total {
			total := p.Total
			if total <= 0 {
				total = -1 // a spinner
			}
			bar = progressbar.NewOptions64(total, progressbar.OptionSetWriter(t.err), progressbar.OptionShowBytes(true),
				progressbar.OptionSetDescription(phase(p)), progressbar.OptionSetWidth(30), progressbar.OptionThrottle(100*time.Millisecond),
				progressbar.OptionClearOnFinish())
		}
		now = p
		_ = bar.Set64(p.Done)
	}
	return show, func() {
		mu.Lock()
		defer mu.Unlock()
		if bar != nil {
			_ = bar.Clear()
			bar = nil
		}
	}
}

func (t terminal) progressLines() func(fetch.Progress) {
	var mu sync.Mutex
	last := time.Now()
	return func(p fetch.Progress) {
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
		fmt.Fprintf(t.err, "tcptune: %s: %d%s MiB\n", phase(p), p.Done>>20, of)
	}
}

// phase is what is going on, in words.
func phase(p fetch.Progress) string {
	what := p.Source // the name of a file
	switch p.Source {
	case fetch.Download:
		what = "the archive"
	case fetch.Module:
		what = "the module"
	}
	return p.Phase + "ing " + what
}
