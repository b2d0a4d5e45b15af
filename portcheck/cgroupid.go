package portcheck

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"path"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/internal/host"
)

// CgroupPath returns the path of a control group of version 2 below the root of its hierarchy. The id is what the
// kernel tells of a socket: the number of the inode of the group's folder. ok is false where the group has gone, or
// where the hierarchy is not mounted. It reads the tree until it meets the folder, some milliseconds for hundreds of
// groups.
func CgroupPath(id uint64) (p string, ok bool) {
	root, err := cgroupRoot()
	if err != nil {
		return "", false
	}
	var st unix.Stat_t
	if unix.Stat(root, &st) == nil && st.Ino == id {
		return "/", true
	}
	p, ok = findGroup(root, "/", id)
	return p, ok
}

// findGroup looks breadth first, since services are near the root. The entries of a folder tell their inodes.
func findGroup(root, at string, id uint64) (string, bool) {
	queue := []string{at}
	buf := make([]byte, direntBuffer)
	for len(queue) > 0 {
		at, queue = queue[0], queue[1:]
		dir, err := unix.Open(root+at, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		if err != nil {
			continue
		}
		for {
			n, err := unix.Getdents(dir, buf)
			if err != nil || n <= 0 {
				break
			}
			found, folders := groupsIn(buf[:n], id)
			if found != "" {
				_ = unix.Close(dir)
				return path.Join(at, found), true
			}
			for _, name := range folders {
				queue = append(queue, path.Join(at, name))
			}
		}
		_ = unix.Close(dir)
	}
	return "", false
}

// groupsIn returns the name of the folder whose inode is id, and the names of all folders.
func groupsIn(b []byte, id uint64) (found string, folders []string) {
	for len(b) > direntName {
		length := binary.NativeEndian.Uint16(b[direntLength:])
		entry := b[:length]
		b = b[length:]
		name := unix.ByteSliceToString(entry[direntName:])
		if entry[direntName-1] != unix.DT_DIR || name == "." || name == ".." {
			continue
		}
		if binary.NativeEndian.Uint64(entry) == id {
			return name, nil
		}
		folders = append(folders, name)
	}
	return "", folders
}

// cgroupRoot is where the hierarchy of version 2 is mounted.
func cgroupRoot() (string, error) {
	f, err := (host.Host{}).OpenRegular("/proc/self/mountinfo")
	if err != nil {
		return "", err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		before, after, ok := strings.Cut(lines.Text(), " - ")
		fields := strings.Fields(before)
		if ok && len(fields) > 4 && strings.HasPrefix(after, "cgroup2 ") {
			return fields[4], nil
		}
	}
	return "", errors.Join(lines.Err(), errors.New("no cgroup2 is mounted"))
}

// CgroupPids lists the processes in a group, not in those below it.
func CgroupPids(p string) (pids []int, err error) {
	root, err := cgroupRoot()
	if err != nil {
		return nil, fmt.Errorf("cannot list the processes of control group %s: %w", p, err)
	}
	data, err := (host.Host{}).ReadFile(path.Join(root, path.Clean("/"+p), "cgroup.procs"))
	if err != nil {
		return nil, fmt.Errorf("cannot list the processes of control group %s: %w", p, host.Cause(err))
	}
	for line := range strings.Lines(string(data)) {
		if pid, err := strconv.Atoi(strings.TrimSpace(line)); err == nil && pid > 0 { // 0: outside of this PID namespace
			pids = append(pids, pid)
		}
	}
	return pids, nil
}
