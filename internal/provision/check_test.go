package provision

import (
	"testing"
	"time"

	"github.com/tcptune/tcptune/internal/report"
)

func TestACertificateThatNobodyRenewsLowersTheGrade(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]report.Grade{
		"": report.Pass, "2026-03-09T12:00:00Z": report.Pass, "2026-03-08T12:00:00Z": report.Warn, "2026-03-01T11:59:59Z": report.Fail,
	} {
		c := report.Check{Grade: report.Pass}
		soonExpired(&c, report.Service{Target: "web", Server: &report.Server{Expires: text}}, now)
		if c.Grade != want || (c.Fix == "") != (want == report.Pass) {
			t.Errorf("%s: %+v, want %s", text, c, want)
		}
	}
	worse := report.Check{Grade: report.Fail, Reason: "it fails again and again"}
	soonExpired(&worse, report.Service{Server: &report.Server{Expires: "2026-03-01T11:59:59Z"}}, now)
	if worse.Reason != "it fails again and again" {
		t.Errorf("what is worse is covered: %+v", worse)
	}
}
