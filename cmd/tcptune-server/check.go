package main

import (
	"fmt"
	"io"
)

// check says whether serve would come to listen with these options: it does all that serve does but open sockets.
func check(o options, environ []string, stdout, stderr io.Writer) int {
	s, code := prepared(o, environ, stderr)
	if code >= 0 {
		return code
	}
	if s.pool != nil {
		s.pool.Close()
	}
	fmt.Fprintln(stdout, "tcptune-server: what was given can be used")
	return exitDone
}
