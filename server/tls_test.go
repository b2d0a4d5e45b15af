package server

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"
)

// secure is a configuration with a certificate of its own, and what a client needs to believe it.
func secure(t *testing.T, config Config) (Config, *tls.Config) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour),
		DNSNames: []string{"test"},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(certificate)
	config.TLS = &tls.Config{
		Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}},
		MinVersion:   tls.VersionTLS12,
	}
	return config, &tls.Config{RootCAs: roots, ServerName: "test", MinVersion: tls.VersionTLS12}
}

func (r *room) dialTLS(config *tls.Config) *client {
	r.t.Helper()
	c, err := tls.DialWithDialer(&net.Dialer{Timeout: patience}, "tcp", r.addr, config)
	if err != nil {
		r.t.Fatal(err)
	}
	return newClient(r.t, c)
}

func TestMessagesOverTLS(t *testing.T) {
	t.Parallel()
	config, trust := secure(t, Config{Handler: Messages(frame{4 << 20})})
	r := open(t, config)
	c := r.dialTLS(trust)
	for _, n := range []int{0, 1, 100, 16 << 10, 100_000, 4 << 20} {
		frame := framed(strings.Repeat("x", n))
		go func() { _, _ = io.WriteString(c, frame) }()
		c.hears(frame)
	}
	c.close()
	st := r.until("it has ended", func(st Stats) bool { return st.Ended[ClientClosed] == 1 })
	if st.Messages != 6 {
		t.Errorf("%d messages", st.Messages)
	}
}

func TestAClientThatHalfClosesTLSStillGetsItsAnswer(t *testing.T) {
	t.Parallel()
	config, trust := secure(t, Config{})
	r := open(t, config)
	c := r.dialTLS(trust)
	c.say("hello\n")
	_ = c.Conn.(*tls.Conn).CloseWrite()
	c.ends("echo: hello\n") // and a proper end of TLS, or this is an unexpected EOF
	r.ended(ClientClosed, 1)
}

func TestAHandshakeHasItsTime(t *testing.T) {
	t.Parallel()
	const limit = 400 * time.Millisecond
	limits := filled(Limits{ReadTimeout: limit, IdleTimeout: time.Minute})
	config, trust := secure(t, Config{Limits: limits})
	r := open(t, config)
	begin := time.Now()
	silent := r.dial()
	silent.isCut()
	if took := time.Since(begin); took < limit {
		t.Errorf("cut after %v, before %v", took, limit)
	}
	r.ended(SlowRead, 1)
	limits.ReadTimeout = patience // a busy machine needs more for a handshake
	r.limit(limits)
	r.dialTLS(trust).ask("hello")
}

func TestWhatIsNoTLSEndsAndIsNotReset(t *testing.T) {
	t.Parallel()
	config, trust := secure(t, Config{})
	r := open(t, config)
	c := r.dial()
	c.say("hello, is this plain text? " + strings.Repeat("x", 10_000) + "\n")
	c.ends("")
	r.ended(BadTLS, 1)
	r.dialTLS(trust).ask("hello")
}

func TestAnOldTLSIsToldWhy(t *testing.T) {
	t.Parallel()
	config, trust := secure(t, Config{})
	r := open(t, config)
	old := trust.Clone()
	old.MinVersion, old.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
	c := newClient(t, tls.Client(r.dial().Conn, old))
	if _, err := io.WriteString(c, "hello\n"); err == nil || !strings.Contains(err.Error(), "protocol version") {
		t.Errorf("got %v, want an alert about the protocol version", err)
	}
	c.close()
	r.ended(BadTLS, 1)
	r.dialTLS(trust).ask("hello")
}

func TestTLSIsIdleAndIsSlowLikeAnyOther(t *testing.T) {
	t.Parallel()
	config, trust := secure(t, Config{})
	r := open(t, config)
	idle, half := r.dialTLS(trust), r.dialTLS(trust)
	idle.ask("hello")
	half.say("half a ")
	r.until("one reads", func(Stats) bool { s := r.states(); return s["reading"] == 1 && s["waiting"] == 1 })
	r.limit(Limits{
		IdleTimeout: 300 * time.Millisecond,
		ReadTimeout: time.Hour,
	}) // only now: a busy machine takes its time for a handshake
	idle.isCut()
	r.ended(Idle, 1)
	r.limit(Limits{IdleTimeout: time.Hour, ReadTimeout: 300 * time.Millisecond})
	half.isCut()
	r.until("it was slow", func(st Stats) bool { return st.Ended[SlowRead] == 1 })
}

func TestADrainOfTLS(t *testing.T) {
	t.Parallel()
	config, trust := secure(t, Config{})
	r := open(t, config)
	idle, half, fresh, shaking := r.dialTLS(trust), r.dialTLS(trust), r.dialTLS(trust), r.dial()
	idle.ask("hello")
	half.ask("hello")
	half.say("half a ")
	r.until("all are served", func(st Stats) bool {
		s := r.states()
		return s["handshake"] == 1 && s["reading"] == 1 && s["waiting"] == 2
	})
	done := r.drain(patience)

	idle.say("hello again\n")
	idle.ends("echo: hello again\n")
	half.say("line\n")
	half.ends("echo: half a line\n")
	late := newClient(t, tls.Client(shaking.Conn, trust)) // it shakes hands only now
	late.say("my first words\n")
	late.ends("echo: my first words\n")
	fresh.say("me too\n")
	fresh.ends("echo: me too\n")
	if cut := <-done; cut != 0 {
		t.Errorf("%d were cut", cut)
	}
	r.ended(Drained, 4)
}

// halting is a connection whose first bytes go at once, and the others later.
type halting struct {
	net.Conn
	others chan struct{}
}

func (h *halting) Write(b []byte) (int, error) {
	n, err := h.Conn.Write(b[:min(len(b), 10)])
	if err != nil || n == len(b) {
		return n, err
	}
	<-h.others
	more, err := h.Conn.Write(b[n:])
	return n + more, err
}

func TestADrainWaitsForAHandshakeThatHasBegun(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it takes more than the five seconds that a silent client has")
	}
	config, trust := secure(t, Config{})
	r := open(t, config)
	slow, late := &halting{r.dial().Conn, make(chan struct{})}, &halting{r.dial().Conn, make(chan struct{})}
	asked := make(chan error, 2)
	ask := func(h *halting) {
		c := tls.Client(h, trust)
		_, err := io.WriteString(c, "hello\n")
		if err == nil {
			_, err = io.ReadFull(c, make([]byte, len("echo: hello\n")))
		}
		asked <- err
	}
	go ask(slow)
	r.until("both are served", func(Stats) bool { return r.states()["handshake"] == 2 })
	done := r.drain(patience)
	go ask(late) // in the time of grace
	time.Sleep(idleGrace + time.Second)
	for _, h := range []*halting{slow, late} {
		close(h.others)
		if err := <-asked; err != nil {
			t.Errorf("a client: %v", err)
		}
	}
	if cut := <-done; cut != 0 {
		t.Errorf("%d were cut", cut)
	}
}

func TestADrainEndsAHandshakeThatNeverComes(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it takes five seconds, which the server waits for")
	}
	config, _ := secure(t, Config{})
	r := open(t, config)
	silent := r.dial()
	r.until("it is served", func(Stats) bool { return r.states()["handshake"] == 1 })
	done := r.drain(patience)
	silent.isCut()
	if cut := <-done; cut != 0 {
		t.Errorf("%d were cut", cut)
	}
	r.ended(Drained, 1)
}
