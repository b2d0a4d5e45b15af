// Command standin tunes a host the way a careful program would, in as few lines as possible, so that the harness can be
// tested before and without the real one. STANDIN=late-journal and STANDIN=false-ok make it careless in a known way.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

const (
	journalPath = "/var/lib/tcptune/journal.json"
	lockPath    = "/run/tcptune.lock"
	confPath    = "/etc/sysctl.d/60-tcptune.conf"
)

var wanted = [][2]string{
	{"/proc/sys/net/ipv4/tcp_fin_timeout", "15"},
	{"/proc/sys/net/ipv4/tcp_rmem", "4096 131072 33554432"},
}

type journal struct {
	Pending bool     `json:"pending"`
	Waiting bool     `json:"waiting"`
	Before  []string `json:"before"`
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "standin:", err)
		os.Exit(1)
	}
	fmt.Println("done")
}

func run(args []string) error {
	mode := os.Getenv("STANDIN")
	if args[0] == "wait" {
		time.Sleep(time.Minute)
		return nil
	}
	if args[0] == "status" {
		j, there := load()
		fmt.Println(there, j.Pending, j.Waiting)
		return nil
	}
	lock, err := os.OpenFile(lockPath, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return err
	}
	j, there := load()
	if !there {
		_ = os.RemoveAll(filepath.Dir(journalPath))
	}
	if there && j.Pending {
		if err := undo(j); err != nil {
			return err
		}
		j, there = journal{}, false
	}
	switch {
	case args[0] == "apply" && there:
		return nil
	case args[0] == "apply":
		for _, w := range wanted {
			j.Before = append(j.Before, read(w[0]))
		}
		j.Pending = true
		if mode != "late-journal" {
			if err := save(j); err != nil {
				return errors.Join(err, undo(j))
			}
		}
		err := tune(slices.Contains(args, "--confirm"))
		if err != nil && mode != "false-ok" {
			return errors.Join(err, undo(j))
		}
		j.Pending, j.Waiting = false, slices.Contains(args, "--confirm")
		if err := save(j); err != nil {
			return errors.Join(err, undo(j))
		}
		return nil
	case args[0] == "confirm" && (!there || !j.Waiting):
		return errors.New("nothing to confirm")
	case args[0] == "confirm":
		if err := replace(confPath, conf()); err != nil {
			return errors.Join(err, os.RemoveAll(confPath))
		}
		j.Waiting = false
		if err := save(j); err != nil {
			j.Waiting = true
			return errors.Join(err, os.RemoveAll(confPath), save(j))
		}
		return nil
	case args[0] == "revert" && there:
		j.Pending = true
		if err := save(j); err != nil {
			j.Pending = false
			return errors.Join(err, save(j))
		}
		if err := undo(j); err != nil {
			j.Pending = false
			return errors.Join(err, tune(j.Waiting), save(j))
		}
	}
	return nil
}

func tune(wait bool) error {
	if wait {
		cmd := exec.Command("/proc/self/exe", "wait")
		if err := cmd.Start(); err != nil {
			return err
		}
	}
	for _, w := range wanted {
		if err := write(w[0], w[1]); err != nil {
			return err
		}
	}
	if wait {
		return nil
	}
	return replace(confPath, conf())
}

func undo(j journal) error {
	for i, w := range wanted {
		if err := write(w[0], j.Before[i]); err != nil {
			return err
		}
	}
	for _, p := range []string{confPath, filepath.Dir(confPath) + "/.new", journalPath, filepath.Dir(journalPath) + "/.new"} {
		if err := os.Remove(p); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	if err := os.Remove(filepath.Dir(journalPath)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

func conf() string {
	var b strings.Builder
	for _, w := range wanted {
		fmt.Fprintf(&b, "%s = %s\n", strings.TrimPrefix(w[0], "/proc/sys/"), w[1])
	}
	return b.String()
}

func load() (j journal, there bool) {
	data, err := os.ReadFile(journalPath)
	if err != nil {
		return j, false
	}
	return j, json.Unmarshal(data, &j) == nil
}

func save(j journal) error {
	data, _ := json.Marshal(j)
	if err := os.MkdirAll(filepath.Dir(journalPath), 0o755); err != nil {
		return err
	}
	return replace(journalPath, string(data))
}

func replace(p, text string) error {
	temp := filepath.Dir(p) + "/.new"
	_ = os.Remove(temp)
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, werr := f.WriteString(text)
	if err := errors.Join(werr, f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(temp))
	}
	if err := os.Rename(temp, p); err != nil {
		return errors.Join(err, os.Remove(temp))
	}
	return nil
}

func read(p string) string {
	data, _ := os.ReadFile(p)
	return strings.TrimSpace(string(data))
}

func write(p, value string) error {
	f, err := os.OpenFile(p, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(value)
	return errors.Join(err, f.Close())
}
