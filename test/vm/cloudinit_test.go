package vm

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What cloud-init is not to do to this machine: its root logs in, its network is there, and its disk is small.
const cloudConfig = `datasource_list: [NoCloud]
network: {config: disabled}
disable_root: false
ssh_deletekeys: false
users: []
locale: false
preserve_hostname: true
growpart: {mode: "off"}
resize_rootfs: false
`

const (
	seed       = "/var/lib/cloud/seed/nocloud/"
	repository = "/srv/apt"
)

// userData is the example, which takes the packages from the repository on the machine. It is a copy of the folder
// public.
func userData(t *testing.T, public string) string {
	t.Helper()
	example, err := os.ReadFile("../../deploy/cloud-init/user-data")
	if err != nil {
		t.Fatal(err)
	}
	sources, err := os.ReadFile(filepath.Join(public, "tcptune.sources"))
	if err != nil {
		t.Fatal(err)
	}
	var key []string
	for line := range strings.Lines(string(sources)) {
		if line, inside := strings.CutPrefix(line, " "); inside {
			key = append(key, strings.Replace(line, ".\n", "\n", 1))
		}
	}
	text := string(example)
	begin, end := strings.Index(text, "        -----BEGIN"), strings.Index(text, "packages:")
	if len(key) < 3 || begin < 0 || end < begin {
		t.Fatalf("no key in %q, or none to replace in\n%s", sources, text)
	}
	text = text[:begin] + "        " + strings.Join(key, "        ") + text[end:]
	text = strings.Replace(text, "https://apt.example.com", "file:"+repository, 1)
	return strings.Replace(text, "apt:\n", "apt:\n  preserve_sources_list: true\n", 1) // this machine has no others
}

// boots has cloud-init take the machine for a new one at the next boot, and returns how it judges that boot.
func (m *Machine) boots(t *testing.T, data string) (status string) {
	t.Helper()
	m.Script(t, "cloud-init clean --logs; mkdir -p "+seed+"; echo 'instance-id: new' >"+seed+"meta-data")
	m.RunInput(t, strings.NewReader(data), "tee", seed+"user-data")
	m.Reboot(t)
	status = m.Run(t, "cloud-init", "status", "--long").Stdout
	t.Log(status, m.Run(t, "cat", "/var/log/cloud-init-output.log").Stdout)
	return status
}

func TestCloudInitProvisionsOnTheFirstBoot(t *testing.T) {
	wholeList(t)
	m := Boot(t, Options{Release: "24.04", Packages: []string{"cloud-init", "gnupg"}})
	if r := m.Run(t, "cloud-init", "--version"); r.Code != 0 {
		if os.Getenv("UBUNTU_ROOT") == "" {
			t.Fatalf("cloud-init was not installed: %s%s", r.Stdout, r.Stderr)
		}
		t.Skip("the root of UBUNTU_ROOT has no cloud-init")
	}
	public := filepath.Join(*packagesDir, "apt-repo/public")
	m.CopyTree(t, public, repository)
	m.Script(t, "rm -f /etc/apt/sources.list /etc/apt/sources.list.d/*")
	m.RunInput(t, strings.NewReader(cloudConfig), "tee", "/etc/cloud/cloud.cfg.d/99-test.cfg")
	data := userData(t, public)
	serves := func() bool { return m.Run(t, "curl", "--fail", "--silent", "http://127.0.0.1:8080/").Code == 0 }

	// A profile that there is not: the packages are there, and nothing else.
	if status := m.boots(t, strings.ReplaceAll(data, "profile: server", "profile: sever")); !strings.Contains(status, "status: error") {
		t.Errorf("a profile that there is not: cloud-init says %s", status)
	}
	m.Must(t, "tcptune", "--version")
	if m.isTuned(t) || serves() {
		t.Error("a profile that there is not: it is tuned, or it serves")
	}
	if r := m.Run(t, "tcptune", "status"); r.Code == 0 || r.Code == 4 {
		t.Errorf("a profile that there is not: status ends with %d", r.Code)
	}

	if status := m.boots(t, data); !strings.Contains(status, "status: done") {
		t.Errorf("cloud-init says %s", status)
	}
	if _, code := m.status(t); code != 0 || !m.isTuned(t) || !serves() {
		t.Errorf("after the first boot status ends with %d, tuned %t, served %t", code, m.isTuned(t), serves())
	}

	// A key that this kernel does not take: the module of BBR is gone.
	m.Script(t, "tcptune service uninstall; tcptune revert; dpkg --purge tcptune-server tcptune; rm /lib/modules/*/kernel/net/ipv4/tcp_bbr.ko*; depmod")
	if status := m.boots(t, data); !strings.Contains(status, "status: done") {
		t.Errorf("a key that is not taken: cloud-init says %s", status)
	}
	keys, code := m.status(t)
	if code != 4 || keys["net.ipv4.tcp_congestion_control"].Reason == "" {
		t.Errorf("a key that is not taken: status ends with %d: %+v", code, keys["net.ipv4.tcp_congestion_control"])
	}
	if m.isTuned(t) || m.knob(t, "net.ipv4.tcp_slow_start_after_idle") != "0" || !serves() {
		t.Error("a key that is not taken: the rest is not tuned, or nothing serves")
	}
}
