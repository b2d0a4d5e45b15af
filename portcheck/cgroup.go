package portcheck

import (
	"path"
	"slices"
	"strconv"
	"strings"
)

// ParseCgroup reads the text of /proc/PID/cgroup, see cgroups(7). Where both versions are mounted, systemd may use a
// hierarchy of the first one, "name=systemd", and then that one has the units.
func ParseCgroup(text []byte) Cgroup {
	unified, named := "", ""
	for line := range strings.Lines(string(text)) {
		parts := strings.SplitN(strings.TrimSuffix(line, "\n"), ":", 3)
		switch {
		case len(parts) < 3:
		case parts[0] == "0" && parts[1] == "":
			unified = parts[2]
		case parts[1] == "name=systemd":
			named = parts[2]
		}
	}
	if named != "" && named != "/" {
		return CgroupOf(named)
	}
	return CgroupOf(unified)
}

// CgroupOf tells what the path of a control group says, by the rules of cg_path_get_unit in systemd's
// src/basic/cgroup-util.c and the names that container engines give. A user names groups as well, below the own
// manager, and the names are shown to root: what would steer a terminal is replaced in them, which no unit has in its
// name.
func CgroupOf(p string) Cgroup {
	c := Cgroup{Path: p}
	p = printable(p)
	if p == "" {
		return c
	}
	components := strings.Split(strings.Trim(path.Clean("/"+p), "/"), "/")
	if container, at := containerOf(components); at >= 0 {
		c.Container = container
		if i := slices.IndexFunc(components[:at], func(name string) bool { return strings.HasSuffix(name, ".service") }); i >= 0 {
			c.Delegate = components[i]
		}
		return c
	}
	var rest []string
	c.Unit, rest = unitIn(components)
	if number, ok := strings.CutPrefix(strings.TrimSuffix(c.Unit, ".service"), "user@"); ok {
		if uid, err := strconv.ParseUint(number, 10, 32); err == nil {
			c.UserUID = uint32(uid)
			c.UserUnit, _ = unitIn(rest)
		}
	}
	return c
}

// unitIn returns the unit behind the slices, and what is below it.
func unitIn(components []string) (unit string, below []string) {
	for i, name := range components {
		name = strings.TrimPrefix(name, "_") // systemd's escape for names that the kernel has taken
		switch {
		case strings.HasSuffix(name, ".slice"):
			continue
		case strings.HasSuffix(name, ".service"), strings.HasSuffix(name, ".scope"), strings.HasSuffix(name, ".socket"),
			strings.HasSuffix(name, ".mount"), strings.HasSuffix(name, ".swap"):
			return name, components[i+1:]
		}
		break
	}
	return "", nil
}

// containerOf returns the outermost container on the way, and at which component: that is the one which the engines of
// this machine know. Without one, at is -1.
func containerOf(components []string) (c Container, at int) {
	engines := map[string]string{
		"docker-":         "docker",
		"libpod-":         "podman",
		"cri-containerd-": "containerd",
		"crio-":           "cri-o",
		"nerdctl-":        "containerd",
	}
	for i, name := range components {
		above := ""
		if i > 0 {
			above = components[i-1]
		}
		unit, isScope := strings.CutSuffix(name, ".scope")
		switch prefix, id := cutID(unit); {
		case id == "":
		case isScope && engines[prefix] != "":
			return Container{engines[prefix], id}, i
		case !isScope && (prefix == "" || prefix == "libpod-" || prefix == "crio-"):
			return Container{engineOf(prefix, above, components), id}, i
		}
		if lxc, ok := strings.CutPrefix(name, "lxc.payload."); ok && lxc != "" {
			return Container{"lxc", lxc}, i
		}
		if name == "lxc" && i+1 < len(components) {
			return Container{"lxc", components[i+1]}, i
		}
		if m, ok := strings.CutPrefix(name, "machine-"); ok && strings.HasSuffix(m, ".scope") && above == "machine.slice" {
			return Container{"nspawn", strings.ReplaceAll(strings.TrimSuffix(m, ".scope"), `\x2d`, "-")}, i
		}
		if m, ok := strings.CutPrefix(name, "systemd-nspawn@"); ok && i+1 < len(components) && components[i+1] == "payload" {
			return Container{"nspawn", strings.ReplaceAll(strings.TrimSuffix(m, ".service"), `\x2d`, "-")}, i
		}
	}
	return Container{}, -1
}

// cutID splits off the identifier of a container, 64 hexadecimal digits; "" where name does not end with one.
func cutID(name string) (prefix, id string) {
	const digits = 64
	at := len(name) - digits
	if at < 0 || strings.Trim(name[at:], "0123456789abcdef") != "" {
		return name, ""
	}
	return name[:at], name[at:]
}

func engineOf(prefix, above string, components []string) string {
	switch {
	case prefix == "libpod-":
		return "podman"
	case prefix == "crio-":
		return "cri-o"
	case above == "docker":
		return "docker"
	case components[0] == "kubepods" || components[0] == "kubepods.slice":
		return "containerd"
	}
	return "container"
}
