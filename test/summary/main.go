// Command summary reads the output of go test -json and says what a person wants to know of it: a line for each package
// as it ends, at the end every failure in full, every skipped test with its reason, and the counts.
//
//	go test -json ./... | summary
//
// It exits 1 when a test failed, when a package could not be built or ended early, and when no test ran at all.
package main

import (
	"fmt"
	"io"
	"os"
)

func main() {
	os.Exit(run(os.Stdin, os.Stdout))
}

func run(in io.Reader, out io.Writer) int {
	r := newRecord()
	if err := r.read(in, out); err != nil {
		fmt.Fprintf(out, "summary: cannot read the test events: %v\n", err)
		return 1
	}
	return r.conclude(out)
}
