package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

const (
	calm     = 0.03 // of its time, that a sample may lose to other programs
	attempts = 3    // to get a calm one
)

// waited returns how long threads were ready to run and had to wait for their core, because something else ran on it:
// run_delay, the second number in schedstat (see the kernel's Documentation/scheduler/sched-stats.rst). The pattern is
// that of their files.
func waited(pattern string) (total time.Duration, err error) {
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		return 0, errors.Join(fmt.Errorf("no %s", pattern), err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return 0, err
		}
		var ran, delay time.Duration
		if _, err := fmt.Sscan(string(text), &ran, &delay); err != nil {
			return 0, fmt.Errorf("%s: %w", file, err)
		}
		total += delay
	}
	return total, nil
}

// calmest takes a sample until one is calm, but not forever, and returns the calmest.
func calmest(take func() (echoSample, error)) (best echoSample, err error) {
	for attempt := range attempts {
		s, err := take()
		if err != nil {
			return s, err
		}
		if attempt == 0 || s.lost < best.lost {
			best = s
		}
		if best.lost <= calm {
			break
		}
	}
	return best, nil
}

// disturbed counts the samples that are not calm.
func disturbed(samples [][][]echoSample) (some, all int) {
	for _, servers := range samples {
		for _, rounds := range servers {
			for _, s := range rounds {
				if all++; s.lost > calm {
					some++
				}
			}
		}
	}
	return some, all
}
