package whowins

import (
	"errors"
	"io/fs"
	"slices"
	"strings"
)

// modulesAtBoot returns the kernel modules that systemd-modules-load loads at boot, in order: the files of the
// modules-load.d folders, merged by name as those of sysctl.d are, and, on the running machine, modules_load= of the
// kernel's command line. /etc/modules counts where a link in /etc/modules-load.d leads to it, as it does on Debian and
// Ubuntu; nothing else reads that file. See modules-load.d(5).
func modulesAtBoot(c *confReader) ([]string, error) {
	ru := systemdRules(0)
	var modules []string
	known := map[string]bool{}
	add := func(name string) {
		if name = moduleName(name); name != "" && !known[name] {
			known[name] = true
			modules = append(modules, name)
		}
	}
	cmdline, err := c.cmdline()
	if err != nil {
		return nil, err
	}
	for word := range strings.FieldsSeq(cmdline) {
		// systemd takes the name with a dash as well.
		if key, list, found := strings.Cut(word, "="); found && strings.ReplaceAll(key, "-", "_") == "modules_load" {
			for name := range strings.SplitSeq(list, ",") {
				add(name)
			}
		}
	}
	dirs := []string{
		"/etc/modules-load.d", "/usr/local/lib/modules-load.d", "/usr/lib/modules-load.d", "/lib/modules-load.d",
	}
	ends := func(r rune) bool { return r == '\n' || r == '\r' || r == 0 }
	for _, p := range c.merged(dirs, ru) {
		for line := range strings.FieldsFuncSeq(string(c.open(p).data), ends) {
			line = strings.TrimSpace(line)
			if line != "" && line[0] != '#' && line[0] != ';' {
				add(line)
			}
		}
	}
	return modules, nil
}

// moduleName writes the name of a module in one form: the kernel takes dashes and underscores for the same.
func moduleName(name string) string { return strings.ReplaceAll(strings.TrimSpace(name), "-", "_") }

// broughtBy are the folders of keys that a module brings on most kernels.
var broughtBy = [...]struct{ prefix, module string }{
	{"net/bridge/", "br_netfilter"},
	{"net/netfilter/nf_conntrack", "nf_conntrack"},
	{"net/nf_conntrack_max", "nf_conntrack"},
	{"net/netfilter/nf_flowtable", "nf_flow_table"},
	{"net/ipv4/vs/", "ip_vs"},
	{"net/sctp/", "sctp"},
	{"net/dccp/", "dccp"},
	{"net/rds/", "rds"},
	{"net/smc/", "smc"},
	{"net/tipc/", "tipc"},
	{"net/mpls/", "mpls_router"},
	{"net/vrf/", "vrf"},
	{"sunrpc/", "sunrpc"},
	{"fs/nfs/", "nfs"},
	{"fs/xfs/", "xfs"},
	{"fs/fuse/", "fuse"},
	{"dev/raid/", "md_mod"},
	{"dev/cdrom/", "cdrom"},
}

// ModuleOf returns the module that brings the key at path p, or "" where the kernel itself does.
func ModuleOf(p string) string {
	for _, m := range broughtBy {
		if strings.HasPrefix(p, m.prefix) {
			return m.module
		}
	}
	return ""
}

// Modules are those of which [ModuleOf] knows that they bring keys of the network.
func Modules() (names []string) {
	for _, m := range broughtBy {
		if strings.HasPrefix(m.prefix, network) {
			names = append(names, m.module)
		}
	}
	return names
}

const network = "net/"

// lateModule returns the module that brings the key at path p, if nothing has loaded it when systemd-sysctl runs. Those of
// filesystems and disks may have been loaded from the initial RAM disk.
func (f *Forecaster) lateModule(p string) string {
	module := ModuleOf(p)
	if module == "" || !strings.HasPrefix(p, network) || slices.Contains(f.modules, module) || f.conf.builtIn(module) {
		return ""
	}
	return module
}

// builtIn reports whether the kernel holds the module itself. On the running machine such a module has no initstate in
// /sys/module; otherwise the list that the kernel's build left beside its modules tells, of every kernel that is there.
func (c *confReader) builtIn(module string) bool {
	if live(c.Reader) {
		if _, err := c.Stat("/sys/module/" + module); err == nil {
			_, err := c.Stat("/sys/module/" + module + "/initstate")
			return errors.Is(err, fs.ErrNotExist)
		}
	}
	releases, err := c.ReadDir("/lib/modules")
	if err != nil || len(releases) == 0 {
		return false
	}
	for _, release := range releases {
		list, _ := c.readIfThere("/lib/modules/" + release + "/modules.builtin")
		if !strings.Contains(strings.ReplaceAll(list, "-", "_"), "/"+module+".ko") {
			return false
		}
	}
	return true
}
