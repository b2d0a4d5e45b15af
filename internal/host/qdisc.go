package host

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"slices"
	"strings"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// attachedByKernel begins the description of a queue discipline that the kernel attached by itself, by
// net.core.default_qdisc. Such a one has the handle 0; whoever sets one with tc(8) or a program gets another.
const attachedByKernel = "default "

// PhysicalLinks returns the names of the network interfaces that are up and have a device behind them, which bridges,
// tunnels, veth and lo have not.
func (h Host) PhysicalLinks() ([]string, error) {
	if !h.Live() {
		return nil, ErrNoKernel
	}
	links, err := net.Interfaces()
	if err != nil {
		return nil, fmt.Errorf("cannot list the network interfaces: %w", err)
	}
	var names []string
	for _, l := range links {
		if l.Flags&net.FlagUp != 0 && h.exists("/sys/class/net/"+l.Name+"/device") {
			names = append(names, l.Name)
		}
	}
	return names, nil
}

// RootQdisc describes the root queue discipline of the interface: "fq", "mq fq" for one queue discipline on each queue
// of the hardware, and with "default " before it where the kernel attached it by itself ("default mq fq_codel").
// An interface that does not exist is fs.ErrNotExist.
func (h Host) RootQdisc(link string) (string, error) {
	if !h.Live() {
		return "", ErrNoKernel
	}
	l, err := linkByName(link)
	if err != nil {
		return "", err
	}
	all, err := netlink.QdiscList(l)
	if err != nil {
		return "", fmt.Errorf("cannot list the queue disciplines of %s: %w", link, err)
	}
	return describeQdiscs(all), nil
}

func describeQdiscs(all []netlink.Qdisc) string {
	root, prefix, leaves := "noqueue", "", []string{"mq"}
	for _, q := range all {
		switch {
		case q.Attrs().Parent == netlink.HANDLE_ROOT:
			root = q.Type()
			if q.Attrs().Handle == 0 {
				prefix = attachedByKernel
			}
		case q.Type() != "ingress" && q.Type() != "clsact" && !slices.Contains(leaves[1:], q.Type()):
			leaves = append(leaves, q.Type())
		}
	}
	if root != "mq" {
		return prefix + root
	}
	return prefix + strings.Join(leaves, " ")
}

// SetRootQdisc makes the root queue discipline of the interface what [Host.RootQdisc] described. One that begins with
// "default " is removed, and the kernel attaches the one of net.core.default_qdisc in its place; "mq KIND" is a new mq
// with KIND on each hardware queue. What is queued at that moment is lost, and TCP sends it again.
func (h Host) SetRootQdisc(link, description string) error {
	if !h.Live() {
		return ErrNoKernel
	}
	l, err := linkByName(link)
	if err != nil {
		return err
	}
	attrs := netlink.QdiscAttrs{LinkIndex: l.Attrs().Index, Parent: netlink.HANDLE_ROOT, Handle: netlink.MakeHandle(ourMajor, 0)}
	if strings.HasPrefix(description, attachedByKernel) {
		attrs.Handle = 0
		err := netlink.QdiscDel(&netlink.GenericQdisc{QdiscAttrs: attrs})
		if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.EINVAL) {
			return nil // the kernel's own is attached already, and that one cannot be removed
		}
		return err
	}
	kind, leaf, _ := strings.Cut(description, " ")
	if err := replaceQdisc(attrs, kind); err != nil || kind != "mq" || leaf == "" {
		return err
	}
	return setLeaves(l, leaf)
}

// setLeaves gives each hardware queue below our mq the queue discipline kind, where the kernel has not done so by
// itself.
func setLeaves(l netlink.Link, kind string) error {
	all, err := netlink.QdiscList(l)
	if err != nil {
		return err
	}
	for _, q := range all {
		if q.Type() == kind || q.Attrs().Parent>>16 != ourMajor {
			continue
		}
		if err := replaceQdisc(netlink.QdiscAttrs{LinkIndex: l.Attrs().Index, Parent: q.Attrs().Parent}, kind); err != nil {
			return err
		}
	}
	return nil
}

func replaceQdisc(attrs netlink.QdiscAttrs, kind string) error {
	err := netlink.QdiscReplace(&netlink.GenericQdisc{QdiscAttrs: attrs, QdiscType: kind})
	if errors.Is(err, unix.ENOENT) {
		return fmt.Errorf("cannot use queue discipline %s: %w", kind, fs.ErrNotExist)
	}
	return err
}

// ourMajor is the major number of the handles of what we attach.
const ourMajor = 0x7c70

func linkByName(name string) (netlink.Link, error) {
	l, err := netlink.LinkByName(name)
	var missing netlink.LinkNotFoundError
	if errors.As(err, &missing) {
		return nil, &fs.PathError{Op: "find interface", Path: name, Err: fs.ErrNotExist}
	}
	if err != nil {
		return nil, fmt.Errorf("cannot find interface %s: %w", name, err)
	}
	return l, nil
}
