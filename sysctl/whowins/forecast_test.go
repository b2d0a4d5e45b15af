package whowins

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/test/whowins"
)

var _ Reader = host.Host{}

type contents = map[string]string

// jammy, noble and plucky are the pairs of tools of Ubuntu 22.04, 24.04 and 26.04.
func jammy() Versions    { return Versions{Systemd: 249, Procps: "3.3.17"} }
func noble() Versions    { return Versions{Systemd: 255, Procps: "4.0.4"} }
func resolute() Versions { return Versions{Systemd: 259, Procps: "4.0.4"} }

func forecaster(t *testing.T, r Reader, v Versions) *Forecaster {
	t.Helper()
	f, err := NewForecaster(r, v)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// short is an outcome in a form that a table can hold: "value file:line", "unknown" or "".
func short(o Outcome) string {
	switch {
	case o.Unknown:
		return "unknown"
	case o.Set == nil:
		return ""
	}
	return strings.TrimSpace(o.Set.Value + " " + o.Set.Origin.String())
}

func TestForecast(t *testing.T) {
	const key = "net.ipv4.tcp_fin_timeout"
	for _, test := range []struct {
		name     string
		files    contents
		versions Versions
		key      string
		boot     string
		system   string
	}{
		{
			name:  "nothing assigns it",
			files: contents{"/etc/sysctl.d/10-a.conf": "net.ipv4.tcp_sack = 1\n"},
		},
		{
			name: "the last name wins, whatever its folder",
			files: contents{
				"/etc/sysctl.d/10-a.conf":     key + " = 10\n",
				"/usr/lib/sysctl.d/20-b.conf": key + " = 20\n",
			},
			boot: "20 /usr/lib/sysctl.d/20-b.conf:1", system: "20 /usr/lib/sysctl.d/20-b.conf:1",
		},
		{
			name: "a file hides the same name in lower folders",
			files: contents{
				"/etc/sysctl.d/10-a.conf":     key + " = 10\n",
				"/usr/lib/sysctl.d/10-a.conf": key + " = 20\n",
			},
			boot: "10 /etc/sysctl.d/10-a.conf:1", system: "10 /etc/sysctl.d/10-a.conf:1",
		},
		{
			name: "a link to /dev/null masks",
			files: contents{
				"/etc/sysctl.d/99-a.conf":     "-> /dev/null",
				"/usr/lib/sysctl.d/99-a.conf": key + " = 20\n",
			},
		},
		{
			name: "only procps reads sysctl.conf, and reads it last",
			files: contents{
				"/etc/sysctl.d/zz.conf": key + " = 10\n",
				"/etc/sysctl.conf":      "# mine\n" + key + " = 20\n",
			},
			boot: "10 /etc/sysctl.d/zz.conf:1", system: "20 /etc/sysctl.conf:2",
		},
		{
			name: "the link of Ubuntu makes sysctl.conf count at boot too",
			files: contents{
				"/etc/sysctl.d/99-sysctl.conf": "-> ../sysctl.conf",
				"/etc/sysctl.conf":             key + " = 20\n",
			},
			boot: "20 /etc/sysctl.d/99-sysctl.conf:1", system: "20 /etc/sysctl.conf:1",
		},
		{
			name: "an exclusion takes back an assignment at boot, not for procps",
			files: contents{
				"/etc/sysctl.d/10-a.conf": key + " = 10\n",
				"/etc/sysctl.d/20-b.conf": "-" + key + "\n",
			},
			system: "10 /etc/sysctl.d/10-a.conf:1",
		},
		{
			name:  "a named key beats a pattern that comes later",
			files: contents{"/etc/sysctl.d/10-a.conf": key + " = 10\nnet.ipv4.tcp_fin_* = 20\n"},
			boot:  "10 /etc/sysctl.d/10-a.conf:1", system: "10 /etc/sysctl.d/10-a.conf:1",
		},
		{
			name:  "procps 3 knows no patterns",
			files: contents{"/etc/sysctl.d/10-a.conf": "net.ipv4.tcp_fin_* = 20\n"}, versions: jammy(),
			boot: "20 /etc/sysctl.d/10-a.conf:1",
		},
		{
			name:  "an empty value takes back an assignment at boot, not for procps",
			files: contents{"/etc/sysctl.d/10-a.conf": key + " = 10\n" + key + " =\n"},
			boot:  "", system: "10 /etc/sysctl.d/10-a.conf:1",
		},
		{
			name:  "a list of ports can be emptied",
			files: contents{"/etc/sysctl.d/10-a.conf": "net.ipv4.ip_local_reserved_ports =\n"},
			key:   "net.ipv4.ip_local_reserved_ports",
			boot:  "/etc/sysctl.d/10-a.conf:1", system: "/etc/sysctl.d/10-a.conf:1",
		},
		{
			name:  "slashes and dots",
			files: contents{"/etc/sysctl.d/10-a.conf": "net/ipv4/conf/eth0.100/tag = 1\nnet.ipv4.conf.eth0/200.tag = 2\n"},
			key:   "net.ipv4.conf.eth0/200.tag",
			boot:  "2 /etc/sysctl.d/10-a.conf:2", system: "2 /etc/sysctl.d/10-a.conf:2",
		},
		{
			name:  "slashes and dots, asked with slashes",
			files: contents{"/etc/sysctl.d/10-a.conf": "net/ipv4/conf/eth0.100/tag = 1\nnet.ipv4.conf.eth0/200.tag = 2\n"},
			key:   "net/ipv4/conf/eth0.100/tag",
			boot:  "1 /etc/sysctl.d/10-a.conf:1", system: "1 /etc/sysctl.d/10-a.conf:1",
		},
		{
			name: "systemd-sysctl is masked",
			files: contents{
				"/etc/sysctl.d/10-a.conf":                    key + " = 10\n",
				"/etc/systemd/system/systemd-sysctl.service": "-> /dev/null",
			},
			system: "10 /etc/sysctl.d/10-a.conf:1",
		},
		{
			name:  "a tool that is not installed sets nothing",
			files: contents{"/etc/sysctl.d/10-a.conf": key + " = 10\n"}, versions: Versions{Systemd: 259},
			boot: "10 /etc/sysctl.d/10-a.conf:1",
		},
		{
			name: "a credential comes after all files",
			files: contents{
				"/etc/sysctl.d/zz.conf":       key + " = 10\n",
				"/etc/credstore/sysctl.extra": key + " = 20\n",
			},
			boot: "20 /etc/credstore/sysctl.extra:1", system: "10 /etc/sysctl.d/zz.conf:1",
		},
		{
			name: "the kernel's command line counts where no file says anything",
			files: contents{
				"/proc/cmdline":           "quiet sysctl.net.ipv4.tcp_fin_timeout=7 sysctl/net/ipv4/tcp_sack=1\n",
				"/etc/sysctl.d/10-a.conf": "net.ipv4.tcp_sack = 0\n",
			},
			boot: "7 /proc/cmdline",
		},
		{
			name: "but files come later",
			files: contents{
				"/proc/cmdline":           "sysctl/net/ipv4/tcp_fin_timeout=7\n",
				"/etc/sysctl.d/10-a.conf": key + " = 10\n",
			},
			boot: "10 /etc/sysctl.d/10-a.conf:1", system: "10 /etc/sysctl.d/10-a.conf:1",
		},
		{
			name: "the machine hands over a credential at every boot",
			files: contents{
				"/etc/sysctl.d/zz.conf":                         key + " = 10\n",
				"/run/credentials/@system/sysctl.extra":         key + " = 30\n",
				"/run/credentials/systemd-sysctl.service/other": key + " = 40\n",
				"/usr/lib/credstore/sysctl.extra":               key + " = 50\n",
			},
			boot: "30 /run/credentials/@system/sysctl.extra:1", system: "10 /etc/sysctl.d/zz.conf:1",
		},
		{
			name: "a credential is nothing to systemd before 252", versions: jammy(),
			files: contents{
				"/etc/sysctl.d/zz.conf":       key + " = 10\n",
				"/etc/credstore/sysctl.extra": key + " = 20\n",
			},
			boot: "10 /etc/sysctl.d/zz.conf:1", system: "10 /etc/sysctl.d/zz.conf:1",
		},
		{
			name: "what is in /run may be gone after a reboot",
			files: contents{
				"/etc/sysctl.d/10-a.conf": key + " = 10\n",
				"/run/sysctl.d/99-x.conf": key + " = 20\n",
			},
			boot: "unknown", system: "20 /run/sysctl.d/99-x.conf:1",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.versions == (Versions{}) {
				test.versions = noble()
			}
			if test.key == "" {
				test.key = key
			}
			fc := forecaster(t, whowins.Files(test.files), test.versions).Key(test.key)
			if got := short(fc.Reboot); got != test.boot {
				t.Errorf("after a reboot: got %q, want %q (%s)", got, test.boot, fc.Reboot.Reason)
			}
			if got := short(fc.SysctlSystem); got != test.system {
				t.Errorf("after sysctl --system: got %q, want %q (%s)", got, test.system, fc.SysctlSystem.Reason)
			}
			if fc.Reboot.Reason == "" || fc.SysctlSystem.Reason == "" {
				t.Error("an outcome has no reason")
			}
		})
	}
}

func TestForecastNamesTheLosers(t *testing.T) {
	f := forecaster(t, whowins.Files(contents{
		"/etc/sysctl.d/10-a.conf": "net.ipv4.tcp_sack = 1\n-net.ipv4.tcp_sack = 2\n",
		"/etc/sysctl.d/20-b.conf": "net.ipv4.tcp_sac? = 3\n",
		"/etc/sysctl.d/30-c.conf": "net/ipv4/tcp_sack=4\n",
	}), noble())
	set := f.Key("net.ipv4.tcp_sack").Reboot.Set
	if set == nil {
		t.Fatal("nothing assigns it")
	}
	var lost []string
	for _, s := range set.Shadowed {
		lost = append(lost, s.Value+" "+s.Origin.String())
	}
	want := []string{"3 /etc/sysctl.d/20-b.conf:1", "1 /etc/sysctl.d/10-a.conf:1", "2 /etc/sysctl.d/10-a.conf:2"}
	if diff := cmp.Diff(want, lost); diff != "" {
		t.Error(diff)
	}
}

// An image is not running: what is in its /run was put there while it was built.
type image struct{ whowins.Tree }

func (image) Live() bool { return false }

func TestForecastLeavesOutTheRunOfAnImage(t *testing.T) {
	tree := whowins.Files(contents{
		"/run/sysctl.d/99-x.conf": "net.ipv4.tcp_sack = 0\n",
		"/etc/sysctl.d/10-a.conf": "net.ipv4.tcp_sack = 1\n",
	})
	fc := forecaster(t, WithFile(image{tree}, "/etc/sysctl.d/05-b.conf", []byte("\n")), noble()).Key("net.ipv4.tcp_sack")
	for _, o := range []Outcome{fc.Reboot, fc.Restart, fc.SysctlSystem} {
		if got, want := short(o), "1 /etc/sysctl.d/10-a.conf:1"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestSettingsAndProblems(t *testing.T) {
	f := forecaster(t, whowins.Files(contents{
		"/etc/sysctl.d/10-a.conf":     "net.ipv4.tcp_sack = 1\nwhat is this\nnet.ipv4.tcp_sack = 2 # sure\n-net.ipv4.tcp_dsack\n",
		"/etc/sysctl.d/20-b.conf":     "-> ../gone/b.conf",
		"/usr/lib/sysctl.d/10-a.conf": "net.ipv4.tcp_dsack = 0\n",
		"/etc/sysctl.conf":            "net.ipv4.tcp_tw_recycle = 1\nnet.ipv4.tcp_[st]* =\n",
	}), noble())
	var settings, problems []string
	for _, s := range f.Settings() {
		text := s.Origin.String() + " " + s.Key + " " + s.Value
		if s.Exclude {
			text += "(excluded)"
		}
		settings = append(settings, text)
	}
	for _, p := range f.Problems() {
		problems = append(problems, p.String())
	}
	if diff := cmp.Diff([]string{
		"/etc/sysctl.d/10-a.conf:1 net.ipv4.tcp_sack 1",
		"/etc/sysctl.d/10-a.conf:3 net.ipv4.tcp_sack 2 # sure",
		"/etc/sysctl.d/10-a.conf:4 net.ipv4.tcp_dsack (excluded)",
		"/etc/sysctl.conf:1 net.ipv4.tcp_tw_recycle 1",
		"/etc/sysctl.conf:2 net.ipv4.tcp_[st]* ",
	}, settings); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{
		"/etc/sysctl.d/10-a.conf:2: not an assignment",
		"/etc/sysctl.d/10-a.conf:3: a comment after a value is taken as a part of the value",
		"/etc/sysctl.d/20-b.conf: the link leads nowhere: ../gone/b.conf",
		"/etc/sysctl.conf:2: the value is missing",
	}, problems); diff != "" {
		t.Error(diff)
	}
}

func TestOfManyProblemsOfAFileTheFirstAreNamed(t *testing.T) {
	f := forecaster(t, whowins.Files(contents{"/etc/sysctl.d/10-a.conf": strings.Repeat("y\n", 3000), "/etc/sysctl.d/20-b.conf": "y\n"}), noble())
	var last []string
	for _, p := range f.Problems()[manyProblems-1:] {
		last = append(last, p.String())
	}
	if diff := cmp.Diff([]string{
		"/etc/sysctl.d/10-a.conf:100: not an assignment",
		"/etc/sysctl.d/10-a.conf: more than 100 lines are wrong, only the first of them are named",
		"/etc/sysctl.d/20-b.conf:1: not an assignment",
	}, last); diff != "" {
		t.Error(diff)
	}
}

func BenchmarkNewForecaster(b *testing.B) {
	v, err := DetectVersions(host.Host{})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := NewForecaster(host.Host{}, v); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkForecasterKey(b *testing.B) {
	f, err := NewForecaster(whowins.Generate(1), noble())
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		f.ask("net/ipv4/tcp_retries1")
	}
}

// strict is a kernel that refuses each write, and counts them.
type strict struct{ writes *int }

func (strict) Names(p string) []string     { return []string{p} }
func (strict) Needs(string) []string       { return nil }
func (strict) Start(string) (string, bool) { return "0", true }
func (k strict) Write(string, string, func(string) (string, bool)) (w Written, _ bool) {
	*k.writes++
	return Written{Refused: true}, true
}

// With hundreds of wildcards a forecast takes a millisecond, and a plan asks for one key from several sides.
func TestAKeyIsForecastOnceUnderEachKernel(t *testing.T) {
	const key = "net.ipv4.tcp_retries1"
	f := forecaster(t, whowins.Files(contents{"/etc/sysctl.d/10-a.conf": "net.ipv4.tcp_* = 1\n"}), noble())
	before := f.Key(key)
	writes := 0
	g := f.Under(strict{&writes}, strict{&writes})
	first := g.Key(key)
	asked := writes
	if diff := cmp.Diff(first, g.Key("net/ipv4/tcp_retries1")); diff != "" || writes != asked {
		t.Errorf("asked again, %d writes are judged after %d: %s", writes, asked, diff)
	}
	if asked == 0 || len(first.Reboot.Refused) == 0 || len(f.Key(key).Reboot.Refused) != len(before.Reboot.Refused) {
		t.Errorf("%d writes judged; a kernel that refuses: %+v; one that is not known: %+v", asked, first.Reboot, f.Key(key).Reboot)
	}
}
