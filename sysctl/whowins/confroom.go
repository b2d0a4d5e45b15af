package whowins

import (
	"bytes"
	"fmt"
	"iter"
	"strings"

	"github.com/tcptune/tcptune/internal/host"
)

// What the files of one tool can sensibly be together. The work grows with the lines times the keys that are asked
// about; what "sysctl -a" of a host prints comes to half of that. A file that no longer fits is not read, and what it
// sets is not known.
const (
	maxLines     = 4_000 // every 64 bytes of a key count as one
	maxWildcards = 500   // each alternative in braces counts, and every 256 bytes
	maxFiles     = 2_048
)

// together bounds the bytes of all files that are read, each of which host.Host bounds by itself.
func together() host.Bound { return host.Bound{Bytes: 4 << 20, Of: "all files of sysctl together"} }

// fitting are those of the files of one tool that there is room for. The others are reported.
func (c *confReader) fitting(files []string) iter.Seq[string] {
	return func(use func(string) bool) {
		left := room{maxLines, maxWildcards}
		for _, p := range files {
			if tooMany := left.take(c.open(p).data); tooMany != "" {
				c.add(Problem{Origin: Origin{File: p}, Text: tooMany, Unread: true})
			} else if !use(p) {
				return
			}
		}
	}
}

// room is what is left of the bounds for the files of one tool.
type room struct{ lines, wildcards int }

// take makes room for the text of a file, and says what there is too much of where it does not fit.
func (r *room) take(data []byte) (tooMany string) {
	lines, wildcards := weigh(data)
	switch {
	case lines > r.lines:
		return fmt.Sprintf("cannot read: more than the %d lines that all files of sysctl together can have", maxLines)
	case wildcards > r.wildcards:
		return fmt.Sprintf("cannot read: more than the %d wildcards that all files of sysctl together can have", maxWildcards)
	}
	r.lines -= lines
	r.wildcards -= wildcards
	return ""
}

// weigh counts the lines of a file, as the tool counts them that sees the most, and the wildcards in their keys.
func weigh(data []byte) (lines, wildcards int) {
	for len(data) > 0 {
		end := bytes.IndexAny(data, "\n\r\x00")
		line := data
		if end < 0 {
			data = nil
		} else {
			line, data = data[:end], data[end+1:]
		}
		lines++
		if line = bytes.TrimSpace(line); len(line) == 0 || line[0] == '#' || line[0] == ';' {
			continue
		}
		key, _, _ := bytes.Cut(line, []byte("="))
		lines += len(key) / 64
		if bytes.ContainsAny(key, globChars) {
			wildcards += alternatives(string(key)) + len(key)/256
		}
	}
	return lines, wildcards
}

// maxAlternatives bounds the work of [braces], which doubles with each pair.
const maxAlternatives = 1 << 8

// alternatives is at least the number of patterns that [braces] makes of one.
func alternatives(pattern string) int {
	all := 1
	for group := range strings.SplitSeq(pattern, "{") {
		if all *= 1 + strings.Count(group, ","); all > maxAlternatives {
			return maxWildcards + 1
		}
	}
	return all
}
