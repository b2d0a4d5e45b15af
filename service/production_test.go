package service

import (
	"strings"
	"testing"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/report"
)

func TestSecretsInSightAreNamedAndNeverShown(t *testing.T) {
	for name, tc := range map[string]struct {
		command, environ []string
		want             string // "" for none
	}{
		"nothing":                    {command: []string{"/usr/bin/d", "--listen", "8080"}, environ: []string{"PATH=/bin", "HOME=/"}},
		"a variable":                 {environ: []string{"API_TOKEN=hunter2"}, want: "API_TOKEN in its environment"},
		"a password":                 {environ: []string{"DB_PASSWORD=hunter2"}, want: "DB_PASSWORD in its environment"},
		"an empty one":               {environ: []string{"DB_PASSWORD="}},
		"a file of one":              {environ: []string{"DB_PASSWORD_FILE=/run/credentials/x"}},
		"credentials of systemd":     {environ: []string{"CREDENTIALS_DIRECTORY=/run/credentials/d.service"}},
		"an address with one":        {environ: []string{"DATABASE_URL=postgres://u:hunter2@db/x"}, want: "DATABASE_URL in its environment"},
		"an address without":         {environ: []string{"DATABASE_URL=postgres://db/x"}},
		"an argument":                {command: []string{"d", "--password", "hunter2"}, want: "--password on its command line"},
		"an argument with =":         {command: []string{"d", "--auth-key=hunter2"}, want: "--auth-key on its command line"},
		"a file as argument":         {command: []string{"d", "--tls-private-key", "--password-file", "/x", "--token=/run/x"}},
		"an address as argument":     {command: []string{"d", "redis://:hunter2@db"}, want: "argument 1 on its command line"},
		"a switch that names a kind": {command: []string{"d", "--token", "--verbose"}},
	} {
		r := candidate{Spec: Spec{Name: "x", Exec: []string{"d"}}, unit: host.Unit{Command: tc.command}, environ: tc.environ}
		got := r.secrets()
		if (got.Grade == report.Fail) != (tc.want != "") || !strings.Contains(got.Reason, tc.want) || strings.Contains(got.Value+got.Reason, "hunter2") {
			t.Errorf("%s: %+v, want %q", name, got, tc.want)
		}
		if (got.Grade == report.Pass) != (got.Fix == "") {
			t.Errorf("%s: a failure without a fix: %+v", name, got)
		}
	}
	// What has not been read is no absence.
	if got := (candidate{hidden: "not root"}).secrets(); got.Grade != report.Warn || got.Value != NotVisible {
		t.Errorf("%+v", got)
	}
}

func TestALogLevelThatLogsEachRequestIsSeen(t *testing.T) {
	for name, tc := range map[string]struct {
		command, environ []string
		want             report.Grade
	}{
		"nothing":            {command: []string{"d", "--listen", "8080"}, want: report.Pass},
		"info":               {command: []string{"d", "--log-level", "info"}, environ: []string{"LOG_LEVEL=warn"}, want: report.Pass},
		"a flag":             {command: []string{"d", "--log-level", "debug"}, want: report.Fail},
		"a flag with =":      {command: []string{"d", "-log_level=DEBUG"}, want: report.Fail},
		"a switch":           {command: []string{"d", "--debug"}, want: report.Fail},
		"a variable":         {environ: []string{"APP_LOG_LEVEL=trace"}, want: report.Fail},
		"RUST_LOG":           {environ: []string{"RUST_LOG=debug"}, want: report.Fail},
		"DEBUG=1":            {environ: []string{"DEBUG=1"}, want: report.Fail},
		"DEBUG=0":            {environ: []string{"DEBUG=0"}, want: report.Pass},
		"a name with debug":  {command: []string{"d", "--debug-address", "127.0.0.1:1"}, want: report.Pass},
		"a level of another": {command: []string{"d", "--gzip-level", "9"}, want: report.Pass},
	} {
		r := candidate{Spec: Spec{Name: "x", Exec: []string{"d"}}, unit: host.Unit{Command: tc.command}, environ: tc.environ}
		if got := r.logLevel(); got.Grade != tc.want || got.Name != "log-level-x" {
			t.Errorf("%s: %+v, want %s", name, got, tc.want)
		}
	}
}

func TestSpansThatGoNowhereAreAWarning(t *testing.T) {
	own := Spec{Name: "x", Exec: []string{"d"}}
	for _, tc := range []struct {
		spec    Spec
		environ []string
		want    report.Grade
	}{
		{own, nil, report.Warn},
		{own, []string{"OTEL_EXPORTER_OTLP_ENDPOINT=http://c:4317"}, report.Pass},
		{own, []string{"OTEL_EXPORTER_OTLP_ENDPOINT="}, report.Warn},
		{Spec{Name: "b"}, nil, report.Warn},
	} {
		if got := (candidate{Spec: tc.spec, environ: tc.environ}).tracing(); got.Grade != tc.want {
			t.Errorf("%v: %+v, want %s", tc.environ, got, tc.want)
		}
	}
}
