package whowins

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tcptune/tcptune/test/whowins"
)

func TestModulesAtBoot(t *testing.T) {
	tree := whowins.Files(contents{
		"/proc/cmdline":                         "ro quiet modules-load=dummy,tcp_bbr modules_load=sch_fq\n",
		"/etc/modules-load.d/modules.conf":      "-> ../modules",
		"/etc/modules":                          "# names\n\n  loop \nnf-conntrack\r\n",
		"/usr/lib/modules-load.d/open-vm.conf":  "vsock\n",
		"/usr/lib/modules-load.d/fuse.conf":     "fuse\n",
		"/etc/modules-load.d/fuse.conf":         "-> /dev/null",
		"/usr/local/lib/modules-load.d/no.txt":  "no\n",
		"/usr/local/lib/modules-load.d/zz.conf": "; no\ntcp_bbr",
	})
	for name, test := range map[string]struct {
		r    Reader
		want []string
	}{
		"running": {tree, []string{"dummy", "tcp_bbr", "sch_fq", "loop", "nf_conntrack", "vsock"}},
		"image":   {image{tree}, []string{"loop", "nf_conntrack", "vsock", "tcp_bbr"}},
	} {
		got, err := modulesAtBoot(newConfReader(test.r))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestAKeyIsLostWhenItsModuleComesTooLate(t *testing.T) {
	const key = "net.netfilter.nf_conntrack_max"
	const set = "9 /etc/sysctl.d/10-a.conf:1"
	for name, test := range map[string]struct {
		files contents
		image bool
		boot  string
	}{
		"not loaded":         {boot: "unknown"},
		"loaded at boot":     {files: contents{"/etc/modules-load.d/nf.conf": "nf_conntrack\n"}, boot: set},
		"loaded by somebody": {files: contents{"/sys/module/nf_conntrack/initstate": "live\n"}, boot: "unknown"},
		"built in":           {files: contents{"/sys/module/nf_conntrack/parameters/hashsize": "1\n"}, boot: set},
		"built in, image":    {files: contents{"/lib/modules/7.0.0/modules.builtin": "kernel/net/netfilter/nf_conntrack.ko\n"}, image: true, boot: set},
		"module, image":      {files: contents{"/lib/modules/7.0.0/modules.builtin": "kernel/net/ipv4/tcp_cubic.ko\n"}, image: true, boot: "unknown"},
	} {
		all := contents{"/etc/sysctl.d/10-a.conf": key + " = 9\n"}
		for p, data := range test.files {
			all[p] = data
		}
		var r Reader = whowins.Files(all)
		if test.image {
			r = image{whowins.Files(all)}
		}
		fc := forecaster(t, r, noble()).Key(key)
		if got := short(fc.Reboot); got != test.boot {
			t.Errorf("%s: got %q, want %q (%s)", name, got, test.boot, fc.Reboot.Reason)
		}
		if got := short(fc.SysctlSystem); got != set {
			t.Errorf("%s: sysctl --system gives %q", name, got)
		}
	}
}
