package main

import (
	"cmp"
	"io"
	"regexp"
	"runtime/debug"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/tcptune/tcptune/internal/report"
)

// What the linker sets, or nobody.
var (
	version   = undated
	commit    = "" // of the source, in full
	committed = "" // when, RFC 3339
	goProxy   = "" // what GOPROXY is without any setting, see hack/go-proxy.sh
)

// undated is the version of a program of which nobody has said one.
const undated = "0.0.0-dev"

// unknownBuild stands for what a program does not know of itself.
const unknownBuild = string(report.Unknown)

func versionCommand(t terminal) *cli.Command {
	return &cli.Command{
		Name:      "version",
		Usage:     "say which tcptune this is: version, commit, its date, and Go",
		UsageText: "tcptune version [--json]",
		Description: `What the program does not know of itself is unknown.

Examples:
  tcptune version
  tcptune version --json | jq -r .build.commit`,
		Flags:  []cli.Flag{jsonFlag()},
		Action: t.action(t.version),
	}
}

func (t terminal) version(c *cli.Context) (outcome, error) {
	if err := noArguments(c); err != nil {
		return outcome{}, err
	}
	info, _ := debug.ReadBuildInfo()
	b := buildOf(report.Build{Version: strings.TrimSuffix(version, undated), Commit: commit, Committed: committed}, info)
	return outcome{report: report.Report{Build: &b}, text: func(w io.Writer) {
		printf(w, "tcptune %s\ncommit %s\nof %s\n%s\n", b.Version, b.Commit, b.Committed, b.Go)
	}}, nil
}

// shortVersion is what --version and the help say.
func shortVersion() string {
	info, _ := debug.ReadBuildInfo()
	b := buildOf(report.Build{Version: strings.TrimSuffix(version, undated)}, info)
	if b.Version == unknownBuild {
		return undated
	}
	return b.Version
}

// buildOf is what b, which the linker has set, leaves open, as far as info tells it. info may be nil.
func buildOf(b report.Build, info *debug.BuildInfo) report.Build {
	if info != nil {
		b.Go = info.GoVersion
		if info.Main.Version != "(devel)" {
			b.Version = cmp.Or(b.Version, strings.TrimPrefix(info.Main.Version, "v"))
		}
		for _, s := range info.Settings {
			switch s.Key {
			case "vcs.revision":
				b.Commit = cmp.Or(b.Commit, s.Value)
			case "vcs.time":
				b.Committed = cmp.Or(b.Committed, s.Value)
			}
		}
	}
	b.Commit, b.Committed = inVersion(b)
	b.Version, b.Go = cmp.Or(b.Version, unknownBuild), cmp.Or(b.Go, unknownBuild)
	b.Commit, b.Committed = cmp.Or(b.Commit, unknownBuild), cmp.Or(b.Committed, unknownBuild)
	return b
}

// inVersion reads the commit and its time out of a pseudo-version (https://go.dev/ref/mod#pseudo-versions), and the
// commit out of what git describe makes of one, where nothing else tells them.
func inVersion(b report.Build) (commit, committed string) {
	commit, committed = b.Commit, b.Committed
	if m := regexp.MustCompile(`[-.](\d{14})-([0-9a-f]{12})(?:\+\S+)?$`).FindStringSubmatch(b.Version); m != nil {
		if at, err := time.Parse("20060102150405", m[1]); err == nil {
			return cmp.Or(commit, m[2]), cmp.Or(committed, at.Format(time.RFC3339))
		}
	}
	if m := regexp.MustCompile(`[-+]g([0-9a-f]{7,40})(?:-dirty)?$`).FindStringSubmatch(b.Version); m != nil {
		return cmp.Or(commit, m[1]), committed
	}
	return commit, committed
}
