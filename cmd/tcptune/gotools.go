package main

import (
	"fmt"
	"io"
	"os"

	"github.com/urfave/cli/v2"

	"github.com/tcptune/tcptune/installer"
	"github.com/tcptune/tcptune/installer/fetch"
	"github.com/tcptune/tcptune/internal/plan"
	"github.com/tcptune/tcptune/internal/report"
)

// networkNames are the variables by which users say how to reach the network.
func networkNames() []string {
	return []string{"HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "https_proxy", "http_proxy", "no_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR"}
}

// errToolsInterrupted is errInterrupted once Go is in place.
var errToolsInterrupted error = &report.Error{
	Code: "interrupted", Message: "cannot build the tools: interrupted; the Go that was installed stays", Hint: "run it again",
}

// goTools reads --tools. Whatever is wrong with it is said before anything is installed.
func goTools(c *cli.Context) ([]installer.Tool, error) {
	if !c.IsSet("tools") {
		return nil, nil
	}
	if c.String("root") != "" {
		return nil, report.Usage("cannot build tools for an image: it runs nothing", "run tcptune go install --tools on the host that boots from it")
	}
	tools, err := installer.ParseTools(c.String("tools"))
	return tools, asUsage(err)
}

// installTools builds tools with the Go that is active by now, as a plan of its own: when it fails, Go stays. before is
// what the installation of Go had to say.
func (t terminal) installTools(c *cli.Context, before outcome, config fetch.Config, tools []installer.Tool) (outcome, error) {
	if c.Bool("dry-run") {
		for _, tool := range tools {
			before.report.Warnings = append(before.report.Warnings, fmt.Sprintf("then %s would be built, from %s", tool, tool.Package))
		}
		return before, nil
	}
	o := before
	s, notes, err := openSettled(c)
	if err != nil {
		return o, err
	}
	defer s.Close()
	o.report.Warnings = append(o.report.Warnings, notes...)
	at, err := installer.Observe(s.host, s.Journal())
	if err != nil {
		return o, err
	}
	work := installer.Workshop{Config: config, Goroot: installer.TreePath(at.Active), Version: at.Active}
	for _, name := range networkNames() {
		if value := os.Getenv(name); value != "" {
			work.Network = append(work.Network, name+"="+value)
		}
	}
	p, lines, err := at.BuildTools(c.Context, work, tools, func(tool installer.Tool) {
		fmt.Fprintf(t.err, "building %s\n", tool)
	})
	if err != nil && c.Context.Err() != nil {
		return o, errToolsInterrupted
	}
	if err != nil {
		return o, err
	}
	said := len(s.Notes)
	made, err := s.Apply(c.Context, p)
	changes := plan.Rows(made)
	o.report.Changes = append(o.report.Changes, changes...)
	o.report.Changed = o.report.Changed || s.Repaired || changed(changes)
	o.report.Warnings = append(o.report.Warnings, s.Notes[said:]...)
	if err != nil {
		return o, err
	}
	o.text = func(w io.Writer) {
		before.text(w)
		printf(w, "\n")
		t.showChanges(w, changes, asWanted)
		for _, line := range lines {
			printf(w, "%s\n", line)
		}
	}
	return o, nil
}
