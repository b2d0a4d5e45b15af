package whowins

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// Rival is something in a tree of [Tuners] that sets keys if it takes part at all.
type Rival struct {
	Check string // the check of "tcptune check" that is about it
	File  string // where its assignment stands
	Key   string // assigned there and nowhere else
}

// Tuners makes the tree of a seed of a host with other programs that set keys: ufw, TuneD and the files of cloud
// images, each as it might be installed, switched on and off, and masked.
func Tuners(seed uint64) (Tree, []Rival) {
	r := rand.New(rand.NewPCG(seed, 0x74756e6572))
	t := Files(map[string]string{
		"/etc/os-release": "ID=ubuntu\nVERSION_ID=\"24.04\"\n",
		"/var/lib/dpkg/status": "Package: systemd\nStatus: install ok installed\nVersion: 255.4-1ubuntu8\n\n" +
			"Package: procps\nStatus: install ok installed\nVersion: 2:4.0.4-4ubuntu3\n",
	})
	var rivals []Rival
	rival := func(check, file string) string {
		key := fmt.Sprintf("net.ipv4.tcp_of_rival_%d", len(rivals))
		rivals = append(rivals, Rival{check, file, key})
		return key
	}
	t.ufw(r, rival)
	t.tuned(r, rival)
	t.cloudFiles(r, rival)
	return t, rivals
}

func often(r *rand.Rand) bool { return r.IntN(4) > 0 }

func (t Tree) maskSometimes(r *rand.Rand, unit string) {
	switch r.IntN(5) {
	case 0:
		t.put("/etc/systemd/system/"+unit, Node{Link: "/dev/null"})
	case 1:
		t.put("/etc/systemd/system/"+unit, Node{Data: "[Service]\n"}) // the operator's own
	}
}

func (t Tree) ufw(r *rand.Rand, rival func(check, file string) string) {
	if !often(r) {
		return
	}
	conf := "# /etc/ufw/ufw.conf\n" + pick(r, []string{
		"ENABLED=yes", "ENABLED=YES", "ENABLED=yes # at boot", "export ENABLED=yes", "ENABLED=\"yes\"", "ENABLED='yes'",
		"ENABLED=yes;", "ENABLED=yes\t# x", "ENABLED=no\nENABLED=yes", "  ENABLED=yes", "ENABLED=no", "ENABLED=yes\nENABLED=no",
		"ENABLED=Yes", "#ENABLED=yes", "ENABLED=", "ENABLED_=yes", "ENABLED=yesterday",
	}) + "\n"
	name := pick(r, []string{"/etc/ufw/sysctl.conf", "/etc/ufw/sysctl.conf", "/etc/ufw/other.conf"})
	names := pick(r, []string{
		"IPT_SYSCTL=" + name, "IPT_SYSCTL=" + name, "IPT_SYSCTL='" + name + "' # slash keys", "export IPT_SYSCTL=\"" + name + "\"",
		"IPT_SYSCTL=", "#IPT_SYSCTL=" + name, "IPT_SYSCTL=" + name + "\nIPT_SYSCTL=", "IPT_SYSCTL=/nowhere.conf",
	}) + "\n"
	if r.IntN(5) == 0 {
		conf += names
		names = ""
	}
	t.put("/etc/ufw/ufw.conf", Node{Data: conf})
	t.put("/etc/default/ufw", Node{Data: "IPV6=yes\n" + names})
	t.put(name, Node{Data: strings.ReplaceAll(rival("tuner-ufw", name), ".", "/") + "=1\n"})
	t.maskSometimes(r, "ufw.service")
}

func (t Tree) tuned(r *rand.Rand, rival func(check, file string) string) {
	if !often(r) {
		return
	}
	const file = "/usr/lib/tuned/ours/tuned.conf"
	t.put("/usr/sbin/tuned", Node{})
	t.put("/etc/tuned/active_profile", Node{Data: "ours\n"})
	t.put(file, Node{Data: "[sysctl]\n" + rival("tuner-tuned", file) + " = 1\n"})
	if often(r) {
		t.put(
			"/etc/systemd/system/multi-user.target.wants/tuned.service",
			Node{Link: "/usr/lib/systemd/system/tuned.service"},
		)
	}
	t.maskSometimes(r, "tuned.service")
}

// cloudFiles puts files of cloud images into all folders. The same name in two of them hides the lower one.
func (t Tree) cloudFiles(r *rand.Rand, rival func(check, file string) string) {
	names := []string{"60-gce-network-security.conf", "99-cloudimg-tcp.conf", "50-ec2-tcp.conf", "70-azure.conf.bak"}
	for _, dir := range []string{"/etc/sysctl.d", "/run/sysctl.d", "/usr/local/lib/sysctl.d", "/usr/lib/sysctl.d"} {
		for _, name := range names {
			p := dir + "/" + name
			switch r.IntN(8) {
			case 0:
				t.put(p, Node{Data: rival("tuner-cloud-image", p) + " = 1\n"})
			case 1:
				t.put(p, Node{Data: "# nothing\n-" + rival("tuner-cloud-image", p) + "\n"})
			case 2:
				t.put(p, Node{Link: "/dev/null"})
			}
		}
	}
}
