// Package mirror is a server of Go releases as go.dev/dl is one, for tests and for the bench: the release list, the
// archives with their sums, and signatures by a key that was made a moment ago.
package mirror

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Archive is a build of a release for Linux.
type Archive struct {
	Version   string // "go1.26.3"
	Arch      string // as in the release list: "amd64", "armv6l"
	Data      []byte // of the .tar.gz
	Signature []byte // of the .asc; nil: there is none
}

// Name is what the archive is called: "go1.26.3.linux-amd64.tar.gz".
func (a Archive) Name() string { return fmt.Sprintf("%s.linux-%s.tar.gz", a.Version, a.Arch) }

// List returns the release list of these archives, in the layout of go.dev/dl/?mode=json.
func List(archives ...Archive) []byte {
	type file struct {
		Filename string `json:"filename"`
		OS       string `json:"os"`
		Arch     string `json:"arch"`
		Version  string `json:"version"`
		SHA256   string `json:"sha256"`
		Size     int    `json:"size"`
		Kind     string `json:"kind"`
	}
	type release struct {
		Version string `json:"version"`
		Stable  bool   `json:"stable"`
		Files   []file `json:"files"`
	}
	var list []*release
	byVersion := map[string]*release{}
	for _, a := range archives {
		r := byVersion[a.Version]
		if r == nil {
			r = &release{Version: a.Version, Stable: !strings.ContainsAny(a.Version[2:], "bc")}
			r.Files = []file{{a.Version + ".src.tar.gz", "", "", a.Version, strings.Repeat("0", 64), 1, "source"}}
			byVersion[a.Version] = r
			list = append(list, r)
		}
		r.Files = append(
			r.Files,
			file{a.Name(), "linux", a.Arch, a.Version, fmt.Sprintf("%x", sha256.Sum256(a.Data)), len(a.Data), "archive"},
		)
	}
	data, err := json.MarshalIndent(list, "", " ")
	if err != nil {
		panic(err) // of strings and numbers: it cannot
	}
	return data
}

// Handler serves archives below /dl, with ranges and entity tags as go.dev's storage does.
func Handler(archives ...Archive) http.Handler {
	mux := http.NewServeMux()
	list := List(archives...)
	mux.HandleFunc("GET /dl/{$}", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.RawQuery != "mode=json&include=all" {
			http.Redirect(w, r, "/elsewhere", http.StatusFound)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(list)
	})
	for _, a := range archives {
		serve(mux, "GET /dl/"+a.Name(), "application/gzip", a.Data)
		if a.Signature != nil {
			serve(mux, "GET /dl/"+a.Name()+".asc", "text/plain; charset=utf-8", a.Signature)
		}
	}
	return mux
}

func serve(mux *http.ServeMux, pattern, kind string, data []byte) {
	tag := fmt.Sprintf(`"%x"`, sha256.Sum256(data))
	mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", kind)
		w.Header().Set("ETag", tag)
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
	})
}
