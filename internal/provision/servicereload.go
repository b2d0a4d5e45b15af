package provision

import (
	"context"
	"fmt"
	"strings"
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
			for _, line := range service.LastWords(context.WithoutCancel(ctx), s.host, spec.Units(), began, time.Time{}, journalLines) {
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
	files := strings.Join(spec.CredentialFiles(), ", ")
	stale, why, err := service.StaleCredentials(ctx, s.host, spec)
	switch {
	case err != nil || files == "":
		return out, did, err
	case why != "":
		out.note("whether it has the certificate of the file is not known: " + why)
		return out, did, nil
	case !stale:
		return out, did + ", and serves with " + files, nil
	}
	if _, err = s.carry(&out, func() ([]plan.Change, error) { return service.Overlap(ctx, m, spec) }); err != nil {
		return out, "", err
	}
	if stale, _, err = service.StaleCredentials(ctx, s.host, spec); err == nil && stale {
		err = fmt.Errorf("cannot renew the certificates of %s: it serves with others than there are in %s", name, files)
	}
	return out, fmt.Sprintf("handed over, since systemd copies certificates only when %s starts: it serves with %s now", name, files), err
}
