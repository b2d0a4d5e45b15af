// Package completion tests the completions in docs/completion in the shells that they are for. Its tests give a shell a
// line and look at what it would offer there.
package completion
