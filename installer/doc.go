// Package installer puts Go toolchains in place: it plans what makes one the active one, tries out what is new, builds
// tools, goes back, removes, and tells which go the shells of a host find. What it gets from elsewhere comes through
// [fetch]. It changes the host through plans only, and never by itself: cmd/tcptune carries them out.
package installer
