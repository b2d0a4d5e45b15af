// Package admin shows what a server does: metrics for Prometheus, health, profiles and connections. It is meant for a
// socket that only this machine can reach, since nobody is asked for a password.
package admin
