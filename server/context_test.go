package server

import (
	"context"
	"errors"
	"net"
	"runtime"
	"testing"
	"time"
)

// waitsFor serves connections that wait for their context to end, and sends what that is to seen.
func waitsFor(seen chan<- context.Context) streamFunc {
	return func(ctx context.Context, _ net.Conn) error {
		seen <- ctx
		<-ctx.Done()
		return ctx.Err()
	}
}

func TestTheContextOfAStreamEndsWithTheReason(t *testing.T) {
	for name, tt := range map[string]struct {
		limits Limits
		end    func(*room)
		why    Reason
	}{
		"a drain":         {end: func(r *room) { r.shutdown(patience) }, why: Drained},
		"Close":           {end: func(r *room) { r.shut() }, why: DrainTimeout},
		"a limit of time": {limits: Limits{TotalTimeout: 50 * time.Millisecond}, end: func(*room) {}, why: Total},
	} {
		t.Run(name, func(t *testing.T) {
			seen := make(chan context.Context, 1)
			r := open(t, Config{Handler: waitsFor(seen), Limits: tt.limits})
			c := r.dial()
			ctx := <-seen
			tt.end(r)
			<-ctx.Done()
			if err := ctx.Err(); !errors.Is(err, context.Canceled) {
				t.Errorf("Err is %v, want context.Canceled", err)
			}
			if cause := context.Cause(ctx); !errors.Is(cause, tt.why) {
				t.Errorf("the cause is %v, want %v", cause, tt.why)
			}
			r.ended(tt.why, 1)
			c.isCut()
		})
	}
}

func TestTheContextOfAStreamEndsWithItsConnection(t *testing.T) {
	seen := make(chan context.Context, 1)
	r := open(t, Config{Handler: streamFunc(func(ctx context.Context, _ net.Conn) error {
		seen <- ctx
		return nil
	})})
	r.dial().ends("")
	ctx := <-seen
	<-ctx.Done()
	if cause := context.Cause(ctx); !errors.Is(cause, ClientClosed) {
		t.Errorf("the cause is %v, want %v", cause, ClientClosed)
	}
}

func TestAContextDerivedFromThatOfAStreamCostsNoGoroutine(t *testing.T) {
	const derived = 1000
	seen := make(chan context.Context, 1)
	r := open(t, Config{Handler: waitsFor(seen)})
	c := r.dial()
	ctx := <-seen
	before := runtime.NumGoroutine()
	var all []context.Context
	for range derived {
		limited, cancel := context.WithTimeout(ctx, time.Hour)
		defer cancel()
		cancellable, cancel := context.WithCancel(limited)
		defer cancel()
		all = append(all, cancellable)
	}
	// The server's own goroutines come and go.
	if grown := runtime.NumGoroutine() - before; grown > derived/10 {
		t.Errorf("%d contexts cost %d goroutines", 2*derived, grown)
	}
	r.shutdown(patience)
	for _, one := range all {
		<-one.Done()
		if err, cause := one.Err(), context.Cause(one); !errors.Is(err, context.Canceled) || !errors.Is(cause, Drained) {
			t.Fatalf("a derived one ends with %v, and the cause %v", err, cause)
		}
	}
	c.isCut()
}

func TestBaseContextIsWhereContextsComeFrom(t *testing.T) {
	type key struct{}
	seen := make(chan context.Context, 1)
	l := listen(t)
	base, end := context.WithCancelCause(context.WithValue(t.Context(), key{}, "value"))
	r := openOn(t, Config{
		Handler: waitsFor(seen),
		BaseContext: func(got net.Listener) context.Context {
			if got != l {
				t.Errorf("it is asked about %v, want what is served, %v", got, l)
			}
			return base
		},
	}, l)
	c := r.dial()
	ctx := <-seen
	if got := ctx.Value(key{}); got != "value" {
		t.Errorf("the value is %v", got)
	}
	end(errors.ErrUnsupported)
	<-ctx.Done()
	if cause := context.Cause(ctx); !errors.Is(cause, errors.ErrUnsupported) {
		t.Errorf("the cause is %v", cause)
	}
	c.isCut()
	r.ended(Broken, 1)
	again := r.dial() // the end of a base context is not that of the server
	<-seen
	again.isCut()
}

func TestWithoutABaseContextNobodyIsServed(t *testing.T) {
	s, err := New(Config{
		Handler: Messages(echo{}), Limits: DefaultLimits(),
		BaseContext: func(net.Listener) context.Context { return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	l := listen(t)
	if err := s.Serve(l); err == nil || errors.Is(err, ErrServerClosed) {
		t.Errorf("Serve returns %v", err)
	}
	if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("its listener is still open: %v", err)
	}
}
