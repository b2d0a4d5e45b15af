package service

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/tcptune/tcptune/internal/plan"
	"github.com/tcptune/tcptune/internal/report"
)

// checkName refuses what systemd does not take as the name of a unit (systemd.unit(5)), what would be a template or
// a drop-in of another one, and names that are taken: by the system, or by files of ours.
func checkName(name string) error {
	// 200 leaves room for the longest suffix; a unit's name has at most 255 characters.
	if !regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]{0,199}$`).MatchString(name) {
		return fmt.Errorf("cannot use --name %q: a name is up to 200 letters, digits, _ . and -, "+
			"and begins with a letter or digit", name)
	}
	if i := strings.LastIndexByte(name, '.'); i >= 0 && slices.Contains(unitSuffixes(), name[i+1:]) {
		return fmt.Errorf("cannot use --name %q: give it without %q", name, name[i:])
	}
	if strings.HasSuffix(name, "-twin") || strings.HasSuffix(name, "-admin") {
		return fmt.Errorf("cannot use --name %q: names with -twin and -admin belong to the bundled server", name)
	}
	if strings.HasPrefix(name, "systemd-") || slices.Contains(systemNames(), name) {
		return fmt.Errorf("cannot use --name %q: it is a unit of the system", name)
	}
	return nil
}

func unitSuffixes() []string {
	return strings.Fields("service socket device mount automount swap target path timer slice scope")
}

// systemNames are pairs that Ubuntu has, or that an operator can be expected to have, where replacing one of the two
// breaks the host. Whether any other unit has the name is asked on the host itself.
func systemNames() []string {
	return strings.Fields(`apport-forward containerd cron dbus dbus-broker docker docker-proxy getty gdm iscsid lxd
		multipathd NetworkManager networkd-dispatcher podman polkit rpcbind rsyslog snapd ssh sshd sudo
		syslog tcptune tuned udev ufw uuidd virtlogd`)
}

// identified refuses a name that follows from the program where another service has it: perl runs more than one script.
func (s Spec) identified(j plan.Journal) error {
	installed, err := Installed(j)
	if err != nil || !s.Derived {
		return err
	}
	for _, other := range installed {
		if other.Name != s.Name || slices.Equal(other.Exec, s.Exec) {
			continue
		}
		what := "the bundled server"
		if !other.bundled() {
			what = quoteAll(other.Exec)
		}
		return &report.Error{
			Code: "name-taken", Message: fmt.Sprintf("cannot install %s: a service of that name runs %s", s.Name, what),
			Hint: fmt.Sprintf("--name NAME installs another one beside it, --name %s replaces it", s.Name),
		}
	}
	return nil
}
