package main

import (
	"fmt"
	"os"
)

func main() {
	text, err := render()
	if err != nil {
		fmt.Fprintf(os.Stderr, "changes: %v\n", err)
		os.Exit(1)
	}
	fmt.Print(text)
}
