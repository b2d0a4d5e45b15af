// Package whowins reads the files of a host that set kernel settings as the programs do that apply them, and says which
// of them decides about a key at boot, and by hand: systemd-sysctl, procps, ufw, TuneD, the kernel's command line. It
// knows no key and wants no value.
package whowins
