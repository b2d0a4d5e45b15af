package faults

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// mutating are the system calls that can change a machine and that a program of this kind could come to use. A name
// behind "?" may be unknown to the architecture. openat is one when it creates or truncates.
const mutating = "?open,?openat,?openat2,?creat,?write,?pwrite64,?writev,?pwritev,?pwritev2,?sendfile,?copy_file_range," +
	"?ftruncate,?truncate,?fallocate,?fsync,?fdatasync,?sync_file_range,?rename,?renameat,?renameat2,?unlink,?unlinkat," +
	"?mkdir,?mkdirat,?rmdir,?link,?linkat,?symlink,?symlinkat,?mknod,?mknodat,?chmod,?fchmod,?fchmodat,?fchmodat2," +
	"?chown,?fchown,?lchown,?fchownat,?utimensat,?setxattr,?fsetxattr,?lsetxattr,?removexattr,?fremovexattr," +
	"?init_module,?finit_module,?delete_module,?mount,?umount2"

// call is one system call of a trace.
type call struct {
	name     string
	text     string   // the call without what differs between two runs: numbers of files, data
	paths    []string // that it was given, as text or as an open file
	mutates  bool
	opens    bool // a file for writing, without creating it
	finished bool // it returned
	injected bool // strace made it fail
}

// point is a call that is to be hit: the nth, from 1, of that name with that path.
type point struct {
	call
	path string // "" for exit_group, which has none
	nth  int
}

// trace is what strace saw, in the order in which the calls began.
type trace struct {
	calls  []call
	killed bool
}

var (
	traceLine   = regexp.MustCompile(`^(\d+) +(.*)$`)
	callStart   = regexp.MustCompile(`^(\w+)\((.*)$`)
	callResumed = regexp.MustCompile(`^<\.\.\. (\w+) resumed>(.*)$`)
	fileNumber  = regexp.MustCompile(`\b\d+<`)
	returned    = regexp.MustCompile(`\) += -?\d`)
	cloned      = regexp.MustCompile(`^(\d+) +(?:(\w*fork|clone3?)\(|<\.\.\. (?:\w*fork|clone3?) resumed>).*?(?:\) += (\d+))?\s*$`)
	paths       = regexp.MustCompile(`"([^"]+)"|\d<(/[^>]*)>`)
	firstFile   = regexp.MustCompile(`^(\d+)<([^>]*)>`)
)

// parseTrace reads what "strace -f -y -o" wrote.
func parseTrace(text string) trace {
	var t trace
	foreign := children(text)
	open := map[string]int{} // thread and name -> index of a call that has not returned
	for line := range strings.Lines(text) {
		m := traceLine.FindStringSubmatch(strings.TrimSpace(line))
		if m == nil || foreign[m[1]] {
			continue
		}
		thread, rest := m[1], m[2]
		if strings.HasPrefix(rest, "+++ killed by SIGKILL") {
			t.killed = true
			continue
		}
		if r := callResumed.FindStringSubmatch(rest); r != nil {
			if i, ok := open[thread+r[1]]; ok {
				t.calls[i].finished = returned.MatchString(r[2])
				t.calls[i].injected = strings.Contains(r[2], "(INJECTED)")
				delete(open, thread+r[1])
			}
			continue
		}
		s := callStart.FindStringSubmatch(rest)
		if s == nil {
			continue
		}
		c := newCall(s[1], s[2])
		c.finished = returned.MatchString(s[2])
		c.injected = strings.Contains(s[2], "(INJECTED)")
		if strings.HasSuffix(s[2], "<unfinished ...>") {
			open[thread+s[1]] = len(t.calls)
		}
		t.calls = append(t.calls, c)
	}
	t.endOnce()
	return t
}

// endOnce keeps the last exit_group only. A program ends once; what comes before is a child whose clone strace has not
// shown as such, as happens on a busy machine.
func (t *trace) endOnce() {
	ends := 0
	for _, c := range t.calls {
		if c.name == "exit_group" {
			ends++
		}
	}
	t.calls = slices.DeleteFunc(t.calls, func(c call) bool {
		if c.name != "exit_group" {
			return false
		}
		ends--
		return ends > 0
	})
}

// children are the IDs of processes, not threads, that the traced one has started: package os tries out pidfds with
// one.
func children(text string) map[string]bool {
	found := map[string]bool{}
	thread := map[string]bool{} // by the caller: its clone under way makes a thread
	for line := range strings.Lines(text) {
		m := cloned.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		if m[2] != "" {
			thread[m[1]] = strings.Contains(line, "CLONE_THREAD")
		}
		if m[3] != "" && !thread[m[1]] {
			found[m[3]] = true
		}
	}
	return found
}

func newCall(name, args string) call {
	c := call{name: name}
	text, _, _ := strings.Cut(args, ") ")
	text = strings.TrimSuffix(text, " <unfinished ...>")
	file := firstFile.FindStringSubmatch(args)
	switch name {
	case "open", "openat", "openat2", "creat":
		c.mutates = name == "creat" || strings.Contains(text, "O_CREAT") || strings.Contains(text, "O_TRUNC")
		c.opens = !c.mutates && (strings.Contains(text, "O_WRONLY") || strings.Contains(text, "O_RDWR"))
		if strings.Contains(text, `"/dev/`) {
			c.opens = false
		}
	case "exit_group", "clone", "clone3", "fork", "vfork":
	case "write", "pwrite64", "writev", "pwritev", "pwritev2":
		text, _, _ = strings.Cut(text, ", ") // the data is left out
		c.mutates = true
	default:
		c.mutates = true
	}
	if file != nil && (file[1] == "1" || file[1] == "2" || !strings.HasPrefix(file[2], "/") ||
		strings.HasPrefix(file[2], "/dev/")) {
		c.mutates = false // a terminal, a pipe, an event
	}
	named := text
	if strings.HasPrefix(name, "symlink") {
		_, named, _ = strings.Cut(text, ", ") // where a link leads is no file that is touched
	}
	for _, m := range paths.FindAllStringSubmatch(named, -1) {
		c.paths = append(c.paths, m[1]+m[2])
	}
	c.text = name + "(" + fileNumber.ReplaceAllString(text, "<") + ")"
	return c
}

// points are the calls where a fault is put.
func (t trace) points(of func(call) bool) []point {
	var points []point
	for i, c := range t.calls {
		if !of(c) {
			continue
		}
		p := point{call: c}
		if len(c.paths) > 0 {
			// The name, not the folder that it is relative to: fewer calls have it.
			p.path = c.paths[0]
			if i := slices.IndexFunc(c.paths, func(s string) bool { return strings.Contains(c.text, `"`+s+`"`) }); i >= 0 {
				p.path = c.paths[i]
			}
		}
		p.nth = len(p.like(t.calls[:i+1]))
		points = append(points, p)
	}
	return points
}

// like are the calls that strace counts together with p.
func (p point) like(calls []call) []call {
	var like []call
	for _, c := range calls {
		if c.name == p.name && (p.path == "" || slices.Contains(c.paths, p.path)) {
			like = append(like, c)
		}
	}
	return like
}

// deadly are the points for SIGKILL: each call that mutates, and the end of the program, after all of them.
func deadly(c call) bool { return c.mutates || c.name == "exit_group" }

// fails are the points for errors: what mutates, and the opening of a knob for writing, where a read-only /proc/sys
// refuses.
func fails(c call) bool { return c.mutates || c.opens }

// killed reports whether the program of trace t was killed when it was about to do p.
func (p point) killed(t trace) bool {
	like := p.like(t.calls)
	at := slices.IndexFunc(like, func(c call) bool { return !c.finished })
	return t.killed && at == p.nth-1 && at == len(like)-1 && like[at].text == p.text
}

// failed reports whether p, and nothing else, was made to fail in trace t: when= is counted for each thread, so that a
// fault can come twice.
func (p point) failed(t trace) bool {
	like := p.like(t.calls)
	at := slices.IndexFunc(like, func(c call) bool { return c.injected })
	return at == p.nth-1 && like[at].text == p.text &&
		!slices.ContainsFunc(like[at+1:], func(c call) bool { return c.injected })
}

// straceArgs are the options of strace that trace a command, its threads, and its children up to their exec: a program
// that it leaves behind runs on untraced. --seccomp-bpf would be faster, but strace 6.1 then loses the signal.
func straceArgs() []string {
	return []string{
		"-f", "-y", "-s", "32", "-b", "execve", "-e",
		"trace=exit_group,?clone,?clone3,?fork,?vfork," + mutating,
	}
}

// injectArgs are straceArgs with a fault at p. when= counts calls for each thread, and only those that -P lets through.
// nth is the count to aim with: p.nth, unless Go has moved to another thread meanwhile.
func (p point) injectArgs(fault string, nth int) []string {
	args := straceArgs()
	if p.path != "" {
		args = append(args, "-P", p.path)
	}
	return append(args, "-e", fmt.Sprintf("inject=%s:%s:when=%d", p.name, fault, nth))
}
