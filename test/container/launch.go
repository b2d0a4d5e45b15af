package container

import (
	"archive/tar"
	"bytes"
	_ "embed"
	"io"
	"maps"
	"os"
	"os/exec"
	"path"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/tcptune/tcptune/test/guest"
)

//go:embed boot.sh
var bootScript string

// launch starts boot.sh as the first process of new namespaces. It is killed by the kernel when the thread that started
// it goes away (PR_SET_PDEATHSIG), and takes all processes of its PID namespace with it.
func launch(root rootDir, overlay []byte) (*Machine, error) {
	group, err := newCgroup()
	if err != nil {
		return nil, err
	}
	dir, err := os.Open(group.path)
	if err != nil {
		group.remove()
		return nil, err
	}
	defer dir.Close()

	console := new(bytes.Buffer)
	// The cgroup namespace comes second: its root is the group that the process is in when it is made.
	cmd := exec.Command("unshare", "--cgroup", "sh", "-c", bootScript, "boot.sh", root.path, root.mountPoint)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(overlay), console, console
	cmd.WaitDelay = time.Second
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWUTS | syscall.CLONE_NEWIPC | syscall.CLONE_NEWNET |
			syscall.CLONE_NEWPID,
		Setsid:      true, // a terminal's Ctrl-C is not for PID 1
		Pdeathsig:   syscall.SIGKILL,
		UseCgroupFD: true,
		CgroupFD:    int(dir.Fd()),
	}
	started, done := make(chan error), make(chan error, 1)
	go func() {
		runtime.LockOSThread() // the death of this thread would be the death of the machine
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			done <- cmd.Wait()
			close(done)
		}
	}()
	if err := <-started; err != nil {
		group.remove()
		return nil, err
	}
	kill := func() { _ = cmd.Process.Kill() }
	m := &Machine{pid: cmd.Process.Pid, kill: kill, done: done, console: console, group: group}
	m.Shell = guest.Shell{Name: "the container", Exec: m.run}
	return m, nil
}

// End kills the machine and returns when nothing of it is left. It may be called twice.
func (m *Machine) End() {
	m.kill()
	for range m.done { //nolint:revive // waits for the channel to be closed
	}
	m.group.remove()
}

// overlayTar is what opt lays over the root before systemd starts.
func overlayTar(opt Options) ([]byte, error) {
	files := map[string]string{"/etc/hostname": "tcptune-test\n"}
	if opt.Release != "" {
		text, err := OSRelease(opt.Release)
		if err != nil {
			return nil, err
		}
		files["/usr/lib/os-release"] = text
	}
	maps.Copy(files, opt.Files)

	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		h := &tar.Header{
			Name:    strings.TrimPrefix(path.Clean(name), "/"),
			Mode:    0o644,
			ModTime: time.Now().Truncate(time.Second),
		}
		if h.Size = int64(len(files[name])); strings.HasSuffix(name, "/") {
			h.Typeflag, h.Mode, h.Size = tar.TypeDir, 0o755, 0
		}
		if err := w.WriteHeader(h); err != nil {
			return nil, err
		}
		if h.Size == 0 {
			continue
		}
		if _, err := io.WriteString(w, files[name]); err != nil {
			return nil, err
		}
	}
	err := w.Close()
	return buf.Bytes(), err
}
