package provision

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/netip"
	"path/filepath"
	"strconv"
	"time"

	"github.com/tcptune/tcptune/bench"
	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/report"
)

// Load asks for a load test. What is empty has a default.
type Load struct {
	Name     string // of a comparison; "": the target
	Target   string // as a person writes it, see [bench.ParsePlace]
	Protocol string // "": http for a URL, otherwise raw
	Payload  string // a file
	Sources  []string
	Asserts  []string

	TLS, Insecure  bool
	CA, ServerName string

	Rounds   int
	FindRate bool
	P99      time.Duration // that a rate that is looked for must hold

	bench.Options
}

// LoadNow is how far a load test is.
type LoadNow = bench.Now

// LoadProtocols are what a load test can speak.
func LoadProtocols() (names []string) {
	for _, p := range bench.Protocols() {
		names = append(names, string(p))
	}
	return names
}

// Bench puts a service under load. told may be nil.
func (t Target) Bench(ctx context.Context, l Load, told func(LoadNow)) (out Outcome, err error) {
	promises, err := promisesOf(l.Asserts)
	if err != nil {
		return out, err
	}
	h, err := t.host()
	if err != nil {
		return out, err
	}
	o, err := l.options(ctx, h)
	if err != nil {
		return out, err
	}
	out = outcome(nil)
	rounds, err := l.measure(ctx, o, told)
	b, ended := rounds[len(rounds)-1], len(rounds) // the one that failed, if any did
	if err != nil {
		ended--
	}
	cut := err != nil && ctx.Err() != nil && ended > 0
	if cut || ended > 1 && err == nil {
		b = bench.Middle(rounds[:ended]) // what was cut off is no round
	}
	b.Settings = settings(h)
	out.Report.Bench = &b
	if b.Target == "" {
		out.Report.Bench = nil
	}
	switch {
	case cut:
		return out, interruptedIn(ended+1, l.Rounds)
	case err != nil:
		return out, interrupted(ctx, err)
	}
	out.judge(promises, rounds)
	if l.FindRate && *b.Found == 0 {
		out.Code = report.ExitDiffers
	}
	return out, nil
}

// interruptedIn is the error of a load test of which some rounds had ended.
func interruptedIn(round, of int) error {
	return &report.Error{
		Code: "interrupted", Message: fmt.Sprintf("cannot go on: interrupted in round %d of %d", round, of),
		Hint: "the figures are those of the rounds before it",
	}
}

// judge holds promises against the rounds of a load test.
func (o *Outcome) judge(promises []bench.Promise, rounds []report.Bench) {
	for _, p := range promises {
		judged := p.Judge(rounds...)
		o.Report.Bench.Asserted = append(o.Report.Bench.Asserted, judged)
		if !judged.Held {
			o.Code = report.ExitDiffers
		}
	}
}

// measure returns a round or more.
func (l Load) measure(ctx context.Context, o bench.Options, told func(LoadNow)) ([]report.Bench, error) {
	if l.FindRate {
		b, err := bench.FindRate(ctx, o, l.P99, told)
		return []report.Bench{b}, err
	}
	return bench.Rounds(ctx, o, max(1, l.Rounds), told)
}

// readNamed reads a file that the command line names.
func readNamed(h host.Host, file string) ([]byte, error) {
	at, err := filepath.Abs(file)
	if err != nil {
		return nil, err
	}
	data, err := h.ReadFile(at)
	if err != nil {
		return nil, named{fmt.Errorf("cannot read %s: %w", file, host.Cause(err))}
	}
	return data, nil
}

// options are l in the terms of the generator.
func (l Load) options(ctx context.Context, h host.Host) (o bench.Options, err error) {
	o = l.Options
	place, err := bench.ParsePlace(l.Target)
	if err != nil {
		return o, err
	}
	if o.Protocol = bench.Protocol(l.Protocol); o.Protocol == "" {
		o.Protocol = bench.Raw
		if place.HTTP {
			o.Protocol = bench.HTTP
		}
	}
	if place.HTTP && o.Protocol != bench.HTTP {
		return o, report.Usage(fmt.Sprintf("cannot speak %s with a URL of HTTP", o.Protocol), "HOST:PORT is for the other protocols")
	}
	o.Target = bench.Target{Name: place.Name, Path: place.Path}
	o.Path, o.Host = "/", place.Host
	if place.Target != "" {
		o.Path = place.Target
	}
	if place.Path != "" {
		o.Host = "localhost"
	} else {
		o.Host = hostField(place)
		if err := o.Validate(); err != nil { // before anybody is asked
			return o, err
		}
		if o.Target.Addr, err = place.Addr(ctx); err != nil {
			return o, err
		}
	}
	if l.Payload != "" {
		if o.Payload, err = readNamed(h, l.Payload); err != nil {
			return o, err
		}
		if len(o.Payload) == 0 {
			return o, report.Usage(fmt.Sprintf("cannot use the payload %s: it is empty", l.Payload), "")
		}
	}
	if o.Sources, err = sourcesOf(l.Sources, o.Target); err != nil {
		return o, err
	}
	if l.TLS || place.TLS {
		o.Target.TLS, err = l.tls(h, place, o.Protocol)
	} else if l.Insecure || l.CA != "" || l.ServerName != "" {
		err = report.Usage("cannot use --insecure, --ca or --server-name without TLS", "--tls, or a URL of https")
	}
	return o, err
}

// hostField is the field Host of HTTP: without the port where that is the one of the scheme.
func hostField(p bench.Place) string {
	usual, name := map[bool]uint16{true: 443, false: 80}[p.TLS], p.Host
	addr, err := netip.ParseAddr(name)
	if err == nil {
		name = addr.WithZone("").String() // the zone is this machine's affair, RFC 6874, 1
	}
	if p.Port == usual {
		if addr.Is6() {
			return "[" + name + "]"
		}
		return name
	}
	return net.JoinHostPort(name, strconv.Itoa(int(p.Port)))
}

func (l Load) tls(h host.Host, p bench.Place, protocol bench.Protocol) (*tls.Config, error) {
	c := &tls.Config{
		ServerName: l.ServerName, InsecureSkipVerify: l.Insecure, MinVersion: tls.VersionTLS12, //nolint:gosec // asked for
		ClientSessionCache: tls.NewLRUClientSessionCache(64),
	}
	if c.ServerName == "" {
		c.ServerName = p.Host
	}
	if c.ServerName == "" && !l.Insecure {
		return nil, report.Usage("cannot tell whose certificate a Unix socket is to show",
			"--server-name NAME, or --insecure")
	}
	if protocol == bench.HTTP {
		c.NextProtos = []string{"http/1.1"}
	}
	if l.CA == "" {
		return c, nil
	}
	data, err := readNamed(h, l.CA)
	if err != nil {
		return nil, err
	}
	c.RootCAs = x509.NewCertPool()
	if !c.RootCAs.AppendCertsFromPEM(data) {
		return nil, report.Usage(fmt.Sprintf("cannot use %s: it holds no certificate in PEM form", l.CA), "")
	}
	return c, nil
}

func sourcesOf(texts []string, to bench.Target) (list []netip.Addr, err error) {
	for _, text := range texts {
		addr, err := netip.ParseAddr(text)
		switch {
		case err != nil:
			return nil, report.Usage(fmt.Sprintf("cannot connect from %q: it is no address", text), "")
		case to.Path != "":
			return nil, report.Usage("cannot use --source with a Unix socket", "")
		case addr.Unmap().Is4() != to.Addr.Addr().Is4():
			return nil, report.Usage(fmt.Sprintf("cannot connect from %s to %s: one is IPv4, the other IPv6", text, to.Addr.Addr()), "")
		}
		list = append(list, addr.Unmap())
	}
	return list, nil
}

func promisesOf(texts []string) (list []bench.Promise, err error) {
	for _, text := range texts {
		p, err := bench.ParsePromise(text)
		if err != nil {
			return nil, err
		}
		list = append(list, p)
	}
	return list, nil
}

// settings are what the kernel had when a load test ran.
func settings(h host.Host) map[string]string {
	values := map[string]string{}
	for _, key := range []string{
		"kernel.hostname", "kernel.osrelease",
		"net.core.default_qdisc", "net.core.somaxconn", "net.core.rmem_max", "net.core.wmem_max", "net.ipv4.ip_local_port_range",
		"net.ipv4.tcp_congestion_control", "net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem", "net.ipv4.tcp_notsent_lowat",
		"net.ipv4.tcp_slow_start_after_idle", "net.ipv4.tcp_tw_reuse", "net.ipv4.tcp_max_syn_backlog",
	} {
		if value, err := h.ReadKnob(key); err == nil {
			values[key] = value
		}
	}
	return values
}
