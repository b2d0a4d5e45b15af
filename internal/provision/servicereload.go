package provision

import (
	"context"
	"fmt"
	"time"

	"github.com/tcptune/tcptune/internal/plan"
	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/service"
)

// ReloadService has the process of a service read its configuration again, and reads back what can be. Where the host
// shows a process its certificate only when it starts, a renewed one is taken up by a hand-over. did says what was done.
func (t Target) ReloadService(ctx context.Context, name string) (out Outcome, did string, err error) {
	s, notes, err := t.openSettled(ctx)
	if err != nil {
		return out, "", err
	}
	defer s.end(&out, &err)
	out = s.outcome(notes)
	spec, err := findService(s.Journal(), name)
	if err != nil {
		return out, "", err
	}
	if err := requireSystemd(s.host); err != nil {
		return out, "", err
	}
	unknown, err := service.TryRestart(ctx, s.host, spec)
	if err != nil {
		return out, "", err
	}
	out.note(unknown)
	began, m := time.Now(), s.host.SystemManager()
	defer func() {
		if err != nil && report.Describe(err).Code != "no-reload" {
			for _, line := range service.LastWords(context.WithoutCancel(ctx), s.host, name, began, time.Time{}, journalLines) {
				out.note("journal: " + line)
			}
		}
	}()
	if _, err = s.carry(&out, func() ([]plan.Change, error) { return service.Reload(ctx, m, name) }); err != nil {
		return out, "", err
	}
	out.Report.Changed = true
	did = "reloaded: " + name + " was told to, as its unit says, and runs"
	if spec.Exec != nil {
		return out, did, nil
	}
	note, err := service.ReadBack(ctx, s.host, spec)
	if err != nil {
		return out, "", err
	}
	out.note(note)
	did = "reloaded: " + name + " has read its limits again"
	stale, why, err := service.StaleCertificate(ctx, s.host, spec)
	switch {
	case err != nil || spec.TLSCert == "":
		return out, did, err
	case why != "":
		out.note("whether it has the certificate of the file is not known: " + why)
		return out, did, nil
	case !stale:
		return out, did + ", and serves the certificate of " + spec.TLSCert, nil
	}
	if _, err = s.carry(&out, func() ([]plan.Change, error) { return service.Overlap(ctx, m, name) }); err != nil {
		return out, "", err
	}
	if stale, _, err = service.StaleCertificate(ctx, s.host, spec); err == nil && stale {
		err = fmt.Errorf("cannot renew the certificate of %s: it serves another one than %s has", name, spec.TLSCert)
	}
	return out, fmt.Sprintf("handed over: systemd shows %s its certificate only when it starts; it serves that of %s now",
		name, spec.TLSCert), err
}
