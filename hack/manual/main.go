package main

import (
	"context"
	"fmt"
	"os"
)

func main() {
	out := "docs/man"
	if len(os.Args) > 1 {
		out = os.Args[1]
	}
	if err := generate(context.Background(), ".", out); err != nil {
		fmt.Fprintf(os.Stderr, "manual: %v\n", err)
		os.Exit(1)
	}
}
