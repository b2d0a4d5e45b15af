package service

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/plan"
	"github.com/tcptune/tcptune/internal/report"
)

// Prove shows that the service s works on h: its socket listens, a client is served, and the service is up then.
// The answer says what was seen.
func Prove(ctx context.Context, h host.Host, s Spec) (seen string, err error) {
	defer h.Trail().Waits("an answer of " + s.Name)()
	m, name := h.SystemManager(), s.Name+".service"
	sockets, err := s.front(ctx, m)
	if err != nil {
		return "", err
	}
	service, err := m.Unit(ctx, name)
	if err != nil {
		return "", err
	}
	if shut := sockets.shut(); shut != nil {
		return "", &report.Error{
			Code: "not-open", Message: fmt.Sprintf("cannot serve: %s is not open", strings.Join(shut.names(), ", ")),
			Hint: "run: " + opens(shut, sockets.open() != nil, service),
		}
	}
	s, changed := s.asLoaded(sockets.listen())
	if seen, err = s.Probe(ctx); err != nil && changed != "" {
		return "", &report.Error{
			Code: "no-answer", Message: fmt.Sprintf("%v; %s", err, changed),
			Hint: "run: " + reopens(service, sockets...) + ", which opens what the drop-in says",
		}
	}
	if err != nil {
		return "", err
	}
	if changed != "" {
		seen += "; " + changed
	}
	first, err := awaitUp(ctx, m, name)
	if err != nil || s.bundled() {
		return seen, err
	}
	// A program of which nothing is known but that it was started is looked at once more.
	select {
	case <-ctx.Done():
	case <-time.After(secondLook):
	}
	second, err := awaitUp(ctx, m, name)
	if err == nil && second.Restarts != first.Restarts {
		if failed, _ := failures(ctx, h, name, 2*secondLook); failed != nil { // it runs again, and systemd has forgotten
			second.Result = StateFailed
		}
		err = failsError(second)
	}
	return seen, err
}

func failsError(u host.Unit) error {
	if u.Unmet != nil {
		return fmt.Errorf("cannot run %s: %s is not met", u.Name, strings.Join(u.Unmet, ", "))
	}
	if u.Result == "success" {
		return &report.Error{
			Code: "ends-by-itself", Message: fmt.Sprintf("cannot run %s: it ends by itself, or goes into the background", u.Name),
			Hint: "a service stays in the foreground, and serves until it is told to stop: most programs have an option for that",
		}
	}
	return fmt.Errorf("cannot run %s: it fails again and again", u.Name)
}

// secondLook is how long a program of a user has to stay up.
const secondLook = time.Second

// settleTime is how long a service that a connection has activated may take to be up: it is TimeoutStartSec= of the
// bundled one.
const settleTime = 30 * time.Second

// awaitUp waits until a service that is starting is up. One that has ended after it served its client has done its
// work; one that has failed has not.
func awaitUp(ctx context.Context, m host.Manager, name string) (host.Unit, error) {
	ctx, cancel := context.WithTimeout(ctx, settleTime)
	defer cancel()
	for {
		u, err := m.Unit(ctx, name)
		switch {
		case err != nil:
			return u, err
		case u.Active == StateFailed, u.Sub == "auto-restart", u.Active == plan.Inactive && u.Unmet != nil:
			return u, failsError(u)
		case u.Active == plan.Active || u.Active == plan.Inactive:
			return u, nil
		}
		select {
		case <-ctx.Done():
			return u, fmt.Errorf("cannot run %s: it is %s after %s", name, u.Active, settleTime)
		case <-time.After(50 * time.Millisecond):
		}
	}
}
