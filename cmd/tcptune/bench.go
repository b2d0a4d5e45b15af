package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/tcptune/tcptune/internal/provision"
	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/internal/report/page"
)

func benchCommand(t terminal) *cli.Command {
	return &cli.Command{
		Name:  "bench",
		Usage: "put a TCP service under load, and measure what its clients see",
		UsageText: `tcptune bench TARGET [flags]
   tcptune bench --interleave [--rounds N] 'TARGET [flags]' 'TARGET [flags]'
   tcptune bench compare FILE FILE ...`,
		ArgsUsage: "TARGET",
		Description: `TARGET is HOST:PORT, unix:/PATH, or a URL of http or https. Without --rate each connection asks again when it has its answer
(closed loop). With --rate requests are due at fixed times, whatever the service does, and their latency counts from then: a service
that stands still for a second cannot hide it. Both latencies are printed, from when a request was due ("intended") and from
when it was sent ("actual"). Every request that was sent is answered or failed.
A connection that is lost or refused is opened again after 100 ms, up to 10,000 a second for each worker: a service
that is down is not flooded.

Protocols: raw (messages that come back as they were sent, as of an echo server; each is compared), send and receive (one way), line
(ends with a line feed), frame (4 bytes of length before it, big-endian), http (1.1, keep-alive), connect (a new connection each
time, nothing said), talk (a new connection for each message of raw). The end of a connection is a reset: no TIME-WAIT stays.
--payload FILE is sent instead of a made-up message; {{conn}} and {{n}} in it become the numbers of the connection and of its request,
and so in --expect, which the answer to that request must contain.

"generator saturated" means that the generator was busy all the time: what was measured is then not, or not only, the service.
On a service of this machine half of the cores generate load.

A comparison says "better" or "no difference shown" only of a service that fails no more than the other; the flags of
each test in turn stand in its quotes.

Exit code 0 when something was answered, 1 when nothing was, 2 when an --assert does not hold or --find-rate finds none.

Examples:
  tcptune bench 127.0.0.1:7000                                   an echo service, 50 connections, ten seconds
  tcptune bench 10.0.0.5:7000 --conns 10000 --rate 50000         open loop
  tcptune bench http://127.0.0.1:8080/health --conns 200 --pipeline 4
  tcptune bench 127.0.0.1:7000 --find-rate --p99 10ms            the highest rate that holds it
  tcptune bench 127.0.0.1:7000 --rate 5000 --assert 'p99<5ms' --assert 'errors==0'
  tcptune bench 127.0.0.1:7000 --rounds 5 --json >before.json    and later: tcptune bench compare before.json after.json
  tcptune bench 127.0.0.1:7000 --rate 5000 --html >page.html
  tcptune bench 127.0.0.1:7000 --rate 500 --duration 24h --textfile /var/lib/prometheus/node-exporter/bench.prom
  tcptune bench --interleave --rounds 7 '127.0.0.1:7000' '127.0.0.1:7001'`,
		Flags:  benchFlags(),
		Action: t.action(t.bench),
	}
}

func benchFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{
			Name: "protocol", DefaultText: "raw, http for a URL",
			Usage: "speak `" + strings.Join(provision.LoadProtocols(), "|") + "`",
		},
		&cli.IntFlag{Name: "conns", Aliases: []string{"c"}, Value: 50, Usage: "hold `N` connections"},
		&cli.IntFlag{Name: "pipeline", Value: 1, Usage: "have `N` requests under way on each connection"},
		&cli.Float64Flag{Name: "rate", DefaultText: "as fast as answers come", Usage: "send `N` requests a second over all connections"},
		&cli.IntFlag{Name: "size", Value: 64, Usage: "send messages of `BYTES`"},
		&cli.StringFlag{Name: "payload", Usage: "send what `FILE` holds: a line, the payload of a frame, the body of a POST"},
		&cli.StringFlag{Name: "expect", Usage: "count an answer of line, frame or http without `TEXT` as failed"},
		&cli.DurationFlag{Name: "duration", Aliases: []string{"d"}, Value: 10 * time.Second, Usage: "measure for `TIME`"},
		&cli.DurationFlag{Name: "warmup", DefaultText: "none", Usage: "run for `TIME` before anything is measured"},
		&cli.Uint64Flag{
			Name: "count", DefaultText: "no limit", Usage: "end after `N` requests, those of the warm-up not counted",
		},
		&cli.Float64Flag{Name: "connect-rate", DefaultText: "as fast as they are taken", Usage: "open `N` connections a second"},
		&cli.DurationFlag{Name: "think", DefaultText: "none", Usage: "wait `TIME` before a connection asks again"},
		&cli.DurationFlag{Name: "timeout", Value: 10 * time.Second, Usage: "give a connection or an answer up after `TIME`"},
		&cli.IntFlag{Name: "workers", DefaultText: "one a core, half of them for this machine", Usage: "generate load with `N` threads"},
		&cli.StringSliceFlag{Name: "source", Usage: "connect from `ADDR`, of this machine; may be given several times"},
		&cli.BoolFlag{Name: "tls", Usage: "speak TLS"},
		&cli.BoolFlag{Name: "insecure", Usage: "take any certificate"},
		&cli.StringFlag{Name: "ca", Usage: "trust the certificates in `FILE`, and no others"},
		&cli.StringFlag{Name: "server-name", Usage: "ask for the certificate of `NAME`"},
		&cli.IntFlag{Name: "rounds", Value: 1, Usage: "run `N` times, and show the one with the median rate"},
		&cli.BoolFlag{Name: "find-rate", Usage: "look for the highest rate that holds --p99 without a failure"},
		&cli.DurationFlag{Name: "p99", Value: 10 * time.Millisecond, Usage: "let a rate that is looked for have a latency of `TIME`, from when requests are due"},
		&cli.StringSliceFlag{Name: "assert", Usage: "exit with 2 unless `PROMISE` holds, 'p99<5ms' for instance; may be given several times"},
		&cli.BoolFlag{Name: "interleave", Usage: "run the two tests of the arguments in turn, and compare them"},
		&cli.BoolFlag{Name: "html", Usage: "print one page that needs no network: percentiles, rate and latency over time, settings of this host"},
		&cli.BoolFlag{Name: "csv", Usage: "print one line of CSV for each second"},
		&cli.BoolFlag{Name: "prometheus", Usage: "print the result as metrics of Prometheus, for the textfile collector"},
		&cli.StringFlag{Name: "textfile", Usage: "keep `FILE`, which ends in .prom, up to date with these metrics each second while it runs"},
		jsonFlag(),
	}
}

func (t terminal) bench(c *cli.Context) (outcome, error) {
	target, err := targetOf(c)
	if err != nil {
		return outcome{}, err
	}
	words := c.Args().Slice()
	forms := 0
	for _, name := range []string{"json", "html", "csv", "prometheus"} {
		if c.Bool(name) {
			forms++
		}
	}
	rounds := c.Int("rounds")
	switch {
	case forms > 1:
		return outcome{}, report.Usage("cannot print more than one of --json, --html, --csv and --prometheus", "")
	case rounds < 1 || rounds > 1000:
		return outcome{}, report.Usage(fmt.Sprintf("cannot run %d rounds: from 1 to 1000", rounds), "")
	case len(words) > 0 && words[0] == "compare":
		return t.benchCompare(c, target, words[1:])
	case c.Bool("interleave"):
		return t.benchTurns(c, target, words)
	case len(words) != 1 || words[0] == "":
		return outcome{}, report.Usage("cannot tell what to put under load: bench takes one target", "HOST:PORT, unix:/PATH, or a URL; see tcptune bench --help")
	}
	l := loadOf(c, words[0])
	l.Near = t.nearLimit
	if l.FindRate && (l.Rate > 0 || l.Rounds > 1) {
		return outcome{}, report.Usage("cannot look for a rate with --rate or --rounds", "")
	}
	o, err := t.benchWatched(c, target, l)
	if o.report.Bench == nil {
		return o, err
	}
	b := *o.report.Bench
	switch {
	case b.Connections.Opened == 0 && err != nil: // the error says it all
	case c.Bool("html"):
		o.asked, o.text = true, func(io.Writer) { t.showPage(page.Bench(b)) }
	case c.Bool("csv"):
		o.asked, o.text = true, func(io.Writer) { csvBench(t.out, b) }
	case c.Bool("prometheus"):
		o.asked, o.text = true, func(io.Writer) { printf(t.out, "%s", report.Exposition(benchMetrics(b))) }
	default:
		o.text = func(w io.Writer) { t.showBench(w, b) }
	}
	return o, err
}

// benchWatched runs a load test whose progress is told: to a terminal, and to a file.
func (t terminal) benchWatched(c *cli.Context, target provision.Target, l provision.Load) (outcome, error) {
	file, err := textfileOf(c, target)
	if err != nil {
		return outcome{}, err
	}
	told, end := t.benchProgress(c)
	if file != nil {
		if file.write(runningMetrics(provision.LoadNow{Target: l.Target, Protocol: l.Protocol})); file.failed != nil {
			return outcome{}, file.failed
		}
		told = file.told(told)
	}
	done, err := target.Bench(c.Context, l, told)
	end()
	o := of(done)
	if file == nil {
		return o, err
	}
	b := report.Bench{Target: l.Target, Protocol: l.Protocol}
	if o.report.Bench != nil {
		b = *o.report.Bench
	}
	file.write(benchMetrics(b))
	return o, errors.Join(err, file.failed)
}

func loadOf(c *cli.Context, target string) provision.Load {
	l := provision.Load{
		Target: target, Protocol: c.String("protocol"), Payload: c.String("payload"), Sources: c.StringSlice("source"),
		Asserts: c.StringSlice("assert"), TLS: c.Bool("tls"), Insecure: c.Bool("insecure"), CA: c.String("ca"),
		ServerName: c.String("server-name"), Rounds: c.Int("rounds"), FindRate: c.Bool("find-rate"), P99: c.Duration("p99"),
	}
	l.Size, l.Expect, l.Conns, l.Pipeline = c.Int("size"), []byte(c.String("expect")), c.Int("conns"), c.Int("pipeline")
	l.Rate, l.ConnectRate, l.Think = c.Float64("rate"), c.Float64("connect-rate"), c.Duration("think")
	l.Warmup, l.Duration, l.Count = c.Duration("warmup"), c.Duration("duration"), c.Uint64("count")
	l.Timeout, l.Workers = c.Duration("timeout"), c.Int("workers")
	return l
}

func (t terminal) benchCompare(c *cli.Context, target provision.Target, files []string) (outcome, error) {
	if len(files) < 2 || slices.Contains(files, "") {
		return outcome{}, report.Usage("cannot compare: that takes two files or more", "tcptune bench compare before.json after.json")
	}
	if err := onlyFlags(c, "cannot use --%s with bench compare: its tests have run", "json", "html"); err != nil {
		return outcome{}, err
	}
	done, err := target.BenchCompare(files)
	o := of(done)
	if err != nil {
		return o, err
	}
	return t.compared(c, o), nil
}

// onlyFlags refuses flags of bench but some.
func onlyFlags(c *cli.Context, why string, some ...string) error {
	for _, f := range benchFlags() {
		if name := f.Names()[0]; c.IsSet(name) && !slices.Contains(some, name) {
			return report.Usage(fmt.Sprintf(why, name), "see tcptune bench --help")
		}
	}
	return nil
}

// compared is an outcome with what is printed of a comparison.
func (t terminal) compared(c *cli.Context, o outcome) outcome {
	o.text = func(w io.Writer) {
		t.showCompared(w, o.report.Bench.Compared)
		t.showAsserted(w, o.report.Bench.Asserted)
	}
	if c.Bool("html") {
		o.asked, o.text = true, func(io.Writer) { t.showPage(page.Bench(*o.report.Bench)) }
	}
	return o
}

func (t terminal) benchTurns(c *cli.Context, target provision.Target, words []string) (outcome, error) {
	if len(words) != 2 {
		return outcome{}, report.Usage("cannot run in turn: that takes two tests, each in quotes",
			"tcptune bench --interleave '127.0.0.1:7000 --conns 50' '127.0.0.1:7001 --conns 50'")
	}
	err := onlyFlags(c, "cannot use --%s beside two tests in turn: it belongs to one of them, or to none",
		"interleave", "rounds", "json", "html")
	if err != nil {
		return outcome{}, err
	}
	var sides [2]provision.Load
	for i, text := range words {
		set := flag.NewFlagSet("bench", flag.ContinueOnError)
		set.SetOutput(io.Discard)
		for _, f := range benchFlags() {
			if err := f.Apply(set); err != nil {
				return outcome{}, err
			}
		}
		fields := strings.Fields(text)
		if len(fields) == 0 {
			return outcome{}, report.Usage("cannot run an empty test", "")
		}
		if err := set.Parse(fields[1:]); err != nil {
			return outcome{}, report.Usage(fmt.Sprintf("cannot run %q: %v", text, err), "")
		}
		if set.NArg() > 0 {
			return outcome{}, report.Usage(fmt.Sprintf("cannot run %q: its target comes first, and nothing follows its flags", text), "")
		}
		side := cli.NewContext(c.App, set, nil)
		for _, name := range []string{
			"find-rate", "p99", "rounds", "interleave", "json", "html", "csv", "prometheus", "textfile",
		} {
			if side.IsSet(name) {
				return outcome{}, report.Usage(fmt.Sprintf("cannot use --%s in one of two tests in turn", name), "")
			}
		}
		sides[i] = loadOf(side, fields[0])
		sides[i].Name = strings.Join(fields, " ")
	}
	sides[0].Near, sides[1].Near = t.nearLimit, t.nearLimit
	rounds := c.Int("rounds")
	if !c.IsSet("rounds") {
		rounds = defaultTurns
	}
	told, end := t.benchProgress(c)
	done, err := target.BenchTurns(c.Context, sides[0], sides[1], rounds, told)
	end()
	o := of(done)
	if o.report.Bench == nil {
		return o, err
	}
	return t.compared(c, o), err
}

// nearLimit says, before a load test begins, what of this host may be what it measures.
func (t terminal) nearLimit(l report.BenchLimit) {
	if !t.quiet {
		t.say("tcptune: near the limit %s: %d, and this takes %d: %s\nhint: %s\n", l.Name, l.Have, l.Need, l.Why, l.Fix)
	}
}

// defaultTurns is how many rounds two tests have where nobody says.
const defaultTurns = 5

// benchProgress says on a terminal how far a load test is, in one line.
func (t terminal) benchProgress(c *cli.Context) (told func(provision.LoadNow), end func()) {
	if t.quiet || c.Bool("quiet") || !colorful(t.err) {
		return nil, func() {}
	}
	told = func(n provision.LoadNow) {
		if n.Opening {
			printf(t.err, "\r\x1b[Kopening connections: %d stand", n.Open)
			return
		}
		printf(t.err, "\r\x1b[K%2.0f of %.0f s  %s a second  %d connections  %d failed  p99 %s",
			n.At.Seconds(), n.Of.Seconds(), report.Thousands(n.Rate), n.Open, n.Failed, report.Took(float64(n.P99)/1e3))
	}
	return told, func() { printf(t.err, "\r\x1b[K") }
}
