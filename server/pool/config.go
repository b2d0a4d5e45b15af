package pool

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"time"
)

// Config says how many connections each upstream gets, and for how long. What is zero takes the value in brackets.
type Config struct {
	Max     int // connections to one upstream, those that are being made included (64)
	MinIdle int // connections to one upstream that [Pool.Run] keeps ready, as far as Max allows (0)

	AcquireTimeout  time.Duration // how long a request waits for a connection, all its tries together (1 s)
	DialTimeout     time.Duration // how long making a connection may take (3 s)
	ExchangeTimeout time.Duration // how long a request and its answer may take, on a connection that is there (30 s)

	// IdleTime is after how long a connection is not used again, because routers and firewalls forget it. It holds for the
	// MinIdle as well, which are then replaced (1 min).
	IdleTime time.Duration
	// LifeTime is after how long a connection is not used again, so that clients follow when an address leads somewhere
	// else (30 min).
	LifeTime time.Duration
	// CheckInterval is how often [Pool.Run] looks at the idle connections (5 s).
	CheckInterval time.Duration

	Breaker Breaker

	// Dial makes a connection to one of the addresses given to [New] (TCP, by a [net.Dialer]). Connections that are neither a
	// [syscall.Conn] nor one of TLS over such cannot be looked at before they are used again: bytes that arrive between two
	// exchanges are then read by the later one.
	Dial func(ctx context.Context, address string) (net.Conn, error)
}

// Breaker sets the circuit breaker of each upstream: how it stops to be asked while it does not answer.
// See https://learn.microsoft.com/azure/architecture/patterns/circuit-breaker.
type Breaker struct {
	Failures int           // connections that cannot be made in a row until it opens (5)
	Share    float64       // of the exchanges in Window, how many fail until it opens, 0.5 for half of them (0.5)
	Least    int           // exchanges in Window, below which Share says nothing (20)
	Window   time.Duration // how far back exchanges count (10 s)
	Open     time.Duration // how long it then refuses (5 s)
	Probes   int           // exchanges that are let through afterwards, and have to succeed until it closes (1)
	// Strict has the breaker of the last upstream refuse as well. Otherwise a request for which no other upstream is left
	// is sent all the same: the breaker may be wrong, and to refuse everybody is the worst that it can do.
	Strict bool
}

// check fills in what is zero, and refuses what cannot be meant.
func (c *Config) check(addresses []string) error {
	if c.Breaker.Share < 0 || c.Breaker.Share > 1 {
		return fmt.Errorf("cannot open the breaker at a share of %v: it is from 0 to 1", c.Breaker.Share)
	}
	c.Breaker.Share = cmp.Or(c.Breaker.Share, 0.5)
	err := cmp.Or(
		settle("maximum of connections", &c.Max, 64),
		settle("minimum of idle connections", &c.MinIdle, 0),
		settle("number of failures that open the breaker", &c.Breaker.Failures, 5),
		settle("number of exchanges that a share is of", &c.Breaker.Least, 20),
		settle("window of the breaker", &c.Breaker.Window, 10*time.Second),
		settle("number of probes that close the breaker", &c.Breaker.Probes, 1),
		settle("acquire timeout", &c.AcquireTimeout, time.Second),
		settle("dial timeout", &c.DialTimeout, 3*time.Second),
		settle("exchange timeout", &c.ExchangeTimeout, 30*time.Second),
		settle("idle time", &c.IdleTime, time.Minute),
		settle("life time", &c.LifeTime, 30*time.Minute),
		settle("check interval", &c.CheckInterval, 5*time.Second),
		settle("time that the breaker stays open", &c.Breaker.Open, 5*time.Second),
	)
	switch {
	case err != nil:
		return err
	case c.MinIdle > c.Max:
		return fmt.Errorf("cannot keep %d connections idle: there may be no more than %d", c.MinIdle, c.Max)
	}
	return c.checkAddresses(addresses)
}

// settle gives a number that is zero its default.
func settle[N int | time.Duration](name string, value *N, zero N) error {
	if *value < 0 {
		return fmt.Errorf("cannot use a negative %s: %v", name, *value)
	}
	*value = cmp.Or(*value, zero)
	return nil
}

func (c *Config) checkAddresses(addresses []string) error {
	if len(addresses) == 0 {
		return errors.New("cannot make a pool without an upstream")
	}
	seen := make(map[string]bool)
	for _, address := range addresses {
		if seen[address] {
			return fmt.Errorf("cannot use upstream %q twice", address)
		}
		seen[address] = true
		if c.Dial == nil {
			if host, port, err := net.SplitHostPort(address); err != nil || host == "" || port == "" {
				return fmt.Errorf("cannot use upstream %q: it is not HOST:PORT", address)
			}
		}
	}
	if c.Dial == nil {
		c.Dial = func(ctx context.Context, address string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp", address)
		}
	}
	return nil
}
