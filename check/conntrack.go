package check

import (
	"errors"
	"fmt"
	"io/fs"
	"strconv"

	"github.com/tcptune/tcptune/internal/report"
)

// Shares of a limited table, in percent, from which it is a warning and a failure.
const (
	tableWarn = 70
	tableFail = 90
)

// checkConntrack judges how full the connection tracking table is: when it is, new connections are dropped, which the
// kernel log calls "nf_conntrack: table full, dropping packet".
func checkConntrack(f facts) report.Check {
	const name = "conntrack"
	used, limit := f.knobs["net.netfilter.nf_conntrack_count"], f.knobs["net.netfilter.nf_conntrack_max"]
	for _, k := range []seen[string]{used, limit} {
		if errors.Is(k.err, fs.ErrNotExist) {
			return pass(name, "not in use", "connection tracking is not loaded: nothing is limited by it")
		}
		if k.err != nil {
			return unseen(name, k.err)
		}
	}
	n, errN := strconv.ParseUint(used.value, 10, 32)
	most, errM := strconv.ParseUint(limit.value, 10, 32)
	if err := errors.Join(errN, errM); err != nil {
		return unseen(name, err)
	}
	if most == 0 {
		return pass(name, fmt.Sprintf("%d connections, no limit", n), "nf_conntrack_max is 0")
	}
	share := n * 100 / most
	return byShare(name, fmt.Sprintf("%d of %d connections (%d %%)", n, most, share), share,
		"when the table is full, packets of new connections are dropped",
		fmt.Sprintf("net.netfilter.nf_conntrack_max = %d", 2*most),
		"there is room in the connection tracking table")
}

// longChain is how many entries a bucket of a full table may have: the kernel makes one by itself, and made four until
// 5.15 (nf_conntrack_init_start in net/netfilter/nf_conntrack_core.c).
const longChain = 4

// checkConntrackHash holds the hash table of connection tracking against the number of entries that it is to find.
func checkConntrackHash(f facts) report.Check {
	const name = "conntrack-hash"
	buckets, limit := f.knobs["net.netfilter.nf_conntrack_buckets"], f.knobs["net.netfilter.nf_conntrack_max"]
	for _, k := range []seen[string]{limit, buckets} {
		if errors.Is(k.err, fs.ErrNotExist) {
			return pass(name, "not in use", "connection tracking is not loaded: nothing is looked up")
		}
		if k.err != nil {
			return unseen(name, k.err)
		}
	}
	n, errN := strconv.ParseUint(buckets.value, 10, 32)
	most, errM := strconv.ParseUint(limit.value, 10, 32)
	if err := errors.Join(errN, errM); err != nil {
		return unseen(name, err)
	}
	value := fmt.Sprintf("%d buckets for %d connections", n, most)
	if most > longChain*n {
		return warn(name, value,
			fmt.Sprintf("a full table has %d connections in each bucket, and every packet searches one", most/max(n, 1)),
			fmt.Sprintf("net.netfilter.nf_conntrack_buckets = %d, at boot: options nf_conntrack hashsize=%d in "+
				"/etc/modprobe.d/nf_conntrack.conf", most, most))
	}
	return pass(name, value, "the hash table is large enough for a full one")
}

// byShare judges how much of something is taken, in percent.
func byShare(name, value string, share uint64, full, fix, room string) report.Check {
	switch {
	case share >= tableFail:
		return fail(name, value, full, fix)
	case share >= tableWarn:
		return warn(name, value, full, fix)
	}
	return pass(name, value, room)
}
