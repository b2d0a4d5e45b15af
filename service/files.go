package service

import (
	"fmt"
	"strings"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/report"
)

// hidden are the folders that the units do not show to their service: ProtectHome= and PrivateTmp=.
func hidden() []string { return []string{"/home/", "/root/", "/run/user/", "/tmp/", "/var/tmp/"} }

// CheckFiles tells what s needs and h does not have: the program, and the files of TLS. Those are read by systemd, as
// root; the program is run from within the unit.
func CheckFiles(h host.Host, s Spec) error {
	program := s.program()
	real, err := h.Resolve(program)
	if err != nil {
		missing := &report.Error{Message: fmt.Sprintf("cannot install %s: there is no program %s", s.Name, program)}
		if s.Exec == nil {
			missing.Hint = "install the package tcptune-server, or name the program: --program FILE"
		}
		return missing
	}
	fi, err := h.Stat(program)
	if err != nil || !fi.Mode().IsRegular() || fi.Mode()&0o111 == 0 {
		return fmt.Errorf("cannot install %s: %s is no program that can be run", s.Name, program)
	}
	for _, dir := range hidden() {
		if strings.HasPrefix(program, dir) || strings.HasPrefix(real, dir) {
			const why = "the service does not see %s, put %s elsewhere, into /usr/local/bin for instance"
			return fmt.Errorf("cannot install %s: "+why, s.Name, strings.TrimSuffix(dir, "/"), program)
		}
	}
	for _, p := range []string{s.TLSCert, s.TLSKey, s.TLSClientCA} {
		if p == "" {
			continue
		}
		if fi, err := h.Stat(p); err != nil || !fi.Mode().IsRegular() {
			return fmt.Errorf("cannot install %s: there is no file %s", s.Name, p)
		}
	}
	return nil
}

// Program is where the bundled server is found: the first of the candidates that h has, or else the last one.
func Program(h host.Host, candidates ...string) string {
	for _, c := range candidates {
		if fi, err := h.Stat(c); err == nil && fi.Mode().IsRegular() {
			return c
		}
	}
	return candidates[len(candidates)-1]
}
