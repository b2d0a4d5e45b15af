package server

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

const childVariable = "TCPTUNE_TEST_OUT_OF_DESCRIPTORS"

// exhaustedChild is a server with few descriptors, in a process of its own: it tells its address, serves until its
// standard input ends, and then tells what its log and its counters say.
func exhaustedChild(out io.Writer) int {
	var limit unix.Rlimit
	log := &lockedBuffer{}
	err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit)
	limit.Cur = 40
	if err == nil {
		err = unix.Setrlimit(unix.RLIMIT_NOFILE, &limit)
	}
	var l *Listener
	if err == nil {
		l, err = Listen(context.Background(), "127.0.0.1:0", net.KeepAliveConfig{})
	}
	var s *Server
	if err == nil {
		s, err = New(Config{Handler: Messages(line{100}), Limits: DefaultLimits(), Log: slog.New(slog.NewTextHandler(log,
			nil)), Wake: 50 * time.Millisecond, Engine: engineUnderTest()})
	}
	if err != nil {
		fmt.Fprintln(out, err)
		return 1
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	fmt.Fprintln(out, l.Addr())
	_, _ = io.Copy(io.Discard, os.Stdin)
	advancing := s.Advancing(10 * time.Second)
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = s.Shutdown(ctx)
	st := s.Stats()
	fmt.Fprintf(out, "serve=%v advancing=%v errors=%v accepted=%d\n%s", <-served, advancing, st.AcceptErrors > 1,
		st.Accepted, log)
	return 0
}

func TestOutOfDescriptorsItSaysSoOnceAndServesAgain(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	child := exec.CommandContext(t.Context(), self)
	child.Env = append(os.Environ(), childVariable+"=1")
	child.Stderr = os.Stderr
	stdin, err := child.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	output := newLines(stdout)
	r := &room{t: t, addr: output.next(t)}

	var all []*client
	for range 60 { // the kernel completes the handshake also for those that the server cannot accept
		c := r.dial()
		c.say("hello\n")
		all = append(all, c)
	}
	served := 0
	for _, c := range all[:20] {
		c.hears("echo: hello\n")
		served++
	}
	all[59].hearsNothing(time.Second) // meanwhile accept(2) fails, again and again
	for _, c := range all[:30] {
		c.close()
	}
	for _, c := range all[30:] { // and now that there are descriptors again
		c.hears("echo: hello\n")
		c.close()
	}
	r.serves()

	_ = stdin.Close()
	rest := output.rest()
	if err := child.Wait(); err != nil {
		t.Fatalf("%v: %s", err, rest)
	}
	if want := "serve=the server is closed advancing=true errors=true accepted=61\n"; !strings.HasPrefix(rest, want) {
		t.Errorf("got %s\nwant %s", rest, want)
	}
	for _, line := range []string{"cannot accept connections", "too many open files", "accepting connections again"} {
		if n := strings.Count(rest, line); n != 1 {
			t.Errorf("the log has %q %d times, want once:\n%s", line, n, rest)
		}
	}
}

// lines reads the output of a process.
type lines struct {
	from io.Reader
	have bytes.Buffer
}

func newLines(r io.Reader) *lines { return &lines{from: r} }

func (l *lines) next(t *testing.T) string {
	t.Helper()
	for one := make([]byte, 1); ; {
		if _, err := l.from.Read(one); err != nil {
			t.Fatalf("the process has ended: %v, %s", err, l.have.String())
		}
		if one[0] == '\n' {
			defer l.have.Reset()
			return l.have.String()
		}
		l.have.Write(one)
	}
}

func (l *lines) rest() string {
	all, _ := io.ReadAll(l.from)
	return string(all)
}
