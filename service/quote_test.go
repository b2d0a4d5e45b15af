package service

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/coreos/go-systemd/v22/unit"
	"github.com/google/go-cmp/cmp"
)

// unquote does to a command line what systemd does: systemd.syntax(7), QUOTING; systemd.service(5), COMMAND LINES;
// systemd.unit(5), SPECIFIERS. It knows no specifier and no variable: each has to be escaped.
func unquote(line string) ([]string, error) {
	var args []string
	for line = strings.TrimLeft(line, " \t"); line != ""; line = strings.TrimLeft(line, " \t") {
		if line == ";" || strings.HasPrefix(line, "; ") {
			return nil, errors.New("a second command")
		}
		var arg strings.Builder
		quotes := byte(0)
		for ; line != "" && (quotes != 0 || line[0] != ' ' && line[0] != '\t'); line = line[1:] {
			switch c := line[0]; {
			case c == quotes:
				quotes = 0
			case quotes == 0 && (c == '"' || c == '\''):
				quotes = c
			case c == '\\', c == '%', c == '$':
				if len(line) < 2 || line[1] != c && (c != '\\' || line[1] != '"') {
					return nil, errors.New("an escape, a specifier or a variable")
				}
				line = line[1:]
				arg.WriteByte(line[0])
			default:
				arg.WriteByte(c)
			}
		}
		if quotes != 0 {
			return nil, errors.New("an open quote")
		}
		args = append(args, arg.String())
	}
	return args, nil
}

func TestArgumentsAreQuotedForSystemd(t *testing.T) {
	t.Parallel()
	for arg, want := range map[string]string{
		"--listen=[::1]:80": `"--listen=[::1]:80"`,
		"plain/path-1.2":    "plain/path-1.2",
		"":                  `""`,
		" ":                 `" "`,
		";":                 `";"`,
		"100%":              `"100%%"`,
		"$HOME and ${HOME}": `"$$HOME and $${HOME}"`,
		`say "no"`:          `"say \"no\""`,
		`it's`:              `"it's"`,
		`C:\new\`:           `"C:\\new\\"`,
		"größer":            `"größer"`,
	} {
		if got := quote(arg); got != want {
			t.Errorf("%q: got %s, want %s", arg, got, want)
		}
	}
}

// FuzzOwnProgram gives a service arbitrary texts. What is not refused changes nothing in the units but what it should:
// the same sections with the same keys in the same order, and the program's arguments as they were given.
func FuzzOwnProgram(f *testing.F) {
	f.Add("mydaemon", "8080", "/usr/bin/mydaemon", "--greeting", "hello world", "www-data")
	f.Add("a", "[::1]:80", "/bin/a", "\\", "\"%$';#", "_a")
	f.Add("a\nb", "80\nAccept=yes", "/bin/a\n", "x\\\n", "]\r\n[Install]", "u\nv")
	f.Fuzz(func(t *testing.T, name, listen, program, first, second, user string) {
		s := own()
		s.Name, s.Listen, s.Exec, s.User = name, []string{listen}, []string{program, first, second}, user
		units, err := Render(s, 255)
		if err != nil {
			return
		}
		like := own()
		if user != "" {
			like.User = "www-data"
		}
		if freeBind(s.Listen) {
			like.Listen = []string{"192.0.2.7:80"}
		}
		for i, want := range render(t, like, 255) {
			if diff := cmp.Diff(keys(t, want.Text), keys(t, units[i].Text)); diff != "" {
				t.Fatalf("%s has other keys, -want +got:\n%s", units[i].Name, diff)
			}
		}
		command := value(t, units[1].Text, "ExecStart")
		got, err := unquote(command)
		if err != nil {
			t.Fatalf("%s: %v", command, err)
		}
		if diff := cmp.Diff(s.Exec, got); diff != "" {
			t.Fatalf("%s, -want +got:\n%s", command, diff)
		}
	})
}

// FuzzBundledServer does the same to what the bundled server takes as text.
func FuzzBundledServer(f *testing.F) {
	f.Add("tcptune-server", "8080", "/usr/bin/tcptune-server", "/etc/ssl/a.pem", "/etc/ssl/a.key", "max-conns", "100")
	f.Add("a%n", "80 81", "/bin/a b", "/a:b", "/a\nb", "queue", "1\n2")
	f.Fuzz(func(t *testing.T, name, listen, program, cert, key, limit, of string) {
		s := kinds()["tls"]
		s.Name, s.Listen, s.Program, s.TLSCert, s.TLSKey, s.Limits = name, []string{listen}, program, cert, key, []Limit{{limit, of}}
		units, err := Render(s, 255)
		if err != nil {
			return
		}
		like := kinds()["tls"]
		if s.TLSCert == "" {
			like.TLSCert, like.TLSKey = "", ""
		}
		if freeBind(s.Listen) {
			like.Listen = []string{"192.0.2.7:80"}
		}
		for i, want := range render(t, like, 255) {
			if diff := cmp.Diff(keys(t, want.Text), keys(t, units[i].Text)); diff != "" {
				t.Fatalf("%s has other keys, -want +got:\n%s", units[i].Name, diff)
			}
		}
		limits, err := renderLimits(s)
		if err != nil || strings.Count(limits, "\n") != 4 {
			t.Fatalf("limits are %q, %v", limits, err)
		}
	})
}

func parse(t *testing.T, text string) []*unit.UnitOption {
	t.Helper()
	options, err := unit.DeserializeOptions(bytes.NewBufferString(text))
	if err != nil {
		t.Fatalf("%v:\n%s", err, text)
	}
	return options
}

// keys are the sections and keys of a unit, in order.
func keys(t *testing.T, text string) []string {
	t.Helper()
	var names []string
	for _, o := range parse(t, text) {
		names = append(names, o.Section+"."+o.Name)
	}
	return names
}

func value(t *testing.T, text, key string) string {
	t.Helper()
	for _, o := range parse(t, text) {
		if o.Name == key {
			return o.Value
		}
	}
	t.Fatalf("no %s= in\n%s", key, text)
	return ""
}
