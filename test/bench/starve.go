package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tcptune/tcptune/bench"
)

// starveCase is full load that leaves garbage: each frame is a question in JSON.
var starveCase = echoCase{bench.Frame, messageSize, 50, 16}

const (
	starveQuestion = `{"op":"echo","data":"what is made of this is garbage"}`
	adminAddress   = "127.0.0.1:7001"
	askPause       = 10 * time.Millisecond
)

// starveSample is what the other goroutines of a server get while it is under full load.
type starveSample struct {
	rate        float64   // frames per second
	collections float64   // of garbage, per second
	page        []float64 // how long the admin socket took to say that all is well: p50, p99, the longest; milliseconds
	pause       []float64 // for which the collector stopped all goroutines; likewise
	ready       []float64 // from when a goroutine could run until it did; likewise
}

func (b echoBench) starve(server echoServer, c echoCase) (s starveSample, err error) {
	server, _ = server.speaking(c.protocol)
	process, err := server.start(echoAddress, b.cores.server)
	if err != nil {
		return s, err
	}
	defer func() { err = errors.Join(err, process.stop(err != nil)) }()
	before, err := adminHistograms()
	if err != nil {
		return s, err
	}
	ctx, stop := context.WithCancel(context.Background())
	asked := make(chan []float64, 1)
	go func() { asked <- askHealth(ctx) }()
	o := b.load(c)
	o.Payload = []byte(starveQuestion)
	loaded, err := b.measure(process, o)
	stop()
	took := <-asked
	if err != nil {
		return s, err
	}
	after, err := adminHistograms()
	if err != nil {
		return s, err
	}
	pauses := after["gc_pause"].since(before["gc_pause"])
	s = starveSample{
		rate: loaded.rate, page: marks(took), pause: pauses.marks(),
		ready: after["scheduling"].since(before["scheduling"]).marks(),
	}
	s.collections = pauses.count() / 2 / (warmup + b.each).Seconds() // two pauses each
	return s, nil
}

// askHealth asks the admin socket again and again, and returns how long it took, in milliseconds, sorted.
func askHealth(ctx context.Context) (took []float64) {
	ticks := time.NewTicker(askPause)
	defer ticks.Stop()
	for {
		select {
		case <-ctx.Done():
			slices.Sort(took)
			return took
		case <-ticks.C:
		}
		begin := time.Now()
		if _, err := adminPage("/healthz"); err != nil {
			took = append(took, math.Inf(1))
			continue
		}
		took = append(took, float64(time.Since(begin))/float64(time.Millisecond))
	}
}

func adminPage(path string) (string, error) {
	r, err := http.Get("http://" + adminAddress + path) //nolint:noctx // the server ends with the sample
	if err != nil {
		return "", err
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if err == nil && r.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", path, r.Status)
	}
	return string(text), err
}

// marks are the median, the 99th percentile and the last of what is sorted.
func marks(sorted []float64) []float64 {
	n := len(sorted)
	if n == 0 {
		return []float64{math.NaN(), math.NaN(), math.NaN()}
	}
	return []float64{sorted[n/2], sorted[n*99/100], sorted[n-1]}
}

// waitCounts is a histogram of tcptune-server's: how many were at most so long, by the bound in seconds.
type waitCounts map[float64]float64

// adminHistograms reads the histograms of waits.
func adminHistograms() (map[string]waitCounts, error) {
	text, err := adminPage("/metrics")
	if err != nil {
		return nil, err
	}
	all := map[string]waitCounts{"gc_pause": {}, "scheduling": {}}
	for lines := bufio.NewScanner(strings.NewReader(text)); lines.Scan(); {
		for name, counts := range all {
			rest, ok := strings.CutPrefix(lines.Text(), "tcptune_server_"+name+`_seconds_bucket{le="`)
			if !ok {
				continue
			}
			bound, count, _ := strings.Cut(rest, `"} `)
			le, err := strconv.ParseFloat(bound, 64)
			n, e := strconv.ParseFloat(count, 64)
			if err = errors.Join(err, e); err != nil {
				return nil, err
			}
			counts[le] = n
		}
	}
	return all, nil
}

func (w waitCounts) since(before waitCounts) waitCounts {
	now := waitCounts{}
	for le, n := range w {
		now[le] = n - before[le]
	}
	return now
}

func (w waitCounts) count() float64 { return w[math.Inf(1)] }

// marks are the bounds, in milliseconds, below which the median, the 99th percentile and the last are.
func (w waitCounts) marks() []float64 {
	var bounds []float64
	for le := range w {
		bounds = append(bounds, le)
	}
	slices.Sort(bounds)
	found := []float64{math.NaN(), math.NaN(), math.NaN()}
	for i, share := range []float64{0.5, 0.99, 1} {
		for _, le := range bounds {
			if w.count() > 0 && w[le] >= share*w.count() {
				found[i] = 1000 * le
				break
			}
		}
	}
	return found
}

// compareStarving has both engines tell what they leave to others.
func compareStarving(b echoBench, rounds int) error {
	b = b.only(rowServer, rowGoroutine)
	samples, err := takeTurns(b, rounds, []echoCase{starveCase}, b.starve)
	if err != nil {
		return err
	}
	starveTable(os.Stdout, b.servers, samples[0])
	return nil
}

func starveTable(out io.Writer, servers []echoServer, samples [][]starveSample) {
	fmt.Fprintf(out, "\nWhat others get of a server under full load, frames in JSON, %d connections with %d of them each, which\n"+
		"leave garbage; milliseconds, p50, p99 and the longest: of a question to the admin socket every %d, of the stops for\n"+
		"the collector, and of goroutines until they run that could (those are bounds that double); %d rounds, medians\n\n",
		starveCase.connections, starveCase.depth, askPause.Milliseconds(), len(samples[0]))
	fmt.Fprintf(out, "%-28s %8s %5s %22s %22s %22s\n", "", "frames/s", "GC/s", "admin socket", "GC stops", "ready to running")
	for j, s := range servers {
		of := func(f func(starveSample) float64) float64 { return medianOf(samples[j], f) }
		three := func(f func(starveSample) []float64) (text string) {
			for i := range 3 {
				text += fmt.Sprintf(" %7.3f", of(func(s starveSample) float64 { return f(s)[i] }))
			}
			return text[1:]
		}
		fmt.Fprintf(out, "%-28s %8.0f %5.0f %22s %22s %22s\n", s.name, of(func(s starveSample) float64 { return s.rate }),
			of(func(s starveSample) float64 { return s.collections }),
			three(func(s starveSample) []float64 { return s.page }), three(func(s starveSample) []float64 { return s.pause }),
			three(func(s starveSample) []float64 { return s.ready }))
	}
}
