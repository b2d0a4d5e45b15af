package provision

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/tcptune/tcptune/installer/fetch"
	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/sysctl"
	"github.com/tcptune/tcptune/sysctl/profile"
)

// DeclaredPath is the optional file in which an operator declares the state of a host.
const DeclaredPath = "/etc/tcptune/tcptune.yaml"

// declared is the content of tcptune.yaml, read once for a request.
type declared struct {
	Tuning struct {
		Profile   string `yaml:"profile"`
		Bandwidth string `yaml:"bandwidth"`
		RTT       string `yaml:"rtt"`
		Flows     int    `yaml:"flows"`
		LiveQdisc bool   `yaml:"live_qdisc"`
	} `yaml:"tuning"`
	Go     declaredGo      `yaml:"go"`
	Server *declaredServer `yaml:"server"`

	options sysctl.Options // what Tuning comes to
	there   bool           // the file is
}

// readDeclared reads tcptune.yaml; without one nothing is declared. What is wrong with it is said whichever part of it
// is asked for.
func readDeclared(h host.Host) (d declared, err error) {
	data, err := h.ReadFile(DeclaredPath)
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := h.Lstat(DeclaredPath); err == nil {
			return d, fmt.Errorf("cannot read %s: the link leads nowhere", DeclaredPath)
		}
		return d, nil
	}
	if err != nil {
		return d, fmt.Errorf("cannot read %s: %w", DeclaredPath, host.Cause(err))
	}
	if d, err = parseDeclared(data); err != nil {
		return d, err
	}
	return d, d.Server.check(h)
}

func parseDeclared(data []byte) (declared, error) {
	d := declared{there: true}
	if !nothingIn(data) {
		if err := profile.DecodeYAML(data, DeclaredPath, "this is not the form of tcptune.yaml: see man 5 tcptune.yaml", &d); err != nil {
			return d, fmt.Errorf("cannot use the declared state: %w", err)
		}
	}
	return d, d.settle()
}

// settle reads what stands in d as text.
func (d *declared) settle() (err error) {
	w := d.Tuning
	d.options = sysctl.Options{Profile: w.Profile, Flows: w.Flows, LiveQdisc: w.LiveQdisc}
	if w.Profile == "" {
		d.options.Profile = sysctl.DefaultProfile
	}
	if w.Flows < 0 {
		return fmt.Errorf("cannot use %s: flows must not be negative", DeclaredPath)
	}
	if d.options.Bandwidth, d.options.RTT, err = parsePath(w.Bandwidth, w.RTT); err != nil {
		return fmt.Errorf("cannot use %s: %s", DeclaredPath, strings.TrimPrefix(err.Error(), "cannot read "))
	}
	if d.Go.Version != "" {
		if d.Go.wish, err = fetch.ParseWish(d.Go.Version); err != nil {
			return fmt.Errorf("cannot use %s: go.version: %s", DeclaredPath, err.Error())
		}
	}
	if err := checkSources(d.Go.Source); err != nil {
		return fmt.Errorf("cannot use %s: go.source: %s", DeclaredPath, strings.TrimPrefix(err.Error(), "cannot use "))
	}
	return nil
}

// nothingIn reports whether data holds nothing, or comments only.
func nothingIn(data []byte) bool {
	for line := range bytes.Lines(data) {
		if line = bytes.TrimSpace(line); len(line) > 0 && line[0] != '#' {
			return false
		}
	}
	return true
}
