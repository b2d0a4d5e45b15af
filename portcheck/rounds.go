package portcheck

import (
	"context"
	"slices"
	"time"

	"github.com/tcptune/tcptune/internal/report"
)

// mostRounds is how often it is looked again for processes that hold what was to be freed.
const mostRounds = 20

// FreeAll carries out the planned acts, and then those that it takes besides: for a process that a stopped unit has left
// behind, one that was forked meanwhile, or one that has moved its socket to another descriptor. Only sockets of before
// are followed: a new one on the same port is somebody who takes it again. It ends when none is left or the time is over.
// All acts are returned, in order.
func (v *View) FreeAll(ctx context.Context, before Survey, acts []Act, order Order) ([]Act, error) {
	order.again = true
	acts, err := v.freeHolders(ctx, before, acts, order)
	conns := before.conns
	// A holder may have left connections behind, and a connection a socket that is bound.
	for round := 0; round < 2 && order.Close && err == nil && ctx.Err() == nil; round++ {
		var after Survey
		if after, err = v.Observe(ctx, before.Query); err != nil {
			break
		}
		known := Survey{Holders: conns}
		if slices.ContainsFunc(after.Holders, func(h Holder) bool { return !known.knows(h.Socket) }) {
			break // the proof says who holds it
		}
		conns = after.conns
		var more []Act
		if more, _, err = v.Plan(ctx, &after, order); err != nil || v.Allowed(ctx, after, more) != nil {
			break
		}
		v.Free(ctx, more, order)
		for _, a := range more {
			acts = add(acts, a)
		}
	}
	return acts, err
}

// freeHolders is FreeAll for sockets that hold a port.
func (v *View) freeHolders(ctx context.Context, before Survey, acts []Act, order Order) ([]Act, error) {
	v.Free(ctx, acts, order)
	deadline := time.Now().Add(order.Grace + closePatience)
	for round := 1; round < mostRounds && time.Now().Before(deadline) && ctx.Err() == nil; round++ {
		left, err := v.left(ctx, before, acts)
		if err != nil || len(left.Holders) == 0 {
			return acts, err
		}
		more, _, err := v.Plan(ctx, &left, order)
		if err != nil {
			return acts, err
		}
		if v.Allowed(ctx, left, more) != nil {
			return acts, nil // the proof says who holds it still
		}
		v.Free(ctx, more, order)
		done := false
		for _, a := range more {
			done = done || a.Status == report.Applied
			acts = add(acts, a)
		}
		if !done {
			return acts, nil
		}
	}
	return acts, nil
}

// left are the sockets of before that are still open, and have owners that were not tried in vain. The kernel needs a moment
// to close those of a process that has ended.
func (v *View) left(ctx context.Context, before Survey, acts []Act) (left Survey, err error) {
	left = Survey{Query: before.Query}
	tried := map[int]bool{}
	applied := false
	for _, a := range acts {
		applied = applied || a.Status == report.Applied
		if a.Status == report.Failed || a.Status == report.Refused || a.Effective != nil && *a.Effective == running {
			tried[a.Pid] = true
		}
	}
	for until := time.Now().Add(closePatience); applied && time.Now().Before(until) && ctx.Err() == nil; {
		held, err := v.Held(before.Query)
		if err != nil || !slices.ContainsFunc(held, before.knows) {
			return Survey{}, err
		}
		if left, err = v.Observe(ctx, before.Query); err != nil {
			return left, err
		}
		left.Holders = slices.DeleteFunc(left.Holders, func(h Holder) bool {
			return !before.knows(h.Socket) || !slices.ContainsFunc(h.Owners, func(o Owner) bool { return !tried[o.Pid] })
		})
		if len(left.Holders) > 0 {
			return left, nil
		}
		select {
		case <-ctx.Done():
		case <-time.After(provePause):
		}
	}
	left.Holders = nil
	return left, ctx.Err()
}
