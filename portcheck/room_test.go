package portcheck

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

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

// act plays a role in a process of its own. It never returns.
func act(role []string) {
	fail := func(err error) {
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
	}
	ready := func() { fmt.Println("ready") }
	// The caller defers Close, although no role returns: Go closes a listener that nobody can reach any more.
	listen := func(address string) net.Listener {
		l, err := net.Listen("tcp", address)
		fail(err)
		return l
	}
	switch role[0] {
	case "listen": // listen ADDRESS
		defer listen(role[1]).Close()
		ready()
	case "saving": // saving ADDRESS: SIGTERM closes the socket, and does not end the process
		l := listen(role[1])
		term := make(chan os.Signal, 1)
		signal.Notify(term, unix.SIGTERM)
		ready()
		<-term
		fail(l.Close())
	case "ring": // ring ADDRESS: the socket is in the table of an io_uring alone
		f, err := fileOfListener(role[1])
		fail(err)
		var params [120]byte // struct io_uring_params
		ring, _, errno := unix.Syscall(unix.SYS_IO_URING_SETUP, 4, uintptr(unsafe.Pointer(&params)), 0)
		if errno != 0 {
			fail(errno)
		}
		const registerFiles = 2
		files := []int32{int32(f.Fd())}
		if _, _, errno := unix.Syscall6(unix.SYS_IO_URING_REGISTER, ring, registerFiles, uintptr(unsafe.Pointer(&files[0])), 1, 0, 0); errno != 0 {
			fail(errno)
		}
		fail(f.Close())
		ready()
	case "passer": // passer ADDRESS: two processes hand the socket to and fro
		f, err := fileOfListener(role[1])
		fail(err)
		pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
		fail(err)
		peer := exec.Command("/proc/self/exe")
		peer.Env = append(os.Environ(), asRole+"=catcher")
		peer.ExtraFiles = []*os.File{os.NewFile(uintptr(pair[1]), "peer")}
		fail(peer.Start())
		fail(unix.Close(pair[1]))
		ready()
		fail(unix.Sendmsg(pair[0], []byte("x"), unix.UnixRights(int(f.Fd())), nil, 0))
		fail(f.Close())
		pass(pair[0])
	case "catcher":
		pass(3)
	case "afloat": // afloat ADDRESS: the socket is sent to a Unix socket of its own, and not received
		f, err := fileOfListener(role[1])
		fail(err)
		pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
		fail(err)
		fail(unix.Sendmsg(pair[0], []byte("x"), unix.UnixRights(int(f.Fd())), nil, 0))
		fail(f.Close())
		ready()
	case "dial": // dial LOCAL REMOTE: the connection is closed when it breaks, and the process goes on
		local, err := net.ResolveTCPAddr("tcp", role[1])
		fail(err)
		c, err := (&net.Dialer{LocalAddr: local}).Dial("tcp", role[2])
		fail(err)
		ready()
		_, _ = c.Read(make([]byte, 1))
		fail(c.Close())
	case "mover": // mover ADDRESS: the socket is on another descriptor every millisecond
		f, err := fileOfListener(role[1])
		fail(err)
		ready()
		for at := int(f.Fd()); ; time.Sleep(time.Millisecond) {
			next, err := unix.FcntlInt(uintptr(at), unix.F_DUPFD_CLOEXEC, 10+(at+7)%90)
			fail(err)
			fail(unix.Close(at))
			at = next
		}
	case "forker": // forker ADDRESS COUNT: so many children get the socket, one every two milliseconds, and stay
		f, err := fileOfListener(role[1])
		fail(err)
		ready()
		for n, _ := strconv.Atoi(role[2]); n > 0; n-- {
			cmd := exec.Command("sleep", "1000")
			cmd.ExtraFiles = []*os.File{f}
			fail(cmd.Start())
			time.Sleep(2 * time.Millisecond)
		}
	case "range": // range LOW COUNT
		low, _ := strconv.Atoi(role[1])
		count, _ := strconv.Atoi(role[2])
		for port := low; port < low+count; port++ {
			defer listen(":" + strconv.Itoa(port)).Close()
		}
		ready()
	case "unproven": // unproven PORT: whether a UDP port is free is not known
		port, _ := strconv.Atoi(role[1])
		v, err := Open(host.Host{}, "")
		fail(err)
		blocked := v.Blocked(context.Background(), Survey{Query: Query{Ranges: ports(UDP, uint16(port), uint16(port))}})
		if len(blocked) != 1 || !blocked[0].Unproven {
			fail(fmt.Errorf("it says %+v", blocked))
		}
		ready()
	case "accepter": // accepter ADDRESS [term]: close what a thread waits on in accept(2), now or after SIGTERM
		f, err := fileOfListener(role[1])
		fail(err)
		fd := int(f.Fd())
		closing := make(chan os.Signal, 1)
		signal.Notify(closing, unix.SIGTERM)
		go func() {
			_, _, _ = unix.Accept(fd)
		}()
		time.Sleep(300 * time.Millisecond)
		if len(role) < 3 {
			fail(unix.Close(fd))
		}
		ready()
		for range closing {
			_ = unix.Close(fd)
		}
	case "late": // late ADDRESS: listen after a while
		time.Sleep(10 * time.Second)
		defer listen(role[1]).Close()
	case "supervise": // supervise ADDRESS PAUSE [late]: start a listener, or then a late one, whenever it ends
		pause, err := time.ParseDuration(role[2])
		fail(err)
		for first := true; ; first = false {
			cmd := exec.Command("/proc/self/exe")
			again := "listen "
			if !first && len(role) > 3 {
				again = role[3] + " "
			}
			cmd.Env = append(os.Environ(), asRole+"="+again+role[1])
			out, err := cmd.StdoutPipe()
			fail(err)
			fail(cmd.Start())
			line, _ := bufio.NewReader(out).ReadString('\n')
			if first {
				fmt.Print(line)
			}
			_ = cmd.Wait()
			time.Sleep(pause)
		}
	case "observe": // observe PORT: what is seen of it
		port, _ := strconv.Atoi(role[1])
		v, err := Open(host.Host{}, "")
		fail(err)
		s, err := v.Observe(context.Background(), Query{Ranges: ports(TCP, uint16(port), uint16(port)), Thorough: true})
		fail(err)
		if len(s.Holders) != 1 || !strings.HasPrefix(s.Holders[0].Reason, NotVisible+": ") || s.Hidden == nil {
			fail(errors.New("it sees " + strconv.Itoa(len(s.Holders)) + " holders"))
		}
		ready()
	case "free": // free PORT: what is seen of it, and free it if that is allowed
		port, _ := strconv.Atoi(role[1])
		v, err := Open(host.Host{}, "")
		fail(err)
		s, err := v.Observe(context.Background(), Query{Ranges: ports(TCP, uint16(port), uint16(port)), Thorough: true, Around: true})
		fail(err)
		order := usual()
		order.Settle = false
		acts, _, err := v.Plan(context.Background(), &s, order)
		fail(err)
		var said sight
		if err := v.Allowed(context.Background(), s, acts); err != nil {
			said.Refused = err.Error()
		} else {
			v.Free(context.Background(), acts, order)
		}
		for _, h := range s.Holders {
			said.Sockets = append(said.Sockets, seen{h.Inode, owners(Survey{Holders: []Holder{h}}), h.Veiled, h.Reason})
		}
		fail(json.NewEncoder(os.Stdout).Encode(said))
		os.Exit(0)
	case "leaderless": // leaderless ADDRESS: the first thread ends, another one lives on
		runtime.LockOSThread()
		if unix.Gettid() != os.Getpid() { // which of its threads Go runs this on is luck: it begins anew until it is the first
			fail(unix.Exec("/proc/self/exe", os.Args, os.Environ()))
		}
		go func() {
			defer listen(role[1]).Close()
			ready()
			wait()
		}()
		unix.RawSyscall(unix.SYS_EXIT, 0, 0, 0) //nolint:errcheck // does not return
	default:
		fail(errors.New("unknown role " + role[0]))
	}
	wait()
}

// fileOfListener is a socket that listens, of which Go has no other descriptor.
func fileOfListener(address string) (*os.File, error) {
	if address == "fd:3" {
		unix.CloseOnExec(3)
		return os.NewFile(3, address), nil
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	f, err := l.(*net.TCPListener).File()
	return f, errors.Join(err, l.Close())
}

// pass hands on what it receives, after a moment. Once there is nobody to hand it to, it keeps it.
func pass(fd int) {
	for oob := make([]byte, unix.CmsgSpace(4)); ; {
		_, n, _, _, err := unix.Recvmsg(fd, make([]byte, 1), oob, unix.MSG_CMSG_CLOEXEC)
		if err != nil || n == 0 {
			return
		}
		messages, err := unix.ParseSocketControlMessage(oob[:n])
		if err != nil {
			return
		}
		got, err := unix.ParseUnixRights(&messages[0])
		if err != nil {
			return
		}
		time.Sleep(time.Millisecond)
		if unix.Sendmsg(fd, []byte("x"), unix.UnixRights(got[0]), nil, 0) != nil {
			return
		}
		_ = unix.Close(got[0])
		time.Sleep(time.Millisecond)
	}
}

// wait never returns. An empty select would end the process as deadlocked: Go does not count what nobody reads from.
func wait() {
	for {
		_ = unix.Pause()
	}
}
