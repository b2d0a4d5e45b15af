package sysctl

import (
	"errors"
	"fmt"

	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/sysctl/catalogue"
	"github.com/tcptune/tcptune/sysctl/profile"
	"github.com/tcptune/tcptune/sysctl/whowins"

	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/plan"
)

// decision is what is to be done about one wanted key.
type decision struct {
	key    catalogue.Key
	wish   profile.Wish
	want   string // the value that this host is to have
	line   bool   // it needs a line in our file to have it after a reboot
	write  bool   // the running value is not enough
	retry  bool   // the kernel refused it before: without a line in our file, until it is taken
	status report.Status
	reason string
}

// decide settles one wish of a profile for the surveyed host, after those that are written before it, which have set
// others.
func (s *Survey) decide(k catalogue.Key, wish profile.Wish, others map[string]string) (decision, error) {
	d := decision{key: k, wish: wish, status: report.Unchanged}
	if reason, status := s.outOfReach(k, wish, others); reason != "" {
		d.want, d.status, d.reason = k.Normal(wish.Value), status, reason
		return d, nil
	}
	d.want = s.wanted(k, wish)
	if err := k.Validate(d.want); err != nil {
		return d, fmt.Errorf("cannot set %s: %w", k.Name, err)
	}
	if s.Live && !s.Knobs[k.Name].Present { // its module brings it
		d.line = true
		if s.Locked {
			d.status, d.reason = report.Refused, fmt.Sprintf(
				"module %s brings the key, and kernel.modules_disabled is 1 until the next boot", k.Module)
			return d, nil
		}
		d.write, d.status = true, report.Planned
		return d, nil
	}
	if reason := s.Journal.RefusedBefore(k.Name, d.want, s.BootID); reason != "" && !s.nowPossible(k, d.want) {
		// No line in our file either: systemd-sysctl.service would fail at each boot. But where only a lock was in the way
		// of the module, it is loaded early at the next boot, before the lock.
		d.status, d.reason = report.Refused, reason
		d.line = s.Locked && s.Modules[k.ModuleFor(d.want)] == host.ModuleLoadable
		if s.Retry && !wish.Enough(k, s.Knobs[k.Name].Value, d.want) {
			d.status, d.reason, d.write, d.retry = report.Planned, "", true, true
		}
		return d, nil
	}
	after, known := s.afterReboot(s.Elsewhere, k)
	d.line = !known || !wish.Enough(k, after, d.want)
	if !s.Live {
		if j := s.judge(k, d.want, others); d.line && j.Taken == catalogue.Unsure {
			d.status, d.reason = report.Unknown, j.Reason
		}
		return d, nil
	}
	running := s.Knobs[k.Name].Value
	switch {
	case s.Knobs[k.Name].Unread != nil:
		d.status, d.reason = report.Unknown, "what runs cannot be read: "+s.Knobs[k.Name].Unread.Error()
	case !wish.Enough(k, running, d.want), s.ours(k) && !k.Equal(running, d.want):
		d.write, d.status = true, report.Planned
	case wish.Mode == profile.Raise && !k.Equal(d.want, wish.Value) && k.Satisfies(d.want, wish.Value):
		d.status = report.Kept
		d.reason = "host already has " + further(k) + " than " + k.Normal(wish.Value)
	}
	return d, nil
}

// further is the word for the direction of k.
func further(k catalogue.Key) string {
	if len(k.Fields) == 1 && k.Fields[0].Rule == catalogue.AtMost {
		return "less"
	}
	return "more"
}

// wanted is the value that k is to have on this host: the profile's, and in mode raise never less than the host has
// without us, in mode union together with what the host has.
func (s *Survey) wanted(k catalogue.Key, wish profile.Wish) string {
	want := k.Normal(wish.Value)
	if wish.Mode == profile.ExactMode {
		return want
	}
	more := k.Better
	if wish.Mode == profile.UnionMode {
		more = k.Union
	}
	for _, of := range []func() (string, bool){
		func() (string, bool) { return s.afterReboot(s.Elsewhere, k) },
		func() (string, bool) { return s.Default(k) },
		func() (string, bool) { return s.without(k) },
	} {
		// The kernel takes nonsense, and so may files: a host that has -5 seconds does not have "more" than 30.
		if v, known := of(); known && k.Validate(v) == nil {
			want = more(want, v)
		}
	}
	return want
}

// nowPossible reports whether a value that was refused for want of a module has got it since.
func (s *Survey) nowPossible(k catalogue.Key, value string) bool {
	m := k.ModuleFor(value)
	return m != "" && s.Modules[m].Usable()
}

// without is the running value of k as it would be if tcptune had never been here. What tcptune itself wrote must not
// count as the host's own: a switch from a large profile to a small one would never come down again. What the host had
// before the first apply counts for ever, also after a reboot, at which it would have been lost without us.
func (s *Survey) without(k catalogue.Key) (value string, known bool) {
	knob := s.Knobs[k.Name]
	if !s.Live || !knob.Present || knob.Unread != nil {
		return "", false
	}
	if !s.ours(k) {
		return knob.Value, true
	}
	if o, owned := s.Journal.Find(plan.Ref{Kind: report.Knob, Target: k.Name}); owned && o.Former() != nil {
		return k.Normal(*o.Former()), true
	}
	return s.afterReboot(s.Elsewhere, k)
}

// remembers reports whether the journal knows what k was before tcptune.
func (s *Survey) remembers(k catalogue.Key) bool {
	o, owned := s.Journal.Find(plan.Ref{Kind: report.Knob, Target: k.Name})
	return owned && o.Former() != nil
}

// ours reports whether the running value of k is there because tcptune wrote it, or because our file set it at boot.
func (s *Survey) ours(k catalogue.Key) bool {
	running := s.Knobs[k.Name].Value
	o, owned := s.Journal.Find(plan.Ref{Kind: report.Knob, Target: k.Name})
	if owned && o.Left() != nil && k.Equal(running, *o.Left()) {
		return true
	}
	line, listed := s.ownLines()[k.Name]
	return listed && s.bootedWithOwn() && k.Equal(running, line)
}

// bootedWithOwn reports whether our file was there when the host booted.
func (s *Survey) bootedWithOwn() bool {
	o, owned := s.Journal.Find(plan.Ref{Kind: report.File, Target: s.Own.Path})
	return owned && o.BootID != s.BootID
}

// afterReboot is the value that k has after a reboot with the files of f: what they assign, or else the default of the
// running kernel where that is known.
func (s *Survey) afterReboot(f *whowins.Forecaster, k catalogue.Key) (value string, known bool) {
	o := f.Key(k.Name).Reboot
	if o.Unknown {
		return "", false
	}
	if value, known = o.Value(); known {
		return k.Normal(value), true
	}
	return s.Default(k)
}

// outOfReach says why k cannot have the wished value here at all, or "". others is what the keys hold by then that it
// may depend on.
func (s *Survey) outOfReach(k catalogue.Key, wish profile.Wish, others map[string]string) (string, report.Status) {
	knob := s.Knobs[k.Name]
	if s.Live && !knob.Present && (k.Module == "" || s.Modules[k.Module] != host.ModuleLoadable) {
		return s.whyMissing(k), report.Skipped
	}
	want := s.wanted(k, wish)
	if s.Live && knob.Unread == nil && knob.Present && wish.Enough(k, knob.Value, want) {
		return "", "" // as wanted already: nothing is to be written
	}
	if s.Live && knob.Refusal != nil {
		return knob.whyRefused(), report.Refused
	}
	switch j := s.judge(k, want, others); {
	case j.Taken == catalogue.Absent, j.Taken == catalogue.Refuses && k.Kind == catalogue.Word:
		return j.Reason, report.Skipped
	case j.Taken == catalogue.Refuses:
		return j.Reason, report.Refused
	}
	return "", ""
}

// judge says what the kernel makes of value, when others are what the plan has set before.
func (s *Survey) judge(k catalogue.Key, value string, others map[string]string) catalogue.Judgement {
	return k.Judge(value, s.Machine(func(key string) (string, bool) { return s.held(key, others) }))
}

// held is what a key holds when the values of a plan are written: what the plan has set before, or else what runs, and
// what an image will have.
func (s *Survey) held(key string, others map[string]string) (value string, known bool) {
	if value, known = others[key]; known {
		return value, true
	}
	if s.Live {
		knob := s.Knobs[key]
		return knob.Value, knob.Present && knob.Unread == nil
	}
	return s.afterReboot(s.Elsewhere, s.Key(key))
}

// whyRefused says why k cannot be written here.
func (k Knob) whyRefused() string {
	if errors.Is(k.Refusal, unix.EROFS) {
		return "read-only in this container: set it on the host"
	}
	return "the key belongs to the host of this container or network namespace: set it there"
}

func (s *Survey) whyMissing(k catalogue.Key) string {
	if err := k.OnKernel(s.Kernel); err != nil {
		return err.Error()
	}
	if m := moduleOf(k); m != "" {
		return fmt.Sprintf("the key appears when module %s is loaded, and it is not", m)
	}
	if catalogue.Inherited(k.Name) != "" {
		return "the key appears with its network interface, and that is not there"
	}
	if k.Scope == catalogue.Global {
		return "the key does not exist here: this is a container or another network namespace"
	}
	return "the running kernel does not have it"
}
