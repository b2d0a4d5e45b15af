package plan

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/tcptune/tcptune/internal/report"

	"github.com/google/go-cmp/cmp"

	"github.com/tcptune/tcptune/internal/host"
)

// fakeSystemd stands in for PID 1: it knows states, and writes down what it is asked to do and what the file of the
// unit said then.
type fakeSystemd struct {
	h       host.Host
	state   map[string]string
	broken  map[string]bool // does not start with the new files
	cancels int             // how often such a restart takes the place of the job that closes a socket
	opens   int             // how often the restart of a service that fails opens its socket again before it is stopped
	hasty   int             // how often it does so as soon as the socket is closed
	loops   bool            // a service that does not start is about to be started again, until it is stopped
	did     []string
	// restarts is asked before a restart; nil: none fails.
	restarts func(name string) error
}

func (f *fakeSystemd) Unit(_ context.Context, name string) (host.Unit, error) {
	u := host.Unit{Name: name, Active: f.state[name]}
	if u.Active == "" {
		u.Active = Inactive
	}
	if service, ok := strings.CutSuffix(name, ".socket"); ok {
		u.Triggers = []string{service + ".service"}
	}
	return u, nil
}

func (f *fakeSystemd) log(verb, name string) {
	text, err := f.h.ReadFile("/etc/systemd/system/" + name)
	if err != nil {
		text = []byte("no file")
	}
	f.did = append(f.did, fmt.Sprintf("%s %s (%s)", verb, name, text))
}

func (f *fakeSystemd) Start(_ context.Context, name string) error {
	f.log("start", name)
	if f.broken[name] {
		delete(f.broken, name)
		f.state[name] = "failed"
		if f.loops {
			f.state[name] = "activating"
		}
		return errors.New("cannot start " + name)
	}
	f.state[name] = Active
	return nil
}

func (f *fakeSystemd) Stop(_ context.Context, name string) error {
	f.log("stop", name)
	if f.cancels > 0 && strings.HasSuffix(name, ".socket") {
		f.cancels--
		return fmt.Errorf("cannot stop %s: %w", name, host.ErrJobCanceled)
	}
	f.state[name] = Inactive
	if service, ok := strings.CutSuffix(name, ".socket"); ok && f.hasty > 0 && f.state[service+".service"] == "activating" {
		f.hasty--
		f.state[name] = Active
	}
	if service, ok := strings.CutSuffix(name, ".service"); ok && f.opens > 0 {
		f.opens--
		f.state[service+".socket"] = Active
	}
	return nil
}

func (f *fakeSystemd) Restart(ctx context.Context, name string) error {
	if f.restarts != nil {
		if err := f.restarts(name); err != nil {
			return err
		}
	}
	return f.Start(ctx, name)
}

func (f *fakeSystemd) ReloadUnit(_ context.Context, name string) error {
	f.log("reload", name)
	return nil
}

func (f *fakeSystemd) Reload(context.Context) error {
	f.did = append(f.did, "daemon-reload")
	return nil
}

// withSystemd returns a session whose units a fake runs.
func withSystemd(t *testing.T, state map[string]string) (*Session, *fakeSystemd) {
	t.Helper()
	s, _ := newSession(t, nil)
	f := &fakeSystemd{h: s.h, state: state, broken: map[string]bool{}}
	s.effects[report.Unit], s.units = newUnitEffect(f), f
	if err := s.h.MkdirAll(host.UnitFolder); err != nil {
		t.Fatal(err)
	}
	return s, f
}

func unitChange(name, before, after string) Change {
	return Change{Change: report.Change{Kind: report.Unit, Target: name, Before: &before, After: &after, Status: report.Planned, Required: true}, Release: true}
}

func unitFile(name, content string) Change { return newFile(host.UnitFolder+"/"+name, content) }

func rewritten(name, before, after string) Change {
	c := unitFile(name, after)
	c.Before = &before
	return c
}

func newLink(path, target string) Change {
	return Change{Change: report.Change{Kind: report.Link, Target: path, After: &target, Status: report.Planned, Required: true}}
}

func wantActs(t *testing.T, f *fakeSystemd, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, f.did); diff != "" {
		t.Errorf("acts, wanted (-) and done (+):\n%s", diff)
	}
}
