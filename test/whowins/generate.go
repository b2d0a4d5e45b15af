package whowins

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/tcptune/tcptune/internal/host"
)

// Initial is what every key holds before a tool runs. No generated file assigns it.
const Initial = "101"

// conditional adds lines that the kernel may refuse.
func (g *generator) conditional() {
	values := conditionalValues()
	keys := slices.Sorted(maps.Keys(values))
	for range 14 {
		key := pick(g.Rand, keys)
		if g.IntN(2) == 0 {
			key = keys[g.IntN(3)] // most often the two that bound each other
		}
		text := host.SwapSeparators(key) + " = " + pick(g.Rand, values[key])
		switch g.IntN(4) {
		case 0:
			odd := pick(g.Rand, numeric())
			text = host.SwapSeparators(odd) + " = " + pick(g.Rand, oddNumbers())
		case 1:
			text = key + "=" + pick(g.Rand, values[key])
		}
		if g.IntN(5) == 0 {
			text = "-" + text
		}
		g.write(text + "\n")
	}
}

type generator struct {
	*rand.Rand
	tree   Tree
	files  []string // regular files that lines go to
	keys   []string // the keys of this tree
	values int
	text   map[string]*strings.Builder
}

// Generate makes the tree of a seed.
func Generate(seed uint64) Tree {
	g := &generator{Rand: rand.New(rand.NewPCG(seed, 0x7463707475)), tree: Tree{}, text: map[string]*strings.Builder{}}
	all := Keys()
	g.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	g.keys = all[:9]
	g.values = g.IntN(98)
	if seed%3 == 0 {
		return g.oneFault()
	}
	g.layout()
	for range 40 + g.IntN(20) {
		g.snippet()
	}
	if g.IntN(6) == 0 {
		g.longLine()
	}
	if g.IntN(3) > 0 {
		g.conditional()
	}
	for p, b := range g.text {
		data := b.String()
		if g.IntN(5) == 0 {
			data = strings.TrimRight(data, "\r\n") // no final newline
		}
		g.tree.put(p, Node{Data: data})
	}
	return g.tree
}

// oneFault makes a tree of a few good lines, with one more that may make a tool fail: so that an exit code tells of it.
func (g *generator) oneFault() Tree {
	for _, dir := range []string{"/etc", "/run", "/usr/lib", "/srv", "/proc", "/dev", "/judges"} {
		g.tree.put(dir, Node{Dir: true})
	}
	g.tree.put("/lib", Node{Link: "usr/lib"})
	lines := []string{
		"net.ipv4.tcp_ecn = 1\n", "net.ipv4.tcp_rmem = 8192 65536\n", "net.ipv4.ip_local_reserved_ports = 8080\n",
		"-net.ipv4.tcp_tw_reuse = 2\n", "# nothing\n", "net.ipv4.tcp_bogus = 5\n", "net.ipv4.ip_local_port_range = 1100 1200 # c\n",
	}
	g.Shuffle(len(lines), func(i, j int) { lines[i], lines[j] = lines[j], lines[i] })
	fault := pick(g.Rand, []string{
		"nonsense\n", "words\n", "net.ipv4.tcp_ecn\n", "-net.ipv4.tcp_ecn = 6\n", "net.ipv4.tcp_congestion_control = bbr2x\n",
		"net.ipv4.tcp_congestion_control = renox\n", "net/ipv4/../ipv4/tcp_ecn = 0\n", "net/ipv4/../ipv4/tcp_ecn = 2\n", "", "", "",
		"-net.ipv4.tcp_retries2 = 300\n",
	})
	if fault == "" {
		g.tree.put("/etc/sysctl.d/30-c.conf", Node{Link: "/srv/nothing.conf"})
	}
	g.tree.put("/etc/sysctl.d/10-a.conf", Node{Data: strings.Join(lines[:2], "")})
	g.tree.put("/etc/sysctl.d/20-b.conf", Node{Data: lines[3] + fault + lines[4]})
	return g.tree
}

func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

// layout chooses the folders, and the files that are there without lines.
func (g *generator) layout() {
	for _, dir := range []string{"/etc", "/run", "/usr/lib", "/usr/local/lib", "/srv", "/proc", "/dev", "/judges"} {
		g.tree.put(dir, Node{Dir: true})
	}
	dirs := []string{"/etc/sysctl.d", "/run/sysctl.d", "/usr/local/lib/sysctl.d", "/usr/lib/sysctl.d"}
	if g.IntN(5) < 2 {
		g.tree.put("/lib", Node{Dir: true})
		dirs = append(dirs, "/lib/sysctl.d")
	} else {
		g.tree.put("/lib", Node{Link: "usr/lib"})
	}
	for range 9 + g.IntN(6) {
		name := pick(g.Rand, fileNames())
		if g.IntN(5) == 0 {
			name = pick(g.Rand, oddNames())
		}
		g.entry(pick(g.Rand, dirs) + "/" + name)
	}
	if g.IntN(4) == 0 {
		// A name that is a pattern, beside names that match it.
		dir := pick(g.Rand, dirs)
		g.file(dir + "/" + pick(g.Rand, []string{"60-[ab].conf", "60-{a,c}.conf", "60-?.conf"}))
		g.file(dir + "/60-a.conf")
	}
	if g.IntN(3) > 0 {
		g.entry("/etc/sysctl.conf")
	}
	if g.IntN(3) == 0 {
		g.file("/run/credentials/systemd-sysctl.service/sysctl.extra")
	}
	g.file("/etc/sysctl.d/40-always.conf")
}

func (g *generator) file(p string) {
	if _, taken := g.tree[p]; taken {
		return
	}
	g.tree.put(p, Node{})
	g.files = append(g.files, p)
	g.text[p] = &strings.Builder{}
}

func (g *generator) entry(p string) {
	if _, taken := g.tree[p]; taken {
		return
	}
	switch g.IntN(20) {
	case 0:
		g.tree.put(p, Node{}) // empty
	case 1, 2:
		g.tree.put(p, Node{Link: "/dev/null"})
	case 3:
		g.tree.put(p, Node{Link: "/srv/nothing.conf"})
	case 4, 8:
		g.tree.put(p, Node{Link: pick(g.Rand, []string{
			"/opt/gone/away.conf", "../none/x.conf", p, p, "../../srv/none/../x.conf", "/dev/null/x.conf",
		})})
	case 5:
		g.tree.put(p, Node{Dir: true})
	case 6:
		g.tree.put(p, Node{Link: "../sysctl.conf"})
	case 7:
		g.file("/srv/shared.conf")
		g.tree.put("/srv/link.conf", Node{Link: "shared.conf"})
		g.tree.put(p, Node{Link: pick(g.Rand, []string{"/srv/shared.conf", "/srv/link.conf"})})
	default:
		g.file(p)
	}
}

func (g *generator) value() string {
	g.values++
	return fmt.Sprint(2 + g.values%98)
}

func (g *generator) write(text string) {
	g.text[pick(g.Rand, g.files)].WriteString(text)
}

func (g *generator) blank() string { return pick(g.Rand, []string{"", "", " ", " ", "\t", "  \t "}) }

func (g *generator) newline() string {
	return pick(g.Rand, []string{"\n", "\n", "\n", "\n", "\n", "\r\n", " \n", "\n\n", "\n\r\n"})
}

// key writes a key in one of the ways in which people write it, or might.
func (g *generator) key(p string) string {
	dotted := host.SwapSeparators(p)
	switch g.IntN(26) {
	case 0, 1, 2, 3, 4, 5:
		return p
	case 6:
		return "/" + p
	case 7:
		return strings.Replace(dotted, "ipv4.", "ipv4..", 1)
	case 8:
		return strings.Replace(p, "ipv4/", "ipv4//", 1)
	case 9:
		return strings.Replace(p, "ipv4/", "./ipv4/", 1)
	case 10:
		return dotted + "."
	case 11:
		return strings.Replace(p, "net/ipv4/", "net/ipv4.", 1)
	case 12:
		return strings.Replace(dotted, "net.ipv4.", "net.ipv4/", 1)
	case 13:
		return strings.Replace(p, "net/ipv4/", "net/ipv4/../ipv4/", 1)
	case 14:
		return strings.ReplaceAll(p, "/", ".")
	}
	return dotted
}

func (g *generator) assign(key string) string {
	return g.blank() + key + g.blank() + "=" + g.blank() + g.value() + g.blank()
}

func (g *generator) glob() string {
	pattern := pick(g.Rand, patterns())
	prefix := pick(g.Rand, []string{"net.ipv4.", "net.ipv4.", "net.ipv4.", "net.ipv4..", "net..ipv4."})
	if g.IntN(4) == 0 {
		return host.SwapSeparators(prefix + pattern)
	}
	return prefix + pattern
}

// snippet adds a line, or the few lines that make a rule decide.
func (g *generator) snippet() {
	key := pick(g.Rand, g.keys)
	switch g.IntN(34) {
	case 0, 1:
		g.write(g.blank() + "-" + g.assign(g.key(key)) + g.newline()) // perhaps with a blank behind the dash
	case 2:
		g.write("--" + g.key(key) + "=" + g.value() + g.newline())
	case 3, 4:
		g.write(g.blank() + "-" + g.key(key) + g.blank() + g.newline())
	case 5, 6, 7:
		g.write(g.assign(g.glob()) + g.newline())
	case 8:
		g.write("-" + g.glob() + g.newline())
	case 9:
		g.write(g.blank() + "net.ipv4." + pick(g.Rand, bracePatterns()) + "=" + g.value() + g.newline())
	case 10, 11:
		g.write(
			g.blank() + pick(
				g.Rand,
				[]string{"#", ";", "# ", ";\t"},
			) + strings.TrimSpace(
				g.assign(host.SwapSeparators(key)),
			) + g.newline(),
		)
	case 12:
		g.write(
			pick(g.Rand, []string{"nonsense\n", "=\n", "= 5\n", "-\n", "x\n", "\n", "-=7\n", host.SwapSeparators(key) + "\n"}),
		)
	case 13, 14:
		g.write("=" + g.assign(host.SwapSeparators(key)) + g.newline())
	case 15, 16:
		g.write(g.key(key) + g.blank() + "=" + g.blank() + g.newline()) // no value
	case 17:
		g.write(g.assign(host.SwapSeparators(key)) + "\r" + g.assign(host.SwapSeparators(pick(g.Rand, g.keys))) + g.newline())
	case 18:
		g.write("words\r" + g.assign(host.SwapSeparators(key)) + g.newline())
	case 19:
		g.write(
			pick(
				g.Rand,
				[]string{"\v", "\f", ""},
			) + host.SwapSeparators(
				key,
			) + pick(
				g.Rand,
				[]string{"\v", "\f "},
			) + "=" + g.value() + g.newline(),
		)
	case 20:
		g.write("net.ipv4.tcp_bogus = " + g.value() + g.newline())
	case 21:
		g.overlap()
	case 22:
		g.write(
			g.assign(host.SwapSeparators(key)) + "\x00" + g.assign(host.SwapSeparators(pick(g.Rand, g.keys))) + g.newline(),
		)
	case 23:
		g.write(g.assign("net.ipv4.neigh."+pick(g.Rand, []string{"lo", "e/1"})+".base_reachable_time") + g.newline())
	default:
		g.write(g.assign(g.key(key)) + g.newline())
	}
}

// overlap writes two patterns that share keys, the first of them twice, with the same value or not.
func (g *generator) overlap() {
	pairs := [][2]string{
		{"tcp_keepalive_*", "tcp_keepalive_[ip]*"},
		{"tcp_retries*", "tcp_retries?"},
		{"conf.*.tag", "conf.lo.t*"},
		{"udp_?mem_min", "udp_[rw]mem*"},
		{"igmp_max_*", "igmp_*_m*"},
	}
	pair := pick(g.Rand, pairs)
	first := "net.ipv4." + pair[0] + " = " + g.value() + "\n"
	lines := first + "net.ipv4." + pair[1] + " = " + g.value() + "\n"
	if g.IntN(3) > 0 {
		lines += first
	}
	g.write(lines)
	if g.IntN(3) == 0 {
		g.write("-net.ipv4." + pair[1] + "\n")
	}
}

// longLine puts a line near the limit of 1 MiB between two assignments.
func (g *generator) longLine() {
	size := 1<<20 - 1 + g.IntN(4)
	text := "#" + strings.Repeat("x", size-1) + "\n"
	for _, key := range g.keys {
		text += g.assign(host.SwapSeparators(key)) + "\n"
	}
	g.write(text)
}
