package host

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"strings"
	"time"

	"github.com/coreos/go-systemd/v22/dbus"
	godbus "github.com/godbus/dbus/v5"
	"golang.org/x/sys/unix"
)

// UnitFolder is where the units of an operator live, and ours, systemd.unit(5).
const UnitFolder = "/etc/systemd/system"

// The states of a unit that others than systemd bring about.
const (
	Active   = "active"
	Inactive = "inactive"
)

// Manager is a running systemd: that of the system, or that of a user.
type Manager struct {
	h    Host
	user bool
	uid  uint32
}

// SystemManager is PID 1.
func (h Host) SystemManager() Manager { return Manager{h: h} }

// UserManager is the systemd of a user, user@UID.service. Only root and that user may talk to it.
func (h Host) UserManager(uid uint32) Manager { return Manager{h, true, uid} }

// Unit is a unit as its manager knows it.
type Unit struct {
	Name         string
	Load         string    // "loaded", "not-found", "masked", "error", "bad-setting"
	Active       string    // "active", "inactive", "failed", "activating", "deactivating", "reloading"
	Sub          string    // "listening", "running", "dead", "auto-restart", …
	File         string    // of its file: "enabled", "disabled", "static", …; "" without one
	MainPID      int       // of a service that runs, else 0
	Memory       uint64    // bytes that its control group is charged for; 0 where that is not known
	Restarts     int       // how often Restart= has started a service again since it was loaded
	Result       string    // how a service ended last: "success", "exit-code", "signal", "timeout", …; "success" while it runs
	Command      []string  // what ExecStart= of a service starts, drop-ins included; nil where that is more than one
	Program      string    // the path of what ExecStart= of a service starts; "" where that is more than one
	OwnFiles     bool      // a service sees files that this host does not have: RootDirectory=, BindPaths= and the like
	Unmet        []string  // "ConditionPathExists=/x": what kept systemd from starting it when it was last to
	Environment  []string  // Environment= of a service, "NAME=value"
	Started      time.Time // when the main process of a service was started; zero where none was
	CanReload    bool      // ExecReload= of a service, or its Type=, says how it reads its configuration again
	Status       string    // what a service says of itself, sd_notify(3) STATUS=
	Fragment     string    // path of its file, "" without one
	DropIns      []string  // files below NAME.d that change it
	Restart      string    // of a service: "no", "always", "on-failure", …; else ""
	RestartDelay time.Duration
	Triggers     []string      // what a socket starts
	Wants        []string      // what is started with it: Wants=, Requires= and BindsTo=
	StopsWith    []string      // what is stopped with it: what requires it, is bound to it or a part of it
	UpheldBy     []string      // what has it started again whenever it stops: Upholds=, since systemd 249
	TriggeredBy  []string      // the sockets, paths and timers that start it
	Follows      []string      // what is started when it ends: OnSuccess= and OnFailure=
	Period       time.Duration // of a timer: after which it starts its unit once more, counted from that; 0 for none
	RefusesStop  bool          // RefuseManualStop=: only what it belongs to stops it
	Listen       []Listen      // of a socket
	Stored       int           // descriptors that systemd keeps for a service, sd_pid_notify_with_fds(3) FDSTORE=1
}

// Listen is an address that a socket unit listens on.
type Listen struct {
	Type    string // "Stream", "Datagram", …
	Address string // "[::]:8080", "0.0.0.0:22", "/run/x.sock"
}

// Unit asks for a unit. One that nobody knows is "inactive". Where systemd is not PID 1 it is [ErrNoSystemd], and
// without leave to ask os.ErrPermission.
func (m Manager) Unit(ctx context.Context, name string) (u Unit, err error) {
	err = m.with(ctx, dbusTime, "the state of "+name, func(ctx context.Context, conn *dbus.Conn) (string, error) {
		u, err = readUnit(ctx, conn, name)
		return u.words(), err
	})
	if err != nil {
		return Unit{}, fmt.Errorf("cannot ask systemd about %s: %w", name, err)
	}
	return u, nil
}

// words are the states of u in one line.
func (u Unit) words() string {
	words := u.Load + ", " + u.Active + " (" + u.Sub + ")"
	if u.File != "" {
		words += ", its file is " + u.File
	}
	return words
}

func readUnit(ctx context.Context, conn *dbus.Conn, name string) (Unit, error) {
	all, err := conn.GetAllPropertiesContext(ctx, name)
	if err != nil {
		return Unit{}, err
	}
	u := Unit{Name: name}
	// A property of another kind of unit is not there, and stays empty.
	u.Load, _ = all["LoadState"].(string)
	u.Active, _ = all["ActiveState"].(string)
	u.Sub, _ = all["SubState"].(string)
	u.File, _ = all["UnitFileState"].(string)
	u.Status, _ = all["StatusText"].(string)
	u.Fragment, _ = all["FragmentPath"].(string)
	u.DropIns, _ = all["DropInPaths"].([]string)
	u.Restart, _ = all["Restart"].(string)
	u.CanReload, _ = all["CanReload"].(bool)
	u.Triggers, _ = all["Triggers"].([]string)
	u.UpheldBy, _ = all["UpheldBy"].([]string)
	u.TriggeredBy, _ = all["TriggeredBy"].([]string)
	u.Period = period(all["TimersMonotonic"])
	u.RefusesStop, _ = all["RefuseManualStop"].(bool)
	for _, kind := range []string{"OnSuccess", "OnFailure"} {
		names, _ := all[kind].([]string)
		u.Follows = append(u.Follows, names...)
	}
	for _, kind := range []string{"Wants", "Requires", "BindsTo"} {
		names, _ := all[kind].([]string)
		u.Wants = append(u.Wants, names...)
	}
	for _, kind := range []string{"RequiredBy", "RequisiteOf", "BoundBy", "ConsistsOf", "PropagatesStopTo"} {
		names, _ := all[kind].([]string)
		u.StopsWith = append(u.StopsWith, names...)
	}
	if pid, ok := all["MainPID"].(uint32); ok {
		u.MainPID = int(pid)
	}
	if n, ok := all["NRestarts"].(uint32); ok {
		u.Restarts = int(n)
	}
	if n, ok := all["NFileDescriptorStore"].(uint32); ok {
		u.Stored = int(n)
	}
	u.Result, _ = all["Result"].(string)
	u.Environment, _ = all["Environment"].([]string)
	if list, ok := all["ExecStart"].([][]any); ok && len(list) == 1 && len(list[0]) > 1 {
		u.Program, _ = list[0][0].(string)
		u.Command, _ = list[0][1].([]string)
	}
	for _, property := range []string{"RootDirectory", "RootImage"} {
		root, _ := all[property].(string)
		u.OwnFiles = u.OwnFiles || root != ""
	}
	for _, property := range []string{"BindPaths", "BindReadOnlyPaths", "MountImages", "ExtensionImages"} {
		mounts, _ := all[property].([][]any)
		u.OwnFiles = u.OwnFiles || len(mounts) > 0
	}
	u.Unmet = append(unmet(all, "Condition"), unmet(all, "Assert")...)
	if usec, ok := all["ExecMainStartTimestamp"].(uint64); ok && usec > 0 && usec < math.MaxInt64 {
		u.Started = time.UnixMicro(int64(usec))
	}
	// Without memory accounting it is all ones.
	if bytes, ok := all["MemoryCurrent"].(uint64); ok && bytes != math.MaxUint64 {
		u.Memory = bytes
	}
	if usec, ok := all["RestartUSec"].(uint64); ok && usec < uint64(time.Hour.Microseconds()) {
		u.RestartDelay = time.Duration(usec) * time.Microsecond
	}
	if list, ok := all["Listen"].([][]any); ok {
		for _, pair := range list {
			if len(pair) == 2 {
				u.Listen = append(u.Listen, Listen{fmt.Sprint(pair[0]), fmt.Sprint(pair[1])})
			}
		}
	}
	return u, nil
}

// unmet are the conditions of a kind, "Condition" or "Assert", that were not met when systemd looked last: it does so
// when the unit is to be started. Each is its type, whether it is one of several of which one is enough, whether it
// is turned round, its parameter, and what was found: -1 for not met, 0 where nobody has looked
// (org.freedesktop.systemd1(5)).
func unmet(all map[string]any, kind string) (lines []string) {
	if met, known := all[kind+"Result"].(bool); met || !known {
		return nil
	}
	list, _ := all[kind+"s"].([][]any)
	for _, c := range list {
		if len(c) != 5 || c[4] != int32(-1) {
			continue
		}
		sign := ""
		if c[1] == true {
			sign = "|"
		}
		if c[2] == true {
			sign += "!"
		}
		lines = append(lines, fmt.Sprintf("%s=%s%s", c[0], sign, c[3]))
	}
	return lines
}

// period is the shortest of OnUnitActiveSec= and OnUnitInactiveSec=: a list of base, time in microseconds, and when
// that is next.
func period(timers any) (shortest time.Duration) {
	list, _ := timers.([][]any)
	for _, timer := range list {
		if len(timer) < 2 {
			continue
		}
		base, _ := timer[0].(string)
		usec, ok := timer[1].(uint64)
		if !ok || usec > uint64(time.Hour.Microseconds()) || !strings.HasPrefix(base, "OnUnit") {
			continue
		}
		if after := time.Duration(usec) * time.Microsecond; shortest == 0 || after < shortest {
			shortest = max(after, 1)
		}
	}
	return shortest
}

// Sockets lists the socket units that listen, or whose service runs.
func (m Manager) Sockets(ctx context.Context) (units []Unit, err error) {
	err = m.with(ctx, dbusTime, "its sockets", func(ctx context.Context, conn *dbus.Conn) (string, error) {
		list, err := conn.ListUnitsByPatternsContext(
			ctx,
			[]string{"active", "activating", "deactivating"},
			[]string{"*.socket"},
		)
		if err != nil {
			return "", err
		}
		for _, found := range list {
			u, err := readUnit(ctx, conn, found.Name)
			if err != nil {
				return "", err
			}
			units = append(units, u)
		}
		return fmt.Sprintf("%d of them", len(units)), nil
	})
	if err != nil {
		return nil, fmt.Errorf("cannot ask systemd about its sockets: %w", err)
	}
	return units, nil
}

// conversation is what is said over one connection to systemd; answer is for the trail.
type conversation func(context.Context, *dbus.Conn) (answer string, err error)

// with holds a conversation about what over a connection of its own, for at most limit where that is not 0. The
// connection must not be shared: go-systemd closes it when its context ends.
func (m Manager) with(ctx context.Context, limit time.Duration, what string, talk conversation) error {
	since := time.Now()
	answer, err := m.converse(ctx, limit, talk)
	whom := "systemd"
	if m.user {
		whom = fmt.Sprintf("systemd of user %d", m.uid)
	}
	m.h.trail.Asks(whom, what, since, answer, err)
	return err
}

func (m Manager) converse(ctx context.Context, limit time.Duration, talk conversation) (string, error) {
	if !m.h.Live() {
		return "", ErrNoKernel
	}
	if !m.h.SystemdRunning() {
		return "", ErrNoSystemd
	}
	if limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, limit)
		defer cancel()
	}
	conn, err := m.dial(ctx)
	if err != nil {
		return "", fmt.Errorf("systemd does not answer: %w", err)
	}
	defer conn.Close()
	answer, err := talk(ctx, conn)
	for _, refusal := range []string{"org.freedesktop.DBus.Error.AccessDenied", "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired"} {
		if dbusError(err, refusal) {
			return "", fmt.Errorf("%w: systemd refuses it", os.ErrPermission)
		}
	}
	return answer, err
}

// systemBus is where the bus of the system is. The environment has no say: a false bus could tell root anything.
const systemBus = "/run/dbus/system_bus_socket"

func (m Manager) dial(ctx context.Context) (*dbus.Conn, error) {
	if !m.user {
		conn, err := dialUnix(ctx, systemBus, true)
		if err != nil && unix.Geteuid() == 0 {
			return dialUnix(ctx, "/run/systemd/private", false) // where no bus runs
		}
		return conn, err
	}
	dir := fmt.Sprintf("/run/user/%d", m.uid)
	for _, path := range []string{dir, dir + "/bus"} {
		var st unix.Stat_t
		if err := unix.Lstat(path, &st); err != nil {
			return nil, fmt.Errorf("no bus of user %d: %w", m.uid, err)
		}
		if st.Uid != m.uid {
			return nil, fmt.Errorf("%s does not belong to user %d", path, m.uid)
		}
	}
	return dialUnix(ctx, dir+"/bus", true)
}

func dialUnix(ctx context.Context, path string, hello bool) (*dbus.Conn, error) {
	return dbus.NewConnection(func() (*godbus.Conn, error) {
		conn, err := godbus.Dial("unix:path="+path, godbus.WithContext(ctx))
		if err != nil {
			return nil, err
		}
		err = conn.Auth([]godbus.Auth{godbus.AuthExternal(fmt.Sprint(unix.Geteuid()))})
		if err == nil && hello {
			err = conn.Hello()
		}
		if err != nil {
			return nil, errors.Join(err, conn.Close())
		}
		return conn, nil
	})
}
