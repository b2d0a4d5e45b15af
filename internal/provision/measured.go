package provision

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"slices"
	"time"

	"github.com/tcptune/tcptune/check"
	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/record"
	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/service"
)

// tuned are the metrics of the tuning.
func tuned(version string, s Status) []report.Metric {
	each := report.Metric{
		Name: "tcptune_key_status", Type: "gauge", Help: "1 for the status word of a key of the profile, as tcptune status --all says it.",
	}
	count := map[report.Status]int{}
	for _, k := range s.Report.Keys {
		count[k.Status]++
		each.Samples = append(each.Samples, report.Sample{
			Labels: map[string]string{"key": k.Target, "status": string(k.Status)}, Value: 1,
		})
	}
	all := report.Metric{Name: "tcptune_keys", Type: "gauge", Help: "Keys of the profile by their status word."}
	for _, word := range report.Statuses() {
		all.Samples = append(all.Samples, report.Sample{Labels: map[string]string{"status": string(word)}, Value: float64(count[word])})
	}
	if s.Report.Keys == nil {
		all.Samples = nil
	}
	info := report.Gauge("tcptune_info", "1: the version of tcptune, and the profile that is wanted.", 1)
	info.Samples[0].Labels = map[string]string{"version": version, "profile": s.Report.Profile}
	waits := 0.0
	if s.Waits {
		waits = 1
	}
	metrics := []report.Metric{
		info,
		report.Gauge("tcptune_status_code", "Exit code of tcptune status: 0 as wanted, 2 not as wanted, 4 partial, others cannot tell.",
			float64(s.Code)),
		all, each,
	}
	if s.Report.Keys == nil {
		return metrics
	}
	return append(metrics, report.Gauge("tcptune_waits_for_confirmation", "1 while an apply waits for its confirmation.", waits))
}

// measured collects metrics, and what cannot be seen.
type measured struct {
	Metrics []report.Metric
	unknown []string
}

func (m *measured) unseen(what string) { m.unknown = append(m.unknown, what) }

func (m *measured) add(one report.Metric) { m.Metrics = append(m.Metrics, one) }

// done is all of them.
func (m *measured) done() []report.Metric {
	unknown := report.Metric{Name: "tcptune_unknown", Type: "gauge", Help: "1 for each figure that cannot be seen here."}
	slices.Sort(m.unknown)
	for _, what := range slices.Compact(m.unknown) {
		unknown.Samples = append(unknown.Samples, report.Sample{Labels: map[string]string{"what": what}, Value: 1})
	}
	return slices.DeleteFunc(append(m.Metrics, unknown), func(one report.Metric) bool { return len(one.Samples) == 0 })
}

// check adds the grades of the checks, and the figures that they judge.
func (m *measured) check(ctx context.Context, t Target, h host.Host) {
	result := check.Run(ctx, h, check.Options{
		AllowUnsupported: t.AllowUnsupported,
		Listeners:        func(ctx context.Context) ([]check.Listener, error) { return allListeners(ctx, h) },
	})
	grades := report.Metric{Name: "tcptune_check_grade", Type: "gauge", Help: "Grade of each check: 0 pass, 1 warn, 2 fail."}
	worst := map[string]float64{} // lint has several of a name
	for _, c := range result.Checks {
		grade := map[report.Grade]float64{report.Pass: 0, report.Warn: 1, report.Fail: 2}[c.Grade]
		worst[c.Name] = max(worst[c.Name], grade)
	}
	for _, name := range slices.Sorted(maps.Keys(worst)) {
		grades.Samples = append(grades.Samples, report.Sample{Labels: map[string]string{"check": name}, Value: worst[name]})
	}
	m.add(grades)
	m.Metrics = append(m.Metrics, result.Figures...)
	m.unknown = append(m.unknown, result.Unseen...)
}

// journal adds what tcptune itself knows: when it last changed something, and how its services are.
func (m *measured) journal(ctx context.Context, h host.Host) {
	records, _, err := record.Read(h)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		m.unseen("last_apply")
	}
	for _, r := range records {
		if at, err := time.Parse(time.RFC3339, r.Time); err == nil && r.Command == "apply" && r.ErrorCode == "" {
			m.add(report.Gauge("tcptune_last_apply_timestamp_seconds", "When an apply last succeeded, in seconds since 1970.",
				float64(at.Unix())))
			break
		}
	}
	if !h.SystemdRunning() {
		return
	}
	j, _, err := recall(h)
	if err != nil {
		m.unseen("services")
		return
	}
	specs, err := service.Installed(j)
	if err != nil {
		m.unseen("services")
	}
	states := report.Metric{Name: "tcptune_service_state", Type: "gauge", Help: "1 for the state of a service that tcptune has installed."}
	expiry := report.Metric{
		Name: "tcptune_service_certificate_expiry_timestamp_seconds", Type: "gauge",
		Help: "When the certificate of a service expires, in seconds since 1970.",
	}
	for _, spec := range specs {
		s, err := service.Status(ctx, h, spec.Name, &spec)
		if err != nil {
			m.unseen("service " + spec.Name)
			continue
		}
		states.Samples = append(states.Samples, report.Sample{Labels: map[string]string{"service": spec.Name, "state": s.State}, Value: 1})
		if s.Server == nil {
			continue
		}
		if at, err := time.Parse(time.RFC3339, s.Server.Expires); err == nil {
			expiry.Samples = append(expiry.Samples, report.Sample{Labels: map[string]string{"service": spec.Name}, Value: float64(at.Unix())})
		}
	}
	m.add(states)
	m.add(expiry)
}

// toolchains adds those that tcptune has installed.
func (m *measured) toolchains(ctx context.Context, t Target) {
	_, at, _, err := t.lookAtGo()
	if err != nil {
		m.unseen("go")
		return
	}
	versions := report.Metric{Name: "tcptune_go_state", Type: "gauge", Help: "1 for the state of a Go that tcptune has installed."}
	for _, g := range at.Own(ctx, false, at.Known()...) {
		versions.Samples = append(versions.Samples, report.Sample{
			Labels: map[string]string{"version": g.Target, "state": g.State}, Value: 1,
		})
	}
	m.add(versions)
}
