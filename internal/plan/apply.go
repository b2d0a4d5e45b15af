package plan

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/tcptune/tcptune/internal/report"
)

// Apply carries out the planned changes of p and returns p's changes with what became of each. Nothing is written, not
// even the journal, when p plans no change.
//
// A change that the host refuses gets the status Refused and the rest goes on, unless it is Required: then everything
// is undone, see [RolledBack]. A host that differs from p's Before values is [Stale].
func (s *Session) Apply(ctx context.Context, p Plan) ([]Change, error) {
	return s.ApplyProven(ctx, p, nil)
}

// ApplyProven is [Session.Apply] with a proof, which is asked once all changes are made and before they are final: when
// it fails, everything is undone, see [RolledBack]. It is not asked when p plans no change.
func (s *Session) ApplyProven(ctx context.Context, p Plan, proof func(context.Context) error) ([]Change, error) {
	records, err := s.begin(ctx, p)
	if err != nil {
		return p.Changes, err
	}
	if len(records) == 0 {
		return p.Changes, s.remember(p)
	}
	then := s.journal
	then.commit(s.settle(p, p.Changes, records), s.bootID)
	changes, made, err := s.transact(ctx, p, records, then)
	if err != nil {
		return changes, err
	}
	if proof != nil {
		if err := proof(ctx); err != nil {
			f := failure{cause: err.Error(), hint: report.Describe(err).Hint}
			return changes, s.rollBack(ctx, changes, f)
		}
	}
	done := s.journal
	done.commit(s.settle(p, changes, made), s.bootID)
	return changes, s.commit(ctx, done, changes)
}

// settle is what p has come to.
func (s *Session) settle(p Plan, changes []Change, made []record) settled {
	done := settled{
		made: made, keep: taken(p.Keep, changes), refused: s.refusals(changes), forget: p.Forget, wanted: p.Wanted,
		remember: p.Remember,
	}
	if p.Wanted == nil && !slices.ContainsFunc(p.Changes, func(c Change) bool { return c.Kind == report.Knob }) {
		done.refused = s.journal.Refused // it is not about the kernel
	}
	return done
}

// taken drops from keep what the kernel has just refused.
func taken(keep, changes []Change) []record {
	return recordsOf(slices.DeleteFunc(slices.Clone(keep), func(k Change) bool {
		return slices.ContainsFunc(changes, func(c Change) bool { return c.Ref() == k.Ref() && c.Status == report.Refused })
	}))
}

// refusals lists what the kernel did not take, now or when it was last tried in this boot.
func (s *Session) refusals(changes []Change) (list []Refusal) {
	for _, c := range changes {
		if c.Kind != report.Knob || c.Status != report.Refused || c.After == nil {
			continue
		}
		known := slices.ContainsFunc(
			s.journal.Refused,
			func(r Refusal) bool { return r.Target == c.Target && r.Value == *c.After && r.BootID == s.bootID },
		)
		if known || c.Tried {
			reason := strings.TrimPrefix(c.Reason, refusedBefore)
			list = append(list, Refusal{Target: c.Target, Value: *c.After, BootID: s.bootID, Reason: reason})
		}
	}
	return list
}

// refusedBefore begins the reason of a refusal that is remembered.
const refusedBefore = "when last tried in this boot: "

// RefusedBefore says why the kernel did not take the value when it was last tried in this boot, or "".
func (j Journal) RefusedBefore(target, value, bootID string) string {
	refused := j.Refused
	if j.Window != nil {
		refused = j.Window.Refused
	}
	for _, r := range refused {
		if r.Target == target && r.Value == value && r.BootID == bootID {
			return refusedBefore + r.Reason
		}
	}
	return ""
}

// transact journals the transaction before its first write, and then carries it out. then is the journal once all is
// made.
func (s *Session) transact(
	ctx context.Context,
	p Plan,
	records []record,
	then Journal,
) (changes []Change, made []record, err error) {
	next := s.journal
	next.Pending = &Transaction{Command: p.Command, BootID: s.bootID, Changes: records, Then: then.bare()}
	if err := s.save(next); err != nil {
		return p.Changes, nil, err
	}
	return s.carryOut(ctx, p, records)
}

// commit makes a transaction final by one rename(2). Where even that fails, everything is undone.
func (s *Session) commit(ctx context.Context, done Journal, changes []Change) error {
	if err := s.save(done); err != nil {
		return s.rollBack(ctx, changes, failure{kind: report.File, target: JournalPath, cause: err.Error()})
	}
	s.sweep(changes)
	return nil
}

// remember writes the journal for a plan that changes nothing on the host, if there is anything new to remember.
func (s *Session) remember(p Plan) error {
	done := s.journal
	settled := s.settle(p, p.Changes, nil)
	settled.keep = recordsOf(p.Keep)
	done.commit(settled, s.bootID)
	was, errWas := json.Marshal(s.journal)
	is, errIs := json.Marshal(done)
	if err := errors.Join(errWas, errIs); err != nil || bytes.Equal(was, is) {
		return err
	}
	return s.save(done)
}

// begin checks that the host is as the plan says, and returns the records of the planned changes.
func (s *Session) begin(ctx context.Context, p Plan) ([]record, error) {
	var records []record
	var moved []string
	for _, c := range p.Changes {
		if !c.Writes() {
			continue
		}
		e, ok := s.effects[c.Kind]
		if !ok {
			return nil, fmt.Errorf("cannot apply the plan: unknown kind of change %q", c.Kind)
		}
		now, err := e.observe(ctx, c.Target)
		if isOdd(err) {
			moved = append(moved, fmt.Sprintf("%s %s: %v", c.Kind, c.Target, err))
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("cannot read %s %s: %w", c.Kind, c.Target, err)
		}
		settled := c.Kind != report.Unit || now == nil || !midway(*now) && !midway(*c.Before)
		if settled && !alike(e, now, c.Before) {
			moved = append(moved, fmt.Sprintf("%s %s: was %s, is %s", c.Kind, c.Target, show(c.Before), show(now)))
		}
		records = append(records, recordOf(c, s.fileMode(c)))
	}
	if moved != nil {
		return nil, staleError("cannot apply the plan: the host has moved on", moved)
	}
	return records, nil
}

// defaultMode is that of configuration files: world-readable, since plan and status need no root.
const defaultMode fs.FileMode = 0o644

func (s *Session) fileMode(c Change) fs.FileMode {
	if c.Kind != report.File || c.Before == nil {
		return 0
	}
	fi, err := s.h.Lstat(c.Target)
	if err != nil {
		return defaultMode
	}
	return fi.Mode().Perm()
}

// carryOut makes the changes one by one, and undoes all of them when one fails that must not.
func (s *Session) carryOut(ctx context.Context, p Plan, records []record) (changes []Change, made []record, err error) {
	changes = slices.Clone(p.Changes)
	i := 0
	for n := range changes {
		c := &changes[n]
		if !c.Writes() {
			continue
		}
		r := records[i]
		i++
		if refusedIn(changes, c.Needs) {
			c.Status, c.Reason = report.Refused, c.Needs.Target+" was refused"
			continue
		}
		if err := s.arrived(ctx, c, &r); err != nil {
			c.Status, c.Reason = report.Failed, err.Error()
			return changes, nil, s.rollBack(ctx, changes, failure{kind: c.Kind, target: c.Target, cause: err.Error()})
		}
		cause, broken := s.change(ctx, c, r)
		switch {
		case broken || cause != "" && c.Required:
			c.Status, c.Reason = report.Failed, cause
			return changes, nil, s.rollBack(ctx, changes, failure{kind: c.Kind, target: c.Target, cause: cause})
		case cause != "":
			c.Status, c.Reason, c.Tried = report.Refused, cause, true
		case c.Doubt != "":
			c.Status = report.Unknown
			made = append(made, r)
		case c.DecidedBy != nil:
			c.Status = report.Overridden
			made = append(made, r)
		default:
			c.Status = report.Applied
			made = append(made, r)
		}
		if err := ctx.Err(); err != nil {
			return changes, nil, s.rollBack(ctx, changes,
				failure{kind: c.Kind, target: c.Target, cause: "interrupted"})
		}
	}
	if err := s.refresh(ctx); err != nil {
		return changes, nil, s.rollBack(ctx, changes, failure{cause: err.Error()})
	}
	return changes, made, nil
}

func refusedIn(changes []Change, ref Ref) bool {
	return slices.ContainsFunc(changes, func(c Change) bool { return c.Ref() == ref && c.Status == report.Refused })
}

// rollBack undoes the pending transaction, says in its changes what became of each, and returns the error of f,
// with what could not be undone.
func (s *Session) rollBack(ctx context.Context, changes []Change, f failure) error {
	ctx = context.WithoutCancel(ctx)
	s.FailedAt = time.Now()
	t := *s.journal.Pending
	undone, left := s.undo(ctx, t)
	failed := f.rolledBack(leftAlone(undone))
	for i := range changes {
		u := slices.IndexFunc(undone, func(u Change) bool { return u.Ref() == changes[i].Ref() })
		if u >= 0 {
			changes[i].rolledBack(undone[u])
		}
	}
	if left != nil {
		return failed // the journal keeps the transaction: the next command tries again
	}
	if err := s.save(s.journal.withoutPending()); err != nil {
		return errors.Join(failed, fmt.Errorf("the next command repeats the roll-back: %w", err))
	}
	s.sweep(undone)
	return failed
}

func (c *Change) rolledBack(undone Change) {
	switch {
	case undone.Status == report.Kept || undone.Status == report.Failed:
		c.Status, c.Reason, c.Effective = report.Failed, "not rolled back: "+undone.Reason, undone.Effective
	case c.Status == report.Failed: // the one that is to blame
		c.Effective = c.Before
	default:
		c.Status, c.Reason, c.Effective = report.Planned, "rolled back", c.Before
	}
}
