package fetch

import (
	"bytes"
	"context"
	_ "embed" // the keys of the databases
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"sync"

	"golang.org/x/mod/sumdb"
	"golang.org/x/mod/sumdb/note"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/report"
)

//go:embed databases.txt
var databases string

// defaultDatabase is what an empty GOSUMDB means to the go command.
const defaultDatabase = "sum.golang.org"

// maxRecord bounds an answer of a checksum database, in bytes: tiles have 8 KiB, records less than one.
const maxRecord = 1 << 20

// database is what golang.org/x/mod/sumdb, which verifies, needs from outside: https://go.dev/design/25530-sumdb.
type database struct {
	key    string
	name   string
	remote func(path string) ([]byte, error)
	dir    string // for tiles and the newest tree that was seen; "": keep nothing

	mu  sync.Mutex
	err error // the first of remote
}

// open returns the database that GOSUMDB names, whose keys are built in, or whose key GOSUMDB gives. The address is ""
// unless GOSUMDB or the list of databases gives one.
func (e GoEnv) open() (db *database, address string, err error) {
	if err := e.verifies(); err != nil {
		return nil, "", err
	}
	fields := strings.Fields(e.SumDB)
	if len(fields) == 0 {
		fields = []string{defaultDatabase}
	}
	for line := range strings.Lines(databases) {
		if known := strings.Fields(line); len(known) > 1 && known[0] == fields[0] {
			fields = append(known[1:], fields[1:]...)
			break
		}
	}
	verifier, err := note.NewVerifier(fields[0])
	if err != nil || strings.ContainsAny(verifier.Name(), "?#@:\\ ") || !fs.ValidPath(verifier.Name()) {
		return nil, "", Fail(NoDatabase, "it is a name or a key, and optionally an address", "cannot use GOSUMDB=%s", e.SumDB)
	}
	if len(fields) > 1 {
		address = strings.TrimRight(fields[len(fields)-1], "/")
	}
	return &database{key: fields[0], name: verifier.Name()}, address, nil
}

// lookup returns the proven "h1:…" of a version of golang.org/toolchain.
func (d *database) lookup(version string) (string, error) {
	lines, err := sumdb.NewClient(d).Lookup(toolchainModule, version)
	if err != nil {
		d.mu.Lock()
		defer d.mu.Unlock()
		switch {
		case errors.Is(err, sumdb.ErrSecurity) || d.err == nil:
			return "", unproven("the checksum database %s is not to be trusted", d.name).Because(err)
		case gone(d.err):
			return "", unproven("the checksum database %s does not know it", d.name)
		}
		return "", d.err
	}
	var sums []string
	for _, line := range lines {
		f := strings.Fields(line)
		if len(f) == 3 && f[0] == toolchainModule && f[1] == version && strings.HasPrefix(f[2], "h1:") {
			sums = append(sums, f[2])
		}
	}
	if len(sums) != 1 {
		return "", unproven("the checksum database %s has %d sums for it", d.name, len(sums))
	}
	return sums[0], nil
}

func unproven(format string, args ...any) *report.Error {
	return Fail(Unverified, "nothing was installed", "cannot verify the module "+toolchainModule+": "+format, args...)
}

// ReadRemote asks the server.
func (d *database) ReadRemote(path string) ([]byte, error) {
	data, err := d.remote(path)
	if err != nil {
		d.mu.Lock()
		defer d.mu.Unlock()
		if d.err == nil {
			d.err = err
		}
	}
	return data, err
}

// ReadConfig returns the key, or the newest tree that was seen.
func (d *database) ReadConfig(file string) ([]byte, error) {
	if file == "key" {
		return []byte(d.key), nil
	}
	data, err := d.ReadCache(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return data, err
}

// WriteConfig remembers the newest tree. Two processes at once may leave the older one of theirs: it is as true.
func (d *database) WriteConfig(file string, old, data []byte) error {
	was, err := d.ReadConfig(file)
	if err != nil {
		return err
	}
	if d.dir != "" && !bytes.Equal(was, old) {
		return sumdb.ErrWriteConflict
	}
	d.WriteCache(file, data)
	return nil
}

// ReadCache returns what WriteCache has kept.
func (d *database) ReadCache(file string) ([]byte, error) {
	if d.dir == "" {
		return nil, fs.ErrNotExist
	}
	return host.ReadNamed(
		filepath.Join(d.dir, filepath.FromSlash(file)),
		host.Bound{Bytes: 1 << 20, Of: "a record of the checksum database"},
	)
}

// WriteCache keeps a tile or a record. They are verified again when they are read.
func (d *database) WriteCache(file string, data []byte) {
	if d.dir != "" {
		_ = keep(filepath.Join(d.dir, filepath.FromSlash(file)), data)
	}
}

// Log drops what the client would tell a developer.
func (*database) Log(string) {}

// SecurityError needs to do nothing: the client returns [sumdb.ErrSecurity] as well.
func (*database) SecurityError(string) {}

// database returns the checksum database. It is asked through the first proxy that offers that, as the protocol wants,
// and directly when none does.
func (m modules) database(ctx context.Context) (*database, error) {
	db, address, err := m.env.open()
	if err != nil {
		return nil, err
	}
	db.dir = m.sumDir
	base := sync.OnceValues(func() (string, error) {
		if address != "" {
			return address, nil
		}
		found := "https://" + db.name
		err := tryProxies(ctx, m.proxies, func(proxy string) error {
			through := proxy + "/sumdb/" + db.name
			if _, err := m.web.get(ctx, through+"/supported", maxRecord); err != nil {
				return err
			}
			found = through
			return nil
		})
		if gone(err) || len(m.proxies) > 0 && m.proxies[len(m.proxies)-1].anyError && report.Is(err, Unreachable) {
			err = nil
		}
		return found, err
	})
	db.remote = func(path string) ([]byte, error) {
		base, err := base()
		if err != nil {
			return nil, err
		}
		data, err := m.web.get(ctx, base+path, maxRecord)
		if err == nil && len(data) == 0 {
			err = unproven("the checksum database %s gives an empty answer", db.name)
		}
		return data, err
	}
	return db, nil
}

// record returns a database that notes what the other one was told, and offline one that has only the notes to tell.
func (d *database) record(notes map[string][]byte) {
	ask, mu := d.remote, new(sync.Mutex)
	d.dir = "" // whatever it knows already must be told once more
	d.remote = func(path string) ([]byte, error) {
		data, err := ask(path)
		if err == nil {
			mu.Lock()
			defer mu.Unlock()
			notes[path] = data
		}
		return data, err
	}
}

func offline(notes map[string][]byte) func(string) ([]byte, error) {
	return func(path string) ([]byte, error) {
		data, ok := notes[path]
		if !ok {
			return nil, unproven("the records beside it lack %s", path)
		}
		return data, nil
	}
}

var _ sumdb.ClientOps = (*database)(nil)

// moduleVersion returns the version of golang.org/toolchain that holds a release. It goes by GOARCH, which is arm where
// go.dev/dl says armv6l.
func moduleVersion(v Version, arch string) string {
	return fmt.Sprintf("v0.0.1-%s.linux-%s", v.Toolchain(), strings.TrimSuffix(arch, "v6l"))
}
