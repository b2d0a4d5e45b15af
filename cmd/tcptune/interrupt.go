package main

import (
	"context"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"
)

// sessionsOpen counts what must not be ended half-way.
var sessionsOpen atomic.Int32

// endLimit is how long a command may take to end by itself after a signal.
const endLimit = 3 * time.Second

// interruptible returns a context that SIGINT, SIGTERM and SIGHUP end. A command that changes the host rolls back then,
// however long that takes: a closed terminal must not stop an apply half-way. Any other is ended by the signal where it
// does not end by itself, since it computes, or waits for a pipe.
func interruptible() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 1)
	for _, sig := range []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP} {
		if !signal.Ignored(sig) { // nohup(1), or a job in the background of a script
			signal.Notify(signals, sig)
		}
	}
	go func() {
		sig := <-signals
		cancel()
		for busy := true; busy; { // after the end of a session, what it did is still to be said
			busy = sessionsOpen.Load() > 0
			time.Sleep(endLimit)
			busy = busy || sessionsOpen.Load() > 0
		}
		signal.Reset(sig)
		if number, ok := sig.(syscall.Signal); ok {
			_ = syscall.Kill(os.Getpid(), number)
		}
	}()
	return ctx
}
