package prove_test

import (
	"bytes"
	"errors"
	"flag"
	"math"
	"net"
	"os/exec"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/prove"
	"github.com/tcptune/tcptune/prove/path"
)

var long = flag.Bool("long", false, "run the tests that take minutes")

func needsMinutes(t *testing.T) {
	t.Helper()
	needsRoot(t)
	if !*long {
		t.Skip("it takes minutes: make prove-test")
	}
}

// intercontinental is the path of that scenario.
func intercontinental(t *testing.T) path.Shape {
	t.Helper()
	for _, s := range prove.Scenarios() {
		if s.Name == "intercontinental" {
			s.Shape.Seed = 1
			return s.Shape
		}
	}
	t.Fatal("there is no such scenario")
	return path.Shape{}
}

// lossLimited is what TCP gets from a path whose losses limit it, in Mbit/s: the segment by the round-trip time, times the
// root of 3/2p (Mathis, Semke, Mahdavi and Ott, 1997; CUBIC is no slower than Reno, RFC 9438, section 4.3).
func lossLimited(s path.Shape) float64 {
	const mss = 1448
	return mss * 8 / s.RTT.Seconds() * math.Sqrt(1.5/s.Loss) / 1e6
}

// ofEachKind runs a test on a path of each kind that this kernel has.
func ofEachKind(t *testing.T, s path.Shape, test func(t *testing.T, s path.Shape)) {
	t.Helper()
	needsMinutes(t)
	for _, kind := range []string{path.Netem, path.TUN} {
		t.Run(kind, func(t *testing.T) {
			s.Kind = kind
			p, err := path.New(s)
			if err != nil {
				t.Skip(err)
			}
			_, _ = p.Close()
			test(t, s)
		})
	}
}

// Five rounds of a minute each: of 10 s, in which fifteen segments are lost, none is like the next. Paths of both kinds give
// the same, within what a loss is worth.
func TestLongBBROverCUBIC(t *testing.T) {
	of := map[string]report.ProofRow{}
	ofEachKind(t, intercontinental(t), func(t *testing.T, s path.Shape) { of[s.Kind] = bbrOverCUBIC(t, s) })
	a, b := of[path.Netem], of[path.TUN]
	if a.Ratio == nil || b.Ratio == nil {
		t.Log("paths of one kind alone: nothing to compare")
		return
	}
	t.Logf("tun over netem: cubic %.2f, bbr %.2f", b.Before/a.Before, b.After/a.After)
	if math.Abs(b.Before/a.Before-1) > 0.2 || math.Abs(b.After/a.After-1) > 0.05 {
		t.Errorf("by netem %.2f and %.2f Mbit/s, by tun %.2f and %.2f", a.Before, a.After, b.Before, b.After)
	}
}

func bbrOverCUBIC(t *testing.T, s path.Shape) report.ProofRow {
	t.Helper()
	p := run(t, prove.Comparison{
		Shape: s, Sides: []prove.Side{congestion("cubic"), congestion("bbr")}, Workloads: only(prove.Bulk), Load: prove.Work,
		Rounds: 5, Lasts: 10 * time.Minute,
	})
	r := goodput(t, p)
	t.Logf("cubic %.2f, bbr %.2f Mbit/s, ratio %.1f (%.1f to %.1f); the formula says %.2f", r.Before, r.After, *r.Ratio, *r.Low, *r.High,
		lossLimited(s))
	if *r.Ratio < 15 || r.Verdict != report.Better {
		t.Errorf("bbr over cubic: %.1f, %s, want 15 at least", *r.Ratio, r.Verdict)
	}
	if got, want := r.Before, lossLimited(s); math.Abs(got/want-1) > 0.2 {
		t.Errorf("cubic gets %.2f Mbit/s, and the formula says %.2f", got, want)
	}
	if m := p.Path.Measured; math.Abs(m.Delay/80-1) > 0.01 || math.Abs(m.Loss/0.01-1) > 0.1 {
		t.Errorf("the path was %+v", m)
	}
	return r
}

func TestLongALargerReceiveBufferOnALongFatPath(t *testing.T) {
	ofEachKind(t, path.Shape{RTT: 300 * time.Millisecond, Rate: 200e6, Seed: 1}, largerReceiveBuffer)
}

func largerReceiveBuffer(t *testing.T, s path.Shape) {
	t.Helper()
	small, large := congestion("cubic"), congestion("cubic")
	small.Settings[0].Value = "4096 131072 6291456"
	p := run(t, prove.Comparison{
		Shape: s, Sides: []prove.Side{small, large},
		Workloads: only(prove.Bulk), Load: prove.Work, Rounds: 3, Lasts: 2 * time.Minute,
	})
	r := goodput(t, p)
	t.Logf("%.1f -> %.1f Mbit/s, ratio %.2f (%.2f to %.2f)", r.Before, r.After, *r.Ratio, *r.Low, *r.High)
	if r.Verdict != report.Better || *r.Ratio < 1.3 {
		t.Errorf("32 MiB instead of 6 MiB: %s, a ratio of %.2f", r.Verdict, *r.Ratio)
	}
}

// The same of iperf3, and the sides in turn: 300 s each of cubic; in a fifth of that, bbr loses ten times as many segments.
func TestLongIperf3MeasuresTheSame(t *testing.T) {
	needsMinutes(t)
	if _, err := exec.LookPath("iperf3"); err != nil {
		t.Skip("iperf3 is not there")
	}
	ofEachKind(t, intercontinental(t), likeIperf3)
}

func likeIperf3(t *testing.T, s path.Shape) {
	t.Helper()
	for _, cc := range []string{"cubic", "bbr"} {
		lasts := time.Minute
		if cc == "bbr" {
			lasts /= 5
		}
		var ours, theirs float64
		const rounds = 5
		for round := range rounds {
			s.Seed = uint64(1 + round)
			ours += over(t, s, cc, func(p *path.Path) (float64, error) {
				f, err := prove.Work(t.Context(), p, prove.Bulk, lasts)
				return f["goodput"], err
			}) / rounds
			theirs += over(t, s, cc, func(p *path.Path) (float64, error) { return iperf3(t, p, cc, lasts) }) / rounds
		}
		t.Logf("%s: %.2f Mbit/s by us, %.2f by iperf3", cc, ours, theirs)
		if math.Abs(ours/theirs-1) > 0.1 {
			t.Errorf("%s: %.2f Mbit/s by us, %.2f by iperf3: more than 10 %% apart", cc, ours, theirs)
		}
	}
}

// over measures over a path of its own, with the values of a congestion control.
func over(t *testing.T, s path.Shape, cc string, measure func(*path.Path) (float64, error)) float64 {
	t.Helper()
	p, err := path.New(s)
	if err != nil {
		t.Fatal(err)
	}
	refused, err := prove.Set(congestion(cc), p)
	var got float64
	if err == nil {
		got, err = measure(p)
	}
	m, closed := p.Close()
	if err := errors.Join(err, closed, m.Carried(s)); err != nil || len(refused) > 0 {
		t.Fatal(err, refused)
	}
	return got
}

// iperf3 runs a server and a client at the ends of p, and has the server send. Programs are started in the namespace of
// the thread that starts them.
func iperf3(t *testing.T, p *path.Path, cc string, lasts time.Duration) (mbits float64, err error) {
	t.Helper()
	server := exec.Command("iperf3", "-s", "-1", "-p", "5201")
	if err := p.Server.Do(server.Start); err != nil {
		return 0, err
	}
	defer func() { _ = server.Process.Kill(); _ = server.Wait() }()
	for deadline := time.Now().Add(10 * time.Second); ; { // until it listens: a server for one test takes no other connection
		var listening []byte
		err := p.Server.Do(func() (err error) {
			listening, err = exec.Command("cat", "/proc/thread-self/net/tcp", "/proc/thread-self/net/tcp6").Output()
			return err
		})
		if err == nil && regexp.MustCompile(`:1451 \S+ 0A `).Match(listening) {
			break
		}
		if time.Now().After(deadline) {
			return 0, errors.Join(err, errors.New("iperf3 does not listen"))
		}
		time.Sleep(50 * time.Millisecond)
	}
	seconds := strconv.Itoa(int(lasts.Seconds()))
	client := exec.Command("iperf3", "-c", net.IPv4(198, 18, 0, 2).String(), "-p", "5201", "-t", seconds, "-R", "-C", cc, "-f", "k")
	var out bytes.Buffer
	client.Stdout, client.Stderr = &out, &out
	if err := p.Client.Do(client.Start); err != nil {
		return 0, err
	}
	err = client.Wait() // not in the namespace: the path measures itself from there
	m := regexp.MustCompile(`([\d.]+) Kbits/sec\s+receiver`).FindSubmatch(out.Bytes())
	if err != nil || m == nil {
		return 0, errors.Join(err, errors.New(out.String()))
	}
	kbits, err := strconv.ParseFloat(string(m[1]), 64)
	return kbits / 1000, err
}
