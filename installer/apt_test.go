package installer

import (
	"context"
	"errors"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tcptune/tcptune/installer/fetch"
	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/report"
)

// fakeApt stands in for apt-cache and apt-get, which change the machine: it answers what the real ones have answered.
type fakeApt struct {
	policy string
	err    error // of apt-get
	asked  []host.Program
}

func (f *fakeApt) RunProgram(_ context.Context, p host.Program) ([]byte, error) {
	f.asked = append(f.asked, p)
	if p.Name == "apt-cache" {
		return []byte(f.policy), nil
	}
	return nil, f.err
}

const policyOfNoble = `golang-go:
  Installed: (none)
  Candidate: 2:1.22~2build1
  Version table:
     2:1.22~2build1 500
        500 http://archive.ubuntu.com/ubuntu noble/main amd64 Packages
`

func TestAptSaysWhichGoItWouldInstall(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		wish, policy string
		want         AptPackage
		goes, at     string
	}{
		"whatever there is": {"latest", policyOfNoble, AptPackage{"golang-go", "", "2:1.22~2build1"}, "1.22", "/usr/bin/go"},
		"installed": {
			"latest", "golang-go:\n  Installed: 2:1.19~1\n  Candidate: 2:1.19~1\n",
			AptPackage{"golang-go", "2:1.19~1", "2:1.19~1"},
			"1.19", "/usr/bin/go",
		},
		"a series": {
			"1.23", "golang-1.23-go:\n  Installed: (none)\n  Candidate: 1.23.1-1~24.04\n",
			AptPackage{"golang-1.23-go", "", "1.23.1-1~24.04"},
			"1.23", "/usr/lib/go-1.23/bin/go",
		},
	} {
		t.Run(name, func(t *testing.T) {
			apt := &fakeApt{policy: tc.policy}
			got, err := FindApt(t.Context(), apt, wish(t, tc.wish))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
			if got.Go() != tc.goes || got.Program() != tc.at {
				t.Errorf("it is Go %q at %q", got.Go(), got.Program())
			}
			if diff := cmp.Diff([]string{"policy", "--", tc.want.Name}, apt.asked[0].Args); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAptHasNoSingleReleases(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"1.22.3", "1.27rc1"} {
		apt := &fakeApt{policy: policyOfNoble}
		if _, err := FindApt(t.Context(), apt, wish(t, s)); !report.Is(err, fetch.BadSetting) || apt.asked != nil {
			t.Errorf("%s: got %v", s, err)
		}
	}
}

func TestAPackageThatAptDoesNotKnowIsNoVersion(t *testing.T) {
	t.Parallel()
	for _, policy := range []string{"", "golang-go:\n  Installed: (none)\n  Candidate: (none)\n", "N: Unable to locate package golang-go\n"} {
		if _, err := FindApt(t.Context(), &fakeApt{policy: policy}, fetch.Wish{}); !report.Is(err, fetch.NoVersion) {
			t.Errorf("%q: got %v", policy, err)
		}
	}
}

func TestAptAsksNothingAndWaitsForItsLock(t *testing.T) {
	t.Parallel()
	apt := &fakeApt{}
	if err := (AptPackage{Name: "golang-go"}).Install(t.Context(), apt, 90*time.Second); err != nil {
		t.Fatal(err)
	}
	p := apt.asked[0]
	line := strings.Join(append([]string{p.Name}, p.Args...), " ")
	want := "apt-get install --yes --no-install-recommends -o DPkg::Lock::Timeout=90 -o Dpkg::Use-Pty=0 -- golang-go"
	if line != want {
		t.Errorf("got  %s\nwant %s", line, want)
	}
	if !strings.Contains(strings.Join(p.Env, " "), "DEBIAN_FRONTEND=noninteractive") || p.Unprivileged {
		t.Errorf("got %+v", p)
	}
}

func TestWhatAptFailsWith(t *testing.T) {
	t.Parallel()
	const lock = "E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 4711 (unattended-upgr)\n" +
		"E: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), is another process using it?"
	for name, tc := range map[string]struct {
		err  error
		code string
		says string
	}{
		"a lock": {&host.ProgramError{Name: "apt-get", Code: 100, Stderr: lock}, aptBusy, "cannot install golang-go: another program holds the lock of apt"},
		"a network": {
			&host.ProgramError{Name: "apt-get", Code: 100, Stderr: "W: x\nE: Failed to fetch http://x  404\nE: Unable to fetch some archives"}, aptFailed,
			"cannot install golang-go: Failed to fetch http://x  404",
		},
		"silence": {&host.ProgramError{Name: "apt-get", Code: 100, State: "exit status 100"}, aptFailed, "cannot install golang-go: exit status 100"},
		"no apt":  {fs.ErrNotExist, noApt, "cannot install golang-go: file does not exist"},
	} {
		t.Run(name, func(t *testing.T) {
			err := (AptPackage{Name: "golang-go"}).Install(t.Context(), &fakeApt{err: tc.err}, 0)
			if !report.Is(err, tc.code) || err.Error() != tc.says {
				t.Errorf("got %v", err)
			}
		})
	}
	if err := aptError("x", host.ErrNoKernel); !errors.Is(err, host.ErrNoKernel) {
		t.Errorf("an image: got %v", err)
	}
}

func FuzzParsePolicy(f *testing.F) {
	f.Add(policyOfNoble)
	f.Fuzz(func(t *testing.T, text string) {
		installed, candidate := parsePolicy(text)
		for _, v := range []string{installed, candidate} {
			if v != "" && (!plain(v) || strings.ContainsAny(v, " \n")) {
				t.Errorf("%q", v)
			}
		}
	})
}
