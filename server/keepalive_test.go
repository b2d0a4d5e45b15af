package server

import (
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// options are those of a socket that connections inherit, see tcp(7).
type options struct{ KeepAlive, Idle, Interval, Count, NoDelay int }

func optionsOf(t *testing.T, c syscall.Conn) (o options) {
	t.Helper()
	raw, err := c.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	err = raw.Control(func(fd uintptr) {
		for _, one := range []struct {
			level, name int
			to          *int
		}{
			{unix.SOL_SOCKET, unix.SO_KEEPALIVE, &o.KeepAlive},
			{unix.IPPROTO_TCP, unix.TCP_KEEPIDLE, &o.Idle},
			{unix.IPPROTO_TCP, unix.TCP_KEEPINTVL, &o.Interval},
			{unix.IPPROTO_TCP, unix.TCP_KEEPCNT, &o.Count},
			{unix.IPPROTO_TCP, unix.TCP_NODELAY, &o.NoDelay},
		} {
			var err error
			if *one.to, err = unix.GetsockoptInt(int(fd), one.level, one.name); err != nil {
				t.Error(err)
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// accepted is a connection as the server got it.
func accepted(t *testing.T, l net.Listener) syscall.Conn {
	t.Helper()
	client, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c.(syscall.Conn)
}

func TestConnectionsInheritWhatListenSets(t *testing.T) {
	t.Parallel()
	byDefault := func() options { // what the kernel, here and now, gives a socket that nobody asked anything of
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer unix.Close(fd)
		idle, _ := unix.GetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_KEEPIDLE)
		interval, _ := unix.GetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_KEEPINTVL)
		count, _ := unix.GetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_KEEPCNT)
		return options{Idle: idle, Interval: interval, Count: count, NoDelay: 1}
	}()
	with := func(change func(*options)) options {
		o := byDefault
		change(&o)
		return o
	}
	for _, tt := range []struct {
		name string
		ka   net.KeepAliveConfig
		want options
	}{
		{"none", net.KeepAliveConfig{}, byDefault},
		{"none, whatever else is said", net.KeepAliveConfig{Idle: time.Minute}, byDefault},
		{"the kernel's", net.KeepAliveConfig{Enable: true}, with(func(o *options) { o.KeepAlive = 1 })},
		{
			"its own",
			net.KeepAliveConfig{Enable: true, Idle: 77 * time.Second, Interval: 13 * time.Second, Count: 4},
			options{KeepAlive: 1, Idle: 77, Interval: 13, Count: 4, NoDelay: 1},
		},
		{
			"less than a second",
			net.KeepAliveConfig{Enable: true, Idle: time.Millisecond, Interval: 1500 * time.Millisecond, Count: 1},
			options{KeepAlive: 1, Idle: 1, Interval: 2, Count: 1, NoDelay: 1},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l, err := Listen(t.Context(), "127.0.0.1:0", tt.ka)
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			if diff := cmp.Diff(tt.want, optionsOf(t, accepted(t, l))); diff != "" {
				t.Errorf("options (-want +got):\n%s", diff)
			}
		})
	}
}

func TestConnectionsInheritWhatAPassedSocketHas(t *testing.T) {
	t.Parallel()
	for _, want := range []options{
		{KeepAlive: 1, Idle: 91, Interval: 17, Count: 3, NoDelay: 1},
		{KeepAlive: 0, Idle: 91, Interval: 17, Count: 3, NoDelay: 0},
	} {
		socket := listen(t)
		defer socket.Close()
		raw, err := socket.(*net.TCPListener).SyscallConn()
		if err != nil {
			t.Fatal(err)
		}
		_ = raw.Control(func(fd uintptr) {
			for name, value := range map[int]int{
				unix.TCP_KEEPIDLE: want.Idle, unix.TCP_KEEPINTVL: want.Interval, unix.TCP_KEEPCNT: want.Count,
				unix.TCP_NODELAY: want.NoDelay,
			} {
				if err := unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, name, value); err != nil {
					t.Error(err)
				}
			}
			if err := unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_KEEPALIVE, want.KeepAlive); err != nil {
				t.Error(err)
			}
		})
		f, err := socket.(*net.TCPListener).File()
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		l, err := FileListener(f)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		if diff := cmp.Diff(want, optionsOf(t, accepted(t, l))); diff != "" {
			t.Errorf("options (-want +got):\n%s", diff)
		}
	}
}

func TestListenIsPlainTCP(t *testing.T) {
	t.Parallel()
	l, err := Listen(t.Context(), "127.0.0.1:0", net.KeepAliveConfig{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	protocol := -1
	if err := l.raw.Control(func(fd uintptr) {
		protocol, err = unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_PROTOCOL)
	}); err != nil {
		t.Fatal(err)
	}
	if err != nil || protocol != unix.IPPROTO_TCP {
		t.Errorf("the protocol is %d (%v), want that of TCP, %d", protocol, err, unix.IPPROTO_TCP)
	}
}

func TestWhatIsNoListeningSocketIsRefused(t *testing.T) {
	t.Parallel()
	a, b, err := pair(t)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	defer b.Close()
	f, err := b.(*net.TCPConn).File()
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if l, err := FileListener(f); err == nil {
		_, err = l.Accept()
		_ = l.Close()
		if err == nil {
			t.Error("a connection was taken for a listening socket")
		}
	}
}

func pair(t *testing.T) (client, server net.Conn, err error) {
	t.Helper()
	l := listen(t)
	defer l.Close()
	if client, err = net.Dial("tcp", l.Addr().String()); err != nil {
		return nil, nil, err
	}
	server, err = l.Accept()
	return client, server, err
}
