package pool_test

import (
	"context"
	"net"
	"testing"

	"github.com/tcptune/tcptune/server/pool"
)

// exchange sends 64 bytes and reads as many, without allocating.
func exchange() func(*pool.Conn) error {
	buffer := frame(string(make([]byte, 60)))
	return func(c *pool.Conn) error {
		if _, err := c.Write(buffer); err != nil {
			return err
		}
		for n := 0; n < len(buffer); {
			m, err := c.Read(buffer[n:])
			if err != nil {
				return err
			}
			n += m
		}
		return nil
	}
}

// back sends what it reads.
func back(c net.Conn) {
	for p := make([]byte, 4096); ; {
		n, err := c.Read(p)
		if err != nil {
			return
		}
		if _, err := c.Write(p[:n]); err != nil {
			return
		}
	}
}

func BenchmarkDo(b *testing.B) {
	for name, ctx := range map[string]context.Context{
		"cancellable": b.Context(),
		"endless":     context.WithoutCancel(b.Context()),
	} {
		b.Run(name, func(b *testing.B) {
			p := newPool(b, pool.Config{}, listen(b, back).address())
			ask := exchange()
			b.ReportAllocs()
			for b.Loop() {
				if err := p.Do(ctx, ask); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func TestReuseAllocatesNothing(t *testing.T) {
	ctx, ask := context.WithoutCancel(t.Context()), exchange()
	p := newPool(t, pool.Config{}, listen(t, back).address())
	if n := testing.AllocsPerRun(1000, func() {
		if err := p.Do(ctx, ask); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("an exchange allocates %v times", n)
	}
}
