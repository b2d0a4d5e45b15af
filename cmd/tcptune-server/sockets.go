package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-systemd/v22/activation"
	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/server"
)

// sockets are what is listened on.
type sockets struct {
	serve []*server.Listener
	admin []net.Listener // of TCP and of Unix, at most one of each
}

// adminName is the FileDescriptorName= of the admin socket, see systemd.socket(5).
const adminName = "admin"

// firstWords is how long a client of a socket that is handed over may be silent in its queue; then it is accepted.
const firstWords = 10 * time.Second

// openSockets takes over the sockets that systemd passes, and opens those of the command line.
func openSockets(ctx context.Context, o options) (s sockets, err error) {
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	for _, f := range activation.Files(true) {
		l, err := server.FileListener(f)
		_ = f.Close()
		switch {
		case err != nil:
			return s, err
		case f.Name() != adminName:
			s.serve = append(s.serve, l)
			if err := l.AwaitWords(firstWords); err != nil && !isUnix(l) {
				return s, fmt.Errorf("cannot use %s: %w", l.Addr(), err)
			}
		default:
			s.admin = append(s.admin, l)
		}
	}
	for _, address := range o.listen {
		l, err := server.Listen(ctx, address, keepAlive())
		if err != nil {
			return s, fmt.Errorf("cannot listen: %w", err)
		}
		s.serve = append(s.serve, l)
	}
	for _, address := range o.admin {
		l, err := listenAdmin(ctx, address)
		if err != nil {
			return s, fmt.Errorf("cannot listen: %w", err)
		}
		s.admin = append(s.admin, l)
	}
	for i, l := range s.admin {
		if slices.ContainsFunc(s.admin[:i], func(other net.Listener) bool { return isUnix(other) == isUnix(l) }) {
			return s, errors.New("cannot serve two admin sockets of the same kind")
		}
	}
	if len(s.serve) == 0 {
		return s, errNoSocket
	}
	return s, nil
}

// setBacklog changes the queues of the sockets where they are, so that nobody who waits in one is lost.
func (s sockets) setBacklog(n int) error {
	for _, l := range s.serve {
		if n == 0 {
			break
		}
		if err := l.SetBacklog(n); err != nil {
			return fmt.Errorf("cannot set the backlog of %s: %w", l.Addr(), err)
		}
	}
	return nil
}

// listenAdmin opens a Unix socket for the own user and group only, in a folder that nobody else may write to: a file
// has its mode from the beginning, by the umask.
func listenAdmin(ctx context.Context, address string) (net.Listener, error) {
	if !isPath(address) {
		return server.Listen(ctx, address, keepAlive())
	}
	former := unix.Umask(0o117)
	defer unix.Umask(former)
	var config net.ListenConfig
	l, err := config.Listen(ctx, "unix", address)
	if errors.Is(err, unix.EADDRINUSE) && isAbandoned(ctx, address) {
		if err := os.Remove(address); err != nil {
			return nil, err
		}
		l, err = config.Listen(ctx, "unix", address)
	}
	return l, err
}

// isAbandoned tells whether a Unix socket is what a process has left that was killed.
func isAbandoned(ctx context.Context, path string) bool {
	c, err := new(net.Dialer).DialContext(ctx, "unix", path)
	if err == nil {
		_ = c.Close()
	}
	return errors.Is(err, unix.ECONNREFUSED)
}

func isUnix(l net.Listener) bool { return l.Addr().Network() == "unix" }

var errNoSocket = errors.New("cannot serve: systemd has passed no socket, and there is no --listen")

// keepAlive of sockets that we open ourselves: a client that has vanished is noticed after 5 minutes.
func keepAlive() net.KeepAliveConfig {
	return net.KeepAliveConfig{Enable: true, Idle: 4 * time.Minute, Interval: 15 * time.Second, Count: 4}
}

func (s sockets) close() {
	for _, l := range s.serve {
		_ = l.Close()
	}
	for _, l := range s.admin {
		_ = l.Close()
	}
}

// addresses are for the log.
func (s sockets) addresses() string {
	var all []string
	for _, l := range s.serve {
		all = append(all, l.Addr().String())
	}
	return strings.Join(all, " ")
}

func lookup(environ []string, key string) (value string) {
	for _, variable := range environ {
		if v, ok := strings.CutPrefix(variable, key+"="); ok {
			value = v
		}
	}
	return value
}
