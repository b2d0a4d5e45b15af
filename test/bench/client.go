package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"syscall"
	"time"
)

// The load generators that are compared.
const (
	rowBench  = "tcptune bench"
	rowBenchH = "tcptune bench, http"
	rowWrk    = "wrk"
)

// What ours must reach: of the rate of the other one, and of its processor time for a message.
const (
	rateOfC   = 0.9
	rateOfWrk = 0.85
	cpuOfC    = 1.15
)

// generator is a program that puts echoAddress under load, on one core.
type generator struct {
	name string
	http bool
	argv func(c echoCase, each time.Duration) []string
	// read takes the answers out of what it has printed.
	read func(out []byte) (answered float64, err error)
}

// generators lists ours and those that are there.
func generators(tcptune, others string) (list []generator, missing []string) {
	ours := func(protocol string) func(echoCase, time.Duration) []string {
		return func(c echoCase, each time.Duration) []string {
			return []string{
				tcptune, "bench", echoAddress.String(), "--protocol", protocol, "--size", strconv.Itoa(messageSize), "--conns",
				strconv.Itoa(c.connections), "--pipeline", strconv.Itoa(c.depth), "--duration", each.String(), "--workers", "1", "--json",
			}
		}
	}
	list = []generator{{rowBench, false, ours("raw"), answeredInJSON}}
	inC := filepath.Join(others, "client")
	if _, err := os.Stat(inC); err != nil {
		missing = append(missing, inC)
	} else {
		list = append(list, generator{rowC, false, func(c echoCase, each time.Duration) []string {
			return []string{inC, echoAddress.String(), strconv.Itoa(c.connections), strconv.Itoa(c.depth), fmt.Sprint(each.Seconds())}
		}, func(out []byte) (answered float64, err error) {
			_, err = fmt.Sscan(string(out), &answered)
			return answered, err
		}})
	}
	list = append(list, generator{rowBenchH, true, ours("http"), answeredInJSON})
	wrk, err := exec.LookPath("wrk")
	if err != nil {
		return list, append(missing, "wrk")
	}
	return append(list, generator{rowWrk, true, func(c echoCase, each time.Duration) []string {
		at := "http://" + echoAddress.String() + "/"
		return []string{wrk, "-t1", fmt.Sprintf("-c%d", c.connections), fmt.Sprintf("-d%.0fs", each.Seconds()), at}
	}, answeredByWrk}), missing
}

func answeredInJSON(out []byte) (float64, error) {
	var doc struct {
		Bench struct {
			Requests struct{ Answered, Failed float64 }
		}
	}
	err := json.Unmarshal(out, &doc)
	if err == nil && doc.Bench.Requests.Failed > 0 {
		err = fmt.Errorf("%.0f requests failed", doc.Bench.Requests.Failed)
	}
	return doc.Bench.Requests.Answered, err
}

var requestsOfWrk = regexp.MustCompile(`(\d+) requests in `)

func answeredByWrk(out []byte) (float64, error) {
	m := requestsOfWrk.FindSubmatch(out)
	if m == nil {
		return 0, fmt.Errorf("wrk says %q", out)
	}
	return strconv.ParseFloat(string(m[1]), 64)
}

// clientSample is one run of a generator.
type clientSample struct {
	rate float64 // answers a second
	cpu  float64 // of the generator as a whole process, nanoseconds for an answer
	busy float64 // of the core of the server
}

// compareClients has the generators take turns, each with a fresh server in C on another core.
func compareClients(tcptune, others string, rounds int, each time.Duration) error {
	if err := isolate(); err != nil {
		return err
	}
	cores, err := twoCores()
	if err != nil {
		return err
	}
	if err := raiseOpenFiles(manyConnections + 200); err != nil {
		return err
	}
	server := filepath.Join(others, "epoll")
	if _, err := os.Stat(server); err != nil {
		return fmt.Errorf("no server in C to put under load: %w", err)
	}
	list, missing := generators(tcptune, others)
	for _, m := range missing {
		fmt.Printf("\nnot compared, since %s is not there\n", m)
	}
	each = max(time.Second, each.Round(time.Second)) // wrk knows whole seconds
	b := clientBench{list, cores, server, each}
	cases := []echoCase{rawCase(50, 1), rawCase(50, 16), rawCase(1000, 1), rawCase(1000, 16)}
	samples := make([][][]clientSample, len(cases))
	for range rounds {
		for i, c := range cases {
			if samples[i] == nil {
				samples[i] = make([][]clientSample, len(list))
			}
			for _, k := range rand.Perm(len(list)) {
				if list[k].http && c.depth > 1 { // wrk asks for one thing at a time
					continue
				}
				s, err := b.sample(list[k], c)
				if err != nil {
					return fmt.Errorf("%s, %v: %w", list[k].name, c, err)
				}
				samples[i][k] = append(samples[i][k], s)
			}
		}
	}
	clientTable(os.Stdout, list, cases, samples, each)
	return b.memory(os.Stdout)
}

type clientBench struct {
	list   []generator
	cores  cores
	server string
	each   time.Duration
}

// against runs do while a fresh server serves.
func (b clientBench) against(http bool, do func(*echoProcess) error) (err error) {
	s := echoServer{name: rowC, argv: []string{b.server, echoAddress.String()}}
	if http {
		s.argv = append(s.argv, "http")
	}
	process, err := s.start(echoAddress, b.cores.server)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, process.stop(err != nil)) }()
	return do(process)
}

func (b clientBench) sample(g generator, c echoCase) (s clientSample, err error) {
	err = b.against(g.http, func(server *echoProcess) error {
		before, err := server.clock()
		if err != nil {
			return err
		}
		argv := g.argv(c, b.each)
		cmd := exec.Command(argv[0], argv[1:]...)
		cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
		var out []byte
		if err := onCores([]int{b.cores.client}, func() (err error) { out, err = cmd.Output(); return err }); err != nil {
			return err
		}
		after, err := server.clock()
		if err != nil {
			return err
		}
		answered, err := g.read(out)
		if err != nil || answered == 0 {
			return errors.Join(err, errors.New("nothing was answered"))
		}
		used := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
		s = clientSample{
			rate: answered / b.each.Seconds(), cpu: float64(used) / answered, busy: (after.cpu - before.cpu).Seconds() / b.each.Seconds(),
		}
		return nil
	})
	return s, err
}

// manyConnections are as many as a process of these machines can have with room to spare.
const manyConnections = 15000

// memory prints what a connection costs ours: what the peak of memory grows by.
func (b clientBench) memory(out io.Writer) error {
	var peaks []float64
	few := 50
	for _, n := range []int{few, manyConnections} {
		err := b.against(false, func(*echoProcess) error {
			peak, err := command{name: rowBench, argv: b.list[0].argv(rawCase(n, 1), b.each)}.peak()
			peaks = append(peaks, peak)
			return err
		})
		if err != nil {
			return fmt.Errorf("%d connections: %w", n, err)
		}
	}
	fmt.Fprintf(out, "\n%s holds %d connections in %.1f MB, %.0f bytes for each, beside what the kernel has\n", rowBench, manyConnections,
		peaks[1], (peaks[1]-peaks[0])*(1<<20)/float64(manyConnections-few))
	return nil
}

// clientTable prints a block for each case, and what the aims say about ours.
func clientTable(out io.Writer, list []generator, cases []echoCase, samples [][][]clientSample, each time.Duration) {
	fmt.Fprintf(out, "\nLoad generators, whole processes on one core, against a fresh server in C on the other; %d rounds of %v, interleaved;\n"+
		"medians, and medians of the ratios within a round. CPU: nanoseconds of the generator for an answer; server: the share of its core\n",
		len(samples[0][0]), each)
	index := func(name string) int { return slices.IndexFunc(list, func(g generator) bool { return g.name == name }) }
	var verdicts []string
	for i, c := range cases {
		fmt.Fprintf(out, "\n%-32s %9s %7s %7s %7s %7s\n", c, "a second", "x other", "CPU ns", "x other", "server")
		for k, g := range list {
			other := index(map[string]string{rowBench: rowC, rowC: rowC, rowBenchH: rowWrk, rowWrk: rowWrk}[g.name])
			if len(samples[i][k]) == 0 {
				continue
			}
			rate, cpu := "-", "-"
			if other >= 0 {
				r := ratioOf(samples[i][k], samples[i][other], func(s clientSample) float64 { return s.rate })
				u := ratioOf(samples[i][k], samples[i][other], func(s clientSample) float64 { return s.cpu })
				rate, cpu = fmt.Sprintf("%.2f", r), fmt.Sprintf("%.2f", u)
				switch g.name {
				case rowBench:
					verdicts = append(verdicts, aim(c, "of the rate of "+rowC, r, rateOfC, r >= rateOfC),
						aim(c, "of the CPU of "+rowC, u, cpuOfC, u <= cpuOfC))
				case rowBenchH:
					verdicts = append(verdicts, aim(c, "of the rate of "+rowWrk, r, rateOfWrk, r >= rateOfWrk))
				}
			}
			fmt.Fprintf(out, "%-32s %9.0f %7s %7.0f %7s %6.0f%%\n", g.name,
				medianOf(samples[i][k], func(s clientSample) float64 { return s.rate }), rate,
				medianOf(samples[i][k], func(s clientSample) float64 { return s.cpu }), cpu,
				medianOf(samples[i][k], func(s clientSample) float64 { return 100 * s.busy }))
		}
	}
	fmt.Fprintln(out)
	for _, v := range verdicts {
		fmt.Fprintln(out, v)
	}
}

func aim(c echoCase, what string, got, want float64, met bool) string {
	word := "met"
	if !met {
		word = "MISSED"
	}
	return fmt.Sprintf("%v: %.2f %s, aim %.2f: %s", c, got, what, want, word)
}

// ratioOf is the median of the ratios within a round.
func ratioOf(a, b []clientSample, of func(clientSample) float64) float64 {
	ratios := make([]float64, len(a))
	for i := range a {
		ratios[i] = of(a[i]) / of(b[i])
	}
	return medianOf(ratios, func(r float64) float64 { return r })
}
