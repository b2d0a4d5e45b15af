package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"time"
	"unsafe"

	"github.com/shirou/gopsutil/v3/net"
	"golang.org/x/sys/unix"
)

// The rows of the port suite that others are compared with.
const (
	rowThorough = "tcptune port --thorough"
	rowGroup    = "tcptune port, by control group"
	rowSS       = "ss -ltnp"
	rowLsof     = "lsof -i"
	rowFuser    = "fuser"
	rowFloor    = "reading every link, one core"
)

// What tcptune aims at, beside its share of the others' time.
const (
	portMemory    = 30 // megabytes
	portGroupTime = 10 // milliseconds
)

// portCommands ask who holds a port, each in its own way.
func portCommands(tcptune, self string) []command {
	return []command{
		{name: rowThorough, argv: []string{tcptune, "port", portPlain, "--thorough"}},
		{name: rowGroup, argv: []string{tcptune, "port", portGrouped}},
		{name: rowSS, argv: []string{"ss", "-ltnp", "sport", "=", ":" + portPlain}},
		{name: rowLsof, argv: []string{"lsof", "-nP", "-iTCP:" + portPlain, "-sTCP:LISTEN"}},
		{name: rowFuser, argv: []string{"fuser", portPlain + "/tcp"}},
		{name: "gopsutil net.Connections", argv: []string{self, "-gopsutil"}},
		{name: rowFloor, argv: []string{self, "-floor"}},
	}
}

func comparePorts(tcptune string, rounds int) error {
	tcptune, err := filepath.Abs(tcptune)
	if err != nil {
		return err
	}
	if err := isolate(); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	if err := compareKills(tcptune, self, "Ending who holds a port, on a machine with nothing else", rounds, portKillTime); err != nil {
		return err
	}
	leave, err := gather()
	defer leave()
	if err != nil {
		return err
	}
	commands := portCommands(tcptune, self)
	peaks := make([]float64, len(commands))
	for i, c := range commands {
		if peaks[i], err = c.peak(); err != nil {
			return err
		}
	}
	samples, err := measure(commands, rounds)
	if err != nil {
		return err
	}
	portTable(os.Stdout, commands, samples, peaks)
	return compareKills(tcptune, self, "Ending who holds a port, there", rounds, portKillTimeCrowd)
}

// portTable prints a row for each command, and what the aims say about tcptune. The peaks of memory are megabytes.
func portTable(out io.Writer, commands []command, samples [][]sample, peaks []float64) {
	fmt.Fprintf(
		out,
		"\nWho holds a port, of %d processes with %d descriptors, %d of them sockets; %d rounds, interleaved; milliseconds\n\n",
		crowdProcesses,
		crowdSockets+crowdFiles,
		crowdSockets,
		len(samples[0]),
	)
	wall := map[string]float64{}
	for i, c := range commands {
		wall[c.name] = median(samples[i], func(s sample) time.Duration { return s.wall })
	}
	fmt.Fprintf(out, "%-32s %8s %8s %7s %6s %6s %6s\n", "", "median", "cpu", "MB", "x ss", "x lsof", "x fuser")
	for i, c := range commands {
		cpu := median(samples[i], func(s sample) time.Duration { return s.cpu })
		fmt.Fprintf(out, "%-32s %8.2f %8.2f %7.1f %6.2f %6.2f %6.3f\n", c.name, wall[c.name], cpu, peaks[i],
			wall[c.name]/wall[rowSS], wall[c.name]/wall[rowLsof], wall[c.name]/wall[rowFuser])
	}
	fmt.Fprintln(out)
	for _, aim := range []struct {
		row, to string
		most    float64
	}{{rowThorough, rowSS, 0.3}, {rowThorough, rowLsof, 0.1}, {rowThorough, rowFuser, 0.025}} {
		got := wall[aim.row] / wall[aim.to]
		fmt.Fprintf(out, "%s: at most %.3f of %s: %.3f, %s\n", aim.row, aim.most, aim.to, got, aimed(got, aim.most))
	}
	for i, c := range commands {
		switch c.name {
		case rowThorough, rowGroup:
			fmt.Fprintf(out, "%s: under %d MB: %.1f, %s\n", c.name, portMemory, peaks[i], aimed(peaks[i], portMemory))
		}
	}
	fmt.Fprintf(
		out,
		"%s: at most %d ms: %.2f, %s\n",
		rowGroup,
		portGroupTime,
		wall[rowGroup],
		aimed(wall[rowGroup], portGroupTime),
	)
}

func aimed(got, most float64) string {
	if got > most {
		return "MISSED"
	}
	return "met"
}

// askGopsutil lists the processes that hold the port as the library finds them.
func askGopsutil() error {
	rows, err := net.Connections("tcp")
	if err != nil {
		return err
	}
	for _, row := range rows {
		if row.Status == "LISTEN" && strconv.Itoa(int(row.Laddr.Port)) == portPlain {
			fmt.Println(row.Pid)
		}
	}
	return nil
}

// readLinks reads every link of /proc/PID/fd in turn, and nothing else: what nobody can be faster than on one core.
func readLinks() error {
	dirs, err := filepath.Glob("/proc/[0-9]*/fd")
	if err != nil {
		return err
	}
	buf := make([]byte, 64<<10)
	var link [64]byte
	links := 0
	for _, dir := range dirs {
		fd, err := unix.Open(dir, unix.O_RDONLY|unix.O_DIRECTORY, 0)
		if err != nil {
			continue
		}
		for {
			n, err := unix.Getdents(fd, buf)
			if err != nil || n <= 0 {
				break
			}
			for at := 0; at < n; {
				name := &buf[at+19]
				at += int(buf[at+16]) | int(buf[at+17])<<8
				_, _, errno := unix.RawSyscall6(
					unix.SYS_READLINKAT,
					uintptr(fd),
					uintptr(unsafe.Pointer(name)),
					uintptr(unsafe.Pointer(&link[0])),
					uintptr(len(link)),
					0,
					0,
				)
				if errno == 0 {
					links++
				}
			}
		}
		_ = unix.Close(fd)
	}
	fmt.Println(links)
	return nil
}
