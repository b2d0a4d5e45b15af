package portcheck

import "time"

// Descriptor is an open socket as a process sees it: /proc/PID/task/TID/fd/FD. Tid is Pid, but where the leader of the
// thread group has ended and another thread lives on.
type Descriptor struct {
	Pid, Tid, FD int
	Inode        uint64
	Way          Way // how FD leads to it
}

// Owners is what a walk over the descriptors of processes has found.
type Owners struct {
	Descriptors []Descriptor // in the order of pid, then fd
	// Hidden are the processes whose descriptors may not be read, all or some, in order; [unseen] stands for those that
	// are not even listed.
	Hidden []int
}

// Process is what is known of a process that has a socket open.
type Process struct {
	Pid, Parent int
	Name        string   // comm, or more of it where the kernel has cut it at 15 bytes
	Exe         string   // path of the program, "" where it may not be read
	Args        []string // the full command line; one that the process has overwritten is one word
	UID         uint32   // the real one
	User        string   // its name, or the number as text
	Started     time.Time
	Cgroup      Cgroup
	Dir         string // its working directory, "" where it may not be read
	Stopped     bool   // by job control or a debugger
	// Foreign: somebody else than root can have written what it runs, so that the name of that proves nothing.
	Foreign bool
}

// Cgroup is what the path of a control group tells about who runs a process.
type Cgroup struct {
	Path string // below the root of the hierarchy, "/" for the root itself
	// Unit is the unit of the system's systemd, "nginx.service" or "session-3.scope"; "" inside of a container.
	Unit string
	// UserUnit is the unit of the systemd of user UserUID, if Unit is user@UID.service.
	UserUnit string
	UserUID  uint32
	// Container is the container that the process is in.
	Container Container
	// Delegate is the service below which the group of the container was made, "" where that is none. Who runs the
	// service chooses the names of its groups.
	Delegate string
}

// Names are those of the unit that runs the process, by which somebody may ask for it: "web.service of user 1000",
// which no other one has, "web.service", and that of the manager of the user, whose processes these are as well. There
// are none inside of a container.
func (c Cgroup) Names() (all []string) {
	unit, known := unitOf(c)
	if !known {
		return nil
	}
	if all = append(all, unit.String()); unit.user {
		all = append(all, unit.name, c.Unit)
	}
	return all
}

// Container names a container. The zero value is none.
type Container struct {
	Engine string // "docker", "podman", "lxc", "nspawn", "cri-o", "containerd"; "container" where only an id is known
	ID     string // 64 hexadecimal digits, or the name for lxc and nspawn
}
