package main

import (
	"context"
	"fmt"
	"os"
)

func main() {
	text, err := generate(context.Background(), ".")
	if err != nil {
		fmt.Fprintf(os.Stderr, "copyright: %v\n", err)
		os.Exit(1)
	}
	fmt.Print(text)
}
