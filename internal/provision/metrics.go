package provision

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/report"
)

// Metrics are the state of the host as figures, for a collector that asks again and again. What cannot be seen is missing
// from them, and named by tcptune_unknown: no figure stands for it. A host whose tuning cannot be told has the status code
// of the error, and that is no error here: a collector that gets nothing keeps what it had.
// Where look is not for no time, what [Target.Diagnose] finds in it is among them.
func (t Target) Metrics(ctx context.Context, tuning Tuning, look Diagnose) (out Outcome, err error) {
	h, err := t.host()
	if err != nil {
		return out, err
	}
	out = outcome(nil)
	var found measured // first: all other figures are to be of the end of the look
	if look.For > 0 {
		out.note(found.diagnose(ctx, t, look))
	}
	s, err := t.Status(ctx, tuning)
	if err != nil {
		if ctx.Err() != nil {
			return out, interrupted(ctx, err)
		}
		told := report.Describe(err)
		s.Code = told.Exit
		out.note(err.Error())
	}
	m := measured{tuned(t.Version, s), nil}
	if err != nil {
		m.unseen("keys")
	}
	m.check(ctx, t, h)
	m.journal(ctx, h)
	m.toolchains(ctx, t)
	m.Metrics, m.unknown = append(m.Metrics, found.Metrics...), append(m.unknown, found.unknown...)
	out.Report.Metrics = m.done()
	return out, nil
}

// WriteMetrics puts metrics into file, whole or not at all, for the textfile collector of node_exporter. That runs as
// somebody else, so everybody may read it.
func (t Target) WriteMetrics(metrics []report.Metric, file string) error {
	at, err := filepath.Abs(file)
	if err != nil {
		return err
	}
	if fi, err := os.Lstat(at); err == nil && !fi.Mode().IsRegular() {
		return fmt.Errorf("cannot write the metrics: %s is a link, a device or a folder", file)
	}
	if err := (host.Host{}).WriteShared(at, report.Exposition(metrics), 0o644); err != nil {
		return named{fmt.Errorf("cannot write the metrics: %s: %w", file, host.Cause(err))}
	}
	return nil
}
