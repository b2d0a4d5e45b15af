package provision

import (
	"context"

	"github.com/tcptune/tcptune/check"
	"github.com/tcptune/tcptune/internal/report"
)

// Check says whether the host is supported, and what is wrong with it. With strict a warning is as bad as a failure.
func (t Target) Check(ctx context.Context, strict bool) (out Outcome, err error) {
	h, err := t.host()
	if err != nil {
		return out, err
	}
	result := check.Run(ctx, h, check.Options{
		AllowUnsupported: t.AllowUnsupported,
		Listeners:        func(ctx context.Context) ([]check.Listener, error) { return allListeners(ctx, h) },
	})
	out = outcome(nil)
	if j, _, err := recall(h); err == nil {
		out.note(strayNames(h, j)...)
	}
	out.Report.Checks = result.Checks
	for _, k := range out.Report.Checks {
		if k.Grade == report.Fail || k.Grade == report.Warn && strict {
			out.Code = report.ExitDiffers
		}
	}
	if result.Supported.Level == check.LevelUnsupported && !t.AllowUnsupported {
		return out, unsupported(result.Supported.Reason)
	}
	return out, nil
}
