package service

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/plan"
)

// Shut says which ports of s the firewall of this host has no rule for that lets anybody in, each with the command that
// opens it: an answer over loopback does not pass there. Nothing is opened. A rule that lets in some, from one network
// for instance, is the operator's decision, and is nothing to say.
func (s Spec) Shut(ctx context.Context, h host.Host) (notes []string) {
	ports := s.outside()
	if ports == nil || !h.Live() {
		return nil
	}
	for _, ask := range []func(context.Context, host.Host, []door) (firewall, error){firewalld, ufw, nftables} {
		f, err := ask(ctx, h, ports)
		switch {
		case errors.Is(err, os.ErrPermission):
			return []string{fmt.Sprintf("whether %s lets other hosts in on %s is not known: reading its rules needs root",
				f.name, doorList(ports))}
		case err != nil:
			return []string{fmt.Sprintf("whether %s lets other hosts in on %s is not known: %v", f.name, doorList(ports), err)}
		case !f.on:
			continue
		}
		for _, port := range f.shut {
			notes = append(notes, fmt.Sprintf("%s has no rule that lets other hosts in on %s; to open it: %s",
				f.name, port, f.opens(port)))
		}
		return notes
	}
	return nil
}

// door is a port that a firewall has to let others in on.
type door struct {
	kind string // "tcp" or "udp"
	port uint16
}

func (d door) String() string {
	if d.kind == "udp" {
		return fmt.Sprintf("UDP port %d", d.port)
	}
	return fmt.Sprintf("port %d", d.port)
}

// firewall is what one of them makes of the ports.
type firewall struct {
	name  string
	on    bool
	shut  []door
	opens func(door) string // the command
}

// outside are the ports that s offers to other hosts.
func (s Spec) outside() (ports []door) {
	for _, kind := range []string{"tcp", "udp"} {
		addresses, err := s.overIP(kind == "udp")
		if err != nil {
			return nil
		}
		for _, a := range addresses {
			if d := (door{kind, a.Port()}); !a.Addr().IsLoopback() && !slices.Contains(ports, d) {
				ports = append(ports, d)
			}
		}
	}
	return ports
}

func doorList(ports []door) string {
	var all []string
	for _, d := range ports {
		all = append(all, d.String())
	}
	return strings.Join(all, ", ")
}

// firewalld asks for each zone that is in use.
func firewalld(ctx context.Context, h host.Host, ports []door) (firewall, error) {
	f := firewall{name: "firewalld", opens: func(d door) string {
		return fmt.Sprintf("sudo firewall-cmd --permanent --add-port=%d/%s && sudo firewall-cmd --reload", d.port, d.kind)
	}}
	unit, err := h.SystemManager().Unit(ctx, "firewalld.service")
	if err != nil || unit.Active != plan.Active {
		return f, nil //nolint:nilerr // without systemd there is none
	}
	f.on = true
	zones, err := h.Run(ctx, "firewall-cmd", "--get-active-zones")
	if err != nil {
		return f, err
	}
	var all []byte
	for line := range strings.Lines(string(zones)) {
		if line[0] == ' ' || line[0] == '\t' { // its interfaces
			continue
		}
		zone, _, _ := strings.Cut(strings.TrimSpace(line), " ") // "public (default)"
		if zone == "" {
			continue
		}
		text, err := h.Run(ctx, "firewall-cmd", "--list-all", "--zone="+zone)
		if err != nil {
			return f, err
		}
		all = append(all, text...)
	}
	f.shut = slices.DeleteFunc(slices.Clone(ports), func(d door) bool { return zonesOpen(string(all), d) })
	return f, nil
}

// zonesOpen reads what firewall-cmd --list-all prints. A service or a rich rule may be about any port.
func zonesOpen(text string, d door) bool {
	rich := false
	for line := range strings.Lines(text) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		value = strings.TrimSpace(value)
		switch {
		case key == "target" && value == "ACCEPT", key == "ports" && inPorts(value, "/"+d.kind, "-", d.port):
			return true
		case key == "services" && slices.ContainsFunc(strings.Fields(value), func(s string) bool {
			return !slices.Contains([]string{"ssh", "dhcpv6-client", "mdns", "cockpit", "samba-client"}, s)
		}):
			return true
		case key == "rich rules":
			rich = true
		case rich && strings.HasPrefix(key, "rule "):
			return true
		}
	}
	return false
}

// inPorts reads a list as "22/tcp 8000-8100/tcp", or "22,8000:8100" of ufw.
func inPorts(list, suffix, dash string, port uint16) bool {
	return slices.ContainsFunc(strings.FieldsFunc(list, func(r rune) bool { return r == ' ' || r == ',' }), func(item string) bool {
		item, ours := strings.CutSuffix(item, suffix)
		low, high, ranged := strings.Cut(item, dash)
		if !ranged {
			high = low
		}
		from, errFrom := strconv.ParseUint(low, 10, 16)
		to, errTo := strconv.ParseUint(high, 10, 16)
		return ours && errFrom == nil && errTo == nil && uint64(port) >= from && uint64(port) <= to
	})
}

// ufw reads its own files, ufw-framework(8).
func ufw(_ context.Context, h host.Host, ports []door) (firewall, error) {
	f := firewall{name: "ufw", opens: func(d door) string { return fmt.Sprintf("sudo ufw allow %d/%s", d.port, d.kind) }}
	conf, err := h.ReadFile("/etc/ufw/ufw.conf")
	if errors.Is(err, fs.ErrNotExist) || err == nil && !strings.EqualFold(setting(string(conf), "ENABLED"), "yes") {
		return f, nil
	}
	if err != nil {
		return f, err
	}
	f.on = true
	defaults, err := h.ReadFile("/etc/default/ufw")
	if err != nil || strings.EqualFold(setting(string(defaults), "DEFAULT_INPUT_POLICY"), "accept") {
		return f, err
	}
	var rules []byte
	for _, name := range []string{"/etc/ufw/user.rules", "/etc/ufw/user6.rules"} {
		text, err := h.ReadFile(name)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return f, err
		}
		rules = append(rules, text...)
	}
	f.shut = slices.DeleteFunc(slices.Clone(ports), func(d door) bool { return ufwOpens(string(rules), d) })
	return f, nil
}

// ufwOpens reads lines as "### tuple ### allow tcp 8080 0.0.0.0/0 any 0.0.0.0/0 in".
func ufwOpens(rules string, d door) bool {
	for line := range strings.Lines(rules) {
		text, ok := strings.CutPrefix(line, "### tuple ### ")
		f := strings.Fields(text)
		if !ok || len(f) < 7 || slices.Contains(f[6:], "out") {
			continue
		}
		action, _, _ := strings.Cut(f[0], "_") // "allow_log"
		if action != "allow" && action != "limit" || f[1] != "any" && f[1] != d.kind {
			continue
		}
		if f[2] == "any" || inPorts(f[2], "", ":", d.port) {
			return true
		}
	}
	return false
}

// setting is the value of a variable in a file of shell assignments, as the shell of ufw-init reads it: "export" may
// stand before it, and a comment behind it.
func setting(text, name string) (value string) {
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(line), "export "))
		v, ok := strings.CutPrefix(line, name+"=")
		if !ok {
			continue
		}
		end := " \t;"
		if v != "" && strings.Contains(`"'`, v[:1]) {
			v, end = v[1:], v[:1]
		}
		if i := strings.IndexAny(v, end); i >= 0 {
			v = v[:i]
		}
		value = v
	}
	return value
}
