package check

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/sysctl/whowins"
	generated "github.com/tcptune/tcptune/test/whowins"
)

// packages is a dpkg status with the programs that apply sysctl files: without them the files decide nothing.
const packages = "Package: systemd\nStatus: install ok installed\nVersion: 255.4-1ubuntu8\n\n" +
	"Package: procps\nStatus: install ok installed\nVersion: 2:4.0.4-4ubuntu3\n"

// tunerGrades are the grades of what h has of other tuners.
func tunerGrades(t *testing.T, h host.Host) map[string]report.Grade {
	t.Helper()
	grades := map[string]report.Grade{}
	for _, c := range Run(t.Context(), h, Options{}).Checks {
		if strings.HasPrefix(c.Name, "tuner-") {
			grades[c.Name] = c.Grade
		}
	}
	return grades
}

func TestATunerIsWhatTheFilesMakeOfIt(t *testing.T) {
	const vendor = "net.ipv4.tcp_syncookies = 1\n"
	ufw := func(enabled string) map[string]string {
		return map[string]string{
			"/etc/ufw/ufw.conf": enabled + "\n", "/etc/default/ufw": "IPT_SYSCTL=/etc/ufw/sysctl.conf\n",
			"/etc/ufw/sysctl.conf": "net/ipv4/tcp_syncookies=1\n",
		}
	}
	with := func(files map[string]string, p, text string) map[string]string {
		files[p] = text
		return files
	}
	tuned := map[string]string{
		"/usr/sbin/tuned": "",
		"/etc/systemd/system/multi-user.target.wants/tuned.service": "-> /usr/lib/systemd/system/tuned.service",
	}
	for name, test := range map[string]struct {
		files map[string]string
		want  map[string]report.Grade
	}{
		"ufw is on":                      {ufw("ENABLED=yes"), map[string]report.Grade{"tuner-ufw": report.Warn}},
		"in capitals":                    {ufw("ENABLED=YES"), map[string]report.Grade{"tuner-ufw": report.Warn}},
		"with a comment behind":          {ufw("ENABLED=yes # x"), map[string]report.Grade{"tuner-ufw": report.Warn}},
		"exported":                       {ufw("export ENABLED=yes"), map[string]report.Grade{"tuner-ufw": report.Warn}},
		"ufw is off":                     {ufw("ENABLED=no"), map[string]report.Grade{"tuner-ufw": report.Pass}},
		"ufw.service is masked":          {with(ufw("ENABLED=yes"), "/etc/systemd/system/ufw.service", "-> /dev/null"), map[string]report.Grade{"tuner-ufw": report.Pass}},
		"its file sets nothing":          {with(ufw("ENABLED=yes"), "/etc/ufw/sysctl.conf", "#\n"), map[string]report.Grade{"tuner-ufw": report.Pass}},
		"TuneD is on":                    {tuned, map[string]report.Grade{"tuner-tuned": report.Warn}},
		"tuned.service is masked":        {with(maps.Clone(tuned), "/etc/systemd/system/tuned.service", "-> /dev/null"), map[string]report.Grade{"tuner-tuned": report.Pass}},
		"a file of the vendor":           {map[string]string{"/usr/lib/sysctl.d/60-gce.conf": vendor}, map[string]report.Grade{"tuner-cloud-image": report.Warn}},
		"in the folder of the site":      {map[string]string{"/usr/local/lib/sysctl.d/60-gce.conf": vendor}, map[string]report.Grade{"tuner-cloud-image": report.Warn}},
		"masked by a link to /dev/null":  {map[string]string{"/usr/lib/sysctl.d/60-gce.conf": vendor, "/etc/sysctl.d/60-gce.conf": "-> /dev/null"}, map[string]report.Grade{}},
		"hidden by a file that is empty": {map[string]string{"/usr/lib/sysctl.d/60-gce.conf": vendor, "/etc/sysctl.d/60-gce.conf": ""}, map[string]report.Grade{}},
	} {
		t.Run(name, func(t *testing.T) {
			test.files["/var/lib/dpkg/status"] = packages
			if diff := cmp.Diff(test.want, tunerGrades(t, image(t, test.files))); diff != "" {
				t.Error("-want +got:", diff)
			}
		})
	}
}

// TestCheckAndForecastAgree holds what check says of each tuner against what becomes of a key that only this tuner
// sets.
func TestCheckAndForecastAgree(t *testing.T) {
	warned := map[string]int{}
	passed := map[string]int{}
	for seed := range uint64(200) {
		tree, rivals := generated.Tuners(seed)
		root := t.TempDir()
		if err := tree.Write(root); err != nil {
			t.Fatal(err)
		}
		h, err := host.At(root)
		if err != nil {
			t.Fatal(err)
		}
		forecast, err := whowins.Observe(h)
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]report.Grade{}
		for _, r := range rivals {
			fc := forecast.Key(r.Key)
			sets := slices.ContainsFunc([]whowins.Outcome{fc.Reboot, fc.SysctlSystem}, func(o whowins.Outcome) bool {
				return o.Set != nil && o.Set.Origin.File == r.File
			})
			switch {
			case sets:
				want[r.Check] = report.Warn
			case r.Check != "tuner-cloud-image" && want[r.Check] == "":
				want[r.Check] = report.Pass // installed, and without a say
			}
		}
		if diff := cmp.Diff(want, tunerGrades(t, h)); diff != "" {
			t.Errorf("seed %d: -forecast +check:\n%s\n%v", seed, diff, tree)
		}
		for name, grade := range want {
			if grade == report.Warn {
				warned[name]++
			} else {
				passed[name]++
			}
		}
	}
	for _, name := range []string{"tuner-ufw", "tuner-tuned", "tuner-cloud-image"} {
		if warned[name] < 20 || name != "tuner-cloud-image" && passed[name] < 20 {
			t.Errorf("%s: %d trees with it and %d without prove nothing", name, warned[name], passed[name])
		}
	}
	t.Logf("warned %v, passed %v", warned, passed)
}
