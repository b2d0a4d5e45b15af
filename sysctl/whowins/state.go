package whowins

// State is what the files of a host say about another program that sets keys.
type State struct {
	On   bool   // it will set keys at the next boot
	Text string // "enabled", "masked", …; "" where it is not installed
}

// Systemd is the major release that the forecast goes by; 0 where no package of systemd is installed.
func (f *Forecaster) Systemd() int { return f.versions.Systemd }

// Ufw says whether the firewall sets keys at boot.
func (f *Forecaster) Ufw() State { return f.ufwIs }

// Unit says whether multi-user.target starts the unit at boot.
func (f *Forecaster) Unit(name string) State {
	switch {
	case f.conf.masked(name):
		return State{Text: "masked"}
	case !f.conf.enabled(name):
		return State{Text: "not enabled"}
	}
	return State{On: true, Text: "enabled"}
}

// masked reports whether the administrator has masked the unit, systemctl(1).
func (c *confReader) masked(unit string) bool {
	target, err := c.Readlink("/etc/systemd/system/" + unit)
	return err == nil && target == "/dev/null"
}

// enabled reports whether multi-user.target starts the unit at boot.
func (c *confReader) enabled(unit string) bool {
	_, err := c.Lstat("/etc/systemd/system/multi-user.target.wants/" + unit)
	return err == nil && !c.masked(unit)
}
