package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"time"
)

// command is one row of the comparison.
type command struct {
	name string
	argv []string
	good []int   // exit statuses that are a result, besides 0
	aim  float64 // milliseconds; 0: none
}

// sample is one run of a command.
type sample struct {
	wall time.Duration // from exec to exit
	cpu  time.Duration // user and system time together
}

// time runs c once. It fails when c ends in a way that is no result, since then there is nothing to compare.
func (c command) time() (sample, error) {
	cmd := exec.Command(c.argv[0], c.argv[1:]...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	begin := time.Now()
	err := cmd.Run()
	wall := time.Since(begin)
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || !slices.Contains(c.good, exit.ExitCode())) {
		return sample{}, fmt.Errorf("%s: %w\n%s", c.name, err, &stderr)
	}
	return sample{wall: wall, cpu: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()}, nil
}

// peak runs c once more and returns the largest resident set that it had, in megabytes. It is GNU time that starts it:
// a process inherits the peak of the one that it was made from (exec_mmap in the kernel's fs/exec.c), so that ours
// would be the least that any command could have. That of time is 2 MB.
func (c command) peak() (float64, error) {
	f, err := os.CreateTemp("", "bench-peak-")
	if err != nil {
		return 0, err
	}
	defer os.Remove(f.Name())
	defer f.Close()
	c.argv = append([]string{"time", "--quiet", "--format=%M", "--output=" + f.Name()}, c.argv...)
	if _, err := c.time(); err != nil {
		return 0, err
	}
	var kilobytes float64
	if _, err := fmt.Fscan(f, &kilobytes); err != nil {
		return 0, fmt.Errorf("%s: cannot read its peak of memory: %w", c.name, err)
	}
	return kilobytes / 1024, nil
}

// measure runs every command rounds times, in a new order each round, after one round that does not count.
func measure(commands []command, rounds int) ([][]sample, error) {
	samples := make([][]sample, len(commands))
	for round := range rounds + 1 {
		for _, i := range rand.Perm(len(commands)) {
			s, err := commands[i].time()
			if err != nil {
				return nil, err
			}
			if round > 0 {
				samples[i] = append(samples[i], s)
			}
		}
	}
	return samples, nil
}

// table prints a row for each command: the median of its times, and how that compares with each sysctl command.
func table(out io.Writer, commands []command, samples [][]sample) {
	walls := make([]float64, len(commands))
	ratioTo := map[string]float64{}
	for i, c := range commands {
		walls[i] = median(samples[i], func(s sample) time.Duration { return s.wall })
		ratioTo[c.name] = walls[i]
	}
	fmt.Fprintf(out, "%d rounds, interleaved; milliseconds, from exec to exit\n\n", len(samples[0]))
	width := 0
	for _, c := range commands {
		width = max(width, len(c.name))
	}
	fmt.Fprintf(out, "%-*s %8s %8s %17s %11s  %s\n", width, "", "median", "cpu", "x sysctl --system", "x sysctl -a", "aim")
	for i, c := range commands {
		aim := ""
		if c.aim > 0 {
			aim = fmt.Sprintf("  %.0f met", c.aim)
			if walls[i] > c.aim {
				aim = fmt.Sprintf("  %.0f MISSED", c.aim)
			}
		}
		cpu := median(samples[i], func(s sample) time.Duration { return s.cpu })
		fmt.Fprintf(out, "%-*s %8.2f %8.2f %17.2f %11.2f%s\n", width, c.name, walls[i], cpu,
			walls[i]/ratioTo["sysctl --system"], walls[i]/ratioTo["sysctl -a"], aim)
	}
}

// median returns the median of what of takes from each sample, in milliseconds.
func median(samples []sample, of func(sample) time.Duration) float64 {
	return medianOf(samples, func(s sample) float64 { return float64(of(s)) / float64(time.Millisecond) })
}

// medianOf returns the median of what of takes from each sample.
func medianOf[S any](samples []S, of func(S) float64) float64 {
	var all []float64
	for _, s := range samples {
		all = append(all, of(s))
	}
	slices.Sort(all)
	n := len(all)
	return (all[(n-1)/2] + all[n/2]) / 2
}
