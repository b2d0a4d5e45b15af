package host

import (
	"errors"
	"os"
	"path"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// Numbers that nobody hands out: Debian keeps them back (Debian Policy 9.2.2), and they are above those that systemd
// gives to a DynamicUser (61184 to 65519).
const (
	transientFirst = 65520
	transientLast  = 65533
)

// TransientUser returns the number of a user and group that has no name and runs nothing, for one program: what it
// writes nobody else can touch, unlike the files of [Nobody], whom several services share. When this process is not
// root it is [Nobody], of which no program of ours makes use then.
func (h Host) TransientUser() (int, error) {
	if os.Geteuid() != 0 {
		return Nobody, nil
	}
	busy := map[string]bool{}
	if text, err := h.ReadFile("/etc/passwd"); err == nil {
		for line := range strings.Lines(string(text)) {
			if f := strings.SplitN(line, ":", 4); len(f) == 4 {
				busy[f[2]] = true
			}
		}
	}
	names, err := h.ReadDir("/proc")
	if err != nil {
		return 0, err
	}
	for _, name := range names {
		if name[0] < '0' || name[0] > '9' {
			continue
		}
		fi, err := h.Stat(path.Join("/proc", name))
		if err != nil {
			continue // it has ended
		}
		if st, ok := fi.Sys().(*syscall.Stat_t); ok {
			busy[strconv.Itoa(int(st.Uid))] = true
		}
	}
	for uid := transientLast; uid >= transientFirst; uid-- {
		if !busy[strconv.Itoa(uid)] {
			return uid, nil
		}
	}
	return 0, errors.New("no number for a transient user is free")
}

// Give makes user and group uid the owners of the folder at p. It does nothing when this process is not root.
func (h Host) Give(p string, uid int) error {
	if os.Geteuid() != 0 {
		return nil
	}
	f, err := h.open(p, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Chown(uid, uid)
}
