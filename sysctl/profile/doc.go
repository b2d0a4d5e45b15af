// Package profile knows what is wanted of a host: named sets of keys and values, built in (profiles/*.yaml, compiled
// into profiles_gen.go by sysctl/gen) or the host's own, and the buffer sizes that a network path asks for.
package profile
