package portcheck

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

func TestCgroupPaths(t *testing.T) {
	id := strings.Repeat("0123456789abcdef", 4)
	for p, want := range map[string]Cgroup{
		"/":                           {},
		"/init.scope":                 {Unit: "init.scope"},
		"/system.slice/nginx.service": {Unit: "nginx.service"},
		"/system.slice/system-getty.slice/getty@tty1.service":                 {Unit: "getty@tty1.service"},
		"/system.slice/nginx.service/payload/x.service":                       {Unit: "nginx.service"},
		"/system.slice/_cpu.service":                                          {Unit: "cpu.service"},
		"/user.slice/user-1000.slice/session-3.scope":                         {Unit: "session-3.scope"},
		"/user.slice/user-1000.slice/user@1000.service/app.slice/web.service": {Unit: "user@1000.service", UserUnit: "web.service", UserUID: 1000},
		"/user.slice/user-1000.slice/user@1000.service/init.scope":            {Unit: "user@1000.service", UserUnit: "init.scope", UserUID: 1000},
		"/docker/" + id:                         {Container: Container{"docker", id}},
		"/system.slice/docker-" + id + ".scope": {Container: Container{"docker", id}},
		"/system.slice/docker-" + id + ".scope/system.slice/inner.service":                                        {Container: Container{"docker", id}},
		"/machine.slice/libpod-" + id + ".scope/container":                                                        {Container: Container{"podman", id}},
		"/machine.slice/libpod-conmon-" + id + ".scope":                                                           {Unit: "libpod-conmon-" + id + ".scope"},
		"/libpod_parent/libpod-" + id:                                                                             {Container: Container{"podman", id}},
		"/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" + id + ".scope":                        {Container: Container{"podman", id}, Delegate: "user@1000.service"},
		"/system.slice/nginx.service/docker-" + id + ".scope":                                                     {Container: Container{"docker", id}, Delegate: "nginx.service"},
		"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-podab.slice/cri-containerd-" + id + ".scope": {Container: Container{"containerd", id}},
		"/kubepods.slice/kubepods-podab.slice/crio-" + id + ".scope":                                              {Container: Container{"cri-o", id}},
		"/kubepods/besteffort/pod12/" + id:                                                                        {Container: Container{"containerd", id}},
		"/lxc.payload.web/system.slice/nginx.service":                                                             {Container: Container{"lxc", "web"}},
		"/lxc.monitor.web":                                     {},
		"/lxc/web/init.scope":                                  {Container: Container{"lxc", "web"}},
		`/machine.slice/machine-a\x2db.scope/payload`:          {Container: Container{"nspawn", "a-b"}},
		"/machine.slice/systemd-nspawn@web.service/payload":    {Container: Container{"nspawn", "web"}},
		"/machine.slice/systemd-nspawn@web.service/supervisor": {Unit: "systemd-nspawn@web.service"},
		"/../../system.slice/x.service":                        {Unit: "x.service"},

		"/user.slice/user-1000.slice/user@1000.service/a\x1b[31m\u202eb.service": {Unit: "user@1000.service", UserUnit: "a [31m b.service", UserUID: 1000},
	} {
		want.Path = p
		if diff := cmp.Diff(want, CgroupOf(p)); diff != "" {
			t.Errorf("%s, wanted (-) and got (+):\n%s", p, diff)
		}
	}
}

func TestCgroupFileOfBothVersions(t *testing.T) {
	for text, want := range map[string]string{
		"0::/system.slice/a.service\n":                               "a.service",
		"12:pids:/x\n1:name=systemd:/system.slice/b.service\n0::/\n": "b.service",
		"1:name=systemd:/\n0::/system.slice/c.service\n":             "c.service",
		"2:cpu,cpuacct:/system.slice/d.service\n":                    "",
		"": "",
	} {
		if got := ParseCgroup([]byte(text)).Unit; got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func FuzzParseCgroup(f *testing.F) {
	f.Add("0::/system.slice/a.service\n")
	f.Add("1:name=systemd:/user.slice/user-0.slice/user@0.service/app.slice/x.service\n0::/\n")
	f.Add("0::/lxc.payload.a/../..\n")
	f.Fuzz(func(t *testing.T, text string) {
		c := ParseCgroup([]byte(text))
		if strings.Contains(c.Unit, "/") || strings.Contains(c.UserUnit, "/") || strings.Contains(c.Container.ID, "/") {
			t.Fatalf("%q gives %+v", text, c)
		}
		if c.Container.ID != "" && c.Unit != "" || c.UserUnit != "" && c.Unit == "" {
			t.Fatalf("%q gives %+v", text, c)
		}
	})
}

// The kernel's id of a group is the inode of its folder: a real group, made below the hierarchy and removed again.
func TestCgroupIsFoundByItsID(t *testing.T) {
	root, err := cgroupRoot()
	if err != nil || os.Geteuid() != 0 {
		t.Skipf("needs root and a mounted cgroup2: %v", err)
	}
	dir, err := os.MkdirTemp(root, "tcptune-test-")
	if err != nil {
		t.Skipf("control groups cannot be made here: %v", err)
	}
	inner := filepath.Join(dir, "inner")
	t.Cleanup(func() { _, _ = os.Remove(inner), os.Remove(dir) })
	if err := os.Mkdir(inner, 0o755); err != nil {
		t.Fatal(err)
	}
	var st unix.Stat_t
	if err := unix.Stat(inner, &st); err != nil {
		t.Fatal(err)
	}
	want := strings.TrimPrefix(inner, root)
	if got, ok := CgroupPath(st.Ino); got != want || !ok {
		t.Errorf("the path of %d is %q, %v; want %q", st.Ino, got, ok, want)
	}
	if pids, err := CgroupPids(want); err != nil || len(pids) != 0 {
		t.Errorf("processes of an empty group: %v, %v", pids, err)
	}
	if _, ok := CgroupPath(1 << 60); ok {
		t.Error("a group that does not exist is found")
	}
}
