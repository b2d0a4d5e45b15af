package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"
)

// What a look of diagnose may cost.
const (
	lookSmall, lookLarge = 10_000, 100_000 // sockets
	lookTime             = 100             // milliseconds, for the small crowd
	lookMemory           = 32              // megabytes, for the small crowd
	lookTimeLarge        = 1500
	lookShare            = 0.6 // of ss -tniem
	holdsEach            = 5_000
	burdenRounds         = 7
)

// compareDiagnose holds two looks of diagnose, which it makes at once one after the other, against ss.
func compareDiagnose(tcptune string, rounds int) error {
	tcptune, err := filepath.Abs(tcptune)
	if err != nil {
		return err
	}
	if err := isolate(); err != nil {
		return err
	}
	fmt.Printf("A look at every TCP socket: half of tcptune diagnose --for 1ms, which looks twice; %d rounds, interleaved\n\n", rounds)
	fmt.Printf("%-10s %-22s %10s %10s\n", "sockets", "", "ms", "MB")
	for _, size := range []int{lookSmall, lookLarge} {
		if err := compareLooks(tcptune, size, rounds); err != nil {
			return err
		}
	}
	return showBurden(tcptune, burdenRounds)
}

func compareLooks(tcptune string, size, rounds int) error {
	leave, err := hold(size)
	defer leave()
	if err != nil {
		return err
	}
	commands := []command{
		{name: "tcptune diagnose", argv: []string{tcptune, "diagnose", "--for", "1ms", "--json"}, good: []int{4}},
		{name: "ss -tniem", argv: []string{"ss", "-tniem"}},
	}
	samples, err := measure(commands, rounds)
	if err != nil {
		return err
	}
	var times []float64
	for i, c := range commands {
		looks := 2.0
		if i > 0 {
			looks = 1
		}
		peak, err := c.peak()
		if err != nil {
			return err
		}
		times = append(times, median(samples[i], func(s sample) time.Duration { return s.wall })/looks)
		fmt.Printf("%-10d %-22s %10.1f %10.1f\n", size, c.name, times[i], peak)
		if i == 0 && size == lookSmall {
			fmt.Printf("%-10s %s, %s\n", "", verdict("time", times[0], lookTime), verdict("memory", peak, lookMemory))
		}
	}
	if size == lookLarge {
		fmt.Printf("%-10s %s, %s\n", "", verdict("time", times[0], lookTimeLarge), verdict("of ss", times[0]/times[1], lookShare))
	}
	return nil
}

func verdict(what string, got, aim float64) string {
	if got <= aim {
		return fmt.Sprintf("%s %.3g of %g: met", what, got, aim)
	}
	return fmt.Sprintf("%s %.3g of %g: MISSED", what, got, aim)
}

// hold starts processes that have so many TCP sockets open between them.
func hold(sockets int) (leave func(), err error) {
	var all []*exec.Cmd
	leave = func() {
		for _, cmd := range all {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
	}
	for ; sockets > 0; sockets -= holdsEach {
		cmd := exec.Command("/proc/self/exe", "-hold", strconv.Itoa(min(sockets, holdsEach)))
		cmd.Stderr = os.Stderr
		if _, err = cmd.StdinPipe(); err != nil {
			return leave, err
		}
		out, err := cmd.StdoutPipe()
		if err != nil {
			return leave, err
		}
		if err := cmd.Start(); err != nil {
			return leave, err
		}
		all = append(all, cmd)
		if line, err := bufio.NewReader(out).ReadString('\n'); line != "ready\n" {
			return leave, fmt.Errorf("a process of the crowd says %q: %w", line, err)
		}
	}
	return leave, nil
}

// beHolder is one of them.
func beHolder(sockets int) error {
	if err := connect(sockets); err != nil {
		return err
	}
	fmt.Println("ready")
	_, err := os.Stdin.Read(make([]byte, 1)) // ends with the bench
	return err
}
