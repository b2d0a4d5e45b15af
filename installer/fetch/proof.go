package fetch

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"

	openpgp "github.com/ProtonMail/go-crypto/openpgp/v2"

	"github.com/tcptune/tcptune/internal/report"
)

// proof is what makes an archive one of Go: a sum from a trusted place, a signature, or both.
type proof struct {
	sha256    string             // hexadecimal; "": not known
	signature []byte             // nil: none
	keys      openpgp.EntityList // that may have signed
}

// consumer is where an archive goes while nobody knows yet whether it is one.
type consumer struct {
	take   func(ctx context.Context, src io.Reader) error // reads src to its end
	reset  func() error                                   // undoes take, so that it can begin again
	ratio  int64                                          // hundredths: bytes on disk for those of the archive
	beside int64                                          // bytes, see [Config.Beside]
}

func intoTree(dir string, beside int64) consumer {
	return consumer{
		take:  func(ctx context.Context, src io.Reader) error { return untar(ctx, src, dir) },
		reset: func() error { return os.RemoveAll(dir) },
		ratio: ofTar, beside: beside,
	}
}

// consume gives src to the consumer, computes its sum and checks its signature at the same time, and is an error unless
// all of them agree. Whether an archive was tampered with is worth more than what is odd about it: after [BadArchive]
// the rest is read for the proof alone. An error cancels ctx, see [lanes].
func (p proof) consume(ctx context.Context, cancel context.CancelCauseFunc, src io.Reader,
	into consumer,
) (Origin, error) {
	if p.sha256 == "" && p.signature == nil {
		return Origin{}, unverified("there is neither a sum nor a signature for it")
	}
	sum := sha256.New()
	var odd, unsigned error
	var signer string
	readers := []func(io.Reader) error{
		func(r io.Reader) error {
			_, err := io.Copy(sum, r)
			return err
		},
		func(r io.Reader) error {
			err := into.take(ctx, r)
			if !report.Is(err, BadArchive) {
				return err
			}
			odd = err
			_, err = io.Copy(io.Discard, r)
			return err
		},
	}
	if p.signature != nil {
		readers = append(readers, func(r io.Reader) (err error) {
			signer, err = checkSignature(p.keys, p.signature, r)
			if report.Is(err, Unverified) { // the sum says more, if it is wrong as well
				unsigned = err
				_, err = io.Copy(io.Discard, r)
			}
			return err
		})
	}
	if err := lanes(ctx, cancel, src, readers...); err != nil {
		return Origin{}, err
	}
	got := hex.EncodeToString(sum.Sum(nil))
	if p.sha256 != "" && got != p.sha256 {
		return Origin{}, unverified(fmt.Sprintf("its SHA-256 is %s, and should be %s", got, p.sha256))
	}
	if unsigned != nil {
		return Origin{}, unsigned
	}
	origin := Origin{Digest: "sha256:" + got}
	if p.sha256 != "" {
		origin.Verified = append(origin.Verified, "sha256")
	}
	if p.signature != nil {
		origin.Verified = append(origin.Verified, "signature by "+signer)
	}
	return origin, odd
}

// counted reports how far a reader is.
func counted(src io.Reader, source string, total int64, show func(Progress)) io.Reader {
	return &counter{src: src, now: Progress{Source: source, Phase: "download", Total: total}, show: show}
}

type counter struct {
	src  io.Reader
	now  Progress
	show func(Progress)
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.src.Read(p)
	c.now.Done += int64(n)
	c.show(c.now)
	return n, err
}
