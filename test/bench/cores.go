package main

import (
	"errors"
	"fmt"
	"runtime"

	"golang.org/x/sys/unix"
)

// cores says where the two ends run.
type cores struct{ server, client int }

// twoCores returns the first two cores that this process may use.
func twoCores() (cores, error) {
	var allowed unix.CPUSet
	if err := unix.SchedGetaffinity(0, &allowed); err != nil {
		return cores{}, err
	}
	var found []int
	for core := 0; len(found) < 2 && core < len(allowed)*64; core++ {
		if allowed.IsSet(core) {
			found = append(found, core)
		}
	}
	if len(found) < 2 {
		return cores{}, fmt.Errorf("needs two cores, one for the server and one for the client: %d may be used", len(found))
	}
	return cores{server: found[0], client: found[1]}, nil
}

// all are both.
func (c cores) all() []int { return []int{c.server, c.client} }

// onCores calls do on a thread that runs on these cores only. Processes that do starts stay there, too.
func onCores(only []int, do func() error) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var before, set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &before); err != nil {
		return err
	}
	for _, core := range only {
		set.Set(core)
	}
	if err := unix.SchedSetaffinity(0, &set); err != nil {
		return err
	}
	err := do()
	return errors.Join(err, unix.SchedSetaffinity(0, &before))
}
