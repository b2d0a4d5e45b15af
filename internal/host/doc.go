// Package host is the machine that tcptune looks at and changes, seen under a root directory.
//
// The zero Host is the running machine. A Host made by [At] is a tree of files that may be an image, a fixture or a
// temporary folder: its files can be read and written, its kernel cannot, because a folder has none. All methods take
// logical absolute paths ("/etc/sysctl.d"), and symbolic links resolve inside the root, as after a chroot.
//
// Nothing above this package opens a file, starts a program or talks to D-Bus by itself.
package host
