// Package sysctl observes the kernel's TCP settings of a host, compares them with a profile, and says what would bring
// the one to the other, what has drifted, and what gives everything back.
//
// It reads and computes; it never writes to the host. Its answers become a plan.Plan, which package plan carries out.
// What it stands on has rooms of its own: catalogue (what a key is), profile (what is wanted), whowins (which of the
// host's files decides) and lint (what is wrong with a file).
package sysctl

//go:generate go run ./gen
