// Package fetch gets a Go toolchain: resolve, stream, prove, unpack.
//
// Getting ([Config.Resolve], [Config.Fetch]) ends in a new folder that holds one verified toolchain, or in nothing.
// There are two independent ways: the archives of go.dev/dl, proven by the SHA-256 of the release list and an OpenPGP
// signature, and the module golang.org/toolchain, proven by the checksum database. A source that cannot be reached
// gives way to the next one; a proof that fails stops everything.
//
// It trusts neither the network nor what an archive says, and starts no program.
package fetch
