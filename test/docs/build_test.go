package docs

import (
	"path/filepath"
	"regexp"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/tcptune/tcptune/test/markdown"
)

// declaration puts a file of YAML where tcptune reads it, and plans with it: a profile begins with its name, what else
// there is is the declared state of a host.
func (s *sandbox) declaration(b markdown.Block) {
	s.Helper()
	if name, ok := strings.CutPrefix(b.Text, "name: "); ok {
		name, _, _ = strings.Cut(name, "\n")
		s.write(filepath.Join(s.image, "etc/tcptune/profiles.d", name+".yaml"), b.Text, 0o644)
		want := "profile " + name + ", named on the command line"
		if out := s.runs("tcptune plan --profile " + name); !strings.Contains(out, want) {
			s.Errorf("profile %s:\n%s", name, out)
		}
		return
	}
	if strings.HasPrefix(b.Text, "go:") {
		s.installGo()
	}
	s.declare(b.Text)
	s.runs("sudo tcptune apply")
	s.declare("")
}

// declare writes the declared state and checks that plan follows it; an empty one it takes away.
func (s *sandbox) declare(text string) {
	s.Helper()
	const path = imageInText + "/etc/tcptune/tcptune.yaml"
	if text == "" {
		s.runs("rm " + path)
		return
	}
	s.write(filepath.Join(s.image, "etc/tcptune/tcptune.yaml"), text, 0o644)
	if out := s.runs("tcptune plan"); !strings.Contains(out, "declared in /etc/tcptune/tcptune.yaml") {
		s.Errorf("tcptune.yaml:\n%s", out)
	}
}

// installGo gives the image a Go 1.26, so that no network is asked for the one that is declared.
func (s *sandbox) installGo() {
	s.Helper()
	s.runs(`mkdir -p go/bin && echo go1.26.3 >go/VERSION && printf '#!/bin/sh\n' >go/bin/go && cp go/bin/go go/bin/gofmt && chmod 755 go/bin/*
tar -czf go1.26.3.linux-amd64.tar.gz go
"$DOCS_TCPTUNE" go install --root ` + imageInText +
		` --file go1.26.3.linux-amd64.tar.gz --sha256 "$(sha256sum go1.26.3.linux-amd64.tar.gz | cut -d' ' -f1)"`)
}

// userData is what these tests read of a cloud-config. Another entry is a mistake.
type userData struct {
	Apt, Packages any
	WriteFiles    []struct{ Path, Content string } `yaml:"write_files"`
	RunCmd        []string                         `yaml:"runcmd"`
	AutoInstall   *struct {
		Version                 int
		Identity, SSH, Packages any
		LateCommands            []string `yaml:"late-commands"`
		UserData                userData `yaml:"user-data"`
	} `yaml:"autoinstall"`
}

// cloudConfig does to the image what cloud-init would do, and Ubuntu's installer before it: it runs the commands and
// writes the files. The packages are there.
func (s *sandbox) cloudConfig(b markdown.Block) {
	s.Helper()
	var first userData
	if err := yaml.UnmarshalWithOptions([]byte(b.Text), &first, yaml.DisallowUnknownField()); err != nil {
		s.Fatalf("cloud-config: %v", err)
	}
	var late []string
	if installer := first.AutoInstall; installer != nil {
		late, first = installer.LateCommands, installer.UserData
	}
	if !strings.HasPrefix(b.Text, "#cloud-config\n") || len(first.RunCmd) == 0 {
		s.Errorf("no cloud-config with a runcmd:\n%s", b.Text)
	}
	for _, line := range late {
		if !strings.HasPrefix(line, "curtin in-target ") { // what that fetches is there
			s.runs(strings.NewReplacer("/target/usr/bin/tcptune", "tcptune", "/target", imageInText).Replace(line))
		}
	}
	for _, f := range first.WriteFiles {
		s.write(filepath.Join(s.image, f.Path), f.Content, 0o644)
	}
	for _, line := range first.RunCmd {
		s.runs(line)
	}
}

var (
	dockerRun    = regexp.MustCompile(`(?m)^RUN ((?:.*\\\n)*.*tcptune .*)$`)
	packerInline = regexp.MustCompile(`"((?:[^"\\]|\\.)*tcptune (?:[^"\\]|\\.)*)"`)
)

// steps runs the command lines that other tools would run.
func (s *sandbox) steps(b markdown.Block, re *regexp.Regexp) {
	s.Helper()
	found := re.FindAllStringSubmatch(b.Text, -1)
	if len(found) == 0 {
		s.Errorf("no step runs tcptune:\n%s", b.Text)
	}
	for _, m := range found {
		s.runs(strings.ReplaceAll(m[1], `\"`, `"`))
	}
}
