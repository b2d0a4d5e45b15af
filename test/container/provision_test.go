package container

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/tcptune/tcptune/test/guest"
	"github.com/tcptune/tcptune/test/long"
)

// example is a file of deploy with another profile. The machines here have the programs of this tree and no network;
// test/vm installs the packages as the file says.
func example(t *testing.T, file, profile string) string {
	t.Helper()
	text, err := os.ReadFile("../../deploy/" + file)
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(text), "profile: server", "profile: "+profile)
}

// A container refuses keys that belong to the host, so 4 is the best that a provisioning gets here. That is what a host
// does where one key is refused: the rest is tuned, the service serves, and status says what is missing.
func (m *Machine) isProvisionedInPart(t *testing.T) {
	t.Helper()
	if got := m.say(t, "8080", "GET / HTTP/1.0\r\n\r\n"); !strings.Contains(got, "200 OK") {
		t.Errorf("the service answers %q", got)
	}
	if !m.tuned(t) {
		t.Error("it is not tuned")
	}
	r := m.Run(t, "tcptune", "status", "--json")
	mustExit(t, partialHere, r)
	var doc struct {
		Keys []struct{ Target, Status, Reason string }
	}
	if err := json.Unmarshal([]byte(r.Stdout), &doc); err != nil {
		t.Fatal(err)
	}
	missing := 0
	for _, k := range doc.Keys {
		if k.Status != "unchanged" && k.Status != "kept" {
			missing++
			if k.Reason == "" {
				t.Errorf("%s is %s for no reason", k.Target, k.Status)
			}
		}
	}
	if missing == 0 {
		t.Error("status ends with 4 and names no key")
	}
}

// Nothing is left of a provisioning that failed, and no service is there to be put before clients.
func (m *Machine) isNotProvisioned(t *testing.T) {
	t.Helper()
	if m.tuned(t) {
		t.Error("it is tuned")
	}
	if got := m.say(t, "8080", "GET / HTTP/1.0\r\n\r\n"); got != "" {
		t.Errorf("there is a service, which says %q", got)
	}
	const ours = "ls -d /etc/sysctl.d/*tcptune* /etc/systemd/system/*/tcptune* /etc/systemd/system/tcptune*"
	if files := m.Run(t, "sh", "-c", ours).Stdout; files != "" {
		t.Errorf("there are %s", files)
	}
	if r := m.Run(t, "tcptune", "status"); r.Code == 0 || r.Code == partialHere {
		t.Errorf("status ends with %d", r.Code)
	}
}

func TestTheShellScriptProvisionsAndSaysHowFarItGot(t *testing.T) {
	t.Parallel()
	m := newServing(t)
	provision := func(profile string) guest.Result {
		return m.RunInput(t, strings.NewReader(example(t, "shell/provision.sh", profile)), "sh", "-s")
	}
	if r := provision("sever"); r.Code == 0 || r.Code == partialHere || !strings.Contains(r.Stderr, "sever") {
		t.Errorf("a profile that there is not: exit %d\n%s", r.Code, r.Stderr)
	}
	m.isNotProvisioned(t)
	for _, when := range []string{"first", "second"} {
		if r := provision("server"); r.Code != partialHere {
			t.Errorf("the %s run: exit %d\n%s%s", when, r.Code, r.Stdout, r.Stderr)
		}
		m.isProvisionedInPart(t)
	}
}

// newCloudMachine boots a machine with cloud-init, which finds the data as NoCloud does and has not run yet.
func newCloudMachine(t *testing.T, userData string) *Machine {
	t.Helper()
	m := Boot(t, Options{Release: "24.04", Packages: []string{"cloud-init"}, Files: map[string]string{
		"/etc/cloud/cloud-init.disabled":        "\n",
		"/etc/cloud/cloud.cfg.d/99-test.cfg":    "datasource_list: [NoCloud]\nnetwork: {config: disabled}\nlocale: false\nssh_genkeytypes: []\n",
		"/var/lib/cloud/seed/nocloud/meta-data": "instance-id: test\n",
		"/var/lib/cloud/seed/nocloud/user-data": userData,
	}})
	for _, name := range []string{"tcptune", "tcptune-server", "jobs"} {
		m.CopyIn(t, program(t, name), "/usr/bin/"+name)
	}
	return m
}

// withoutPackages is a cloud-config without what needs a network.
func withoutPackages(t *testing.T, text string) string {
	t.Helper()
	var c map[string]any
	if err := yaml.Unmarshal([]byte(text), &c); err != nil {
		t.Fatal(err)
	}
	delete(c, "apt")
	delete(c, "packages")
	return cloudConfig(t, c)
}

func cloudConfig(t *testing.T, c any) string {
	t.Helper()
	out, err := yaml.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	return "#cloud-config\n" + string(out)
}

// firstBoot has cloud-init do what it does at boot, and returns how it judges that.
func (m *Machine) firstBoot(t *testing.T) (status string) {
	t.Helper()
	m.Must(t, "sh", "-c", "rm /etc/cloud/cloud-init.disabled && systemctl daemon-reload")
	m.Run(t, "systemctl", "start", "cloud-init.target", "cloud-final.service")
	status = m.Run(t, "cloud-init", "status", "--wait", "--long").Stdout
	t.Log(status, m.Run(t, "cat", "/var/log/cloud-init-output.log").Stdout)
	return status
}

func TestCloudInitProvisionsOnTheFirstBoot(t *testing.T) {
	long.Only(t, "cloud-init is Python, and runs three times")
	t.Run("a host that refuses keys", func(t *testing.T) {
		m := newCloudMachine(t, withoutPackages(t, example(t, "cloud-init/user-data", "server")))
		if status := m.firstBoot(t); !strings.Contains(status, "status: done") {
			t.Errorf("cloud-init says %s", status)
		}
		m.isProvisionedInPart(t)
		if log := m.Must(t, "cat", "/var/log/cloud-init-output.log"); !strings.Contains(log, "refused") {
			t.Errorf("the log does not name what is refused:\n%s", log)
		}
	})
	t.Run("a profile that there is not", func(t *testing.T) {
		m := newCloudMachine(t, withoutPackages(t, example(t, "cloud-init/user-data", "sever")))
		if status := m.firstBoot(t); !strings.Contains(status, "status: error") {
			t.Errorf("cloud-init says %s", status)
		}
		m.isNotProvisioned(t)
		if log := m.Must(t, "cat", "/var/log/cloud-init-output.log"); !strings.Contains(log, "cannot") {
			t.Errorf("the log does not say what is wrong:\n%s", log)
		}
	})
	t.Run("the files that are shown", func(t *testing.T) {
		whole := example(t, "cloud-init/user-data", "server")
		var installer struct {
			AutoInstall struct {
				UserData map[string]any `yaml:"user-data"`
			} `yaml:"autoinstall"`
		}
		if err := yaml.Unmarshal([]byte(example(t, "autoinstall/user-data", "server")), &installer); err != nil {
			t.Fatal(err)
		}
		m := newCloudMachine(t, whole)
		for _, text := range []string{whole, cloudConfig(t, installer.AutoInstall.UserData)} {
			m.RunInput(t, strings.NewReader(text), "tee", "/root/user-data")
			out := m.Run(t, "cloud-init", "schema", "--config-file", "/root/user-data")
			if out.Code != 0 || !strings.Contains(out.Stdout, "Valid cloud-config") {
				t.Errorf("%s%s\n%s", out.Stdout, out.Stderr, text)
			}
		}
		m.RunInput(t, strings.NewReader("#cloud-config\nruncmds: [ls]\npackages: 7\n"), "tee", "/root/user-data")
		if out := m.Run(t, "cloud-init", "schema", "--config-file", "/root/user-data"); out.Code == 0 {
			t.Errorf("the schema objects to nothing: %s", out.Stdout)
		}
	})
}

// Packer logs in over ssh, in the network of the machine.
func TestPackerProvisionsAMachine(t *testing.T) {
	long.Only(t, "Packer takes half a minute to begin, and logs in over ssh")
	packer, err := filepath.Abs("../../bin/fleet/usr/bin/packer")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(packer); err != nil {
		t.Skipf("%v: make test-all unpacks it", err)
	}
	dir := t.TempDir()
	keygen := exec.CommandContext(t.Context(), "ssh-keygen", "-q", "-t", "rsa", "-m", "PEM", "-N", "", "-f", dir+"/key")
	if out, err := keygen.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	public, err := os.ReadFile(dir + "/key.pub")
	if err != nil {
		t.Fatal(err)
	}
	m := Boot(t, Options{Release: "24.04", Packages: []string{"openssh-server", "python3"}, Files: map[string]string{
		"/root/.ssh/authorized_keys": string(public),
		// What the Packer of Debian 12 speaks; a newer one needs none of it.
		"/etc/ssh/sshd_config.d/old.conf": "PubkeyAcceptedAlgorithms +ssh-rsa\nHostKeyAlgorithms +ssh-rsa\n",
	}})
	for _, name := range []string{"tcptune", "tcptune-server", "jobs"} {
		m.CopyIn(t, program(t, name), "/usr/bin/"+name)
	}
	m.RunInput(t, strings.NewReader("#!/bin/sh\nexec \"$@\"\n"), "sh", "-c", "cat >/usr/bin/sudo; chmod 755 /usr/bin/sudo")
	m.Must(t, "chmod", "-R", "go-rwx", "/root")
	template := dir + "/tuned.pkr.hcl"
	build := func(profile string) (string, error) {
		if err := os.WriteFile(template, []byte(example(t, "packer/tuned.pkr.hcl", profile)), 0o600); err != nil {
			t.Fatal(err)
		}
		cmd := exec.CommandContext(t.Context(), "nsenter", "-t", strconv.Itoa(m.Pid()), "-n", packer, "build", "-color=false",
			"-var", "host=127.0.0.1", "-var", "key_file="+dir+"/key", "-var", "install=true", template)
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "HOME="+dir, "CHECKPOINT_DISABLE=1", "PACKER_CACHE_DIR="+dir)
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	if out, err := build("sever"); err == nil || m.tuned(t) {
		t.Errorf("a profile that there is not makes an image: %s", out)
	}
	out, err := build("server")
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	m.Must(t, "systemctl", "start", "tcptune-server.socket") // the first boot of the image
	m.isProvisionedInPart(t)
	if status, err := os.ReadFile(dir + "/tcptune-status.json"); err != nil || !json.Valid(status) {
		t.Errorf("beside the image: %v\n%s", err, status)
	}
}
