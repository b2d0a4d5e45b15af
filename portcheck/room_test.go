package portcheck

import (
	"bufio"
	"bytes"
	"context"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/internal/host"
)

const (
	inRoom = "PORTCHECK_ROOM"  // tells the copy of a test that it runs in a room
	asRole = "PORTCHECK_ACTOR" // tells a copy of this binary what to play, see actors
	// patience is how long a test waits for what must come, however slow the machine is.
	patience = 2 * time.Minute
)

func TestMain(m *testing.M) {
	if role := os.Getenv(asRole); role != "" {
		act(strings.Fields(role))
	}
	os.Exit(m.Run())
}

// room is a network namespace, a PID namespace and a /proc of its own for one test: whatever it starts ends with it,
// and nothing that it frees or kills can be outside.
type room struct{ *testing.T }

// enter runs the calling test again, in a room. There it returns the room; outside ok is false.
func enter(t *testing.T) (r room, ok bool) {
	t.Helper()
	if os.Getenv(inRoom) != "" {
		r = room{t}
		r.must(unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""))
		r.must(unix.Mount("proc", "/proc", "proc", 0, ""))
		r.must(exec.Command("ip", "link", "set", "lo", "up").Run())
		return r, true
	}
	if os.Geteuid() != 0 {
		t.Skip("real processes and sockets in namespaces need root")
	}
	if testing.Short() {
		t.Skip("real processes and sockets are not tried with -short")
	}
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 4*patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "/proc/self/exe", "-test.run=^"+t.Name()+"$", "-test.count=1", "-test.v")
	cmd.Args[0] = os.Args[0]
	cmd.Env = append(os.Environ(), inRoom+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWNS | syscall.CLONE_NEWPID, Setsid: true}
	cmd.WaitDelay = time.Second
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		t.Errorf("in its room: %v\n%s", err, out.String())
	} else if testing.Verbose() {
		t.Log(out.String())
	}
	return room{}, false
}

func (r room) must(err error) {
	r.Helper()
	if err != nil {
		r.Fatal(err)
	}
}

// socket makes a socket by hand. The caller hands it to a process and closes it.
func (r room) socket(protocol Protocol, at string, options ...func(fd int) error) *os.File {
	r.Helper()
	address, err := net.ResolveTCPAddr("tcp", at)
	r.must(err)
	family, kind := unix.AF_INET6, unix.SOCK_STREAM
	var to unix.Sockaddr = &unix.SockaddrInet6{Port: address.Port, Addr: [16]byte(address.IP.To16())}
	if four := address.IP.To4(); four != nil {
		family = unix.AF_INET
		to = &unix.SockaddrInet4{Port: address.Port, Addr: [4]byte(four)}
	}
	if protocol == UDP {
		kind = unix.SOCK_DGRAM
	}
	fd, err := unix.Socket(family, kind|unix.SOCK_CLOEXEC, 0)
	r.must(err)
	for _, option := range options {
		r.must(option(fd))
	}
	r.must(unix.Bind(fd, to))
	return os.NewFile(uintptr(fd), at)
}

func on(level, option int) func(fd int) error {
	return func(fd int) error { return unix.SetsockoptInt(fd, level, option, 1) }
}

// The options of sockets.
var (
	reuseAddr = on(unix.SOL_SOCKET, unix.SO_REUSEADDR)
	reusePort = on(unix.SOL_SOCKET, unix.SO_REUSEPORT)
	v6Only    = on(unix.IPPROTO_IPV6, unix.IPV6_V6ONLY)
)

func (r room) listener(at string, options ...func(fd int) error) *os.File {
	r.Helper()
	f := r.socket(TCP, at, options...)
	r.must(unix.Listen(int(f.Fd()), 16))
	return f
}

// mapped listens on an IPv4 address in the form of IPv6.
func (r room) mapped(at string) *os.File {
	r.Helper()
	address := netip.MustParseAddrPort(at)
	fd, err := unix.Socket(unix.AF_INET6, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	r.must(err)
	r.must(unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, 0))
	r.must(unix.Bind(fd, &unix.SockaddrInet6{Port: int(address.Port()), Addr: address.Addr().As16()}))
	r.must(unix.Listen(fd, 16))
	return os.NewFile(uintptr(fd), at)
}

// proc is a process that the test has started.
type proc struct {
	*exec.Cmd
	ended chan struct{}
}

// keeper starts a process that does nothing but hold the sockets, from descriptor 3 on. They are closed here.
func (r room) keeper(sockets ...*os.File) proc {
	r.Helper()
	return r.start(exec.Command("sleep", "1000"), sockets...)
}

func (r room) start(cmd *exec.Cmd, sockets ...*os.File) proc {
	r.Helper()
	cmd.ExtraFiles = sockets
	r.must(cmd.Start())
	for _, f := range sockets {
		r.must(f.Close())
	}
	p := proc{cmd, make(chan struct{})}
	go func() {
		_ = cmd.Wait()
		close(p.ended)
	}()
	return p
}

// actor starts a copy of this binary in a role, and waits until it says that it is ready.
func (r room) actor(role string, change func(*exec.Cmd)) proc {
	r.Helper()
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), asRole+"="+role)
	out, err := cmd.StdoutPipe()
	r.must(err)
	if change != nil {
		change(cmd)
	}
	r.must(cmd.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		r.Fatalf("actor %q: %v", role, err)
	}
	if line != "ready\n" {
		r.Fatalf("actor %q says %q", role, line)
	}
	p := proc{cmd, make(chan struct{})}
	go func() {
		_ = cmd.Wait()
		close(p.ended)
	}()
	return p
}

func (p proc) pid() int { return p.Process.Pid }

func (p proc) lives() bool {
	select {
	case <-p.ended:
		return false
	default:
		return unix.Kill(p.Process.Pid, 0) == nil
	}
}

func (p proc) kill(t testing.TB) {
	t.Helper()
	_ = p.Process.Kill()
	p.awaitEnd(t)
}

func (p proc) awaitEnd(t testing.TB) {
	t.Helper()
	select {
	case <-p.ended:
	case <-time.After(patience / 2):
		t.Fatalf("process %d does not end", p.pid())
	}
}

func ports(protocol Protocol, low, high uint16) []Range { return []Range{{protocol, low, high}} }

func (r room) look(q Query) (*View, Survey) {
	r.Helper()
	v, err := Open(host.Host{}, "")
	r.must(err)
	r.Cleanup(v.Close)
	s, err := v.Observe(r.Context(), q)
	r.must(err)
	return v, s
}

// usual is how --kill frees ports without other flags, but in less time.
func usual() Order { return Order{Grace: 5 * time.Second, Signal: unix.SIGTERM, Settle: true} }

// free frees ports, and returns what was done and what came of it.
func (r room) free(ranges []Range, order Order) ([]Act, []Verdict) {
	r.Helper()
	v, s := r.look(Query{Ranges: ranges, Thorough: true, Around: true})
	acts, notes, err := v.Plan(r.Context(), &s, order)
	r.must(err)
	if len(notes) > 0 {
		r.Logf("notes: %q", notes)
	}
	acts, err = v.FreeAll(r.Context(), s, acts, order)
	r.must(err)
	verdicts, _, err := v.Prove(r.Context(), s, acts, order)
	r.must(err)
	return acts, verdicts
}

func owners(s Survey) (list []int) {
	for _, h := range s.Holders {
		for _, o := range h.Owners {
			list = append(list, o.Pid)
		}
	}
	return list
}
