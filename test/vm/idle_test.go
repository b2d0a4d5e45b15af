package vm

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// idleClients is how many connections wait: TCPTUNE_IDLE says another number, up to 1,000,000, for which the machine
// gets 11 GB.
func idleClients() int {
	if n, err := strconv.Atoi(os.Getenv("TCPTUNE_IDLE")); err == nil {
		return n
	}
	return 20000
}

const (
	busyRounds  = 2       // the clock of the machine counts instructions: they hardly differ
	mostOfIdle  = 160     // bytes of the server for one that waits
	onceMade    = 1 << 20 // bytes that it makes for none in particular, as for the pages of its metrics
	leastBeside = 0.85    // of the rate of 1,000 busy ones, while the others wait
)

// idleScript has $N connections answered once and then wait, from as many source addresses as that takes. It looks at
// the memory of the server (kB of the resident set) and of the kernel (kB of slabs, pages of TCP buffers) before and
// after, and each time at what 1,000 busy ones get. Sockets that were closed are freed some time later, which is
// nothing to wait for but time.
//
// Whom the server's keep-alive probes is up to the kernel's timers, which come 16 s apart for one of 4 minutes: all that were
// opened meanwhile are probed at once, over a queue of the loopback interface that has room for 1,000 packets of itself.
// What does not fit is lost, four times in a row, and so is the connection.
const idleScript = `
ulimit -n 1048576
echo 1000000 >/proc/sys/net/core/netdev_max_backlog
admin() { printf %.0f "$(curl -s http://127.0.0.1:9180/metrics | sed -n "s/^tcptune_server_$1 //p")"; } # which may say 1e+06
look() {
	sleep 10
	echo "look $(sed -n 's/^Rss: *\([0-9]*\) kB/\1/p' /proc/$server/smaps_rollup) $(sed -n 's/^Slab: *\([0-9]*\) kB/\1/p' /proc/meminfo)" \
		"$(sed -n 's/^TCP:.* mem \([0-9]*\).*/\1/p' /proc/net/sockstat) $(sed -n 's/^MemAvailable: *\([0-9]*\) kB/\1/p' /proc/meminfo)"
}
busy() {
	for round in $(seq $ROUNDS); do
		./tcptune bench 127.0.0.1:7000 --conns 1000 --workers 1 --warmup 500ms --duration 1s --timeout 5m --json 2>>log |
			sed -n 's/^ *"rate_per_s": \([0-9.]*\).*/busy \1/p'
	done
}
./tcptune-server --listen 127.0.0.1:7000 --admin 127.0.0.1:9180 --max-conns $((N + 2000)) --client-conns 0 --idle-timeout 24h 2>>log &
server=$!
until curl -s http://127.0.0.1:9180/readyz >/dev/null; do sleep 1; done
busy
look
answered=$(admin messages_total)
./tcptune bench 127.0.0.1:7000 --conns $N --workers 1 --think 10h --duration 5h --timeout 2h --quiet 2>>log &
waiting=$!
until [ $(($(admin messages_total) - answered)) -ge $N ]; do kill -0 $waiting || break; sleep 20; echo "so far $(admin active_connections)"; done
look
busy
echo "active $(admin active_connections) $(ss -Htn state established dst 127.0.0.1:7000 | sed 's/:.*//; s/.* //' | sort -u | wc -l)"
kill -9 $waiting $server
wait
cat log`

func TestManyConnectionsWait(t *testing.T) {
	wholeList(t)
	t.Parallel()
	clients := idleClients()
	files := map[string]string{
		"tcptune":        compiledTcptune(t),
		"tcptune-server": compiled(t, "build", "../../cmd/tcptune-server"),
	}
	out := Alone(t, Lone{
		Memory: 1024 + clients/100, Files: files, Script: fmt.Sprintf("N=%d ROUNDS=%d\n", clients, busyRounds) + idleScript,
		// One bucket for each end: of itself the kernel makes one for 128 KB of memory, which a dozen sockets would share.
		Boot: fmt.Sprintf("thash_entries=%d", 2*clients),
	})
	t.Log(out)
	busy, looks, active := said(t, out, "busy"), said(t, out, "look"), said(t, out, "active")
	if len(busy) != 2*busyRounds || len(looks) != 2 || len(active) != 1 {
		t.Fatal("not all was measured")
	}
	if active[0][0] < float64(clients) || active[0][1] < float64(clients)/28232 {
		t.Errorf("%.0f are served, from %.0f addresses, want %d", active[0][0], active[0][1], clients)
	}
	each := func(i int, unit float64) float64 { return (looks[1][i] - looks[0][i]) * unit / float64(clients) }
	user, kernel := each(0, 1024)-onceMade/float64(clients), each(1, 1024)+each(2, 4096)
	beside := middle(busy[busyRounds:]) / middle(busy[:busyRounds])
	t.Logf("%d wait: %.0f bytes of the server and %.0f of the kernel for each, %.0f for one end; all in all %.0f were taken from the machine; "+
		"1,000 busy ones have %.2f of the rate that they had without", clients, user, kernel, kernel/2, -each(3, 1024), beside)
	if user > mostOfIdle || beside < leastBeside {
		t.Errorf("want at most %d bytes of the server, and at least %.2f of the rate", mostOfIdle, leastBeside)
	}
}

// evenClients is how many come to four loops: TCPTUNE_EVEN says another number.
func evenClients() string { return cmp.Or(os.Getenv("TCPTUNE_EVEN"), "20000") }

func TestManyConnectionsAreSharedOutEvenly(t *testing.T) {
	wholeList(t)
	t.Parallel()
	out := Alone(t, Lone{
		Memory: 4096, Files: map[string]string{"server.test": compiled(t, "test", "-c", "../../server")},
		Script: "ulimit -n 1048576\nTCPTUNE_CLIENTS=" + evenClients() +
			" GOMAXPROCS=5 ./server.test -test.v -test.run SharedOutEvenly -test.timeout 5h",
	})
	t.Log(out)
	if !strings.Contains(out, "--- PASS: TestConnectionsAreSharedOutEvenly") {
		t.Error("it was not shown")
	}
}

// said are the numbers of the lines that begin with this word.
func said(t *testing.T, out, word string) (found [][]float64) {
	for line := range strings.Lines(out) {
		fields := strings.Fields(line)
		if len(fields) == 0 || fields[0] != word {
			continue
		}
		var numbers []float64
		for _, f := range fields[1:] {
			n, err := strconv.ParseFloat(f, 64)
			if err != nil {
				t.Fatalf("%q: %v", line, err)
			}
			numbers = append(numbers, n)
		}
		found = append(found, numbers)
	}
	return found
}

func middle(rows [][]float64) float64 {
	var all []float64
	for _, r := range rows {
		all = append(all, r[0])
	}
	slices.Sort(all)
	return all[len(all)/2]
}
