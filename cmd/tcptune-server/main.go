// Command tcptune-server is the bundled TCP server: package server with its limits on the command line, its sockets
// from systemd and its health on a second socket. It needs no privileges, and starts no program.
package main

import (
	"context"
	"io"
	"os"
)

// version is set by the linker.
var version = "0.0.0+unknown"

func main() {
	os.Exit(run(context.Background(), os.Args[1:], os.Environ(), os.Stdout, os.Stderr))
}

// run is the whole program, and returns its exit code.
func run(ctx context.Context, args, environ []string, stdout, stderr io.Writer) int {
	o, code := readOptions(args, environ, stdout, stderr)
	if code >= 0 {
		return code
	}
	if o.checkOnly {
		return check(o, environ, stdout, stderr)
	}
	return serve(ctx, o, environ, stderr)
}
