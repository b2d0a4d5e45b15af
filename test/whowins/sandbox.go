package whowins

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// Job is what a sandbox has to do: each seed's tree, judged by some of the judges or by all.
type Job struct {
	Root   string // an empty folder, on which the sandbox mounts a file system of its own
	Judges []Judge
	Seeds  []uint64
	All    bool // every tree by every judge; otherwise by the first judge and two of the others in turn
}

// Result is what a tool made of a tree.
type Result struct {
	Seed   uint64
	Judge  string
	Tool   Tool
	Values map[string]string // what every usable key holds afterwards
	Failed bool              // the tool says so by its exit code
	Lists  map[string]string // what the kernel lists
	Output string
	Err    string // why there is no result
}

const jobVariable = "TCPTUNE_WHOWINS_JOB"

// InSandbox reports whether this process is the one that Run has started. Its test has to call Serve and nothing else.
func InSandbox() bool { return os.Getenv(jobVariable) != "" }

// Run starts the test named test of this test binary again, in new network and mount namespaces, and hands each result
// of the job to report.
func Run(ctx context.Context, test string, job Job, report func(Result)) error {
	text, err := json.Marshal(job)
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	defer r.Close()
	cmd := exec.CommandContext(ctx, self, "-test.run=^"+test+"$")
	cmd.Env = append(os.Environ(), jobVariable+"="+string(text))
	cmd.ExtraFiles = []*os.File{w}
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: unix.CLONE_NEWNS | unix.CLONE_NEWNET | unix.CLONE_NEWIPC, Pdeathsig: unix.SIGKILL,
	}
	runtime.LockOSThread() // Pdeathsig watches the thread
	defer runtime.UnlockOSThread()
	err = cmd.Start()
	if err := errors.Join(err, w.Close()); err != nil {
		return err
	}
	results := json.NewDecoder(r)
	for {
		var res Result
		if results.Decode(&res) != nil {
			break
		}
		report(res)
	}
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("the sandbox failed: %w\n%s", err, output.String())
	}
	return nil
}

// Serve does the job of Run, inside the namespaces.
func Serve(ctx context.Context) error {
	var job Job
	if err := json.Unmarshal([]byte(os.Getenv(jobVariable)), &job); err != nil {
		return err
	}
	keys, err := enter(job)
	if err != nil {
		return err
	}
	results := json.NewEncoder(os.NewFile(3, "results"))
	for i, seed := range job.Seeds {
		tree := Generate(seed)
		if err := emptied(job.Root); err != nil {
			return err
		}
		if err := tree.Write(job.Root); err != nil {
			return err
		}
		for _, j := range job.judges(i) {
			for _, tool := range j.Tools() {
				res := judge(ctx, job.Root, j, tool, keys)
				res.Seed = seed
				if err := results.Encode(res); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (job Job) judges(i int) []Judge {
	if job.All || len(job.Judges) <= 3 {
		return job.Judges
	}
	others := job.Judges[1:]
	return []Judge{job.Judges[0], others[i%len(others)], others[(i+1)%len(others)]}
}

// outside lists the folders of the root that do not belong to the tree.
func outside(name string) bool { return name == "proc" || name == "dev" || name == "judges" }

// emptied removes the tree of before.
func emptied(root string) error {
	entries, err := os.ReadDir(root)
	for _, e := range entries {
		if !outside(e.Name()) {
			err = errors.Join(err, os.RemoveAll(filepath.Join(root, e.Name())))
		}
	}
	return err
}

// enter builds the sandbox: a file system with the judges, /dev/null and a /proc/sys of which only net/ipv4, that of
// the new network namespace, can be written. It returns the keys that can be used.
func enter(job Job) ([]string, error) {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return nil, err
	}
	if err := unix.Mount("tmpfs", job.Root, "tmpfs", 0, "mode=755"); err != nil {
		return nil, err
	}
	proc := job.Root + "/proc"
	for _, dir := range []string{proc, job.Root + "/dev", job.Root + "/judges"} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return nil, err
		}
	}
	if err := os.WriteFile(job.Root+"/dev/null", nil, 0o666); err != nil {
		return nil, err
	}
	if err := unix.Mount("/dev/null", job.Root+"/dev/null", "", unix.MS_BIND, ""); err != nil {
		return nil, err
	}
	if err := unix.Mount("proc", proc, "proc", 0, ""); err != nil {
		return nil, err
	}
	sys, ipv4 := proc+"/sys", proc+"/sys/net/ipv4"
	if err := unix.Mount(sys, sys, "", unix.MS_BIND, ""); err != nil {
		return nil, err
	}
	if err := unix.Mount(ipv4, ipv4, "", unix.MS_BIND, ""); err != nil {
		return nil, err
	}
	if err := unix.Mount("", sys, "", unix.MS_BIND|unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
		return nil, err
	}
	for _, j := range job.Judges {
		dir := job.Root + "/judges/" + j.Name
		if err := os.Mkdir(dir, 0o755); err != nil {
			return nil, err
		}
		if err := unix.Mount(j.Dir, dir, "", unix.MS_BIND, ""); err != nil {
			return nil, err
		}
	}
	// An interface with a dot in its name, for the rule about separators.
	link := &netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: "e.1"}, PeerName: "e2"}
	if err := netlink.LinkAdd(link); err != nil {
		return nil, fmt.Errorf("cannot add a veth pair: %w", err)
	}
	var keys []string
	for _, key := range Keys() {
		if takes(sys+"/"+key, "2") && takes(sys+"/"+key, "99") && takes(sys+"/"+key, Initial) {
			keys = append(keys, key)
		}
	}
	if len(keys) < 15 {
		return nil, fmt.Errorf("only %d keys take every test value", len(keys))
	}
	return keys, nil
}

func takes(file, value string) bool {
	if os.WriteFile(file, []byte(value), 0) != nil {
		return false
	}
	data, err := os.ReadFile(file)
	return err == nil && strings.TrimSpace(string(data)) == value
}

func judge(ctx context.Context, root string, j Judge, tool Tool, keys []string) Result {
	res := Result{Judge: j.Name, Tool: tool, Values: map[string]string{}}
	sys := root + "/proc/sys/"
	initial := maps.Clone(Conditional())
	for _, key := range keys {
		initial[key] = Initial
	}
	// Two of them bound each other.
	const low, ports = "net/ipv4/ip_unprivileged_port_start", "net/ipv4/ip_local_port_range"
	err := errors.Join(os.WriteFile(sys+low, []byte("0"), 0), os.WriteFile(sys+ports, []byte(initial[ports]), 0))
	for key, text := range initial {
		err = errors.Join(err, os.WriteFile(sys+key, []byte(text+"\n"), 0))
	}
	if err != nil {
		res.Err = err.Error()
		return res
	}
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	argv := j.argv("/judges/"+j.Name, tool)
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Path = argv[0] // inside the new root
	cmd.Err = nil
	cmd.Dir = "/"
	cmd.Env = []string{
		"PATH=/none", "LC_ALL=C", "SYSTEMD_LOG_LEVEL=info", "SYSTEMD_LOG_TARGET=console",
		"CREDENTIALS_DIRECTORY=/run/credentials/systemd-sysctl.service",
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: root}
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	err = cmd.Run()
	var exit *exec.ExitError
	res.Failed = err != nil
	// A key that cannot be set makes the tools fail, as does a line that they do not understand. Only a signal is odd.
	if err != nil && (!errors.As(err, &exit) || exit.ExitCode() < 0) {
		res.Err = fmt.Sprintf("%v: %s", err, output.String())
		return res
	}
	if res.Output = output.String(); len(res.Output) > 4000 {
		res.Output = res.Output[:4000]
	}
	res.Lists = map[string]string{}
	for _, list := range []string{"tcp_available_congestion_control", "tcp_allowed_congestion_control"} {
		data, _ := os.ReadFile(sys + "net/ipv4/" + list)
		res.Lists["net.ipv4."+list] = strings.TrimSpace(string(data))
	}
	for key := range initial {
		data, err := os.ReadFile(sys + key)
		if err != nil {
			res.Err = err.Error()
			return res
		}
		res.Values[key] = strings.Join(strings.Fields(string(data)), " ")
	}
	return res
}
