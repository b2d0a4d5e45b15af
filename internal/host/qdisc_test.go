package host

import (
	"errors"
	"io/fs"
	"testing"

	"github.com/vishvananda/netlink"
)

// newLink makes an interface in the network namespace of the test. It is no physical one, which a namespace cannot
// have; the kernel attaches "noqueue" to it by itself.
func newLink(t *testing.T, name string, queues int) {
	t.Helper()
	attrs := netlink.NewLinkAttrs()
	attrs.Name, attrs.NumTxQueues = name, queues
	l := &netlink.Veth{LinkAttrs: attrs, PeerName: name + "p"}
	if err := netlink.LinkAdd(l); err != nil {
		t.Fatal(err)
	}
	if err := netlink.LinkSetUp(l); err != nil {
		t.Fatal(err)
	}
}

func wantQdisc(t *testing.T, link, want string) {
	t.Helper()
	got, err := (Host{}).RootQdisc(link)
	if err != nil || got != want {
		t.Errorf("root queue discipline of %s is %q, want %q; %v", link, got, want, err)
	}
}

func TestQdiscIsSetAndGivenBack(t *testing.T) {
	t.Parallel()
	if !inNamespace(t) {
		return
	}
	newLink(t, "one", 1)
	wantQdisc(t, "one", "default noqueue")
	if err := (Host{}).SetRootQdisc("one", "pfifo_fast"); err != nil {
		t.Fatal(err)
	}
	wantQdisc(t, "one", "pfifo_fast")
	if err := (Host{}).SetRootQdisc("one", "default noqueue"); err != nil {
		t.Fatal(err)
	}
	wantQdisc(t, "one", "default noqueue")
	if err := (Host{}).SetRootQdisc("one", "default noqueue"); err != nil {
		t.Errorf("giving back twice: %v", err)
	}
}

func TestMultiQueueGetsOneOfTheDefaultOnEachQueue(t *testing.T) {
	t.Parallel()
	if !inNamespace(t) {
		return
	}
	newLink(t, "four", 4)
	// Whatever net.core.default_qdisc is: the namespace cannot see it, and this test does not change it.
	for _, want := range []string{"mq pfifo", "mq pfifo_fast", "mq pfifo"} {
		if err := (Host{}).SetRootQdisc("four", want); err != nil {
			t.Fatal(err)
		}
		wantQdisc(t, "four", want)
	}
	if err := (Host{}).SetRootQdisc("four", "default noqueue"); err != nil {
		t.Fatal(err)
	}
	wantQdisc(t, "four", "default noqueue")
}

func TestMissingQdiscAndLinkAreNotExist(t *testing.T) {
	t.Parallel()
	if !inNamespace(t) {
		return
	}
	newLink(t, "one", 1)
	if err := (Host{}).SetRootQdisc("one", "no_such_qdisc"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error is %v", err)
	}
	wantQdisc(t, "one", "default noqueue")
	if _, err := (Host{}).RootQdisc("nowhere"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error is %v", err)
	}
}
