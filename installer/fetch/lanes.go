package fetch

import (
	"context"
	"io"

	"golang.org/x/sync/errgroup"
)

const (
	chunkSize  = 128 << 10 // bytes
	laneChunks = 16        // how far one lane may be behind another one
)

// lanes reads src once and gives every chunk to each of the readers, which run side by side: the hash, the signature
// and the unpacking of an archive each get a core when there is one. Each must read to the end of src. The first error
// ends all of them and is returned; it cancels ctx, which src should depend on as well, so that nobody waits for the
// network.
func lanes(ctx context.Context, cancel context.CancelCauseFunc, src io.Reader, readers ...func(io.Reader) error) error {
	var group errgroup.Group
	start := func(run func() error) {
		group.Go(func() error {
			err := run()
			if err != nil {
				cancel(err)
			}
			return err
		})
	}
	var ins []chan []byte
	for _, read := range readers {
		in := make(chan []byte, laneChunks)
		ins = append(ins, in)
		start(func() error { return read(&lane{ctx: ctx, in: in}) })
	}
	start(func() error {
		for {
			chunk := make([]byte, chunkSize) // shared by all lanes, so it is not used again
			n, err := io.ReadFull(src, chunk)
			for _, in := range ins {
				select {
				case in <- chunk[:n]:
				case <-ctx.Done():
					return context.Cause(ctx)
				}
			}
			switch err {
			case nil:
			case io.EOF, io.ErrUnexpectedEOF:
				for _, in := range ins {
					close(in)
				}
				return nil
			default:
				return err
			}
		}
	})
	return group.Wait()
}

// lane is one reader's share.
type lane struct {
	ctx  context.Context
	in   <-chan []byte
	left []byte
}

func (l *lane) Read(p []byte) (int, error) {
	for len(l.left) == 0 {
		select {
		case chunk, ok := <-l.in:
			if !ok {
				return 0, io.EOF
			}
			l.left = chunk
		case <-l.ctx.Done():
			return 0, context.Cause(l.ctx)
		}
	}
	n := copy(p, l.left)
	l.left = l.left[n:]
	return n, nil
}
