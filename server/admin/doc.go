// Package admin shows what a server does: metrics for Prometheus, health, profiles and connections. Nobody is
// asked for a password: [Source.Handler] is for a Unix socket of root and the service, [Source.LocalHandler], without
// profiles and connections, for a loopback address. It asks the server when it is
// asked itself, so that serving costs nothing for it.
package admin
