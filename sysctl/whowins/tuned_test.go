package whowins

import (
	"strings"
	"testing"

	"github.com/tcptune/tcptune/test/whowins"
)

func TestTuned(t *testing.T) {
	const enabled = "/etc/systemd/system/multi-user.target.wants/tuned.service"
	profile := func(name string) string { return "/usr/lib/tuned/" + name + "/tuned.conf" }
	for _, test := range []struct {
		name  string
		tuned string
		files contents
		boot  string
	}{
		{
			name:  "keys with slashes count for TuneD before 2.22",
			tuned: "2.20.0",
			files: contents{profile("web"): "[sysctl]\nnet.ipv4.tcp_sack=5\n", "/etc/sysctl.d/10-a.conf": "net/ipv4/tcp_sack=1\n"},
			boot:  "1 /etc/sysctl.d/10-a.conf:1",
		},
		{
			name:  "but not since",
			tuned: "2.22.1",
			files: contents{profile("web"): "[sysctl]\nnet.ipv4.tcp_sack=5\n", "/etc/sysctl.d/10-a.conf": "net/ipv4/tcp_sack=1\n"},
			boot:  "5 /usr/lib/tuned/web/tuned.conf:2",
		},
		{
			name: "a key that is excluded is not applied again",
			files: contents{
				profile("web"): "[sysctl]\nnet.ipv4.tcp_sack=5\n", "/etc/sysctl.d/10-a.conf": "net.ipv4.tcp_sack=1\n",
				"/etc/tuned/tuned-main.conf": "reapply_sysctl_exclude = net.ipv6.*, net.*.tcp_s*\n",
			},
			boot: "5 /usr/lib/tuned/web/tuned.conf:2",
		},
		{
			name: "profiles in other folders",
			files: contents{
				profile("web"): "[sysctl]\nnet.ipv4.tcp_sack=5\n", "/opt/profiles/web/tuned.conf": "[sysctl]\nnet.ipv4.tcp_sack=6\n",
				"/etc/tuned/tuned-main.conf": "profile_dirs = /usr/lib/tuned,/opt/profiles\n",
			},
			boot: "6 /opt/profiles/web/tuned.conf:2",
		},
		{
			name: "a profile drops a key of the one it includes",
			files: contents{
				profile("web"):  "[main]\ninclude=base\n[sysctl]\ndrop=net.ipv4.tcp_sack\n",
				profile("base"): "[sysctl]\nnet.ipv4.tcp_sack=7\n",
			},
		},
		{
			name:  "the profile comes after all files",
			files: contents{profile("web"): "[sysctl]\nnet.ipv4.tcp_sack=5\n", "/usr/lib/sysctl.d/10-a.conf": "net.ipv4.tcp_sack=1\n"},
			boot:  "5 /usr/lib/tuned/web/tuned.conf:2",
		},
		{
			name:  "and then /etc/sysctl.d once more",
			files: contents{profile("web"): "[sysctl]\nnet.ipv4.tcp_sack=5\n", "/etc/sysctl.d/10-a.conf": "net.ipv4.tcp_sack=1\n"},
			boot:  "1 /etc/sysctl.d/10-a.conf:1",
		},
		{
			name:  "and at last /etc/sysctl.conf, which nothing else reads at boot",
			files: contents{profile("web"): "[sysctl]\nkernel.pid_max=5\n", "/etc/sysctl.conf": "net.ipv4.tcp_sack=1\n"},
			boot:  "1 /etc/sysctl.conf:1",
		},
		{
			name: "unless reapply_sysctl is off",
			files: contents{
				profile("web"): "[sysctl]\nnet.ipv4.tcp_sack=5\n", "/etc/sysctl.d/10-a.conf": "net.ipv4.tcp_sack=1\n",
				"/etc/tuned/tuned-main.conf": "daemon = 1\nreapply_sysctl = 0 # no\n",
			},
			boot: "5 /usr/lib/tuned/web/tuned.conf:2",
		},
		{
			name:  "a profile without sysctl section does not touch keys",
			files: contents{profile("web"): "[cpu]\ngovernor=performance\n", "/etc/sysctl.conf": "net.ipv4.tcp_sack=1\n"},
		},
		{
			name: "a profile stands on those it includes",
			files: contents{
				profile("web"):  "[main]\ninclude=base\n[sysctl]\nnet.ipv4.tcp_dsack=1\n",
				profile("base"): "[sysctl]\nnet.ipv4.tcp_sack = 7 # seven\n",
			},
			boot: "7 /usr/lib/tuned/base/tuned.conf:2",
		},
		{
			name: "and overrides them",
			files: contents{
				profile("web"):  "[main]\ninclude=base\n[sysctl]\nnet.ipv4.tcp_sack=8\n",
				profile("base"): "[sysctl]\nnet.ipv4.tcp_sack=7\n",
			},
			boot: "8 /usr/lib/tuned/web/tuned.conf:4",
		},
		{
			name: "or replaces them",
			files: contents{
				profile("web"):  "[main]\ninclude=base\n[sysctl]\nreplace=1\nnet.ipv4.tcp_dsack=8\n",
				profile("base"): "[sysctl]\nnet.ipv4.tcp_sack=7\n",
			},
		},
		{
			name: "a profile in /etc includes the one that it hides",
			files: contents{
				"/etc/tuned/profiles/web/tuned.conf": "[main]\ninclude=web\n",
				profile("web"):                       "[net-values]\ntype=sysctl\nnet.ipv4.tcp_sack=9\n",
			},
			boot: "9 /usr/lib/tuned/web/tuned.conf:3",
		},
		{
			name:  "variables",
			files: contents{profile("web"): "[variables]\nn=3\nm=${n}1\n[sysctl]\nnet.ipv4.tcp_sack=${m}\n"},
			boot:  "31 /usr/lib/tuned/web/tuned.conf:5",
		},
		{
			name:  "variables that only TuneD knows",
			files: contents{profile("web"): "[sysctl]\nnet.ipv4.tcp_sack=${f:cpulist_online:1}\n"},
			boot:  "unknown",
		},
		{
			name:  "at least, and there is less",
			files: contents{profile("web"): "[sysctl]\nnet.ipv4.tcp_sack=>5\n", "/usr/lib/sysctl.d/10-a.conf": "net.ipv4.tcp_sack=1\n"},
			boot:  "5 /usr/lib/tuned/web/tuned.conf:2",
		},
		{
			name:  "at least, and there is more",
			files: contents{profile("web"): "[sysctl]\nnet.ipv4.tcp_sack=>5\n", "/usr/lib/sysctl.d/10-a.conf": "net.ipv4.tcp_sack=8\n"},
			boot:  "8 /usr/lib/sysctl.d/10-a.conf:1",
		},
		{
			name:  "at least, and nobody knows what there is",
			files: contents{profile("web"): "[sysctl]\nnet.ipv4.tcp_sack=>5\n"},
			boot:  "unknown",
		},
		{
			name:  "TuneD is not enabled",
			files: contents{profile("web"): "[sysctl]\nnet.ipv4.tcp_sack=5\n", enabled: ""},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			all := contents{enabled: "-> /usr/lib/systemd/system/tuned.service", "/etc/tuned/active_profile": "web\n"}
			for p, data := range test.files {
				all[p] = data
			}
			if all[enabled] == "" {
				delete(all, enabled)
			}
			v := noble()
			v.Tuned = test.tuned
			fc := forecaster(t, whowins.Files(all), v).Key("net.ipv4.tcp_sack")
			if got := short(fc.Reboot); got != test.boot {
				t.Errorf("after a reboot: got %q, want %q (%s)", got, test.boot, fc.Reboot.Reason)
			}
		})
	}
}

func TestTunedSettlesARace(t *testing.T) {
	fc := forecaster(t, whowins.Files(contents{
		"/etc/systemd/system/multi-user.target.wants/tuned.service": "-> /usr/lib/systemd/system/tuned.service",
		"/etc/tuned/active_profile":                                 "web",
		"/usr/lib/tuned/profiles/web/tuned.conf":                    "[sysctl]\nkernel.pid_max=7\n",
		"/etc/ufw/ufw.conf":                                         "ENABLED=yes\n",
		"/etc/default/ufw":                                          "IPT_SYSCTL=/etc/ufw/sysctl.conf\n",
		"/etc/ufw/sysctl.conf":                                      "net/ipv4/tcp_sack=0\n",
		"/etc/sysctl.d/10-a.conf":                                   "net.ipv4.tcp_sack = 1\n",
	}), noble()).Key("net.ipv4.tcp_sack")
	if short(fc.Reboot) != "1 /etc/sysctl.d/10-a.conf:1" || len(fc.Races) > 0 {
		t.Errorf("got %s with %d races: %s", short(fc.Reboot), len(fc.Races), fc.Reboot.Reason)
	}
}

func TestTunedProblems(t *testing.T) {
	for name, active := range map[string]string{"will choose one": " \n", "web is not there": "web\n"} {
		f := forecaster(t, whowins.Files(contents{
			"/etc/systemd/system/multi-user.target.wants/tuned.service": "-> /usr/lib/systemd/system/tuned.service",
			"/etc/tuned/active_profile":                                 active,
		}), noble())
		if p := f.Problems(); len(p) != 1 || !strings.Contains(p[0].Text, name) {
			t.Errorf("%s: got %v", name, p)
		}
	}
}

func FuzzParseTuned(f *testing.F) {
	f.Add("[main]\ninclude=a,b\n[sysctl]\nnet.core.rmem_max=>1 # x\n  more\nreplace=1\n")
	f.Add("[\n=\n]\n # [x]\n\t\n;")
	f.Fuzz(func(t *testing.T, text string) {
		lines := strings.Count(text, "\n") + 1
		for _, s := range parseTuned(text) {
			s.unit(Origin{}, tunedRules(""))
			for _, o := range s.options {
				if o.line < 1 || o.line > lines {
					t.Errorf("line %d of %d", o.line, lines)
				}
			}
		}
	})
}
