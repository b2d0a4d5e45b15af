package prove_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/prove"
	"github.com/tcptune/tcptune/prove/path"
	"github.com/tcptune/tcptune/test/busy"
)

func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == path.Command {
		if err := path.Carry(os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func needsRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("network namespaces need root")
	}
}

// congestion is a side with that congestion control and large buffers.
func congestion(name string) prove.Side {
	return prove.Side{Name: name, Settings: []prove.Setting{
		{Key: "net.ipv4.tcp_rmem", Value: "4096 131072 33554432"},
		{Key: "net.ipv4.tcp_wmem", Value: "4096 65536 33554432"},
		{Key: "net.ipv4.tcp_congestion_control", Value: name},
	}}
}

// only are the workloads of these names.
func only(names ...string) (some []prove.Workload) {
	for _, w := range prove.Workloads() {
		for _, n := range names {
			if w.Name == n {
				some = append(some, w)
			}
		}
	}
	return some
}

// goodput is the row about the goodput of bulk.
func goodput(t *testing.T, p report.Proof) report.ProofRow {
	t.Helper()
	for _, r := range p.Rows {
		if r.Workload == prove.Bulk && r.Metric == "goodput" {
			return r
		}
	}
	t.Fatalf("there is no goodput of bulk in %+v; not measured: %+v", p.Rows, p.NotMeasured)
	return report.ProofRow{}
}

func run(t *testing.T, c prove.Comparison) report.Proof {
	t.Helper()
	p, err := c.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// forgiving is a path whose packets may be as late as they may be on any.
var forgiving = path.Shape{RTT: 80 * time.Millisecond}

// The figures are those of the load; the order of the sides changes from round to round, and both have the same path.
func TestEachRoundIsAPairInAnotherOrder(t *testing.T) {
	needsRoot(t)
	var order []string
	values := map[string]string{"a": "30", "b": "45"}
	side := func(name string) prove.Side {
		return prove.Side{Name: name, Settings: []prove.Setting{{Key: "net.ipv4.tcp_fin_timeout", Value: values[name]}}}
	}
	load := func(ctx context.Context, p *path.Path, workload string, _ time.Duration) (prove.Figures, error) {
		var held string
		for _, end := range []*path.End{p.Client, p.Server} {
			if err := end.Do(func() (err error) {
				held, err = host.Host{}.ReadKnob("net.ipv4.tcp_fin_timeout")
				return err
			}); err != nil {
				return nil, err
			}
		}
		order[len(order)-1] = held // a run that the path did not carry is repeated
		c, err := pingPong(ctx, p)
		return prove.Figures{"goodput": map[string]float64{"30": 1, "45": 2}[held] + c}, err
	}
	begins := func(string) { order = append(order, "") }
	own, err := host.Host{}.ReadKnob("net.ipv4.tcp_fin_timeout")
	if err != nil {
		t.Fatal(err)
	}
	p := run(t, prove.Comparison{
		Shape: forgiving, Sides: []prove.Side{side("a"), side("b")}, Workloads: only(prove.Bulk), Load: load, Said: begins,
		Rounds: 4, Lasts: time.Minute,
	})
	if got, want := strings.Join(order, " "), "30 45 45 30 30 45 45 30"; got != want {
		t.Errorf("the runs had the values %s, want %s", got, want)
	}
	if r := goodput(t, p); r.Before != 1 || r.After != 2 || *r.Ratio != 2 || r.Verdict != report.Better {
		t.Errorf("compared to %+v", r)
	}
	if now, _ := (host.Host{}).ReadKnob("net.ipv4.tcp_fin_timeout"); now != own {
		t.Errorf("tcp_fin_timeout of this machine is %s, and was %s", now, own)
	}
}

// pingPong moves some packets, so that the path has something to measure.
func pingPong(ctx context.Context, p *path.Path) (float64, error) {
	l, err := p.Server.Listen(9)
	if err != nil {
		return 0, err
	}
	defer l.Close()
	c, err := p.Client.Dial(ctx, p.Server, 9)
	if err != nil {
		return 0, err
	}
	return 0, c.Close()
}

func TestWhatThePathDoesNotCarryIsNamedAndHasNoRow(t *testing.T) {
	needsRoot(t)
	tries := 0
	silent := func(context.Context, *path.Path, string, time.Duration) (prove.Figures, error) {
		tries++
		return prove.Figures{"goodput": 1}, nil // and not a packet
	}
	p := run(t, prove.Comparison{
		Sides: []prove.Side{{Name: "a"}, {Name: "b"}}, Workloads: only(prove.Bulk), Load: silent, Rounds: 3, Lasts: time.Minute,
	})
	if len(p.Rows) != 0 || len(p.NotMeasured) != 1 || p.NotMeasured[0].Reason != "in 3 of 3 rounds no packet came into the path" {
		t.Errorf("rows %+v, not measured %+v", p.Rows, p.NotMeasured)
	}
	if tries != 9 || p.Path.Measured.Repeated != 9 || p.Path.Measured.Runs != 0 {
		t.Errorf("it was tried %d times, and the path says %+v", tries, p.Path.Measured)
	}
}

// A round that does not count takes nothing from the others, and pairs stay pairs.
func TestARoundThatDoesNotCountIsLeftOutOnBothSides(t *testing.T) {
	needsRoot(t)
	begun := 0 // a side in a round, however often it is tried
	load := func(ctx context.Context, p *path.Path, _ string, _ time.Duration) (prove.Figures, error) {
		if begun == 4 { // the second side of the second round
			return prove.Figures{"goodput": 100}, nil // without a packet
		}
		_, err := pingPong(ctx, p)
		return prove.Figures{"goodput": float64(begun)}, err
	}
	p := run(t, prove.Comparison{
		Shape: forgiving, Sides: []prove.Side{{Name: "a"}, {Name: "b"}}, Workloads: only(prove.Bulk), Load: load,
		Said: func(string) { begun++ }, Rounds: 4, Lasts: time.Minute,
	})
	r := goodput(t, p)
	if want := math.Cbrt(1 * 5 * 8); math.Abs(r.Before-want) > 1e-9 { // sides a of the rounds 1, 3 and 4
		t.Errorf("before is %v, want %v", r.Before, want)
	}
	if want := "in 1 of 4 rounds no packet came into the path"; len(p.NotMeasured) != 1 || p.NotMeasured[0].Reason != want {
		t.Errorf("not measured: %+v, want %s", p.NotMeasured, want)
	}
}

// What runs that are repeated take is missing later on: all of it does not last longer for them.
func TestRepeatedRunsDoNotMakeItLonger(t *testing.T) {
	needsRoot(t)
	slow := func(_ context.Context, _ *path.Path, _ string, lasts time.Duration) (prove.Figures, error) {
		time.Sleep(lasts) // and not a packet
		return prove.Figures{"goodput": 1}, nil
	}
	began := time.Now()
	p := run(t, prove.Comparison{
		Sides: []prove.Side{{Name: "a"}, {Name: "b"}}, Workloads: only(prove.Requests), Load: slow, Rounds: 3, Lasts: 8 * time.Second,
	})
	if took := time.Since(began); took > 12*time.Second {
		t.Errorf("it took %s, and was to take 8s", took)
	}
	if len(p.NotMeasured) != 1 || !strings.Contains(p.NotMeasured[0].Reason, "in 3 of 3 rounds") {
		t.Errorf("not measured: %+v", p.NotMeasured)
	}
}

// TestWhatEndsOneRunTakesNothingFromTheOthers has the load fail once, or an interrupt, in the fourth of five rounds.
func TestWhatEndsOneRunTakesNothingFromTheOthers(t *testing.T) {
	needsRoot(t)
	broken := errors.New("broken")
	for name, reason := range map[string]string{
		"error": "in 1 of 5 rounds broken", "interrupt": "in 2 of 5 rounds it was interrupted",
	} {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		begun := 0
		load := func(ctx context.Context, p *path.Path, _ string, _ time.Duration) (prove.Figures, error) {
			if begun == 7 {
				if name == "error" {
					return nil, broken
				}
				cancel()
			}
			_, err := pingPong(ctx, p)
			return prove.Figures{"goodput": 1}, err
		}
		p, err := prove.Comparison{
			Shape: forgiving, Sides: []prove.Side{{Name: "a"}, {Name: "b"}}, Workloads: only(prove.Bulk), Load: load,
			Said: func(string) { begun++ }, Rounds: 5, Lasts: time.Minute,
		}.Run(ctx)
		if (name == "interrupt") != errors.Is(err, context.Canceled) || name == "error" && err != nil {
			t.Errorf("%s: error %v", name, err)
		}
		goodput(t, p)
		if len(p.NotMeasured) != 1 || p.NotMeasured[0].Reason != reason {
			t.Errorf("%s: not measured: %+v", name, p.NotMeasured)
		}
	}
}

// TestAConnectionThatDoesNotComeUpHasReceivedNothing works over a path that loses nine of ten packets.
func TestAConnectionThatDoesNotComeUpHasReceivedNothing(t *testing.T) {
	needsRoot(t)
	p, err := path.New(path.Shape{RTT: 20 * time.Millisecond, Loss: 0.9, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _, _ = p.Close() }()
	f, err := prove.Work(t.Context(), p, prove.Bulk, time.Second)
	if got, measured := f["goodput"]; err != nil || !measured || got > 1 {
		t.Errorf("%v, %v", f, err)
	}
}

func TestTheErrorOfEveryRunEndsIt(t *testing.T) {
	needsRoot(t)
	broken := errors.New("broken")
	_, err := prove.Comparison{
		Sides: []prove.Side{{Name: "a"}, {Name: "b"}}, Workloads: only(prove.Bulk), Rounds: 3, Lasts: time.Minute,
		Load: func(context.Context, *path.Path, string, time.Duration) (prove.Figures, error) { return nil, broken },
	}.Run(t.Context())
	if !errors.Is(err, broken) {
		t.Errorf("error %v, want %v", err, broken)
	}
}

func TestWhatCannotBeComparedIsRefusedBeforeItBegins(t *testing.T) {
	good := prove.Comparison{Sides: make([]prove.Side, 2), Workloads: prove.Workloads(), Rounds: 5, Lasts: 3 * time.Minute}
	if err := good.Check(); err != nil {
		t.Error(err)
	}
	few, short, each := good, good, good
	few.Rounds = 2
	short.Lasts = 20 * time.Second
	each.Sides = make([]prove.Side, 20)
	for name, c := range map[string]prove.Comparison{"two rounds": few, "20 s": short, "20 sides in 3 minutes": each} {
		if err := c.Check(); !report.Is(err, "usage") {
			t.Errorf("%s: error %v", name, err)
		}
	}
	each.Lasts = each.Least()
	if err := each.Check(); err != nil {
		t.Errorf("the least time is too short: %v", err)
	}
}

func TestEveryWorkloadIsMeasured(t *testing.T) {
	needsRoot(t)
	for _, w := range prove.Workloads() {
		t.Run(w.Name, func(t *testing.T) {
			t.Parallel()
			wrong := busy.Again(t, func(t *testing.T) []string { return measured(t, w) })
			if wrong != nil {
				t.Error(strings.Join(wrong, "; "))
			}
		})
	}
}

// measured is what is wrong with the figures of one workload.
func measured(t *testing.T, w prove.Workload) (wrong []string) {
	p, err := path.New(path.Shape{RTT: 5 * time.Millisecond, Rate: 50e6, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	f, err := prove.Work(t.Context(), p, w.Name, 6*time.Second) // long enough for a hundred answers after pauses
	if _, closed := p.Close(); err != nil || closed != nil {
		t.Fatal(err, closed)
	}
	for _, m := range w.Metrics {
		if _, there := f[m.Name]; !there {
			wrong = append(wrong, fmt.Sprintf("no %s in %v", m.Name, f))
		}
	}
	if w.Name == prove.Bulk && (f["goodput"] < 25 || f["goodput"] > 50) {
		wrong = append(wrong, fmt.Sprintf("goodput %.1f Mbit/s over a path of 50", f["goodput"]))
	}
	if p50, some := f["p50"]; some && p50 < 5 {
		wrong = append(wrong, fmt.Sprintf("an answer took %.2f ms over a path of 5", p50))
	}
	return wrong
}

func TestAnInterruptedRunEndsAtOnce(t *testing.T) {
	needsRoot(t)
	for _, w := range prove.Workloads() {
		t.Run(w.Name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan error, 1)
			go func() {
				_, err := prove.Comparison{
					Sides: []prove.Side{{Name: "a"}, {Name: "b"}}, Workloads: only(w.Name), Load: prove.Work, Rounds: 3, Lasts: time.Hour,
					Shape: path.Shape{RTT: 20 * time.Millisecond, Loss: 0.5, Seed: 1}, // connections that are being made, too
				}.Run(ctx)
				ended <- err
			}()
			time.AfterFunc(500*time.Millisecond, cancel)
			select {
			case err := <-ended:
				if !errors.Is(err, context.Canceled) {
					t.Errorf("error %v, want %v", err, context.Canceled)
				}
			case <-time.After(20 * time.Second):
				t.Error("it goes on for 20 s")
			}
		})
	}
}

func TestAValueThatANamespaceDoesNotTakeIsTold(t *testing.T) {
	needsRoot(t)
	path, err := path.New(path.Shape{})
	if err != nil {
		t.Fatal(err)
	}
	defer path.Close()
	refused, err := prove.Refused([]prove.Side{{Name: "a", Settings: []prove.Setting{
		{Key: "net.ipv4.tcp_fin_timeout", Value: "33"},
		{Key: "net.ipv4.tcp_no_such_key", Value: "1"},
		{Key: "net.ipv4.tcp_sack", Value: "some"},
		{Key: "net.ipv4.tcp_congestion_control", Value: "nonesuch"},
	}}}, path)
	if err != nil {
		t.Fatal(err)
	}
	if len(refused) != 3 || refused["net.ipv4.tcp_fin_timeout"] != "" {
		t.Errorf("refused: %q", refused)
	}
	if why := refused["net.ipv4.tcp_congestion_control"]; !strings.Contains(why, "modprobe tcp_nonesuch") {
		t.Errorf("of a congestion control that is not loaded: %q", why)
	}
}
