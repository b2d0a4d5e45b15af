package main

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// portVictim is held by a process that a command is to end, a new one for each.
const portVictim = "8090"

// What tcptune aims at, in milliseconds: for a plain process, and where there are tens of thousands of descriptors.
const (
	portKillTime      = 80
	portKillTimeCrowd = 160
)

const rowKill = "tcptune port --kill"

// killCommands end who holds a port, each in its own way. Only the first proves that the port is free.
func killCommands(tcptune, self string) []command {
	return []command{
		{name: rowKill, argv: []string{tcptune, "port", portVictim, "--kill"}},
		{name: "fuser -k -TERM", argv: []string{"fuser", "-s", "-k", "-TERM", portVictim + "/tcp"}},
		{name: "a walk that kills, one core", argv: []string{self, "-killer"}},
	}
}

// killSample is one run of a command, and how long after its start the process had ended.
type killSample struct {
	sample
	ended time.Duration
}

// measureKills runs every command rounds times, in a new order each round, after one round that does not count.
func measureKills(self string, commands []command, rounds int) ([][]killSample, error) {
	samples := make([][]killSample, len(commands))
	for round := range rounds + 1 {
		for _, i := range rand.Perm(len(commands)) {
			s, err := commands[i].kill(self)
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

// kill starts a server, and then c, which is to end it.
func (c command) kill(self string) (s killSample, err error) {
	victim, ready, err := startCrowd(self, portVictim, nil)
	if err != nil {
		return s, err
	}
	if line, err := ready.ReadString('\n'); line != "ready\n" {
		return s, fmt.Errorf("the server says %q: %w", line, err)
	}
	begin := time.Now()
	ended := make(chan time.Duration, 1)
	go func() {
		_ = victim.Wait()
		ended <- time.Since(begin)
	}()
	if s.sample, err = c.time(); err != nil {
		_ = victim.Process.Kill()
		return s, err
	}
	select {
	case s.ended = <-ended:
	case <-time.After(10 * time.Second):
		err = fmt.Errorf("%s: the server has not ended", c.name)
		_ = victim.Process.Kill()
	}
	return s, err
}

// compareKills ends servers, and prints a table below the title. What starts them and tcptune is a process called sh:
// to tcptune it is a shell that waits for it, and does not start a server again meanwhile.
func compareKills(tcptune, self, title string, rounds int, aim float64) error {
	fmt.Printf("\n%s; %d rounds, interleaved; milliseconds\n\n", title, rounds)
	dir, err := os.MkdirTemp("", "bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	program, err := os.ReadFile(self)
	if err != nil {
		return err
	}
	shell := filepath.Join(dir, "sh")
	if err := os.WriteFile(shell, program, 0o700); err != nil {
		return err
	}
	cmd := exec.Command(shell, "-kills", fmt.Sprint(aim), "-rounds", strconv.Itoa(rounds), tcptune, self)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	return cmd.Run()
}

// beKiller is that process; self is the program by its own name.
func beKiller(tcptune, self string, rounds int, aim float64) error {
	commands := killCommands(tcptune, self)
	samples, err := measureKills(self, commands, rounds)
	if err != nil {
		return err
	}
	killTable(os.Stdout, commands, samples, aim)
	return nil
}

// killTable prints a row for each command, and what the aim says about tcptune.
func killTable(out io.Writer, commands []command, samples [][]killSample, aim float64) {
	fmt.Fprintf(out, "%-32s %8s %8s %8s\n", "", "median", "cpu", "ended")
	verdict := ""
	for i, c := range commands {
		wall := medianOf(samples[i], func(s killSample) float64 { return milliseconds(s.wall) })
		fmt.Fprintf(out, "%-32s %8.2f %8.2f %8.2f\n", c.name, wall,
			medianOf(samples[i], func(s killSample) float64 { return milliseconds(s.cpu) }),
			medianOf(samples[i], func(s killSample) float64 { return milliseconds(s.ended) }))
		if c.name == rowKill {
			verdict = fmt.Sprintf("\n%s: at most %.0f ms: %.2f, %s\n", rowKill, aim, wall, aimed(wall, aim))
		}
	}
	fmt.Fprint(out, verdict)
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// killByHand looks for the process that holds the port, as a script would that knows of nothing but /proc, and ends it.
func killByHand() error {
	inode, err := listenerInode()
	if err != nil {
		return err
	}
	links, err := filepath.Glob("/proc/[0-9]*/fd/*")
	if err != nil {
		return err
	}
	for _, link := range links {
		if to, err := os.Readlink(link); err != nil || to != "socket:["+inode+"]" {
			continue
		}
		pid, err := strconv.Atoi(strings.Split(link, "/")[2])
		if err != nil {
			return err
		}
		if err := unix.Kill(pid, unix.SIGTERM); err != nil {
			return err
		}
	}
	for range 1000 {
		if _, err := listenerInode(); errors.Is(err, os.ErrNotExist) {
			return nil
		}
		time.Sleep(time.Millisecond)
	}
	return errors.New("the port is still held")
}

// listenerInode is that of the socket that listens on the port.
func listenerInode() (string, error) {
	port, err := strconv.Atoi(portVictim)
	if err != nil {
		return "", err
	}
	for _, file := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		text, err := os.ReadFile(file)
		if err != nil {
			return "", err
		}
		for line := range strings.Lines(string(text)) {
			f := strings.Fields(line)
			if len(f) > 9 && f[3] == "0A" && strings.HasSuffix(f[1], fmt.Sprintf(":%04X", port)) {
				return f[9], nil
			}
		}
	}
	return "", os.ErrNotExist
}
