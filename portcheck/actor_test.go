package portcheck

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strconv"
	"strings"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/internal/host"
)

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
