package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/tcptune/tcptune/bench"
)

// idleSample is what an idle connection costs, in bytes.
type idleSample struct {
	user   float64 // growth of the resident set of the server
	kernel float64 // half the growth of slab and TCP memory: both ends are on this machine
}

// idle opens connections to a fresh server, has one message answered on each, and looks at the memory.
func (b echoBench) idle(server echoServer, c echoCase) (s idleSample, err error) {
	server, _ = server.speaking(c.protocol)
	process, err := server.start(echoAddress, b.cores.server)
	if err != nil {
		return s, err
	}
	defer func() { err = errors.Join(err, process.stop(err != nil)) }()
	first := rawCase(firstConnections, c.depth)
	leave, err := b.visit(first)
	defer leave()
	if err != nil {
		return s, err
	}
	before, err := process.memory()
	if err != nil {
		return s, err
	}
	leaveAll, err := b.visit(c)
	defer leaveAll()
	if err != nil {
		return s, err
	}
	after, err := process.memory()
	n := float64(c.connections)
	s = idleSample{user: (after.user - before.user) / n, kernel: (after.kernel - before.kernel) / n / 2}
	return s, err
}

// firstConnections are there before it is looked at the memory: what a server makes once, and the pages of its program, are
// no cost of a connection.
const firstConnections = 500

// visit has one message answered on each of the connections, which stay until leave.
func (b echoBench) visit(c echoCase) (leave func(), err error) {
	o := b.load(c)
	o.Count, o.Warmup, o.Duration, o.Timeout = uint64(c.connections), 0, time.Minute, time.Minute
	clients, err := bench.Open(context.Background(), o, nil)
	leave = func() {
		if clients != nil {
			clients.Close()
		}
	}
	if err != nil {
		return leave, err
	}
	r, err := clients.Run(context.Background())
	if err == nil && r.Requests.Answered != uint64(c.connections) {
		err = fmt.Errorf("%d of %d messages were answered", r.Requests.Answered, c.connections)
	}
	return leave, err
}

// memory returns the resident set of the process, and what slabs and TCP buffers of the machine hold, in bytes.
func (p *echoProcess) memory() (idleSample, error) {
	kernel, err := settledKernelMemory()
	if err != nil {
		return idleSample{}, err
	}
	user, err := readField(fmt.Sprintf("/proc/%d/smaps_rollup", p.cmd.Process.Pid), "Rss:")
	return idleSample{user: user * 1024, kernel: kernel}, err
}

// settledKernelMemory waits, not for long, until sockets that were closed are freed: that happens after a grace period.
func settledKernelMemory() (float64, error) {
	last, err := kernelMemory()
	for range 20 {
		time.Sleep(100 * time.Millisecond)
		now, e := kernelMemory()
		if e != nil || now-last < 64<<10 && last-now < 64<<10 {
			return now, errors.Join(err, e)
		}
		last = now
	}
	return last, err
}

// kernelMemory returns bytes. Sockets, files, their inodes and what epoll keeps of them are in slabs; "mem" of TCP is
// the pages of buffers (see sockstat in proc_net(5)).
func kernelMemory() (float64, error) {
	slab, err := readField("/proc/meminfo", "Slab:")
	pages, e := readField("/proc/net/sockstat", "TCP:", "mem")
	return slab*1024 + pages*float64(os.Getpagesize()), errors.Join(err, e)
}

// readField returns the number after the last of words on the line of a /proc file that begins with the first.
func readField(file string, words ...string) (float64, error) {
	f, err := os.Open(file)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	value, err := findField(f, words...)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", file, err)
	}
	return value, nil
}

func findField(from io.Reader, words ...string) (float64, error) {
	lines := bufio.NewScanner(from)
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) == 0 || fields[0] != words[0] {
			continue
		}
		for i := range len(fields) - 1 {
			if fields[i] == words[len(words)-1] {
				return strconv.ParseFloat(fields[i+1], 64)
			}
		}
	}
	return 0, errors.Join(fmt.Errorf("no %s", strings.Join(words, " ")), lines.Err())
}
