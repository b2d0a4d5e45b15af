package main

import (
	"context"
	"fmt"
	"os"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: completion DIR")
		os.Exit(64)
	}
	if err := generate(context.Background(), os.Args[1]); err != nil {
		fmt.Fprintf(os.Stderr, "completion: %v\n", err)
		os.Exit(1)
	}
}
