package portcheck

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// sight is what a process with fewer rights says of a port.
type sight struct {
	Sockets []seen
	Refused string // why nothing was touched
}

type seen struct {
	Inode  uint64
	Owners []int
	Veiled bool
	Reason string
}

const nobody = 65534

func asNobody(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
}

func of(uid int) func(fd int) error { return func(fd int) error { return unix.Fchown(fd, uid, uid) } }

// crowd holds tcp/8080 in each of the ways that a missing right may hide: a process of root, one of a user, one of root
// without capabilities, and one of a user that holds what root has made.
func (r room) crowd() (all []proc) {
	start := func(socket *os.File, change func(*exec.Cmd), command ...string) {
		cmd := exec.Command(command[0], command[1:]...)
		if change != nil {
			change(cmd)
		}
		all = append(all, r.start(cmd, socket))
	}
	start(r.listener("127.0.0.1:8080", reusePort), nil, "sleep", "1000")
	start(r.listener("127.0.0.1:8080", reusePort), nil, "setpriv", "--bounding-set", "-all", "sleep", "1000")
	start(r.listener("127.0.0.1:8080", reusePort), nil, "sh", "-c", "setpriv --bounding-set -all sleep 1000 & wait") // a worker
	r.until("the worker runs", func() bool { return countChildren(all[2].pid()) == 1 && find("sleep", "1000") != 0 })
	return all
}

// clear ends what is left, and waits until nobody holds tcp/8080.
func (r room) clear() {
	r.Helper()
	r.until("tcp/8080 is closed", func() bool {
		_ = exec.Command("pkill", "-KILL", "sleep").Run() // there may be none left
		_, s := r.look(Query{Ranges: ports(TCP, 8080, 8080)})
		return len(s.Holders) == 0
	})
}

// Whatever is said is true: a socket has exactly the owners that root with all capabilities sees, or it is said that there
// may be others. And either everything is ended, or nothing.
func TestWithoutACapabilityNothingIsMissedAndNothingIsHalfDone(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	self, err := os.Executable()
	r.must(err)
	run := map[string]func(*exec.Cmd){"nobody": asNobody, "root": nil}
	for capability := range unix.CAP_LAST_CAP + 1 {
		name := fmt.Sprint("without capability ", capability)
		run[name] = func(cmd *exec.Cmd) {
			path, err := exec.LookPath("setpriv")
			r.must(err)
			drop := fmt.Sprintf("-cap_%d", capability)
			cmd.Path, cmd.Args = path, []string{"setpriv", "--bounding-set", drop, "--inh-caps", drop, self}
		}
	}
	made := map[string]func(fd int) error{"all of them root's": of(0), "one of a user": of(nobody)}
	for owner, own := range made {
		for name, change := range run {
			all := r.crowd()
			theirs := r.listener("127.0.0.1:8080", reusePort)
			r.must(own(int(theirs.Fd()))) // only sockets of one user may share a port when they are bound
			cmd := exec.Command("sleep", "1000")
			asNobody(cmd)
			all = append(all, r.start(cmd, theirs))
			_, truth := r.look(Query{Ranges: ports(TCP, 8080, 8080), Thorough: true})
			said := r.sight(change)
			for i, h := range truth.Holders {
				if got := said.Sockets[i]; !got.Veiled && !slices.Equal(got.Owners, owners(Survey{Holders: []Holder{h}})) {
					t.Errorf("%s, %s: of socket %d it is said %+v, and %v have it open", name, owner, h.Inode, got, owners(truth))
				}
			}
			if name == "root" && said.Refused != "" || name == "nobody" && said.Refused == "" {
				t.Errorf("%s, %s: refused: %q", name, owner, said.Refused)
			}
			for _, p := range all {
				if said.Refused == "" {
					p.awaitEnd(t)
				} else if !p.lives() {
					t.Errorf("%s, %s: refused (%s), and yet process %d was ended", name, owner, said.Refused, p.pid())
				}
				_ = p.Process.Kill()
				p.awaitEnd(t)
			}
			r.clear()
		}
	}
}

// As in a container of docker: an orphan of another user, which cannot be looked into, may have inherited the socket
// of root.
func TestWhoWasOrphanedMayHaveTheSocketToo(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	seen := r.keeper(r.listener("127.0.0.1:8080"))
	// An orphan has PID 1 for its parent, which is this test.
	orphan := exec.Command("sh", "-c", "setpriv --reuid 1000 --clear-groups sleep 1000 & exit")
	r.must(orphan.Run())
	r.until("it runs", func() bool { return find("setpriv", "--reuid") == 0 && find("sleep", "1000") != 0 })
	drop := "-sys_ptrace"
	said := r.sight(func(cmd *exec.Cmd) {
		path, err := exec.LookPath("setpriv")
		r.must(err)
		self, err := os.Executable()
		r.must(err)
		cmd.Path, cmd.Args = path, []string{"setpriv", "--bounding-set", drop, "--inh-caps", drop, self}
	})
	if said.Refused == "" || !said.Sockets[0].Veiled || !seen.lives() {
		t.Errorf("%+v; its holder lives: %v", said, seen.lives())
	}
}

// sight asks a process with fewer rights to free tcp/8080.
func (r room) sight(change func(*exec.Cmd)) (said sight) {
	r.Helper()
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), asRole+"=free 8080")
	if change != nil {
		change(cmd)
	}
	out, err := cmd.Output()
	r.must(err)
	if err := json.Unmarshal(out, &said); err != nil {
		r.Fatalf("%v: it says %q", err, out)
	}
	return said
}

// A user frees what is his without root, however many processes of others run; not where one of those may hold it too.
func TestAUserFreesHisOwnPortAlone(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	for name, c := range map[string]struct {
		own  int    // who has made the socket
		heir bool   // a child of the owner runs as root
		want string // "": it is freed
	}{
		"his own":               {own: nobody},
		"made by root":          {own: 0, want: "others may have it open as well: only root may look into the processes of others"},
		"inherited by a helper": {own: nobody, heir: true, want: "may have it open as well, as a relative of one that has"},
	} {
		socket := r.listener("127.0.0.1:8080", of(c.own))
		become := "exec setpriv --reuid 65534 --regid 65534 --clear-groups sleep 1000"
		if c.heir {
			become = "sleep 1000 & " + become
		}
		p := r.start(exec.Command("sh", "-c", become), socket)
		for comm := ""; comm != "sleep\n" && p.lives(); {
			text, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", p.pid()))
			r.must(err)
			comm = string(text)
		}
		said := r.sight(asNobody)
		if c.want == "" && said.Refused != "" || !strings.Contains(said.Refused, c.want) || p.lives() != (c.want != "") {
			t.Errorf("%s: refused %q, want %q; its process lives: %v", name, said.Refused, c.want, p.lives())
		}
		r.clear()
		p.awaitEnd(t)
	}
}
