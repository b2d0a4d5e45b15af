package service

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/plan"
	"github.com/tcptune/tcptune/internal/report"
)

// The states of a service.
const (
	StateActive   = "active"    // its socket listens, and the service has not failed
	StateFailing  = "failing"   // its socket listens, and nobody is served: it is started again and again, or not at all
	StateInactive = "inactive"  // its socket does not listen
	StateFailed   = "failed"    // its socket or its service has failed, or cannot be started
	StateMissing  = "not-found" // there is no such unit
)

// statusLines is how much of the journal of a service that fails is shown.
const statusLines = 6

// Status tells how the service called name is doing. spec is what is known of it, nil for a pair that tcptune has not
// installed. It changes nothing and needs no root. Where systemd does not run it is [host.ErrNoSystemd].
func Status(ctx context.Context, h host.Host, name string, spec *Spec) (out report.Service, err error) {
	out = report.Service{Target: name, Listen: []string{}, Units: []report.ServiceUnit{}}
	m := h.SystemManager()
	units := known{}
	var addresses []string
	if spec != nil {
		addresses = spec.Sockets()
	}
	names := unitsOf(name, addresses)
	for _, unit := range names {
		u, err := m.Unit(ctx, unit)
		if err != nil {
			return out, err
		}
		units[unit] = u
		if u.Load != "not-found" {
			out.Units = append(out.Units, report.ServiceUnit{
				Target: u.Name, Active: u.Active, Sub: u.Sub, File: u.File, DropIns: u.DropIns,
			})
		}
	}
	sockets, service := front{units[name+socketSuffix]}, units[name+".service"]
	if spec != nil {
		if sockets, err = spec.front(ctx, units); err != nil {
			return out, err
		}
	}
	out.State = stateOf(sockets, service)
	var reasons []string
	open := sockets.open()
	if shut := sockets.shut(); shut != nil && out.State != StateMissing {
		names, hint := strings.Join(shut.names(), ", "), opens(shut, open != nil, service)
		reasons = append(reasons, fmt.Sprintf("not open: %s: %s", names, hint))
	}
	if out.State != StateMissing {
		why, cannot := unable(h, service)
		reasons = append(reasons, why)
		if cannot && out.State == StateActive {
			out.State = StateFailed
		}
	}
	listen := open.listen()
	if open == nil {
		listen = sockets.listen()
	}
	for _, l := range listen {
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
	if open != nil {
		kernel, err := lookUp(h, open.listen())
		if err != nil {
			return out, err
		}
		for _, socket := range open {
			for _, why := range kernel.closed(socket.Listen) {
				out.State = StateInactive
				hint := reopens(service, socket)
				reasons = append(reasons, fmt.Sprintf("%s, whatever systemd says of %s: %s", why, socket.Name, hint))
			}
		}
	}
	if out.State == StateActive {
		seen, err := watch(ctx, h, service, listen)
		if err != nil {
			return out, err
		}
		service, out.Pid, out.Restarts = seen.last, seen.last.MainPID, seen.last.Restarts
		for i := range out.Units {
			if out.Units[i].Target == service.Name {
				out.Units[i].Active, out.Units[i].Sub = service.Active, service.Sub
			}
		}
		why := seen.failing()
		if why != "" {
			out.State = StateFailing
		}
		reasons = append(reasons, cmp.Or(why, seen.remark()))
	}
	if out.State == StateFailing || out.State == StateFailed {
		out.Journal = LastWords(ctx, h, names, time.Now().Add(-fresh), time.Time{}, statusLines)
	}
	if n, err := h.Netstat(); err == nil {
		overflows := n["TcpExtListenOverflows"]
		out.ListenOverflows = &overflows
	}
	note := func(what string, err error) {
		if err != nil {
			reasons = append(reasons, fmt.Sprintf("%s: %v", what, err))
		}
	}
	out.Exposure, err = unitExposure(ctx, h, name+".service")
	note("no exposure", err)
	if spec != nil {
		out.Protocol, out.Program = spec.Protocol, spec.program()
		if spec.bundled() {
			out.Admin = spec.Admin.String()
		}
		loaded, changed := spec.asLoaded(sockets.listen())
		if sockets.gone() { // that is why they differ
			changed = ""
		}
		reasons = append(append(reasons, changed), loaded.Shut(ctx, h)...)
	}
	if spec != nil && spec.bundled() && service.Active == plan.Active { // asking would start it
		if admin := units[name+adminSuffix]; admin.Active == plan.Active {
			out.Server, err = counters(ctx, spec.Admin)
		} else { // somebody else answers there
			err = fmt.Errorf("%s is %s", admin.Name, admin.Active)
		}
		note("no counters", err)
		stale, _, err := StaleCredentials(ctx, h, *spec)
		note("whether its certificates are those of the files is not known", err)
		if stale {
			reasons = append(reasons, "it serves with other certificates than there are: sudo tcptune service reload "+name)
		}
	}
	out.Reason = strings.Join(slices.DeleteFunc(reasons, func(r string) bool { return r == "" }), "; ")
	return out, nil
}

// Up reports whether a service serves, or its first client would start it.
func Up(s report.Service) bool {
	starts := func(u report.ServiceUnit) bool {
		return u.Target == s.Target+".service" && (u.Active == "activating" || u.Active == "deactivating")
	}
	return s.State == StateActive && !slices.ContainsFunc(s.Units, starts)
}

// known are units that systemd has been asked for.
type known map[string]host.Unit

func (k known) Unit(_ context.Context, name string) (host.Unit, error) { return k[name], nil }

func stateOf(sockets front, service host.Unit) string {
	failed := func(u host.Unit) bool { return u.Active == StateFailed }
	switch {
	case sockets[0].Load == "not-found":
		return StateMissing
	case slices.ContainsFunc(sockets, failed) || failed(service):
		return StateFailed
	case sockets.shut() == nil:
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

// parseExposure reads the last line of "systemd-analyze security UNIT", "→ Overall exposure level for x.service: 0.2
// SAFE".
func parseExposure(text string) (*float64, error) {
	found := regexp.MustCompile(`Overall exposure level for \S+: ([0-9.]+)`).FindStringSubmatch(text)
	if found == nil {
		return nil, errors.New("systemd-analyze says none")
	}
	level, err := strconv.ParseFloat(found[1], 64)
	return &level, err
}
