// Package toolchain installs Go with the real program on a host of its own: the machine's kernel, network and programs,
// but a private /usr/local, /etc, /var/lib, /var/cache and /run, so that the Go of the machine is never touched. The
// real toolchains come through the module proxy that this machine is configured to use. The package has tests only.
package toolchain
