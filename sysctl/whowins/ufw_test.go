package whowins

import (
	"testing"

	"github.com/tcptune/tcptune/test/whowins"
)

func TestUfw(t *testing.T) {
	const key = "net.ipv4.tcp_syncookies"
	for _, test := range []struct {
		name  string
		files contents
		boot  string
		races int
	}{
		{name: "agrees", files: contents{"/etc/sysctl.d/10-a.conf": key + " = 0\n"}, boot: "0 /etc/sysctl.d/10-a.conf:1"},
		{name: "alone", boot: "0 /etc/ufw/sysctl.conf:2"},
		{name: "differs", files: contents{"/etc/sysctl.d/10-a.conf": key + " = 1\n"}, boot: "unknown", races: 1},
		{name: "not enabled", files: contents{"/etc/ufw/ufw.conf": "ENABLED=no\n"}},
		{name: "not installed any more", files: contents{"/etc/ufw/ufw.conf": ""}},
		{name: "masked", files: contents{"/etc/systemd/system/ufw.service": "-> /dev/null"}},
		{name: "names no file", files: contents{"/etc/default/ufw": "#IPT_SYSCTL=/etc/ufw/sysctl.conf\n"}},
		{name: "names none in the end", files: contents{"/etc/default/ufw": "IPT_SYSCTL=/etc/ufw/sysctl.conf\nIPT_SYSCTL=\"\"\n"}},
		{name: "quoted", files: contents{"/etc/default/ufw": "IPT_SYSCTL='/etc/ufw/sysctl.conf' # slash keys\n"}, boot: "0 /etc/ufw/sysctl.conf:2"},
	} {
		t.Run(test.name, func(t *testing.T) {
			all := contents{
				"/etc/ufw/ufw.conf":    "# set by ufw\nENABLED=yes\nLOGLEVEL=low\n",
				"/etc/default/ufw":     "IPV6=yes\nIPT_SYSCTL=/etc/ufw/sysctl.conf\n",
				"/etc/ufw/sysctl.conf": "# slashes\nnet/ipv4/tcp_syncookies=0\n",
			}
			for p, data := range test.files {
				all[p] = data
			}
			fc := forecaster(t, whowins.Files(all), noble()).Key(key)
			if got := short(fc.Reboot); got != test.boot {
				t.Errorf("after a reboot: got %q, want %q (%s)", got, test.boot, fc.Reboot.Reason)
			}
			if len(fc.Races) != test.races {
				t.Fatalf("%d races, want %d", len(fc.Races), test.races)
			}
			for _, race := range fc.Races {
				if short(race.Either) != "1 /etc/sysctl.d/10-a.conf:1" || short(race.Or) != "0 /etc/ufw/sysctl.conf:2" {
					t.Errorf("got %s or %s", short(race.Either), short(race.Or))
				}
			}
		})
	}
}

func FuzzShellVariable(f *testing.F) {
	f.Add("ENABLED=yes\n")
	f.Add("export ENABLED='no' # x\nENABLED=\"yes\"")
	f.Add("ENABLED='")
	f.Fuzz(func(t *testing.T, script string) {
		_ = shellVariable(script, "ENABLED")
	})
}
