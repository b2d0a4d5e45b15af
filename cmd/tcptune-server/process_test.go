package main

import (
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestServesTheSocketsOfSystemdAndDrains(t *testing.T) {
	t.Parallel()
	l, admin := listen(t), listen(t)
	private := filepath.Join(t.TempDir(), "admin")
	p := launch(t, nil, map[string]*net.TCPListener{"web.socket": l, "admin": admin}, "--protocol", "line", "--admin", private)
	c := dial(t, l.Addr())
	talk(t, c, "hello\n", "echo: hello\n")
	if status, body := get(t, admin.Addr(), "/readyz"); status != 200 {
		t.Errorf("/readyz: %d %s", status, body)
	}
	// Half a line is in flight.
	if _, err := io.WriteString(c, "good"); err != nil {
		t.Fatal(err)
	}
	for !strings.Contains(connections(t, private), "reading") {
		time.Sleep(time.Millisecond)
	}
	p.signal(unix.SIGTERM)
	p.await("STOPPING=1")
	for end := time.Now().Add(patience); ; time.Sleep(time.Millisecond) { // it tells systemd first
		status, _ := get(t, admin.Addr(), "/readyz")
		if status == 503 {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("/readyz while draining: %d", status)
		}
	}
	talk(t, c, "bye\n", "echo: goodbye\n")
	if n, err := c.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("the drained connection is closed with %d bytes, %v", n, err)
	}
	_ = c.Close()
	if code := p.exit(); code != exitDone {
		t.Errorf("exit code %d", code)
	}
}

func connections(t testing.TB, admin string) string {
	t.Helper()
	at := &net.UnixAddr{Net: "unix", Name: admin}
	_, body := get(t, at, "/debug/connz")
	return body
}

func TestProfilesAreForTheOwnUserAndGroupOnly(t *testing.T) {
	t.Parallel()
	private, admin := filepath.Join(t.TempDir(), "admin"), listen(t)
	launch(t, nil, map[string]*net.TCPListener{"x.socket": listen(t), "admin": admin}, "--admin", private)
	if status, body := get(t, &net.UnixAddr{Net: "unix", Name: private}, "/debug/pprof/heap"); status != 200 || body == "" {
		t.Errorf("on the Unix socket: %d", status)
	}
	crashed := launch(t, nil, map[string]*net.TCPListener{"x.socket": listen(t)}, "--admin", private+"2")
	crashed.signal(unix.SIGKILL)
	crashed.exit()
	launch(t, nil, map[string]*net.TCPListener{"x.socket": listen(t)}, "--admin", private+"2") // over what it has left
	if status, _ := get(t, admin.Addr(), "/debug/pprof/heap"); status != 404 {
		t.Errorf("on the loopback: %d", status)
	}
	st, err := os.Stat(private)
	if err != nil || st.Mode().Perm() != 0o660 {
		t.Errorf("the socket has mode %v, %v", st.Mode(), err)
	}
}

func TestASecondSIGTERMEndsAtOnce(t *testing.T) {
	t.Parallel()
	l := listen(t)
	p := launch(t, nil, map[string]*net.TCPListener{"x.socket": l}, "--protocol", "line", "--drain", "1h")
	c := dial(t, l.Addr())
	talk(t, c, "hello\nhal", "echo: hello\n")
	p.signal(unix.SIGTERM)
	p.await("STOPPING=1")
	p.signal(unix.SIGTERM)
	if code := p.exit(); code != exitFailed {
		t.Errorf("exit code %d", code)
	}
}

func TestTheDrainHasADeadline(t *testing.T) {
	t.Parallel()
	l := listen(t)
	p := launch(t, nil, map[string]*net.TCPListener{"x.socket": l}, "--protocol", "line", "--drain", "100ms")
	c := dial(t, l.Addr())
	talk(t, c, "hello\nhal", "echo: hello\n")
	p.signal(unix.SIGTERM)
	if code := p.exit(); code != exitDone {
		t.Errorf("exit code %d", code)
	}
	if said := p.stderr.String(); !strings.Contains(said, "cut=1") {
		t.Errorf("it does not say what it cut:\n%s", said)
	}
}

func TestSIGHUPReadsTheLimitsAgain(t *testing.T) {
	t.Parallel()
	l, admin := listen(t), listen(t)
	file := filepath.Join(t.TempDir(), "limits.yaml")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("max-conns: 7\nidle-timeout: 1m\n")
	p := launch(t, nil, map[string]*net.TCPListener{"x.socket": l, "admin": admin}, "--limits", file)
	maxIs := func(want string) {
		t.Helper()
		if _, body := get(t, admin.Addr(), "/statusz"); !strings.Contains(body, `"max_conns":`+want+`,`) {
			t.Errorf("max_conns is not %s: %s", want, body)
		}
	}
	maxIs("7")
	write("max-conns: 9\n")
	p.signal(unix.SIGHUP)
	if note := p.await("RELOADING=1"); !strings.Contains(note, "MONOTONIC_USEC=") {
		t.Errorf("no time with it: %q", note)
	}
	p.await("READY=1")
	maxIs("9")
	write("max-conns: 11\nnonsense: 1\n")
	p.signal(unix.SIGHUP)
	p.await("RELOADING=1")
	p.await("READY=1")
	maxIs("9")
	if said := p.stderr.String(); !strings.Contains(said, `there is no limit \"nonsense\"`) {
		t.Errorf("it does not say what is wrong:\n%s", said)
	}
}

func TestTheWatchdogIsPinged(t *testing.T) {
	t.Parallel()
	const interval, periods = 2 * time.Second, 3
	for name, full := range map[string]bool{"idle": false, "full": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := listen(t)
			environ := []string{"WATCHDOG_USEC=2000000"}
			p := launch(t, environ, map[string]*net.TCPListener{"x.socket": l}, "--max-conns", "1", "--queue", "1",
				"--queue-timeout", "1h")
			if full {
				talk(t, dial(t, l.Addr()), "served", "served")
				dial(t, l.Addr()) // waits
			}
			// Each period has a ping, or systemd would have killed it. A busy machine is given twice the time.
			last := time.Now()
			for begin := last; time.Since(begin) < periods*interval; last = time.Now() {
				p.await("WATCHDOG=1")
				if late := time.Since(last); late > 2*interval {
					t.Errorf("a ping came after %s", late)
				}
			}
		})
	}
}

func TestWithoutASocketItFails(t *testing.T) {
	t.Parallel()
	p := begin(t, nil, nil)
	if code := p.exit(); code != exitFailed || !strings.Contains(p.stderr.String(), "--listen") {
		t.Errorf("exit code %d, %s", code, p.stderr)
	}
}

func TestRelayGoesThroughThePool(t *testing.T) {
	t.Parallel()
	upstream, l := listen(t), listen(t)
	frames := launch(t, nil, map[string]*net.TCPListener{"u.socket": upstream}, "--protocol", "frame")
	launch(t, nil, map[string]*net.TCPListener{"x.socket": l}, "--protocol", "relay", "--upstream",
		upstream.Addr().String())
	c := dial(t, l.Addr())
	talk(t, c, "\x00\x00\x00\x02hi", "\x00\x00\x00\x02hi")
	frames.signal(unix.SIGKILL)
	frames.exit()
	_ = upstream.Close()
	// A process that another test starts has the listener, too, until it is the program.
	for err := error(nil); !errors.Is(err, unix.ECONNREFUSED); {
		var c net.Conn
		if c, err = net.Dial("tcp", upstream.Addr().String()); err == nil {
			_ = c.Close()
		}
	}
	const failure = `{"error":"no upstream is available","ok":false}`
	talk(t, c, "\x00\x00\x00\x02ho", "\x00\x00\x00"+string(rune(len(failure)))+failure)
}

func TestLimitsOfOneAddressHoldBehindAProxy(t *testing.T) {
	t.Parallel()
	l, admin := listen(t), listen(t)
	p := launch(t, nil, map[string]*net.TCPListener{"x.socket": l, "admin": admin}, "--protocol", "line", "--max-conns", "6",
		"--proxy-from", "127.0.0.0/8")
	from := func(client string) net.Conn {
		c := dial(t, l.Addr())
		if _, err := io.WriteString(c, "PROXY TCP4 "+client+" 198.51.100.1 1 2\r\n"); err != nil {
			t.Fatal(err)
		}
		return c
	}
	for range 3 { // half of six
		talk(t, from("192.0.2.1"), "hello\n", "echo: hello\n")
	}
	ends(t, from("192.0.2.1"), "error: busy\n")
	talk(t, from("192.0.2.2"), "hello\n", "echo: hello\n")
	if _, body := get(t, admin.Addr(), "/metrics"); !strings.Contains(body, `refused_total{reason="client_conns"} 1`) {
		t.Errorf("the metrics do not say why:\n%s", body)
	}
	if said := p.stderr.String(); !strings.Contains(said, "client=192.0.2.1") {
		t.Errorf("the log does not say who:\n%s", said)
	}
}

func TestAnswersThatAreTooLongCloseNoUpstreamForOthers(t *testing.T) {
	t.Parallel()
	upstream, l, admin := listen(t), listen(t), listen(t)
	launch(t, nil, map[string]*net.TCPListener{"u.socket": upstream}, "--protocol", "frame")
	launch(t, nil, map[string]*net.TCPListener{"x.socket": l, "admin": admin}, "--protocol", "relay", "--max-frame", "64",
		"--breaker-least", "1", "--upstream", upstream.Addr().String())
	hostile, honest := dial(t, l.Addr()), dial(t, l.Addr())
	question := framed(`{"op":"stats"}`) // the answer has more than 64 bytes
	for range 10 {
		talk(t, hostile, question, framed(`{"error":"the upstream did not answer","ok":false}`))
		talk(t, honest, framed("hello"), framed("hello"))
	}
	if _, body := get(t, admin.Addr(), "/metrics"); !strings.Contains(body, `breaker_opens_total{upstream="`+upstream.Addr().String()+`"} 0`) {
		t.Errorf("the breaker has opened:\n%s", body)
	}
}
