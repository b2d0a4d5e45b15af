// Command tcptune brings an Ubuntu host to the state that a high-concurrency TCP service needs, says why, and can take
// it back.
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
)

func main() {
	// Nothing here lives long enough to need the garbage collector, unless it is much.
	debug.SetGCPercent(-1)
	debug.SetMemoryLimit(128 << 20)
	// A closed terminal must not stop an apply half-way: SIGHUP rolls back like SIGINT and SIGTERM.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	code := run(ctx, os.Args, os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
