package record

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/report"
)

// File has a line of JSON for each record, the newest last. It is a log: it outlives a revert, and goes with the
// package.
const File = "/var/log/tcptune/history.jsonl"

// What the file holds at most: the oldest records make place.
const (
	mostRecords = 500
	mostBytes   = 1 << 20
)

// fileMode is for root alone: it says who did what, and when.
const fileMode fs.FileMode = 0o600

// appendTo adds r to the file. The file is replaced as a whole, so that it is never cut short.
func appendTo(h host.Host, r report.Record) error {
	line, err := json.Marshal(r)
	if err != nil {
		return err
	}
	unlock, err := lockFolder(h)
	if err != nil {
		return err
	}
	defer unlock()
	was, err := h.ReadFile(File)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return h.WriteFile(File, bound(append(was, append(line, '\n')...)), fileMode)
}

// bound leaves the newest lines, and of those as many as there is room for.
func bound(text []byte) []byte {
	end, lines := len(text), 0
	for end > 0 && lines < mostRecords {
		at := bytes.LastIndexByte(text[:end-1], '\n') + 1
		if len(text)-at > mostBytes {
			break
		}
		end, lines = at, lines+1
	}
	return text[end:]
}

// lockPatience is how long another tcptune may take to write its record. port --kill does not hold the lock of the
// host.
const (
	lockPatience = 2 * time.Second
	lockPoll     = 10 * time.Millisecond
)

// lockFolder makes the folder of the file, and holds it. A link is refused: others than root may write to /var/log.
func lockFolder(h host.Host) (unlock func(), err error) {
	dir := path.Dir(File)
	if err := h.MkdirAll(dir); err != nil {
		return nil, err
	}
	if fi, err := h.Lstat(dir); err != nil || !fi.IsDir() {
		return nil, errors.Join(err, fmt.Errorf("%s is no folder", dir))
	}
	at, err := h.OSPath(dir)
	if err != nil {
		return nil, err
	}
	fd, err := unix.Open(at, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: dir, Err: err}
	}
	unlock = func() { _ = unix.Close(fd) }
	for deadline := time.Now().Add(lockPatience); ; time.Sleep(lockPoll) {
		err := unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			return unlock, nil
		}
		if !errors.Is(err, unix.EWOULDBLOCK) && !errors.Is(err, unix.EINTR) || time.Now().After(deadline) {
			unlock()
			return nil, fmt.Errorf("cannot lock %s: %w", dir, err)
		}
	}
}

// Read returns the records of the file, the newest first. The notes are about lines that are none.
func Read(h host.Host) (list []report.Record, notes []string, err error) {
	text, err := h.ReadFile(File)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("cannot read %s: %w", File, host.Cause(err))
	}
	lines := bytes.Split(bytes.TrimSuffix(text, []byte("\n")), []byte("\n"))
	for i := len(lines) - 1; i >= 0; i-- {
		var r report.Record
		if err := json.Unmarshal(lines[i], &r); err != nil || r.ID == "" || r.Changes == nil {
			notes = append(notes, fmt.Sprintf("line %d of %s is no record", i+1, File))
			continue
		}
		list = append(list, r)
	}
	return list, notes, nil
}
