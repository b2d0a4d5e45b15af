package catalogue

import (
	_ "embed"
	"strings"

	"github.com/tcptune/tcptune/internal/report"
)

// linuxKeys names the keys of Linux, one a line, as kernels of the last years have them with all that they can be built
// with. A star stands for an interface, or for "all" and "default".
//
//go:embed linux.txt
var linuxKeys string

// KnownToLinux reports whether some kernel has the key, also where the one that runs has not. It is for files whose host
// cannot be asked; what it does not know may be the key of a module that is not part of Linux.
func KnownToLinux(key string) bool {
	return strings.Contains("\n"+linuxKeys, "\n"+ofAnyInterface(key)+"\n")
}

// ofAnyInterface puts a star in the place of an interface: "net.ipv4.conf.eth0.rp_filter" is
// "net.ipv4.conf.*.rp_filter".
func ofAnyInterface(key string) string {
	words := strings.Split(key, ".")
	if len(words) == 5 && words[0] == "net" && (words[2] == "conf" || words[2] == "neigh") {
		words[3] = "*"
	}
	return strings.Join(words, ".")
}

// NearInLinux is the key of Linux that differs from key by the fewest slips in its last word, of those in the same
// folder or with the same last word; "" for none.
func NearInLinux(key string) string {
	folder, last := "", key
	if i := strings.LastIndexByte(key, '.'); i >= 0 {
		folder, last = key[:i+1], key[i+1:]
	}
	general := strings.TrimSuffix(ofAnyInterface(folder+"x"), "x")
	var inFolder, elsewhere []string
	for name := range strings.SplitSeq(strings.TrimSpace(linuxKeys), "\n") {
		switch i := strings.LastIndexByte(name, '.'); {
		case folder != "" && name[:i+1] == general:
			inFolder = append(inFolder, name[i+1:])
		case name[i+1:] == last:
			elsewhere = append(elsewhere, name)
		}
	}
	if near := report.Near(last, inFolder); near != "" {
		return folder + near
	}
	if len(elsewhere) == 1 && !strings.Contains(elsewhere[0], "*") {
		return elsewhere[0]
	}
	return ""
}
