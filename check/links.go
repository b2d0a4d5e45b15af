package check

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/report"
)

// link is an interface and what was asked about it.
type link struct {
	host.Link
	processors seen[[]string] // that its interrupts reach; asked where it has several queues
	interrupts int
	ring, most uint32 // packets that the card can keep, and could
	ringErr    error
	qdisc      seen[string] // asked where its own length counts
}

// usualLength is the packets that the kernel lets an Ethernet interface queue (ether_setup in net/ethernet/eth.c).
const usualLength = 1000

func observeLinks(h host.Host) seen[[]link] {
	found, err := h.Links()
	links := make([]link, len(found))
	for i, l := range found {
		links[i].Link = l
		if l.RxQueues > 1 {
			links[i].processors.value, links[i].interrupts, links[i].processors.err = h.LinkProcessors(l.Name)
		}
		links[i].ring, links[i].most, links[i].ringErr = h.LinkRing(l.Name)
		if l.TxQueueLen < usualLength {
			links[i].qdisc = see(h.RootQdisc(l.Name))
		}
	}
	return see(links, err)
}

// eachLink makes one finding of what judge says of each interface: wrong is what is found, and how to mend it.
func eachLink(f facts, name string, judge func(link) (value, wrong, fix string, err error), good string) report.Check {
	if f.links.err != nil {
		return unseen(name, f.links.err)
	}
	var values, wrongs, fixes, hidden []string
	for _, l := range f.links.value {
		value, wrong, fix, err := judge(l)
		if err != nil {
			hidden = append(hidden, l.Name+": "+err.Error())
			continue
		}
		values = append(values, l.Name+": "+value)
		if wrong != "" {
			wrongs, fixes = append(wrongs, l.Name+" "+wrong), append(fixes, fix)
		}
	}
	value := strings.Join(values, "; ")
	switch {
	case wrongs != nil:
		return warn(name, value, strings.Join(append(wrongs, hidden...), "; "), strings.Join(fixes, "; "))
	case hidden != nil:
		return unseen(name, errors.New(strings.Join(hidden, "; ")))
	case values == nil && (f.virt.value.Container != "" || f.ownNetwork()):
		return unseen(name, errors.New("the devices are in the network of the host"))
	case values == nil:
		return pass(name, "no interface with a device is up", "nothing is received from other machines")
	}
	return pass(name, value, good)
}

// checkQueues judges interfaces whose packets are all received by one processor.
func checkQueues(f facts) report.Check {
	const name = "receive-queues"
	if f.processors.err != nil {
		return unseen(name, f.processors.err)
	}
	n := f.processors.value
	return eachLink(f, name, func(l link) (value, wrong, fix string, err error) {
		value = fmt.Sprintf("%d queues", l.RxQueues)
		switch {
		case l.RxQueues != 1:
		case l.RPS:
			value = "1 queue with RPS"
		case n == 1:
			value = "1 queue, 1 processor"
		default:
			value = fmt.Sprintf("1 queue, %d processors", n)
			wrong = "has one receive queue, so one processor does the work of all packets: Documentation/networking/scaling.rst"
			fix = fmt.Sprintf("echo %s > /sys/class/net/%s/queues/rx-0/rps_cpus, by a unit or a rule of udev; "+
				"or more queues, where the card or the hypervisor has them: ethtool -L %s combined %d", allOf(n), l.Name, l.Name, n)
		}
		return value, wrong, fix, nil
	}, "packets are spread over processors")
}

// allOf is the mask of the first n processors, in words of 32 bits as the kernel wants it.
func allOf(n int) string {
	words := []string{}
	for ; n > 0; n -= 32 {
		words = append([]string{fmt.Sprintf("%x", uint32(1<<min(n, 32)-1))}, words...)
	}
	return strings.Join(words, ",")
}

// checkInterrupts judges interfaces that have several queues and one processor that serves them: what irqbalance, or a
// driver, is there to prevent.
func checkInterrupts(f facts) report.Check {
	return eachLink(f, "interrupts", func(l link) (value, wrong, fix string, err error) {
		switch {
		case l.RxQueues < 2:
			return "1 queue", "", "", nil
		case errors.Is(l.processors.err, fs.ErrNotExist), l.processors.err == nil && l.interrupts == 0:
			return "", "", "", errors.New("the interrupts of a device that is not on PCI are not known")
		case l.processors.err != nil:
			return "", "", "", l.processors.err
		}
		value = fmt.Sprintf("%d interrupts on processors %s", l.interrupts, strings.Join(l.processors.value, ","))
		if l.interrupts > 2 && len(l.processors.value) == 1 && f.processors.value > 1 {
			wrong = fmt.Sprintf("has %d queues, and one processor that serves all of them", l.RxQueues)
			fix = "apt install irqbalance && systemctl enable --now irqbalance, or /proc/irq/NUMBER/smp_affinity of each"
		}
		return value, wrong, fix, nil
	}, "no processor serves all queues of an interface")
}

// droppedOf: more than one in so many is a finding; some packets are of protocols that nobody speaks.
const droppedOf = 1000

// checkCards judges packets that were lost before the kernel saw them, and those that it dropped at once.
func checkCards(f facts) report.Check {
	return eachLink(f, "card-drops", func(l link) (value, wrong, fix string, err error) {
		value = fmt.Sprintf("%d missed, %d dropped of %d", l.RxMissed, l.RxDropped, l.RxPackets)
		ring := "the size of its ring is not visible: " + fmt.Sprint(l.ringErr)
		if l.ringErr == nil {
			ring = fmt.Sprintf("ring %d of %d", l.ring, l.most)
			value += ", " + ring
		} else if errors.Is(l.ringErr, unix.EOPNOTSUPP) {
			ring = "its driver has no ring that could grow"
		}
		switch {
		case often(l.RxMissed, f.uptime) && l.ringErr == nil && l.ring < l.most:
			return value, "had no room for packets that came: " + ring, fmt.Sprintf("ethtool -G %s rx %d", l.Name, l.most), nil
		case often(l.RxMissed, f.uptime):
			return value, "had no room for packets that came: " + ring,
				"let more processors receive, see receive-queues and interrupts", nil
		case l.RxDropped > l.RxPackets/droppedOf && often(l.RxDropped, f.uptime):
			return value, "drops more than one packet in 1000: of protocols that nobody speaks here, or for want of room",
				"tcpdump tells which protocols come; for want of room: net.core.netdev_max_backlog = 16384", nil
		}
		return value, "", "", nil
	}, "hardly any packets were lost before TCP could see them")
}

// checkTxQueueLen judges a length that somebody has made short, where the queue discipline goes by it: pfifo_fast and
// pfifo, but not fq and fq_codel, which have limits of their own.
func checkTxQueueLen(f facts) report.Check {
	return eachLink(f, "txqueuelen", func(l link) (value, wrong, fix string, err error) {
		value = fmt.Sprint(l.TxQueueLen)
		if l.TxQueueLen >= usualLength {
			return value, "", "", nil
		}
		if l.qdisc.err != nil {
			return "", "", "", l.qdisc.err
		}
		value += " with " + l.qdisc.value
		if strings.Contains(l.qdisc.value, "pfifo") {
			wrong = fmt.Sprintf("sends through %s, which drops what is beyond %d packets", l.qdisc.value, l.TxQueueLen)
			fix = fmt.Sprintf("ip link set %s txqueuelen %d, or net.core.default_qdisc = fq and a reboot", l.Name, usualLength)
		}
		return value, wrong, fix, nil
	}, "no short queue drops what is sent")
}
