package provision

import (
	"context"
	"io"
	"os"
	"sync/atomic"
	"time"

	"github.com/tcptune/tcptune/check"
	"github.com/tcptune/tcptune/installer"
	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/plan"
	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/internal/trail"
)

// Target is the host that a request is about, and how it is to be treated.
type Target struct {
	Root             string        // the folder of an image; "": this machine
	Wait             time.Duration // how long to wait for another tcptune that holds the lock
	AllowUnsupported bool          // proceed on a system that tcptune does not know
	// Changing counts the sessions that are open: a caller must not end its process while there are any. It may be nil.
	Changing *atomic.Int32
	In       io.Reader // what a file called "-" is read from
	Out      io.Writer // and what it is written to
	Version  string    // of this program, for the journal
	GoProxy  string    // what GOPROXY is where nobody has set it
	Args     []string  // the command line without the program, for the record
	Trail    Trail     // is told what is done, and why; the zero value is silent
}

// Trail is what a request says of itself, see [NewTrail].
type Trail = trail.Trail

// NewTrail returns a trail that writes to w, one line for each step.
func NewTrail(w io.Writer) Trail { return trail.New(w) }

// host is the machine or image of t.
func (t Target) host() (host.Host, error) {
	if t.Root == "" {
		return host.Host{}.WithTrail(t.Trail), nil
	}
	h, err := host.At(t.Root)
	return h.WithTrail(t.Trail), err
}

// Outcome is what became of a request: the envelope, and the exit code.
type Outcome struct {
	Report  report.Report
	Code    int
	Partial bool // some of it is not as wanted, and is named
}

// note adds warnings to the envelope; an empty one is none.
func (o *Outcome) note(lines ...string) {
	for _, line := range lines {
		if line != "" {
			o.Report.Warnings = append(o.Report.Warnings, line)
		}
	}
}

// outcome is one that holds warnings and nothing else.
func outcome(warnings []string) Outcome {
	return Outcome{Report: report.Report{Schema: report.Schema, Warnings: warnings}}
}

// needsRoot is about a request that only root can carry out. A face that knows its command line adds the hint.
func needsRoot(to string) error {
	return &report.Error{Code: report.NeedsRoot, Exit: report.ExitNeedsRoot, Message: "cannot " + to + " without root"}
}

// requireRoot refuses to start what would fail half-way.
func requireRoot(h host.Host) error {
	if h.Live() && os.Geteuid() != 0 {
		return needsRoot("change this host")
	}
	return nil
}

// requireSystemd refuses what needs a running systemd.
func requireSystemd(h host.Host) error {
	switch {
	case !h.Live():
		return host.ErrNoKernel
	case !h.SystemdRunning():
		return &report.Error{Code: "no-systemd", Message: "cannot run services", Err: host.ErrNoSystemd}
	}
	return nil
}

// requireSupport refuses systems that tcptune does not know. The notes are what is worth saying about one that it does.
func (t Target) requireSupport(h host.Host) (notes []string, err error) {
	v, err := check.Supported(h)
	if err != nil {
		return nil, err
	}
	switch {
	case v.Level == check.LevelUnsupported && !t.AllowUnsupported:
		return nil, unsupported(v.Reason)
	case v.Level != check.LevelSupported:
		return []string{v.Reason}, nil
	}
	return nil, nil
}

// unsupported says what kind of host was found.
func unsupported(reason string) error {
	return &report.Error{
		Code: "unsupported-os", Exit: report.ExitUnsupported, Message: "cannot work on this host: " + reason,
		Hint: "--allow-unsupported proceeds all the same, at your own risk",
	}
}

// mayChange is asked before a session is opened: it is root that asks, and the system is a known one. The ways back,
// confirm and revert, do without the latter: a host that was upgraded to an unknown release must not be locked in.
func (t Target) mayChange() (notes []string, err error) {
	h, err := t.host()
	if err != nil {
		return nil, err
	}
	if err := requireRoot(h); err != nil {
		return nil, err
	}
	return t.requireSupport(h)
}

// session is an open session, and the host that it is on.
type session struct {
	*plan.Session
	host     host.Host
	changing *atomic.Int32
	target   Target
	as       string // what the record calls the command; "": as the command line does
	recorded int    // how many changes of its outcome are in a record already
}

// open takes the lock. The notes are what is worth saying first: what was repaired, what could not be tidied up.
func (t Target) open(ctx context.Context) (s session, notes []string, err error) {
	s.target, s.changing = t, t.Changing
	if s.changing == nil {
		s.changing = new(atomic.Int32)
	}
	if s.host, err = t.host(); err != nil {
		return s, nil, err
	}
	if err := requireRoot(s.host); err != nil {
		return s, nil, err
	}
	s.changing.Add(1)
	if s.Session, err = plan.Open(ctx, s.host, t.Wait, t.Version); err != nil {
		s.changing.Add(-1)
		return s, nil, err
	}
	notes = s.Notes
	if err := installer.Sweep(s.host); err != nil {
		notes = append(notes, err.Error())
	}
	return s, notes, nil
}

// openSettled opens a session for what is not about the tuning. A window that waits for its confirmation is, and is
// settled first.
func (t Target) openSettled(ctx context.Context) (s session, notes []string, err error) {
	s, notes, err = t.open(ctx)
	if err == nil && s.Journal().Window != nil {
		s.Close()
		return s, notes, plan.ErrWindowOpen
	}
	return s, notes, err
}

// Close tidies up and gives the lock back.
func (s session) Close() {
	_ = installer.Sweep(s.host) // what cannot be removed now is removed, or said, by the next command
	s.Session.Close()
	s.changing.Add(-1)
}

// outcome is one with no change but what opening the session has repaired.
func (s session) outcome(notes []string) Outcome {
	o := outcome(notes)
	o.Report.Changed = s.Repaired
	if s.Unknown {
		o.Code = report.ExitPartial
	}
	return o
}

// carry applies p, and puts into o what became of it and what was to be said.
func (s session) carry(o *Outcome, apply func() ([]plan.Change, error)) ([]plan.Change, error) {
	said, before := len(s.Notes), o.Report.Changes
	changes, err := apply()
	o.Report.Changes = append(before[:len(before):len(before)], plan.Rows(changes)...)
	o.Report.Changed = s.Repaired || report.Changed(o.Report.Changes)
	o.note(s.Notes[said:]...)
	return changes, err
}
