package check

import (
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tcptune/tcptune/internal/report"
)

// eth0 is an interface as /sys shows it, with these files instead of the usual ones or besides them.
func eth0(files map[string]string) map[string]string {
	const at = "/sys/class/net/eth0/"
	all := map[string]string{
		"/sys/devices/system/cpu/online": "0-3\n",
		at + "operstate":                 "up\n", at + "device/uevent": "", at + "tx_queue_len": "1000\n",
		at + "queues/rx-0/rps_cpus": "0\n", at + "queues/tx-0/xps_cpus": "0\n",
		at + "statistics/rx_packets": "1000000\n", at + "statistics/rx_missed_errors": "0\n", at + "statistics/rx_dropped": "0\n",
		"/sys/class/net/lo/operstate":                 "unknown\n",
		"/sys/class/net/docker0/operstate":            "up\n",
		"/sys/kernel/mm/transparent_hugepage/enabled": "always [madvise] never\n",
	}
	for name, text := range files {
		if name[0] != '/' {
			name = at + name
		}
		all[name] = text
	}
	return all
}

// TestTheMachineIsJudgedByItsFiles is about a machine whose /sys is written down.
func TestTheMachineIsJudgedByItsFiles(t *testing.T) {
	const governor = "/sys/devices/system/cpu/cpufreq/policy0/scaling_governor"
	const driver = "/sys/devices/system/cpu/cpufreq/policy0/scaling_driver"
	irqs := func(processors ...string) map[string]string {
		files := map[string]string{"queues/rx-1/rps_cpus": "0\n"}
		for i, p := range processors {
			n := string(rune('1' + i))
			files["device/msi_irqs/3"+n] = "msix\n"
			files["/proc/irq/3"+n+"/effective_affinity_list"] = p + "\n"
		}
		return files
	}
	with := func(files map[string]string, name, text string) map[string]string {
		files = maps.Clone(files)
		files[name] = text
		return files
	}
	for name, test := range map[string]struct {
		files map[string]string
		check string
		grade report.Grade
		want  string
	}{
		"one queue":                      {nil, "receive-queues", report.Warn, "echo f > /sys/class/net/eth0/queues/rx-0/rps_cpus"},
		"one queue that is spread":       {map[string]string{"queues/rx-0/rps_cpus": "00000000,0000000f\n"}, "receive-queues", report.Pass, "RPS"},
		"one processor":                  {map[string]string{"/sys/devices/system/cpu/online": "0\n"}, "receive-queues", report.Pass, "1 processor"},
		"many processors":                {map[string]string{"/sys/devices/system/cpu/online": "0-31,40-43\n"}, "receive-queues", report.Warn, "echo f,ffffffff >"},
		"processors that are no number":  {map[string]string{"/sys/devices/system/cpu/online": "x\n"}, "receive-queues", report.Warn, "not visible"},
		"two queues":                     {irqs("0", "1", "2"), "receive-queues", report.Pass, "2 queues"},
		"an interface that is down":      {map[string]string{"operstate": "down\n"}, "receive-queues", report.Pass, "no interface"},
		"interrupts apart":               {irqs("0", "1", "2"), "interrupts", report.Pass, "3 interrupts on processors 0,1,2"},
		"interrupts on one":              {irqs("0", "0", "0"), "interrupts", report.Warn, "one processor that serves all"},
		"interrupts of a virtio device":  {with(irqs(), "device/uevent", ""), "interrupts", report.Warn, "not on PCI"},
		"packets that the card missed":   {map[string]string{"statistics/rx_missed_errors": "90000\n"}, "card-drops", report.Warn, "had no room"},
		"packets that were dropped":      {map[string]string{"statistics/rx_dropped": "90000\n"}, "card-drops", report.Warn, "more than one packet"},
		"a counter that is none":         {map[string]string{"statistics/rx_dropped": "x\n"}, "card-drops", report.Warn, "not visible"},
		"a short queue of an image":      {map[string]string{"tx_queue_len": "100\n"}, "txqueuelen", report.Warn, "not visible"},
		"huge pages":                     {nil, "huge-pages", report.Pass, "madvise"},
		"huge pages for all":             {map[string]string{hugePagesFile: "[always] madvise never\n"}, "huge-pages", report.Warn, "echo madvise >"},
		"no governor":                    {nil, "cpu-governor", report.Pass, "none"},
		"powersave":                      {map[string]string{governor: "powersave\n", driver: "acpi-cpufreq\n"}, "cpu-governor", report.Warn, "powersave (1) by acpi-cpufreq"},
		"powersave of intel_pstate":      {map[string]string{governor: "powersave\n", driver: "intel_pstate\n"}, "cpu-governor", report.Pass, "powersave"},
		"powersave by nobody knows whom": {map[string]string{governor: "powersave\n"}, "cpu-governor", report.Warn, "powersave"},
	} {
		t.Run(name, func(t *testing.T) {
			f := healthy()
			observeMachine(image(t, eth0(test.files)), &f)
			if got := byName(t, f, test.check); got.Grade != test.grade || !strings.Contains(got.Value+got.Reason+got.Fix, test.want) {
				t.Errorf("got %+v, want %s and %q", got, test.grade, test.want)
			}
		})
	}
}

func TestAnEngineOfContainersIsNamedWithTheLineForItsOwnWords(t *testing.T) {
	for name, test := range map[string]struct {
		file, value string
		fix         []string
	}{
		"docker":   {"/usr/bin/dockerd", "docker", []string{`docker run --sysctl net.core.somaxconn="65535"`, `sysctls: {net.core.somaxconn: "65535"}`}},
		"podman":   {"/usr/bin/podman", "podman", []string{"podman run --sysctl"}},
		"kubelet":  {"/usr/bin/kubelet", "kubelet", []string{"securityContext: {sysctls: [{name: net.core.somaxconn"}},
		"k3s":      {"/usr/local/bin/k3s", "k3s", []string{"securityContext"}},
		"rke2":     {"/usr/local/bin/rke2", "rke2", []string{"securityContext"}},
		"k0s":      {"/usr/local/bin/k0s", "k0s", []string{"securityContext"}},
		"microk8s": {"/snap/bin/microk8s", "microk8s", []string{"securityContext"}},
	} {
		t.Run(name, func(t *testing.T) {
			f := facts{containers: observeContainers(image(t, map[string]string{test.file: ""}))}
			got := checkContainers(f)
			if got.Grade != report.Warn || got.Value != test.value {
				t.Errorf("got %+v", got)
			}
			for _, want := range test.fix {
				if !strings.Contains(got.Fix, want) {
					t.Errorf("want %q in %q", want, got.Fix)
				}
			}
		})
	}
}

func TestATunerOfKubernetesIsWhatTheFilesMakeOfIt(t *testing.T) {
	wants := func(unit string) string { return "/etc/systemd/system/multi-user.target.wants/" + unit }
	for name, test := range map[string]struct {
		files map[string]string
		want  map[string]report.Grade
	}{
		"rke2, a server": {map[string]string{"/usr/local/bin/rke2": "", wants("rke2-server.service"): "-> x"}, map[string]report.Grade{"tuner-rke2": report.Warn}},
		"rke2, an agent": {map[string]string{"/usr/local/bin/rke2": "", wants("rke2-agent.service"): "-> x"}, map[string]report.Grade{"tuner-rke2": report.Warn}},
		"rke2, not on":   {map[string]string{"/usr/local/bin/rke2": ""}, map[string]report.Grade{"tuner-rke2": report.Pass}},
		"k3s, an agent":  {map[string]string{"/usr/local/bin/k3s": "", wants("k3s-agent.service"): "-> x"}, map[string]report.Grade{"tuner-k3s": report.Warn}},
		"k0s, a worker":  {map[string]string{"/usr/local/bin/k0s": "", wants("k0sworker.service"): "-> x"}, map[string]report.Grade{"tuner-k0s": report.Warn}},
		"microk8s":       {map[string]string{"/snap/bin/microk8s": "", wants("snap.microk8s.daemon-kubelite.service"): "-> x"}, map[string]report.Grade{"tuner-microk8s": report.Warn}},
		"Cilium":         {map[string]string{"/etc/cni/net.d/05-cilium.conflist": "{}"}, map[string]report.Grade{"tuner-cilium": report.Warn}},
		"Calico":         {map[string]string{"/etc/cni/net.d/10-calico.conflist": "{}"}, map[string]report.Grade{"tuner-calico": report.Warn}},
		"none of them":   {map[string]string{"/etc/cni/net.d/10-flannel.conflist": "{}"}, map[string]report.Grade{}},
	} {
		t.Run(name, func(t *testing.T) {
			test.files["/var/lib/dpkg/status"] = packages
			if diff := cmp.Diff(test.want, tunerGrades(t, image(t, test.files))); diff != "" {
				t.Error("-want +got:", diff)
			}
		})
	}
}
