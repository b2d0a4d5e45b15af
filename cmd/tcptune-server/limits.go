package main

import (
	"bytes"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/tcptune/tcptune/server"
	"github.com/tcptune/tcptune/server/pool"
)

// limits are all that can be set by flags and in the file of limits.
type limits struct {
	server.Limits
	maxLine, maxFrame int
	drain             time.Duration
	proxyFrom         []netip.Prefix
	pool              pool.Config // of relay; it is made once, when the server starts
	halfConns         bool        // ClientConns was not given: it is half of MaxConns
	linger            int         // follows from the others, see within
	backlog           int         // 0: as the sockets are
}

func defaultLimits() limits {
	return limits{
		Limits: server.DefaultLimits(), maxLine: 64 << 10, maxFrame: 1 << 20, drain: 30 * time.Second, halfConns: true,
		pool: pool.Config{
			Max: 64, AcquireTimeout: time.Second, DialTimeout: 3 * time.Second, ExchangeTimeout: 30 * time.Second,
			IdleTime: time.Minute, LifeTime: 30 * time.Minute,
			Breaker: pool.Breaker{Failures: 5, Share: 0.5, Least: 20, Open: 5 * time.Second},
		},
	}
}

// limitFlag is one limit.
type limitFlag struct {
	name, what string
	set        func(*limits, string) error
	show       func(limits) string
}

func (l limitFlag) usage() string { return l.what + " (" + l.show(defaultLimits()) + ")" }

func limitFlags() []limitFlag {
	return []limitFlag{
		count("max-conns", "serve `N` connections at a time", func(l *limits) *int { return &l.MaxConns }),
		count("queue", "beyond --max-conns, let `N` accepted connections wait", func(l *limits) *int { return &l.Queue }),
		duration("queue-timeout", "let an accepted connection wait for `TIME` at most",
			func(l *limits) *time.Duration { return &l.QueueTimeout }),
		perSecond("accept-rate", "accept `N` connections a second, others wait in the backlog; 0: any number",
			func(l *limits) *float64 { return &l.AcceptRate }),
		count("accept-burst", "with --accept-rate, let `N` connections come at once; 0: as many as in a second",
			func(l *limits) *int { return &l.AcceptBurst }),
		perSecond("client-rate", "serve `N` new connections a second from one address, refuse others; 0: any number",
			func(l *limits) *float64 { return &l.ClientRate }),
		count("client-burst", "with --client-rate, let `N` connections of one address come at once; "+
			"0: as many as in a second",
			func(l *limits) *int { return &l.ClientBurst }),
		{
			"client-conns", "serve `N` connections of one address at a time, refuse others; 0: any number",
			func(l *limits, s string) error {
				l.halfConns = false
				return count("", "", func(l *limits) *int { return &l.ClientConns }).set(l, s)
			},
			func(limits) string { return "half of --max-conns" },
		},
		{
			"proxy-from", "expect the PROXY protocol from `NETWORKS` only, with commas between them",
			func(l *limits, s string) (err error) { l.proxyFrom, err = networks(s); return err },
			func(limits) string { return "none" },
		},
		duration("idle-timeout", "close a connection after `TIME` without a message; 0: never",
			func(l *limits) *time.Duration { return &l.IdleTimeout }),
		duration("read-timeout", "close a connection when a message takes `TIME` to arrive; 0: never",
			func(l *limits) *time.Duration { return &l.ReadTimeout }),
		duration("write-timeout", "close a connection when the client takes nothing of an answer for `TIME`; 0: never",
			func(l *limits) *time.Duration { return &l.WriteTimeout }),
		perSecond("min-rate", "close a connection when the client takes less than `N` bytes a second of an answer; 0: never",
			func(l *limits) *float64 { return &l.MinRate }),
		duration("total-timeout", "close a connection `TIME` after it was accepted, whatever it does; 0: never",
			func(l *limits) *time.Duration { return &l.TotalTimeout }),
		count("max-line", "refuse a line of more than `BYTES`", func(l *limits) *int { return &l.maxLine }),
		count("max-frame", "refuse a frame, or the body of an HTTP request, of more than `BYTES`",
			func(l *limits) *int { return &l.maxFrame }),
		bytesOf("max-output", "hold at most `BYTES` of answers that clients have not taken yet",
			func(l *limits) *int64 { return &l.MaxOutput }),
		bytesOf("max-input", "hold at most `BYTES` of messages that have not arrived whole; 0: any number",
			func(l *limits) *int64 { return &l.MaxInput }),
		count("upstream-conns", "relay: make `N` connections to one upstream", func(l *limits) *int { return &l.pool.Max }),
		duration("upstream-wait", "relay: let a request wait for a connection for `TIME`",
			func(l *limits) *time.Duration { return &l.pool.AcquireTimeout }),
		duration("upstream-connect", "relay: let connecting take `TIME`",
			func(l *limits) *time.Duration { return &l.pool.DialTimeout }),
		duration("upstream-timeout", "relay: let a request and its answer take `TIME`",
			func(l *limits) *time.Duration { return &l.pool.ExchangeTimeout }),
		duration("upstream-idle", "relay: use no connection again that was idle for `TIME`",
			func(l *limits) *time.Duration { return &l.pool.IdleTime }),
		duration("upstream-life", "relay: use no connection again after `TIME`, so that a name may get another address",
			func(l *limits) *time.Duration { return &l.pool.LifeTime }),
		count("breaker-failures", "relay: ask others after `N` connections in a row that could not be made",
			func(l *limits) *int { return &l.pool.Breaker.Failures }),
		perSecond("breaker-share", "relay: ask others when `N` of all exchanges fail, 0.5 for a half",
			func(l *limits) *float64 { return &l.pool.Breaker.Share }),
		count("breaker-least", "relay: of at least `N` exchanges in ten seconds",
			func(l *limits) *int { return &l.pool.Breaker.Least }),
		duration("breaker-open", "relay: ask others for `TIME`, where there are any",
			func(l *limits) *time.Duration { return &l.pool.Breaker.Open }),
		count("backlog", "let `N` connections wait in the queue of each listening socket; 0: as it was opened",
			func(l *limits) *int { return &l.backlog }),
		duration("drain", "on SIGTERM, wait `TIME` for connections to end",
			func(l *limits) *time.Duration { return &l.drain }),
	}
}

// networks reads "10.0.0.0/8,2001:db8::/32". A bit beyond the length of a prefix is an error: it is not what was meant.
func networks(text string) (all []netip.Prefix, err error) {
	for one := range strings.SplitSeq(text, ",") {
		if one = strings.TrimSpace(one); one == "" {
			continue
		}
		p, err := netip.ParsePrefix(one)
		if err != nil || p.Masked() != p || p.Addr().Is4In6() {
			return nil, fmt.Errorf("want networks, as in 10.0.0.0/8,2001:db8::/32, not %q", one)
		}
		all = append(all, p)
	}
	return all, nil
}

func count(name, what string, of func(*limits) *int) limitFlag {
	return limit(name, what, "a whole number", of, strconv.Atoi, strconv.Itoa)
}

func bytesOf(name, what string, of func(*limits) *int64) limitFlag {
	return limit(name, what, "a whole number", of,
		func(s string) (int64, error) { return strconv.ParseInt(s, 10, 64) },
		func(n int64) string { return strconv.FormatInt(n, 10) })
}

func duration(name, what string, of func(*limits) *time.Duration) limitFlag {
	return limit(name, what, "a number and a unit, as in 60s", of, time.ParseDuration, time.Duration.String)
}

// perSecond is a rate, with or without "/s" behind it.
func perSecond(name, what string, of func(*limits) *float64) limitFlag {
	return limit(name, what, "a number, as in 1000/s", of,
		func(s string) (float64, error) { return strconv.ParseFloat(strings.TrimSuffix(s, "/s"), 64) },
		func(n float64) string { return strconv.FormatFloat(n, 'g', -1, 64) })
}

// limit is a number, and not below 0.
func limit[N int | int64 | float64 | time.Duration](name, what, want string, of func(*limits) *N,
	read func(string) (N, error), show func(N) string,
) limitFlag {
	set := func(l *limits, s string) error {
		n, err := read(s)
		switch {
		case err != nil:
			err = fmt.Errorf("want %s", want)
		case !(n >= 0): // also no NaN
			err = fmt.Errorf("%s is not 0 or more", s)
		}
		*of(l) = n
		return err
	}
	return limitFlag{name, what, set, func(l limits) string { return show(*of(&l)) }}
}

// largestLimitFile bounds what is read.
const largestLimitFile = 64 << 10

// readLimits puts together the defaults, the file and what was given by flags, the last of which wins.
func (o options) readLimits() (limits, error) {
	l := defaultLimits()
	if o.limitFile != "" {
		if err := l.readFile(o.limitFile); err != nil {
			return l, err
		}
	}
	for _, f := range limitFlags() {
		value, given := o.given[f.name]
		if !given {
			continue
		}
		if err := f.set(&l, value); err != nil {
			return l, fmt.Errorf("cannot use --%s %s: %w", f.name, value, err)
		}
	}
	if l.halfConns {
		l.ClientConns = (l.MaxConns + 1) / 2
	}
	return l, l.check()
}

func (l *limits) readFile(path string) error {
	text, err := readFile(path, largestLimitFile)
	if err != nil {
		return fmt.Errorf("cannot read the limits: %w", err)
	}
	if err := l.parse(text); err != nil {
		return fmt.Errorf("cannot read the limits of %s: %w", path, err)
	}
	return nil
}

func (l *limits) parse(text []byte) error {
	if len(bytes.TrimSpace(text)) == 0 {
		return nil
	}
	values := map[string]any{}
	if err := yaml.UnmarshalWithOptions(text, &values, yaml.Strict()); err != nil {
		return err
	}
	flags := limitFlags()
	for _, name := range slices.Sorted(maps.Keys(values)) {
		i := slices.IndexFunc(flags, func(f limitFlag) bool { return f.name == name })
		if i < 0 {
			return fmt.Errorf("there is no limit %q", name)
		}
		if err := flags[i].set(l, fmt.Sprint(values[name])); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func (l limits) check() error {
	switch {
	case l.maxLine < 1 || l.maxLine > mostMessage:
		return fmt.Errorf("cannot use max-line %d: from 1 to %d bytes", l.maxLine, mostMessage)
	case l.maxFrame < 1 || l.maxFrame > mostMessage:
		return fmt.Errorf("cannot use max-frame %d: from 1 to %d bytes", l.maxFrame, mostMessage)
	case l.MaxConns < 1:
		return fmt.Errorf("cannot use max-conns %d: at least one connection has to be served", l.MaxConns)
	case l.pool.Max < 1 || l.pool.Max > mostPool:
		return fmt.Errorf("cannot use upstream-conns %d: from 1 to %d", l.pool.Max, mostPool)
	case l.pool.Breaker.Share > 1:
		return fmt.Errorf("cannot use breaker-share %v: from 0 to 1", l.pool.Breaker.Share)
	case l.MaxOutput < server.OutputChunk:
		return fmt.Errorf("cannot use max-output %d: at least %d bytes are needed for one answer",
			l.MaxOutput, server.OutputChunk)
	}
	return l.Validate()
}

// mostMessage is the longest message that may be allowed: a connection holds one in memory.
const mostMessage = 1 << 30

// mostPool bounds what is not meant: an upstream has no more ports than this.
const mostPool = 1 << 16
