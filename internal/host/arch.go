package host

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/sys/unix"
)

// Arch returns Debian's name of the architecture: "amd64", "arm64", "riscv64", "ppc64el", "s390x", "armhf", ….
// On the running machine it is that of the kernel, from uname(2); an image is asked what its programs are made for.
// A machine that Debian has no name for keeps uname's.
func (h Host) Arch() (string, error) {
	if h.Live() {
		u, err := uname()
		return DebianArch(u.machine), err
	}
	return h.imageArch()
}

// DebianArch translates what uname -m prints into Debian's name, and leaves other words as they are.
func DebianArch(machine string) string {
	switch machine {
	case "x86_64":
		return "amd64"
	case "aarch64", "aarch64_be":
		return "arm64"
	case "ppc64le":
		return "ppc64el"
	case "i386", "i486", "i586", "i686":
		return "i386"
	case "armv7l", "armv8l": // armv8l: a 64-bit kernel that shows itself to a 32-bit process
		return "armhf"
	case "armv6l", "armv5tel":
		return "armel"
	case "loongarch64":
		return "loong64"
	}
	return machine
}

// imageArch asks dpkg's records and then the programs themselves: a root made from a tarball may lack the former.
// dpkg writes /var/lib/dpkg/arch only once a foreign architecture was added; its first line is always the native one.
func (h Host) imageArch() (string, error) {
	data, err := h.ReadFile("/var/lib/dpkg/arch")
	if first, _, _ := strings.Cut(string(data), "\n"); err == nil && first != "" {
		return strings.TrimSpace(first), nil
	}
	if pkg, err := h.installed("dpkg"); err == nil && pkg.Arch != "" && pkg.Arch != "all" {
		return pkg.Arch, nil
	}
	for _, p := range []string{"/usr/bin/env", "/bin/sh", "/usr/bin/bash", "/lib/systemd/systemd"} {
		head, err := h.readHead(p, 64)
		if err != nil {
			continue
		}
		if arch, ok := elfArch(head); ok {
			return arch, nil
		}
	}
	return "", errors.New("cannot tell the architecture of the image: neither dpkg's records nor /usr/bin/env say it")
}

// elfArch reads Debian's name from the first 52 bytes of an ELF file, see elf(5).
func elfArch(head []byte) (string, bool) {
	if len(head) < 52 || string(head[:4]) != "\x7fELF" {
		return "", false
	}
	is64 := head[4] == 2
	var order binary.ByteOrder = binary.LittleEndian
	if head[5] == 2 {
		order = binary.BigEndian
	}
	little := order == binary.LittleEndian
	switch machine := order.Uint16(head[18:]); {
	case machine == 62 && is64: // EM_X86_64; with 32-bit addresses it is the x32 ABI
		return "amd64", true
	case machine == 3:
		return "i386", true
	case machine == 183 && little:
		return "arm64", true
	case machine == 40 && little:
		// EF_ARM_ABI_FLOAT_HARD tells armhf from armel.
		if order.Uint32(head[36:])&0x400 != 0 {
			return "armhf", true
		}
		return "armel", true
	case machine == 243 && is64:
		return "riscv64", true
	case machine == 21 && little:
		return "ppc64el", true
	case machine == 22 && is64:
		return "s390x", true
	case machine == 258 && is64:
		return "loong64", true
	}
	return "", false
}

type unameInfo struct{ release, machine string }

func uname() (unameInfo, error) {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return unameInfo{}, fmt.Errorf("cannot ask the kernel its name: %w", err)
	}
	return unameInfo{unix.ByteSliceToString(u.Release[:]), unix.ByteSliceToString(u.Machine[:])}, nil
}
