package main

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// asProgram tells a copy of this test binary to be tcptune-server.
const asProgram = "TCPTUNE_TEST_PROGRAM"

// openFiles is that copy's limit of descriptors.
const openFiles = "TCPTUNE_TEST_OPEN_FILES"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) == "" {
		os.Exit(m.Run())
	}
	_ = os.Unsetenv(asProgram)
	if files, err := strconv.ParseUint(os.Getenv(openFiles), 10, 64); err == nil {
		_ = unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: files, Max: files})
	}
	if os.Getenv("LISTEN_FDS") != "" { // systemd knows the pid before it starts a program
		_ = os.Setenv("LISTEN_PID", strconv.Itoa(os.Getpid()))
	}
	os.Exit(run(context.Background(), os.Args[1:], os.Environ(), os.Stdout, os.Stderr))
}

// patience is how long a test waits for what must come, however slow the machine is.
const patience = time.Minute

// process is a running tcptune-server.
type process struct {
	testing.TB
	cmd    *exec.Cmd
	notes  *net.UnixConn // what it tells systemd
	stderr *lockedBuffer
	ended  chan struct{}
}

type lockedBuffer struct {
	mu  sync.Mutex
	all bytes.Buffer // not embedded: its ReadFrom would go around the lock
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.all.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.all.String()
}

// launch starts the program with a socket of systemd's for each listener, and waits until it is ready.
func launch(t testing.TB, environ []string, listeners map[string]*net.TCPListener, args ...string) *process {
	t.Helper()
	p := begin(t, environ, listeners, args...)
	p.await("READY=1")
	return p
}

// says waits until the program has logged text n times.
func (p *process) says(text string, n int) {
	p.Helper()
	for end := time.Now().Add(time.Minute); strings.Count(p.stderr.String(), text) < n; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			p.Fatalf("%q is not said %d times: %s", text, n, p.stderr)
		}
	}
}

func begin(t testing.TB, environ []string, listeners map[string]*net.TCPListener, args ...string) *process {
	t.Helper()
	path := filepath.Join(t.TempDir(), "notify")
	notes, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = notes.Close() })
	p := &process{TB: t, notes: notes, stderr: &lockedBuffer{}, ended: make(chan struct{})}
	p.cmd = exec.Command("/proc/self/exe", args...)
	p.cmd.Env = append([]string{asProgram + "=1", "NOTIFY_SOCKET=" + path}, environ...)
	p.cmd.Stderr = p.stderr
	var names []string
	for name, l := range listeners {
		f, err := l.File()
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		p.cmd.ExtraFiles = append(p.cmd.ExtraFiles, f)
		names = append(names, name)
	}
	if names != nil {
		p.cmd.Env = append(p.cmd.Env, "LISTEN_FDS="+strconv.Itoa(len(names)), "LISTEN_FDNAMES="+strings.Join(names, ":"))
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = p.cmd.Wait()
		close(p.ended)
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		<-p.ended
		if t.Failed() {
			t.Logf("the program says:\n%s", p.stderr)
		}
	})
	return p
}

// await waits until the program tells systemd something that contains text, and returns it.
func (p *process) await(text string) string {
	p.Helper()
	_ = p.notes.SetReadDeadline(time.Now().Add(patience))
	b := make([]byte, 4096)
	for {
		n, err := p.notes.Read(b)
		if err != nil {
			p.Fatalf("waited in vain for %s: %v", text, err)
		}
		if strings.Contains(string(b[:n]), text) {
			return string(b[:n])
		}
	}
}

func (p *process) signal(s unix.Signal) {
	p.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.Fatal(err)
	}
}

// exit waits for the end, and returns the exit code.
func (p *process) exit() int {
	p.Helper()
	select {
	case <-p.ended:
	case <-time.After(patience):
		p.Fatal("the program does not end")
	}
	return p.cmd.ProcessState.ExitCode()
}

func listen(t testing.TB) *net.TCPListener {
	t.Helper()
	l, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func dial(t testing.TB, to net.Addr) *net.TCPConn {
	t.Helper()
	c, err := net.DialTimeout("tcp", to.String(), patience)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(patience))
	return c.(*net.TCPConn)
}

// talk sends a text and reads an answer of the same length as want.
func talk(t testing.TB, c net.Conn, text, want string) {
	t.Helper()
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, len(want))
	if n, err := io.ReadFull(c, got); err != nil || string(got) != want {
		t.Fatalf("%q is answered with %q (%v), not %q", text, got[:n], err, want)
	}
}

func get(t testing.TB, at net.Addr, path string) (status int, body string) {
	t.Helper()
	client := http.Client{Timeout: patience, Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, at.Network(), at.String())
		},
	}}
	answer, err := client.Get("http://localhost" + path)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}
