package service

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/tcptune/tcptune/internal/host"
)

// A socket that listens is half of a service: its first client is served only where systemd can start what it triggers.

// unable says why systemd cannot start a service that does not run, or why that is not known (cannot is false then), ""
// where nothing speaks against it.
func unable(h host.Host, u host.Unit) (why string, cannot bool) {
	if up(u) {
		return "", false
	}
	if why := notLoaded(u); why != "" {
		return why, true
	}
	if u.Program == "" {
		return "", false
	}
	fi, err := h.Stat(u.Program)
	switch {
	case errors.Is(err, fs.ErrNotExist) && u.OwnFiles: // it may be there, where systemd looks for it
		why = fmt.Sprintf("whether %s can be started is not known: it sees other files than this host, which has no %s",
			u.Name, u.Program)
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Sprintf("%s cannot be started: there is no %s", u.Name, u.Program), true
	case err != nil:
		why = fmt.Sprintf("whether %s can be started is not known: cannot look for %s: %v",
			u.Name, u.Program, host.Cause(err))
	case !fi.Mode().IsRegular() || fi.Mode()&0o111 == 0:
		return fmt.Sprintf("%s cannot be started: %s is no program that may be run", u.Name, u.Program), true
	}
	return why, false
}

// notLoaded says why systemd has no settings of a unit that it could start, "" where it has.
func notLoaded(u host.Unit) string {
	switch u.Load {
	case "loaded":
		return ""
	case "masked":
		return fmt.Sprintf("%s is masked, so that nothing starts it: %s", u.Name, unmask(u.Name))
	case "not-found":
		return fmt.Sprintf("there is no %s, which its socket would start: %s", u.Name, again)
	case "bad-setting":
		return fmt.Sprintf("systemd refuses the settings of %s: systemd-analyze verify %s says why", u.Name, u.Name)
	}
	return fmt.Sprintf("systemd cannot read %s: its state is %q", u.Name, u.Load)
}

// again puts files back that are gone.
const again = "sudo tcptune service install, with all that it was installed with"

// unmask is what helps where a link to /dev/null has taken the place of units: the one in /etc was the file of
// tcptune, which does not come back with it.
func unmask(names ...string) string {
	return "sudo systemctl unmask " + strings.Join(names, " ") + ", then " + again
}

// unmet says which conditions kept systemd from starting a service when it was last to. It tries again with each
// client.
func unmet(u host.Unit) string {
	return fmt.Sprintf("%s is not started: %s is not met", u.Name, strings.Join(u.Unmet, ", "))
}
