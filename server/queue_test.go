package server

import (
	"testing"
	"time"
)

const busy = "error: busy\n"

// full opens as many connections as are served, each known to be served.
func (r *room) full(n int) (all []*client) {
	r.t.Helper()
	for range n {
		c := r.dial()
		c.ask("hello")
		all = append(all, c)
	}
	return all
}

// queue opens a connection that waits, as the last of n.
func (r *room) queue(n int, question string) *client {
	r.t.Helper()
	c := r.dial()
	c.say(question + "\n")
	r.until("a connection waits", func(st Stats) bool { return st.Queued == n })
	return c
}

func TestWhatIsAboveMaxConnsWaitsAndTheRestIsRefused(t *testing.T) {
	t.Parallel()
	r := open(t, Config{Limits: Limits{MaxConns: 3, Queue: 2}})
	served := r.full(3)
	first, second := r.queue(1, "first"), r.queue(2, "second")
	for range 4 {
		refused := r.dial()
		refused.say("a question that nobody reads\n")
		refused.ends(busy)
	}
	if st := r.Stats(); st.Active != 3 || st.Queued != 2 || st.Refused[QueueFull] != 4 {
		t.Errorf("active %d, queued %d, refused %v; want 3, 2 and 4", st.Active, st.Queued, st.Refused)
	}

	served[0].close()
	first.hears("echo: first\n")
	second.hearsNothing(50 * time.Millisecond)
	served[1].close()
	second.hears("echo: second\n")

	for _, c := range []*client{served[2], first, second} {
		c.close()
	}
	r.until("all gone", func(st Stats) bool { return st.Active == 0 })
	r.serves()
}

func TestWhoWaitsTooLongIsRefused(t *testing.T) {
	t.Parallel()
	const timeout = 300 * time.Millisecond
	r := open(t, Config{Limits: Limits{MaxConns: 1, Queue: 10, QueueTimeout: timeout}})
	served := r.full(1)
	begin := time.Now()
	r.dial().ends(busy)
	if took := time.Since(begin); took < timeout {
		t.Errorf("refused after %v, before %v", took, timeout)
	}
	r.ended(QueueTimeout, 1)
	served[0].ask("and I am still served")
	served[0].close()
	r.until("its place is free", func(st Stats) bool { return st.Active == 0 }) // or the next one waits, and not for long
	r.serves()
}

func TestMoreMaxConnsServesWhoWaits(t *testing.T) {
	t.Parallel()
	r := open(t, Config{Limits: Limits{MaxConns: 1, Queue: 2}})
	r.full(1)
	first, second := r.queue(1, "first"), r.queue(2, "second")
	r.limit(Limits{MaxConns: 3, Queue: 2})
	first.hears("echo: first\n")
	second.hears("echo: second\n")
	if st := r.Stats(); st.Active != 3 || st.MaxConns != 3 {
		t.Errorf("%d of %d are served, want 3 of 3", st.Active, st.MaxConns)
	}
}

func TestLessMaxConnsCutsNobodyAndAdmitsNobody(t *testing.T) {
	t.Parallel()
	r := open(t, Config{Limits: Limits{MaxConns: 3, Queue: 1}})
	served := r.full(3)
	r.limit(Limits{MaxConns: 1, Queue: 1})
	waits := r.queue(1, "question")
	for i, c := range served {
		c.ask("still served")
		waits.hearsNothing(20 * time.Millisecond)
		c.close()
		r.until("one less", func(st Stats) bool { return st.Active == max(2-i, 1) })
	}
	waits.hears("echo: question\n")
	waits.close()
	r.until("all gone", func(st Stats) bool { return st.Active == 0 })
	r.serves()
}

func TestWhoLeavesTheQueueTakesNoSlot(t *testing.T) {
	t.Parallel()
	r := open(t, Config{Limits: Limits{MaxConns: 1, Queue: 10}})
	served := r.full(1)
	for i := range 5 {
		r.queue(i+1, "").close()
	}
	last := r.queue(6, "last")
	served[0].close()
	last.hears("echo: last\n")
	last.close()
	r.until("all gone", func(st Stats) bool { return st.Active == 0 && st.Queued == 0 })
	r.serves()
}

func TestALimitThatCannotBeIsRefusedAndNothingChanges(t *testing.T) {
	t.Parallel()
	r := open(t, Config{})
	for name, l := range map[string]Limits{
		"no connection":   {MaxOutput: OutputChunk},
		"no memory":       {MaxConns: 1, MaxOutput: OutputChunk - 1},
		"negative":        {MaxConns: 1, MaxOutput: OutputChunk, IdleTimeout: -1},
		"negative number": {MaxConns: 1, MaxOutput: OutputChunk, Queue: -1},
	} {
		if err := r.Reload(Config{Handler: Messages(echo{}), Limits: l}); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	for name, config := range map[string]Config{
		"no handler":             {},
		"no handler of messages": {Handler: Messages(nil)},
		"a negative wake":        {Handler: Messages(echo{}), Wake: -1},
		"a negative linger":      {Handler: Messages(echo{}), Linger: -1},
	} {
		if err := r.Reload(config); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if got := r.Stats().MaxConns; got != DefaultLimits().MaxConns {
		t.Errorf("MaxConns is %d now", got)
	}
	r.serves()
}
