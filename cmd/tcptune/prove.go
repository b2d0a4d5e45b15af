package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/urfave/cli/v2"

	"github.com/tcptune/tcptune/internal/provision"
	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/internal/report/page"
)

func proveCommand(t terminal) *cli.Command {
	return &cli.Command{
		Name:      "prove",
		Usage:     "show what a profile does, before and after, over an emulated network",
		UsageText: "tcptune prove [--scenario SCENARIO] [--profile PROFILE] [--against SIDE] [--key KEY | --each] [flags]",
		Description: `Makes two network namespaces and a network between them (delay, jitter, loss, rate, queue, packets that overtake), and
does the same work over it with the running values of this host and with those of the profile, in turn and several
times: one bulk transfer, many short connections, requests and answers, many idle connections and few busy ones. Both
ends have the values. Each figure comes with its ratio and the interval of 99 % confidence, and with a verdict: better,
worse, or "no difference shown". The path measures itself, and what it did not carry is not reported.
The network is netem over a pair of veth devices where the kernel has it, and else an emulator of our own.
It needs root, and changes nothing of this host: the namespaces have no name and end with the command, however it ends.
Keys of which a namespace has none of its own are named. A host that is busy is refused, unless with --force.
Exit code 0, 1 when nothing could be measured, 4 when a part of the work could not.

` + scenarioLines() + `

Examples:
  sudo tcptune prove                                            what would be applied, on a continental path
  sudo tcptune prove --scenario intercontinental --for 10m
  sudo tcptune prove --rtt 300ms --rate 200mbit --key net.ipv4.tcp_rmem
  sudo tcptune prove --key net.ipv4.tcp_congestion_control=cubic --scenario lossy-mobile
  sudo tcptune prove --profile wan --against server --scenario long-fat-pipe --json
  sudo tcptune prove --each --profile server                    what each key bought
  sudo tcptune prove --scenario long-fat-pipe --html >page.html
  sudo tcptune prove --clean                                    after one was killed`,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "profile", Aliases: []string{"p"}, Usage: "compare `PROFILE`, a name or a file", DefaultText: "what tcptune apply would bring"},
			&cli.StringFlag{Name: "against", Usage: "compare with this `SIDE`: a profile, or HOST-NOW for the running values", DefaultText: provision.HostNow},
			&cli.StringFlag{Name: "key", Usage: "compare `KEY` of the profile alone, or KEY=VALUE"},
			&cli.BoolFlag{Name: "each", Usage: "leave out each key of the profile in turn: what it bought"},
			&cli.StringFlag{Name: "scenario", Usage: "use the path called `SCENARIO`", DefaultText: "continental, where no path is described"},
			&cli.StringSliceFlag{Name: "workload", Usage: "do nothing but `bulk|connections|requests|idle`; may be repeated"},
			&cli.StringFlag{Name: "rtt", Usage: "a round-trip `TIME` of the path, 80ms for instance"},
			&cli.StringFlag{Name: "jitter", Usage: "let the delay of each direction wander by `TIME`"},
			&cli.StringFlag{Name: "loss", Usage: "the `SHARE` of packets that each direction loses, 1% or 0.01"},
			&cli.StringFlag{Name: "burst", Usage: "lose `N` packets in a row on average"},
			&cli.StringFlag{Name: "reorder", Usage: "the `SHARE` of packets that overtake all others"},
			&cli.StringFlag{Name: "rate", Usage: "a `RATE` of the path, 100mbit for instance"},
			&cli.StringFlag{Name: "queue", Usage: "`BYTES` that wait for that rate, 256kib for instance", DefaultText: "one bandwidth-delay product"},
			&cli.StringFlag{Name: "path", Usage: "make the path of the kind `netem|tun`: that of the kernel, or an emulator of our own", DefaultText: "netem where the kernel has it"},
			&cli.Uint64Flag{Name: "seed", Usage: "make the losses of the seed `N`", Value: 1},
			&cli.IntFlag{Name: "rounds", Usage: "do all of it `N` times", Value: 5},
			&cli.DurationFlag{Name: "for", Usage: "take this `DURATION` in all", DefaultText: "90s for each side"},
			&cli.BoolFlag{Name: "force", Usage: "compare on a host that is busy, too"},
			&cli.BoolFlag{Name: "clean", Usage: "end what is left of a tcptune prove that was killed, and do nothing else"},
			&cli.BoolFlag{Name: "html", Usage: "print one page that needs no network: ratios with their intervals, what the path gave, the settings"},
			jsonFlag(),
		},
		Action: t.action(t.prove),
	}
}

// scenarioLines says what the scenarios are, in lines as long as those around them.
func scenarioLines() string {
	names, about := provision.ScenarioNames()
	lines, width := "Scenarios:", len("Scenarios:")
	for i, name := range names {
		word := " " + name + " (" + about[i] + ")"
		if i < len(names)-1 {
			word += ","
		}
		if width+len(word) > 120 {
			lines, width, word = lines+"\n", 0, word[1:]
		}
		lines, width = lines+word, width+len(word)
	}
	return lines + "."
}

func (t terminal) prove(c *cli.Context) (outcome, error) {
	if err := noArguments(c); err != nil {
		return outcome{}, err
	}
	if c.Bool("html") && c.Bool("json") {
		return outcome{}, report.Usage("cannot print more than one of --json and --html", "")
	}
	if c.Bool("clean") {
		return t.cleanProve(c)
	}
	for _, name := range []string{"profile", "against", "key", "scenario", "rtt", "jitter", "loss", "burst", "reorder", "rate", "queue", "path"} {
		if c.IsSet(name) && c.String(name) == "" {
			return outcome{}, report.Usage("cannot use an empty --"+name, "")
		}
	}
	lasts, err := positive(c, "for")
	if err != nil {
		return outcome{}, err
	}
	target, err := targetOf(c)
	if err != nil {
		return outcome{}, err
	}
	w := provision.Prove{
		Profile: c.String("profile"), Against: c.String("against"), Key: c.String("key"), Each: c.Bool("each"), Work: c.StringSlice("workload"),
		Path: provision.ProvePath{
			Scenario: c.String("scenario"), RTT: c.String("rtt"), Jitter: c.String("jitter"), Loss: c.String("loss"),
			Burst: c.String("burst"), Reorder: c.String("reorder"), Rate: c.String("rate"), Queue: c.String("queue"), Seed: c.Uint64("seed"),
			Kind: c.String("path"),
		},
		Rounds: c.Int("rounds"), Lasts: lasts, Force: c.Bool("force"),
	}
	if !t.quiet {
		w.Announce = func(text string) { t.say("tcptune: %s\n", text) }
		if t.errColor {
			w.Said = func(text string) { printf(t.err, "\r\x1b[K%s", text) }
			defer printf(t.err, "\r\x1b[K")
		}
	}
	done, err := target.Prove(c.Context, w)
	o := of(done)
	if proof := done.Report.Proof; proof != nil && len(proof.Rows) > 0 {
		o.text = func(w io.Writer) { t.showProof(w, *proof) }
		if c.Bool("html") {
			o.asked, o.text = true, func(io.Writer) { t.showPage(page.Prove(*proof)) }
		}
	}
	return o, err
}

func (t terminal) cleanProve(c *cli.Context) (outcome, error) {
	for _, name := range c.FlagNames() {
		if !slices.Contains([]string{"clean", "json", "quiet", "q", "no-color", "debug"}, name) {
			return outcome{}, report.Usage("cannot use --clean and --"+name+" at once", "")
		}
	}
	target, err := targetOf(c)
	if err != nil {
		return outcome{}, err
	}
	done, ended, err := target.CleanProve(c.Context)
	o := of(done)
	o.text = func(w io.Writer) {
		if ended == 0 {
			printf(w, "nothing is left of a tcptune prove that was killed\n")
			return
		}
		printf(w, "ended %s that a killed tcptune prove had left\n", count(ended, "program"))
	}
	return o, err
}

func (t terminal) showProof(w io.Writer, p report.Proof) {
	printf(w, "path (%s, %s): %s\n  it gave %s\n", p.Scenario, p.Path.Kind, p.Path.Asked(), p.Path.Gave())
	printf(w, "before: %s; after: %s\n", p.Before, p.After)
	for _, s := range p.Settings {
		printf(w, "  %s = %s -> %s\n", s.Target, s.Before, s.After)
	}
	t.showProofRows(w, p.Rows)
	colors := map[string]string{report.Better: green, report.Worse: red}
	counts := map[string]int{}
	for _, r := range p.Rows {
		counts[r.Verdict]++
	}
	for _, a := range p.NotMeasured {
		printf(w, "%s %s: %s\n", t.paint(yellow, "not measured:"), a.Target, a.Reason)
	}
	if len(p.NotProvable) > 0 {
		printf(w, "not provable here, in a network namespace:\n")
		for _, a := range p.NotProvable {
			printf(w, "  %s: %s\n", a.Target, a.Reason)
		}
	}
	printf(w, "\n%s, %s, %d with no difference shown (%d rounds, intervals of %.0f %%)\n",
		t.paint(colors[report.Better], fmt.Sprintf("%d better", counts[report.Better])),
		t.paint(colors[report.Worse], fmt.Sprintf("%d worse", counts[report.Worse])),
		counts[report.NotShown], p.Rounds, 100*p.Confidence)
}

// showProofRows prints a line for each figure, those of a key together.
func (t terminal) showProofRows(w io.Writer, rows []report.ProofRow) {
	var cells strings.Builder
	tw := tabwriter.NewWriter(&cells, 0, 0, 2, ' ', 0)
	key := ""
	for _, r := range rows {
		if r.Before == 0 && r.After == 0 {
			continue
		}
		if r.Key != key {
			key = r.Key
			printf(tw, "\n%s\n", key)
		}
		ratio := "-"
		if r.Ratio != nil {
			ratio = fmt.Sprintf("x%.3g (%.3g to %.3g)", *r.Ratio, *r.Low, *r.High)
		}
		printf(tw, "%s\t%s\t%.4g\t->\t%.4g\t%s\t%s\t%s\n", r.Workload, r.Metric, r.Before, r.After, r.Unit, ratio, r.Verdict)
	}
	_ = tw.Flush()
	text := strings.TrimRight(cells.String(), "\n")
	for _, v := range []struct{ verdict, color string }{{report.Better, green}, {report.Worse, red}} {
		text = strings.ReplaceAll(text, "  "+v.verdict+"\n", "  "+string(t.paint(v.color, v.verdict))+"\n")
	}
	printf(w, "\n%s\n\n", shown(text))
}
