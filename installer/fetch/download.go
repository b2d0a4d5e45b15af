package fetch

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	openpgp "github.com/ProtonMail/go-crypto/openpgp/v2"

	"github.com/tcptune/tcptune/internal/report"
)

// download is the source of archives as of go.dev/dl.
type download struct {
	web      web
	base     string
	lists    lists
	partials string
	beside   int64              // see [Config.Beside]
	keys     openpgp.EntityList // nil: the sum in the release list is enough
}

func (c Config) download(base string) (source, error) {
	w, err := c.web()
	if err != nil {
		return nil, err
	}
	d := download{
		web: w, base: base, lists: lists{c.cache("lists")},
		partials: c.cache("partial"), beside: c.Beside,
	}
	if !c.ChecksumOnly {
		d.keys, err = c.keyring()
	}
	return d, err
}

// cache returns a folder below the one for what may be lost, or "" when nothing is to be kept.
func (c Config) cache(name string) string {
	if c.CacheDir == "" {
		return ""
	}
	return filepath.Join(c.CacheDir, name)
}

func (d download) list(ctx context.Context, fresh bool) ([]Version, error) {
	releases, err := d.releases(ctx, fresh)
	return versions(releases), err
}

func (d download) has(ctx context.Context, v Version, arch string) error {
	_, err := d.build(ctx, v, arch)
	return err
}

// build looks a release up. It may be younger than the list that was kept. A mirror may have no list, or one that is
// old or says too little: then it must have the signature, which proves the archive without a sum.
func (d download) build(ctx context.Context, v Version, arch string) (build, error) {
	var b build
	var err error
	for _, fresh := range []bool{false, true} {
		var releases []release
		if releases, err = d.releases(ctx, fresh); err != nil {
			break
		}
		if b, err = find(releases, v, arch); !report.Is(err, NoVersion) {
			break
		}
	}
	if d.keys != nil && (errors.Is(err, errNoList) || report.Is(err, NoVersion) || report.Is(err, NoBuild)) {
		return d.unlisted(ctx, v, arch, err)
	}
	return b, err
}

// unlisted is a build that the mirror has although its list does not tell, for which err is the reason.
func (d download) unlisted(ctx context.Context, v Version, arch string, err error) (build, error) {
	b := build{arch: arch, name: archiveName(v, arch)}
	signature, e := d.web.get(ctx, d.base+"/"+b.name+".asc", maxSignature)
	if ctx.Err() == nil && (e != nil || !isSignature(signature)) {
		return b, err
	}
	return b, e
}

// errUnsigned is that a mirror has no signature, which is no sign of a forgery: another one may have it.
var errUnsigned = errors.New("there is no signature")

// proof returns what an archive must be proven by: the sum in the release list, and the signature beside the archive.
func (d download) proof(ctx context.Context, b build) (proof, error) {
	p := proof{sha256: b.sha256, keys: d.keys}
	if d.keys == nil {
		return p, nil
	}
	signature, err := d.web.get(ctx, d.base+"/"+b.name+".asc", maxSignature)
	if gone(err) {
		e := unverified("").Because(fmt.Errorf("%w at %s", errUnsigned, redacted(d.base+"/"+b.name+".asc")))
		e.Hint = "a mirror's own sums prove nothing; --insecure-checksum-only takes them all the same"
		return p, e
	}
	p.signature = signature
	return p, err
}

func (d download) fetch(ctx context.Context, v Version, arch, dir string, show func(Progress)) (Origin, error) {
	return d.get(ctx, v, arch, filepath.Dir(dir), show, intoTree(dir, d.beside))
}

// get streams the archive of a release into a consumer and proves it on the way.
func (d download) get(ctx context.Context, v Version, arch, room string, show func(Progress),
	into consumer,
) (Origin, error) {
	b, err := d.build(ctx, v, arch)
	if err != nil {
		return Origin{}, err
	}
	proof, err := d.proof(ctx, b)
	if err != nil {
		return Origin{}, err
	}
	if err := RequireSpace(room, share(b.size, into.ratio)+into.beside); err != nil {
		return Origin{}, err
	}
	address := d.base + "/" + b.name
	for tries := 0; ; tries++ {
		origin, err := d.stream(ctx, address, b, proof, room, show, into)
		if !errors.Is(err, errChanged) {
			return origin, err
		}
		if tries == maxRetries {
			return origin, unreachable(address, err)
		}
		if err := into.reset(); err != nil {
			return Origin{}, err
		}
	}
}

func (d download) stream(ctx context.Context, address string, b build, proof proof, room string, show func(Progress),
	into consumer,
) (Origin, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	part := openPartial(d.partials, b.name, address)
	s, err := openStream(ctx, d.web, address, b.size, maxArchive, part)
	if err != nil {
		part.close()
		return Origin{}, err
	}
	if b.size == 0 { // nobody has said it before
		b.size = s.size
		if err := RequireSpace(room, share(b.size, into.ratio)+into.beside); err != nil {
			part.close()
			return Origin{}, errors.Join(err, s.Close())
		}
	}
	defer s.Close()
	origin, err := proof.consume(ctx, cancel, counted(s, Download, b.size, show), into)
	origin.Source, origin.URL = Download, redacted(address)
	if err == nil || report.Is(err, Unverified) || report.Is(err, UnknownSigner) || report.Is(err, BadArchive) {
		part.remove()
	} else {
		part.close()
	}
	return origin, err
}
