package fetch

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/internal/host"
)

// partialLife is how long what is left of a broken download is kept.
const partialLife = 7 * 24 * time.Hour

// partial is the beginning of a file that is being downloaded, with what is needed to ask for the rest of it. A nil
// *partial keeps nothing, and so does one whose disk has run full: resuming is a comfort, no need.
type partial struct {
	file *os.File
	mark partialMark
	size int64 // bytes that are there
}

// partialMark lies beside the file. Without it nobody could tell whether the server still has the same file.
type partialMark struct {
	URL       string `json:"url"`
	Validator string `json:"validator"` // an entity tag or a date, for If-Range (RFC 9110, 13.1.5)
}

// openPartial returns what is left of a download, perhaps nothing. It is nil when another process is at it or the
// folder cannot be used.
func openPartial(dir, name, url string) *partial {
	if dir == "" || os.MkdirAll(dir, 0o755) != nil {
		return nil
	}
	sweep(dir)
	at := filepath.Join(dir, name+".part")
	if fi, err := os.Lstat(at); err == nil && !fi.Mode().IsRegular() {
		return nil
	}
	f, err := os.OpenFile(at, os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0o600)
	if err != nil {
		return nil
	}
	if unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) != nil {
		_ = f.Close()
		return nil
	}
	p := &partial{file: f}
	data, err := host.ReadNamed(p.markFile(), host.Bound{Bytes: 64 << 10, Of: "the record of a download"})
	if err == nil && json.Unmarshal(data, &p.mark) == nil && p.mark.URL == url && p.mark.Validator != "" {
		if fi, err := f.Stat(); err == nil {
			p.size = fi.Size()
			return p
		}
	}
	p.restart("")
	p.mark.URL = url
	return p
}

func (p *partial) markFile() string { return p.file.Name() + ".json" }

// sweep removes what nobody came back for.
func sweep(dir string) {
	files, _ := filepath.Glob(filepath.Join(dir, "*.part"))
	for _, file := range files {
		if fi, err := os.Stat(file); err == nil && time.Since(fi.ModTime()) > partialLife {
			_ = os.Remove(file)
			_ = os.Remove(file + ".json")
		}
	}
}

// restart forgets what is there. What comes next belongs to this validator; without one it cannot be kept.
func (p *partial) restart(validator string) {
	if p == nil {
		return
	}
	p.size, p.mark.Validator = 0, validator
	_ = os.Remove(p.markFile())
	if p.file.Truncate(0) != nil {
		p.mark.Validator = ""
	}
	if validator == "" {
		return
	}
	data, err := json.Marshal(p.mark)
	if err != nil || keep(p.markFile(), data) != nil {
		p.mark.Validator = ""
	}
}

// append adds what was received.
func (p *partial) append(data []byte) {
	if p == nil || p.mark.Validator == "" {
		return
	}
	n, err := p.file.WriteAt(data, p.size)
	p.size += int64(n)
	if err != nil {
		p.restart("")
	}
}

// content reads what is there.
func (p *partial) content() io.Reader { return io.NewSectionReader(p.file, 0, p.size) }

// close leaves for the next time what may be of use then.
func (p *partial) close() {
	if p == nil {
		return
	}
	if p.size == 0 || p.mark.Validator == "" {
		p.remove()
		return
	}
	_ = p.file.Close()
}

// remove leaves nothing: the download is complete, or proven bad.
func (p *partial) remove() {
	if p == nil {
		return
	}
	_ = os.Remove(p.markFile())
	_ = os.Remove(p.file.Name())
	_ = p.file.Close()
}
