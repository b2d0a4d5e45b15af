// Command scale says what a fleet costs: the states of many hosts, drawn by a seed, drive the planner of tcptune in
// this process, and what tcptune metrics says of them a real Prometheus with the rules of deploy.
//
//	scale [-hosts 10000] [-distinct 10000] [-seed 1] [-every 15s] [-prometheus bin/fleet/usr/bin/prometheus]
//
// It needs neither root nor a network: everything lies below a temporary folder, and listens on loopback.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"time"
)

func main() {
	hosts := flag.Int("hosts", 10000, "how many hosts there are")
	distinct := flag.Int("distinct", 0, "in so many different states; 0: each in its own")
	seed := flag.Uint64("seed", 1, "what they are drawn by")
	every := flag.Duration("every", 15*time.Second, "how often Prometheus scrapes them and evaluates the rules")
	prometheus := flag.String("prometheus", "bin/fleet/usr/bin/prometheus", "the program")
	flag.Parse()
	debug.SetGCPercent(400) // tcptune itself runs without a garbage collector
	if *distinct <= 0 {
		*distinct = *hosts
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := measure(ctx, os.Stdout, *hosts, *distinct, *seed, *every, *prometheus); err != nil {
		fmt.Fprintln(os.Stderr, "scale:", err)
		os.Exit(1)
	}
}

// measure prints the figures.
func measure(ctx context.Context, w io.Writer, hosts, distinct int, seed uint64, every time.Duration, program string) error {
	states := draw(seed, min(distinct, hosts))
	fleet := make([]state, hosts)
	for i := range fleet {
		fleet[i] = states[i%len(states)]
		fleet[i].Name = name(i)
	}
	kinds := map[kind]int{}
	for _, s := range fleet {
		kinds[s.Kind]++
	}
	fmt.Fprintf(w, "%d hosts in %d states drawn by %d: %v; %d processors, %s\n\n",
		hosts, len(states), seed, kinds, runtime.GOMAXPROCS(0), runtime.Version())
	dir, err := os.MkdirTemp("", "tcptune-scale-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	images, err := os.MkdirTemp("/dev/shm", "tcptune-scale-") // in memory: no disk is measured
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(images) }()
	plans, err := planAll(ctx, images, states)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "planner         %6.0f hosts a second and core, tcptune plan (%s of processor time, %s)\n"+
		"metrics         %6.0f hosts a second and core, tcptune metrics (%s of processor time, %s)\n",
		plans.plan.rate(len(states)), plans.plan.cpu.Round(time.Millisecond), plans.plan.wall.Round(time.Millisecond),
		plans.metrics.rate(len(states)), plans.metrics.cpu.Round(time.Millisecond), plans.metrics.wall.Round(time.Millisecond))
	seen, err := collect(ctx, dir, program, fleet, plans.pages, kinds, every)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "textfile        %6.0f series a host, %.1f kB\n"+
		"Prometheus      %6.0f series, %.0f MB resident, %.2f cores at a scrape each %s\n"+
		"rules           %6.0f ms for all, of which:\n",
		seen.series/float64(hosts), float64(seen.bytes)/1000/float64(hosts),
		seen.head, seen.resident/1e6, seen.cores, every, 1000*seen.rules)
	for _, r := range seen.slowest {
		fmt.Fprintf(w, "                %6.0f ms %s\n", 1000*r.EvaluationTime, r.Name)
	}
	fmt.Fprintf(w, "alerts          %6.0f pending or firing\n", seen.alerts)
	return seen.agrees(kinds)
}
