package diagnose

import (
	"errors"
	"io/fs"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tcptune/tcptune/diagnose/rules"
	"github.com/tcptune/tcptune/internal/host"
)

func TestACounterThatWentBackIsUnknown(t *testing.T) {
	table := func(n uint64) seen[map[string]uint64] { return see(map[string]uint64{"TcpExtListenOverflows": n}, nil) }
	for name, tc := range map[string]struct {
		first, last seen[map[string]uint64]
		want        float64
		unknown     bool
	}{
		"grows":           {table(3), table(8), 5, false},
		"stands still":    {table(3), table(3), 0, false},
		"went back":       {table(8), table(3), 0, true},
		"is new":          {see(map[string]uint64{}, nil), table(3), 3, false},
		"is nowhere":      {see(map[string]uint64{}, nil), see(map[string]uint64{}, nil), 0, false},
		"cannot be read":  {table(3), seen[map[string]uint64]{err: errors.New("permission denied")}, 0, true},
		"has disappeared": {table(3), see(map[string]uint64{}, nil), 0, true},
	} {
		got, err := difference("TcpExtListenOverflows", tc.first, tc.last)
		if got != tc.want || (err != nil) != tc.unknown {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

func TestConntrackAddsUpItsProcessors(t *testing.T) {
	got, err := parseConntrack([]byte("entries  searched drop early_drop\n0000000a 00000000 00000001 00000002\n0000000a 00000000 00000010 00000000\n"))
	if err != nil || got["drop"] != 0x11 || got["early_drop"] != 2 {
		t.Errorf("got %v, %v", got, err)
	}
	if _, err := parseConntrack([]byte("entries drop\n0000000a\n")); err == nil {
		t.Error("a line with a value too few is taken")
	}
}

func TestDevicesCountWhatTheyLost(t *testing.T) {
	got, err := parseDevices([]byte(`Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
  eth0: 100 10 0 3 4 0 0 0 200 20 0 5 0 0 0 0
`))
	if err != nil || got["eth0"] != 12 {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestThrottlingIsReadInBothVersions(t *testing.T) {
	for name, text := range map[string]string{
		"version 1": "nr_periods 22\nnr_throttled 2\nthrottled_time 47059611\n",
		"version 2": "usage_usec 1\nuser_usec 1\nsystem_usec 0\nnr_periods 22\nnr_throttled 2\nthrottled_usec 47059\n",
	} {
		if got := parseThrottling([]byte(text)); got != (throttling{22, 2}) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestMemoryEventsAreReadInBothVersions(t *testing.T) {
	for name, tc := range map[string]struct {
		text string
		want memoryEvents
	}{
		"version 1": {"17\n", memoryEvents{limited: 17}},
		"version 2": {"low 0\nhigh 5\nmax 12\noom 1\noom_kill 1\noom_group_kill 0\n", memoryEvents{17, 1}},
	} {
		if got := parseMemoryEvents([]byte(tc.text)); got != tc.want {
			t.Errorf("%s: %+v, want %+v", name, got, tc.want)
		}
	}
}

func TestPressureIsTheTimeInWhichSomethingWaited(t *testing.T) {
	text := "some avg10=1.53 avg60=0.87 avg300=0.26 total=1234567\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=9\n"
	if got := parsePressure([]byte(text)); got != 1234567 {
		t.Errorf("got %d", got)
	}
}

// The files of a process below a slice, in the version of systemd's own machines.
func TestTheGroupsAboveCountAsWell(t *testing.T) {
	const slice, unit = "/system.slice", "/system.slice/a.service"
	h := rooted(t, map[string]string{
		"/proc/7/cgroup": "0::" + unit + "\n",
		"/proc/8/cgroup": "4:memory:/a\n3:cpu,cpuacct:/a\n0::/\n",
		"/sys/fs/cgroup" + slice + "/memory.events":        "high 1\nmax 30\noom_kill 0\n",
		"/sys/fs/cgroup" + unit + "/memory.events":         "high 1\nmax 30\noom_kill 2\n",
		"/sys/fs/cgroup" + unit + "/memory.pressure":       "some avg10=0.00 avg60=0.00 avg300=0.00 total=500000\n",
		"/sys/fs/cgroup/memory/a/memory.failcnt":           "9\n",
		"/sys/fs/cgroup/cpu,cpuacct/a/cpu.stat":            "nr_periods 22\nnr_throttled 2\nthrottled_time 47059611\n",
		"/sys/fs/cgroup/cpu,cpuacct/cpu.stat":              "nr_periods 0\nnr_throttled 0\nthrottled_time 0\n",
		"/sys/fs/cgroup/memory.pressure/no-such-group/any": "",
	})
	p := process{
		memory:  see(inGroups(h, 7, groupFile{"memory", "memory.failcnt", "memory.events"}, parseMemoryEvents)),
		stalled: see(inGroups(h, 7, groupFile{"", "", "memory.pressure"}, parsePressure)),
	}
	s := rules.NewSubject("process", "unit a.service")
	before := process{memory: see(map[string]memoryEvents{slice: {}, unit: {}}, nil), stalled: see(map[string]uint64{unit: 0}, nil)}
	atMemoryLimit(s, before, p, nil)
	stalls(s, before, p, time.Second, nil)
	if s.Words["memory_group"] != unit || s.Figures["memory_limited"] != 31 || s.Figures["memory_killed"] != 2 || s.Figures["memory_stalled"] != 0.5 {
		t.Errorf("got %v of %q", s.Figures, s.Words["memory_group"])
	}
	old, err := inGroups(h, 8, groupFile{"memory", "memory.failcnt", "memory.events"}, parseMemoryEvents)
	if err != nil || len(old) != 1 || old["/a"].limited != 9 {
		t.Errorf("version 1, memory: %v, %v", old, err)
	}
	cpu, err := inGroups(h, 8, groupFile{"cpu", "cpu.stat", "cpu.stat"}, parseThrottling)
	if err != nil || len(cpu) != 2 || cpu["/a"] != (throttling{22, 2}) || cpu["/"] != (throttling{}) {
		t.Errorf("version 1, cpu: %v, %v", cpu, err)
	}
}

// A process that went away between the looks is not one whose limits are kept.
func TestAProcessThatWentIsUnknown(t *testing.T) {
	w := witness{
		census: newCensus(host.Host{}, Filter{}), owners: see([]Owner{{Port: 80, Pid: 7, Program: "a"}}, nil),
		before: map[int]seen[process]{7: see(process{began: "100"}, nil)},
		then:   map[int]seen[process]{7: see(process{began: "200"}, nil)},
	}
	subjects := w.processSubjects()
	if len(subjects) != 1 {
		t.Fatalf("got %+v", subjects)
	}
	all, err := rules.Load()
	if err != nil {
		t.Fatal(err)
	}
	found, unjudged := rules.Evaluate(all, subjects)
	if found != nil || len(unjudged) != 3 {
		t.Errorf("found %+v, unjudged %+v, want descriptors, cpu-throttled and memory-limit", found, unjudged)
	}
}

func TestMoreSocketsThanAreRememberedAreSampled(t *testing.T) {
	c := newCensus(host.Host{}, Filter{})
	for cookie := range uint64(4 * mostSockets) {
		if hash(cookie)&c.mask != 0 {
			continue
		}
		c.sockets[cookie] = &tracked{}
		if len(c.sockets) > mostSockets {
			c.thin()
		}
	}
	if n := len(c.sockets); n > mostSockets || n < mostSockets/4 {
		t.Errorf("%d are remembered, want at most %d and a good part of that", n, mostSockets)
	}
	if share := float64(len(c.sockets)) * float64(c.mask+1) / (4 * mostSockets); share < 0.9 || share > 1.1 {
		t.Errorf("the sample stands for %.2f of what there is", share)
	}
}

// A table that was full between the looks has dropped something.
func TestAConntrackTableIsFullWhereItDroppedSomething(t *testing.T) {
	for name, tc := range map[string]struct {
		count, dropped string
		want           map[string]string
	}{
		"full and drops":      {"950", "00000007", map[string]string{"conntrack host": rules.Certain}},
		"full":                {"950", "00000000", map[string]string{"conntrack host": rules.Likely}},
		"was full in between": {"300", "00000007", map[string]string{"conntrack host": rules.Likely}},
		"has room":            {"300", "00000000", map[string]string{}},
	} {
		counters := func(dropped string) seen[map[string]uint64] {
			return see(parseConntrack([]byte("entries drop early_drop\n00000001 00000000 " + dropped + "\n")))
		}
		w := witness{first: tables{conntrack: counters("00000000")}, last: tables{conntrack: counters(tc.dropped)}}
		w.last.knobs = map[string]seen[string]{conntrackCount: see(tc.count, nil), conntrackMax: see("1000", nil)}
		s := rules.NewSubject("host", "host")
		w.conntrack(s)
		if diff := cmp.Diff(tc.want, found(t, s)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// In a network namespace that is not the first one some keys are not there.
func TestAKeyThatIsNotThereIsNotAdvised(t *testing.T) {
	counters := func(n uint64) seen[map[string]uint64] {
		return see(map[string]uint64{"TcpExtTCPMemoryPressures": n}, nil)
	}
	missing := seen[string]{err: fs.ErrNotExist}
	w := witness{first: tables{counters: counters(0)}, last: tables{counters: counters(3)}}
	w.last.softnet.value.Dropped, w.last.softnet.value.Processed = 100, 100
	w.last.knobs = map[string]seen[string]{
		"net.ipv4.tcp_mem": missing, "net.core.netdev_max_backlog": missing, "net.ipv4.tcp_max_tw_buckets": see("100", nil),
		conntrackMax: missing,
	}
	all, err := rules.Load()
	if err != nil {
		t.Fatal(err)
	}
	findings, _ := rules.Evaluate(all, []rules.Subject{w.hostSubject()})
	if len(findings) != 2 {
		t.Errorf("found %+v, want tcp-memory and softnet", findings)
	}
	for _, f := range findings {
		if len(f.Advice) != 0 {
			t.Errorf("%s: advised %+v", f.Rule, f.Advice)
		}
	}
}

// Two programs may listen at one port of two addresses.
func TestWhatWaitsWaitsForTheProgramOfThatAddress(t *testing.T) {
	w := witness{census: newCensus(host.Host{}, Filter{}), before: map[int]seen[process]{7: {}, 8: {}, 9: {}}}
	look(w.census, []listens{{at: "127.0.0.1:80", room: 8, most: 3}, {at: "192.0.2.1:80", room: 8, most: 5}})
	w.then = w.before
	w.owners.value = []Owner{
		{Port: 80, Address: netip.MustParseAddr("127.0.0.1"), Pid: 7},
		{Port: 80, Address: netip.MustParseAddr("192.0.2.1"), Pid: 8},
		{Port: 80, Pid: 9},
	}
	var got []float64
	for _, s := range w.processSubjects() {
		got = append(got, s.Figures["waiting_connections"])
	}
	if diff := cmp.Diff([]float64{3, 5, 8}, got); diff != "" {
		t.Error(diff)
	}
}

// Nothing else limits where all else was judged.
func TestThatNothingElseLimitsIsCertainWhereAllIsJudged(t *testing.T) {
	all, err := rules.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		unjudged []rules.Unjudged
		want     [2]string
	}{
		{nil, [2]string{rules.Certain, rules.Certain}},
		{[]rules.Unjudged{{Rule: "descriptors"}}, [2]string{rules.Certain, rules.Likely}},
	} {
		found := []rules.Finding{{Rule: "loss", Certainty: rules.Certain}, {Rule: "application", Certainty: rules.Certain}}
		found = besides(all, found, tc.unjudged)
		if got := [2]string{found[0].Certainty, found[1].Certainty}; got != tc.want {
			t.Errorf("%v: got %v, want %v", tc.unjudged, got, tc.want)
		}
	}
}
