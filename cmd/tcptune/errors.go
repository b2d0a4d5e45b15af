package main

import (
	"os"
	"strings"

	"github.com/tcptune/tcptune/internal/report"
)

// describe turns an error into what a person and a program read, and the exit code. What needs root is told with the
// command to type.
func describe(err error) report.Error {
	e := report.Describe(err)
	if e.Code == report.NeedsRoot && e.Hint == "" {
		e.Hint = "run: " + asRoot(os.Args[1:])
	}
	return e
}

// asRoot is the command to type for running args as root.
func asRoot(args []string) string {
	words := []string{"sudo", "tcptune"}
	for _, a := range args {
		words = append(words, shellWord(a))
	}
	return strings.Join(words, " ")
}

// shellWord is a as one word for a shell.
func shellWord(a string) string {
	if strings.ContainsAny(a, " \t\n'\"\\$`*?[]{}()<>|&;~#!") || a == "" {
		return "'" + strings.ReplaceAll(a, "'", `'\''`) + "'"
	}
	return a
}
