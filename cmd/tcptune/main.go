// Command tcptune brings an Ubuntu host to the state that a high-concurrency TCP service needs, says why, and can take
// it back.
package main

import (
	"fmt"
	"os"
	"runtime/debug"

	"github.com/tcptune/tcptune/internal/provision"
	"github.com/tcptune/tcptune/internal/report"
)

func main() {
	// Nothing here lives long enough to need the garbage collector, unless it is much.
	debug.SetGCPercent(-1)
	debug.SetMemoryLimit(40 << 20)
	defer func() {
		if p := recover(); p != nil { // by itself Go ends with 2, which means "not as wanted"
			fmt.Fprintf(os.Stderr, "tcptune: this is a defect of tcptune: %v\n%s", p, debug.Stack())
			os.Exit(report.ExitFailed)
		}
	}()
	os.Args = append(os.Args[:1:1], provision.HideSecrets(os.Args[1:])...)
	os.Exit(run(interruptible(), os.Args, os.Stdin, os.Stdout, os.Stderr))
}
