package check

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/tcptune/tcptune/diagnose/rules"
	"github.com/tcptune/tcptune/internal/report"
)

// A limit that diagnose would find now has been met before: the counters since boot tell of it, by the same rules. They say
// neither when it was nor who met it.

// sinceBoot are the findings of these rules, by their names, and what cannot be judged.
func (f facts) sinceBoot() (map[string]rules.Finding, map[string]error) {
	all, err := rules.Load()
	if err != nil {
		return nil, map[string]error{"": err}
	}
	host, shakes := rules.NewSubject("host", "host"), rules.NewSubject("handshakes", "host")
	for figure, counters := range rules.Counters() {
		n, err := f.counted(counters...)
		if !often(n, f.uptime) {
			n = 0
		}
		host.See(figure, float64(n), err)
		shakes.See(figure, float64(n), err)
	}
	dropped := f.softnet.value.Dropped
	if !often(dropped, f.uptime) {
		dropped = 0
	}
	host.See("softnet_dropped", float64(dropped), f.softnet.err)
	for figure, key := range map[string]string{"backlog_packets_wanted": "net.core.netdev_max_backlog", "tw_wanted": "net.ipv4.tcp_max_tw_buckets"} {
		n, err := f.number(key)
		host.See(figure, rules.PowerOfTwo(2*n), err)
	}
	host.Words["mem_wanted"] = "twice of what it is"
	if k := f.knobs["net.ipv4.tcp_mem"]; k.err == nil {
		host.Words["mem_wanted"] = doubled(k.value)
	}
	longest, err := f.number("net.core.somaxconn")
	shakes.See("syn_wanted", min(rules.PowerOfTwo(2*longest), 65535), err)
	shakes.Words["owner"] = "the program that listens"
	shakes.Figures["listen_room"] = 0 // of no listener by itself
	cookies, err := f.number("net.ipv4.tcp_syncookies")
	if err == nil && cookies == 2 {
		err = errors.New("with net.ipv4.tcp_syncookies = 2 each handshake counts as one that found the queue full")
	}
	shakes.See("syncookies", cookies, err)
	found, unjudged := rules.Evaluate(all, []rules.Subject{host, shakes})
	findings, unknown := map[string]rules.Finding{}, map[string]error{}
	for _, one := range found {
		findings[one.Rule] = one
	}
	for _, u := range unjudged {
		unknown[u.Rule] = errors.New(u.Why)
	}
	return findings, unknown
}

// counted adds counters up. One that this kernel does not have has counted nothing.
func (f facts) counted(names ...string) (n uint64, err error) {
	for _, name := range names {
		n += f.netstat.value[name]
	}
	return n, f.netstat.err
}

func (f facts) number(key string) (float64, error) {
	k := f.knobs[key]
	if k.err != nil {
		return 0, k.err
	}
	return strconv.ParseFloat(strings.TrimSpace(k.value), 64)
}

// doubled is a list of numbers, each twice as large.
func doubled(text string) string {
	fields := strings.Fields(text)
	for i, field := range fields {
		if n, err := strconv.ParseUint(field, 10, 63); err == nil {
			fields[i] = strconv.FormatUint(2*n, 10)
		}
	}
	return strings.Join(fields, " ")
}

// checkSinceBoot has the limits that have no check of their own.
func checkSinceBoot(f facts) (checks []report.Check) {
	if err := f.unjudged[""]; err != nil {
		return []report.Check{unseen("rules", err)}
	}
	for _, of := range []struct{ rule, figure, what, never string }{
		{"syn-queue", "syn_full", "times full", "listeners rarely had more handshakes under way than they keep, or never"},
		{"tcp-memory", "mem_pressures", "times under pressure", "TCP has rarely come under memory pressure, or never"},
		{"orphans", "orphans_killed", "cut off", "what programs had closed was rarely cut off for want of memory, or never"},
		{"receive-drops", "receive_drops", "thrown away", "what had arrived was rarely thrown away, or never"},
	} {
		n, err := f.counted(rules.Counters()[of.figure]...)
		value := fmt.Sprintf("%d %s %s", n, of.what, since(n, f.uptime))
		finding, holds := f.found[of.rule]
		switch {
		case err != nil:
			checks = append(checks, unseen(of.rule, err))
		case f.unjudged[of.rule] != nil:
			checks = append(checks, unseen(of.rule, f.unjudged[of.rule]))
		case holds:
			checks = append(checks, warn(of.rule, value, finding.Words, remedy(finding)))
		default:
			checks = append(checks, pass(of.rule, value, of.never))
		}
	}
	return checks
}

// remedy is what moves a limit, or how to look at it where nothing is known to.
func remedy(f rules.Finding) string {
	var all []string
	for _, a := range f.Advice {
		all = append(all, a.String())
	}
	if all == nil {
		return "sudo tcptune diagnose; " + f.Check
	}
	return strings.Join(slices.Compact(all), "; ")
}
