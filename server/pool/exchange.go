package pool

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"
)

// failure is what became of an attempt.
type failure struct {
	error
	why cause
}

type cause int

const (
	refused   cause = iota // by the breaker. The request may go elsewhere
	unreached              // no connection, or a new one that took nothing: counts, and the request may go elsewhere
	stale                  // one that was kept took nothing, the upstream had closed it: the request may take another
	sent                   // anything else: counts, and is final
	abandoned              // the caller's context has ended: says nothing about the upstream
	excused                // the exchange says so of itself, see Excuse: final, and says nothing about the upstream
)

// Excuse makes an error with which an exchange may fail without counting as a failure of the upstream: what was answered
// is not wanted because of what was asked.
func Excuse(err error) error { return failure{err, excused} }

func (f failure) Unwrap() error { return f.error }

// errRefused is what the caller sees when no upstream was even tried.
var errRefused = failure{errors.New("the circuit breaker is open, after failures in a row"), refused}

// do makes one attempt. An attempt that the breaker lets through counts there once: the connection and the exchange.
func (u *upstream) do(ctx context.Context, giveUp time.Time, last bool, exchange func(*Conn) error) error {
	c, err := u.take(ctx, giveUp, last)
	if err != nil {
		return err
	}
	if last {
		return u.attempt(ctx, c, exchange)
	}
	let := false
	_, err = u.breaker.Execute(func() (struct{}, error) {
		let = true
		return struct{}{}, u.attempt(ctx, c, exchange)
	})
	if !let { // it has opened since it was asked, or is half open and has its probes
		u.refusals.Add(1)
		u.release(c, true)
		return errRefused
	}
	return err
}

func (u *upstream) attempt(ctx context.Context, c *Conn, exchange func(*Conn) error) error {
	fine := false
	defer func() { u.release(c, fine) }() // also when exchange panics

	why := stale
	if c.conn == nil {
		why = unreached
		if err := u.connect(ctx, c); err != nil {
			return blame(ctx, err, why)
		}
		u.unreachedInARow.Store(0)
	}
	u.acquired.Add(1)
	if why == stale {
		u.reused.Add(1)
	}
	c.begin(ctx, time.Now().Add(u.config.ExchangeTimeout))
	err := exchange(c)
	reusable := c.end()
	if err == nil {
		fine = reusable
		return nil
	}
	if f, ok := errors.AsType[failure](err); ok && f.why == excused {
		return f
	}
	if c.unsent() {
		return blame(ctx, err, why)
	}
	if !u.failing.add(ctx) {
		return failure{err, excused}
	}
	return blame(ctx, err, sent)
}

// blame says what a failure is, which after the end of the context is not for the upstream to explain.
func blame(ctx context.Context, err error, why cause) error {
	over := ctx.Err()
	// The deadline is set on the connection too, and may be noticed there a little earlier.
	if deadline, ok := ctx.Deadline(); over == nil && ok && !time.Now().Before(deadline) {
		over = context.DeadlineExceeded
	}
	if over != nil {
		return failure{fmt.Errorf("%w: %w", over, err), abandoned}
	}
	return failure{err, why}
}

// connect makes the connection of a place.
func (u *upstream) connect(ctx context.Context, c *Conn) error {
	limited, cancel := context.WithTimeout(ctx, u.config.DialTimeout)
	defer cancel()
	conn, err := u.config.Dial(limited, u.address)
	u.dials.Add(1)
	if err != nil {
		u.dialErrors.Add(1)
		if ctx.Err() == nil {
			u.unreachedInARow.Add(1)
		}
		var op *net.OpError
		if errors.As(err, &op) {
			err = op.Err // without the address, which is named already
		}
		return fmt.Errorf("cannot connect to %s: %w", u.address, err)
	}
	c.connect(conn)
	return nil
}
