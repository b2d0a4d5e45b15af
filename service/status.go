package service

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/tcptune/tcptune/internal/report"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/plan"
)

// The states of a service.
const (
	StateActive   = "active"    // its socket listens, and the service has not failed
	StateInactive = "inactive"  // its socket does not listen
	StateFailed   = "failed"    // its socket or its service has failed
	StateMissing  = "not-found" // there is no such unit
)

// Status tells how the service called name is doing. spec is what is known of it, nil for a pair that tcptune has not
// installed. It changes nothing and needs no root. Where systemd does not run it is [host.ErrNoSystemd].
func Status(ctx context.Context, h host.Host, name string, spec *Spec) (report.Service, error) {
	out := report.Service{Target: name, Listen: []string{}, Units: []report.ServiceUnit{}}
	m := h.SystemManager()
	var socket, admin, service host.Unit
	for _, suffix := range suffixes() {
		u, err := m.Unit(ctx, name+suffix)
		if err != nil {
			return out, err
		}
		switch suffix {
		case ".socket":
			socket = u
		case "-admin.socket":
			admin = u
		case ".service":
			service = u
		}
		if u.Load != "not-found" {
			out.Units = append(out.Units, report.ServiceUnit{Target: u.Name, Active: u.Active, Sub: u.Sub, File: u.File, DropIns: u.DropIns})
		}
	}
	out.State = stateOf(socket, service)
	for _, l := range socket.Listen {
		out.Listen = append(out.Listen, l.Address)
	}
	out.Pid, out.Memory, out.Restarts = service.MainPID, service.Memory, service.Restarts
	if service.Active != plan.Inactive { // systemd remembers the last words of one that has ended
		out.Says = service.Status
	}
	if out.Memory == 0 && out.Pid > 0 { // where the memory of groups is not accounted, as in many containers
		out.Memory = residentMemory(h, out.Pid)
	}
	if out.State == StateMissing {
		return out, nil
	}
	if n, err := h.Netstat(); err == nil {
		overflows := n["TcpExtListenOverflows"]
		out.ListenOverflows = &overflows
	}
	var reasons []string
	note := func(what string, err error) {
		if err != nil {
			reasons = append(reasons, fmt.Sprintf("%s: %v", what, err))
		}
	}
	var err error
	out.Exposure, err = unitExposure(ctx, h, name+".service")
	note("no exposure", err)
	if spec != nil {
		out.Protocol, out.Program = spec.Protocol, spec.program()
		if spec.bundled() {
			out.Admin = spec.Admin.String()
		}
	}
	if spec != nil && spec.bundled() && service.Active == plan.Active { // asking would start it
		if err = ownAdmin(admin); err == nil {
			out.Server, err = counters(ctx, spec.Admin)
		}
		note("no counters", err)
	}
	out.Reason = strings.Join(reasons, "; ")
	return out, nil
}

func stateOf(socket, service host.Unit) string {
	switch {
	case socket.Load == "not-found":
		return StateMissing
	case socket.Active == StateFailed || service.Active == StateFailed:
		return StateFailed
	case socket.Active == plan.Active:
		return StateActive
	}
	return StateInactive
}

// residentMemory is VmRSS of a process, proc_pid_status(5), in bytes; 0 where it cannot be read.
func residentMemory(h host.Host, pid int) uint64 {
	text, err := h.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(text), "\nVmRSS:")
	value, _, _ := strings.Cut(rest, " kB")
	kib, err := strconv.ParseUint(strings.TrimSpace(value), 10, 64)
	if err != nil {
		return 0
	}
	return kib << 10
}

func (s Spec) program() string {
	if s.bundled() {
		return s.Program
	}
	return s.Exec[0]
}

// ownAdmin is an error where the admin socket does not listen: who answers there is somebody else.
func ownAdmin(u host.Unit) error {
	if u.Active != plan.Active {
		return fmt.Errorf("%s is %s", u.Name, u.Active)
	}
	return nil
}

// adminTime bounds a question to the admin socket, which answers from memory.
const adminTime = 3 * time.Second

// counters asks the admin socket of the bundled server.
func counters(ctx context.Context, admin netip.AddrPort) (*report.Server, error) {
	ctx, cancel := context.WithTimeout(ctx, adminTime)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+admin.String()+"/statusz", nil)
	if err != nil {
		return nil, err
	}
	// The environment may name a proxy; it has no business with loopback.
	transport := &http.Transport{DialContext: (&net.Dialer{}).DialContext, DisableKeepAlives: true}
	response, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		return nil, fmt.Errorf("%s does not answer: %w", admin, plainly(errors.Unwrap(err)))
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answers %s", admin, response.Status)
	}
	var s report.Server
	if err := json.NewDecoder(io.LimitReader(response.Body, 1<<20)).Decode(&s); err != nil {
		return nil, fmt.Errorf("%s answers what is no status", admin)
	}
	if s.Refused == nil {
		s.Refused = map[string]uint64{}
	}
	return &s, nil
}

// unitExposure asks systemd-analyze about a unit as it is loaded, drop-ins included.
func unitExposure(ctx context.Context, h host.Host, unit string) (*float64, error) {
	out, err := h.Run(ctx, "systemd-analyze", "security", "--no-pager", unit)
	if err != nil {
		return nil, err
	}
	return parseExposure(string(out))
}

// parseExposure reads the last line of "systemd-analyze security UNIT", "→ Overall exposure level for x.service: 0.2 SAFE".
func parseExposure(text string) (*float64, error) {
	found := regexp.MustCompile(`Overall exposure level for \S+: ([0-9.]+)`).FindStringSubmatch(text)
	if found == nil {
		return nil, errors.New("systemd-analyze says none")
	}
	level, err := strconv.ParseFloat(found[1], 64)
	return &level, err
}
