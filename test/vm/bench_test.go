package vm

import (
	"encoding/json"
	"errors"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestAHundredThousandConnectionsFromOneCommand holds them over loopback, which takes source addresses beside 127.0.0.1. The
// server is the one in C of the benchmarks: it has nothing for a connection.
func TestAHundredThousandConnectionsFromOneCommand(t *testing.T) {
	wholeList(t)
	const connections = 100000
	server := filepath.Join(t.TempDir(), "server")
	cc := exec.CommandContext(t.Context(), "cc", "-O2", "-static", "-o", server, "../bench/servers/epoll/epoll.c")
	if out, err := cc.CombinedOutput(); err != nil {
		t.Fatalf("cc: %v\n%s", err, out)
	}
	out := Alone(t, Lone{Memory: 2048, Files: map[string]string{"server": server, "tcptune": compiledTcptune(t)}, Script: `
ulimit -n 200000
./server 127.0.0.1:7000 >&2 &
server=$!
for attempt in $(seq 60); do
	! ./tcptune bench 127.0.0.1:7000 --conns 1 --count 1 --duration 1s --json >few.json || break
done
./tcptune bench 127.0.0.1:7000 --conns 100000 --duration 20s --timeout 5m --json 2>many.txt >many.json || echo "exit $?"
kill $server
free -m >&2
cat few.json many.json`})
	out = out[max(0, strings.IndexByte(out, '{')):]
	var few, many struct {
		Bench struct {
			Requests    struct{ Sent, Answered, Failed int }
			Connections struct{ Asked, Opened, Lost int }
			Memory      int     `json:"generator_memory_bytes"`
			Rate        float64 `json:"rate_per_s"`
		}
	}
	d := json.NewDecoder(strings.NewReader(out))
	if err := errors.Join(d.Decode(&few), d.Decode(&many)); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	b := many.Bench
	if b.Connections.Opened != connections || b.Connections.Lost != 0 || b.Requests.Failed != 0 || b.Requests.Answered < connections {
		t.Errorf("%+v", b)
	}
	each := (b.Memory - few.Bench.Memory) / connections
	t.Logf("%d connections, %d answers in 20 s: %.1f MB, %d bytes for each connection in the client", b.Connections.Opened, b.Requests.Answered,
		float64(b.Memory)/(1<<20), each)
	if each > 1024 {
		t.Errorf("a connection takes %d bytes", each)
	}
}
