package catalogue

import (
	"math/bits"
	"strconv"
	"strings"
)

// Scale is how the kernel sizes a default by memory at boot: bytes of memory / Per, rounded up to a power of two where
// the number is that of a hash table, kept between Min and Max.
type Scale struct {
	Per        int64 `yaml:"per"`
	PowerOfTwo bool  `yaml:"power_of_two"`
	Min        int64 `yaml:"min"`
	Max        int64 `yaml:"max"`
}

// Of is the number for a machine with memory bytes.
func (s Scale) Of(memory int64) int64 {
	n := memory / s.Per
	if s.PowerOfTwo && n > 1 {
		n = 1 << bits.Len64(uint64(n-1))
	}
	return min(max(n, s.Min), s.Max)
}

// exact reports whether memory, as /proc/meminfo gives it, is enough to know the number. The kernel computes with the
// pages that are free at that moment of its boot, which differ from MemTotal by a few per cent; where a sixteenth more
// or less makes no difference to the number, this does not matter.
func (s Scale) exact(memory int64) bool {
	return memory > 0 && s.Of(memory-memory/16) == s.Of(memory+memory/16)
}

// DefaultOn is the value that the kernel v starts with on a machine with memory bytes (MemTotal; 0 is unknown). It is
// not known where v is unknown or newer than the catalogue, where v has no such key, where the distribution or the
// service manager decides, and where it depends on memory in more detail than MemTotal tells.
func (k Key) DefaultOn(v KernelVersion, memory int64) (value string, known bool) {
	if !v.Known() || k.Reviewed.Less(v) || k.OnKernel(v) != nil {
		return "", false
	}
	d, ok := k.DefaultOf(v)
	switch {
	case !ok || d.Value == "" && d.By != "":
		return "", false
	case d.Scale.Per == 0:
		return k.Normal(d.Value), true
	case !d.Scale.exact(memory):
		return "", false
	}
	return d.scaled(memory), true
}

// DefaultOf is the entry for the kernel v; for an unknown or too new kernel it is the newest one.
func (k Key) DefaultOf(v KernelVersion) (d Default, ok bool) {
	for _, e := range k.Defaults {
		if !v.Known() || !v.Less(e.Since) {
			d, ok = e, true
		}
	}
	return d, ok
}

func (d Default) scaled(memory int64) string {
	return strings.ReplaceAll(d.Value, "$", strconv.FormatInt(d.Scale.Of(memory), 10))
}
