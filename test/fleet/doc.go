// Package fleet holds what is in deploy/ against the real programs that read it. Their packages are unpacked into bin/fleet
// ("make test-deps"), never installed: they bring daemons.
package fleet
