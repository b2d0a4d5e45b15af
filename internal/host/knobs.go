package host

import (
	"errors"
	"io/fs"
	"path"
	"strings"

	"golang.org/x/sys/unix"
)

// HasKnob reports whether the running kernel has the sysctl key. A folder of keys is none, and an image has no kernel.
func (h Host) HasKnob(key string) bool { return h.knobMode(key).IsRegular() }

// HasKnobsBelow reports whether key is a folder of keys of the running kernel.
func (h Host) HasKnobsBelow(key string) bool { return h.knobMode(key).IsDir() }

// WriteOnlyKnob reports whether the key takes values and has none to show, as net.ipv4.route.flush.
func (h Host) WriteOnlyKnob(key string) bool {
	mode := h.knobMode(key)
	return mode.IsRegular() && mode&0o444 == 0
}

// knobMode is fs.ModeIrregular for what is not there.
func (h Host) knobMode(key string) fs.FileMode {
	if !h.Live() {
		return fs.ModeIrregular
	}
	fd, err := openKnob(key, unix.O_PATH)
	if err != nil {
		return fs.ModeIrregular
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return fs.ModeIrregular
	}
	mode := fs.FileMode(st.Mode & 0o777)
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFREG:
		return mode
	case unix.S_IFDIR:
		return mode | fs.ModeDir
	}
	return mode | fs.ModeIrregular
}

// Knobs lists the sysctl keys of the running kernel that can be seen from here. It is empty on an image.
func (h Host) Knobs() ([]string, error) {
	if !h.Live() {
		return nil, nil
	}
	return h.knobsBelow("/proc/sys")
}

func (h Host) knobsBelow(folder string) (keys []string, err error) {
	f, err := h.open(folder, unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	entries, err := f.ReadDir(-1)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		p := path.Join(folder, e.Name())
		if !e.IsDir() {
			keys = append(keys, SwapSeparators(strings.TrimPrefix(p, "/proc/sys/")))
			continue
		}
		below, err := h.knobsBelow(p)
		switch {
		case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrPermission): // an interface that has gone; a folder of root's
		case err != nil:
			return nil, err
		}
		keys = append(keys, below...)
	}
	return keys, nil
}
