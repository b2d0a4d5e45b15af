package portcheck

import (
	"os/user"
	"strconv"
	"strings"
	"time"

	"github.com/tcptune/tcptune/internal/report"
)

// Report is the holders in the form of the JSON envelope: those that hold a port, and then the rest.
func (s Survey) Report() []report.Holder {
	var list []report.Holder
	for _, h := range s.Holders {
		list = append(list, h.report())
	}
	for _, h := range s.Rest {
		list = append(list, h.report())
	}
	return list
}

func (h Holder) report() report.Holder {
	out := report.Holder{
		Target: h.target(), Local: h.Local.String(), Family: h.Family(), State: string(h.State), Namespace: h.Namespace,
		User: h.User(), Count: h.Count, Seconds: h.Seconds(), Origin: h.OriginName(), Searched: "all", Reason: h.Reason,
		Processes: []report.HolderProcess{},
	}
	switch {
	case h.ByCgroup:
		out.Searched = "cgroup"
	case h.Partly:
		out.Searched = "visible"
	}
	if h.Remote.IsValid() && h.Remote.Port() != 0 {
		out.Remote = h.Remote.String()
	}
	for _, o := range h.Owners {
		out.Processes = append(out.Processes, o.report())
	}
	return out
}

// Family is "ipv4", "ipv6" or "dual-stack". A socket that is bound to an IPv4 address in the form of IPv6, as Java
// does, takes IPv4 only.
func (h Holder) Family() string {
	switch {
	case h.Local.Addr().Unmap().Is4():
		return "ipv4"
	case h.DualStack:
		return "dual-stack"
	}
	return "ipv6"
}

// OriginName is the unit, or else the control group, in which the socket was made; "" when it is not known.
func (h Holder) OriginName() string {
	if name, ok := unitOf(h.Origin); ok {
		return name.name
	}
	if h.Origin.Container.ID != "" {
		return h.Origin.Container.Engine + "/" + short(h.Origin.Container.ID)
	}
	return printable(h.Origin.Path)
}

func (o Owner) report() report.HolderProcess {
	p := report.HolderProcess{
		Pid: o.Pid, Parent: o.Parent, Name: o.Name, Command: strings.Join(o.Args, " "), User: o.User,
		Stopped: o.Stopped, Folder: printable(o.Dir), Unit: o.Cgroup.Unit, UserUnit: o.Cgroup.UserUnit, Fds: []int{},
	}
	if !o.Started.IsZero() {
		p.Started = o.Started.UTC().Truncate(time.Second).Format(time.RFC3339)
	}
	if c := o.Cgroup.Container; c.ID != "" {
		p.Container = c.Engine + "/" + short(c.ID)
	}
	for _, d := range o.Descriptors {
		p.Fds = append(p.Fds, d.FD)
	}
	return p
}

// User is whose socket it is.
func (h Holder) User() string { return userName(h.UID) }

// userName is the name of a user, or the number where it has none.
func userName(uid uint32) string {
	number := strconv.FormatUint(uint64(uid), 10)
	if u, err := user.LookupId(number); err == nil {
		return u.Username
	}
	return number
}

// Rows is what is shown of acts.
func Rows(acts []Act) (changes []report.Change) {
	for _, a := range acts {
		changes = append(changes, a.Change)
	}
	return changes
}
