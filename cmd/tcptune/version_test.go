package main

import (
	"runtime/debug"
	"testing"

	"github.com/tcptune/tcptune/internal/report"
)

func TestWhatTheLinkerHasNotSetIsReadFromTheBuildInfo(t *testing.T) {
	t.Parallel()
	info := func(version string, settings ...debug.BuildSetting) *debug.BuildInfo {
		return &debug.BuildInfo{GoVersion: "go1.26.8", Main: debug.Module{Version: version}, Settings: settings}
	}
	vcs := []debug.BuildSetting{{Key: "vcs.revision", Value: "0123456789abcdef"}, {Key: "vcs.time", Value: "2026-11-29T10:00:00Z"}}
	for name, tc := range map[string]struct {
		set  report.Build
		info *debug.BuildInfo
		want report.Build
	}{
		"nothing": {report.Build{}, nil, report.Build{Version: "unknown", Commit: "unknown", Committed: "unknown", Go: "unknown"}},
		"a build of a folder that is no repository": {
			report.Build{},
			info("(devel)"),
			report.Build{Version: "unknown", Commit: "unknown", Committed: "unknown", Go: "go1.26.8"},
		},
		"a build in a repository": {
			report.Build{},
			info("(devel)", vcs...),
			report.Build{Version: "unknown", Commit: "0123456789abcdef", Committed: "2026-11-29T10:00:00Z", Go: "go1.26.8"},
		},
		"go install of a release": {
			report.Build{},
			info("v1.2.0"),
			report.Build{Version: "1.2.0", Commit: "unknown", Committed: "unknown", Go: "go1.26.8"},
		},
		"go install of a commit": {report.Build{}, info("v0.0.0-20261129101600-3939d79ab01c"), report.Build{
			Version: "0.0.0-20261129101600-3939d79ab01c", Commit: "3939d79ab01c", Committed: "2026-11-29T10:16:00Z", Go: "go1.26.8",
		}},
		"of a commit after a release": {report.Build{}, info("v1.2.1-0.20261129101600-3939d79ab01c+dirty"), report.Build{
			Version: "1.2.1-0.20261129101600-3939d79ab01c+dirty", Commit: "3939d79ab01c", Committed: "2026-11-29T10:16:00Z", Go: "go1.26.8",
		}},
		"a pseudo-version of no time": {
			report.Build{},
			info("v0.0.0-20269929101600-3939d79ab01c"),
			report.Build{Version: "0.0.0-20269929101600-3939d79ab01c", Commit: "unknown", Committed: "unknown", Go: "go1.26.8"},
		},
		"the linker wins": {
			report.Build{Version: "1.3.0", Commit: "ff", Committed: "2026-01-01T00:00:00Z"},
			info("v1.2.0", vcs...),
			report.Build{Version: "1.3.0", Commit: "ff", Committed: "2026-01-01T00:00:00Z", Go: "go1.26.8"},
		},
		"make build": {
			report.Build{Version: "0.4.0+g3939d79-dirty"},
			info("(devel)"),
			report.Build{Version: "0.4.0+g3939d79-dirty", Commit: "3939d79", Committed: "unknown", Go: "go1.26.8"},
		},
	} {
		if got := buildOf(tc.set, tc.info); got != tc.want {
			t.Errorf("%s:\ngot  %+v\nwant %+v", name, got, tc.want)
		}
	}
}
