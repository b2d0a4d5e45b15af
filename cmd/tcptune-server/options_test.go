package main

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

func TestCommandLine(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, args, environ string
		code                int
		says                string // on stderr
	}{
		{"nothing is echo", "", "", goOn, ""},
		{"help", "--help", "", exitDone, ""},
		{"version", "--version", "", exitDone, ""},
		{"a protocol that nobody speaks", "--protocol smtp", "", exitUsage, `cannot speak protocol "smtp"`},
		{"an argument", "start", "", exitUsage, `cannot use argument "start"`},
		{"no such flag", "--ports 1", "", exitUsage, "-ports"},
		{"relay to nobody", "--protocol relay", "", exitUsage, "--upstream is needed"},
		{"an upstream without relay", "--upstream 127.0.0.1:1", "", exitUsage, "without --protocol relay"},
		{"a certificate without its key", "--tls-cert x", "", exitUsage, "belong together"},
		{"an admin socket for everybody", "--admin 0.0.0.0:9180", "", exitUsage, "loopback"},
		{"an admin socket of a name", "--admin example.org:9180", "", exitUsage, "loopback"},
		{"an admin socket of this machine", "--admin [::1]:9180", "", goOn, ""},
		{"an admin socket of this machine and a private one", "--admin [::1]:9180 --admin /run/x/admin", "", goOn, ""},
		{"an admin socket that is neither", "--admin run/x", "", exitUsage, "neither"},
		{"a limit that is no number", "--max-conns many", "", exitUsage, "max-conns"},
		{"a limit in the environment", "", "TCPTUNE_SERVER_MAX_CONNS=5", goOn, ""},
		{"a wrong one", "", "TCPTUNE_SERVER_MAX_CONNS=five", exitUsage, "TCPTUNE_SERVER_MAX_CONNS"},
		{"one that nobody knows", "", "TCPTUNE_SERVER_MAX_CONN=5", exitUsage, "there is no flag --max-conn"},
		{"an engine of another kind", "--engine uring", "", exitUsage, `cannot use engine "uring": it is auto, goroutine, loop`},
		{"a log for nobody", "--log-format xml", "", exitUsage, `cannot log as "xml"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			_, code := readOptions(strings.Fields(test.args), strings.Fields(test.environ), &stdout, &stderr)
			if code != test.code || !strings.Contains(stderr.String(), test.says) {
				t.Errorf("exit code %d, not %d; %s", code, test.code, stderr.String())
			}
			if (stdout.Len() > 0) != (test.code == exitDone) || (stderr.Len() > 0) != (test.code == exitUsage) {
				t.Errorf("stdout %q, stderr %q", stdout.String(), stderr.String())
			}
		})
	}
}

func TestTheCommandLineWinsOverTheEnvironmentAndThatOverTheFile(t *testing.T) {
	t.Parallel()
	o, code := readOptions([]string{"--queue", "3"}, []string{"TCPTUNE_SERVER_QUEUE=2", "TCPTUNE_SERVER_DRAIN=2s"}, nil,
		nil)
	if code != goOn {
		t.Fatal(code)
	}
	l := defaultLimits()
	if err := l.parse([]byte("queue: 1\ndrain: 1s\nmax-conns: 1\n")); err != nil {
		t.Fatal(err)
	}
	for _, f := range limitFlags() {
		if value, ok := o.given[f.name]; ok {
			if err := f.set(&l, value); err != nil {
				t.Fatal(err)
			}
		}
	}
	if l.Queue != 3 || l.drain != 2*time.Second || l.MaxConns != 1 {
		t.Errorf("queue %d, drain %s, max-conns %d", l.Queue, l.drain, l.MaxConns)
	}
}

func TestFileOfLimits(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, text, says string }{
		{"empty", "", ""},
		{"only a comment", "# nothing\n", ""},
		{"every kind", "max-conns: 10\nclient-rate: 2.5/s\nidle-timeout: 90s\nmax-output: 1048576\n", ""},
		{"a rate is a number, too", "accept-rate: 100\n", ""},
		{"networks of proxies", "proxy-from: 10.0.0.0/8,2001:db8::/32,::1/128\n", ""},
		{"networks of IPv6 alone", "proxy-from: ::1/128\n", ""},
		{"a host in a network", "proxy-from: 10.0.0.1/8\n", "proxy-from"},
		{"no such limit", "max-con: 10\n", `there is no limit "max-con"`},
		{"a time without a unit", "drain: 30\n", "drain"},
		{"twice", "queue: 1\nqueue: 2\n", "queue"},
		{"no list of limits", "- queue\n", "sequence"},
		{"nested", "queue:\n  is: 1\n", "queue"},
		{"none at all", "max-conns: 0\n", "max-conns"},
		{"negative", "idle-timeout: -1s\n", "idle-timeout"},
		{"not a number", "accept-rate: NaN\n", "accept-rate"},
		{"too little memory", "max-output: 100\n", "max-output"},
		{"frames without end", "max-frame: 5000000000\n", "max-frame"},
	} {
		t.Run(test.name, func(t *testing.T) {
			l := defaultLimits()
			err := l.parse([]byte(test.text))
			if err == nil {
				err = l.check()
			}
			switch {
			case test.says == "" && err != nil:
				t.Error(err)
			case test.says != "" && (err == nil || !strings.Contains(err.Error(), test.says)):
				t.Errorf("it says %v, not %q", err, test.says)
			}
		})
	}
}

func FuzzFileOfLimits(f *testing.F) {
	f.Add("max-conns: 10\nclient-rate: 2.5/s\n")
	f.Fuzz(func(t *testing.T, text string) {
		l := defaultLimits()
		if l.parse([]byte(text)) == nil && l.check() == nil && l.MaxConns < 1 {
			t.Errorf("%d connections", l.MaxConns)
		}
	})
}
