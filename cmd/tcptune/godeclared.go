package main

import (
	"context"
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/tcptune/tcptune/installer"
	"github.com/tcptune/tcptune/installer/fetch"
	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/plan"
)

// declaredWish is the Go that tcptune.yaml wants h to have; wanted is false when it says nothing of Go.
func declaredWish(h host.Host) (g declaredGo, wish fetch.Wish, wanted bool, err error) {
	d, err := readDeclared(h)
	if err != nil || d == nil || d.Go.Version == "" {
		return g, wish, false, err
	}
	if wish, err = fetch.ParseWish(d.Go.Version); err != nil {
		return g, wish, false, fmt.Errorf("cannot use %s: go.version: %s", declaredPath, err.Error())
	}
	return d.Go, wish, true, nil
}

// withGo adds to d what the declared Go needs. A version that is active and satisfies the declaration needs nothing, not
// even the network.
func (t terminal) withGo(c *cli.Context, h host.Host, j plan.Journal, d *draft) error {
	declared, wish, wanted, err := declaredWish(h)
	if err != nil || !wanted {
		return err
	}
	at, err := installer.Observe(h, j)
	if err != nil {
		return err
	}
	g, err := t.planInstall(c.Context, h, at, declared.config(), wish, true)
	if err != nil {
		return err
	}
	d.Changes = append(d.Changes, g.plan.Changes...)
	d.Remember = g.plan.Remember
	d.Warnings = append(d.Warnings, g.notes...)
	if !g.plan.Empty() {
		d.ready = g.ready
	}
	return nil
}

// makeReady does what must be done before d can be applied.
func (d draft) makeReady(ctx context.Context) error {
	if d.ready == nil {
		return nil
	}
	return d.ready(ctx)
}

// goDrift says how the Go of h differs from the declared one, "" when it does not. It needs no network.
func goDrift(h host.Host, j plan.Journal) (string, error) {
	_, wish, wanted, err := declaredWish(h)
	if err != nil || !wanted {
		return "", err
	}
	at, err := installer.Observe(h, j)
	if err != nil {
		return "", err
	}
	v, ok := at.Settled(wish)
	switch {
	case ok && v == at.Active:
		return "", nil
	case at.Active.IsZero():
		return fmt.Sprintf("Go %s is declared, and none of tcptune is active", wish), nil
	}
	return fmt.Sprintf("Go %s is declared, and %s is active", wish, at.Active), nil
}
