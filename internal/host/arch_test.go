package host

import (
	"debug/elf"
	"encoding/binary"
	"strings"
	"testing"
)

func TestDebianArch(t *testing.T) {
	t.Parallel()
	for machine, want := range map[string]string{
		"x86_64": "amd64", "aarch64": "arm64", "riscv64": "riscv64", "ppc64le": "ppc64el", "s390x": "s390x",
		"armv7l": "armhf", "armv8l": "armhf", "armv6l": "armel", "i686": "i386", "amd64": "amd64", "vax": "vax",
	} {
		if got := DebianArch(machine); got != want {
			t.Errorf("%s: got %s, want %s", machine, got, want)
		}
	}
}

// header makes the first bytes of a program for the machine.
func header(class elf.Class, data elf.Data, machine elf.Machine, flags uint32) []byte {
	var order binary.ByteOrder = binary.LittleEndian
	if data == elf.ELFDATA2MSB {
		order = binary.BigEndian
	}
	b := make([]byte, 64)
	copy(b, elf.ELFMAG)
	b[elf.EI_CLASS], b[elf.EI_DATA] = byte(class), byte(data)
	order.PutUint16(b[18:], uint16(machine))
	if class == elf.ELFCLASS32 {
		order.PutUint32(b[36:], flags)
	}
	return b
}

func TestElfArch(t *testing.T) {
	t.Parallel()
	tests := []struct {
		head []byte
		want string
	}{
		{header(elf.ELFCLASS64, elf.ELFDATA2LSB, elf.EM_X86_64, 0), "amd64"},
		{header(elf.ELFCLASS32, elf.ELFDATA2LSB, elf.EM_X86_64, 0), ""},
		{header(elf.ELFCLASS64, elf.ELFDATA2LSB, elf.EM_AARCH64, 0), "arm64"},
		{header(elf.ELFCLASS64, elf.ELFDATA2LSB, elf.EM_RISCV, 0), "riscv64"},
		{header(elf.ELFCLASS64, elf.ELFDATA2LSB, elf.EM_PPC64, 0), "ppc64el"},
		{header(elf.ELFCLASS64, elf.ELFDATA2MSB, elf.EM_PPC64, 0), ""},
		{header(elf.ELFCLASS64, elf.ELFDATA2MSB, elf.EM_S390, 0), "s390x"},
		{header(elf.ELFCLASS32, elf.ELFDATA2LSB, elf.EM_ARM, 0x5000400), "armhf"},
		{header(elf.ELFCLASS32, elf.ELFDATA2LSB, elf.EM_ARM, 0x5000200), "armel"},
		{header(elf.ELFCLASS32, elf.ELFDATA2LSB, elf.EM_386, 0), "i386"},
		{[]byte("#!/bin/sh\n" + strings.Repeat("#", 60)), ""},
		{[]byte("\x7fELF"), ""},
	}
	for _, test := range tests {
		if got, ok := elfArch(test.head); got != test.want || ok != (test.want != "") {
			t.Errorf("%x: got %q, want %q", test.head[:4], got, test.want)
		}
	}
}

func TestArchOfAnImage(t *testing.T) {
	t.Parallel()
	status := "Package: base-files\nStatus: install ok installed\nArchitecture: all\n\n" +
		"Package: dpkg\nStatus: install ok installed\nArchitecture: arm64\nVersion: 1.22.6\n"
	env := string(header(elf.ELFCLASS64, elf.ELFDATA2MSB, elf.EM_S390, 0))
	tests := map[string]struct {
		files map[string]string
		want  string
	}{
		"dpkg's first architecture": {map[string]string{"/var/lib/dpkg/arch": "riscv64\namd64\n", "/var/lib/dpkg/status": status}, "riscv64"},
		"the package dpkg":          {map[string]string{"/var/lib/dpkg/status": status, "/usr/bin/env": env}, "arm64"},
		"a program":                 {map[string]string{"/usr/bin/env": env}, "s390x"},
		"nothing":                   {map[string]string{"/etc/": ""}, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := tree(t, test.files).Arch()
			if got != test.want || (err == nil) != (test.want != "") {
				t.Errorf("got %q, %v, want %q", got, err, test.want)
			}
		})
	}
}

func TestArchOfThisMachineIsDpkgs(t *testing.T) {
	t.Parallel()
	out, err := (Host{}).Run(t.Context(), "dpkg", "--print-architecture")
	if err != nil {
		t.Skip("no dpkg here: ", err)
	}
	want := strings.TrimSpace(string(out))
	if got, err := (Host{}).Arch(); err != nil || got != want {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
	if got, err := (Host{}).imageArch(); err != nil || got != want {
		t.Errorf("as an image: got %q, %v, want %q", got, err, want)
	}
}

func TestParseDpkgStatus(t *testing.T) {
	t.Parallel()
	text := "Package: gone\nStatus: deinstall ok config-files\nVersion: 1\n\n" +
		"Package: half\nStatus: install ok half-installed\nVersion: 1\n\n" +
		"Package: systemd\nStatus: install ok installed\nDescription: x\n Package: no\nArchitecture: amd64\nVersion: 255.4-1ubuntu8\n"
	got, ok := InstalledPackage([]byte(text), "systemd")
	if want := (Package{"255.4-1ubuntu8", "amd64"}); got != want || !ok {
		t.Errorf("got %v, %v, want %v", got, ok, want)
	}
	for _, name := range []string{"gone", "half", "no", ""} {
		if _, ok := InstalledPackage([]byte(text), name); ok {
			t.Errorf("%q is taken for an installed package", name)
		}
	}
}

func FuzzParseDpkgStatus(f *testing.F) {
	f.Add([]byte("Package: systemd\nStatus: install ok installed\nVersion: 1\n\n"))
	f.Add([]byte(":\n\n:\n Package: x"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if p, ok := InstalledPackage(data, "systemd"); !ok && p != (Package{}) {
			t.Errorf("an entry %v of nothing", p)
		}
	})
}

func FuzzElfArch(f *testing.F) {
	f.Add(header(elf.ELFCLASS64, elf.ELFDATA2LSB, elf.EM_X86_64, 0))
	f.Add([]byte("\x7fELF\x01"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if arch, ok := elfArch(data); ok == (arch == "") {
			t.Errorf("%q, %v", arch, ok)
		}
	})
}
