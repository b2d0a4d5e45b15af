package main

import (
	"bytes"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What --check refuses serve refuses, in the same words; what it takes, serve comes to listen with.
func TestCheckSaysWhatServeWouldSay(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := func(name, text string) string {
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	ours, _ := credentials(t)
	theirs, _ := credentials(t)
	cert, key, other := ours+"/tls.crt", ours+"/tls.key", theirs+"/tls.crt"
	for _, test := range []struct {
		name, args string
		code       int
		says       string
	}{
		{"nothing", "", exitDone, ""},
		{"limits of a file", "--limits " + file("good.yaml", "max-conns: 7\nidle-timeout: 60s\n"), exitDone, ""},
		{"a pair", "--tls-cert " + cert + " --tls-key " + key, exitDone, ""},
		{"no connections at all", "--max-conns 0", exitUsage, "max-conns 0"},
		{"a file that says so", "--limits " + file("none.yaml", "max-conns: 0\n"), exitUsage, "max-conns 0"},
		{"a limit that is none", "--limits " + file("odd.yaml", "max-cons: 1\n"), exitUsage, `no limit "max-cons"`},
		{"no such file", "--limits " + dir + "/nosuch", exitUsage, "cannot read the limits"},
		{"too little room for an answer", "--max-output 1", exitUsage, "max-output 1"},
		{"a key of another certificate", "--tls-cert " + other + " --tls-key " + key, exitFailed, "cannot serve TLS"},
		{"no certificate", "--tls-cert " + dir + "/nosuch --tls-key " + key, exitFailed, "cannot serve TLS"},
		{"no address", "--listen 8080", exitUsage, "it is not ADDR:PORT"},
		{"no port", "--listen :http5", exitUsage, "no port"},
		{"a group", "--listen 224.0.0.1:8080", exitUsage, "group of hosts"},
		{"everybody", "--listen 255.255.255.255:8080", exitUsage, "group of hosts"},
		{"a group of IPv6", "--listen [ff02::1]:8080", exitUsage, "group of hosts"},
		{"link-local of no interface", "--listen [fe80::1]:8080", exitUsage, "needs its interface"},
		{"an upstream without a port", "--protocol relay --upstream 127.0.0.1", exitFailed, "127.0.0.1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var stdout, stderr bytes.Buffer
			args := strings.Fields(test.args)
			code := run(t.Context(), append(args, "--check"), nil, &stdout, &stderr)
			if code != test.code || !strings.Contains(stderr.String(), test.says) {
				t.Errorf("exit code %d, not %d: %s", code, test.code, stderr.String())
			}
			if test.code == exitDone {
				return
			}
			var served bytes.Buffer
			if code := run(t.Context(), append(args, "--listen", "127.0.0.1:0"), nil, &stdout, &served); code != test.code ||
				served.String() != stderr.String() {
				t.Errorf("serve ends with %d: %s; --check with %d: %s", code, served.String(), test.code, stderr.String())
			}
		})
	}
}

func TestCheckOpensNothing(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var stdout, stderr bytes.Buffer
	if code := run(t.Context(), []string{"--check", "--listen", l.Addr().String()}, nil, &stdout, &stderr); code != exitDone {
		t.Errorf("exit code %d with the address of another: %s", code, stderr.String())
	}
}
