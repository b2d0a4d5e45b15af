package service

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tcptune/tcptune/internal/host"
)

// fakeManager stands in for systemd where a test needs one that fails at a certain step.
type fakeManager struct {
	state map[string]string // of the units that are loaded
	fails string            // "restart tcptune-server.service"
	did   []string

	reloads string // the unit that says how it reads its configuration again
	ends    bool   // a reload ends its program
	again   int    // how often systemd has started it again
}

func (f *fakeManager) Unit(_ context.Context, name string) (host.Unit, error) {
	state, loaded := f.state[name]
	if !loaded {
		return host.Unit{Name: name, Load: "not-found", Active: "inactive"}, nil
	}
	return host.Unit{Name: name, Load: "loaded", Active: state, CanReload: name == f.reloads, Restarts: f.again}, nil
}

func (f *fakeManager) act(verb, name, state string) error {
	f.did = append(f.did, verb+" "+name)
	if f.fails == verb+" "+name {
		f.state[name] = "failed"
		return errors.New("cannot " + verb + " " + name)
	}
	f.state[name] = state
	return nil
}

func (f *fakeManager) Start(_ context.Context, name string) error {
	return f.act("start", name, "active")
}

func (f *fakeManager) Stop(_ context.Context, name string) error {
	return f.act("stop", name, "inactive")
}

func (f *fakeManager) Restart(_ context.Context, name string) error {
	return f.act("restart", name, "active")
}

func (f *fakeManager) ReloadUnit(_ context.Context, name string) error {
	if f.ends {
		f.again++
	}
	return f.act("reload", name, "active")
}

func TestRestart(t *testing.T) {
	t.Parallel()
	const socket, service, twin = "s.socket", "s.service", "s-twin.service"
	units := func(socketState, serviceState, twinState string) map[string]string {
		return map[string]string{socket: socketState, service: serviceState, twin: twinState}
	}
	for name, tc := range map[string]struct {
		restart func(context.Context, manager, string) ([]string, error)
		state   map[string]string
		fails   string
		did     []string
		err     string
	}{
		"graceful":                           {graceful, units("active", "active", "inactive"), "", []string{"start s-twin.service", "restart s.service", "stop s-twin.service"}, ""},
		"graceful, a program of the user":    {graceful, map[string]string{socket: "active", service: "active"}, "", []string{"restart s.service"}, ""},
		"one that is idle is started":        {graceful, units("active", "inactive", "inactive"), "", []string{"restart s.service"}, ""},
		"a twin that was left is stopped":    {graceful, units("active", "active", "active"), "", []string{"restart s-twin.service", "restart s.service", "stop s-twin.service"}, ""},
		"not behind a closed socket":         {graceful, units("inactive", "active", "inactive"), "", nil, "s.socket is inactive"},
		"one that does not come up is said":  {graceful, units("active", "active", "inactive"), "restart s.service", []string{"start s-twin.service", "restart s.service"}, "cannot restart s.service"},
		"the twin starts first, stops last":  {overlap, units("active", "active", "inactive"), "", []string{"start s-twin.service", "restart s.service", "stop s-twin.service"}, ""},
		"goes on from an interrupted one":    {overlap, units("active", "failed", "active"), "", []string{"start s-twin.service", "restart s.service", "stop s-twin.service"}, ""},
		"without a twin nothing is touched":  {overlap, units("active", "active", "inactive"), "start s-twin.service", []string{"start s-twin.service", "stop s-twin.service"}, "cannot start s-twin.service"},
		"the twin serves on after a failure": {overlap, units("active", "active", "inactive"), "restart s.service", []string{"start s-twin.service", "restart s.service"}, "s-twin.service goes on serving"},
		"a program of the user has no twin":  {overlap, map[string]string{socket: "active", service: "active"}, "", nil, "there is no s-twin.service"},
	} {
		t.Run(name, func(t *testing.T) {
			f := &fakeManager{state: tc.state, fails: tc.fails}
			statuses, err := tc.restart(t.Context(), f, "s")
			if (err == nil) != (tc.err == "") || err != nil && !strings.Contains(err.Error(), tc.err) {
				t.Errorf("error is %v, want %q", err, tc.err)
			}
			if diff := cmp.Diff(tc.did, f.did); diff != "" {
				t.Errorf("wanted (-), done (+):\n%s", diff)
			}
			if len(statuses) != len(tc.did) {
				t.Errorf("reported %v", statuses)
			}
		})
	}
}

func graceful(ctx context.Context, m manager, name string) (list []string, err error) {
	changes, err := Restart(ctx, m, Spec{Name: name, Listen: []string{"8080"}})
	for _, c := range changes {
		list = append(list, string(c.Status))
	}
	return list, err
}

func overlap(ctx context.Context, m manager, name string) (list []string, err error) {
	changes, err := Overlap(ctx, m, Spec{Name: name, Listen: []string{"8080"}})
	for _, c := range changes {
		list = append(list, string(c.Status))
	}
	return list, err
}

func TestReloadIsForWhatRunsAndSaysHow(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ state, reloads, fails, err string }{
		"one that says how":           {"active", "s.service", "", ""},
		"one that is ended by it":     {"active", "s.service", "", "that has ended the program of s.service"},
		"one that does not":           {"active", "", "", "does not say how"},
		"one that is idle":            {"inactive", "s.service", "", "reads its configuration when it starts"},
		"one that fails and fails":    {"activating", "s.service", "", "is activating"},
		"one whose reload has failed": {"active", "s.service", "reload s.service", "cannot reload s.service"},
	} {
		f := &fakeManager{state: map[string]string{"s.socket": "active", "s.service": tc.state}, reloads: tc.reloads, fails: tc.fails}
		f.ends = strings.Contains(name, "ended")
		done, err := Reload(t.Context(), f, "s")
		if (err == nil) != (tc.err == "") || err != nil && !strings.Contains(err.Error(), tc.err) {
			t.Errorf("%s: error is %v, want %q", name, err, tc.err)
		}
		if len(done) != len(f.did) {
			t.Errorf("%s: did %v, and reported %v", name, f.did, done)
		}
	}
}
