package bench

import (
	"fmt"
	"math"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/tcptune/tcptune/internal/report"
)

func TestPlaces(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"127.0.0.1:80":                      "127.0.0.1 80 ",
		"[::1]:8080":                        "::1 8080 ",
		"[fe80::1%eth0]:8080":               "fe80::1%eth0 8080 ",
		"db.example:5432":                   "db.example 5432 ",
		"tcp://h:1":                         "h 1 ",
		"http://h/a?b=c":                    "h 80 /a?b=c http",
		"https://h":                         "h 443 / http tls",
		"HTTPS://h/A":                       "h 443 /A http tls",
		"Tcp://h:1":                         "h 1 ",
		"https://[::1]:8443/x":              "::1 8443 /x http tls",
		"unix:/run/x.sock":                  "/run/x.sock",
		"unix:x.sock":                       "error",
		"unix:/" + strings.Repeat("x", 108): "error",
		"8080":                              "error",
		"h":                                 "error",
		"h:":                                "error",
		":80":                               "error",
		"h:0":                               "error",
		"h:65536":                           "error",
		"h:http":                            "error",
		"ftp://h/":                          "error",
		"http://u:p@h/":                     "error",
		"http://":                           "error",
		"http://[::1":                       "error",
		"":                                  "error",
	} {
		p, err := ParsePlace(text)
		got := fmt.Sprintf("%s %d %s", p.Host, p.Port, p.Target)
		switch {
		case err != nil:
			got = "error"
			if !report.Is(err, "usage") {
				t.Errorf("%q: %v", text, err)
			}
		case p.Path != "":
			got = p.Path
		}
		if p.HTTP {
			got += " http"
		}
		if p.TLS {
			got += " tls"
		}
		if got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestAZoneThatThisMachineDoesNotHaveIsRefused(t *testing.T) {
	t.Parallel()
	for text, good := range map[string]bool{"[fe80::1%nope]:80": false, "[::1%lo]:80": true, "[fe80::1]:80": true} {
		p, err := ParsePlace(text)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Addr(t.Context()); good != (err == nil) || err != nil && !report.Is(err, "usage") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// A name may stand for several addresses, of which a service has one.
func TestTheFirstAddressThatTakesConnectionsIsTheTarget(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp4", "127.0.0.13:0") // where nobody else listens
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	at := netip.MustParseAddrPort(l.Addr().String())
	none, also := netip.MustParseAddr("127.0.0.14"), netip.MustParseAddr("127.0.0.15")
	for _, test := range []struct {
		list []netip.Addr
		want netip.Addr
	}{{[]netip.Addr{none, at.Addr(), also}, at.Addr()}, {[]netip.Addr{none, also}, none}, {[]netip.Addr{none}, none}} {
		if got := firstThatTakes(t.Context(), test.list, at.Port()); got.Addr() != test.want || got.Port() != at.Port() {
			t.Errorf("%v of %v", got, test.list)
		}
	}
}

func TestPromises(t *testing.T) {
	t.Parallel()
	b := report.Bench{Rate: 1000, Requests: report.BenchRequests{Failed: 1, Answered: 9}}
	b.Latency.Actual = &report.Percentiles{P50: 100, P99: 4999, Max: 9000}
	for text, want := range map[string]string{
		"p99<5ms": "holds", "p99 < 4.9ms": "no", "p99<=4999us": "holds", "max<9ms": "no", "rate>=1000": "holds", "rate>1000": "no",
		"errors==0": "no", "errors!=0": "holds", "answered==9": "holds", "connect.p99<1s": "no", "actual.p50==100us": "holds",
		"retransmits==0": "no", // nobody has asked
		"p99<5":          "error", "rate>1s": "error", "p98<1ms": "error", "p99": "error", "p99=5ms": "error", "": "error", "p99<5ms x": "error",
	} {
		p, err := ParsePromise(text)
		got := "no"
		if err != nil {
			got = "error"
		} else if p.Judge(b).Held {
			got = "holds"
		}
		if got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

// A promise is about every round: a good one, also the median one, hides none that is not.
func TestAPromiseMustHoldInEveryRound(t *testing.T) {
	t.Parallel()
	round := func(rate float64, failed uint64, p99 float64) report.Bench {
		b := report.Bench{Rate: rate, Requests: report.BenchRequests{Sent: 100, Answered: 100 - failed, Failed: failed}}
		b.Errors, b.Connections.Lost = map[string]uint64{"reset": failed}, int(failed)
		if p99 > 0 {
			b.Latency.Actual = &report.Percentiles{P99: p99}
		}
		return b
	}
	rounds := []report.Bench{round(90, 3, 200), round(110, 4, 100), round(100, 0, 300)}
	for text, want := range map[string]string{
		"errors==0": "false 4", "errors<5": "true 4", "errors!=0": "false 0", "rate>=100": "false 90", "rate>80": "true 90",
		"p99<250us": "false 300 us", "p99<1ms": "true 300 us", "lost==0": "false 4", "connect.p99<1s": "false not measured",
	} {
		p, err := ParsePromise(text)
		if err != nil {
			t.Fatal(err)
		}
		if a := p.Judge(rounds...); fmt.Sprint(a.Held, " ", a.Figure()) != want {
			t.Errorf("%s: %v %s, not %s", text, a.Held, a.Figure(), want)
		}
	}
	refused := report.Bench{Connections: report.BenchConnections{Failed: map[string]uint64{"refused": 2}}}
	if p, _ := ParsePromise("errors==0"); p.Judge(refused).Held {
		t.Error("connections that were refused are no errors")
	}
	p, _ := ParsePromise("p99<1ms")
	if a := p.Judge(rounds[0], round(100, 0, 0), rounds[1]); a.Held || a.Got != nil {
		t.Errorf("a round in which nothing was measured: %+v", a)
	}
	b := Middle(rounds)
	r := b.Requests
	if b.Rate != 100 || r.Failed != 7 || r.Sent != r.Answered+r.Failed || b.Errors["reset"] != 7 ||
		b.Connections.Lost != 7 {
		t.Errorf("%v a second, %+v, %v, %+v", b.Rate, r, b.Errors, b.Connections)
	}
}

func TestComparison(t *testing.T) {
	t.Parallel()
	rates := func(list ...float64) (b report.Bench) {
		for _, r := range list {
			b.Rounds = append(b.Rounds, report.BenchRound{Rate: r, P50: 1e6 / r, P99: 2e6 / r})
		}
		return b
	}
	for _, test := range []struct {
		name     string
		a, b     report.Bench
		rate, us string
	}{
		{"the same", rates(100, 101, 99), rates(100, 99, 101), report.NotShown, report.NotShown},
		{"twice", rates(100, 101, 99), rates(200, 201, 199), report.Better, report.Better},
		{"half", rates(200, 201, 199), rates(100, 101, 99), report.Worse, report.Worse},
		{"noise", rates(100, 150, 60), rates(110, 160, 65), report.NotShown, report.NotShown},
		{"one round each", rates(100), rates(200), report.NotShown, report.NotShown},
		{"equal throughout", rates(100, 100), rates(100, 100), report.NotShown, report.NotShown},
		{"nothing", rates(0, 0), rates(100, 100), report.NotComparable, report.Worse},
	} {
		rows := Compare(test.a, test.b)
		if rows[0].Verdict != test.rate || test.name != "nothing" && rows[2].Verdict != test.us {
			t.Errorf("%s: %+v", test.name, rows)
		}
	}
	if r := Compare(rates(100, 101, 99), rates(200, 202, 198))[0]; math.Abs(r.Ratio-2) > 0.01 || *r.Low > 2 || *r.High < 2 {
		t.Errorf("%+v", r)
	}
}

// A service that fails quickly is fast, and not better for it.
func TestWhatFailsMoreIsNotBetter(t *testing.T) {
	t.Parallel()
	sides := func(rate float64, shares ...float64) (b report.Bench) {
		for i, share := range shares {
			r := report.BenchRound{Rate: rate + float64(i), P50: 1e6 / rate, P99: 2e6 / rate, FailedShare: share}
			b.Rounds = append(b.Rounds, r)
		}
		return b
	}
	const none = ""
	for name, test := range map[string]struct {
		a, b         report.Bench
		failed, rate string
	}{
		"nine of ten":           {sides(100, 0, 0, 0), sides(500, 0.9, 0.91, 0.9), report.Worse, report.NotComparable},
		"and as fast":           {sides(100, 0, 0, 0), sides(100, 0.9, 0.9, 0.9), report.Worse, report.NotComparable},
		"and slower":            {sides(100, 0, 0, 0), sides(50, 0.9, 0.9, 0.9), report.Worse, report.Worse},
		"one round":             {sides(100, 0), sides(500, 0.9), report.NotComparable, report.NotComparable},
		"in one round of three": {sides(100, 0, 0, 0), sides(500, 0, 0.9, 0), report.NotComparable, report.NotComparable},
		"the first failed":      {sides(100, 0.9, 0.9, 0.9), sides(500, 0, 0, 0), report.Better, report.Better},
		"one of a million":      {sides(100, 0, 0, 0), sides(500, 0, 1e-6, 0), report.NotShown, report.Better},
		"neither":               {sides(100, 0, 0, 0), sides(500, 0, 0, 0), none, report.Better},
	} {
		got := map[string]string{}
		for _, row := range Compare(test.a, test.b) {
			got[row.Metric] = row.Verdict
		}
		if got["failed_share"] != test.failed || got["rate_per_s"] != test.rate {
			t.Errorf("%s: %v", name, got)
		}
	}
	for _, row := range Compare(report.Bench{Rounds: []report.BenchRound{{Rate: 1}}}, sides(100, 0)) {
		if row.Metric != "rate_per_s" {
			t.Errorf("a latency that was not measured: %+v", row)
		}
	}
}

// Every request of a schedule is due once, at its time, whichever worker has it.
func TestASchedule(t *testing.T) {
	t.Parallel()
	o := Options{Rate: 300, Duration: time.Second, Warmup: time.Second}
	seen := map[time.Duration]int{}
	for n := range 4 {
		for s := newSchedule(&o, n, 4); ; s.take() {
			at, more := s.due()
			if !more {
				if n := s.rest(0, time.Hour); n != 0 {
					t.Errorf("%d are left", n)
				}
				break
			}
			seen[at]++
		}
	}
	if len(seen) != 600 || seen[0] != 1 || seen[time.Second] != 1 {
		t.Errorf("%d times", len(seen))
	}
	s := newSchedule(&o, 3, 4)
	for _, test := range []struct {
		from, to time.Duration
		want     uint64
	}{{0, time.Hour, 150}, {o.Warmup, time.Hour, 75}, {o.Warmup, 1500 * time.Millisecond, 37}, {time.Hour, 0, 0}} {
		if n := s.rest(test.from, test.to); n != test.want {
			t.Errorf("%d are left of one in four from %v to %v, not %d", n, test.from, test.to, test.want)
		}
	}
}

func TestAQueueKeepsItsOrder(t *testing.T) {
	t.Parallel()
	var f fifo
	next, want := 0, 0
	for round := range 100 {
		for range round % 7 {
			f.push(next, time.Duration(next))
			next++
		}
		for n := round % 5; n > 0 && !f.empty(); n-- {
			if f.first().due != time.Duration(want) || f.pop() != want {
				t.Fatalf("not %d", want)
			}
			want++
		}
	}
	if f.len() != next-want {
		t.Errorf("%d are left, not %d", f.len(), next-want)
	}
}

func TestOptionsThatCannotBe(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*Options){
		"no connection":        func(o *Options) { o.Conns = 0 },
		"too many":             func(o *Options) { o.Conns = MaxConns + 1 },
		"no pipeline":          func(o *Options) { o.Pipeline = 0 },
		"no size":              func(o *Options) { o.Size = 0 },
		"a rate that is none":  func(o *Options) { o.Rate = math.NaN() },
		"a negative rate":      func(o *Options) { o.Rate = -1 },
		"an endless rate":      func(o *Options) { o.Rate = math.Inf(1) },
		"no time":              func(o *Options) { o.Duration = 0 },
		"a negative warm-up":   func(o *Options) { o.Warmup = -1 },
		"no patience":          func(o *Options) { o.Timeout = 0 },
		"thinking in a rate":   func(o *Options) { o.Rate, o.Think = 1, 1 },
		"two rates of talks":   func(o *Options) { o.Protocol, o.Rate, o.ConnectRate = Talk, 1, 1 },
		"a pipeline of talks":  func(o *Options) { o.Protocol, o.Pipeline = Talk, 2 },
		"a rate of receiving":  func(o *Options) { o.Protocol, o.Rate = Receive, 1 },
		"more threads":         func(o *Options) { o.Workers = o.Conns + 1 },
		"a payload of raw":     func(o *Options) { o.Payload = []byte("x") },
		"expectations of send": func(o *Options) { o.Protocol, o.Expect = Send, []byte("x") },
		"an unknown protocol":  func(o *Options) { o.Protocol = "smtp" },
	} {
		o := plain(Target{})
		spoil(&o)
		if err := o.Validate(); !report.Is(err, "usage") {
			t.Errorf("%s: %v", name, err)
		}
	}
	o := plain(Target{})
	if err := o.Validate(); err != nil {
		t.Error(err)
	}
}

// TestARateIsNotLookedForWhereNoneCanHold has nobody to ask: it is refused before anything runs.
func TestARateIsNotLookedForWhereNoneCanHold(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*Options){
		"no latency":         func(o *Options) { o.Protocol = Send },
		"nothing is asked":   func(o *Options) { o.Protocol = Receive },
		"thinking":           func(o *Options) { o.Think = time.Millisecond },
		"a pace of its own":  func(o *Options) { o.Protocol, o.ConnectRate = Talk, 10 },
		"a wrong pipeline":   func(o *Options) { o.Pipeline = 0 },
		"a negative warm-up": func(o *Options) { o.Warmup = -1 },
	} {
		o := plain(Target{Name: "nobody", Path: "/nowhere/s.sock"})
		spoil(&o)
		if _, err := FindRate(ctx(t), o, time.Second, nil); !report.Is(err, "usage") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
