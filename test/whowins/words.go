package whowins

import (
	"strings"
)

// Keys are the keys that trees assign, as paths below /proc/sys. All belong to the network namespace, and take any
// number from 2 to 101 on the kernels in use; the sandbox drops one that does not.
func Keys() []string {
	var keys []string
	for _, name := range strings.Fields(`tcp_retries1 tcp_retries2 tcp_orphan_retries tcp_fin_timeout tcp_keepalive_intvl
		tcp_keepalive_probes tcp_keepalive_time tcp_notsent_lowat tcp_max_syn_backlog tcp_max_tw_buckets
		tcp_synack_retries tcp_syn_retries tcp_challenge_ack_limit tcp_probe_interval udp_rmem_min udp_wmem_min
		ip_default_ttl igmp_max_memberships igmp_max_msf conf/lo/tag conf/e.1/tag conf/lo/medium_id conf/e.1/medium_id
		neigh/lo/base_reachable_time neigh/e.1/base_reachable_time`) {
		keys = append(keys, "net/ipv4/"+name)
	}
	return keys
}

// Conditional are keys that take some values only, and what each holds before a tool runs: what is refused depends on the
// kernel, on another key at that moment, on the words that the kernel lists, and comes field by field or not at all.
func Conditional() map[string]string {
	return map[string]string{
		"net/ipv4/ip_local_port_range": "32768 60999", "net/ipv4/ip_unprivileged_port_start": "1024",
		"net/ipv4/tcp_congestion_control": "reno", "net/ipv4/tcp_rmem": "4096 131072 6291456", "net/ipv4/tcp_ecn": "2",
		"net/ipv4/tcp_tw_reuse": "0", "net/ipv4/ip_local_reserved_ports": "",
	}
}

// conditionalValues are what trees assign to the keys of [Conditional]. Of each the kernel refuses some.
func conditionalValues() map[string][]string {
	return map[string][]string{
		"net/ipv4/ip_local_port_range": {
			"500 65535", "80 60999", "1024 65535", "10240 65535", "60000 50000", "2000", "40000", "1100 1200 # c", "2000 x",
			"0 65535", "1024 65536",
		},
		"net/ipv4/ip_unprivileged_port_start": {"80", "443", "1024", "0", "20000", "40000", "65536", "-1", "500 # c", "80x"},
		"net/ipv4/tcp_congestion_control":     {"reno", "bbr2x", "reno ", "reno # c", "renox", "no/such", "reno2"},
		"net/ipv4/tcp_rmem": {
			"8192 65536 1000000", "8192 65536", "5000", "9000 70000 0", "9000 x 70000", "0 1 2", "7000 80000 900000 1", "8000 9000 # c",
			"8192 65536 99999999999",
		},
		"net/ipv4/tcp_ecn":                 {"0", "1", "2", "3", "6", "255", "256", "-1", "1 # c", "0x1", "x"},
		"net/ipv4/tcp_tw_reuse":            {"0", "1", "2", "3", "1 2", "1,"},
		"net/ipv4/ip_local_reserved_ports": {"8080", "8080,9090", "8080, 9090", "8080,", "9090-8080", "70000", "8080 # c", "5-7"},
	}
}

// oddNumbers are what trees assign to keys that take any number from 2 to 101: some are refused, some are less than they
// seem.
func oddNumbers() []string {
	return []string{
		"5 # c", "6\t7", "0x1f", "010", "08", "-1", "99999999999", "7x", "8;", "9,", "+5", "1e1", "5.0", "1_0", "12 x", "2147483648",
	}
}

// numeric are the keys that the odd numbers go to: those of which the rules of the kernel are known.
func numeric() []string {
	var keys []string
	for _, name := range strings.Fields("tcp_retries2 tcp_orphan_retries tcp_synack_retries tcp_syn_retries tcp_max_syn_backlog " +
		"tcp_max_tw_buckets tcp_keepalive_probes tcp_notsent_lowat") {
		keys = append(keys, "net/ipv4/"+name)
	}
	return keys
}

// patterns match keys of the list above, and others of the namespace that nobody compares.
func patterns() []string {
	return strings.Fields(`tcp_retries* tcp_retries? tcp_*_retries tcp_[or]*retr* tcp_keepalive_* tcp_keepalive_[ip]*
		tcp_keepalive_[!ip]* tcp_keep*time tcp_max_[st]* tcp_max_* tcp_syn*retries tcp_retries[[:digit:]] udp_?mem_min
		udp_[a-v]mem_min igmp_max_m* ip_default_tt? conf.*.tag conf.lo.t* conf.?o.medium_id conf.*.medium_id
		neigh.*.base_reachable_time tcp_fin_t[i]meout tcp_f[^x]n_timeout tcp_fin\_tim*`)
}

func bracePatterns() []string {
	return strings.Fields(`tcp_keepalive_{probes,int*} tcp_{fin_timeout,retries*} {udp_?,igmp_max_m*}mem_min
		tcp_{retries[12],keepalive_*} conf.{lo,e/1}.t* tcp_{fin_timeout,synack_retries}`)
}

// Name pools: few names, so that they meet.
func fileNames() []string {
	return strings.Fields(`10-a.conf 10-a.conf 20-b.conf 20-b.conf 50-a.conf 50-b.conf 50-default.conf 60-tcptune.conf
		60-tcptune.conf 99-sysctl.conf 99-sysctl.conf 99-zz.conf zz.conf A.conf 9.conf`)
}

func oddNames() []string {
	return strings.Fields(
		`.hidden.conf .hidden.conf .conf 50-[ab].conf 50-[ab].conf 50-{a,b}.conf 50-?.conf notes.txt 50-a.conf.bak
		conf 70-old.conf~ 50-b.conf.dpkg-old`,
	)
}
