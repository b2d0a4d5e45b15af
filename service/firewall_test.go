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
		if got := ufwOpens("*filter\n### tuple ### "+rule+"\n-A x\n", door{"tcp", 8080}); got != open {
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
		if got := zonesOpen(text, door{"tcp", 8080}); got != open {
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
	vmap := func(key, elements string) string {
		return `{"vmap":{"key":` + key + `,"data":{"set":[` + elements + `]}}}`
	}
	states := func(accepted ...string) string {
		elements := `["invalid",{"drop":null}]`
		for _, state := range accepted {
			elements = `["` + state + `",{"accept":null}],` + elements
		}
		return vmap(`{"ct":{"key":"state"}}`, elements)
	}
	const port, accepts22 = `{"payload":{"protocol":"tcp","field":"dport"}}`, `[22,{"accept":null}],`
	jump := func(port string) string { return `[` + port + `,{"jump":{"target":"web"}}]` }
	web := "web: " + dport("8080")
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
		"a map of states without new":     {ruleset("drop", states("established", "related")), true},
		"a map of states with new":        {ruleset("drop", states("established", "new")), false},
		"a map of ports without it":       {ruleset("drop", vmap(port, accepts22+jump("443")), web), true},
		"a map of ports with it":          {ruleset("drop", vmap(port, accepts22+jump("8080")), web), false},
		"a map of ports that drops it":    {ruleset("drop", vmap(port, accepts22+`[8080,{"drop":null}]`)), true},
		"a map with a name":               {ruleset("drop", `{"vmap":{"key":`+port+`,"data":"@ports"}}`), false},
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
			shut = shut || !rules.lets(base.key(), door{"tcp", 8080}, 0)
		}
		if shut != tc.shut {
			t.Errorf("%s: shut %v", name, shut)
		}
	}
}

func TestOnlyPortsForOthersAreAskedAbout(t *testing.T) {
	t.Parallel()
	s := echo()
	s.Listen = strings.Fields("8080 127.0.0.1:9000 [::1]:9001 10.0.0.5:8080 [::]:9002 udp:8080 udp:127.0.0.1:53")
	if got := fmt.Sprint(s.outside()); got != "[port 8080 port 9002 UDP port 8080]" {
		t.Errorf("%s", got)
	}
}

// A rule for TCP opens nothing for UDP.
func TestAPortOfUDPIsLookedForAsThat(t *testing.T) {
	t.Parallel()
	udp := door{"udp", 8080}
	for _, kind := range []string{"tcp", "udp"} {
		open := kind == "udp"
		if got := ufwOpens("### tuple ### allow "+kind+" 8080 0.0.0.0/0 any 0.0.0.0/0 in\n", udp); got != open {
			t.Errorf("ufw: a rule for %s: open %v", kind, got)
		}
		if got := zonesOpen("  ports: 8080/"+kind+"\n", udp); got != open {
			t.Errorf("firewalld: a port of %s: open %v", kind, got)
		}
		r, err := readRules([]byte(`{"nftables":[{"rule":{"family":"ip","table":"t","chain":"c","expr":[` +
			`{"match":{"op":"==","left":{"payload":{"protocol":"` + kind + `","field":"dport"}},"right":8080}},` +
			`{"accept":null}]}}]}`))
		if got := r.lets("ip t c", udp, 0); got != open || err != nil {
			t.Errorf("nftables: a rule for %s: open %v, %v", kind, got, err)
		}
	}
}

func TestAVariableIsReadAsAShellDoes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"ENABLED=yes": "yes", "ENABLED=yes # by ops": "yes", "export ENABLED=yes": "yes",
		`  ENABLED="yes" # x`: "yes", "ENABLED='yes'": "yes",
		"#ENABLED=yes": "", "ENABLED=no\nENABLED=yes;": "yes", "ENABLED=": "",
		"ENABLED=yes\nENABLED=": "", "NOT_ENABLED=yes": "",
	} {
		if got := setting(text+"\n", "ENABLED"); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}
