package portcheck

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/internal/host"
)

// Namespace is a network namespace, held open. The zero value is our own.
type Namespace struct {
	Name  string // what --netns takes for it, "" for our own
	file  *os.File
	inode uint64
}

// Close gives the namespace back.
func (n *Namespace) Close() error {
	if n.file == nil {
		return nil
	}
	return n.file.Close()
}

// netnsFolders hold named namespaces: those of ip-netns(8), and those of docker.
func netnsFolders() []string { return []string{"/run/netns", "/run/docker/netns"} }

// FindNamespaces returns the network namespaces that want names: "" is our own, a number that of the process, a name
// one of ip-netns(8), "all" each that has a name or a process, our own first. They are to be closed. Those of other
// users' processes cannot be seen without root, and none but our own can be entered then.
func FindNamespaces(h host.Host, want string) ([]Namespace, error) {
	if !h.Live() {
		return nil, host.ErrNoKernel
	}
	switch {
	case want == "":
		return []Namespace{{}}, nil
	case want == "all":
		return allNamespaces()
	case isNumber(want):
		n, err := openNamespace(want, "/proc/"+want+"/ns/net")
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("cannot find the network namespace: there is no process %s", want)
		}
		return []Namespace{n}, err
	case strings.ContainsRune(want, '/') || strings.Trim(want, ".") == "":
		return nil, fmt.Errorf("cannot find the network namespace %q: neither a name, nor a pid, nor all", want)
	}
	for _, dir := range netnsFolders() {
		n, err := openNamespace(want, path.Join(dir, want))
		if err == nil || !errors.Is(err, fs.ErrNotExist) {
			return []Namespace{n}, err
		}
	}
	return nil, fmt.Errorf("cannot find the network namespace %q: ip netns list shows those that have a name", want)
}

func openNamespace(name, file string) (Namespace, error) {
	f, err := (host.Host{}).OpenRegular(file)
	if err != nil {
		return Namespace{}, fmt.Errorf("cannot open network namespace %s: %w", name, host.Cause(err))
	}
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		_ = f.Close()
		return Namespace{}, fmt.Errorf("cannot open network namespace %s: %w", name, err)
	}
	return Namespace{name, f, st.Ino}, nil
}

// allNamespaces prefers the name of a namespace to the pid of a process in it, and the lowest pid to others.
func allNamespaces() ([]Namespace, error) {
	var own unix.Stat_t
	if err := unix.Stat("/proc/self/ns/net", &own); err != nil {
		return nil, fmt.Errorf("cannot tell our own network namespace: %w", err)
	}
	found := []Namespace{{}}
	seen := map[uint64]bool{own.Ino: true}
	take := func(name, file string) {
		var st unix.Stat_t
		if unix.Stat(file, &st) != nil || seen[st.Ino] {
			return
		}
		if n, err := openNamespace(name, file); err == nil { // it may have gone meanwhile
			seen[st.Ino] = true
			found = append(found, n)
		}
	}
	for _, dir := range netnsFolders() {
		files, _ := filepath.Glob(dir + "/*") // a constant pattern, which cannot be malformed
		for _, file := range files {
			if name := path.Base(file); name != "default" { // docker's name for that of the machine
				take(name, file)
			}
		}
	}
	for _, pid := range pids() {
		name := strconv.Itoa(pid)
		take(name, "/proc/"+name+"/ns/net")
	}
	return found, nil
}

// pids lists the processes, in order.
func pids() (list []int) {
	dir, err := os.Open("/proc")
	if err != nil {
		return nil
	}
	defer dir.Close()
	names, _ := dir.Readdirnames(-1) // what could be read is better than nothing
	for _, name := range names {
		if pid, err := strconv.Atoi(name); err == nil {
			list = append(list, pid)
		}
	}
	slices.SortFunc(list, cmp.Compare[int])
	return list
}

// Do calls do in the namespace. Another one is entered by a thread of its own, which ends with the call, so that no
// other goroutine ever runs on it.
func (n Namespace) Do(do func() error) error {
	if n.file == nil {
		return do()
	}
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		err := unix.Setns(int(n.file.Fd()), unix.CLONE_NEWNET)
		if errors.Is(err, unix.EPERM) {
			err = fmt.Errorf("%w: that takes CAP_SYS_ADMIN, which root of a container may lack", err)
		}
		if err != nil {
			done <- fmt.Errorf("cannot enter network namespace %s: %w", n.Name, err)
			return
		}
		done <- do()
	}()
	return <-done
}

// device is the index of a network interface, by its name or the number itself, 0 where there is none.
func (n Namespace) device(zone string) (index uint32) {
	if number, err := strconv.ParseUint(zone, 10, 32); err == nil {
		return uint32(number)
	}
	_ = n.Do(func() error {
		i, err := net.InterfaceByName(zone)
		if err == nil {
			index = uint32(i.Index)
		}
		return err
	})
	return index
}
