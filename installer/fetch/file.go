package fetch

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/tcptune/tcptune/internal/host"
)

// file is where a toolchain comes from that needs no network: an archive of go.dev, or the zip of a module as
// [Config.Bundle] makes it.
type file struct {
	path  string
	proof proof
	h1    string            // of a zip
	notes map[string][]byte // of the checksum database about a zip
	env   GoEnv

	beside int64 // see [Config.Beside]
}

// recordsSuffix ends the name of the records that prove the zip of a module.
const recordsSuffix = ".sumdb.json"

// fileVersion reads off the name of the file what it should hold, and whether that is what was asked for.
func (c Config) fileVersion(w Wish, arch string) (Version, error) {
	// The names of go.dev/dl; the same with .zip for a module.
	form := regexp.MustCompile(`^(go[0-9][0-9.a-z]*)\.linux-([0-9a-z]+)\.(?:tar\.gz|zip)$`)
	m := form.FindStringSubmatch(filepath.Base(c.File))
	if m == nil {
		return Version{}, Fail(BadSetting, "keep the name that it has at go.dev/dl: go1.26.3.linux-amd64.tar.gz",
			"cannot tell from the name %s what is in it", filepath.Base(c.File))
	}
	v, err := ParseVersion(m[1])
	switch {
	case err != nil:
		return v, err
	case m[2] != arch:
		return v, Fail(NoBuild, "", "cannot use %s: this machine needs a build for %s", c.File, arch)
	case w != Wish{} && !w.Allows(v):
		return v, Fail(NoVersion, "", "cannot use %s for Go %s", c.File, w)
	}
	return v, nil
}

// FileThere is an error unless the file, if one is configured, can be read, and something is there that may prove it.
func (c Config) FileThere() error {
	if c.File == "" {
		return nil
	}
	in, err := host.OpenNamed(c.File)
	if err != nil {
		return Fail(BadSetting, "", "cannot read the archive").Because(err)
	}
	_, err = c.openFile()
	return errors.Join(err, in.Close())
}

// openFile collects what proves the file.
func (c Config) openFile() (fetcher, error) {
	f := file{path: c.File, env: c.Go, beside: c.Beside}
	sum, isSHA256 := strings.CutPrefix(c.FileSum, "sha256:")
	switch digest, err := hex.DecodeString(sum); {
	case c.FileSum == "":
	case strings.HasPrefix(c.FileSum, "h1:"):
		f.h1 = c.FileSum
	case err == nil && len(digest) == 32:
		f.proof.sha256 = strings.ToLower(sum)
	default:
		return nil, Fail(BadSetting, "it has 64 hexadecimal digits", "cannot take %q for a SHA-256", c.FileSum)
	}
	if strings.HasSuffix(c.File, ".zip") {
		return f, f.records(isSHA256 || f.proof.sha256 != "")
	}
	if f.h1 != "" {
		return nil, Fail(BadSetting, "", "cannot compare an archive with %q, which is the hash of a module", c.FileSum)
	}
	return f, c.signature(&f.proof)
}

// signature adds the signature, which is required when there is no sum.
func (c Config) signature(p *proof) error {
	name := c.FileSig
	if name == "" {
		name = c.File + ".asc"
	}
	signature, err := host.ReadNamed(name, host.Bound{Bytes: maxSignature, Of: "a signature"})
	switch {
	case c.FileSig == "" && errors.Is(err, fs.ErrNotExist) && p.sha256 != "":
		return nil
	case c.FileSig == "" && errors.Is(err, fs.ErrNotExist):
		e := unverified("there is no " + name + ", and no SHA-256 was given")
		e.Hint = "tcptune go bundle fetches both, on a host that has the network"
		return e
	case err != nil:
		return Fail(BadSetting, "", "cannot read the signature").Because(err)
	}
	p.signature = signature
	p.keys, err = c.keyring()
	return err
}

// records reads what the checksum database has said.
func (f *file) records(sha256 bool) error {
	if sha256 {
		return Fail(BadSetting, "", "cannot compare a module with a SHA-256: its hash begins with h1:")
	}
	if f.h1 != "" {
		return nil
	}
	data, err := host.ReadNamed(f.path+recordsSuffix, host.Bound{Bytes: 16 * maxRecord, Of: "a list of records"})
	if err == nil {
		err = json.Unmarshal(data, &f.notes)
	}
	if err != nil {
		e := unproven("there are no records of the checksum database beside it, and no hash was given")
		e.Hint = "tcptune go bundle fetches both, on a host that has the network"
		return e.Because(err)
	}
	return nil
}

func (f file) fetch(ctx context.Context, v Version, arch, dir string, show func(Progress)) (Origin, error) {
	in, err := host.OpenNamed(f.path)
	if err != nil {
		return Origin{}, Fail(BadSetting, "", "cannot read the archive").Because(err)
	}
	defer in.Close()
	fi, err := in.Stat()
	switch {
	case err != nil:
		return Origin{}, err
	case !fi.Mode().IsRegular() || fi.Size() > maxArchive:
		return Origin{}, Fail(BadSetting, "", "cannot use %s: it is no file, or larger than %d MB", f.path, maxArchive>>20)
	}
	need := share(fi.Size(), ofTar) + f.beside
	if strings.HasSuffix(f.path, ".zip") {
		need = share(fi.Size(), ofZip) + f.beside
	}
	if err := RequireSpace(filepath.Dir(dir), need); err != nil {
		return Origin{}, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var origin Origin
	if strings.HasSuffix(f.path, ".zip") {
		origin, err = f.unzip(ctx, in, fi.Size(), moduleVersion(v, arch), dir, show)
	} else {
		origin, err = f.proof.consume(ctx, cancel, counted(io.Reader(in), "file", fi.Size(), show), intoTree(dir, 0))
	}
	origin.Source, origin.URL = "file", f.path
	return origin, err
}

func (f file) unzip(ctx context.Context, in io.ReaderAt, size int64, version, dir string,
	show func(Progress),
) (Origin, error) {
	if f.h1 != "" {
		return Origin{Digest: f.h1, Verified: []string{"h1"}}, unpackProven(ctx, f.h1, in, size, version, dir, "file", show)
	}
	db, _, err := f.env.open()
	if err != nil {
		return Origin{}, err
	}
	db.remote = offline(f.notes)
	digest, err := unpackModule(ctx, db, in, size, version, dir, "file", show)
	return Origin{Digest: digest, Verified: []string{"checksum database " + db.name}}, err
}
