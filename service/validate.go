package service

import (
	"errors"
	"fmt"
	"math"
	"net/netip"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/tcptune/tcptune/internal/report"
)

// longestDrain is a bound against typing errors: a shutdown of the host waits for it.
const longestDrain = 24 * time.Hour

// bundled tells whether the service is the bundled server, not a user's own program.
func (s Spec) bundled() bool { return len(s.Exec) == 0 }

// Validate tells what in s cannot be installed, in terms of the flags of "tcptune service install". A valid Spec holds
// nothing that would change the meaning of a unit file.
func (s Spec) Validate() error {
	if !s.bundled() { // first: without another name the program gives that
		if err := checkPath("use --exec", s.Exec[0]); err != nil {
			return err
		}
	}
	if err := checkName(s.Name); err != nil {
		return err
	}
	if err := s.checkListen(); err != nil {
		return err
	}
	if s.Backlog < 1 || s.Backlog > math.MaxInt32 {
		return fmt.Errorf("cannot use --backlog %d: it is from 1 to %d", s.Backlog, math.MaxInt32)
	}
	if s.Drain < time.Second || s.Drain > longestDrain {
		return fmt.Errorf("cannot use --drain %s: it is from 1s to %s", s.Drain, longestDrain)
	}
	if s.Files < 0 || s.Files > math.MaxInt32 {
		return fmt.Errorf("cannot allow %d open files: fs.nr_open is up to %d", s.Files, math.MaxInt32)
	}
	if s.Memory != "" && !regexp.MustCompile(memoryTexts).MatchString(s.Memory) {
		return fmt.Errorf("cannot bound the memory to %q: it is MiB, 1024M, or a share, 90%%", s.Memory)
	}
	if s.bundled() {
		return s.validateBundled()
	}
	return s.validateOwn()
}

func (s Spec) validateBundled() error {
	if s.Network || s.StateDir || s.User != "" || s.Type != "" || s.Overlap {
		return errors.New("cannot use --network, --state-dir, --user, --type or --overlap without --exec: the bundled server needs none of them")
	}
	if len(s.Properties) > 0 {
		return fmt.Errorf("cannot use -p without --exec: of the bundled server, systemctl edit %s.service keeps your own settings", s.Name)
	}
	if err := checkPath("use the server program", s.Program); err != nil {
		return err
	}
	if protocols := []string{"echo", "line", "frame", "discard", "http", "relay"}; !slices.Contains(
		protocols,
		s.Protocol,
	) {
		return fmt.Errorf("cannot use --protocol %q: it is one of %s%s", s.Protocol, strings.Join(protocols, ", "),
			meant(s.Protocol, protocols))
	}
	if err := s.checkAdmin(); err != nil {
		return err
	}
	if err := checkUpstreams(s.Protocol, s.Upstreams); err != nil {
		return err
	}
	if err := s.checkTLS(); err != nil {
		return err
	}
	return checkLimits(s.Limits)
}

func (s Spec) validateOwn() error {
	for _, of := range []struct {
		flag  string
		given bool
	}{
		{"--protocol", s.Protocol != ""},
		{"--admin", s.Admin != netip.AddrPort{}},
		{"--upstream", len(s.Upstreams) > 0},
		{"--tls-cert", s.TLSCert != ""},
		{"--tls-key", s.TLSKey != ""},
		{"--tls-client-ca", s.TLSClientCA != ""},
		{"limits", len(s.Limits) > 0},
		{"a server program", s.Program != ""},
	} {
		if of.given {
			return fmt.Errorf("cannot use %s with --exec: it is for the bundled server", of.flag)
		}
	}
	if s.Name == Bundled {
		return fmt.Errorf("cannot use --name %s with --exec: it is the bundled server's", Bundled)
	}
	for _, arg := range s.Exec[1:] {
		if !utf8.ValidString(arg) || strings.ContainsFunc(arg, unicode.IsControl) {
			return fmt.Errorf("cannot use --exec with the argument %q: systemd takes UTF-8 without control characters", arg)
		}
	}
	if err := checkUser(s.User); err != nil {
		return err
	}
	if err := s.checkType(); err != nil {
		return err
	}
	t, err := readProperties()
	if err != nil {
		return err
	}
	return t.check(s.Properties)
}

func checkUser(name string) error {
	switch {
	case name == "":
		return nil
	case name == "root":
		return errors.New("cannot use --user root: the service has a user of its own when --user is left out")
	case !regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_-]{0,30}$`).MatchString(name):
		return fmt.Errorf("cannot use --user %q: a name is up to 31 letters, digits, _ and -", name)
	}
	return nil
}

// checkPath refuses a path that systemd would not take literally, in any key.
func checkPath(what, p string) error {
	switch {
	case !path.IsAbs(p) || path.Clean(p) != p || p == "/":
		return fmt.Errorf("cannot %s %q: it has to be an absolute path with nothing to shorten", what, p)
	case !regexp.MustCompile(`^` + plain + `+$`).MatchString(p):
		return fmt.Errorf("cannot %s %q: besides letters and digits a path may have _ . / : = , @ + and -", what, p)
	}
	return nil
}

func (s Spec) checkTLS() error {
	switch {
	case (s.TLSCert == "") != (s.TLSKey == ""):
		return errors.New("cannot use one of --tls-cert and --tls-key without the other")
	case s.TLSClientCA != "" && s.TLSCert == "":
		return errors.New("cannot use --tls-client-ca without --tls-cert")
	}
	for _, f := range s.credentials() {
		if err := checkPath("use --"+f.flag, f.file); err != nil {
			return err
		}
	}
	return nil
}

// credential is a file that systemd reads for the service.
type credential struct{ name, flag, file string }

// credentials are those of s, as tcptune-server looks for them.
func (s Spec) credentials() (all []credential) {
	for _, c := range []credential{
		{"tls.crt", "tls-cert", s.TLSCert}, {"tls.key", "tls-key", s.TLSKey}, {"tls-client-ca.crt", "tls-client-ca", s.TLSClientCA},
	} {
		if c.file != "" {
			all = append(all, c)
		}
	}
	return all
}

// meant asks whether another name was meant, where one is near.
func meant(name string, known []string) string {
	if near := report.Near(name, known); near != "" {
		return "; did you mean " + near + "?"
	}
	return ""
}
