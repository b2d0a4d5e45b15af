package service

import (
	"strings"
	"testing"
)

func TestPropertiesAreOneLineEachAndNotTheUnitsOwn(t *testing.T) {
	t.Parallel()
	for line, wrong := range map[string]string{
		"MemoryMax=1G":                           "",
		"Environment=A=b=c":                      "",
		"ExecReload=/bin/kill -HUP $MAINPID":     "",
		"CapabilityBoundingSet=":                 "",
		`Environment=A="a\\ b" x`:                "",
		"":                                       "NAME=VALUE",
		"MemoryMax":                              "NAME=VALUE",
		"memoryMax=1G":                           "NAME=VALUE",
		"MemoryMax =1G":                          "NAME=VALUE",
		"[Unit]\nA=b":                            "NAME=VALUE",
		"MemoryMax=1G\nExecStart=/bin/sh":        "one line",
		"MemoryMax=1G\rUser=root":                "one line",
		"Environment=A=\x00":                     "one line",
		"Environment=A=\xff":                     "one line",
		`Environment=A=\`:                        "goes on in the next line",
		`Environment=A=\ `:                       "goes on in the next line",
		"Type=forking":                           "--type",
		"ExecStart=/bin/sh":                      "--exec",
		"User=root":                              "--user",
		"KillMode=none":                          "drains",
		"StartLimitBurst=5":                      "closes the port",
		"StartLimitInterval=1min":                "closes the port", // as it was called before systemd 230
		"WantedBy=multi-user.target":             "its socket",
		"ListenStream=9000":                      "--listen",
		strings.Repeat("A", 65) + "=a long name": "NAME=VALUE",
	} {
		s := own()
		s.Properties = []string{line}
		err := s.Validate()
		if (err == nil) != (wrong == "") || err != nil && !strings.Contains(err.Error(), wrong) {
			t.Errorf("-p %q: %v, want %q", line, err, wrong)
		}
	}
}

func TestEachPropertyStandsInItsSection(t *testing.T) {
	t.Parallel()
	s := own()
	s.Properties = []string{"MemoryMax=1G", "After=postgresql.service", "ConditionPathExists=/etc/x", "Environment=A=b"}
	unit, service, _ := strings.Cut(asMap(render(t, s, 255))["mydaemon.service"], "[Service]")
	for line, section := range map[string]string{
		"MemoryMax=1G": service, "Environment=A=b": service, "After=postgresql.service": unit, "ConditionPathExists=/etc/x": unit,
	} {
		if !strings.Contains(section, "\n"+line+"\n") {
			t.Errorf("%s is not in its section:\n%s[Service]%s", line, unit, service)
		}
	}
}

func TestWhatAPropertyTakesBackIsSaid(t *testing.T) {
	t.Parallel()
	s := own()
	s.Properties = []string{"MemoryDenyWriteExecute=no", "ProtectHome=yes", "MemoryMax=1G", "Environment=TOKEN=hunter2", "Restart=no"}
	lines, err := s.Remarks(255)
	if err != nil {
		t.Fatal(err)
	}
	said := strings.Join(lines, "\n")
	for _, part := range []string{"after MemoryDenyWriteExecute=yes", "after Restart=always", "can read Environment="} {
		if !strings.Contains(said, part) {
			t.Errorf("%q is not said:\n%s", part, said)
		}
	}
	if strings.Contains(said, "ProtectHome") || strings.Contains(said, "MemoryMax") || strings.Contains(said, "hunter2") {
		t.Errorf("too much is said:\n%s", said)
	}
	if shown := s.shownProperties(); strings.Contains(shown, "hunter2") || !strings.Contains(shown, "MemoryMax=1G") {
		t.Errorf("the plan shows %s", shown)
	}
}

func TestTypeAndOverlapOfAProgram(t *testing.T) {
	t.Parallel()
	for wrong, change := range map[string]func(*Spec){
		"one of exec, notify, notify-reload": func(s *Spec) { s.Type = "forking" },
		"without --type notify":              func(s *Spec) { s.Overlap = true },
		"without --user":                     func(s *Spec) { s.Overlap, s.Type, s.StateDir = true, "notify", true },
	} {
		s := own()
		change(&s)
		if err := s.Validate(); err == nil || !strings.Contains(err.Error(), wrong) {
			t.Errorf("got %v, want %q", err, wrong)
		}
	}
	for _, change := range []func(*Spec){func(s *Spec) { s.Type = "notify" }, func(s *Spec) { s.Overlap = true }, func(s *Spec) { s.Properties = []string{"MemoryMax=1G"} }} {
		s := echo()
		change(&s)
		if err := s.Validate(); err == nil || !strings.Contains(err.Error(), "without --exec") {
			t.Errorf("of the bundled server: %v", err)
		}
	}
}
