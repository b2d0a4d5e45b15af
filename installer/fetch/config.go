package fetch

import (
	"slices"
	"time"

	"github.com/tcptune/tcptune/internal/trail"
)

// The two ways to a toolchain, as tcptune.yaml and --source name them.
const (
	Download = "download" // archives as of go.dev/dl
	Module   = "module"   // golang.org/toolchain through a module proxy
)

// Config says where toolchains come from and what proves them. The zero value asks go.dev, and no proxy.
type Config struct {
	Sources []string // in this order; none: Download, then Module

	Base         string // of the archives; "": https://go.dev/dl; several, tried in this order, with commas between them
	Keyring      string // a file of OpenPGP keys, armoured or not, that may sign besides the one of go.dev
	ChecksumOnly bool   // take the word of the release list at Base for the SHA-256, without a signature

	Go GoEnv // where modules come from, and the checksum database

	// An archive on this host, instead of the sources: go1.26.3.linux-amd64.tar.gz. It is proven by FileSum, which is
	// "sha256:…" or its hexadecimal digits, or by the signature in FileSig, by default the name with ".asc".
	// A .zip, as [Config.Bundle] makes it from a module, is proven by FileSum "h1:…" or by the records that lie beside it.
	File, FileSum, FileSig string

	CacheDir string        // for lists, records and what is left of broken downloads; "": keep nothing
	CAFile   string        // PEM certificates that are trusted besides those of the system
	Beside   int64         // bytes that there must be room for besides a toolchain, where it is unpacked
	Trail    trail.Trail   // is told what is asked of servers
	Patience time.Duration // how long a source may be silent, or slower than 1 KiB/s; 0: 30 s
}

const (
	defaultBase     = "https://go.dev/dl"
	defaultPatience = 30 * time.Second
)

func (c Config) sources() []string {
	if len(c.Sources) == 0 {
		return []string{Download, Module}
	}
	return c.Sources
}

// Uses reports whether a way is among those that are tried.
func (c Config) Uses(source string) bool { return slices.Contains(c.sources(), source) }

// Progress is how far a download is.
type Progress struct {
	Source string // [Download], [Module] or the name of a file
	Phase  string // "download" or "unpack"; an archive is unpacked while it comes in
	Done   int64  // bytes
	Total  int64  // bytes, 0 when unknown
}

// Origin says where a toolchain came from and what proved it.
type Origin struct {
	Source   string    // [Download], [Module] or "file"
	URL      string    // without credentials; a path for a file
	Digest   string    // "sha256:…" of the archive, "h1:…" of the module
	Verified []string  // what was checked, for a person: "sha256", "signature by 32EE5355A6BC6E42", …
	Passed   []error   // why it did not come from the sources before
	Made     time.Time // when the release was made; zero where it does not say
}
