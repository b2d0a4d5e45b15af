package portcheck

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/internal/report"
)

// Without PORTCHECK_FIGHTS it is a sample; "make test-all" asks for 1,000.
const fights = 100

// A port is fought for many times. In each fight some processes hold it in ways of their own, and others have to do with it
// without holding it. None of these is hit; what is said to be free is, by a witness who looks for himself; and where it
// is not, the hint is about that very reason.
func TestFightsHitNoBystander(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	count := fights
	if text := os.Getenv("PORTCHECK_FIGHTS"); text != "" {
		var err error
		count, err = strconv.Atoi(text)
		r.must(err)
	}
	seed := rand.Uint64()
	rnd := rand.New(rand.NewPCG(seed, 1))
	sum := tally{ways: map[string]int{}}
	for fight := range count {
		r.fight(rnd, 2000+rnd.IntN(20000), &sum)
		if t.Failed() {
			t.Fatalf("fight %d, seed %d", fight, seed)
		}
	}
	t.Logf("%d fights, %d holders, %d bystanders, %d not freed, each with a hint of its own; %v", count, sum.holders, sum.bystanders,
		sum.stayed, sum.ways)
}

// tally counts over all fights.
type tally struct {
	holders, bystanders, stayed int
	ways                        map[string]int
}

// fighter is one way to hold a port.
type fighter struct {
	holders, bystanders []proc
	fixed               bool // who holds it does not change by itself
	hard                bool // it may not be freed at the first attempt
}

// ways are all of them. Each is given a socket that listens on the port, besides others.
func ways() map[string]func(r room, socket *os.File) fighter {
	shell := func(script string, bystanders bool) func(r room, socket *os.File) fighter {
		return func(r room, socket *os.File) fighter {
			p := r.start(exec.Command("bash", "-c", script), socket)
			r.until("its child runs", func() bool { return countChildren(p.pid()) == 1 })
			child, err := childrenOf(p.pid())
			r.must(err)
			process, err := os.FindProcess(child[0])
			r.must(err)
			other := proc{&exec.Cmd{Process: process}, nil}
			r.until("it has begun", func() bool {
				text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", child[0]))
				_, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/3", p.pid()))
				return string(text) == "sleep\n" && (err != nil) == bystanders
			})
			if bystanders {
				return fighter{holders: []proc{other}, bystanders: []proc{p}, fixed: true}
			}
			return fighter{holders: []proc{p}, bystanders: []proc{other}, fixed: true}
		}
	}
	role := func(role string, f fighter) func(r room, socket *os.File) fighter {
		return func(r room, socket *os.File) fighter {
			p := r.actor(role, func(cmd *exec.Cmd) { cmd.ExtraFiles = []*os.File{socket} })
			r.must(socket.Close())
			f.holders = []proc{p}
			return f
		}
	}
	return map[string]func(r room, socket *os.File) fighter{
		"plain": func(r room, socket *os.File) fighter { return fighter{holders: []proc{r.keeper(socket)}, fixed: true} },
		"shared": func(r room, socket *os.File) fighter {
			fd, err := unix.FcntlInt(socket.Fd(), unix.F_DUPFD_CLOEXEC, 0)
			r.must(err)
			return fighter{holders: []proc{r.keeper(os.NewFile(uintptr(fd), "shared")), r.keeper(socket)}, fixed: true}
		},
		"stopped": func(r room, socket *os.File) fighter {
			p := r.keeper(socket)
			r.must(p.Process.Signal(unix.SIGSTOP))
			return fighter{holders: []proc{p}, fixed: true}
		},
		"deaf": func(r room, socket *os.File) fighter {
			p := r.start(exec.Command("sh", "-c", "trap '' TERM; exec sleep 1000"), socket)
			return fighter{holders: []proc{p}, fixed: true}
		},
		// The child has it, and its parent has not, which goes on without it; and the other way round.
		"wrapped":      shell("sleep 1000 & exec 3<&-; wait; exec sleep 1000", true),
		"with a child": shell("sleep 1000 3<&- & exec -a holder sleep 1000", false),
		"forking":      role("forker fd:3 10", fighter{}),
		"moving":       role("mover fd:3", fighter{}),
		"passing":      role("passer fd:3", fighter{hard: true}),
		"afloat":       role("afloat fd:3", fighter{hard: true}),
		"ring":         role("ring fd:3", fighter{}),
	}
}

func (r room) fight(rnd *rand.Rand, port int, sum *tally) {
	r.Helper()
	at := func(address string, port int) string { return fmt.Sprintf("%s:%d", address, port) }
	all := ways()
	names := slices.Sorted(maps.Keys(all))
	var holders, bystanders []proc
	fixed, hard := true, false
	for range 1 + rnd.IntN(2) {
		name := names[rnd.IntN(len(names))]
		f := all[name](r, r.listener(at("0.0.0.0", port), reusePort, reuseAddr))
		holders, bystanders = append(holders, f.holders...), append(bystanders, f.bystanders...)
		fixed, hard = fixed && f.fixed, hard || f.hard
		sum.ways[name]++
	}
	if rnd.IntN(2) == 0 { // a client of the port
		bystanders = append(bystanders, r.keeper(r.connected("127.0.0.1:0", at("127.0.0.1", port))))
	}
	if rnd.IntN(2) == 0 { // the same number of another protocol
		bystanders = append(bystanders, r.keeper(r.socket(UDP, at("127.0.0.1", port))))
	}
	switch next := r.listener(at("127.0.0.1", port+1), reuseAddr); rnd.IntN(4) {
	case 0: // a candidate at most
		bystanders = append(bystanders, r.actor("afloat fd:3", func(cmd *exec.Cmd) { cmd.ExtraFiles = []*os.File{next} }))
		r.must(next.Close())
	default:
		bystanders = append(bystanders, r.keeper(next))
	}
	w := witness{port}
	q := Query{Ranges: ports(TCP, uint16(port), uint16(port)), Thorough: true, Around: true}
	v, s := r.look(q)
	if seen := owners(s); fixed {
		slices.Sort(seen)
		if want := w.holders(); !slices.Equal(slices.Compact(seen), want) {
			r.Errorf("it sees %v, and the witness %v", seen, want)
		}
	}
	order := Order{Grace: 300 * time.Millisecond, Signal: unix.SIGTERM}
	acts, _, err := v.Plan(r.Context(), &s, order)
	r.must(err)
	if fixed && rnd.IntN(4) == 0 { // one ends by itself between the look and the act
		holders[0].end(r)
		bystanders = append(bystanders, r.keeper(r.listener(at("127.0.0.1", port+2), reuseAddr)))
	}
	for attempt := 0; ; attempt++ {
		acts, err = v.FreeAll(r.Context(), s, acts, order)
		r.must(err)
		verdicts, after, err := v.Prove(r.Context(), s, acts, order)
		r.must(err)
		said := verdicts[0]
		if said.Free {
			if objection := w.objects(); objection != "" {
				r.Errorf("said to be free: %s; %+v", objection, acts)
			}
			break
		}
		sum.stayed++
		if why := aboutThat(said, after); why != "" || !hard {
			r.Errorf("%s: %s; hint: %s; %+v", why, said.Reason, said.Hint, acts)
			break
		}
		if attempt == 2 {
			break
		}
		s = after
		order.Named = candidates(s, bystanders)
		if acts, _, err = v.Plan(r.Context(), &s, order); err != nil {
			break // a candidate has received it by now
		}
	}
	for _, p := range bystanders {
		if !w.lives(p.pid()) {
			r.Errorf("bystander %d was hit: %+v", p.pid(), acts)
		}
		for _, a := range acts {
			if a.Pid == p.pid() && a.Status == report.Applied {
				r.Errorf("bystander %d was sent a signal: %+v", p.pid(), a)
			}
		}
	}
	r.endAll()
	sum.holders += len(holders)
	sum.bystanders += len(bystanders)
}

// aboutThat says what is wrong with the hint of a port that is not free: it names a process that the port has to do with.
func aboutThat(said Verdict, after Survey) string {
	m := regexp.MustCompile(`--holder (\d+) |kill -KILL (\d+)$|\(pid (\d+)\) starts it again`).FindStringSubmatch(said.Hint)
	switch {
	case strings.HasPrefix(said.Hint, fmt.Sprintf("sudo tcptune port %d --kill --signal KILL", said.Low)):
		return ""
	case m == nil:
		return fmt.Sprintf("the hint is about nothing: %q", said.Hint)
	}
	pid, _ := strconv.Atoi(m[1] + m[2] + m[3])
	for _, h := range after.Holders {
		for _, o := range slices.Concat(h.Owners, h.Candidates) {
			if o.Pid == pid || o.Process.Parent == pid {
				return ""
			}
		}
	}
	return fmt.Sprintf("process %d has nothing to do with it: %q", pid, said.Hint)
}

// candidates are those of s but for bystanders: whoever names one knows which it is.
func candidates(s Survey, bystanders []proc) (pids []int) {
	for _, h := range s.Holders {
		for _, c := range h.Candidates {
			if !slices.ContainsFunc(bystanders, func(p proc) bool { return p.pid() == c.Pid }) && !slices.Contains(pids, c.Pid) {
				pids = append(pids, c.Pid)
			}
		}
	}
	return pids
}

// endAll ends everybody in the room but this test, which is its PID 1.
func (r room) endAll() {
	r.Helper()
	w := witness{}
	r.until("all have ended", func() bool {
		_ = unix.Kill(-1, unix.SIGKILL) // fails once nobody is left
		bury()
		return !slices.ContainsFunc(pids(), func(pid int) bool { return pid != os.Getpid() && w.lives(pid) })
	})
}

// end ends a process that may have ended already.
func (p proc) end(r room) {
	r.Helper()
	_ = p.Process.Kill()
	w := witness{}
	r.until("it ends", func() bool { return !w.lives(p.pid()) })
}
