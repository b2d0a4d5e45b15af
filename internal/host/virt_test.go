package host

import "testing"

func TestVirt(t *testing.T) {
	t.Parallel()
	const guestCPU = "processor\t: 0\nflags\t\t: fpu vme hypervisor lahf_lm\n\nprocessor\t: 1\n"
	tests := map[string]struct {
		files   map[string]string
		initial bool // in the initial namespaces
		want    Virt
	}{
		"bare metal": {map[string]string{"/proc/cpuinfo": "flags\t\t: fpu vme\n", "/sys/class/dmi/id/sys_vendor": "Dell Inc.\n"}, true, Virt{}},
		"KVM guest": {map[string]string{
			"/sys/class/dmi/id/product_name": "KVM\n", "/sys/class/dmi/id/sys_vendor": "QEMU\n", "/proc/cpuinfo": guestCPU,
		}, true, Virt{VM: "kvm"}},
		"qemu":                   {map[string]string{"/sys/class/dmi/id/product_name": "Standard PC\n", "/sys/class/dmi/id/sys_vendor": "QEMU\n"}, true, Virt{VM: "qemu"}},
		"Google":                 {map[string]string{"/sys/class/dmi/id/product_name": "Google Compute Engine\n"}, true, Virt{VM: "google"}},
		"Hyper-V, Azure":         {map[string]string{"/sys/class/dmi/id/product_name": "Virtual Machine\n", "/sys/class/dmi/id/sys_vendor": "Microsoft Corporation\n"}, true, Virt{VM: "microsoft"}},
		"a Surface is no VM":     {map[string]string{"/sys/class/dmi/id/product_name": "Surface Laptop\n", "/sys/class/dmi/id/sys_vendor": "Microsoft Corporation\n"}, true, Virt{}},
		"EC2":                    {map[string]string{"/sys/class/dmi/id/product_name": "c7i.large\n", "/sys/class/dmi/id/sys_vendor": "Amazon EC2\n"}, true, Virt{VM: "amazon"}},
		"EC2 bare metal":         {map[string]string{"/sys/class/dmi/id/product_name": "c7i.metal-24xl\n", "/sys/class/dmi/id/sys_vendor": "Amazon EC2\n"}, true, Virt{}},
		"no firmware, the CPU":   {map[string]string{"/proc/cpuinfo": guestCPU}, true, Virt{VM: "other"}},
		"arm64 under KVM":        {map[string]string{"/proc/device-tree/hypervisor/compatible": "linux,kvm\x00"}, true, Virt{VM: "kvm"}},
		"Xen guest":              {map[string]string{"/sys/hypervisor/type": "xen\n", "/sys/hypervisor/properties/features": "00002705\n"}, true, Virt{VM: "xen"}},
		"Xen dom0":               {map[string]string{"/sys/hypervisor/type": "xen\n", "/sys/hypervisor/properties/features": "00002f05\n"}, true, Virt{}},
		"WSL 2":                  {map[string]string{"/proc/sys/kernel/osrelease": "5.15.167.4-microsoft-standard-WSL2\n"}, true, Virt{VM: "microsoft", WSL: 2}},
		"WSL 1":                  {map[string]string{"/proc/sys/kernel/osrelease": "4.4.0-19041-Microsoft\n"}, true, Virt{VM: "microsoft", WSL: 1}},
		"WSL with systemd":       {map[string]string{"/proc/sys/kernel/osrelease": "5.15-microsoft-standard-WSL2\n", "/run/systemd/container": "wsl\n"}, true, Virt{VM: "microsoft", WSL: 2}},
		"nspawn":                 {map[string]string{"/run/systemd/container": "systemd-nspawn\n"}, false, Virt{Container: "systemd-nspawn"}},
		"nspawn, newer":          {map[string]string{"/run/host/container-manager": "systemd-nspawn\n"}, false, Virt{Container: "systemd-nspawn"}},
		"lxc":                    {map[string]string{"/proc/1/environ": "PATH=/bin\x00container=lxc\x00TERM=x\x00"}, false, Virt{Container: "lxc"}},
		"it does not say":        {map[string]string{"/proc/1/environ": "container=\x00"}, false, Virt{Container: "other"}},
		"podman by environment":  {map[string]string{"/proc/1/environ": "container=podman\x00"}, false, Virt{Container: "podman"}},
		"podman by file":         {map[string]string{"/run/.containerenv": ""}, false, Virt{Container: "podman"}},
		"oci is asked again":     {map[string]string{"/proc/1/environ": "container=oci\x00", "/run/.containerenv": ""}, false, Virt{Container: "podman"}},
		"docker by file":         {map[string]string{"/.dockerenv": ""}, false, Virt{Container: "docker"}},
		"docker by cgroup":       {map[string]string{"/proc/1/cgroup": "12:memory:/docker/0123\n"}, false, Virt{Container: "docker"}},
		"docker, cgroup 2":       {map[string]string{"/proc/1/cgroup": "0::/system.slice/docker-0123.scope\n"}, false, Virt{Container: "docker"}},
		"kubernetes by cgroup":   {map[string]string{"/proc/1/cgroup": "0::/kubepods/burstable/pod1\n"}, false, Virt{Container: "kubernetes"}},
		"kubernetes by token":    {map[string]string{"/.dockerenv": "", "/run/secrets/kubernetes.io/serviceaccount/token": "x"}, false, Virt{Container: "kubernetes"}},
		"a container in a VM":    {map[string]string{"/.dockerenv": "", "/proc/cpuinfo": guestCPU}, false, Virt{Container: "docker", VM: "other"}},
		"a VM made from a image": {map[string]string{"/.dockerenv": "", "/proc/cpuinfo": guestCPU, "/proc/1/cgroup": "0::/\n"}, true, Virt{VM: "other"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := tree(t, test.files).virt(test.initial); got != test.want {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
}

func FuzzVirtTexts(f *testing.F) {
	f.Add([]byte("container=lxc\x00"))
	f.Add([]byte("0::/kubepods\n1:a\n:::\n"))
	f.Add([]byte("flags : hypervisor"))
	f.Fuzz(func(_ *testing.T, data []byte) {
		_ = containerFromEnviron(data)
		_ = containerFromCgroup(data)
		_ = vmFromCPU(data)
		_ = dmiVendor(string(data))
	})
}
