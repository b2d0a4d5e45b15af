package whowins

import "strings"

// ufwSysctl reads the file that ufw hands to "sysctl -e -q -p" when it starts; sets is nil where it hands none, or one
// that sets nothing. Source: ufw-init-functions, function ufw_start.
func (c *confReader) ufwSysctl(procps string) (state State, sets *model) {
	conf, found := c.readIfThere("/etc/ufw/ufw.conf")
	if !found {
		return State{}, nil
	}
	// ufw sources both files, in this order.
	defaults, _ := c.readIfThere("/etc/default/ufw")
	script := defaults + "\n" + conf
	enabled, p := shellVariable(script, "ENABLED"), shellVariable(script, "IPT_SYSCTL")
	switch {
	case c.masked("ufw.service"):
		return State{Text: "masked"}, nil
	case enabled != "yes" && enabled != "YES":
		return State{Text: "disabled"}, nil
	case p == "":
		return State{Text: "enabled, without IPT_SYSCTL"}, nil
	case procps == "":
		return State{Text: "enabled, without procps"}, nil
	}
	ru := procpsRules(procps)
	files, _ := c.opened(p, ru)
	if sets = c.collect(files, ru); len(sets.nodes) == 0 {
		return State{Text: "enabled, " + p + " sets nothing"}, nil
	}
	return State{On: true, Text: "enabled"}, sets
}

// shellVariable returns what name holds after a shell has read script, which consists of plain assignments.
func shellVariable(script, name string) string {
	value := ""
	for line := range strings.Lines(script) {
		line = strings.TrimPrefix(strings.TrimSpace(line), "export ")
		rest, found := strings.CutPrefix(line, name+"=")
		if !found {
			continue
		}
		if rest != "" && (rest[0] == '"' || rest[0] == '\'') {
			value, _, _ = strings.Cut(rest[1:], rest[:1])
			continue
		}
		value = rest
		if end := strings.IndexAny(rest, " \t;"); end >= 0 {
			value = rest[:end]
		}
	}
	return value
}

// afterUfw adds what ufw does at boot. Its unit has DefaultDependencies=no and comes only after local-fs.target, as
// systemd-sysctl.service does after systemd-modules-load: nothing orders the two.
func (f *Forecaster) afterUfw(fc *Forecast, p string) {
	if f.ufw == nil {
		return
	}
	ufw := f.ufw.decide(p)
	switch {
	case ufw.Set == nil || sameValue(fc.Reboot, ufw):
	case fc.Reboot.Set == nil && !fc.Reboot.Unknown:
		ufw.Reason = "ufw sets it from " + ufw.Set.Origin.String() + "; " + fc.Reboot.Reason
		fc.Reboot = ufw
	default:
		fc.race(ufw, "ufw and systemd-sysctl run at the same time during boot, and "+ufw.Set.Origin.String()+
			" says otherwise: the one that runs last wins")
	}
}
