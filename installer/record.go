package installer

import (
	"fmt"
	"path"
	"strings"

	"github.com/tcptune/tcptune/installer/fetch"
	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/plan"
)

// record is what a tree says of itself, in [plan.TreeRecord].
type record struct {
	value  string // release and platform: "go1.26.3 linux/amd64"
	origin fetch.Origin
	files  string // "sha256:…" of the list of its files; "" where there is none, as of a tool
}

// text is for people, too: a line for each thing.
func (r record) text() []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\nsource: %s\nurl: %s\ndigest: %s\n", r.value, r.origin.Source, r.origin.URL, r.origin.Digest)
	for _, v := range r.origin.Verified {
		fmt.Fprintf(&b, "verified: %s\n", v)
	}
	if r.files != "" {
		fmt.Fprintf(&b, "files: %s\n", r.files)
	}
	return []byte(b.String())
}

// readRecord reads the record of the tree at p. A tree without one is fs.ErrNotExist.
func readRecord(h host.Host, p string) (r record, err error) {
	text, err := h.ReadFile(path.Join(p, plan.TreeRecord))
	if err != nil {
		return r, err
	}
	var rest string
	r.value, rest, _ = strings.Cut(string(text), "\n")
	for line := range strings.Lines(rest) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		switch name {
		case "source":
			r.origin.Source = value
		case "url":
			r.origin.URL = value
		case "digest":
			r.origin.Digest = value
		case "files":
			r.files = value
		case "verified":
			r.origin.Verified = append(r.origin.Verified, value)
		}
	}
	return r, nil
}
