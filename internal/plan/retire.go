package plan

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io/fs"

	"github.com/tcptune/tcptune/internal/host"
)

// RetiredAs is where a file is kept that was moved aside from p: in the same folder, under a name that no tool of sysctl
// reads and that an operator sees.
func RetiredAs(p string) string { return p + ".before-tcptune" }

// DigestOf is the value of a file that may be moved aside.
func DigestOf(data []byte) string { return fmt.Sprintf("sha256:%x", sha256.Sum256(data)) }

// retireEffect moves a file of somebody else aside, and back. It is one rename(2) each way: the content, mode, owner,
// times and extended attributes of the file are not touched, and it is never in both places, nor in none.
type retireEffect struct {
	whole
	h host.Host
}

func (r retireEffect) observe(ctx context.Context, p string) (*string, error) {
	text, err := fileEffect{h: r.h}.observe(ctx, p)
	if text == nil || err != nil {
		return nil, err
	}
	digest := DigestOf([]byte(*text))
	return &digest, nil
}

func (r retireEffect) write(ctx context.Context, p string, value *string, _ fs.FileMode) error {
	if value == nil {
		return r.h.Rename(p, RetiredAs(p))
	}
	kept, err := r.observe(ctx, RetiredAs(p))
	if err != nil {
		return err
	}
	if !equal(kept, value) {
		return fmt.Errorf("%s is not the file any more that was moved there", RetiredAs(p))
	}
	return r.h.Rename(RetiredAs(p), p)
}
