package schematest

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/tcptune/tcptune/internal/report"
)

// full is a report with something in every field that the envelope knows.
func full() report.Report {
	s := func(v string) *string { return &v }
	decided := &report.DecidedBy{Reboot: s("/etc/sysctl.d/99-zz.conf:3"), SysctlSystem: s("/etc/sysctl.conf:1")}
	return report.Report{
		Schema: report.Schema, Command: "profile show", Changed: true, WouldChange: true, Failed: true, ExitCode: 6,
		Counts: map[string]int{"overridden": 1, "WARN": 1}, Profile: "server", Origin: "the default",
		Explained: []report.Explanation{{
			Target: "net.core.somaxconn", Text: "the longest queue", Scope: "each network namespace", Module: "m", Since: "5.15",
			NoEffectSince: "4.14", Instead: "nothing", NotOurs: "routing",
			Fields:   []report.Field{{Name: "max", Unit: "connections", Min: 1, Max: 2, Rule: "more is more"}},
			Defaults: []string{"4096"}, Myths: []report.Myth{{Claim: "a", Truth: "b"}}, Setters: []string{"none"}, Sources: []string{"ip-sysctl"},
		}},
		Changes: []report.Change{{
			Kind: report.Knob, Target: "net.core.somaxconn", Before: s("4096"), After: s("65535"), Effective: s("65535"),
			Status: report.Overridden, Reason: "another file decides", Why: "room for bursts", Source: "profile server",
			DecidedBy: decided, Required: true,
		}},
		Differences: []report.Difference{{
			Target: "net.core.somaxconn", A: s("65535"), B: s("4096"), ModeA: "raise", ModeB: "exact", Enough: true, Reason: "more",
		}},
		DeadLines: []report.DeadLine{{Target: "net.core.somaxconn", At: "/etc/sysctl.d/99-zz.conf:3", Value: "128", New: true}},
		Checks: []report.Check{{
			Name: "os-release", Grade: report.Warn, Value: "Debian 13", Reason: "compatible",
			Fix: "none",
		}},
		Keys: []report.Key{{
			Target: "net.ipv4.tcp_fin_timeout", Wanted: s("30"), Running: s("60"), AfterReboot: s("60"),
			AfterSysctlSystem: s("20"), DecidedBy: decided, Status: report.Kept, Reason: "another file decides",
		}},
		Service: []report.Service{{
			Target: "tcptune-server", State: "active", Protocol: "echo", Program: "/usr/bin/tcptune-server",
			Listen: []string{"[::]:8080"}, Admin: "127.0.0.1:9180", Pid: 7, Memory: 1, Restarts: 1, Says: "serving",
			Units: []report.ServiceUnit{{
				Target: "tcptune-server.socket", Active: "active", Sub: "listening", File: "enabled",
				DropIns: []string{"/etc/systemd/system/tcptune-server.socket.d/x.conf"},
			}},
			Server:          &report.Server{Protocol: "echo", Refused: map[string]uint64{}},
			ListenOverflows: new(uint64), Exposure: new(float64), Reason: "one thing is unknown",
		}},
		Versions: []report.GoVersion{{
			Target: "1.26.3", State: "active", By: "tcptune", Path: "/usr/local/lib/tcptune/go/1.26.3", Source: "download",
			URL: "https://go.dev/dl/go1.26.3.linux-amd64.tar.gz", Digest: "sha256:00", Verified: []string{"sha256"},
			Why: "bin/go is gone", Fix: "sudo tcptune go install 1.26.3",
		}},
		Shells: []report.GoShell{{
			Target: "shell of alice", State: "other", Go: "/usr/bin/go", Version: "1.22.2", By: "apt",
			Why: "/usr/bin comes first in PATH",
			Fix: "put /usr/local/bin before it", Doubts: []string{"eval is not followed"},
			Goroot: "/opt/go", Goflags: "-mod=mod", Gotoolchain: "local",
		}},
		Build: &report.Build{
			Version: "1.2.0", Commit: "3939d79ab01c", Committed: "2026-11-29T10:16:00Z", Go: "go1.26.8",
		},
		Records: []report.Record{{
			ID: "1f8c03aa", Time: "2026-11-29T10:15:58Z", Command: "apply", CommandLine: "tcptune apply", More: 1, ErrorCode: "rolled-back",
			ExitCode: 1, Version: "1.0.0",
			By:      report.Actor{AuditUID: new(uint32), SudoUser: "alice", Terminal: "/dev/pts/0", Unit: "session-3.scope"},
			Changes: []report.RecordedChange{{Kind: "knob", Target: "net.core.somaxconn", Before: s("4096"), After: s("65535"), Status: report.Failed}},
		}},
		Proof: &report.Proof{
			Scenario: "long-fat-pipe", Before: "HOST-NOW", After: "profile server", Rounds: 5, Confidence: 0.99,
			Path: report.ProofPath{Kind: "tun", RTT: 300, Rate: 200e6, Queue: 7_500_000, Measured: report.ProofMeasurement{Runs: 40, Delay: 300.1}},
			Rows: []report.ProofRow{{
				Key: "net.ipv4.tcp_rmem", Workload: "bulk", Metric: "goodput", Unit: "Mbit/s", Better: "higher", Before: 80, After: 160,
				Ratio: new(float64), Low: new(float64), High: new(float64), Verdict: report.Better,
			}},
			Settings:    []report.ProofSetting{{Target: "net.ipv4.tcp_rmem", Before: "4096", After: "8192"}},
			NotProvable: []report.ProofAbsence{{Target: "net.core.rmem_max", Reason: "one value for the whole machine"}},
			NotMeasured: []report.ProofAbsence{{Target: "requests", Reason: "late"}},
		},
		Findings: &[]report.Limit{{
			Rule: "receive-window", Certainty: "certain", Target: "port 8080", Namespace: "blue", Words: "the window", Evidence: "14 %", Weight: 0.14,
			Advice: []report.Advised{{Kind: "key", Target: "net.ipv4.tcp_rmem", Value: "4096 131072 33554432"}}, Check: "ss -ti", Source: "RFC 7323", New: true,
		}},
		Observed: []report.Observed{{
			Namespace: "blue", Duration: 10, Looks: 10, Sockets: 3, Sending: 2, Came: 1, Went: 1, Sampled: 0.5, ProgramShare: 0.9,
			Unknown: []report.Unjudged{{Rule: "descriptors", Target: "port 22", Reason: "not visible"}}, Gone: []string{"loss port 80"}, Narrowed: "port 8080",
			Spreads:  []report.Spread{{Of: "rtt", Bands: []float64{1000, 2000}, Counts: []int{3}}},
			Services: []report.Spent{{Target: "port 8080", Connections: 3, Sending: 2, Shares: []report.SpentPart{{By: "network", Share: 1}}}},
		}},
		Warnings: []string{"something"},
		Error:    &report.Error{Code: "stale-plan", Message: "cannot apply", Hint: "run tcptune plan again"},
	}
}

func TestReportsThatPlanCanMakeAreValid(t *testing.T) {
	least := report.Report{Schema: report.Schema, Command: "plan", Counts: map[string]int{}, Changes: []report.Change{}, Warnings: []string{}}
	absent := full()
	absent.Changes[0].Before, absent.Changes[0].After, absent.Changes[0].Effective = nil, nil, nil
	absent.Changes[0].DecidedBy = &report.DecidedBy{}
	absent.Keys[0] = report.Key{Target: "net.core.rmem_max", Status: report.Skipped}
	for name, r := range map[string]report.Report{"least": least, "full": full(), "absent": absent} {
		t.Run(name, func(t *testing.T) { Validate(t, encode(t, r)) })
	}
}

// optional are the fields that a document may leave out: those with omitempty in package report.
var optional = []string{
	".service", ".service.protocol", ".service.program", ".service.admin", ".service.pid", ".service.memory",
	".service.says", ".service.server", ".service.listen_overflows", ".service.exposure", ".service.reason",
	".prove", ".prove.rows.key", ".profile", ".origin", ".dead_lines", ".differences", ".differences.mode_a", ".differences.mode_b",
	".differences.reason", ".explained", ".explained.fields", ".explained.scope", ".explained.module", ".explained.since",
	".explained.no_effect_since", ".explained.instead", ".explained.not_ours",
	".explained.defaults", ".explained.myths", ".explained.setters", ".explained.sources", ".explained.fields.unit",
	".explained.fields.rule", ".counts.overridden", ".counts.WARN",
	".findings", ".findings.namespace", ".findings.new", ".observed", ".observed.namespace", ".observed.narrowed", ".observed.gone",
	".build", ".versions", ".versions.path", ".versions.source", ".versions.url", ".versions.digest", ".versions.verified",
	".shells", ".shells.version", ".shells.by", ".shells.fix", ".shells.doubts",
	".shells.goroot", ".shells.goflags", ".shells.gotoolchain", ".versions.why", ".versions.fix",
	".records", ".records.more", ".records.error_code", ".records.by.audit_uid", ".records.by.sudo_user", ".records.by.terminal",
	".records.by.unit", ".service.units.drop_ins", ".checks", ".keys", ".changes.required", ".changes.reason", ".keys.reason", ".error.hint",
}

// nullable are the fields in which null is a value.
var nullable = []string{
	".records.changes.before", ".records.changes.after",
	".error", ".changes.before", ".changes.after", ".changes.effective", ".changes.decided_by",
	".changes.decided_by.reboot", ".changes.decided_by.sysctl_system", ".keys.wanted", ".keys.running",
	".keys.after_reboot", ".keys.after_sysctl_system", ".keys.decided_by", ".keys.decided_by.reboot",
	".keys.decided_by.sysctl_system", ".differences.a", ".differences.b",
	".prove.rows.ratio", ".prove.rows.low", ".prove.rows.high",
}

// words are the fields that take only a fixed set of words or a fixed form.
var words = []string{
	".records.id", ".records.time", ".records.changes.status", ".schema", ".command", ".explained.fields.rule", ".changes.kind", ".changes.status", ".changes.decided_by.reboot",
	".dead_lines.at", ".versions.state", ".versions.by", ".shells.state", ".shells.by", ".changes.decided_by.sysctl_system", ".checks.name",
	".checks.grade", ".keys.status", ".keys.decided_by.reboot",
	".keys.decided_by.sysctl_system", ".error.code", ".service.state", ".prove.scenario", ".prove.path.kind", ".prove.rows.workload", ".prove.rows.metric", ".prove.rows.unit",
	".prove.rows.better", ".prove.rows.verdict", ".findings.rule", ".findings.certainty", ".findings.advice.kind", ".observed.unknown.rule",
	".observed.spreads.of", ".observed.services.shares.by",
}

func TestMutatedDocumentsFail(t *testing.T) {
	var n int
	each(t, func(path, field string, obj map[string]any, check func(what string, wantValid bool)) {
		at, old := path+"."+field, obj[field]

		delete(obj, field)
		check("without "+at, slices.Contains(optional, at))
		obj[field] = nil
		check("null in "+at, slices.Contains(nullable, at))
		obj[field] = wrongType(old)
		check("wrong type in "+at, false)
		if _, ok := old.(string); ok && slices.Contains(words, at) {
			obj[field] = "No Such Word"
			check("wrong word in "+at, false)
		}
		obj[field] = old

		obj[field+"_unknown"] = old
		check("unknown field beside "+at, false)
		delete(obj, field+"_unknown")
		n++
	})
	if n < 40 {
		t.Errorf("mutated %d fields, the envelope has more than 40: the full report is not full", n)
	}
}

func TestOtherDocumentsFail(t *testing.T) {
	for name, doc := range map[string]string{
		"nothing":         ``,
		"two documents":   string(encode(t, full())) + string(encode(t, full())),
		"a list":          `[]`,
		"another version": strings.Replace(string(encode(t, full())), "tcptune/v1", "tcptune/v2", 1),
	} {
		if Check([]byte(doc)) == nil {
			t.Errorf("%s: valid, want an error", name)
		}
	}
}

// each calls visit for every field of every object of the full report. check tells whether the document, as visit has
// left it, is as valid as it should be.
func each(t *testing.T, visit func(path, field string, obj map[string]any, check func(string, bool))) {
	t.Helper()
	var doc map[string]any
	if err := json.Unmarshal(encode(t, full()), &doc); err != nil {
		t.Fatal(err)
	}
	check := func(what string, wantValid bool) {
		t.Helper()
		if err := Check(encode(t, doc)); (err == nil) != wantValid {
			t.Errorf("%s: valid = %v, want %v (%v)", what, err == nil, wantValid, err)
		}
	}
	var walk func(path string, v any)
	walk = func(path string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for _, field := range slices.Sorted(maps.Keys(v)) {
				visit(path, field, v, check)
				walk(path+"."+field, v[field])
			}
		case []any:
			for _, e := range v {
				walk(path, e)
			}
		}
	}
	walk("", doc)
}

func wrongType(v any) any {
	if _, ok := v.(string); ok {
		return 7
	}
	return "text"
}

func encode(t *testing.T, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
