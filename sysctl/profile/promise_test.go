package profile

import (
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/tcptune/tcptune/sysctl/catalogue"
)

// setExactly are the keys of the default profile that have no more and less, or whose order is not that of the numbers.
// The README names them.
var setExactly = []string{
	"net.core.default_qdisc", "net.ipv4.tcp_congestion_control", "net.ipv4.tcp_slow_start_after_idle", "net.ipv4.tcp_tw_reuse",
}

// TestTheDefaultProfileLowersNothing holds the promise of the README over every position of every switch, and over
// values around the wanted one of everything else.
func TestTheDefaultProfileLowersNothing(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	var exact []string
	for _, w := range loadBuiltIn(t, "server").Keys {
		key := lookup(t, w.Key)
		if w.Mode == ExactMode {
			exact = append(exact, w.Key)
			if short := w.Key[strings.LastIndexByte(w.Key, '.')+1:]; !strings.Contains(string(readme), "`"+short+"`") {
				t.Errorf("the README does not say that %s is set exactly", w.Key)
			}
			continue
		}
		for _, host := range around(key, w.Value) {
			want := key.Better(w.Value, host)
			if !key.Satisfies(want, host) || !key.Satisfies(want, w.Value) {
				t.Errorf("%s: a host with %s is to have %s", w.Key, host, want)
			}
			if w.Enough(key, host, want) != key.Equal(host, want) {
				t.Errorf("%s: whether %s is enough where %s is wanted", w.Key, host, want)
			}
		}
	}
	slices.Sort(exact)
	if !slices.Equal(exact, setExactly) {
		t.Errorf("set exactly: %q, want %q", exact, setExactly)
	}
}

// around are values that a host may have where want is wanted: all of a switch, the bounds and the neighbours of others.
func around(k catalogue.Key, want string) (values []string) {
	fields := strings.Fields(want)
	for i, f := range k.Fields {
		n, _ := strconv.ParseInt(fields[i], 10, 64)
		for _, v := range []int64{f.Min, f.Min + 1, f.Min + 2, n - 1, n, n + 1, f.Max} {
			changed := slices.Clone(fields)
			changed[i] = strconv.FormatInt(v, 10)
			if value := strings.Join(changed, " "); k.Validate(value) == nil {
				values = append(values, value)
			}
		}
	}
	return values
}

// TestAKeepAliveIsInTimeForEveryCommonBalancer: one lost probe must not lose the connection.
func TestAKeepAliveIsInTimeForEveryCommonBalancer(t *testing.T) {
	const shortest = 240 // seconds, of Azure's load balancer; AWS forgets after 350
	for _, name := range []string{"server", "wan", "latency", "proxy"} {
		value := map[string]int{}
		for _, w := range loadBuiltIn(t, name).Keys {
			value[w.Key], _ = strconv.Atoi(w.Value)
		}
		first, then := value["net.ipv4.tcp_keepalive_time"], value["net.ipv4.tcp_keepalive_intvl"]
		if first == 0 || then == 0 || first+then >= shortest {
			t.Errorf("%s: probes after %d and %d seconds, want both before %d", name, first, first+then, shortest)
		}
	}
}
