// Code generated from catalogue.yaml by sysctl/gen; DO NOT EDIT.

package catalogue

func compiled() Data {
	return Data{Newest: KernelVersion{7, 0}, Keys: []Key{
		{Name: "net.core.rmem_default", Kind: "int", Fields: []Field{
			{Name: "buffer", Unit: "bytes", Min: 4608, Max: 2147483647, Rule: "at-least"},
		}, Scope: "global", Defaults: []Default{
			{Value: "212992", Note: "256 packets with their overhead on 64-bit machines"},
		}, Explain: "The receive buffer that sockets of protocols other than TCP begin with. TCP has a starting size of its own, the second field of tcp_rmem, and does not look at this one.", Myths: []Myth{
			{Claim: "raising it makes TCP receive faster", Truth: "TCP never reads it; a large value only makes every UDP and netlink socket heavier"},
		}, Sources: []string{
			"Documentation/admin-guide/sysctl/net.rst",
			"socket(7)",
			"tcp(7)",
		}},
		{Name: "net.core.wmem_default", Kind: "int", Fields: []Field{
			{Name: "buffer", Unit: "bytes", Min: 4608, Max: 2147483647, Rule: "at-least"},
		}, Scope: "global", Defaults: []Default{
			{Value: "212992", Note: "256 packets with their overhead on 64-bit machines"},
		}, Explain: "The send buffer that sockets of protocols other than TCP begin with. TCP begins with the second field of tcp_wmem instead.", Myths: []Myth{
			{Claim: "raising it makes TCP send faster", Truth: "TCP never reads it"},
		}, Sources: []string{
			"Documentation/admin-guide/sysctl/net.rst",
			"socket(7)",
			"tcp(7)",
		}},
		{Name: "net.core.rmem_max", Kind: "int", Fields: []Field{
			{Name: "limit", Unit: "bytes", Min: 4608, Max: 2147483647, Rule: "at-least"},
		}, Scope: "global", Defaults: []Default{
			{Value: "212992", Note: "256 packets with their overhead on 64-bit machines"},
			{Since: KernelVersion{6, 18}, Value: "4194304"},
		}, Explain: "The most that a program may ask for with setsockopt(SO_RCVBUF); larger requests are cut down silently. It does not bound the automatic growth of TCP buffers, which the third field of tcp_rmem does. It matters to programs that set their buffers themselves, and to QUIC and other UDP servers.", Myths: []Myth{
			{Claim: "TCP buffers cannot grow beyond it", Truth: "only buffers set with SO_RCVBUF are bounded by it; those that the kernel tunes follow tcp_rmem"},
			{Claim: "SO_RCVBUF with a large value helps a long path", Truth: "it switches the automatic growth off for that socket, and is usually worse than leaving it alone"},
		}, Sources: []string{
			"Documentation/admin-guide/sysctl/net.rst",
			"socket(7)",
			"commit net: set net.core.rmem_max and net.core.wmem_max to 4 MB (6.18)",
		}},
		{Name: "net.core.wmem_max", Kind: "int", Fields: []Field{
			{Name: "limit", Unit: "bytes", Min: 4608, Max: 2147483647, Rule: "at-least"},
		}, Scope: "global", Defaults: []Default{
			{Value: "212992", Note: "256 packets with their overhead on 64-bit machines"},
			{Since: KernelVersion{6, 18}, Value: "4194304"},
		}, Explain: "The most that a program may ask for with setsockopt(SO_SNDBUF). Like rmem_max it does not bound what TCP's automatic tuning does; that is the third field of tcp_wmem.", Myths: []Myth{
			{Claim: "TCP send buffers cannot grow beyond it", Truth: "only buffers set with SO_SNDBUF are bounded by it"},
		}, Sources: []string{
			"Documentation/admin-guide/sysctl/net.rst",
			"socket(7)",
			"commit net: set net.core.rmem_max and net.core.wmem_max to 4 MB (6.18)",
		}},
		{Name: "net.core.netdev_max_backlog", Kind: "int", Fields: []Field{
			{Name: "queue", Unit: "packets", Min: 1, Max: 2147483647, Rule: "at-least"},
		}, Scope: "global", Defaults: []Default{
			{Value: "1000"},
		}, Explain: "How many received packets may wait on one CPU between the driver and the protocol stack. Drivers that use NAPI go past this queue; it fills with receive packet steering (RPS), veth and loopback traffic and some tunnels. Drops are the second column of /proc/net/softnet_stat.", Myths: []Myth{
			{Claim: "it is the receive ring of the network card", Truth: "that is set with ethtool -G; this queue is a later one and most drivers do not use it"},
		}, Sources: []string{
			"Documentation/admin-guide/sysctl/net.rst",
			"Documentation/networking/scaling.rst",
		}},
		{Name: "net.core.netdev_budget", Kind: "int", Fields: []Field{
			{Name: "budget", Unit: "packets", Min: 1, Max: 1000000, Rule: "at-least"},
		}, Scope: "global", Defaults: []Default{
			{Value: "300"},
		}, Explain: "How many packets one round of receive processing may take from all interfaces of a CPU before it yields. A rising third column of /proc/net/softnet_stat says that rounds end with work left over.", Sources: []string{
			"Documentation/admin-guide/sysctl/net.rst",
		}},
		{Name: "net.core.netdev_budget_usecs", Kind: "int", Fields: []Field{
			{Name: "budget", Unit: "microseconds", Min: 1, Max: 1000000, Rule: "at-least"},
		}, Scope: "global", Since: KernelVersion{4, 12}, Defaults: []Default{
			{By: "kernel configuration: two timer ticks, 8000 at HZ=250 and 2000 at HZ=1000"},
		}, Explain: "How long one round of receive processing may take. Whichever of this and netdev_budget is reached first ends the round.", Sources: []string{
			"Documentation/admin-guide/sysctl/net.rst",
		}},
		{Name: "net.core.busy_read", Kind: "int", Fields: []Field{
			{Name: "time", Unit: "microseconds", Max: 100000, Rule: "exact"},
		}, Scope: "global", Since: KernelVersion{3, 11}, Defaults: []Default{
			{Value: "0"},
		}, Explain: "How long a blocking read may spin on the device queue instead of sleeping, for sockets that do not say otherwise with SO_BUSY_POLL. Each waiting thread burns a CPU for that long: it buys microseconds for few connections and ruins a machine with many.", Sources: []string{
			"Documentation/admin-guide/sysctl/net.rst",
			"socket(7)",
		}},
		{Name: "net.core.busy_poll", Kind: "int", Fields: []Field{
			{Name: "time", Unit: "microseconds", Max: 100000, Rule: "exact"},
		}, Scope: "global", Since: KernelVersion{3, 11}, Defaults: []Default{
			{Value: "0"},
		}, Explain: "How long poll, select and epoll may spin on device queues before they sleep. Only sockets with SO_BUSY_POLL or a non-zero busy_read take part.", Myths: []Myth{
			{Claim: "setting it lowers latency for everybody", Truth: "it trades a whole CPU for some microseconds, and only with drivers that support it"},
		}, Sources: []string{
			"Documentation/admin-guide/sysctl/net.rst",
			"socket(7)",
		}},
		{Name: "net.core.optmem_max", Kind: "int", Fields: []Field{
			{Name: "limit", Unit: "bytes", Min: 4096, Max: 2147483647, Rule: "at-least"},
		}, Scope: "netns", Defaults: []Default{
			{Value: "20480", Note: "on 64-bit machines"},
			{Since: KernelVersion{6, 8}, Value: "131072"},
		}, Explain: "How much memory one socket may use beside its buffers: for ancillary data, filters, options, and the notifications of MSG_ZEROCOPY. A program that runs into it gets ENOBUFS. Before Linux 6.8 the whole machine shared one value.", Myths: []Myth{
			{Claim: "it is a buffer that every connection takes", Truth: "it is a limit, and next to nothing is taken from it unless a program asks"},
		}, Sources: []string{
			"Documentation/admin-guide/sysctl/net.rst",
			"commit net: increase optmem_max default value (6.8)",
		}},
		{Name: "net.core.rps_sock_flow_entries", Kind: "int", Fields: []Field{
			{Name: "size", Unit: "entries", Max: 536870912, Rule: "at-least"},
		}, Scope: "global", Defaults: []Default{
			{Value: "0"},
		}, Explain: "The size of the table with which receive flow steering (RFS) finds the CPU of the program that reads a connection; the kernel rounds up to a power of two. 0 switches RFS off. It does nothing without rps_cpus and rps_flow_cnt of the queues of an interface.", Myths: []Myth{
			{Claim: "setting it switches RFS on", Truth: "each receive queue needs its rps_flow_cnt too, and on a card with a queue for each CPU little is gained"},
		}, Sources: []string{
			"Documentation/admin-guide/sysctl/net.rst",
			"Documentation/networking/scaling.rst",
		}},
		{Name: "net.core.gro_normal_batch", Kind: "int", Fields: []Field{
			{Name: "batch", Unit: "packets", Min: 1, Max: 65535, Rule: "exact"},
		}, Scope: "global", Since: KernelVersion{5, 4}, Defaults: []Default{
			{Value: "8"},
		}, Explain: "How many packets that receive offload (GRO) could not join are handed to the protocol stack together. More save a little CPU, and let the first of them wait for the last.", Sources: []string{
			"Documentation/admin-guide/sysctl/net.rst",
		}},
		{Name: "net.core.default_qdisc", Kind: "word", Fields: []Field{
			{Name: "discipline", Rule: "exact"},
		}, Words: []string{
			"fq",
			"fq_codel",
			"cake",
			"fq_pie",
			"pfifo_fast",
			"sfq",
			"codel",
		}, Scope: "global", Conditions: []Condition{
			{BuiltIn: []string{
				"pfifo_fast",
				"pfifo",
				"bfifo",
				"pfifo_head_drop",
				"mq",
				"noqueue",
			}, Module: "sch_*"},
		}, Since: KernelVersion{3, 12}, Defaults: []Default{
			{By: "kernel configuration (CONFIG_DEFAULT_NET_SCH); Ubuntu and systemd set fq_codel"},
		}, Explain: "The queue discipline that an interface gets when it is created, or each of its hardware queues under mq. Interfaces that exist already keep theirs. fq gives every connection a queue of its own and sends at the moment that TCP's pacing asks for. A value whose module is not loaded loads it, in the initial network namespace.", Myths: []Myth{
			{Claim: "BBR needs fq", Truth: "TCP paces by itself since Linux 4.13, and does it well since 4.20; fq costs less CPU for it and is fairer"},
			{Claim: "it takes effect at once", Truth: "only for interfaces that are created afterwards; tc qdisc replace changes a live one"},
		}, Sources: []string{
			"tc-fq(8)",
			"Documentation/admin-guide/sysctl/net.rst",
			"commit tcp: internal implementation for pacing (4.13)",
		}},
		{Name: "net.core.somaxconn", Kind: "int", Fields: []Field{
			{Name: "limit", Unit: "connections", Min: 1, Max: 2147483647, Rule: "at-least", Takes: []Range{
				{Since: KernelVersion{3, 16}, Max: 2147483647},
			}},
		}, Scope: "netns", Defaults: []Default{
			{Value: "128"},
			{Since: KernelVersion{5, 4}, Value: "4096"},
		}, Explain: "The most that listen(2) gets for its backlog argument: how many finished connections may wait for accept(2). When the queue is full, the last step of the handshake is ignored and clients see delays of a second and more; ListenOverflows in /proc/net/netstat counts it.", Myths: []Myth{
			{Claim: "raising it is enough", Truth: "the program must ask for as much in listen(), and a running one keeps the queue that it has"},
		}, Sources: []string{
			"listen(2)",
			"Documentation/networking/ip-sysctl.rst",
			"commit net: increase SOMAXCONN to 4096 (5.4)",
		}},
		{Name: "net.ipv4.tcp_mem", Kind: "vector", Fields: []Field{
			{Name: "min", Unit: "pages", Min: 1, Max: 4503599627370495, Rule: "at-least"},
			{Name: "pressure", Unit: "pages", Min: 1, Max: 4503599627370495, Rule: "at-least"},
			{Name: "max", Unit: "pages", Min: 1, Max: 4503599627370495, Rule: "at-least"},
		}, Ascending: true, Piecewise: true, Scope: "global", MemoryScaled: true, Defaults: []Default{
			{By: "size of memory at boot: about 4.7, 6.25 and 9.4 per cent of it"},
		}, Explain: "Memory of all TCP buffers together, in pages. Below the first value TCP does not care; above the second it takes back from sockets what it can; above the third it refuses, drops, and logs \"out of memory\". The kernel sizes it by memory at boot, which is right for nearly every machine.", Myths: []Myth{
			{Claim: "the values are bytes", Truth: "they are pages of 4 KiB on most machines; values copied from a tcp_rmem line switch the limit off"},
		}, Sources: []string{
			"Documentation/networking/ip-sysctl.rst",
			"tcp(7)",
		}},
		{Name: "net.ipv4.tcp_rmem", Kind: "vector", Fields: []Field{
			{Name: "min", Unit: "bytes", Min: 1024, Max: 2147483647, Rule: "at-least", Takes: []Range{
				{Since: KernelVersion{3, 16}, Min: 1, Max: 2147483647},
			}},
			{Name: "default", Unit: "bytes", Min: 1024, Max: 2147483647, Rule: "at-least", Takes: []Range{
				{Since: KernelVersion{3, 16}, Min: 1, Max: 2147483647},
			}},
			{Name: "max", Unit: "bytes", Min: 4096, Max: 2147483647, Rule: "at-least", Takes: []Range{
				{Since: KernelVersion{3, 16}, Min: 1, Max: 2147483647},
			}},
		}, Ascending: true, Piecewise: true, Scope: "netns", Inherit: true, MemoryScaled: true, Defaults: []Default{
			{Value: "4096 87380 $", Scale: Scale{Per: 128, Min: 131072, Max: 6291456}, Note: "the first field is one page"},
			{Since: KernelVersion{4, 20}, Value: "4096 131072 $", Scale: Scale{Per: 128, Min: 131072, Max: 6291456}, Note: "the first field is one page"},
			{Since: KernelVersion{6, 16}, Value: "4096 131072 $", Scale: Scale{Per: 128, Min: 131072, Max: 33554432}, Note: "the first field is one page"},
		}, Explain: "Receive buffer of a TCP connection: guaranteed under memory pressure, at the start, and as far as automatic tuning may grow it. The buffer bounds what can be on the way to us, so the third field divided by the round-trip time is the fastest that one connection can receive, less packet overhead. Memory is taken as data arrives, not up front. The window scale is fixed by the handshake, so only new connections profit fully from a larger maximum.", Myths: []Myth{
			{Claim: "16 MiB is more than the kernel gives", Truth: "since Linux 6.16 the default is 32 MiB on machines with 4 GiB of memory or more, and 16 MiB lowers it"},
			{Claim: "a larger second field makes connections faster", Truth: "automatic tuning grows the buffer within a few round trips; the field costs memory on every connection"},
			{Claim: "net.core.rmem_max must be raised with it", Truth: "that one bounds SO_RCVBUF only"},
		}, Sources: []string{
			"Documentation/networking/ip-sysctl.rst",
			"tcp(7)",
			"RFC 7323",
			"commit tcp: increase tcp_rmem[2] to 32 MB (6.16)",
		}},
		{Name: "net.ipv4.tcp_wmem", Kind: "vector", Fields: []Field{
			{Name: "min", Unit: "bytes", Min: 1024, Max: 2147483647, Rule: "at-least", Takes: []Range{
				{Since: KernelVersion{3, 16}, Min: 1, Max: 2147483647},
			}},
			{Name: "default", Unit: "bytes", Min: 1024, Max: 2147483647, Rule: "at-least", Takes: []Range{
				{Since: KernelVersion{3, 16}, Min: 1, Max: 2147483647},
			}},
			{Name: "max", Unit: "bytes", Min: 4096, Max: 2147483647, Rule: "at-least", Takes: []Range{
				{Since: KernelVersion{3, 16}, Min: 1, Max: 2147483647},
			}},
		}, Ascending: true, Piecewise: true, Scope: "netns", Inherit: true, MemoryScaled: true, Defaults: []Default{
			{Value: "4096 16384 $", Scale: Scale{Per: 128, Min: 65536, Max: 4194304}, Note: "the first field is one page"},
		}, Explain: "Send buffer of a TCP connection: guaranteed under memory pressure, at the start, and as far as automatic tuning may grow it. It holds what is not acknowledged yet and what the program has written ahead, so over a long path it must hold at least two, with BBR three, bandwidth-delay products.", Myths: []Myth{
			{Claim: "a huge maximum costs memory on every connection", Truth: "the buffer grows with the congestion window; short connections never come near it"},
		}, Sources: []string{
			"Documentation/networking/ip-sysctl.rst",
			"tcp(7)",
		}},
		{Name: "net.ipv4.tcp_moderate_rcvbuf", Kind: "bool", Fields: []Field{
			{Name: "switch", Max: 1, Rule: "exact", Takes: []Range{
				{Since: KernelVersion{5, 13}, Max: 255},
			}},
		}, Scope: "netns", Defaults: []Default{
			{Value: "1"},
		}, Explain: "Automatic tuning of the receive buffer up to the third field of tcp_rmem. Without it every connection stays with the second field.", Sources: []string{
			"Documentation/networking/ip-sysctl.rst",
			"tcp(7)",
		}},
		{Name: "net.ipv4.tcp_adv_win_scale", Kind: "int", Fields: []Field{
			{Name: "shift", Min: -31, Max: 31, Rule: "exact", Takes: []Range{
				{Since: KernelVersion{5, 13}, Min: -31, Max: 31},
			}},
		}, Scope: "netns", Defaults: []Default{
			{Value: "1"},
		}, Explain: "Which part of the receive buffer was kept back for packet overhead: one half with the value 1. Since Linux 6.6 the kernel measures the overhead per connection and ignores this key.", Myths: []Myth{
			{Claim: "a higher value gives more throughput", Truth: "it does nothing since 6.6, and made buffers overrun before"},
		}, Sources: []string{
			"Documentation/networking/ip-sysctl.rst",
			"commit tcp: get rid of sysctl_tcp_adv_win_scale (6.6)",
		}},
		{Name: "net.ipv4.tcp_window_scaling", Kind: "bool", Fields: []Field{
			{Name: "switch", Max: 1, Rule: "exact", Takes: []Range{
				{Since: KernelVersion{5, 13}, Max: 255},
			}},
		}, Scope: "netns", Defaults: []Default{
			{Value: "1"},
		}, Explain: "Windows of more than 64 KiB. Without it a connection over 80 ms cannot pass 6.5 Mbit/s, whatever its buffers.", Sources: []string{
			"Documentation/networking/ip-sysctl.rst",
			"RFC 7323",
		}},
		{Name: "net.ipv4.tcp_timestamps", Kind: "int", Fields: []Field{
			{Name: "mode", Max: 2, Rule: "at-least", Takes: []Range{
				{Since: KernelVersion{5, 13}, Max: 255},
			}},
		}, Scope: "netns", Defaults: []Default{
			{Value: "1"},
		}, Explain: "Timestamps in every segment: 1 with a random offset per connection, 2 without it. They give exact round-trip times, protect fast connections from wrapped sequence numbers, and are what makes tcp_tw_reuse safe.", Myths: []Myth{
			{Claim: "switching them off saves noticeable CPU or bandwidth", Truth: "it saves 12 bytes a segment and disables PAWS, TIME-WAIT reuse and good RTT measurement"},
			{Claim: "they reveal the uptime of the machine", Truth: "not since Linux 4.10, which adds a random offset per connection"},
		}, Sources: []string{
			"Documentation/networking/ip-sysctl.rst",
			"RFC 7323",
		}},
		{Name: "net.ipv4.tcp_sack", Kind: "bool", Fields: []Field{
			{Name: "switch", Max: 1, Rule: "exact", Takes: []Range{
				{Since: KernelVersion{5, 13}, Max: 255},
			}},
		}, Scope: "netns", Defaults: []Default{
			{Value: "1"},
		}, Explain: "Selective acknowledgements: after several losses in one window only what is missing is sent again.", Myths: []Myth{
			{Claim: "it must be off because of the SACK panic of 2019", Truth: "CVE-2019-11477 was fixed in all maintained kernels that year"},
		}, Sources: []string{
			"Documentation/networking/ip-sysctl.rst",
			"RFC 2018",
		}},
		{Name: "net.ipv4.tcp_dsack", Kind: "bool", Fields: []Field{
			{Name: "switch", Max: 1, Rule: "exact"},
		}, Scope: "netns", Defaults: []Default{
			{Value: "1"},
		}, Explain: "Whether a receiver tells its peer which data came twice (duplicate SACK). The sender learns from it that a retransmission was not needed, and takes its slowing down back.", Myths: []Myth{
			{Claim: "switching it off saves bandwidth", Truth: "it adds eight bytes to an answer that is sent anyway, and only when something came twice"},
		}, Sources: []string{
			"Documentation/networking/ip-sysctl.rst",
			"RFC 2883",
			"RFC 3708",
		}},
		{Name: "net.ipv4.tcp_fack", Kind: "bool", Fields: []Field{
			{Name: "switch", Max: 1, Rule: "exact"},
		}, Scope: "netns", NoEffect: KernelVersion{4, 15}, Instead: "leave it out: loss detection by time (RACK), on by default, does what it did", Defaults: []Default{
			{Value: "1"},
			{Since: KernelVersion{4, 15}, Value: "0"},
		}, Explain: "Once the switch of a way to detect losses (forward acknowledgement). The key is still there so that old files find it.", Myths: []Myth{
			{Claim: "it speeds up recovery from losses", Truth: "nothing reads it any more"},
		}, Sources: []string{
			"Documentation/networking/ip-sysctl.rst",
			"commit tcp: retire FACK loss detection (4.15)",
		}},
		{Name: "net.ipv4.tcp_frto", Kind: "int", Fields: []Field{
			{Name: "mode", Max: 2, Rule: "exact"},
		}, Scope: "netns", Defaults: []Default{
			{Value: "2"},
		}, Explain: "Whether a sender finds out that a retransmission timeout was a false alarm (F-RTO), as on wireless links whose delay jumps, and then goes on at its former speed. 0 is off, any other value on.", Sources: []string{
			"Documentation/networking/ip-sysctl.rst",
			"RFC 5682",
		}},
		{Name: "net.ipv4.tcp_early_retrans", Kind: "int", Fields: []Field{
			{Name: "mode", Max: 4, Rule: "exact"},
		}, Scope: "netns", Defaults: []Default{
			{Value: "3"},
		}, Explain: "Tail loss probes: the last segment is sent again soon when its answer is missing, instead of waiting for a timeout. 3 and 4 are on, 0 is off; 1 and 2 stood for something that Linux 4.11 took out. It saves the slowest answers of short exchanges.", Sources: []string{
			"Documentation/networking/ip-sysctl.rst",
			"RFC 8985",
		}},
		{Name: "net.ipv4.tcp_max_reordering", Kind: "int", Fields: []Field{
			{Name: "distance", Unit: "packets", Min: 1, Max: 65535, Rule: "exact"},
		}, Scope: "netns", Since: KernelVersion{3, 19}, Defaults: []Default{
			{Value: "300"},
		}, Explain: "How far the kernel may raise the reordering that it allows for on a connection, and the most that tcp_reordering can be. Paths that spread the packets of one connection over several links may need more.", Sources: []string{
			"Documentation/networking/ip-sysctl.rst",
		}},
		{Name: "net.ipv4.tcp_reordering", Kind: "int", Fields: []Field{
			{Name: "distance", Unit: "packets", Min: 1, Max: 300, Rule: "exact"},
		}, Scope: "netns", Defaults: []Default{
			{Value: "3"},
		}, Explain: "How many packets may overtake another one before it counts as lost, at the start of a connection. The kernel raises it by itself, up to tcp_max_reordering, when it sees reordering; and loss detection by time (RACK) looks at it only in part.", Myths: []Myth{
			{Claim: "a high value is right for every long path", Truth: "the kernel adapts it for each connection, and a high start makes real losses wait"},
		}, Sources: []string{
			"Documentation/networking/ip-sysctl.rst",
			"tcp(7)",
		}},
		{Name: "net.ipv4.tcp_ecn", Kind: "int", Fields: []Field{
			{Name: "mode", Max: 5, Rule: "exact", Takes: []Range{
				{Since: KernelVersion{5, 13}, Max: 2},
				{Since: KernelVersion{7, 0}, Max: 5},
			}},
		}, Scope: "netns", Defaults: []Default{
			{Value: "2", Note: "kernels before 7.0 refuse 3 to 5"},
		}, Explain: "Explicit congestion notification: routers mark packets instead of dropping them. 0 never; 1 asks for it and accepts it; 2 accepts it when the other side asks. Since Linux 7.0 also accurate ECN: 3 asks for it and accepts it, 4 accepts it and asks for classic ECN, 5 only accepts it.", Sources: []string{
			"Documentation/networking/ip-sysctl.rst",
			"RFC 3168",
			"RFC 9768",
			"commit tcp: accecn: enable AccECN (7.0)",
		}},
		{Name: "net.ipv4.tcp_ecn_fallback", Kind: "bool", Fields: []Field{
			{Name: "switch", Max: 1, Rule: "exact"},
		}, Scope: "netns", Since: KernelVersion{4, 2}, Defaults: []Default{
			{Value: "1"},
		}, Explain: "Whether a connection request that asks for ECN and stays unanswered is tried again without. 1 is what makes tcp_ecn=1 safe to use.", Sources: []string{
			"Documentation/networking/ip-sysctl.rst",
			"RFC 3168",
		}},
		{Name: "net.ipv4.tcp_congestion_control", Kind: "word", Fields: []Field{
			{Name: "algorithm", Rule: "exact"},
		}, Words: []string{
			"bbr",
			"cubic",
			"reno",
			"dctcp",
			"htcp",
			"westwood",
			"vegas",
			"illinois",
		}, Scope: "netns", Inherit: true, Conditions: []Condition{
			{BuiltIn: []string{
				"reno",
			}, Listed: "net.ipv4.tcp_available_congestion_control", Module: "tcp_*", Allowed: "net.ipv4.tcp_allowed_congestion_control"},
		}, Defaults: []Default{
			{By: "kernel configuration (CONFIG_DEFAULT_TCP_CONG); cubic on Ubuntu"},
		}, Explain: "How a sender finds its rate, for sockets that do not choose with TCP_CONGESTION. cubic slows down at every loss; bbr models bandwidth and round-trip time, and so keeps its rate on paths that lose packets without being full. It acts on what this machine sends; what it receives is up to the other side. A new network namespace begins with the value of the initial one.", Myths: []Myth{
			{Claim: "bbr is always faster", Truth: "on clean short paths there is little difference, and BBR version 1 can crowd out cubic connections"},
			{Claim: "it helps downloads to this machine", Truth: "the sender decides"},
		}, Sources: []string{
			"Documentation/networking/ip-sysctl.rst",
			"tcp(7)",
			"RFC 9438",
			"draft-ietf-ccwg-bbr",
		}},
		{Name: "net.ipv4.tcp_slow_start_after_idle", Kind: "bool", Fields: []Field{
			{Name: "switch", Max: 1, Rule: "exact", Takes: []Range{
				{Since: KernelVersion{5, 13}, Max: 255},
			}},
		}, Scope: "netns", Defaults: []Default{
			{Value: "1"},
		}, Explain: "Whether a connection that was idle for a retransmission timeout begins again with the initial window. With 0 a long-lived connection that sends in bursts keeps what it has learned.", Sources: []string{
			"Documentation/networking/ip-sysctl.rst",
			"RFC 2861",
			"RFC 7661",
		}},
		{Name: "net.ipv4.tcp_base_mss", Kind: "int", Fields: []Field{
			{Name: "segment", Unit: "bytes", Min: 48, Max: 65483, Rule: "at-least"},
		}, Scope: "netns", Defaults: []Default{
			{Value: "512"},
			{Since: KernelVersion{4, 1}, Value: "1024"},
		}, Explain: "The segment that tcp_mtu_probing falls back to at first, and from which it searches upwards. Larger segments fit fewer paths; 1024 bytes pass through every tunnel that is made for IPv6, whose packets have 1280.", Sources: []string{
			"Documentation/networking/ip-sysctl.rst",
			"RFC 4821",
			"RFC 8200",
		}},
		{Name: "net.ipv4.tcp_mtu_probe_floor", Kind: "int", Fields: []Field{
			{Name: "segment", Unit: "bytes", Min: 48, Max: 65483, Rule: "at-least"},
		}, Scope: "netns", Since: KernelVersion{5, 4}, Defaults: []Default{
			{Value: "48"},
		}, Explain: "The smallest segment that tcp_mtu_probing comes down to. Each further timeout halves the segment, whatever the reason of the loss: without a floor a connection on a bad line ends at segments of a few dozen bytes, which kept large operators from using the probing at all. Paths that take less than the floor are not found.", Sources: []string{
			"Documentation/networking/ip-sysctl.rst",
			"commit tcp: add new tcp_mtu_probe_floor sysctl (5.4)",
		}},
		{Name: "net.ipv4.tcp_mtu_probing", Kind: "int", Fields: []Field{
			{Name: "mode", Max: 2, Rule: "at-least", Takes: []Range{
				{Since: KernelVersion{5, 13}, Max: 255},
			}},
		}, Scope: "netns", Defaults: []Default{
			{Value: "0"},
		}, Explain: "Finding the packet size of a path by trying, where routers swallow the ICMP messages that should tell it. 1 begins after repeated timeouts, with tcp_base_mss; 2 always probes, and begins there. Each further timeout halves the segment, down to tcp_mtu_probe_floor: also on a path that takes full packets and only loses acknowledgements for a while, until a probe has succeeded again.", Myths: []Myth{
			{Claim: "with 1 a connection on a healthy path never notices it", Truth: "with its acknowledgements lost for 10 seconds its segments fall from 1448 to 1024 bytes, and after 30 seconds without a floor to 256"},
		}, Sources: []string{
			"Documentation/networking/ip-sysctl.rst",
			"RFC 4821",
		}},
		{Name: "net.ipv4.tcp_fastopen", Kind: "bitmap", Fields: []Field{
			{Name: "flags", Max: 1543, Rule: "at-least", Takes: []Range{
				{Min: -2147483648, Max: 2147483647},
			}},
		}, Scope: "netns", Defaults: []Default{
			{Value: "0"},
			{Since: KernelVersion{3, 13}, Value: "1"},
		}, Explain: "Data in the first packet of a connection. 1: clients may send it; 2: listeners may accept it; 4: clients send it without a cookie; 0x200: listeners accept it without one; 0x400: every listener accepts it without asking. Programs must take part: clients with MSG_FASTOPEN or TCP_FASTOPEN_CONNECT, servers with TCP_FASTOPEN.", Myths: []Myth{
			{Claim: "3 makes connections faster", Truth: "nothing changes until the programs on both ends ask for it, and some middleboxes drop such packets"},
		}, Sources: []string{
			"Documentation/networking/ip-sysctl.rst",
			"RFC 7413",
			"tcp(7)",
		}},
		{Name: "net.ipv4.tcp_notsent_lowat", Kind: "int", Fields: []Field{
			{Name: "limit", Unit: "bytes", Min: 1, Max: 4294967295, Rule: "at-most", Takes: []Range{
				{Since: KernelVersion{4, 20}, Max: 4294967295},
			}},
		}, Scope: "netns", Since: KernelVersion{3, 12}, Defaults: []Default{
			{Since: KernelVersion{4, 15}, Value: "4294967295"},
		}, Explain: "How much unsent data a socket takes before it stops being writable. A low value leaves the choice of what to send next with the program for longer, which matters where urgent and bulk data share a connection (HTTP/2). Too low costs wake-ups; some user-space forwarders stall on uploads with it and BBR.", Sources: []string{
			"Documentation/networking/ip-sysctl.rst",
			"tcp(7)",
		}},
		{Name: "net.ipv4.tcp_autocorking", Kind: "bool", Fields: []Field{
			{Name: "switch", Max: 1, Rule: "exact", Takes: []Range{
				{Since: KernelVersion{5, 13}, Max: 1},
			}},
		}, Scope: "netns", Since: KernelVersion{3, 14}, Defaults: []Default{
			{Value: "1"},
		}, Explain: "Small writes wait for a moment, to go in one packet, while an earlier packet of the same connection is still in the queue of the interface. On an idle interface nothing waits.", Myths: []Myth{
			{Claim: "it must be off for low latency", Truth: "it acts only while a packet is queued anyway, and does not touch TCP_NODELAY on an idle link"},
		}, Sources: []string{
			"Documentation/networking/ip-sysctl.rst",
		}},
		{Name: "net.ipv4.tcp_limit_output_bytes", Kind: "int", Fields: []Field{
			{Name: "limit", Unit: "bytes", Min: 4096, Max: 2147483647, Rule: "exact", Takes: []Range{
				{Min: -2147483648, Max: 2147483647},
			}},
		}, Scope: "netns", Since: KernelVersion{3, 6}, Defaults: []Default{
			{Since: KernelVersion{5, 0}, Value: "1048576"},
			{Since: KernelVersion{6, 16}, Value: "4194304"},
		}, Explain: "How much of one connection may wait in the queue discipline and the driver (TCP small queues). It keeps a bulk sender from building a long queue in its own machine.", Sources: []string{
			"Documentation/networking/ip-sysctl.rst",
			"commit tcp: increase tcp_limit_output_bytes default value to 4MB (6.16)",
		}},
		{Name: "net.ipv4.tcp_low_latency", Kind: "bool", Fields: []Field{
			{Name: "switch", Max: 1, Rule: "exact"},
		}, Scope: "global", NoEffect: KernelVersion{4, 14}, Instead: "leave it out; tcp_notsent_lowat and TCP_NODELAY of the program are what matters to latency", Defaults: []Default{
			{Value: "0"},
		}, Explain: "Once chose between throughput and latency of a queue between the kernel and the reading program, which has been taken out. The key is still there so that old files find it.", Myths: []Myth{
			{Claim: "1 makes TCP answer sooner", Truth: "nothing reads it any more"},
		}, Sources: []string{
			"Documentation/networking/ip-sysctl.rst",
			"commit tcp: remove prequeue support (4.14)",
		}},
		{Name: "net.ipv4.tcp_shrink_window", Kind: "bool", Fields: []Field{
			{Name: "switch", Max: 1, Rule: "exact"},
		}, Scope: "netns", Since: KernelVersion{6, 5}, Defaults: []Default{
			{Value: "0"},
		}, Explain: "Whether the receive window may be taken back when memory is short. 1 holds the limit of the buffer more strictly where packets are small and readers slow, and RFC 7323 section 2.4 asks senders to bear it; some do not like it.", Sources: []string{
			"Documentation/networking/ip-sysctl.rst",
			"RFC 7323",
		}},
		{Name: "net.ipv4.tcp_plb_enabled", Kind: "bool", Fields: []Field{
			{Name: "switch", Max: 1, Rule: "exact"},
		}, Scope: "netns", Since: KernelVersion{6, 2}, Defaults: []Default{
			{Value: "0"},
		}, Explain: "Protective load balancing (PLB): a connection that meets congestion for several rounds asks for another path by changing its IPv6 flow label. It needs switches that hash the flow label, and a congestion control that counts ECN marks, as dctcp.", Sources: []string{
			"Documentation/networking/ip-sysctl.rst",
		}},
		{Name: "net.ipv4.tcp_plb_idle_rehash_rounds", Kind: "int", Fields: []Field{
			{Name: "rounds", Unit: "round trips", Max: 31, Rule: "exact"},
		}, Scope: "netns", Since: KernelVersion{6, 2}, Defaults: []Default{
			{Value: "3"},
		}, Explain: "After how many congested round trips PLB may change the path of a connection that has nothing under way, see tcp_plb_enabled.", Sources: []string{
			"Documentation/networking/ip-sysctl.rst",
		}},
		{Name: "net.ipv4.tcp_plb_rehash_rounds", Kind: "int", Fields: []Field{
			{Name: "rounds", Unit: "round trips", Max: 31, Rule: "exact"},
		}, Scope: "netns", Since: KernelVersion{6, 2}, Defaults: []Default{
			{Value: "12"},
		}, Explain: "After how many congested round trips PLB changes the path of a connection in any case, see tcp_plb_enabled.", Sources: []string{
			"Documentation/networking/ip-sysctl.rst",
		}},
		{Name: "net.ipv4.tcp_plb_suspend_rto_sec", Kind: "int", Fields: []Field{
			{Name: "time", Unit: "seconds", Max: 255, Rule: "exact"},
		}, Scope: "netns", Since: KernelVersion{6, 2}, Defaults: []Default{
			{Value: "60"},
		}, Explain: "How long PLB leaves a connection alone after a timeout, from one to two times this value, so that it does not return to a link that failed, see tcp_plb_enabled.", Sources: []string{
			"Documentation/networking/ip-sysctl.rst",
		}},
		{Name: "net.ipv4.tcp_plb_cong_thresh", Kind: "int", Fields: []Field{
			{Name: "fraction", Unit: "256ths", Max: 256, Rule: "exact"},
		}, Scope: "netns", Since: KernelVersion{6, 2}, Defaults: []Default{
			{Value: "128"},
		}, Explain: "Which share of the packets of a round trip must be marked for PLB to take it for congested: 128 of 256 is the half, see tcp_plb_enabled.", Sources: []string{
			"Documentation/networking/ip-sysctl.rst",
		}},
		{Name: "net.ipv4.tcp_child_ehash_entries", Kind: "int", Fields: []Field{
			{Name: "size", Unit: "buckets", Max: 16777216, Rule: "exact"},
		}, Scope: "netns", Since: KernelVersion{6, 1}, Defaults: []Default{
			{Value: "0"},
		}, Explain: "How many buckets the table of connections has in a network namespace that is made from here, rounded up to a power of two. 0 lets it share the table of the machine. Containers with very many connections can so be kept from slowing down each other.", Sources: []string{
			"Documentation/networking/ip-sysctl.rst",
		}},
		{Name: "net.ipv4.tcp_no_metrics_save", Kind: "bool", Fields: []Field{
			{Name: "switch", Max: 1, Rule: "exact", Takes: []Range{
				{Since: KernelVersion{5, 13}, Max: 255},
			}},
		}, Scope: "netns", Defaults: []Default{
			{Value: "0"},
		}, Explain: "Whether closing connections leave no round-trip time and reordering behind for the next connection to the same address. 1 keeps one bad connection from slowing down the following ones; 0 gives a better start on stable paths.", Myths: []Myth{
			{Claim: "the key is tcp_nometrics_save", Truth: "that is the name of a variable in the kernel's source, files with it set nothing"},
		}, Sources: []string{
			"Documentation/networking/ip-sysctl.rst",
			"ip-tcp_metrics(8)",
		}},
		{Name: "net.ipv4.tcp_max_syn_backlog", Kind: "int", Fields: []Field{
			{Name: "limit", Unit: "connections", Min: 1, Max: 2147483647, Rule: "at-least", Takes: []Range{
				{Min: -2147483648, Max: 2147483647},
			}},
		}, Scope: "netns", MemoryScaled: true, Defaults: []Default{
			{Value: "$", Scale: Scale{Per: 16777216, PowerOfTwo: true, Min: 128, Max: 4096}},
		}, Explain: "How many half-open connections a listener may have before the kernel refuses clients that it does not know. It is consulted only where tcp_syncookies is 0; otherwise the backlog of the listener is the limit, and cookies are sent beyond it.", Myths: []Myth{
			{Claim: "raising it helps a busy server", Truth: "with tcp_syncookies=1, the default, it has no effect"},
		}, Sources: []string{
			"Documentation/networking/ip-sysctl.rst",
			"tcp(7)",
			"listen(2)",
		}},
		{Name: "net.ipv4.tcp_syncookies", Kind: "int", Fields: []Field{
			{Name: "mode", Max: 2, Rule: "at-least", Takes: []Range{
				{Since: KernelVersion{5, 13}, Max: 255},
			}},
		}, Scope: "netns", Defaults: []Default{
			{Value: "1"},
		}, Explain: "What happens when the queue of half-open connections is full: 1 answers with a cookie that needs no memory, 0 drops, 2 always sends cookies and is for tests. It is the protection against SYN floods.", Myths: []Myth{
			{Claim: "cookies slow a server down, switch them off", Truth: "they are used only when the queue is full, where the alternative is to drop clients"},
		}, Sources: []string{
			"Documentation/networking/ip-sysctl.rst",
			"RFC 4987",
		}},
		{Name: "net.ipv4.tcp_abort_on_overflow", Kind: "bool", Fields: []Field{
			{Name: "switch", Max: 1, Rule: "exact", Takes: []Range{
				{Since: KernelVersion{5, 13}, Max: 255},
			}},
		}, Scope: "netns", Defaults: []Default{
			{Value: "0"},
		}, Explain: "Whether a full accept queue resets clients instead of letting them try again. 0 rides out bursts; 1 turns each one into failed connections, which some load balancers prefer to see.", Sources: []string{
			"Documentation/networking/ip-sysctl.rst",
			"tcp(7)",
		}},
		{Name: "net.ipv4.tcp_syn_retries", Kind: "int", Fields: []Field{
			{Name: "retries", Unit: "packets", Min: 1, Max: 127, Rule: "exact", Takes: []Range{
				{Since: KernelVersion{3, 16}, Min: 1, Max: 127},
			}},
		}, Scope: "netns", Defaults: []Default{
			{Since: KernelVersion{3, 7}, Value: "6"},
		}, Explain: "How often an unanswered connection request is sent again. 6 means that connect(2) fails after about two minutes.", Sources: []string{
			"Documentation/networking/ip-sysctl.rst",
			"tcp(7)",
		}},
		{Name: "net.ipv4.tcp_synack_retries", Kind: "int", Fields: []Field{
			{Name: "retries", Unit: "packets", Max: 255, Rule: "exact", Takes: []Range{
				{Since: KernelVersion{5, 13}, Max: 255},
			}},
		}, Scope: "netns", Defaults: []Default{
			{Value: "5"},
		}, Explain: "How often the answer to a connection request is sent again. 5 keeps a half-open connection for about a minute.", Sources: []string{
			"Documentation/networking/ip-sysctl.rst",
			"tcp(7)",
		}},
		{Name: "net.ipv4.tcp_retries1", Kind: "int", Fields: []Field{
			{Name: "retries", Unit: "packets", Min: 1, Max: 255, Rule: "exact"},
		}, Scope: "netns", Defaults: []Default{
			{Value: "3"},
		}, Explain: "After how many retransmissions TCP suspects the path and asks the routing for another one. The connection itself lives on until tcp_retries2.", Myths: []Myth{
			{Claim: "lowering it ends dead connections sooner", Truth: "it ends none: that is tcp_retries2, or TCP_USER_TIMEOUT of the program"},
		}, Sources: []string{
			"Documentation/networking/ip-sysctl.rst",
			"RFC 1122",
			"tcp(7)",
		}},
		{Name: "net.ipv4.tcp_retries2", Kind: "int", Fields: []Field{
			{Name: "retries", Unit: "packets", Min: 1, Max: 255, Rule: "exact", Takes: []Range{
				{Since: KernelVersion{5, 13}, Max: 255},
			}},
		}, Scope: "netns", Defaults: []Default{
			{Value: "15"},
		}, Explain: "How often unacknowledged data is sent again before the connection is given up. 15 comes to about 15 minutes; 8, the least that RFC 1122 wants, to about 100 seconds. Programs that need to know sooner use TCP_USER_TIMEOUT.", Sources: []string{
			"Documentation/networking/ip-sysctl.rst",
			"RFC 1122",
			"tcp(7)",
		}},
		{Name: "net.ipv4.tcp_orphan_retries", Kind: "int", Fields: []Field{
			{Name: "retries", Unit: "packets", Max: 255, Rule: "exact", Takes: []Range{
				{Since: KernelVersion{5, 13}, Max: 255},
			}},
		}, Scope: "netns", Defaults: []Default{
			{Value: "0", Note: "0 stands for 8"},
		}, Explain: "How often data of a connection that its program has closed already is sent again. 0 stands for 8.", Myths: []Myth{
			{Claim: "0 means that nothing is sent again", Truth: "0 is the default and stands for 8"},
		}, Sources: []string{
			"Documentation/networking/ip-sysctl.rst",
			"tcp(7)",
		}},
		{Name: "net.ipv4.tcp_max_orphans", Kind: "int", Fields: []Field{
			{Name: "limit", Unit: "connections", Min: 1, Max: 2147483647, Rule: "at-least"},
		}, Scope: "global", MemoryScaled: true, Defaults: []Default{
			{Value: "$", Scale: Scale{Per: 262144, PowerOfTwo: true, Min: 1, Max: 262144}},
		}, Explain: "How many closed connections may still wait for the other side before new ones are reset. Each may hold up to 64 KiB of memory that cannot be swapped out.", Sources: []string{
			"Documentation/networking/ip-sysctl.rst",
			"tcp(7)",
		}},
		{Name: "net.ipv4.tcp_max_tw_buckets", Kind: "int", Fields: []Field{
			{Name: "limit", Unit: "connections", Min: 1, Max: 2147483647, Rule: "at-least", Takes: []Range{
				{Min: -2147483648, Max: 2147483647},
			}},
		}, Scope: "netns", MemoryScaled: true, Defaults: []Default{
			{Value: "$", Scale: Scale{Per: 262144, PowerOfTwo: true, Min: 1, Max: 262144}},
		}, Explain: "How many connections may be in TIME-WAIT at a time. Beyond it they are destroyed early, with the message \"time wait bucket table overflow\", and late packets of an old connection may then hit a new one. One takes about 250 bytes.", Myths: []Myth{
			{Claim: "a low value cures \"too many TIME_WAIT\"", Truth: "they are harmless on a server; cutting them off gives up the protection that they are for"},
		}, Sources: []string{
			"Documentation/networking/ip-sysctl.rst",
			"RFC 9293",
		}},
		{Name: "net.ipv4.tcp_fin_timeout", Kind: "int", Fields: []Field{
			{Name: "time", Unit: "seconds", Min: 1, Max: 3600, Rule: "at-most"},
		}, Scope: "netns", Defaults: []Default{
			{Value: "60"},
		}, Explain: "How long a connection that our side has closed waits in FIN-WAIT-2 for the other side to close as well, when no program holds it any more. Shorter frees memory that clients which vanish would keep.", Myths: []Myth{
			{Claim: "it shortens TIME_WAIT", Truth: "TIME-WAIT lasts 60 seconds and is a constant in the kernel's source"},
		}, Sources: []string{
			"Documentation/networking/ip-sysctl.rst",
			"tcp(7)",
		}},
		{Name: "net.ipv4.tcp_tw_reuse", Kind: "int", Fields: []Field{
			{Name: "mode", Max: 2, Rule: "exact", Takes: []Range{
				{Since: KernelVersion{4, 19}, Max: 2},
			}},
		}, Scope: "netns", Defaults: []Default{
			{Value: "0"},
			{Since: KernelVersion{4, 19}, Value: "2"},
		}, Explain: "Whether a new outgoing connection may take over the ports of one in TIME-WAIT after a second: 0 never, 2 on loopback only, 1 always. Both sides must use timestamps. It concerns the side that connects: proxies, database and HTTP clients.", Myths: []Myth{
			{Claim: "it lets a server accept more clients", Truth: "it acts on outgoing connections only"},
			{Claim: "it is as dangerous as tcp_tw_recycle", Truth: "tcp_tw_recycle dropped clients behind NAT and is gone; reuse checks the timestamps of the same two hosts"},
		}, Sources: []string{
			"Documentation/networking/ip-sysctl.rst",
			"RFC 6191",
			"commit net-tcp: extend tcp_tw_reuse sysctl to enable loopback only optimization (4.19)",
		}},
		{Name: "net.ipv4.tcp_tw_reuse_delay", Kind: "int", Fields: []Field{
			{Name: "delay", Unit: "milliseconds", Min: 1, Max: 60000, Rule: "exact", Takes: []Range{
				{Since: KernelVersion{6, 14}, Min: 1, Max: 60000},
			}},
		}, Scope: "netns", Since: KernelVersion{6, 14}, Defaults: []Default{
			{Value: "1000"},
		}, Explain: "How long a connection must have been in TIME-WAIT before tcp_tw_reuse may take its ports. It must not be shorter than the tick of the other side's timestamp clock.", Sources: []string{
			"Documentation/networking/ip-sysctl.rst",
		}},
		{Name: "net.ipv4.tcp_rfc1337", Kind: "bool", Fields: []Field{
			{Name: "switch", Max: 1, Rule: "exact", Takes: []Range{
				{Since: KernelVersion{5, 13}, Max: 255},
			}},
		}, Scope: "netns", Defaults: []Default{
			{Value: "0"},
		}, Explain: "Whether a reset ends a connection in TIME-WAIT (0) or is ignored there (1), so that a stray packet cannot clear the way for late data of an old connection.", Sources: []string{
			"Documentation/networking/ip-sysctl.rst",
			"RFC 1337",
		}},
		{Name: "net.ipv4.tcp_keepalive_time", Kind: "int", Fields: []Field{
			{Name: "time", Unit: "seconds", Min: 1, Max: 2147483, Rule: "at-most"},
		}, Scope: "netns", Defaults: []Default{
			{Value: "7200"},
		}, Explain: "How long a connection with SO_KEEPALIVE is idle before it is probed. It must be shorter than the idle timeout of the firewalls, NAT devices and load balancers on the way, 240 (Azure) to 900 seconds as a rule, or they forget the connection first. Where one lost probe is to be no harm, tcp_keepalive_intvl has to fit in between too.", Myths: []Myth{
			{Claim: "it applies to every connection", Truth: "only to sockets with SO_KEEPALIVE, and TCP_KEEPIDLE of a socket takes precedence"},
		}, Sources: []string{
			"Documentation/networking/ip-sysctl.rst",
			"tcp(7)",
			"RFC 1122",
		}},
		{Name: "net.ipv4.tcp_keepalive_intvl", Kind: "int", Fields: []Field{
			{Name: "time", Unit: "seconds", Min: 1, Max: 2147483, Rule: "at-most"},
		}, Scope: "netns", Defaults: []Default{
			{Value: "75"},
		}, Explain: "The time between two keep-alive probes that are not answered. With tcp_keepalive_probes it gives how long a dead peer goes unnoticed after the first probe.", Sources: []string{
			"Documentation/networking/ip-sysctl.rst",
			"tcp(7)",
		}},
		{Name: "net.ipv4.tcp_keepalive_probes", Kind: "int", Fields: []Field{
			{Name: "probes", Unit: "packets", Min: 1, Max: 255, Rule: "at-most", Takes: []Range{
				{Since: KernelVersion{5, 13}, Max: 255},
			}},
		}, Scope: "netns", Defaults: []Default{
			{Value: "9"},
		}, Explain: "How many keep-alive probes may go unanswered before the connection is given up.", Sources: []string{
			"Documentation/networking/ip-sysctl.rst",
			"tcp(7)",
		}},
		{Name: "net.ipv4.ip_unprivileged_port_start", Kind: "int", Fields: []Field{
			{Name: "port", Unit: "port", Max: 65535, Rule: "exact", Takes: []Range{
				{Since: KernelVersion{4, 11}, Max: 65535},
			}},
		}, Scope: "netns", Conditions: []Condition{
			{NotAbove: Operand{Key: "net.ipv4.ip_local_port_range", Field: "low"}},
		}, Since: KernelVersion{4, 11}, Defaults: []Default{
			{Value: "1024"},
		}, Explain: "The first port that a program may bind without privileges. It cannot be above the low end of ip_local_port_range. A service that needs port 443 is better served by socket activation or CAP_NET_BIND_SERVICE.", Sources: []string{
			"Documentation/networking/ip-sysctl.rst",
			"ip(7)",
		}},
		{Name: "net.ipv4.ip_local_reserved_ports", Kind: "ports", Fields: []Field{
			{Name: "ports", Unit: "port", Max: 65535, Rule: "at-least"},
		}, Scope: "netns", Defaults: []Default{
			{Note: "empty"},
		}, Explain: "Ports that are never chosen for outgoing connections; programs may still bind them. A service whose port lies inside ip_local_port_range may otherwise fail to start because a passing connection holds it. Writing replaces the whole list.", Sources: []string{
			"Documentation/networking/ip-sysctl.rst",
		}},
		{Name: "net.ipv4.ip_local_port_range", Kind: "vector", Fields: []Field{
			{Name: "low", Unit: "port", Min: 1, Max: 65535, Rule: "at-most", Takes: []Range{
				{Min: 1, Max: 65535},
			}},
			{Name: "high", Unit: "port", Min: 1, Max: 65535, Rule: "at-least", Takes: []Range{
				{Min: 1, Max: 65535},
			}},
		}, Ascending: true, Scope: "netns", Conditions: []Condition{
			{Field: "low", NotBelow: Operand{Key: "net.ipv4.ip_unprivileged_port_start"}},
			{Field: "high", NotBelow: Operand{Field: "low"}},
		}, Defaults: []Default{
			{Value: "32768 61000"},
			{Since: KernelVersion{4, 2}, Value: "32768 60999"},
		}, Explain: "The ports for outgoing connections: about 28,000 by default to any one address and port. The low end must not be below ip_unprivileged_port_start, and one end should be even and the other odd. Listening ports inside the range belong in ip_local_reserved_ports.", Myths: []Myth{
			{Claim: "it bounds how many clients a server can have", Truth: "a listener uses one port for all of them; the range concerns connections that this machine opens"},
		}, Sources: []string{
			"Documentation/networking/ip-sysctl.rst",
			"ip(7)",
			"RFC 6056",
		}},
		{Name: "net.ipv4.udp_mem", Kind: "vector", Fields: []Field{
			{Name: "min", Unit: "pages", Min: 1, Max: 4503599627370495, Rule: "at-least"},
			{Name: "pressure", Unit: "pages", Min: 1, Max: 4503599627370495, Rule: "at-least"},
			{Name: "max", Unit: "pages", Min: 1, Max: 4503599627370495, Rule: "at-least"},
		}, Ascending: true, Scope: "global", MemoryScaled: true, Defaults: []Default{
			{By: "size of memory at boot: about 9.4, 12.5 and 18.8 per cent of it"},
		}, Explain: "Memory of all UDP receive queues together, in pages. Only QUIC, DNS and other UDP servers meet it: beyond the third value datagrams are dropped. The kernel sizes it by memory at boot.", Myths: []Myth{
			{Claim: "the values are bytes", Truth: "they are pages of 4 KiB on most machines"},
			{Claim: "TCP servers gain from it", Truth: "TCP has a limit of its own, tcp_mem"},
		}, Sources: []string{
			"Documentation/networking/ip-sysctl.rst",
			"udp(7)",
		}},
		{Name: "net.ipv4.udp_rmem_min", Kind: "int", Fields: []Field{
			{Name: "buffer", Unit: "bytes", Min: 1, Max: 2147483647, Rule: "at-least"},
		}, Scope: "netns", Defaults: []Default{
			{Value: "4096"},
		}, Explain: "What a UDP socket may always receive, however short the memory of all of them (udp_mem) is. TCP does not read it.", Myths: []Myth{
			{Claim: "it is the size of the UDP receive buffer", Truth: "that begins at net.core.rmem_default"},
		}, Sources: []string{
			"Documentation/networking/ip-sysctl.rst",
			"udp(7)",
		}},
		{Name: "net.ipv4.udp_wmem_min", Kind: "int", Fields: []Field{
			{Name: "buffer", Unit: "bytes", Min: 1, Max: 2147483647, Rule: "at-least"},
		}, Scope: "netns", Defaults: []Default{
			{Value: "4096"},
		}, Explain: "Meant as what a UDP socket may always have waiting to be sent. UDP does not account for that memory, so the value does nothing.", Myths: []Myth{
			{Claim: "raising it makes UDP send faster", Truth: "UDP does not read it"},
		}, Sources: []string{
			"Documentation/networking/ip-sysctl.rst",
			"udp(7)",
		}},
		{Name: "net.ipv4.neigh.default.gc_thresh1", Kind: "int", Fields: []Field{
			{Name: "limit", Unit: "entries", Max: 2147483647, Rule: "at-least"},
		}, Scope: "global", Defaults: []Default{
			{Value: "128"},
		}, Explain: "Up to how many neighbours on the local network (the ARP table) the kernel keeps without clearing up old ones.", Sources: []string{
			"Documentation/networking/ip-sysctl.rst",
			"arp(7)",
		}},
		{Name: "net.ipv4.neigh.default.gc_thresh2", Kind: "int", Fields: []Field{
			{Name: "limit", Unit: "entries", Max: 2147483647, Rule: "at-least"},
		}, Scope: "global", Defaults: []Default{
			{Value: "512"},
		}, Explain: "From how many neighbours on the local network (the ARP table) on the kernel drops those that it has not needed for five seconds.", Sources: []string{
			"Documentation/networking/ip-sysctl.rst",
			"arp(7)",
		}},
		{Name: "net.ipv4.neigh.default.gc_thresh3", Kind: "int", Fields: []Field{
			{Name: "limit", Unit: "entries", Max: 2147483647, Rule: "at-least"},
		}, Scope: "global", Defaults: []Default{
			{Value: "1024"},
		}, Explain: "The most neighbours on the local network (the ARP table) that the kernel knows at a time. Beyond it the machine cannot reach new ones, with the message \"neighbour table overflow\". Only what is directly connected counts: large flat networks, and nodes with very many containers.", Myths: []Myth{
			{Claim: "a server needs it for many clients", Truth: "clients behind a router are one neighbour, the router"},
		}, Sources: []string{
			"Documentation/networking/ip-sysctl.rst",
			"arp(7)",
		}},
		{Name: "net.ipv6.neigh.default.gc_thresh1", Kind: "int", Fields: []Field{
			{Name: "limit", Unit: "entries", Max: 2147483647, Rule: "at-least"},
		}, Scope: "global", Defaults: []Default{
			{Value: "128"},
		}, Explain: "Up to how many neighbours on the local network (for IPv6) the kernel keeps without clearing up old ones.", Sources: []string{
			"Documentation/networking/ip-sysctl.rst",
			"ip-neighbour(8)",
		}},
		{Name: "net.ipv6.neigh.default.gc_thresh2", Kind: "int", Fields: []Field{
			{Name: "limit", Unit: "entries", Max: 2147483647, Rule: "at-least"},
		}, Scope: "global", Defaults: []Default{
			{Value: "512"},
		}, Explain: "From how many neighbours on the local network (for IPv6) on the kernel drops those that it has not needed for five seconds.", Sources: []string{
			"Documentation/networking/ip-sysctl.rst",
			"ip-neighbour(8)",
		}},
		{Name: "net.ipv6.neigh.default.gc_thresh3", Kind: "int", Fields: []Field{
			{Name: "limit", Unit: "entries", Max: 2147483647, Rule: "at-least"},
		}, Scope: "global", Defaults: []Default{
			{Value: "1024"},
		}, Explain: "The most neighbours on the local network (for IPv6) that the kernel knows at a time. Beyond it the machine cannot reach new ones, with the message \"neighbour table overflow\". Only what is directly connected counts: large flat networks, and nodes with very many containers.", Myths: []Myth{
			{Claim: "a server needs it for many clients", Truth: "clients behind a router are one neighbour, the router"},
		}, Sources: []string{
			"Documentation/networking/ip-sysctl.rst",
			"ip-neighbour(8)",
		}},
		{Name: "net.ipv4.route.gc_timeout", Kind: "int", Fields: []Field{
			{Name: "time", Unit: "seconds", Max: 2147483, Rule: "exact"},
		}, Scope: "global", NoEffect: KernelVersion{3, 6}, Instead: "leave it out", Defaults: []Default{
			{Value: "300"},
		}, Explain: "Once how long an unused entry stayed in the cache of routes for IPv4, which Linux 3.6 took out. The key is still there so that old files find it.", Myths: []Myth{
			{Claim: "a low value helps a busy router", Truth: "there is no such cache any more"},
		}, Sources: []string{
			"commit ipv4: delete routing cache (3.6)",
		}},
		{Name: "net.ipv4.route.max_size", Kind: "int", Fields: []Field{
			{Name: "limit", Unit: "entries", Max: 2147483647, Rule: "exact"},
		}, Scope: "global", NoEffect: KernelVersion{3, 6}, Instead: "leave it out", Defaults: []Default{
			{Value: "2147483647"},
		}, Explain: "Once the size of the cache of routes for IPv4, which Linux 3.6 took out. The key is still there so that old files find it.", Sources: []string{
			"Documentation/networking/ip-sysctl.rst",
			"commit ipv4: delete routing cache (3.6)",
		}},
		{Name: "net.ipv4.ip_forward", Kind: "bool", Fields: []Field{
			{Name: "switch", Max: 1, Rule: "exact"},
		}, Scope: "netns", Inherit: true, NotOurs: "routing", Defaults: []Default{
			{Value: "0"},
		}, Explain: "Whether the machine passes on packets that are not for itself. Routers, virtual machines and containers need it, and Docker and Kubernetes set it. A change sets the settings of all interfaces back to what suits a router or a host (RFC 1812, RFC 1122). It makes no difference to a service that answers for itself.", Myths: []Myth{
			{Claim: "a proxy needs it", Truth: "a proxy ends one connection and opens another: nothing is forwarded"},
		}, Sources: []string{
			"Documentation/networking/ip-sysctl.rst",
			"ip(7)",
		}},
		{Name: "net.ipv4.conf.all.rp_filter", Kind: "int", Fields: []Field{
			{Name: "mode", Max: 2, Rule: "exact"},
		}, Scope: "netns", Inherit: true, NotOurs: "routing", Defaults: []Default{
			{Value: "0", Note: "distributions set their own in files below sysctl.d"},
		}, Explain: "Whether a packet is dropped when its answer would not leave by the interface that it came in by: 0 no, 1 yes (strict), 2 only when no interface would do (loose). For each interface the larger one of its own value and of \"all\" counts. Strict mode breaks machines with several paths.", Myths: []Myth{
			{Claim: "0 for \"all\" switches it off everywhere", Truth: "the value of the interface counts where it is larger"},
		}, Sources: []string{
			"Documentation/networking/ip-sysctl.rst",
			"RFC 3704",
		}},
		{Name: "fs.nr_open", Kind: "int", Fields: []Field{
			{Name: "limit", Unit: "file descriptors", Min: 1024, Max: 2147483584, Rule: "at-least"},
		}, Scope: "global", Defaults: []Default{
			{By: "the build of systemd, which may raise it at boot to 1073741816; the kernel alone: 1048576"},
		}, Explain: "The most open files that a process can be allowed with RLIMIT_NOFILE. LimitNOFILE= of a unit cannot pass it.", Sources: []string{
			"Documentation/admin-guide/sysctl/fs.rst",
			"systemd.exec(5)",
		}},
		{Name: "fs.file-max", Kind: "int", Fields: []Field{
			{Name: "limit", Unit: "open files", Min: 1024, Max: 9223372036854775807, Rule: "at-least"},
		}, Scope: "global", MemoryScaled: true, Defaults: []Default{
			{By: "systemd, since version 240 at every boot: 9223372036854775807; the kernel alone: a tenth of memory in KiB"},
		}, Explain: "Open files of the whole machine. systemd lifts it to the largest number there is, because memory control groups account for open files now.", Myths: []Myth{
			{Claim: "1000000 is a large value", Truth: "systemd has set 9223372036854775807 already, any other number lowers it"},
		}, Sources: []string{
			"Documentation/admin-guide/sysctl/fs.rst",
			"systemd NEWS 240",
		}},
		{Name: "vm.max_map_count", Kind: "int", Fields: []Field{
			{Name: "limit", Unit: "mappings", Min: 1024, Max: 2147483647, Rule: "at-least"},
		}, Scope: "global", Defaults: []Default{
			{Value: "65530", Note: "Ubuntu 24.04 and later raise it to 1048576 in a file below sysctl.d"},
		}, Explain: "How many memory mappings a process may have. Programs that map a stack for each of very many threads, or many files, meet it before they run out of memory.", Sources: []string{
			"Documentation/admin-guide/sysctl/vm.rst",
		}},
		{Name: "net.netfilter.nf_conntrack_max", Kind: "int", Fields: []Field{
			{Name: "limit", Unit: "connections", Min: 1024, Max: 2147483647, Rule: "at-least"},
		}, Scope: "global", MemoryScaled: true, Module: "nf_conntrack", Defaults: []Default{
			{By: "size of memory when the module is loaded: 262144 above 4 GiB, 65536 above 1 GiB, else the size of the hash table"},
		}, Explain: "How many connections the firewall can track. When the table is full, new ones are dropped with \"nf_conntrack: table full, dropping packet\", whatever TCP would allow. The key exists once the module is loaded, so a value set earlier in the boot is lost unless modules-load.d names it.", Myths: []Myth{
			{Claim: "it can be raised on its own", Truth: "the hash table should grow with it (module parameter hashsize), or every packet searches long lists"},
		}, Sources: []string{
			"Documentation/networking/nf_conntrack-sysctl.rst",
		}},
		{Name: "net.netfilter.nf_conntrack_tcp_timeout_established", Kind: "int", Fields: []Field{
			{Name: "time", Unit: "seconds", Min: 60, Max: 2147483, Rule: "at-most"},
		}, Scope: "netns", Module: "nf_conntrack", Defaults: []Default{
			{Value: "432000", Note: "5 days"},
		}, Explain: "How long the firewall remembers an established connection without traffic. It must be longer than the keep-alive time of the connections, or they break silently.", Sources: []string{
			"Documentation/networking/nf_conntrack-sysctl.rst",
		}},
		{Name: "net.netfilter.nf_conntrack_tcp_timeout_time_wait", Kind: "int", Fields: []Field{
			{Name: "time", Unit: "seconds", Min: 1, Max: 3600, Rule: "at-most"},
		}, Scope: "netns", Module: "nf_conntrack", Defaults: []Default{
			{Value: "120"},
		}, Explain: "How long the firewall keeps a closed connection in its table. Shorter frees entries on hosts with very many short connections.", Sources: []string{
			"Documentation/networking/nf_conntrack-sysctl.rst",
		}},
		{Name: "net.netfilter.nf_conntrack_buckets", Kind: "int", Fields: []Field{
			{Name: "size", Unit: "buckets", Min: 1024, Max: 2147483647, Rule: "at-least"},
		}, Scope: "global", MemoryScaled: true, Module: "nf_conntrack", Defaults: []Default{
			{By: "size of memory when the module is loaded: 262144 above 4 GiB, 65536 above 1 GiB"},
		}, Explain: "The size of the hash table of the firewall. It should be about nf_conntrack_max, and not less than a quarter, or every packet searches long lists. Only the initial network namespace can write it.", Sources: []string{
			"Documentation/networking/nf_conntrack-sysctl.rst",
		}},
		{Name: "net.netfilter.nf_conntrack_tcp_timeout_syn_sent", Kind: "int", Fields: []Field{
			{Name: "time", Unit: "seconds", Min: 1, Max: 2147483, Rule: "at-most"},
		}, Scope: "netns", Module: "nf_conntrack", Defaults: []Default{
			{Value: "120"},
		}, Explain: "How long the firewall remembers a connection request that nobody has answered.", Sources: []string{
			"Documentation/networking/nf_conntrack-sysctl.rst",
		}},
		{Name: "net.netfilter.nf_conntrack_tcp_timeout_syn_recv", Kind: "int", Fields: []Field{
			{Name: "time", Unit: "seconds", Min: 1, Max: 2147483, Rule: "at-most"},
		}, Scope: "netns", Module: "nf_conntrack", Defaults: []Default{
			{Value: "60"},
		}, Explain: "How long the firewall remembers a connection that was answered and not yet confirmed. Floods of requests fill the table for that long.", Sources: []string{
			"Documentation/networking/nf_conntrack-sysctl.rst",
		}},
		{Name: "net.netfilter.nf_conntrack_tcp_timeout_fin_wait", Kind: "int", Fields: []Field{
			{Name: "time", Unit: "seconds", Min: 1, Max: 2147483, Rule: "at-most"},
		}, Scope: "netns", Module: "nf_conntrack", Defaults: []Default{
			{Value: "120"},
		}, Explain: "How long the firewall remembers a connection that one side has closed, while the other side may still send.", Sources: []string{
			"Documentation/networking/nf_conntrack-sysctl.rst",
		}},
		{Name: "net.netfilter.nf_conntrack_tcp_timeout_close_wait", Kind: "int", Fields: []Field{
			{Name: "time", Unit: "seconds", Min: 1, Max: 2147483, Rule: "at-most"},
		}, Scope: "netns", Module: "nf_conntrack", Defaults: []Default{
			{Value: "60"},
		}, Explain: "How long the firewall remembers a connection whose first close was acknowledged, while the other side may still send. Half-closed connections that pause for longer are cut off.", Sources: []string{
			"Documentation/networking/nf_conntrack-sysctl.rst",
		}},
		{Name: "net.netfilter.nf_conntrack_tcp_timeout_last_ack", Kind: "int", Fields: []Field{
			{Name: "time", Unit: "seconds", Min: 1, Max: 2147483, Rule: "at-most"},
		}, Scope: "netns", Module: "nf_conntrack", Defaults: []Default{
			{Value: "30"},
		}, Explain: "How long the firewall waits for the last acknowledgement of a connection that both sides have closed.", Sources: []string{
			"Documentation/networking/nf_conntrack-sysctl.rst",
		}},
		{Name: "net.netfilter.nf_conntrack_tcp_timeout_close", Kind: "int", Fields: []Field{
			{Name: "time", Unit: "seconds", Min: 1, Max: 2147483, Rule: "at-most"},
		}, Scope: "netns", Module: "nf_conntrack", Defaults: []Default{
			{Value: "10"},
		}, Explain: "How long the firewall remembers a connection that was ended by a reset, so that late packets still belong to it.", Sources: []string{
			"Documentation/networking/nf_conntrack-sysctl.rst",
		}},
		{Name: "net.netfilter.nf_conntrack_tcp_timeout_max_retrans", Kind: "int", Fields: []Field{
			{Name: "time", Unit: "seconds", Min: 1, Max: 2147483, Rule: "at-most"},
		}, Scope: "netns", Module: "nf_conntrack", Defaults: []Default{
			{Value: "300"},
		}, Explain: "How long the firewall remembers a connection after nf_conntrack_tcp_max_retrans retransmissions without an answer.", Sources: []string{
			"Documentation/networking/nf_conntrack-sysctl.rst",
		}},
		{Name: "net.netfilter.nf_conntrack_tcp_timeout_unacknowledged", Kind: "int", Fields: []Field{
			{Name: "time", Unit: "seconds", Min: 1, Max: 2147483, Rule: "at-most"},
		}, Scope: "netns", Module: "nf_conntrack", Defaults: []Default{
			{Value: "300"},
		}, Explain: "How long the firewall remembers an established connection on which sent data is not acknowledged.", Sources: []string{
			"Documentation/networking/nf_conntrack-sysctl.rst",
		}},
		{Name: "net.netfilter.nf_conntrack_tcp_max_retrans", Kind: "int", Fields: []Field{
			{Name: "retransmissions", Unit: "packets", Max: 255, Rule: "exact"},
		}, Scope: "netns", Module: "nf_conntrack", Defaults: []Default{
			{Value: "3"},
		}, Explain: "After how many retransmissions without an answer nf_conntrack_tcp_timeout_max_retrans takes the place of the usual time.", Sources: []string{
			"Documentation/networking/nf_conntrack-sysctl.rst",
		}},
		{Name: "net.netfilter.nf_conntrack_tcp_loose", Kind: "bool", Fields: []Field{
			{Name: "switch", Max: 1, Rule: "exact"},
		}, Scope: "netns", Module: "nf_conntrack", Defaults: []Default{
			{Value: "1"},
		}, Explain: "Whether the firewall takes over connections whose beginning it has not seen. 1 keeps them alive over a restart of the firewall or a change of the path.", Sources: []string{
			"Documentation/networking/nf_conntrack-sysctl.rst",
		}},
		{Name: "net.netfilter.nf_conntrack_tcp_be_liberal", Kind: "bool", Fields: []Field{
			{Name: "switch", Max: 1, Rule: "exact"},
		}, Scope: "netns", Module: "nf_conntrack", Defaults: []Default{
			{Value: "0"},
		}, Explain: "Whether packets outside of the window count as invalid only if they are resets. 1 helps where the firewall sees only a part of a connection; 0 recognizes more that is forged.", Myths: []Myth{
			{Claim: "it cures resets behind a load balancer", Truth: "it hides them: first look for packets that take another way"},
		}, Sources: []string{
			"Documentation/networking/nf_conntrack-sysctl.rst",
		}},
		{Name: "net.netfilter.nf_conntrack_generic_timeout", Kind: "int", Fields: []Field{
			{Name: "time", Unit: "seconds", Min: 1, Max: 2147483, Rule: "at-most"},
		}, Scope: "netns", Module: "nf_conntrack", Defaults: []Default{
			{Value: "600"},
		}, Explain: "How long the firewall remembers traffic of protocols that it does not know. TCP and UDP have times of their own.", Myths: []Myth{
			{Claim: "it bounds TCP connections", Truth: "those have nf_conntrack_tcp_timeout_established and its siblings"},
		}, Sources: []string{
			"Documentation/networking/nf_conntrack-sysctl.rst",
		}},
		{Name: "net.netfilter.nf_conntrack_udp_timeout", Kind: "int", Fields: []Field{
			{Name: "time", Unit: "seconds", Min: 1, Max: 2147483, Rule: "at-most"},
		}, Scope: "netns", Module: "nf_conntrack", Defaults: []Default{
			{Value: "30"},
		}, Explain: "How long the firewall remembers a datagram that was not answered. DNS servers with very many clients fill the table with these.", Sources: []string{
			"Documentation/networking/nf_conntrack-sysctl.rst",
		}},
		{Name: "net.netfilter.nf_conntrack_udp_timeout_stream", Kind: "int", Fields: []Field{
			{Name: "time", Unit: "seconds", Min: 1, Max: 2147483, Rule: "at-most"},
		}, Scope: "netns", Module: "nf_conntrack", Defaults: []Default{
			{Value: "120"},
		}, Explain: "How long the firewall remembers an exchange of datagrams in both directions. QUIC connections that pause for longer are forgotten.", Sources: []string{
			"Documentation/networking/nf_conntrack-sysctl.rst",
		}},
	}, Aliases: []Alias{
		{Name: "net.nf_conntrack_max", Of: "net.netfilter.nf_conntrack_max"},
		{Name: "net.ipv4.conf.all.forwarding", Of: "net.ipv4.ip_forward"},
	}, Removed: []RemovedKey{
		{Name: "net.ipv4.tcp_tw_recycle", Removed: KernelVersion{4, 12}, Reason: "it broke clients behind NAT", Instead: "tcp_tw_reuse=1 is what outgoing connections can use, incoming ones need nothing"},
		{Name: "net.ipv4.tcp_thin_dupack", Removed: KernelVersion{4, 11}, Reason: "loss detection by time (RACK) does better what it did"},
		{Name: "net.ipv4.tcp_frto_response", Removed: KernelVersion{3, 10}, Reason: "the response to a false timeout is fixed now", Instead: "tcp_frto itself is on by default"},
		{Name: "net.ipv4.tcp_cookie_size", Removed: KernelVersion{3, 10}, Reason: "TCP cookie transactions were taken out"},
		{Name: "net.ipv4.tcp_abc", Removed: KernelVersion{3, 9}, Reason: "appropriate byte counting was taken out"},
		{Name: "net.ipv4.netfilter.ip_conntrack_*", Removed: KernelVersion{4, 9}, Reason: "the old names of connection tracking were taken out", Instead: "use net.netfilter.nf_conntrack_*"},
		{Name: "kernel.sched_min_granularity_ns", Removed: KernelVersion{5, 13}, Reason: "it moved to debugfs, /sys/kernel/debug/sched, and no file below sysctl.d reaches it"},
		{Name: "kernel.sched_wakeup_granularity_ns", Removed: KernelVersion{5, 13}, Reason: "it moved to debugfs, /sys/kernel/debug/sched, and no file below sysctl.d reaches it"},
		{Name: "kernel.sched_migration_cost_ns", Removed: KernelVersion{5, 13}, Reason: "it moved to debugfs, /sys/kernel/debug/sched, and no file below sysctl.d reaches it"},
		{Name: "kernel.exec-shield*", Reason: "it was a patch in kernels of Red Hat until release 6", Instead: "kernel.randomize_va_space and the NX bit of every processor do what it did"},
		{Name: "kern.ipc.somaxconn", Reason: "it is a key of BSD and macOS", Instead: "use net.core.somaxconn"},
		{Name: "kern.maxfiles*", Reason: "it is a key of BSD and macOS", Instead: "fs.file-max and fs.nr_open are what Linux has, and systemd has raised both"},
		{Name: "kern.ipc.maxsockbuf", Reason: "it is a key of BSD and macOS", Instead: "net.core.rmem_max, net.core.wmem_max, net.ipv4.tcp_rmem and net.ipv4.tcp_wmem are what Linux has"},
		{Name: "kern.*", Reason: "it is a key of BSD and macOS"},
		{Name: "net.inet.ip.portrange.*", Reason: "it is a key of BSD and macOS", Instead: "use net.ipv4.ip_local_port_range"},
		{Name: "net.inet.tcp.sendspace", Reason: "it is a key of BSD and macOS", Instead: "use net.ipv4.tcp_wmem"},
		{Name: "net.inet.tcp.recvspace", Reason: "it is a key of BSD and macOS", Instead: "use net.ipv4.tcp_rmem"},
		{Name: "net.inet.*", Reason: "it is a key of BSD and macOS"},
		{Name: "net.inet6.*", Reason: "it is a key of BSD and macOS"},
	}, Misspelt: []Misspelling{
		{Wrong: "net.ipv4.tcp_nometrics_save", Right: "net.ipv4.tcp_no_metrics_save"},
		{Wrong: "net.ipv4.tcp_keepalive_interval", Right: "net.ipv4.tcp_keepalive_intvl"},
		{Wrong: "net.ipv4.tcp_default_congestion_control", Right: "net.ipv4.tcp_congestion_control"},
		{Wrong: "net.ipv4.tcp_max_tw_bucket", Right: "net.ipv4.tcp_max_tw_buckets"},
		{Wrong: "net.ipv4.tcp_tw_reuse_enable", Right: "net.ipv4.tcp_tw_reuse"},
		{Wrong: "net.ipv4.ip_conntrack_max", Right: "net.netfilter.nf_conntrack_max"},
		{Wrong: "fs.file_max", Right: "fs.file-max"},
	}}
}
