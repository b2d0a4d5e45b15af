package diagnosetest

import (
	"io"
	"net"
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/diagnose"
	"github.com/tcptune/tcptune/diagnose/rules"
	"github.com/tcptune/tcptune/internal/host"
)

// ofMachine are situations that only keys of the whole machine make, on its loopback.
func ofMachine() map[string]struct {
	key, wrong string
	make       func(t *testing.T)
} {
	return map[string]struct {
		key, wrong string
		make       func(t *testing.T)
	}{
		"tcp-memory": {"net.ipv4.tcp_mem", "800 1200 12000", burstsOfMessages},
		"softnet":    {"net.core.netdev_max_backlog", "10", burstsOfPackets},
	}
}

// timesAdvised is how often the advice is taken until there is none: a value grows by no more than that is sure to be
// right.
const timesAdvised = 5

func TestALimitOfTheWholeMachineIsNamedUntilItsAdviceIsTaken(t *testing.T) {
	needsRoot(t)
	if os.Getenv("TCPTUNE_OWN_MACHINE") == "" {
		t.Skip("make vm-test runs it: it changes keys of the whole machine, and has one of its own there")
	}
	for rule, tc := range ofMachine() {
		t.Run(rule, func(t *testing.T) {
			if err := (host.Host{}).WriteKnob(tc.key, tc.wrong); err != nil {
				t.Fatal(err)
			}
			tc.make(t)
			for taken := range timesAdvised + 1 {
				r, err := diagnose.Run(t.Context(), host.Host{}, diagnose.Options{For: looksFor})
				if err != nil {
					t.Fatal(err)
				}
				t.Log(show(r))
				i := slices.IndexFunc(r.Findings, func(f rules.Finding) bool { return f.Rule == rule })
				switch {
				case i < 0 && taken > 0:
					return
				case i < 0 || taken == 0 && r.Findings[i].Certainty != rules.Certain:
					t.Fatal("it is not named, or not certain")
				}
				for _, other := range named(r.Findings, rules.Certain) {
					if other != rule {
						t.Errorf("%s is certain as well", other)
					}
				}
				a := r.Findings[i].Advice[0]
				t.Logf("as advised: %s = %s", a.Target, a.Value)
				if a.Target != tc.key {
					t.Fatalf("%s is advised, want %s", a.Target, tc.key)
				}
				if err := (host.Host{}).WriteKnob(a.Target, a.Value); err != nil {
					t.Fatal(err)
				}
			}
			t.Errorf("still named after its advice was taken %d times", timesAdvised)
		})
	}
}

// burstsOfMessages sends a message on each of many connections at once, again and again: until they are read all of
// them are in memory.
func burstsOfMessages(t *testing.T) {
	const connections, size, every = 100, 64 << 10, 100 * time.Millisecond
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	for range connections {
		out, err := net.Dial("tcp4", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		in, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _, _ = in.Close(), out.Close() })
		go func() { _, _ = io.Copy(io.Discard, in) }()
		go func() {
			for b := make([]byte, size); ; time.Sleep(time.Until(time.Now().Truncate(every).Add(every))) {
				if _, err := out.Write(b); err != nil {
					return
				}
			}
		}()
	}
}

// burstsOfPackets hands one large datagram to the loopback, which has to be cut into packets, all of them at once.
func burstsOfPackets(t *testing.T) {
	const packets, size, every = 40, 1000, 10 * time.Millisecond
	if out, err := exec.CommandContext(t.Context(), "ip", "link", "set", "dev", "lo", "gso_max_segs", "1").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	in, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	out, err := net.Dial("udp4", in.LocalAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = in.Close(), out.Close() })
	raw, err := out.(*net.UDPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	if e := raw.Control(func(fd uintptr) { err = unix.SetsockoptInt(int(fd), unix.IPPROTO_UDP, unix.UDP_SEGMENT, size) }); e != nil || err != nil {
		t.Fatal(e, err)
	}
	go func() {
		for b := make([]byte, size); ; {
			if _, _, err := in.ReadFrom(b); err != nil {
				return
			}
		}
	}()
	go func() {
		for b := make([]byte, packets*size); ; time.Sleep(every) {
			if _, err := out.Write(b); err != nil {
				return
			}
		}
	}()
}
