package whowins

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tcptune/tcptune/test/debian"
	"github.com/tcptune/tcptune/test/whowins"
)

var (
	flagTrees = flag.Int("whowins.trees", trees(), "how many generated trees the real tools judge")
	flagSeed  = flag.Uint64("whowins.seed", 1, "the seed of the first tree; a failure names the seed to give here")
	flagAll   = flag.Bool("whowins.full", false, "every tree is judged by every judge")
)

// trees are those of "make test", or of "make test-all".
func trees() int {
	if os.Getenv("TCPTUNE_LONG") == "" {
		return 400
	}
	return 1000
}

// TestModelAgainstTheRealTools generates trees of sysctl.d files, lets the real systemd-sysctl and the real "sysctl
// --system" of several releases loose on them in namespaces of their own, and compares what every key holds afterwards
// with what the model says. Then it disables each rule of the model in turn, for the releases that have it: the
// comparison must fail for at least 50 of 1000 trees, or 10 of 400, or the trees do not test that rule. It also gives
// each rule to the releases that do not have it.
//
//	go test -v -run RealTools ./sysctl/whowins -whowins.seed=17 -whowins.trees=1 -whowins.full
func TestModelAgainstTheRealTools(t *testing.T) {
	if whowins.InSandbox() {
		if err := whowins.Serve(t.Context()); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	if os.Geteuid() != 0 {
		t.Skip("SKIP: running the real tools in namespaces needs root")
	}
	if testing.Short() {
		t.Skip("SKIP: the real tools are not run with -short")
	}
	judges := findJudges(t)
	before := machineKeys(t)
	results := judgeTrees(t, judges)
	if after := machineKeys(t); after != before {
		t.Errorf("the sandbox changed the machine's own keys:\n%s", firstDifference(before, after))
	}
	c := comparison{judges: map[string]whowins.Judge{}, results: results}
	for _, j := range judges {
		c.judges[j.Name] = j
	}
	c.run(t)
}

func findJudges(t *testing.T) []whowins.Judge {
	cache, err := debian.CacheDir("judges")
	if err != nil {
		t.Fatal(err)
	}
	machine, err := whowins.Machine(t.TempDir())
	if err != nil {
		t.Fatalf("the machine's own tools: %v", err)
	}
	judges := []whowins.Judge{machine}
	suites := debian.Suites()
	found := make([]whowins.Judge, len(suites))
	reasons := make([]error, len(suites))
	var group sync.WaitGroup
	for i, suite := range suites {
		group.Go(func() { found[i], reasons[i] = whowins.Debian(cache, suite) })
	}
	group.Wait()
	for i, suite := range suites {
		if reasons[i] != nil {
			t.Run("judge="+suite, func(t *testing.T) { t.Skipf("SKIP: no tools of Debian %s: %v", suite, reasons[i]) })
			continue
		}
		judges = append(judges, found[i])
	}
	for _, j := range judges {
		t.Logf("judge %-8s systemd-sysctl %d, procps %s", j.Name, j.Systemd, j.Procps)
	}
	return judges
}

// judgeTrees runs the trees in as many sandboxes as there are cores.
func judgeTrees(t *testing.T, judges []whowins.Judge) []whowins.Result {
	start := time.Now()
	workers := runtime.GOMAXPROCS(0)
	var mu sync.Mutex
	var all []whowins.Result
	var group sync.WaitGroup
	for w := range workers {
		job := whowins.Job{Root: t.TempDir(), Judges: judges, All: *flagAll}
		// A run of neighbours, so that each of them meets every judge in turn.
		for n := w * *flagTrees / workers; n < (w+1)**flagTrees/workers; n++ {
			job.Seeds = append(job.Seeds, *flagSeed+uint64(n))
		}
		group.Go(func() {
			err := whowins.Run(t.Context(), t.Name(), job, func(r whowins.Result) {
				mu.Lock()
				defer mu.Unlock()
				all = append(all, r)
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	t.Logf("the real tools ran %d times in %.1f s", len(all), time.Since(start).Seconds())
	return all
}

// machineKeys is what the machine's own namespace holds of the keys that the tools could reach if the sandbox leaked:
// all of /proc/sys but net/ipv4 is read-only there. Interfaces come and go, with keys of their own.
func machineKeys(t *testing.T) string {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	out, _ := exec.CommandContext(ctx, "sysctl", "-a", "-r", `^net\.(ipv4|core)\.`).Output() // exit 1: some cannot be read
	if len(out) == 0 {
		t.Fatal("sysctl -a says nothing")
	}
	var kept []string
	for line := range strings.Lines(string(out)) {
		if !strings.HasPrefix(line, "net.ipv4.conf.") && !strings.HasPrefix(line, "net.ipv4.neigh.") {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "")
}

func firstDifference(a, b string) string {
	x, y := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range min(len(x), len(y)) {
		if x[i] != y[i] {
			return "before " + x[i] + "\nafter  " + y[i]
		}
	}
	return "keys came or went"
}

// comparison holds the judgements against the model.
type comparison struct {
	judges  map[string]whowins.Judge
	results []whowins.Result
}

func (c comparison) run(t *testing.T) {
	start := time.Now()
	byTree := map[uint64][]whowins.Result{}
	counts := map[string]int{}
	failed := 0
	for _, r := range c.results {
		if r.Err != "" {
			t.Errorf("seed %d: %s of %s did not run: %s", r.Seed, r.Tool, r.Judge, r.Err)
			continue
		}
		byTree[r.Seed] = append(byTree[r.Seed], r)
		counts[fmt.Sprintf("%s %s", r.Judge, r.Tool)]++
	}
	want := 50
	if *flagTrees < 1000 {
		want = *flagTrees / 40 // a few trees say nothing about a rule
	}
	decided := map[change]int{}
	var mu sync.Mutex
	// A rule that has decided as many trees as it has to is not asked again.
	open := func(how change) bool {
		mu.Lock()
		defer mu.Unlock()
		return want == 0 || decided[how] < want
	}
	var group sync.WaitGroup
	seeds := make(chan uint64)
	for range runtime.GOMAXPROCS(0) {
		group.Go(func() {
			for seed := range seeds {
				disagree, changed := c.compare(seed, byTree[seed], open)
				mu.Lock()
				for _, text := range disagree {
					if failed++; failed <= 5 {
						t.Error(text)
					}
				}
				for how := range changed {
					decided[how]++
				}
				mu.Unlock()
			}
		})
	}
	for _, seed := range slices.Sorted(maps.Keys(byTree)) {
		seeds <- seed
	}
	close(seeds)
	group.Wait()
	if failed > 0 {
		t.Errorf("%d of %d judgements disagree", failed, len(c.results))
	}
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		t.Logf("%-24s judged %4d trees", name, counts[name])
	}
	t.Logf("compared in %.1f s", time.Since(start).Seconds())
	t.Attr("count", fmt.Sprintf("%d trees, %d judgements by the real tools, %d disagreements", len(byTree), len(c.results), failed))
	least := len(byTree)
	for name := range switches() {
		if c.haveRule(name) {
			least = min(least, decided[change{name, false}])
		}
	}
	t.Attr("count", fmt.Sprintf("%d rules, each of which decides at least %d of the trees", len(switches()), least))
	for _, name := range slices.Sorted(maps.Keys(switches())) {
		t.Run("rule="+name, func(t *testing.T) {
			if !c.haveRule(name) {
				t.Skip("SKIP: none of the judges at hand has this rule")
			}
			disabled, given := decided[change{name, false}], decided[change{name, true}]
			t.Logf("%s decides %d trees or more; given to releases that do not have it, it spoils %d or more", name, disabled, given)
			if disabled < want && failed == 0 {
				t.Errorf("without this rule the comparison fails for %d trees, want at least %d", disabled, want)
			}
		})
	}
}

// haveRule reports whether a tool that has judged has the rule.
func (c comparison) haveRule(name string) bool {
	return slices.ContainsFunc(c.results, func(r whowins.Result) bool {
		return reflect.ValueOf(c.rules(r)).FieldByName(name).Bool()
	})
}

// change is a rule and what it was switched to.
type change struct {
	rule string
	to   bool
}

// compare holds the judgements of one tree against the model. It returns what disagrees, and the changes of a rule with
// which something would, of those that are open.
func (c comparison) compare(
	seed uint64, results []whowins.Result, open func(change) bool,
) (disagree []string, changed map[change]bool) {
	tree := freeze(whowins.Generate(seed))
	changed = map[change]bool{}
	for _, r := range results {
		ru := c.rules(r)
		if wrong := disagreement(tree, r, ru); wrong != "" {
			disagree = append(disagree, fmt.Sprintf("seed %d: the model and %s of %s (%s) disagree:\n%s\n"+
				"Try -whowins.seed=%d -whowins.trees=1 -whowins.full\n%s%s",
				seed, r.Tool, r.Judge, c.version(r), wrong, seed, tree.Tree, r.Output))
			continue
		}
		for name, flip := range switches() {
			other := ru
			flip(&other)
			how := change{name, reflect.ValueOf(other).FieldByName(name).Bool()}
			if !changed[how] && open(how) {
				changed[how] = disagreement(tree, r, other) != ""
			}
		}
	}
	maps.DeleteFunc(changed, func(_ change, did bool) bool { return !did })
	return disagree, changed
}

func (c comparison) rules(r whowins.Result) hypothesis {
	if r.Tool == whowins.SystemdSysctl {
		return hypothesis{systemdRules(c.judges[r.Judge].Systemd), whowins.TheKernel()}
	}
	return hypothesis{procpsRules(c.judges[r.Judge].Procps), whowins.TheKernel()}
}

func (c comparison) version(r whowins.Result) string {
	if r.Tool == whowins.SystemdSysctl {
		return fmt.Sprint(c.judges[r.Judge].Systemd)
	}
	return c.judges[r.Judge].Procps
}

// disagreement compares the model with these rules to what the tool did, and returns the first difference or "".
func disagreement(tree Reader, r whowins.Result, h hypothesis) string {
	conf := newConfReader(tree)
	var m *model
	if r.Tool == whowins.SystemdSysctl {
		m = conf.systemdSysctl(h.rules, true)
	} else {
		m = conf.procpsSystem(h.rules, true)
	}
	m = m.under(judgedKernel{whowins.Kernel{KernelRules: h.KernelRules, Lists: r.Lists}})
	keys := slices.Sorted(maps.Keys(r.Values))
	all := m.run(keys)
	for i, key := range keys {
		want := r.Values[key]
		o := all.all[i].outcome()
		got := whowins.Initially(key)
		if value, set := o.Value(); set {
			got = value
		}
		if got != want {
			return fmt.Sprintf("%s: the tool left %s, the model says %s (%s)", key, want, got, o.Reason)
		}
	}
	if !h.exitKnown || m.unclear || slices.ContainsFunc(conf.problems, func(p Problem) bool { return strings.HasPrefix(p.Text, "cannot read") }) {
		return "" // a folder in the place of a file: how the tools exit then is of no use to anybody
	}
	if failures := m.failuresOf(all); (len(failures) > 0) != r.Failed {
		return fmt.Sprintf("the tool failed: %v, the model says %v", r.Failed, failures)
	}
	return ""
}

// frozen is a tree whose folders are listed once: the comparison asks for them a hundred times.
type frozen struct {
	whowins.Tree
	dirs map[string][]string
}

func freeze(t whowins.Tree) frozen { return frozen{t, map[string][]string{}} }

func (f frozen) ReadDir(p string) ([]string, error) {
	if names, known := f.dirs[p]; known {
		return names, nil
	}
	names, err := f.Tree.ReadDir(p)
	if err == nil {
		f.dirs[p] = names
	}
	return names, err
}
