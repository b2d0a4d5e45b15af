// Package manual holds the manual pages in docs/man against the programs: each is what its sources make, renders
// without a warning, describes the flags that there are, and shows examples that run.
package manual
