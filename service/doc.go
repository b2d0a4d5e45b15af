// Package service puts a socket-activated TCP server on a host: the bundled one, or a user's own program. It renders
// the units ([Render]), plans what installing them changes, and tells how the running pair is doing. It is called by
// `tcptune service`.
package service
