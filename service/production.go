package service

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/report"
)

// spare are descriptors that a server has open beside its connections: its sockets, logs, the poller.
const spare = 64

// NotVisible is the value of a check of which nothing can be told here.
const NotVisible = "not visible"

// candidate is a service before production, as it runs.
type candidate struct {
	Spec
	h       host.Host
	unit    host.Unit
	environ []string // of its process, where that can be read, and else what its unit says
	hidden  string   // why only that
}

// Production says whether the service s may be put before clients: what its process really has, and not what its unit
// asks for. It changes nothing. A service that has not been started is not visible.
func Production(ctx context.Context, h host.Host, s Spec) ([]report.Check, error) {
	unit, err := h.SystemManager().Unit(ctx, s.Name+".service")
	if err != nil {
		return nil, err
	}
	r := candidate{Spec: s, h: h, unit: unit, environ: unit.Environment}
	if unit.MainPID > 0 {
		text, err := h.ReadFile(fmt.Sprintf("/proc/%d/environ", unit.MainPID))
		if err == nil {
			r.environ = append(slices.Clone(unit.Environment), strings.Split(strings.TrimRight(string(text), "\x00"), "\x00")...)
		} else {
			r.hidden = "the environment of its process: " + host.Cause(err).Error()
		}
	} else {
		r.hidden = "it does not run, so that files of its environment are not read"
	}
	checks := []report.Check{r.descriptors(), r.memory(ctx), r.logLevel(), r.secrets()}
	if s.bundled() {
		checks = append(checks, r.health(ctx))
	}
	return append(checks, r.tracing(), r.firewall(ctx)), nil
}

// row is a check of one service: it passes with nothing to say, and without a fix it cannot be told.
func (r candidate) row(name, value, reason, fix string) report.Check {
	grade := report.Pass
	switch {
	case fix != "":
		grade = report.Fail
	case value == NotVisible:
		grade = report.Warn
	}
	return report.Check{Name: name + "-" + r.Name, Grade: grade, Value: value, Reason: reason, Fix: fix}
}

// descriptors compares what the process may open with the connections that its limits let in.
func (r candidate) descriptors() report.Check {
	const name = "descriptors"
	if r.unit.MainPID == 0 {
		return r.row(name, NotVisible, "it does not run: systemctl start "+r.Name+".service", "")
	}
	limit, err := r.h.NoFileOf(r.unit.MainPID)
	if err != nil {
		return r.row(name, NotVisible, host.Cause(err).Error(), "")
	}
	want, why := uint64(r.Files), "the unit that tcptune has written asks for as many"
	if r.bundled() {
		conns := uint64(r.limit("max-conns", defaultConns) + r.limit("queue", defaultQueue))
		want, why = conns+spare, fmt.Sprintf("max-conns and queue let in %d connections", conns)
	}
	value := strconv.FormatUint(limit.Soft, 10)
	if limit.Soft < want {
		return r.row(name, value, why+", and its process may open "+value,
			fmt.Sprintf("take LimitNOFILE= out of the drop-ins of %s.service, or lower max-conns", r.Name))
	}
	return r.row(name, value, why, "")
}

// memory looks for a wall, and for how near it is.
func (r candidate) memory(ctx context.Context) report.Check {
	const name, room = "memory", 80
	out, err := r.h.Run(ctx, "systemctl", "show", "--property=MemoryMax", "--value", r.Name+".service")
	text := strings.TrimSpace(string(out))
	most, bad := strconv.ParseUint(text, 10, 64)
	switch {
	case err != nil:
		return r.row(name, NotVisible, err.Error(), "")
	case text == "infinity":
		fix := "sudo tcptune service install with the flags that it has, and -p MemoryMax="
		return r.row(name, "no limit", "when it grows it takes the host along", fix)
	case bad != nil:
		return r.row(name, NotVisible, "systemctl says "+text, "")
	}
	now := r.unit.Memory
	if now == 0 && r.unit.MainPID > 0 {
		now = residentMemory(r.h, r.unit.MainPID)
	}
	value := fmt.Sprintf("%d of %d MiB", now>>20, most>>20)
	switch {
	case now == 0:
		return r.row(name, NotVisible, "nobody knows what it uses now", "")
	case now > most/100*room:
		return r.row(name, value, fmt.Sprintf("more than %d %% of its limit are in use", room), "raise MemoryMax=, or lower its limits")
	}
	return r.row(name, value, "at MemoryMax= the kernel ends it, and not others", "")
}

// logLevel looks for what makes a service write a line for each request.
func (r candidate) logLevel() report.Check {
	const name = "log-level"
	for _, s := range allAsked(r.unit.Command, r.environ) {
		if s.asksForDetail() {
			return r.row(name, "debug", s.place+" has it log each request",
				"take it out of the unit of "+r.Name+", or its drop-ins, and restart it")
		}
	}
	if r.hidden != "" {
		return r.row(name, NotVisible, r.hidden, "")
	}
	return r.row(name, "quiet", "neither its command line nor its environment asks for more", "")
}

// secrets looks for what everybody can read: systemctl show, /proc/PID/cmdline. It names them, and never shows them.
func (r candidate) secrets() report.Check {
	const name = "secrets"
	var found []string
	for _, s := range allAsked(r.unit.Command, r.environ) {
		if s.holdsSecret(r.exists) && !slices.Contains(found, s.place) {
			found = append(found, s.place)
		}
	}
	switch {
	case found != nil:
		return r.row(name, fmt.Sprintf("%d in sight", len(found)),
			strings.Join(found, ", ")+": other users, or what it starts, can read that",
			"put it into a file of mode 0600, and hand that over: -p LoadCredential=NAME:FILE")
	case r.hidden != "":
		return r.row(name, NotVisible, r.hidden, "")
	}
	return r.row(name, "none in sight", "neither on its command line nor in its environment", "")
}

// exists looks for a file.
func (r candidate) exists(path string) error {
	_, err := r.h.Lstat(path)
	return err
}

// health asks the admin address as Prometheus and a balancer do.
func (r candidate) health(ctx context.Context) report.Check {
	const name = "health"
	ctx, cancel := context.WithTimeout(ctx, adminTime)
	defer cancel()
	// The environment may name a proxy; it has no business with loopback.
	client := &http.Client{Transport: &http.Transport{DialContext: (&net.Dialer{}).DialContext, DisableKeepAlives: true}}
	for _, page := range []string{"/readyz", "/metrics"} {
		said := ""
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+r.Admin.String()+page, http.NoBody)
		if err == nil {
			var answer *http.Response
			if answer, err = client.Do(request); err == nil {
				_ = answer.Body.Close()
				said = answer.Status
			}
		}
		if err != nil {
			said = plainly(errors.Unwrap(err)).Error()
		} else if strings.HasPrefix(said, "200") {
			continue
		}
		return r.row(name, "not well", fmt.Sprintf("%s on %s: %s", page, r.Admin, said), "tcptune service status "+r.Name)
	}
	return r.row(name, "ready", fmt.Sprintf("/readyz and /metrics on %s answer", r.Admin), "")
}

// tracing says where spans go. That nobody has asked for them is a warning.
func (r candidate) tracing() report.Check {
	const name = "tracing"
	c := r.row(name, "none", "the bundled server passes traces on, and exports no spans", "")
	if !r.bundled() {
		c = r.row(name, "none", "no variable OTEL_ is in its environment", "")
		c.Fix = "-p Environment=OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4317, where the program knows OpenTelemetry"
		for _, line := range r.environ {
			if key, value, _ := strings.Cut(line, "="); strings.HasPrefix(key, "OTEL_EXPORTER_") && value != "" {
				return r.row(name, key, "its environment says where spans go", "")
			}
		}
	}
	c.Grade = report.Warn
	return c
}

// firewall says whether clients of other hosts are let in.
func (r candidate) firewall(ctx context.Context) report.Check {
	const name = "firewall"
	notes := r.Shut(ctx, r.h)
	switch text := strings.Join(notes, "; "); {
	case notes == nil:
		return r.row(name, "open", "no firewall is known to shut its ports", "")
	case strings.Contains(text, "is not known"):
		return r.row(name, NotVisible, text, "")
	default:
		return r.row(name, "shut", text, text[strings.LastIndex(text, "to open it: ")+len("to open it: "):])
	}
}
