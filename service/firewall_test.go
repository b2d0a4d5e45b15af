package service

import (
	"fmt"
	"strings"
	"testing"
)

func TestUfwLetsInWhatItsTuplesName(t *testing.T) {
	t.Parallel()
	const anywhere = " 0.0.0.0/0 any 0.0.0.0/0 in"
	for rule, open := range map[string]bool{
		"allow tcp 8080" + anywhere:                              true,
		"allow any 8080" + anywhere:                              true,
		"limit tcp 8080" + anywhere:                              true,
		"allow_log tcp 8080" + anywhere:                          true,
		"allow tcp 22,8080" + anywhere:                           true,
		"allow tcp 8000:8100" + anywhere:                         true,
		"allow any any 0.0.0.0/0 any 10.0.0.0/8 in":              true,
		"allow tcp 8080 ::/0 any ::/0 in_eth0":                   true,
		"allow tcp 8080 0.0.0.0/0 any 0.0.0.0/0 Web - in":        true,
		"allow udp 8080" + anywhere:                              false,
		"deny tcp 8080" + anywhere:                               false,
		"allow tcp 80" + anywhere:                                false,
		"allow tcp 8081:9000" + anywhere:                         false,
		"allow tcp 8080 0.0.0.0/0 any 0.0.0.0/0 out":             false,
		"route:allow tcp 8080 0.0.0.0/0 any 0.0.0.0/0 in":        false,
		"allow tcp 22 0.0.0.0/0 8080 0.0.0.0/0 in":               false,
		"allow tcp 22 0.0.0.0/0 any 0.0.0.0/0 in comment=383038": false,
	} {
		if got := ufwOpens("*filter\n### tuple ### "+rule+"\n-A x\n", 8080); got != open {
			t.Errorf("%s: open %v", rule, got)
		}
	}
}

func TestFirewalldLetsInWhatAZoneNames(t *testing.T) {
	t.Parallel()
	zone := func(target, services, ports, rich string) string {
		return fmt.Sprintf("public (active)\n  target: %s\n  interfaces: eth0\n  services: %s\n  ports: %s\n  source-ports: 8080/tcp\n  rich rules: \n%s", target, services, ports, rich)
	}
	for text, open := range map[string]bool{
		zone("default", "ssh", "8080/tcp", ""):             true,
		zone("default", "ssh", "22/tcp 8000-8100/tcp", ""): true,
		zone("ACCEPT", "", "", ""):                         true,
		zone("default", "ssh mine", "", ""):                true,
		zone("default", "ssh", "", "\trule family=\"ipv4\" port port=\"8080\" protocol=\"tcp\" accept\n"): true,
		zone("default", "ssh dhcpv6-client", "", ""):                                                      false,
		zone("default", "ssh", "8080/udp 80/tcp", ""):                                                     false,
	} {
		if got := zonesOpen(text, 8080); got != open {
			t.Errorf("open %v:\n%s", got, text)
		}
	}
}

func TestNftablesLetsInWhatAChainAccepts(t *testing.T) {
	t.Parallel()
	const (
		established = `{"match":{"op":"in","left":{"ct":{"key":"state"}},"right":["established","related"]}},{"accept":null}`
		loopback    = `{"match":{"op":"==","left":{"meta":{"key":"iifname"}},"right":"lo"}},{"accept":null}`
		icmp        = `{"match":{"op":"==","left":{"meta":{"key":"l4proto"}},"right":"icmp"}},{"accept":null}`
	)
	dport := func(right string) string {
		return `{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":` + right + `}},{"counter":{}},{"accept":null}`
	}
	ruleset := func(policy string, rules ...string) string {
		text := `{"nftables":[{"metainfo":{"version":"1.0.9"}},{"table":{"family":"inet","name":"filter"}},` +
			`{"chain":{"family":"inet","table":"filter","name":"input","type":"filter","hook":"input","prio":0,"policy":"` + policy + `"}}`
		for _, r := range rules {
			chain := "input"
			if inner, ok := strings.CutPrefix(r, "web: "); ok {
				chain, r = "web", inner
			}
			text += `,{"rule":{"family":"inet","table":"filter","chain":"` + chain + `","expr":[` + r + `]}}`
		}
		return text + "]}"
	}
	for name, tc := range map[string]struct {
		text string
		shut bool
	}{
		"no rule but those that all have": {ruleset("drop", established, loopback, icmp), true},
		"another port":                    {ruleset("drop", dport("22")), true},
		"a set without it":                {ruleset("drop", dport(`{"set":[22,443,{"range":[9000,9100]}]}`)), true},
		"the port of another protocol":    {ruleset("drop", strings.ReplaceAll(dport("8080"), `"tcp"`, `"udp"`)), true},
		"a drop before it":                {ruleset("accept", `{"drop":null}`, dport("8080")), true},
		"a reject at the end":             {ruleset("accept", dport("22"), `{"reject":{"type":"tcp reset"}}`), true},
		"a jump that leads nowhere":       {ruleset("drop", `{"jump":{"target":"web"}}`, "web: "+dport("443")), true},
		"the port":                        {ruleset("drop", established, dport("8080")), false},
		"a set":                           {ruleset("drop", dport(`{"set":[22,8080]}`)), false},
		"a range":                         {ruleset("drop", dport(`{"range":[8000,8100]}`)), false},
		"a set with a name":               {ruleset("drop", dport(`"@open"`)), false},
		"a jump":                          {ruleset("drop", `{"jump":{"target":"web"}}`, "web: "+dport("8080")), false},
		"all that is new":                 {ruleset("drop", strings.ReplaceAll(established, `"related"`, `"new"`)), false},
		"some networks":                   {ruleset("drop", `{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":{"prefix":{"addr":"10.0.0.0","len":8}}}},{"accept":null}`), false},
		"a chain that accepts":            {ruleset("accept", dport("22")), false},
		"no chain":                        {`{"nftables":[{"metainfo":{}}]}`, false},
	} {
		rules, err := readRules([]byte(tc.text))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		shut := false
		for _, base := range rules.closed() {
			shut = shut || !rules.lets(base.key(), 8080, 0)
		}
		if shut != tc.shut {
			t.Errorf("%s: shut %v", name, shut)
		}
	}
}

func TestOnlyPortsForOthersAreAskedAbout(t *testing.T) {
	t.Parallel()
	s := echo()
	s.Listen = []string{"8080", "127.0.0.1:9000", "[::1]:9001", "10.0.0.5:8080", "[::]:9002"}
	if got := fmt.Sprint(s.outside()); got != "[8080 9002]" {
		t.Errorf("%s", got)
	}
}
