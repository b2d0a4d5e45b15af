package plan

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tcptune/tcptune/internal/report"

	"github.com/tcptune/tcptune/internal/host"
)

// Session is the exclusive right to change a host, from [Open] to [Session.Close].
type Session struct {
	h       host.Host
	effects map[report.Kind]effector
	lock    locker
	journal Journal
	bootID  string
	units   reloader
	stale   bool // files of units were changed since systemd has read them
	program string

	// Notes says what was found and repaired, a killed command or an expired confirmation, and what could not be tidied
	// up.
	Notes []string
	// Repaired: Open has changed the host.
	Repaired bool
	// Undone is what became of what Open has taken back.
	Undone []Change
	// FailedAt is when a transaction was given up and began to be undone; zero: none was.
	FailedAt time.Time
	// Unknown: the journal was torn, and of some of what it said the host cannot tell what became of it. The notes name
	// it.
	Unknown bool
}

// Open takes the lock of h, waiting for it no longer than wait, and brings the host out of whatever a killed command
// left it in: a transaction that was not committed is undone, a confirmation window that has passed is taken back.
// [ErrBusy] is returned when somebody else holds the lock. program is the version that the journal is to name.
func Open(ctx context.Context, h host.Host, wait time.Duration, program string) (*Session, error) {
	l, err := lock(ctx, h, wait)
	if err != nil {
		return nil, err
	}
	s := &Session{h: h, effects: effectors(h), lock: l, units: reloaderOf(h), program: program}
	if err := s.start(ctx); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

func (s *Session) start(ctx context.Context) (err error) {
	if s.journal, err = ReadJournal(s.h); err != nil {
		return err
	}
	if s.bootID, err = BootID(s.h); err != nil {
		return err
	}
	if err := tidyJournal(s.h, s.journal); err != nil {
		return err
	}
	if s.journal.OtherNamespace(s.bootID) && !s.h.SharesNamespacesWithInit() {
		return ErrOtherNamespace
	}
	if err := s.rebuild(ctx); err != nil {
		return err
	}
	s.sayNotices()
	if err := s.recover(ctx); err != nil {
		return err
	}
	return s.checkWindow(ctx)
}

// sayNotices hands on what an automatic revert had to say, once. When the journal cannot be written it is said again.
func (s *Session) sayNotices() {
	if s.journal.Notices == nil {
		return
	}
	s.Notes = append(s.Notes, s.journal.Notices...)
	said := s.journal
	said.Notices = nil
	_ = s.save(said)
}

// Close gives the lock back.
func (s *Session) Close() { _ = s.lock.Close() }

// Journal is what the host remembers, after recovery.
func (s *Session) Journal() Journal { return s.journal }

// save replaces the journal on disk, and only then in s. When it fails, what it may have left half-way (a folder, or a
// new journal whose name is not yet durable) makes place for the old one again.
func (s *Session) save(j Journal) error {
	j.Seq, j.WrittenBy, j.lost = s.journal.Seq+1, s.program, ""
	if err := writeJournal(s.h, s.journal, j); err != nil {
		_ = writeJournal(s.h, s.journal, s.journal) // where this fails too, the next command undoes what is pending
		if s.journal.empty() {
			_ = removeStateFolder(s.h)
		}
		return err
	}
	if j.empty() {
		// The journal is gone, and with it all that mattered: what follows is no reason to undo anything.
		if err := removeStateFolder(s.h); err != nil {
			s.note("%v", err)
		}
	}
	s.journal = j
	return nil
}

func (s *Session) note(format string, args ...any) {
	s.Notes = append(s.Notes, fmt.Sprintf(format, args...))
}

// recover undoes a transaction that was begun and not committed.
func (s *Session) recover(ctx context.Context) error {
	t := s.journal.Pending
	if t == nil {
		return nil
	}
	s.stale = slices.ContainsFunc(t.Changes, record.ofUnits) // one that was killed may not have come to tell systemd
	undone, left := s.undo(ctx, *t)
	done := s.journal.withoutPending()
	done.stuck(left, t.BootID)
	for _, r := range s.setAtBoot(ctx, *t, undone) {
		done.own(r, t.BootID)
	}
	if err := s.save(done); err != nil {
		return err
	}
	s.sweep(undone)
	s.note("an interrupted %s was found and undone", t.Command)
	s.Notes = append(s.Notes, leftAlone(undone)...)
	s.Undone = undone
	s.Repaired = slices.ContainsFunc(undone, func(c Change) bool { return c.Status == report.Applied })
	return nil
}

// Interrupted says, without a lock and without changing anything, what a mutating command would have to repair first.
// It is "" when nothing is.
func (j Journal) Interrupted() string {
	switch {
	case j.lost != "":
		return j.torn() + "; the next apply or revert compares what it says with the host"
	case j.Pending == nil:
		return ""
	}
	return fmt.Sprintf(
		"%s was interrupted, or is running just now: what was interrupted is undone by the next apply or revert",
		j.Pending.Command,
	)
}

// BootID identifies the boot of h together with the network namespace, which has running values of its own: another
// namespace is like another boot. An image, which has not booted, has the empty one.
func BootID(h host.Host) (string, error) {
	if !h.Live() {
		return "", nil
	}
	boot, err := h.BootID()
	if err != nil {
		return "", err
	}
	namespace, err := h.Readlink("/proc/self/ns/net")
	if err != nil {
		return "", fmt.Errorf("cannot tell the network namespace: %w", err)
	}
	return boot + " " + namespace, nil
}

// OtherNamespace reports whether j remembers values of this boot, but of another network namespace.
func (j Journal) OtherNamespace(bootID string) bool {
	boot, _, _ := strings.Cut(bootID, " ")
	other := func(id string) bool { return id != bootID && strings.HasPrefix(id, boot+" ") }
	return j.Pending != nil && other(j.Pending.BootID) || j.Window != nil && other(j.Window.BootID) ||
		slices.ContainsFunc(j.Owned, func(o Owned) bool { return o.Kind == report.Knob && other(o.BootID) })
}
