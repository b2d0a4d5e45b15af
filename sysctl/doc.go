// Package sysctl knows the kernel's TCP settings: what each key means, which values a kernel of which version takes and
// starts with, which values a service needs (profiles), and which of the host's files decides about a key.
//
// It reads and computes; it never writes to the host. Its answers become a plan.Plan, which package plan carries out.
// The data are catalogue.yaml and profiles/*.yaml, to be read and corrected by people who know the kernel rather than
// Go. They are compiled into the two *_gen.go files, because parsing YAML would take longer than all the rest of a run.
package sysctl

//go:generate go run ./gen
