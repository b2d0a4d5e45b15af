package whowins

import (
	"errors"
	"io/fs"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tcptune/tcptune/test/whowins"
)

func TestWithFile(t *testing.T) {
	tree := whowins.Files(contents{
		"/etc/sysctl.d/10-a.conf":      "net.ipv4.tcp_sack = 1\n",
		"/etc/sysctl.d/90-z.conf":      "net.ipv4.tcp_sack = 2\n",
		"/etc/sysctl.d/99-sysctl.conf": "-> ../sysctl.conf",
		"/etc/sysctl.conf":             "\n",
	})
	for _, test := range []struct {
		name, path string
		data       []byte
		want       string
	}{
		{"too early", "/etc/sysctl.d/60-tcptune.conf", []byte("net.ipv4.tcp_sack = 3\n"), "2 /etc/sysctl.d/90-z.conf:1"},
		{"late enough", "/etc/sysctl.d/95-tcptune.conf", []byte("net.ipv4.tcp_sack = 3\n"), "3 /etc/sysctl.d/95-tcptune.conf:1"},
		{"replaced", "/etc/sysctl.d/90-z.conf", []byte("net.ipv4.tcp_sack = 3\n"), "3 /etc/sysctl.d/90-z.conf:1"},
		{"removed", "/etc/sysctl.d/90-z.conf", nil, "1 /etc/sysctl.d/10-a.conf:1"},
		{"through a link", "/etc/sysctl.conf", []byte("net.ipv4.tcp_sack = 3\n"), "3 /etc/sysctl.d/99-sysctl.conf:1"},
		{"in a folder that is not there", "/usr/lib/sysctl.d/zz.conf", []byte("net.ipv4.tcp_sack = 3\n"), "3 /usr/lib/sysctl.d/zz.conf:1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			fc := forecaster(t, WithFile(tree, test.path, test.data), noble()).Key("net.ipv4.tcp_sack")
			if got := short(fc.Reboot); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// What is written into a folder, or removed from it, is so under each name of the folder.
func TestWithFileKnowsFoldersThatAreLinks(t *testing.T) {
	const key = "net.ipv4.tcp_sack"
	for name, folders := range map[string]contents{
		"to ours":   {"/usr/local/lib/sysctl.d": "-> /etc/sysctl.d", "/etc/sysctl.d/60-tcptune.conf": key + " = 3\n"},
		"from ours": {"/etc/sysctl.d": "-> ../usr/local/lib/sysctl.d", "/usr/local/lib/sysctl.d/60-tcptune.conf": key + " = 3\n"},
	} {
		t.Run(name, func(t *testing.T) {
			const own = "/etc/sysctl.d/60-tcptune.conf"
			fc := forecaster(t, WithFile(whowins.Files(folders), own, nil), noble()).Key(key)
			if fc.Reboot.Set != nil || fc.SysctlSystem.Set != nil {
				t.Errorf("without it, %s and %s", short(fc.Reboot), short(fc.SysctlSystem))
			}
			fc = forecaster(t, WithFile(whowins.Files(folders), own, []byte(key+" = 4\n")), noble()).Key(key)
			if got := short(fc.Reboot); got != "4 "+own+":1" {
				t.Errorf("with another one, %s", got)
			}
		})
	}
}

func TestWithFileIsWholeAndStacks(t *testing.T) {
	var r Reader = whowins.Files(contents{"/etc/a": "1", "/etc/link": "-> b", "/etc/c": "3"})
	r = WithFile(WithFile(r, "/etc/b", []byte("22")), "/etc/c", nil)
	names, err := r.ReadDir("/etc")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"a", "b", "link"}, names); diff != "" {
		t.Error(diff)
	}
	for _, p := range []string{"/etc/b", "/etc/link"} {
		data, err := r.ReadFile(p)
		info, statErr := r.Stat(p)
		at, resolveErr := r.Resolve(p)
		if err := errors.Join(err, statErr, resolveErr); err != nil {
			t.Fatal(err)
		}
		if string(data) != "22" || info.Size() != 2 || !info.Mode().IsRegular() || at != "/etc/b" {
			t.Errorf("%s: %q, %d bytes, %s, at %s", p, data, info.Size(), info.Mode(), at)
		}
	}
	if info, err := r.Lstat("/etc/link"); err != nil || info.Mode()&fs.ModeSymlink == 0 {
		t.Errorf("the link is gone: %v, %v", info, err)
	}
	if _, err := r.Readlink("/etc/b"); err == nil {
		t.Error("a regular file is a link")
	}
	_, read := r.ReadFile("/etc/c")
	_, stat := r.Stat("/etc/c")
	_, lstat := r.Lstat("/etc/c")
	_, resolve := r.Resolve("/etc/c")
	for _, err := range []error{read, stat, lstat, resolve} {
		if !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("the removed file: %v", err)
		}
	}
}
