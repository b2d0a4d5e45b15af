package service

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/tcptune/tcptune/internal/host"
)

// nftables asks the kernel for its rules, which also are those of iptables since Debian 11 and Ubuntu 20.10.
func nftables(ctx context.Context, h host.Host, ports []door) (firewall, error) {
	f := firewall{name: "nftables"}
	text, err := h.Run(ctx, "nft", "--json", "list", "ruleset")
	var failed *host.ProgramError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return f, nil
	case errors.As(err, &failed) && strings.Contains(failed.Stderr, "not permitted"):
		return f, os.ErrPermission
	case err != nil:
		return f, err
	}
	rules, err := readRules(text)
	if err != nil {
		return f, err
	}
	for _, base := range rules.closed() {
		f.on = true
		f.opens = func(d door) string {
			return fmt.Sprintf("sudo nft insert rule %s %s %s %s dport %d accept, and the same in /etc/nftables.conf",
				base.Family, base.Table, base.Name, d.kind, d.port)
		}
		for _, d := range ports {
			if !rules.lets(base.key(), d, 0) && !slices.Contains(f.shut, d) {
				f.shut = append(f.shut, d)
			}
		}
	}
	return f, nil
}

// rules is what nft --json prints, libnftables-json(5), by chain.
type rules struct {
	chains []nftChain
	of     map[string][][]map[string]any // the statements of each rule of a chain
}

type nftChain struct{ Family, Table, Name, Hook, Policy string }

func (c nftChain) key() string { return c.Family + " " + c.Table + " " + c.Name }

func readRules(text []byte) (rules, error) {
	r := rules{of: map[string][][]map[string]any{}}
	var all struct {
		Nftables []struct {
			Chain *nftChain
			Rule  *struct {
				Family, Table, Chain string
				Expr                 []map[string]any
			}
		}
	}
	if err := json.Unmarshal(text, &all); err != nil {
		return r, fmt.Errorf("cannot read what nft says: %w", err)
	}
	for _, item := range all.Nftables {
		switch {
		case item.Chain != nil:
			r.chains = append(r.chains, *item.Chain)
		case item.Rule != nil:
			key := nftChain{Family: item.Rule.Family, Table: item.Rule.Table, Name: item.Rule.Chain}.key()
			r.of[key] = append(r.of[key], item.Rule.Expr)
		}
	}
	return r, nil
}

// closed are the chains that what comes in runs into, and that drop what no rule of theirs lets in.
func (r rules) closed() (chains []nftChain) {
	for _, c := range r.chains {
		if c.Hook != "input" || !slices.Contains([]string{"ip", "ip6", "inet"}, c.Family) {
			continue
		}
		drops := func(rule []map[string]any) bool { return len(conditions(rule)) == 0 && has(rule, "drop", "reject") }
		if c.Policy == "drop" || slices.ContainsFunc(r.of[c.key()], drops) {
			chains = append(chains, c)
		}
	}
	return chains
}

// deepest is how far jumps are followed; the kernel allows 16.
const deepest = 16

// lets reports whether a rule of a chain may accept what is new to a port. What is not understood may.
func (r rules) lets(chain string, d door, depth int) bool {
	if depth > deepest {
		return false
	}
	table := chain[:strings.LastIndexByte(chain, ' ')+1]
	for _, rule := range r.of[chain] {
		if slices.ContainsFunc(conditions(rule), func(m map[string]any) bool { return excludes(m, d) }) {
			continue
		}
		for _, verdict := range append(mapped(rule, d), rule...) {
			if _, accepts := verdict["accept"]; accepts {
				return true
			}
			for _, verb := range []string{"jump", "goto"} {
				to, ok := verdict[verb].(map[string]any)
				if ok && r.lets(table+fmt.Sprint(to["target"]), d, depth+1) {
					return true
				}
			}
		}
		if len(conditions(rule)) == 0 && has(rule, "drop", "reject") {
			return false
		}
	}
	return false
}

// mapped are the verdicts that the maps of a rule may have for what is new to a port, "ct state vmap { established :
// accept }" for one. A map with a name, whose elements are elsewhere, may accept.
func mapped(rule []map[string]any, d door) (verdicts []map[string]any) {
	for _, s := range rule {
		vmap, ok := s["vmap"].(map[string]any)
		if !ok {
			continue
		}
		data, _ := vmap["data"].(map[string]any)
		elements, ok := data["set"].([]any)
		if !ok {
			return []map[string]any{{"accept": nil}}
		}
		for _, element := range elements {
			pair, _ := element.([]any)
			if len(pair) != 2 || excludes(map[string]any{"op": "==", "left": vmap["key"], "right": pair[0]}, d) {
				continue
			}
			if verdict, ok := pair[1].(map[string]any); ok {
				verdicts = append(verdicts, verdict)
			}
		}
	}
	return verdicts
}

func has(rule []map[string]any, verbs ...string) bool {
	return slices.ContainsFunc(rule, func(s map[string]any) bool {
		return slices.ContainsFunc(verbs, func(v string) bool { _, ok := s[v]; return ok })
	})
}

func conditions(rule []map[string]any) (all []map[string]any) {
	for _, s := range rule {
		if m, ok := s["match"].(map[string]any); ok {
			all = append(all, m)
		}
	}
	return all
}

// excludes reports whether a condition is never true of the first packet from outside to a port.
func excludes(m map[string]any, d door) bool {
	left, _ := m["left"].(map[string]any)
	if m["op"] != "==" && m["op"] != "in" {
		return false
	}
	payload, _ := left["payload"].(map[string]any)
	meta, _ := left["meta"].(map[string]any)
	ct, _ := left["ct"].(map[string]any)
	switch {
	case payload["field"] == "dport":
		return payload["protocol"] != d.kind && payload["protocol"] != "th" || !holds(m["right"], float64(d.port))
	case slices.Contains([]any{"tcp", "udp", "icmp", "icmpv6"}, payload["protocol"]):
		return payload["protocol"] != d.kind
	case meta["key"] == "l4proto", payload["field"] == "protocol", payload["field"] == "nexthdr":
		return !holds(m["right"], d.kind) && !holds(m["right"], map[string]float64{"tcp": 6, "udp": 17}[d.kind])
	case meta["key"] == "iifname", meta["key"] == "iif":
		return m["right"] == "lo"
	case ct["key"] == "state":
		return !holds(m["right"], "new")
	}
	return false
}

// holds reports whether a value, a list, a range or a set contains v. A set with a name may.
func holds(right, v any) bool {
	switch r := right.(type) {
	case string:
		return r == v || strings.HasPrefix(r, "@")
	case []any:
		return slices.ContainsFunc(r, func(item any) bool { return holds(item, v) })
	case map[string]any:
		if set, ok := r["set"]; ok {
			return holds(set, v)
		}
		if ends, ok := r["range"].([]any); ok && len(ends) == 2 {
			low, okLow := ends[0].(float64)
			high, okHigh := ends[1].(float64)
			n, number := v.(float64)
			return !okLow || !okHigh || number && n >= low && n <= high
		}
		return true
	}
	return right == v
}
