package portcheck

import (
	"cmp"
	"context"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/report"
)

// Order is how ports are to be freed.
type Order struct {
	Grace   time.Duration // between the first signal and SIGKILL
	Signal  unix.Signal   // the first signal
	NoForce bool          // no SIGKILL
	Mode    Mode          // what is stopped, "" for what suits each holder
	Force   bool          // also what is guarded, where that may be forced
	Settle  bool          // wait for somebody who takes the port again
	Close   bool          // close connections that are in the way of a port
	Named   []int         // candidates for a socket without a descriptor that are to be ended

	again bool // a further round, in which those have ended
}

// Mode is what is to be stopped for a port, whatever suits its holder.
type Mode string

// The modes.
const (
	ByProcess   Mode = "process"
	ByContainer Mode = "container"
	ByUnit      Mode = "unit"
)

// hold is a descriptor, and the cookie of its socket.
type hold struct {
	Descriptor
	cookie uint64
	at     Range // of one port
}

// source is who wants the changes.
const source = "port --kill"

// The values of a process and of a container; those of a unit are [host.Active] and [host.Inactive].
const (
	running = "running"
	exited  = "exited"
)

// Plan chooses the acts that free the ports of s, in the order in which they are carried out: sockets of systemd before
// the services that they would start, those before containers, and signals last. An act that is refused says why. Where
// one holder of a port is refused, nothing is done to the other ones: the port would stay held.
func (v *View) Plan(ctx context.Context, s *Survey, order Order) (acts []Act, notes []string, err error) {
	if others := s.name(order.Named); len(others) > 0 && !order.again {
		return nil, nil, &report.Error{
			Code: "no-candidate", Message: fmt.Sprintf("cannot end process %d: it is no candidate for a socket that nobody has open", others[0]),
			Hint: "--holder takes those that tcptune port names; who has a socket open is ended without it",
		}
	}
	f, err := v.gather(ctx, *s)
	if err != nil {
		return nil, nil, err
	}
	acts = append(decide(*s, f, order), v.closing(*s, f, order)...)
	if len(acts) > 0 {
		acts = append(s.besides(ctx, acts, f.sockets), acts...)
	}
	if err := v.takesAlong(ctx, &f, acts, order); err != nil {
		return nil, nil, fmt.Errorf("cannot tell what else would be stopped: %w", err)
	}
	for i := range acts {
		acts[i].foresee(order)
	}
	keepHeldPorts(acts)
	v.tellActs("decides", acts)
	s.others, err = v.nameOthers(ctx, *s, &f, acts)
	switch {
	case ctx.Err() != nil:
		return nil, nil, err
	case err != nil:
		f.notes = append(f.notes, "which other ports are closed as well is not known: "+err.Error())
	}
	return acts, f.notes, nil
}

// decide is Plan without the machine.
func decide(s Survey, f facts, order Order) []Act {
	var acts []Act
	for _, h := range s.Holders {
		if len(h.Owners) == 0 {
			reason := h.Reason
			if hint := wayOutAlone(h); !strings.Contains(reason, hint) {
				reason += "; " + hint
			}
			acts = add(acts, refusal(h, Owner{}, reason))
		}
		for _, o := range h.Owners {
			for _, a := range f.judge(h, o, order) {
				acts = add(acts, a)
			}
		}
	}
	acts = dropCovered(acts, s)
	for _, a := range slices.Clone(acts) {
		for _, by := range f.startersOf(a, order) {
			acts = add(acts, by)
		}
	}
	keepHeldPorts(acts)
	slices.SortStableFunc(acts, func(a, b Act) int { return cmp.Compare(a.rank(), b.rank()) })
	return acts
}

// judge chooses what to do about one owner of one socket. The order of the questions is that of the harm that a wrong
// answer would do.
func (f *facts) judge(h Holder, o Owner, order Order) []Act {
	if f.ancestors[o.Pid] {
		if o.Pid == 1 {
			return f.judgeInit(h, o, order)
		}
		return []Act{refusal(h, o, "it has started this tcptune")}
	}
	if o.Pid == 1 {
		return f.judgeInit(h, o, order)
	}
	if h.Protocol == UDP && f.ephemeral[h.Port()] && !order.Force {
		return []Act{refusal(h, o, "the port is one that clients get by themselves (net.ipv4.ip_local_port_range), and UDP does "+
			"not tell a client from a server"+peerOf(h)+"; --force stops it all the same")}
	}
	if o.Process.UID == 0 && ordinary(h.UID) && !order.Force {
		return []Act{refusal(h, o, fmt.Sprintf("it runs as root, and user %s has made the socket: handing one over must not be "+
			"enough to have it ended; --force stops it all the same", h.User()))}
	}
	name, inUnit := unitOf(o.Process.Cgroup)
	service := inUnit && strings.HasSuffix(name.name, ".service")
	// podman-systemd.unit(5): the container's monitor is the main process of a service, which would start it again.
	if order.Mode == "" && inUnit && isMonitor(o.Process) && f.units[name].MainPID == o.Pid &&
		guardOfUnit(name.name) == nil {
		return []Act{f.judgeService(h, o, name, order)}
	}
	c, contained := f.containerOf(h, o)
	switch {
	case contained && (order.Mode == "" || order.Mode == ByContainer) && !f.shares(o.Process):
		return f.judgeContainer(h, o, c, order)
	case order.Mode == ByContainer:
		return []Act{refusal(h, o, "it runs in no container that this host could stop")}
	}
	if g := guardOf(o.Process); g != nil && (!g.force || !order.Force) {
		if id := watchedBy(o.Process); id != "" {
			return []Act{refusal(h, o, "it publishes the port of container "+id+" of podman, which does not answer on "+
				"/run/podman/podman.sock: podman stop "+id+", or systemctl start podman.socket and try again")}
		}
		return []Act{guarded(h, o, g)}
	}
	switch {
	case service && (order.Mode == ByUnit || order.Mode == "" && (f.workers[o.Pid] || f.wrapped[o.Pid])):
		return []Act{f.judgeService(h, o, name, order)}
	case order.Mode == ByUnit:
		return []Act{refusal(h, o, "it runs in no service of systemd")}
	}
	return []Act{f.signal(h, o)}
}

func peerOf(h Holder) string {
	if h.State != Estab {
		return ""
	}
	return ", this one talks to " + h.Remote.String()
}

func (f *facts) judgeService(h Holder, o Owner, name unitName, order Order) Act {
	if g := guardOfUnit(name.name); g != nil && !name.user && (!g.force || !order.Force) {
		return guarded(h, Owner{Process: Process{Pid: o.Pid, Name: name.name}}, g)
	}
	if f.ownUnits[name] {
		return refusal(h, o, "this tcptune, or what has started it, runs in "+name.String())
	}
	if f.units[name].RefusesStop {
		return refusal(h, o, name.String()+" lets nobody stop it (RefuseManualStop=); --mode process ends its process alone")
	}
	a := actOn(report.Unit, name.name, host.Active, host.Inactive, h)
	a.unit, a.settle = name, f.triggered(name)
	for _, by := range f.starters(name) {
		a.startedBy = append(a.startedBy, by.name)
	}
	a.rule = fmt.Sprintf("process %d works for %s: only systemd can stop it without starting it again", o.Pid, name)
	if f.wrapped[o.Pid] {
		a.Why += ", and is all that " + name.String() + " is there for"
	}
	if name.user {
		a.Source += " of user " + strconv.Itoa(int(name.uid))
	}
	return a
}

// startersOf are acts that stop what would start the unit of a again.
func (f *facts) startersOf(a Act, order Order) (acts []Act) {
	if a.Kind != report.Unit || a.Status != report.Planned {
		return nil
	}
	for _, by := range f.starters(a.unit) {
		starter := a
		starter.Target, starter.unit, starter.settle, starter.store, starter.startedBy = by.name, by, 0, false, nil
		starter.Why = "would start " + a.unit.String() + " again, which holds " + strings.Join(a.Ports, ", ")
		starter.rule = "it is active, and starts what is to be stopped"
		if g := guardOfUnit(by.name); g != nil && !by.user && (!g.force || !order.Force) {
			starter.Status, starter.Reason = report.Refused, by.name+" would start it again, and is not stopped: "+g.what
		}
		acts = append(acts, starter)
	}
	return acts
}

// judgeContainer stops a container by its engine, and the service that would start it again before.
func (f *facts) judgeContainer(h Holder, o Owner, c contained, order Order) []Act {
	by := orchestrated(c.EngineContainer)
	switch {
	case c.id != "" && c.id == f.self.Cgroup.Container.ID:
		return []Act{refusal(h, o, "this tcptune runs in container "+c.name)}
	case c.engine == nil:
		return []Act{refusal(h, o, "it is in container "+c.name+", whose engine does not answer here: "+stopByHand(o.Process.Cgroup)+
			", or signal the process alone with --mode process")}
	case by != "" && order.Mode == "":
		return []Act{refusal(h, o, "it serves container "+c.name+": "+by+"; --mode container stops this one all the same")}
	}
	a := actOn(report.Container, c.name, running, exited, h)
	a.container = c
	a.rule = fmt.Sprintf("process %d serves a container: only its engine can stop it without starting it again", o.Pid)
	if by != "" {
		a.settle = settleMost
	}
	client := f.clients[c.id]
	if client.Pid == 0 {
		return []Act{a}
	}
	if a.settle, a.shell = f.restarter(client); a.settle > 0 {
		a.settle += settleContainer
	}
	if name, ok := unitOf(client.Process.Cgroup); ok && order.Mode == "" && path.Ext(name.name) == ".service" &&
		(f.workers[client.Pid] || f.wrapped[client.Pid]) {
		unit := f.judgeService(h, client, name, order)
		if unit.Status == report.Planned {
			unit.Why += ", by container " + c.name + ", which it runs"
			unit.rule = fmt.Sprintf("process %d of %s waits for %s, and would be started again", client.Pid, name, c.name)
		}
		return []Act{unit, a}
	}
	return []Act{a}
}

// signal ends one process. Where its unit would start it again, that is waited for.
func (f *facts) signal(h Holder, o Owner) Act {
	a := actOn(report.Signal, strconv.Itoa(o.Pid), o.Process.Name, "", h)
	a.After = nil
	a.Pid = o.Pid
	a.rule = f.whySignal(o)
	for _, d := range o.Descriptors {
		a.Holds = append(a.Holds, hold{d, h.Cookie, Range{h.Protocol, h.Port(), h.Port()}})
	}
	a.settle, a.shell = f.restarter(o)
	a.watched = f.watch(o)
	return a
}

// whySignal says why no unit and no container is stopped for o.
func (f *facts) whySignal(o Owner) string {
	if name, ok := unitOf(o.Process.Cgroup); ok {
		return "it was started in " + name.String() + ", and does not work for it"
	}
	return "no unit and no container runs it"
}

func (h Holder) target() string { return Range{h.Protocol, h.Port(), h.Port()}.String() }
