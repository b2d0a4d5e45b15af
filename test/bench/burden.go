package main

import (
	"bytes"
	"errors"
	"fmt"
	"math"
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

// showBurden puts the server under load on a core of its own, in turn without diagnose and with it looking all the time.
// Where the rate falls below that before and after, diagnose has taken what it needs from the server or from the load.
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
	var alone, looked, took []float64
	for i := range 2*rounds + 1 {
		if i%2 == 0 {
			s, err := b.measure(process, b.load(load))
			if err != nil {
				return err
			}
			alone = append(alone, s.rate)
			continue
		}
		end := lookLater(tcptune)
		s, err := b.measure(process, b.load(load))
		if err != nil {
			return err
		}
		cpu, err := end()
		if err != nil {
			return err
		}
		looked, took = append(looked, s.rate), append(took, float64(cpu.Milliseconds()))
	}
	var lost, noise []float64
	for i, rate := range looked {
		lost = append(lost, 100*(1-2*rate/(alone[i]+alone[i+1])))
		noise = append(noise, 100*math.Abs(1-alone[i+1]/alone[i]))
	}
	itself := func(f float64) float64 { return f }
	fmt.Printf("\nA server under full load, %v and %d idle connections, while tcptune diagnose looks; %d times, alone before and after each\n\n",
		load, burdenIdle, rounds)
	fmt.Printf("%-22s %10.0f messages a second; from one time to the next they differ by %.1f percent\n", "alone",
		medianOf(alone, itself), medianOf(noise, itself))
	fmt.Printf("%-22s %10.0f, for which diagnose took %.0f ms of a processor in %v\n", "looked at",
		medianOf(looked, itself), medianOf(took, itself), burdenLasts)
	fmt.Printf("%-22s %s\n", "", verdict("percent lost, the median,", medianOf(lost, itself), burdenAim))
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
