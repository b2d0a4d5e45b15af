package main

import (
	"io"
	"sync"
	"time"
)

// What takes this long is said to be waited for.
const (
	waitsFrom  = time.Second
	waitsEvery = time.Second
)

// waits says on w what is waited for, once that has taken a second: on a terminal a line that counts the seconds and goes
// away at the end, and elsewhere a line every ten seconds.
func waits(w io.Writer) func(what string) (ended func()) {
	first, every, line, gone := progressEvery, progressEvery, "tcptune: waiting for %s (%s)\n", ""
	if colorful(w) {
		first, every, line, gone = waitsFrom, waitsEvery, "\r\x1b[Kwaiting for %s (%s)", "\r\x1b[K"
	}
	return func(what string) func() {
		var mu sync.Mutex
		since, said, over := time.Now(), false, false
		var timer *time.Timer
		say := func() {
			mu.Lock()
			defer mu.Unlock()
			if over {
				return
			}
			printf(w, line, what, time.Since(since).Truncate(time.Second))
			said = true
			timer.Reset(every)
		}
		mu.Lock()
		defer mu.Unlock()
		timer = time.AfterFunc(first, say)
		return func() {
			mu.Lock()
			defer mu.Unlock()
			timer.Stop()
			if over = true; said && gone != "" {
				printf(w, "%s", shown(gone))
			}
		}
	}
}
