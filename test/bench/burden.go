package main

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"time"
)

// What a service under full load may lose while diagnose looks, in percent, and how it is looked at: with as many idle
// connections beside it as make a look something.
const (
	burdenAim   = 3
	burdenLasts = 10500 * time.Millisecond
	burdenIdle  = 1_000
	burdenConns = 50
)

// showBurden puts the server under load on a core of its own, in turn with diagnose looking all the time and without. Where
// its rate falls, diagnose has taken what it needs from the server or from the load.
func showBurden(tcptune string, rounds int) error {
	servers, missing := echoServers(filepath.Join(filepath.Dir(tcptune), "tcptune-server"), "")
	if len(servers) == 0 || servers[0].name != rowServer {
		return fmt.Errorf("%s is not there", missing[0].argv[0])
	}
	cores, err := twoCores()
	if err != nil {
		return err
	}
	leave, err := hold(burdenIdle)
	defer leave()
	if err != nil {
		return err
	}
	b, load := echoBench{cores: cores, each: burdenLasts}, rawCase(burdenConns, 1)
	server, _ := servers[0].speaking(load.protocol)
	process, err := server.start(echoAddress, cores.server)
	if err != nil {
		return err
	}
	defer func() { _ = process.stop(false) }()
	var alone, looked, ratios, took []float64
	for range rounds {
		var rates [2]float64
		for _, with := range rand.Perm(2) {
			var end func() (time.Duration, error)
			if with == 1 {
				end = lookLater(tcptune)
			}
			s, err := b.measure(process, b.load(load))
			if err != nil {
				return err
			}
			rates[with] = s.rate
			if end == nil {
				continue
			}
			cpu, err := end()
			if err != nil {
				return err
			}
			took = append(took, float64(cpu.Milliseconds()))
		}
		alone, looked, ratios = append(alone, rates[0]), append(looked, rates[1]), append(ratios, rates[1]/rates[0])
	}
	itself := func(f float64) float64 { return f }
	fmt.Printf("\nA server under full load, %v and %d idle connections, while tcptune diagnose looks; %d rounds, interleaved\n\n", load, burdenIdle, rounds)
	fmt.Printf("%-22s %10.0f messages a second\n", "alone", medianOf(alone, itself))
	fmt.Printf("%-22s %10.0f, for which diagnose took %.0f ms of a processor in %v\n", "looked at", medianOf(looked, itself), medianOf(took, itself), burdenLasts)
	fmt.Printf("%-22s %s\n", "", verdict("percent lost, the median of the pairs,", 100*(1-medianOf(ratios, itself)), burdenAim))
	return nil
}

// lookLater starts a diagnose when the load has warmed up, which ends before the load does. end waits for it, and says how much
// it has taken of the processors.
func lookLater(tcptune string) (end func() (time.Duration, error)) {
	cmd := exec.Command(tcptune, "diagnose", "--json", "--for", (burdenLasts - 500*time.Millisecond).String())
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	done := make(chan error, 1)
	time.AfterFunc(warmup, func() { done <- cmd.Run() })
	return func() (time.Duration, error) {
		err := <-done
		var exit *exec.ExitError
		if err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 4) { // 4: not all can be judged in a namespace
			return 0, fmt.Errorf("diagnose: %w: %s", err, out.String())
		}
		return cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), nil
	}
}
