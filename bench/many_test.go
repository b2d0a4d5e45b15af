package bench

import (
	"bufio"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// serveForAnother has this program be an echo service on a port of its own, until its standard input ends.
const serveForAnother = "TCPTUNE_BENCH_SERVE"

func TestServeForAnother(t *testing.T) {
	if os.Getenv(serveForAnother) == "" {
		return
	}
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				for buf := make([]byte, 64); ; {
					n, err := c.Read(buf)
					if err != nil {
						return
					}
					if _, err := c.Write(buf[:n]); err != nil {
						return
					}
				}
			}()
		}
	}()
	_, _ = os.Stdout.WriteString("listens on " + l.Addr().String() + "\n")
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// TestFifteenThousandConnectionsTakeLittle holds them from one process; the service is another, since each end needs a descriptor.
func TestFifteenThousandConnectionsTakeLittle(t *testing.T) {
	if testing.Short() {
		t.Skip("opens 15,000 connections")
	}
	const connections = 15000
	if files, err := raiseFiles(connections + 1000); err != nil || files.Have < files.Need {
		t.Skipf("this process may have %d files open, and needs %d: %v", files.Have, files.Need, err)
	}
	server := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestServeForAnother$")
	server.Env = append(os.Environ(), serveForAnother+"=1")
	in, errIn := server.StdinPipe()
	out, errOut := server.StdoutPipe()
	if errIn != nil || errOut != nil {
		t.Fatal(errIn, errOut)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = in.Close(); _ = server.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	_, at, found := strings.Cut(strings.TrimSpace(line), "listens on ")
	if err != nil || !found {
		t.Fatalf("the service says %q: %v", line, err)
	}
	o := plain(Target{Name: at, Addr: netip.MustParseAddrPort(at)})
	o.Conns, o.Duration, o.Timeout = connections, 2*time.Second, time.Minute
	before := memoryOf("/proc/self/status", "VmRSS:")
	b, err := Run(t.Context(), o, nil)
	if err != nil || b.Connections.Opened != connections || b.Connections.Lost != 0 || b.Requests.Failed != 0 ||
		b.Requests.Answered < connections {
		t.Errorf("%v, %+v, %+v, %v", err, b.Connections, b.Requests, b.Errors)
	}
	each := int64(memoryOf("/proc/self/status", "VmRSS:")-before) / connections
	t.Logf("%d connections, %d answers, %d bytes for each connection in the client", b.Connections.Opened, b.Requests.Answered, each)
	if each > 2048 { // most of which is the histograms and what Go keeps
		t.Errorf("a connection takes %d bytes", each)
	}
}
