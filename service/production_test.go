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
		"nothing": {
			command: []string{"/usr/bin/d", "--listen", "8080"},
			environ: []string{"PATH=/bin", "HOME=/"},
		},
		"a variable":             {environ: []string{"API_TOKEN=hunter2"}, want: "API_TOKEN in its environment"},
		"a password":             {environ: []string{"DB_PASSWORD=hunter2"}, want: "DB_PASSWORD in its environment"},
		"an empty one":           {environ: []string{"DB_PASSWORD="}},
		"a file of one":          {environ: []string{"DB_PASSWORD_FILE=/run/credentials/x"}},
		"credentials of systemd": {environ: []string{"CREDENTIALS_DIRECTORY=/run/credentials/d.service"}},
		"an address with one": {
			environ: []string{"DATABASE_URL=postgres://u:hunter2@db/x"},
			want:    "DATABASE_URL in its environment",
		},
		"an address without": {environ: []string{"DATABASE_URL=postgres://db/x"}},
		"an argument": {
			command: []string{"d", "--password", "hunter2"},
			want:    "--password on its command line",
		},
		"an argument with =": {
			command: []string{"d", "--auth-key=hunter2"},
			want:    "--auth-key on its command line",
		},
		"a file as argument": {
			command: []string{"d", "--tls-private-key", "--password-file", "/x", "--token=/proc/version"},
		},
		"an address as argument": {
			command: []string{"d", "redis://:hunter2@db"},
			want:    "argument 1 on its command line",
		},
		"a switch that names a kind": {command: []string{"d", "--token", "--verbose"}},
		"a public key": {
			command: []string{"d", "--public-key=hunter2"},
			environ: []string{"SSH_PUB_KEY=hunter2"},
		},
		"base64 with a slash": {
			command: []string{"d", "--secret-key=/hunter2=="},
			want:    "--secret-key on its command line",
		},
		"one that begins like a flag": {
			command: []string{"d", "--password", "-hunter2"},
			want:    "--password on its command line",
		},
		"words of a data source": {
			command: []string{"d", "host=db password=hunter2"},
			want:    "argument 1 on its command line",
		},
		"a word by itself": {command: []string{"d", "password=hunter2"}, want: "argument 1 on its command line"},
		"a header": {
			command: []string{"d", "--header", "Authorization: Bearer hunter2"},
			want:    "argument 2 on its command line",
		},
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
	for _, line := range []string{
		"DB_PASS=hunter2", "MYSQL_PWD=hunter2", "DSN=app:hunter2@tcp(db)/x", "ENCRYPTION_KEY=hunter2", "SIGNING_KEY=hunter2",
		"GITHUB_PAT=hunter2", "CREDENTIALS=hunter2", "TLS_KEY=-----BEGIN PRIVATE KEY-----hunter2",
		"DB=Server=db;Pwd=hunter2;",
		"spring.datasource.password=hunter2",
		"SECRET_KEY_BASE=hunter2", "CONFIG={\"url\": \"amqp://u:hunter2@mq\"}",
	} {
		key, _, _ := strings.Cut(line, "=")
		got := candidate{environ: []string{line}}.secrets()
		said := got.Value + got.Reason
		if got.Grade != report.Fail || !strings.Contains(said, key+" in its env") || strings.Contains(said, "hunter2") {
			t.Errorf("%s: %+v", line, got)
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
		"nothing": {command: []string{"d", "--listen", "8080"}, want: report.Pass},
		"info": {
			command: []string{"d", "--log-level", "info"},
			environ: []string{"LOG_LEVEL=warn"},
			want:    report.Pass,
		},
		"a flag":             {command: []string{"d", "--log-level", "debug"}, want: report.Fail},
		"a flag with =":      {command: []string{"d", "-log_level=DEBUG"}, want: report.Fail},
		"a switch":           {command: []string{"d", "--debug"}, want: report.Fail},
		"a variable":         {environ: []string{"APP_LOG_LEVEL=trace"}, want: report.Fail},
		"RUST_LOG":           {environ: []string{"RUST_LOG=debug"}, want: report.Fail},
		"DEBUG=1":            {environ: []string{"DEBUG=1"}, want: report.Fail},
		"DEBUG=0":            {environ: []string{"DEBUG=0"}, want: report.Pass},
		"a name with debug":  {command: []string{"d", "--debug-address", "127.0.0.1:1"}, want: report.Pass},
		"a filter":           {environ: []string{"RUST_LOG=warn,app=debug"}, want: report.Fail},
		"a filter at info":   {environ: []string{"RUST_LOG=warn,app=info"}, want: report.Pass},
		"DEBUG=*":            {environ: []string{"DEBUG=*"}, want: report.Fail},
		"APP_DEBUG":          {environ: []string{"APP_DEBUG=true"}, want: report.Fail},
		"APP_DEBUG off":      {environ: []string{"APP_DEBUG=false", "DEBUG="}, want: report.Pass},
		"a logger of Spring": {command: []string{"d", "--logging.level.root=DEBUG"}, want: report.Fail},
		"its variable":       {environ: []string{"LOGGING_LEVEL_ROOT=DEBUG"}, want: report.Fail},
		"all":                {environ: []string{"LOG_LEVEL=all"}, want: report.Fail},
		"klog at 5":          {command: []string{"d", "--v=5"}, want: report.Fail},
		"klog at 2":          {command: []string{"d", "--v=2"}, want: report.Pass},
		"letters":            {command: []string{"d", "-vv"}, want: report.Fail},
		"verbose":            {command: []string{"d", "--verbose"}, want: report.Fail},
		"not verbose":        {command: []string{"d", "--no-debug", "--verbose=false"}, want: report.Pass},
		"--log":              {command: []string{"d", "--log=debug"}, want: report.Fail},
		"a file of a log":    {command: []string{"d", "--log-file", "/var/log/debug.log"}, want: report.Pass},
		"a log format": {
			environ: []string{"LOG_FORMAT=json", "RUST_BACKTRACE=1", "DEBUG_PORT=5005"},
			want:    report.Pass,
		},
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
