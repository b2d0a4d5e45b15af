package host

import (
	"bytes"
	"cmp"
	"strconv"
	"strings"
)

// Virt says what stands between this system and the hardware.
type Virt struct {
	// Container is the kind of container: "docker", "podman", "lxc", "systemd-nspawn", "kubernetes", …; "other" when
	// it does not say; "" when there is none. The kernel, and many of its keys, then belong to somebody else.
	Container string
	// VM is the kind of virtual machine: "kvm", "qemu", "vmware", "microsoft", "xen", "amazon", "google", …; "other"
	// when it does not say; "" on bare metal. A container may well run in a VM.
	VM string
	// WSL is 1 or 2 under the Windows Subsystem for Linux of that version, otherwise 0.
	WSL int
}

// Virt detects containers and virtual machines, in the order of systemd-detect-virt(1), from files that need no root.
// Evidence that is read by root only (the environment of PID 1) is passed over without an error.
// It is [ErrNoKernel] on an image.
func (h Host) Virt() (Virt, error) {
	if !h.Live() {
		return Virt{}, ErrNoKernel
	}
	return h.virt(h.initialNamespaces()), nil
}

// initialNamespaces reports whether this process shares the PID, UTS, IPC and cgroup namespaces with the kernel's first
// process, which no container does with all four. It cannot see whether that holds for the mount and network ones,
// whose numbers were not fixed before Linux 6.18.
func (h Host) initialNamespaces() bool {
	// include/uapi/linux/nsfs.h: PROC_*_INIT_INO, constants since Linux 3.8 (cgroup: 4.6).
	for _, ns := range []string{"pid:[4026531836]", "uts:[4026531838]", "ipc:[4026531839]", "cgroup:[4026531835]"} {
		kind, _, _ := strings.Cut(ns, ":")
		if text, err := h.Readlink("/proc/self/ns/" + kind); err != nil || text != ns {
			return false
		}
	}
	return true
}

// InitialUserNamespace reports whether root here is the root of the kernel, not that of a user namespace.
func (h Host) InitialUserNamespace() bool {
	text, err := h.Readlink("/proc/self/ns/user")
	return err == nil && text == "user:[4026531837]"
}

// virt is Virt by files alone, on any root.
func (h Host) virt(initialNamespaces bool) Virt {
	v := Virt{WSL: h.wsl(), VM: h.vm()}
	v.Container = h.container()
	if v.Container == "" && !initialNamespaces {
		v.Container = h.containerByFile()
	}
	if v.WSL > 0 && v.VM == "" {
		v.VM = "microsoft"
	}
	return v
}

// wsl tells the versions apart by the release of the kernel: "4.4.0-19041-Microsoft" is the emulation of WSL 1,
// "5.15.167.4-microsoft-standard-WSL2" a real kernel.
func (h Host) wsl() int {
	release := h.text("/proc/sys/kernel/osrelease")
	switch {
	case strings.Contains(release, "WSL2"), strings.Contains(release, "microsoft-standard"):
		return 2
	case strings.Contains(release, "Microsoft"), strings.Contains(h.text("/proc/version"), "Microsoft"):
		return 1
	}
	return 0
}

// container asks those who started us: https://systemd.io/CONTAINER_INTERFACE has every manager set container= for
// PID 1; systemd copies it to /run/systemd/container, where it can be read without root.
func (h Host) container() string {
	kind := cmp.Or(h.text("/run/host/container-manager"), h.text("/run/systemd/container"),
		containerFromEnviron([]byte(h.text("/proc/1/environ"))), containerFromCgroup([]byte(h.text("/proc/1/cgroup"))))
	switch kind {
	case "wsl":
		return ""
	case "oci", "docker", "podman", "other":
		if h.inKubernetes() {
			return "kubernetes"
		}
		if byFile := h.containerByFile(); kind == "oci" && byFile != "" {
			return byFile
		}
	}
	return kind
}

// containerByFile looks for the marks that docker and podman leave in the root. They also stay behind in a virtual
// machine whose disk was made from a container image: such a system has the initial namespaces, a container does not.
func (h Host) containerByFile() string {
	if h.exists("/run/.containerenv") {
		return "podman"
	}
	if !h.exists("/.dockerenv") {
		return ""
	}
	if h.inKubernetes() {
		return "kubernetes"
	}
	return "docker"
}

// inKubernetes looks for the token that is mounted into pods unless they opt out.
func (h Host) inKubernetes() bool { return h.exists("/run/secrets/kubernetes.io/serviceaccount") }

// containerFromEnviron finds container= in the text of /proc/1/environ, whose entries end in NUL.
func containerFromEnviron(data []byte) string {
	for entry := range bytes.SplitSeq(data, []byte{0}) {
		if kind, ok := bytes.CutPrefix(entry, []byte("container=")); ok {
			if len(kind) == 0 {
				return "other"
			}
			return strings.TrimSpace(string(kind))
		}
	}
	return ""
}

// containerFromCgroup knows the managers by the paths of their cgroups. It sees them where the container shares the
// cgroup namespace of its host, the default under cgroup v1.
func containerFromCgroup(data []byte) string {
	for line := range strings.Lines(string(data)) {
		// "12:memory:/kubepods/burstable/pod…": the path is the third field, see cgroups(7).
		fields := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(fields) < 3 {
			continue
		}
		switch p := fields[2]; {
		case strings.Contains(p, "/kubepods"):
			return "kubernetes"
		case strings.Contains(p, "/docker/"), strings.Contains(p, "/docker-"):
			return "docker"
		case strings.Contains(p, "/libpod-"), strings.Contains(p, "/libpod_"):
			return "podman"
		case strings.HasPrefix(p, "/lxc/"), strings.Contains(p, "/lxc.payload"):
			return "lxc"
		}
	}
	return ""
}

// ContainerOf is the kind of container that a process of this machine runs in, by its control group; "" for none.
func (h Host) ContainerOf(pid int) string {
	return containerFromCgroup([]byte(h.text("/proc/" + itoa(pid) + "/cgroup")))
}

// vm asks the hypervisor's own folder, the firmware, the device tree, and at last the processor.
func (h Host) vm() string {
	if strings.HasPrefix(h.text("/sys/hypervisor/type"), "xen") {
		if isDom0(h.text("/sys/hypervisor/properties/features")) {
			return ""
		}
		return "xen"
	}
	metal, kind := h.vmFromDMI()
	if kind != "" {
		return kind
	}
	switch compatible := h.text("/proc/device-tree/hypervisor/compatible"); {
	case strings.HasPrefix(compatible, "linux,kvm"):
		return "kvm"
	case strings.Contains(compatible, "xen"):
		return "xen"
	case compatible != "":
		return "other"
	}
	if metal {
		return ""
	}
	// One processor is enough: the file grows by a page for each of them.
	cpu, _ := h.readHead("/proc/cpuinfo", 4096)
	return vmFromCPU(cpu)
}

// vmFromDMI compares the names that the firmware gives, in the order of systemd's src/basic/virt.c. The instances of
// EC2 that are whole machines, metal, carry the vendor of the virtual ones.
func (h Host) vmFromDMI() (metal bool, kind string) {
	for _, name := range []string{"product_name", "sys_vendor", "board_vendor", "bios_vendor", "product_version"} {
		text := h.text("/sys/class/dmi/id/" + name)
		if _, after, ok := strings.Cut(text, ".metal"); name == "product_name" && ok && (after == "" || after[0] == '-') {
			return true, ""
		}
		if kind := dmiVendor(text); kind != "" {
			return false, kind
		}
	}
	return false, ""
}

func dmiVendor(name string) string {
	for _, v := range [...][2]string{
		{"KVM", "kvm"},
		{"OpenStack", "kvm"},
		{"KubeVirt", "kvm"},
		{"Amazon EC2", "amazon"},
		{"QEMU", "qemu"},
		{"VMware", "vmware"},
		{"VMW", "vmware"},
		{"innotek GmbH", "oracle"},
		{"VirtualBox", "oracle"},
		{"Xen", "xen"},
		{"Bochs", "bochs"},
		{"Parallels", "parallels"},
		{"BHYVE", "bhyve"},
		{"Hyper-V", "microsoft"},
		{"Virtual Machine", "microsoft"},
		{"Apple Virtualization", "apple"},
		{"Google Compute Engine", "google"},
	} {
		if strings.HasPrefix(name, v[0]) {
			return v[1]
		}
	}
	return ""
}

// vmFromCPU finds the bit that every x86 hypervisor sets for its guests (CPUID 1, ECX bit 31).
func vmFromCPU(cpuinfo []byte) string {
	for line := range strings.Lines(string(cpuinfo)) {
		name, flags, ok := strings.Cut(line, ":")
		if ok && strings.TrimSpace(name) == "flags" {
			if strings.Contains(" "+strings.TrimSpace(flags)+" ", " hypervisor ") {
				return "other"
			}
			return ""
		}
	}
	return ""
}

// text returns the file at p without surrounding space and NULs, "" when it cannot be read.
func (h Host) text(p string) string {
	data, err := h.readHead(p, knobSize)
	if err != nil {
		return ""
	}
	return string(bytes.Trim(data, " \t\n\x00"))
}

func (h Host) exists(p string) bool {
	_, err := h.Stat(p)
	return err == nil
}

// isDom0 reads the Xen feature mask: the domain that owns the hardware sets bit 11 (XENFEAT_dom0).
func isDom0(features string) bool {
	n, err := strconv.ParseUint(features, 16, 64)
	return err == nil && n&(1<<11) != 0
}
