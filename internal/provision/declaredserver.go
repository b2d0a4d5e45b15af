package provision

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/plan"
	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/service"
	"github.com/tcptune/tcptune/sysctl/profile"
)

// declaredServer is the part of tcptune.yaml about a service: what the flags of "service install" say. A port or a limit
// is a number in YAML, so they are taken as they are written.
type declaredServer struct {
	Name       string                     `yaml:"name"`
	Listen     []profile.Located          `yaml:"listen"`
	IPv6Only   bool                       `yaml:"ipv6_only"`
	Interface  string                     `yaml:"interface"`
	Backlog    int                        `yaml:"backlog"`
	Drain      string                     `yaml:"drain"`
	Protocol   string                     `yaml:"protocol"`
	Limits     map[string]profile.Located `yaml:"limits"`
	Admin      string                     `yaml:"admin"`
	Upstream   []string                   `yaml:"upstream"`
	UpstreamCA string                     `yaml:"upstream_ca"`
	UpstreamAs string                     `yaml:"upstream_name"`
	UpCert     string                     `yaml:"upstream_cert"`
	UpKey      string                     `yaml:"upstream_key"`
	TLSCert    string                     `yaml:"tls_cert"`
	TLSKey     string                     `yaml:"tls_key"`
	TLSCA      string                     `yaml:"tls_client_ca"`
	Program    string                     `yaml:"program"`
	Exec       []string                   `yaml:"exec"` // the program and its arguments
	Network    bool                       `yaml:"network"`
	StateDir   bool                       `yaml:"state_dir"`
	User       string                     `yaml:"user"`
	Type       string                     `yaml:"type"`
	Overlap    bool                       `yaml:"overlap"`
	Properties []string                   `yaml:"properties"`
}

// spec is what d comes to on h.
func (d declaredServer) spec(h host.Host) (s Service, err error) {
	s = Service{
		Name: d.Name, IPv6Only: d.IPv6Only, Interface: d.Interface, Backlog: DefaultBacklog, Drain: DefaultDrain, Protocol: d.Protocol,
		TLSCert: d.TLSCert, TLSKey: d.TLSKey, TLSClientCA: d.TLSCA, UpstreamCA: d.UpstreamCA, UpstreamName: d.UpstreamAs,
		UpstreamCert: d.UpCert, UpstreamKey: d.UpKey, Program: d.Program, Exec: d.Exec, Network: d.Network, StateDir: d.StateDir,
		User: d.User, Type: d.Type, Overlap: d.Overlap, Properties: d.Properties,
	}
	for _, l := range d.Listen {
		s.Listen = append(s.Listen, l.Text)
	}
	for _, name := range slices.Sorted(maps.Keys(d.Limits)) {
		s.Limits = append(s.Limits, ServiceLimit{Name: name, Value: d.Limits[name].Text})
	}
	if d.Backlog != 0 {
		s.Backlog = d.Backlog
	}
	if d.Drain != "" {
		if s.Drain, err = time.ParseDuration(d.Drain); err != nil {
			return s, fmt.Errorf("cannot use drain %q: it is a number and a unit, as in 60s", d.Drain)
		}
	}
	if d.Admin != "" {
		if s.Admin, err = netip.ParseAddrPort(d.Admin); err != nil {
			return s, fmt.Errorf("cannot use admin %q: it is an address and a port, %s for instance", d.Admin, DefaultAdmin)
		}
	}
	for _, text := range d.Upstream {
		a, err := netip.ParseAddrPort(text)
		if err != nil {
			return s, fmt.Errorf("cannot use upstream %q: it is an IP address and a port, 10.0.0.5:9000 for instance", text)
		}
		s.Upstreams = append(s.Upstreams, a)
	}
	settle(h, &s)
	return s, s.Validate()
}

// check says what of d cannot be meant, in terms of the file.
func (d *declaredServer) check(h host.Host) error {
	if d == nil {
		return nil
	}
	if _, err := d.spec(h); err != nil {
		return fmt.Errorf("cannot use %s: server: %s", DeclaredPath, strings.TrimPrefix(err.Error(), "cannot use "))
	}
	return nil
}

// install is the installation that d declares, on a host that is tuned as d's draft wants.
func (d draft) install(h host.Host, j plan.Journal, want declaredServer) (*installing, error) {
	s, err := want.spec(h)
	if err != nil {
		return nil, err
	}
	measure(d.knobs(h), h, &s)
	// What was installed by hand is not for revert to remove.
	specs, err := service.Installed(j)
	if err != nil {
		return nil, err
	}
	before := specOf(specs, s.Name)
	s.Declared = before == nil || before.Declared
	return &installing{spec: s.Settled(h, j), host: h, now: h.Live() && h.SystemdRunning(), journal: j}, nil
}

// knobs reads keys as they will be: what follows from them is the same before and after the apply.
func (d draft) knobs(h host.Host) func(string) (string, error) {
	return func(key string) (string, error) {
		now, err := h.ReadKnob(key)
		for _, c := range d.Changes {
			if err == nil && c.Kind == report.Knob && c.Target == key && c.Writes() && c.After != nil {
				return *c.After, nil
			}
		}
		return now, err
	}
}

// withServer adds to the draft of the tuning what makes the service that is declared serve.
func (d *draft) withServer(ctx context.Context, h host.Host, j plan.Journal, want *declaredServer) error {
	if want == nil {
		return nil
	}
	i, err := d.install(h, j, *want)
	if err != nil {
		return err
	}
	var o Outcome
	if i.plan, err = i.draft(ctx, &o); err == nil {
		err = i.checkPorts(ctx, &o, false)
	}
	if err != nil {
		return inDeclaredTerms(err)
	}
	d.Warnings = append(d.Warnings, o.Report.Warnings...)
	d.Changes = append(d.Changes, i.plan.Changes...) // last: its sockets are opened as the tuning wants them
	d.Forget, d.Keep = append(d.Forget, i.plan.Forget...), append(d.Keep, i.plan.Keep...)
	all := map[string]json.RawMessage{}
	maps.Copy(all, d.Remember)
	maps.Copy(all, i.plan.Remember)
	d.Remember, d.server = all, i
	return nil
}

// inDeclaredTerms is an error about an installation without the flags that a file does not have.
func inDeclaredTerms(err error) error {
	if report.Is(err, "port-held") {
		told := report.Describe(err)
		told.Hint = "tcptune port PORT --kill stops who holds it, or declare another one in " + DeclaredPath
		return &told
	}
	return err
}

// serverDrift says in what the service that is declared is not as declared, or nothing.
func (d draft) serverDrift(ctx context.Context, h host.Host, j plan.Journal, want *declaredServer) (string, error) {
	if want == nil {
		return "", nil
	}
	i, err := d.install(h, j, *want)
	if err != nil {
		return "", err
	}
	declared := "service " + i.spec.Name + " is declared, and "
	p, err := service.Install(ctx, h, j, i.spec, i.now)
	if errors.As(err, new(*report.Error)) {
		return declared + "cannot be installed: " + err.Error(), nil
	}
	if err != nil {
		return "", err
	}
	var differ []string
	for _, c := range p.Changes {
		if c.Writes() {
			differ = append(differ, c.Target)
		}
	}
	if differ != nil {
		return declared + "not as declared: " + strings.Join(differ, ", "), nil
	}
	if !i.now {
		return "", nil
	}
	s, err := service.Status(ctx, h, i.spec.Name, &i.spec)
	if err != nil || s.State == service.StateActive {
		return "", err
	}
	return declared + s.State + ": " + s.Reason, nil
}

// serving is the end of an apply that has a service: it is proven within the transaction where it was changed, and looked
// at afterwards where not.
func (s session) serving(ctx context.Context, d draft, o *Outcome, apply func(proof func(context.Context) error) error) error {
	i := d.server
	if i == nil {
		return apply(nil)
	}
	began, prove := time.Now(), func(ctx context.Context) error { return i.prove(ctx, o) }
	within := prove
	if i.plan.Empty() {
		within = nil
	}
	err := apply(within)
	if err == nil && within == nil {
		err = prove(ctx)
	}
	i.conclude(ctx, o, began, s.FailedAt, err)
	return inDeclaredTerms(err)
}

// withoutDeclared adds to a way back what removes the services that an apply has brought, sockets and services first.
func withoutDeclared(ctx context.Context, h host.Host, j plan.Journal, p plan.Plan) (plan.Plan, []string, error) {
	specs, err := service.Installed(j)
	if err != nil {
		return p, nil, err
	}
	var notes []string
	for _, s := range specs {
		if !s.Declared {
			continue
		}
		back, left, err := service.Uninstall(ctx, h, j, s.Name)
		if err != nil {
			return p, nil, errors.Join(fmt.Errorf("cannot take back the service %s", s.Name), err)
		}
		notes = append(notes, left...)
		p.Changes, p.Forget = append(back.Changes, p.Changes...), append(p.Forget, back.Forget...)
		all := map[string]json.RawMessage{}
		maps.Copy(all, p.Remember)
		maps.Copy(all, back.Remember)
		p.Remember = all
	}
	return p, notes, nil
}
