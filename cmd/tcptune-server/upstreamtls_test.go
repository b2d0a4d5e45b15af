package main

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"
)

func TestRelaySpeaksTLSToItsUpstreams(t *testing.T) {
	t.Parallel()
	dir, _ := credentials(t)
	others, _ := credentials(t)
	at := func(dir, name string) string { return filepath.Join(dir, name) }
	upstream := listen(t)
	launch(t, nil, map[string]*net.TCPListener{"x.socket": upstream}, "--protocol", "frame", "--tls-cert", at(dir, "tls.crt"),
		"--tls-key", at(dir, "tls.key"), "--tls-client-ca", at(dir, "tls.crt"))
	ours := []string{"--upstream-cert", at(dir, "tls.crt"), "--upstream-key", at(dir, "tls.key")}
	for name, tc := range map[string]struct {
		flags []string
		logs  string // why it is not relayed; "": it is
	}{
		"both show a certificate":       {append(ours, "--upstream-ca", at(dir, "tls.crt")), ""},
		"the upstream is somebody else": {append(ours, "--upstream-ca", at(others, "tls.crt")), "unknown authority"},
		"the name is another one":       {append(ours, "--upstream-ca", at(dir, "tls.crt"), "--upstream-name", "db.example.org"), "db.example.org"},
		"the upstream wants one":        {[]string{"--upstream-ca", at(dir, "tls.crt")}, "certificate required"},
		"without TLS":                   {nil, "EOF"},
	} {
		l := listen(t)
		p := launch(t, nil, map[string]*net.TCPListener{"x.socket": l}, append(tc.flags, "--protocol", "relay", "--upstream", upstream.Addr().String())...)
		c := dial(t, l.Addr())
		for range 3 { // the second on a connection that is kept, where there is one
			if got := ask(t, c, framed("hello")); (got == framed("hello")) != (tc.logs == "") {
				t.Errorf("%s: %q", name, got)
			}
		}
		if tc.logs != "" {
			p.says(tc.logs, 1)
		}
	}
}

func TestWhatIsWrongWithTLSToUpstreamsIsSaid(t *testing.T) {
	t.Parallel()
	dir, _ := credentials(t)
	ca := filepath.Join(dir, "tls.crt")
	for flags, want := range map[string]string{
		"--upstream-name x":                              "without --upstream-ca",
		"--upstream-ca /nowhere":                         "no such file",
		"--upstream-ca " + dir:                           "not a regular file",
		"--upstream-ca " + dir + "/tls.key":              "no certificate of an authority",
		"--upstream-ca " + ca + " --upstream-cert " + ca: "belong together",
		"--upstream-ca " + ca + " --upstream-cert " + ca + " --upstream-key " + ca: "private key",
		"--upstream-ca system --upstream-name db.example.org":                      "",
	} {
		var stdout, stderr bytes.Buffer
		args := append(strings.Fields(flags), "--check", "--protocol", "relay", "--upstream", "127.0.0.1:1")
		if code := run(t.Context(), args, nil, &stdout, &stderr); (code == exitDone) != (want == "") || !strings.Contains(stderr.String(), want) {
			t.Errorf("%s: exit code %d, %s, want %q", flags, code, stderr.String(), want)
		}
	}
	var stdout, stderr bytes.Buffer
	if run(t.Context(), []string{"--check", "--upstream-ca", ca}, nil, &stdout, &stderr); !strings.Contains(stderr.String(), "--protocol relay") {
		t.Errorf("without relay: %s", stderr.String())
	}
}

// ask sends a frame, and returns the one that comes back.
func ask(t *testing.T, c net.Conn, question string) string {
	t.Helper()
	if _, err := io.WriteString(c, question); err != nil {
		t.Fatal(err)
	}
	answer := make([]byte, frameHeader)
	if _, err := io.ReadFull(c, answer); err != nil {
		t.Fatal(err)
	}
	body := make([]byte, binary.BigEndian.Uint32(answer))
	if _, err := io.ReadFull(c, body); err != nil {
		t.Fatal(err)
	}
	return string(answer) + string(body)
}
