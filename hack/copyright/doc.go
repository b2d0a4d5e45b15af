// Command copyright prints debian/copyright in the machine-readable format 1.0 (DEP 5): our own licence, and that of
// every module of which a package is linked into one of the programs, on any architecture that we build for. "make
// generate" writes the file; a test in test/package compares.
package main
