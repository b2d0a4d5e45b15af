// Package admin shows what a server does: metrics for Prometheus, health, profiles and connections. It is meant for a
// socket that only this machine can reach, since nobody is asked for a password. It asks the server when it is
// asked itself, so that serving costs nothing for it. See [Source.Handler].
package admin
