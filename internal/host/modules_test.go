package host

import (
	"bytes"
	"compress/gzip"
	"errors"
	"strings"
	"testing"
)

const release = "6.8.0-60-generic"

var moduleFiles = map[string]string{
	"/proc/modules":                                "nf_conntrack 200704 2 nf_nat,xt_conntrack, Live 0x0\ntcp_bbr 20480 9 - Live 0x0\n",
	"/sys/module/tcp_cubic/parameters/beta":        "717\n",
	"/lib/modules/" + release + "/modules.dep":     "kernel/net/sched/sch_fq.ko.zst:\nkernel/net/ipv4/tcp_bbr.ko.zst:\nkernel/drivers/net/usb/cdc-ether.ko: kernel/drivers/net/usb/usbnet.ko\n",
	"/lib/modules/" + release + "/modules.builtin": "kernel/net/sched/sch_fq_codel.ko\nkernel/net/ipv4/tcp_cubic.ko\n",
	"/lib/modules/" + release + "/modules.alias":   "# Aliases\nalias net-sch-fq sch_fq\nalias tcp_bbr2 gone\nalias pci:v*d* sch_fq\n",
}

func TestModule(t *testing.T) {
	t.Parallel()
	h := tree(t, moduleFiles)
	for name, want := range map[string]ModuleState{
		"tcp_bbr":       ModuleLoaded,
		"nf-conntrack":  ModuleLoaded,
		"sch_fq":        ModuleLoadable,
		"sch-fq":        ModuleLoadable,
		"net-sch-fq":    ModuleLoadable, // an alias
		"cdc_ether":     ModuleLoadable, // listed with a hyphen
		"usbnet":        ModuleAbsent,   // only named as a dependency
		"sch_fq_codel":  ModuleBuiltin,
		"tcp_cubic":     ModuleBuiltin,
		"tcp_bbr2":      ModuleAbsent, // an alias of nothing
		"sch_netem":     ModuleAbsent,
		"sch":           ModuleAbsent,
		"xt_conntrack":  ModuleAbsent,
		"nf_conntrack_": ModuleAbsent,
	} {
		if got, err := h.modules(release, []string{name, "sch_netem"}); got[name] != want || err != nil {
			t.Errorf("%s: got %q, %v, want %q", name, got[name], err, want)
		}
	}
	if got, err := h.ModulesIn(release, "tcp_bbr"); got["tcp_bbr"] != ModuleLoadable || err != nil {
		t.Errorf("in the image: got %q, %v", got, err)
	}
}

func TestModuleOfAKernelWithoutLists(t *testing.T) {
	t.Parallel()
	h := tree(t, map[string]string{"/sys/module/tcp_cubic/": ""})
	for name, want := range map[string]ModuleState{"tcp_cubic": ModuleBuiltin, "tcp_bbr": ModuleUnknown} {
		if got, err := h.modules(release, []string{name, "sch_netem"}); got[name] != want || err != nil {
			t.Errorf("%s: got %q, %v, want %q", name, got[name], err, want)
		}
	}
}

func TestModuleNamesCannotBeOptionsOrPaths(t *testing.T) {
	t.Parallel()
	h := tree(t, moduleFiles)
	for _, name := range []string{"", "-r", "../../etc/passwd", "a b", "a\x00", "tcp_bbr.ko", "x=1", string(bytes.Repeat([]byte("a"), 57))} {
		if _, err := h.ModulesIn(release, name); err == nil {
			t.Errorf("ModulesIn(%q) succeeds", name)
		}
		if err := (Host{}).LoadModule(t.Context(), name); err == nil {
			t.Errorf("LoadModule(%q) succeeds", name)
		}
	}
}

func TestLoadModuleHere(t *testing.T) {
	t.Parallel()
	h := Host{}
	if h.exists("/proc/modules") {
		t.Skip("this kernel has modules: loading one is for the VM test")
	}
	if err := h.LoadModule(t.Context(), "sch_fq"); !errors.Is(err, ErrNoModules) {
		t.Errorf("got %v, want ErrNoModules", err)
	}
	if state, err := h.Module("tcp_cubic"); err == nil && state == ModuleBuiltin {
		if err := h.LoadModule(t.Context(), "tcp_cubic"); err != nil {
			t.Errorf("a module that is built in: %v", err)
		}
	}
}

func TestKernelConfig(t *testing.T) {
	t.Parallel()
	const text = "#\n# CONFIG_NET_SCH_FQ is not set\nCONFIG_TCP_CONG_BBR=m\nCONFIG_DEFAULT_TCP_CONG=\"cubic\"\n"
	for option, want := range map[string]string{
		"CONFIG_NET_SCH_FQ": "", "CONFIG_TCP_CONG_BBR": "m", "CONFIG_DEFAULT_TCP_CONG": "cubic", "CONFIG_TCP_CONG": "",
	} {
		if got := ParseKernelConfig([]byte(text), option)[option]; got != want {
			t.Errorf("%s: got %q, want %q", option, got, want)
		}
	}
	var packed bytes.Buffer
	zw := gzip.NewWriter(&packed)
	_, _ = zw.Write([]byte(text))
	_ = zw.Close()
	h := tree(t, map[string]string{"/proc/config.gz": packed.String()})
	if got, err := h.KernelConfigText(); string(got) != text || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
}

func FuzzModuleLists(f *testing.F) {
	for _, text := range moduleFiles {
		f.Add([]byte(text), "sch-fq")
	}
	f.Fuzz(func(t *testing.T, data []byte, name string) {
		_ = parseModules(data)
		_, _ = parseModuleList(bytes.NewReader(data))
		_, _ = parseModuleAliases(bytes.NewReader(data), map[string]bool{moduleName(name): true})
		list, _ := parseModuleList(strings.NewReader("kernel/" + name + ".ko.xz: x\n"))
		if validModule(name) && !list.has(moduleName(name)) {
			t.Errorf("%q is not found in a list that has it", name)
		}
	})
}

func FuzzParseKernelConfig(f *testing.F) {
	f.Add([]byte("CONFIG_NET=y\n# CONFIG_A is not set\n=\n"), "CONFIG_NET")
	f.Fuzz(func(_ *testing.T, data []byte, option string) { _ = ParseKernelConfig(data, option) })
}
