package server

import (
	"bytes"
	"crypto/tls"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

const (
	v1        = "PROXY TCP4 192.0.2.7 198.51.100.1 56324 443\r\n"
	v1Of6     = "PROXY TCP6 2001:db8::7 2001:db8::1 56324 443\r\n"
	v1Unknown = "PROXY UNKNOWN\r\n"
)

// v2 is a header of version 2: what it says (1 for a client, 0 for itself), family and protocol, and what follows.
func v2(command, family byte, rest string) string {
	head := "\r\n\r\n\x00\r\nQUIT\n" + string([]byte{0x20 | command, family})
	return head + string(binary.BigEndian.AppendUint16(nil, uint16(len(rest)))) + rest
}

const v2Addresses = "\xc0\x00\x02\x07\xc6\x33\x64\x01\xdc\x04\x01\xbb" // 192.0.2.7:56324 to 198.51.100.1:443

// behind is a room that trusts the loopback, where tests come from.
func behind(t *testing.T, config Config) *room {
	t.Helper()
	config.ProxyFrom = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	return open(t, config)
}

func TestAHeaderSaysWhoseConnectionItIs(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ header, remote string }{
		"version 1":            {v1, "192.0.2.7:56324"},
		"version 1, IPv6":      {v1Of6, "[2001:db8::7]:56324"},
		"version 1, unknown":   {v1Unknown, "127.0.0.1:"},
		"version 2":            {v2(1, 0x11, v2Addresses), "192.0.2.7:56324"},
		"version 2, with more": {v2(1, 0x11, v2Addresses+"\x04\x00\x03abc"), "192.0.2.7:56324"},
		"version 2, itself":    {v2(0, 0x00, ""), "127.0.0.1:"},
		"itself, with address": {v2(0, 0x11, v2Addresses), "127.0.0.1:"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := behind(t, Config{})
			c := r.dial()
			c.say(tt.header + "hello\n")
			c.hears("echo: hello\n")
			if got := r.Conns(1, ByAge); len(got) != 1 || !strings.HasPrefix(got[0].Remote, tt.remote) {
				t.Errorf("connections are %+v, want one of %s", got, tt.remote)
			}
			if st := r.Stats(); st.BytesIn != 6 {
				t.Errorf("%d bytes were received, want those of the message", st.BytesIn)
			}
		})
	}
}

func TestAHeaderMayComeInPieces(t *testing.T) {
	t.Parallel()
	for _, header := range []string{v1, v1Unknown, v2(1, 0x11, v2Addresses)} {
		const rest = "and the first words"
		from := io.MultiReader(iotest.OneByteReader(strings.NewReader(header)), strings.NewReader(rest))
		if _, err := readProxy(from); err != nil {
			t.Errorf("%q: %v", header, err)
		}
		if left, _ := io.ReadAll(from); string(left) != rest {
			t.Errorf("%q: it left %q, want %q", header, left, rest)
		}
	}
}

func TestWithoutAHeaderATrustedNetworkIsNotServed(t *testing.T) {
	t.Parallel()
	r := behind(t, Config{})
	wrong := []string{
		"GET / HTTP/1.1\r\nHost: test\r\n\r\n", "PROXY TCP4 192.0.2.7\r\n" + strings.Repeat("x", 20),
		"PROXY TCP4 192.0.2.999 198.51.100.1 56324 443\r\n", "PROXY " + strings.Repeat("x", 200),
		"PROXY TCP4 192.0.2.7 198.51.100.1 56324 99999\r\n", v2(1, 0x11, "short"), v2(9, 0x11, v2Addresses),
		v2(1, 0x13, v2Addresses), v2(1, 0x11, strings.Repeat("x", 5000)),
	}
	for _, text := range wrong {
		c := r.dial()
		c.say(text)
		c.ends("")
	}
	r.ended(BadProxy, uint64(len(wrong)))
}

func TestFromElsewhereAHeaderIsNoHeader(t *testing.T) {
	t.Parallel()
	r := open(t, Config{ProxyFrom: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}})
	c := r.dial()
	c.say(v1)
	c.hears("echo: " + strings.TrimSuffix(v1, "\r\n") + "\n")
	if got := r.Conns(1, ByAge)[0].Remote; !strings.HasPrefix(got, "127.0.0.1:") {
		t.Errorf("the client said that it is %s, and is believed", got)
	}
}

func TestLimitsAreThoseOfTheClientBehindTheProxy(t *testing.T) {
	t.Parallel()
	r := behind(t, Config{Limits: Limits{ClientConns: 2, ClientRate: 0.001, ClientBurst: 3}})
	for range 2 {
		c := r.dial()
		c.say(v1 + "hello\n")
		c.hears("echo: hello\n")
	}
	c := r.dial()
	c.say(v1)
	c.ends(busy) // ClientConns
	c = r.dial()
	c.say(v1)
	c.ends(busy) // ClientRate
	for range 5 {
		other := r.dial()
		other.say(v1Unknown + "hello\n") // the proxy itself
		other.hears("echo: hello\n")
	}
	st := r.until("both were refused", func(st Stats) bool { return st.Refused[ClientConns]+st.Refused[ClientRate] == 2 })
	if st.Refused[ClientConns] != 1 || r.counted() != 1 {
		t.Errorf("refused %v, and %d clients are counted; want one of each, and one", st.Refused, r.counted())
	}
}

func TestAHeaderThatDoesNotComeIsASlowRead(t *testing.T) {
	t.Parallel()
	r := behind(t, Config{Limits: Limits{ReadTimeout: 200 * time.Millisecond}})
	c := r.dial()
	c.say(v1[:20])
	c.isCut()
	r.ended(SlowRead, 1)
}

func TestALookWhetherThePortIsOpenIsNoError(t *testing.T) {
	t.Parallel()
	r := behind(t, Config{})
	r.dial().close()
	r.ended(ClientClosed, 1)
}

func TestTheHeaderComesBeforeTLS(t *testing.T) {
	t.Parallel()
	config, client := secure(t, Config{})
	r := behind(t, config)
	raw := r.dial()
	raw.say(v1)
	over := tls.Client(raw.Conn, client)
	c := newClient(t, over)
	c.ask("hello")
	if got := r.Conns(1, ByAge)[0].Remote; got != "192.0.2.7:56324" {
		t.Errorf("the client is %s", got)
	}
}

func TestHTTPKnowsTheClientBehindTheProxy(t *testing.T) {
	t.Parallel()
	r := behind(t, Config{Handler: NewHTTP(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.RemoteAddr)
	}), DefaultLimits())})
	c := r.dial()
	c.say(v1)
	if _, body := c.request("/"); body != "192.0.2.7:56324" {
		t.Errorf("got %q", body)
	}
}

func TestADrainWaitsForTheFirstWordsAfterAHeader(t *testing.T) {
	t.Parallel()
	r := behind(t, Config{})
	c := r.dial()
	r.until("it is served", func(st Stats) bool { return st.Active == 1 })
	done := r.drain(patience)
	c.say(v1 + "hello\n")
	c.hears("echo: hello\n")
	c.ends("")
	<-done
	r.ended(Drained, 1)
}

func FuzzProxyHeader(f *testing.F) {
	for _, header := range []string{v1, v1Of6, v1Unknown, v2(1, 0x11, v2Addresses), v2(0, 0, "")} {
		f.Add([]byte(header))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		from := bytes.NewReader(text)
		remote, err := readProxy(from)
		if read := len(text) - from.Len(); read > proxyV2Fixed+proxyV2Most {
			t.Errorf("%d bytes were read", read)
		}
		if tcp, ok := remote.(*net.TCPAddr); err == nil && remote != nil && (!ok || tcp.IP == nil) {
			t.Errorf("%q: the address is %v", text, remote)
		}
	})
}
