// Command changes prints docs/what-it-changes.md: for each key of the catalogue its meaning, unit, range and defaults,
// the value in each built-in profile and why, what is wrongly said about it, and the sources. "make generate" writes
// the file; a test compares.
package main
