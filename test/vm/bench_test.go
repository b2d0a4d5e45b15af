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
	dir := t.TempDir()
	server, program := filepath.Join(dir, "server"), filepath.Join(dir, "tcptune")
	for _, argv := range [][]string{
		{"cc", "-O2", "-static", "-o", server, "../bench/servers/epoll/epoll.c"},
		{"go", "build", "-tags", "urfave_cli_no_docs,nethttpomithttp2", "-ldflags", "-s -w", "-o", program, "../../cmd/tcptune"},
	} {
		if out, err := exec.CommandContext(t.Context(), argv[0], argv[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", argv, err, out)
		}
	}
	m := Boot(t, Options{Memory: 2048})
	m.CopyIn(t, server, "/root/server")
	m.CopyIn(t, program, "/root/tcptune")
	t.Log(m.Script(t, `
chmod +x /root/server /root/tcptune
ulimit -n 200000
/root/server 127.0.0.1:7000 >/dev/null 2>&1 &
server=$!
for attempt in $(seq 60); do
	! /root/tcptune bench 127.0.0.1:7000 --conns 1 --count 1 --duration 1s --json >/root/few.json || break
done
/root/tcptune bench 127.0.0.1:7000 --conns 100000 --duration 20s --timeout 5m --json >/root/many.json || echo "exit $?"
free -m
kill $server
`))
	out := m.Must(t, "cat", "/root/few.json", "/root/many.json")
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
