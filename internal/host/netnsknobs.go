package host

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// OtherNetworks returns a process, the one with the lowest number, of each network namespace that has processes and is
// not our own, in the order of these numbers. hidden counts the processes whose namespace only root can see. It is
// [ErrNoKernel] on an image.
func (h Host) OtherNetworks() (pids []int, hidden int, err error) {
	if !h.Live() {
		return nil, 0, ErrNoKernel
	}
	own, err := os.Readlink("/proc/self/ns/net")
	if err != nil {
		return nil, 0, fmt.Errorf("cannot tell our own network namespace: %w", Cause(err))
	}
	names, err := h.ReadDir("/proc")
	if err != nil {
		return nil, 0, fmt.Errorf("cannot list the processes: %w", Cause(err))
	}
	first := map[string]int{own: 0}
	for _, name := range names {
		pid, err := strconv.Atoi(name)
		if err != nil {
			continue
		}
		net, err := os.Readlink("/proc/" + name + "/ns/net")
		if errors.Is(err, fs.ErrPermission) {
			hidden++
		}
		if known, seen := first[net]; err != nil || seen && known <= pid {
			continue
		}
		first[net] = pid
	}
	delete(first, own)
	for _, pid := range first {
		pids = append(pids, pid)
	}
	slices.Sort(pids)
	return pids, hidden, nil
}

// KnobsOf returns the running values of the keys in the network namespace of a process, "" for a key that is not there.
// It needs root.
func (h Host) KnobsOf(pid int, keys []string) (values map[string]string, err error) {
	if !h.Live() {
		return nil, ErrNoKernel
	}
	done := make(chan error, 1)
	values = map[string]string{}
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine, and nobody else is ever on it
		done <- func() error {
			f, err := h.OpenRegular("/proc/" + itoa(pid) + "/ns/net")
			if err != nil {
				return err
			}
			defer f.Close()
			if err := unix.Setns(int(f.Fd()), unix.CLONE_NEWNET); err != nil {
				return err
			}
			for _, key := range keys {
				value, err := readKnob(key)
				if err != nil && !errors.Is(err, fs.ErrNotExist) {
					return err
				}
				values[key] = strings.Join(strings.Fields(value), " ")
			}
			return nil
		}()
	}()
	if err := <-done; err != nil {
		return nil, fmt.Errorf("cannot look into the network namespace of process %d: %w", pid, Cause(err))
	}
	return values, nil
}
