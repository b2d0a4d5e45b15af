package service

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strings"
	"text/template"
	"time"

	"github.com/tcptune/tcptune/templates"
)

const (
	// defaultNrOpen is what fs.nr_open is at boot, Documentation/admin-guide/sysctl/fs.rst.
	defaultNrOpen = 1 << 20
	twinSuffix    = "-twin.service"
	// grace is how long after the drain deadline a service has to be gone. It closes what is left by itself before.
	grace = 10 * time.Second
)

// Render returns the unit files of a service, in a fixed order: a socket for each address, service, and where there may
// be two processes the twin service that takes over during "restart --overlap". The bundled server also has a socket for
// its admin port, before the service. Keys that the release of systemd (247 or later) does not know are left out. Equal
// arguments give equal bytes.
func Render(s Spec, systemd int) ([]Unit, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	if systemd < oldest {
		return nil, fmt.Errorf("cannot render units for systemd %d: %d is the oldest that is supported", systemd, oldest)
	}
	var files [][2]string
	for _, u := range s.listenUnits() {
		files = append(files, [2]string{u.suffix, "listen.socket.tmpl"})
	}
	if s.bundled() {
		files = append(files, [][2]string{
			{adminSuffix, "admin.socket.tmpl"},
			{".service", "bundled.service.tmpl"},
			{twinSuffix, "bundled.service.tmpl"},
		}...)
	} else {
		files = append(files, [2]string{".service", "own.service.tmpl"})
		if s.Overlap {
			files = append(files, [2]string{twinSuffix, "own.service.tmpl"})
		}
	}
	var units []Unit
	for _, f := range files {
		name := s.Name + f[0]
		v := view(s, name)
		var errUnit, errService error
		v.UnitLines, errUnit = s.properties(true)
		v.ServiceLines, errService = s.properties(false)
		text, err := execute(f[1], systemd, v)
		if err = errors.Join(errUnit, errService, err); err != nil {
			return nil, err
		}
		units = append(units, Unit{Name: name, Text: text})
	}
	return units, nil
}

// renderLimits returns the text of the file that holds the limits of a bundled server, [limitsPath].
func renderLimits(s Spec) (string, error) {
	if err := s.Validate(); err != nil {
		return "", err
	}
	if !s.bundled() {
		return "", fmt.Errorf("cannot render limits of %s: only the bundled server has them", s.Name)
	}
	return execute("limits.yaml.tmpl", oldest, view(s, ""))
}

// limitsPath is where the limits of a bundled server are kept on the host.
func limitsPath(s Spec) string { return "/etc/tcptune/" + s.Name + ".yaml" }

// unitView is what the templates see of a service.
type unitView struct {
	Spec
	Unit       string // the name of the file that is written
	Twin       bool
	Command    string // of ExecStart=, quoted
	LimitsPath string
	NoFile     int
	Stop       string // of TimeoutStopSec=
	FreeBind   bool
	Dials      bool // opens connections of its own
	Families   string
	Streams    []string     // lines
	Sockets    string       // of Sockets=, all that there are for clients
	Socket     string       // the first of them
	Other      bool         // a socket unit that is not NAME.socket
	BothKinds  bool         // [::] takes IPv4 as well
	Path       bool         // it has a Unix socket
	Peers      []netip.Addr // the only ones that it may talk to, where Dials
	Kind       string       // of Type=

	UnitLines, ServiceLines []string // of -p
	Credentials             []credential
}

func view(s Spec, unit string) unitView {
	v := unitView{
		Spec: s, Unit: unit, Twin: strings.HasSuffix(unit, twinSuffix),
		Command: quoteAll(s.Exec), LimitsPath: limitsPath(s),
		NoFile: s.Files, Stop: fmt.Sprintf("%ds", int(math.Ceil((s.Drain + grace).Seconds()))),
		Dials: s.Network, Families: "AF_UNIX", Sockets: strings.Join(s.Sockets(), " "), Socket: s.Sockets()[0],
		Kind: s.kind(), Credentials: s.credentials(),
	}
	for _, u := range s.listenUnits() {
		if unit == s.Name+u.suffix {
			v.FreeBind, v.Streams, v.Other = freeBind(u.listen), s.streams(u.listen), u.suffix != socketSuffix
			v.BothKinds, v.Path = !s.only6(u.listen), slices.ContainsFunc(u.listen, isUnix)
		}
	}
	if v.NoFile == 0 {
		v.NoFile = defaultNrOpen
	}
	if s.Network {
		v.Families += " AF_INET AF_INET6"
	}
	if s.bundled() {
		v.Command = quoteAll(s.command("--limits", limitsPath(s)))
	}
	if len(s.Upstreams) == 0 {
		return v
	}
	v.Dials = true
	for _, upstream := range s.Upstreams {
		v.Peers = append(v.Peers, upstream.Addr())
	}
	slices.SortFunc(v.Peers, netip.Addr.Compare)
	v.Peers = slices.Compact(v.Peers)
	if v.Peers[0].Is4() {
		v.Families += " AF_INET"
	}
	if v.Peers[len(v.Peers)-1].Is6() {
		v.Families += " AF_INET6"
	}
	return v
}

// command is how the bundled server is started. The drain deadline is not among the limits, which a reload changes:
// TimeoutStopSec= has to stay above it.
func (s Spec) command(limits ...string) []string {
	argv := slices.Concat([]string{s.Program, "--protocol", s.Protocol}, limits, []string{"--drain", s.Drain.String()})
	for _, upstream := range s.Upstreams {
		argv = append(argv, "--upstream", upstream.String())
	}
	if s.UpstreamCA == systemCA {
		argv = append(argv, "--upstream-ca", systemCA)
	}
	if s.UpstreamName != "" {
		argv = append(argv, "--upstream-name", s.UpstreamName)
	}
	return argv
}

func execute(name string, systemd int, data unitView) (string, error) {
	table, err := readSince()
	if err != nil {
		return "", err
	}
	t := template.New(name).Funcs(template.FuncMap{"knows": table.knows(systemd)})
	t, err = t.ParseFS(templates.FS, name, "hardening.tmpl")
	if err != nil {
		return "", err
	}
	var out bytes.Buffer
	err = t.Execute(&out, data)
	return out.String(), err
}
