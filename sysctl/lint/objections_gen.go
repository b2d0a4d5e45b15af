// Code generated from objections.yaml by sysctl/gen; DO NOT EDIT.

package lint

func compiled() Objections {
	return Objections{Objections: []Objection{
		{Key: "net.ipv4.tcp_mem", When: []Condition{
			{Key: "net.ipv4.tcp_mem", Field: 3, Is: ">=", Value: 8388608},
		}, Reason: "tcp_mem is in pages of 4 KiB, not in bytes; this is 32 GiB or more for TCP alone, so there is no limit left", Fix: "remove the line, the kernel sizes it by memory at boot; or divide the bytes by 4096", Source: "Documentation/networking/ip-sysctl.rst"},
		{Key: "net.ipv4.tcp_mem", When: []Condition{
			{Key: "net.ipv4.tcp_mem", Field: 3, Is: "<", Value: 65536},
		}, Reason: "tcp_mem is in pages, for all connections together; with less than 256 MiB connections are cut down under load", Fix: "remove the line, the kernel sizes it by memory at boot", Source: "Documentation/networking/ip-sysctl.rst"},
		{Key: "net.ipv4.udp_mem", When: []Condition{
			{Key: "net.ipv4.udp_mem", Field: 3, Is: ">=", Value: 8388608},
		}, Reason: "udp_mem is in pages of 4 KiB, not in bytes; this is 32 GiB or more", Fix: "remove the line, the kernel sizes it by memory at boot", Source: "Documentation/networking/ip-sysctl.rst"},
		{Key: "net.ipv4.tcp_tw_reuse", When: []Condition{
			{Key: "net.ipv4.tcp_tw_reuse", Is: "=", Value: 1},
			{Key: "net.ipv4.tcp_timestamps", Is: "="},
		}, Reason: "tcp_tw_reuse does nothing without timestamps, and tcp_timestamps is 0", Fix: "set net.ipv4.tcp_timestamps = 1", Source: "Documentation/networking/ip-sysctl.rst, RFC 6191"},
		{Key: "net.ipv4.tcp_timestamps", When: []Condition{
			{Key: "net.ipv4.tcp_timestamps", Is: "="},
		}, Reason: "without timestamps round-trip times are guessed, and sequence numbers that wrap are not noticed on fast paths", Fix: "remove the line; 1 is the default, with an offset for each connection that gives no uptime away", Source: "RFC 7323"},
		{Key: "net.ipv4.tcp_max_tw_buckets", When: []Condition{
			{Key: "net.ipv4.tcp_max_tw_buckets", Is: "<", Value: 16384},
		}, Reason: "above that many connections the kernel ends TIME-WAIT at once, so that old packets can reach new connections; the limit is there against attacks only", Fix: "remove the line, the default grows with memory", Source: "Documentation/networking/ip-sysctl.rst, RFC 1337"},
		{Key: "net.ipv4.tcp_max_orphans", When: []Condition{
			{Key: "net.ipv4.tcp_max_orphans", Is: "<", Value: 8192},
		}, Reason: "above that many connections that no program holds any more are reset, with what they still have to send", Fix: "remove the line, the default grows with memory", Source: "Documentation/networking/ip-sysctl.rst"},
		{Key: "net.ipv4.tcp_fin_timeout", When: []Condition{
			{Key: "net.ipv4.tcp_fin_timeout", Is: "<", Value: 10},
		}, Reason: "this is how long a connection waits in FIN-WAIT-2, not TIME-WAIT; clients on slow paths that are still reading are cut off", Fix: "15 or more", Source: "tcp(7)"},
		{Key: "net.ipv4.tcp_keepalive_time", When: []Condition{
			{Key: "net.ipv4.tcp_keepalive_time", Is: "<", Value: 30},
		}, Reason: "each idle connection is probed every few seconds; that wakes mobile clients, and costs packets by the thousand", Fix: "60 or more; shorter in the program, for its own sockets (TCP_KEEPIDLE)", Source: "RFC 1122, 4.2.3.6"},
		{Key: "net.ipv4.tcp_keepalive_intvl", When: []Condition{
			{Key: "net.ipv4.tcp_keepalive_intvl", Is: "<", Value: 5},
		}, Reason: "probes a few seconds apart are all lost in one short outage, and connections that would have survived it are cut off", Fix: "10 or more", Source: "RFC 1122, 4.2.3.6"},
		{Key: "net.ipv4.tcp_keepalive_probes", When: []Condition{
			{Key: "net.ipv4.tcp_keepalive_probes", Is: "<", Value: 3},
		}, Reason: "one or two lost packets are no dead peer", Fix: "3 or more", Source: "RFC 1122, 4.2.3.6"},
		{Key: "net.netfilter.nf_conntrack_tcp_timeout_established", When: []Condition{
			{Key: "net.netfilter.nf_conntrack_tcp_timeout_established", Is: "<=", Of: "net.ipv4.tcp_keepalive_time"},
		}, Reason: "connection tracking forgets idle connections before the first keep-alive probe: they hang, or are reset", Fix: "make it longer than net.ipv4.tcp_keepalive_time with all its probes", Source: "Documentation/networking/nf_conntrack-sysctl.rst"},
		{Key: "net.netfilter.nf_conntrack_max", When: []Condition{
			{Key: "net.netfilter.nf_conntrack_max", Is: "<", Value: 32768},
		}, Reason: "new connections are dropped when the table is full, those of the operator included", Fix: "remove the line, the default grows with memory", Source: "Documentation/networking/nf_conntrack-sysctl.rst"},
		{Key: "fs.file-max", When: []Condition{
			{Key: "fs.file-max", Is: "<", Value: 9223372036854775807},
		}, Reason: "systemd raises it as far as it goes at boot, so that memory alone is the limit; this lowers it, and a machine that reaches it can open no file any more", Fix: "remove the line; what bounds a service is LimitNOFILE= of its unit", Source: "systemd, NEWS of 240"},
		{Key: "net.ipv4.tcp_syncookies", When: []Condition{
			{Key: "net.ipv4.tcp_syncookies", Is: "="},
		}, Reason: "a flood of SYNs keeps every client out, and a full queue is not noticed before", Fix: "set it to 1, the default", Source: "RFC 4987"},
		{Key: "net.ipv4.tcp_sack", When: []Condition{
			{Key: "net.ipv4.tcp_sack", Is: "="},
		}, Reason: "one lost packet makes the sender repeat all that came behind it", Fix: "remove the line; the fault of 2019 for which it was advised was mended long ago", Source: "RFC 2018"},
		{Key: "net.ipv4.tcp_window_scaling", When: []Condition{
			{Key: "net.ipv4.tcp_window_scaling", Is: "="},
		}, Reason: "no connection can have more than 64 KiB under way, whatever its buffers are", Fix: "remove the line", Source: "RFC 7323"},
		{Key: "net.ipv4.tcp_moderate_rcvbuf", When: []Condition{
			{Key: "net.ipv4.tcp_moderate_rcvbuf", Is: "="},
		}, Reason: "receive buffers stay as small as they begin, and the maximum of tcp_rmem means nothing", Fix: "remove the line", Source: "tcp(7)"},
		{Key: "net.ipv4.tcp_rmem", When: []Condition{
			{Key: "net.ipv4.tcp_rmem", Field: 2, Is: ">", Value: 1048576},
		}, Reason: "the second field is what every connection begins with: ten thousand of them may hold gigabytes before the kernel's own growth, which the third field bounds, has a say", Fix: "leave the second field at 131072", Source: "tcp(7)"},
		{Key: "net.ipv4.tcp_wmem", When: []Condition{
			{Key: "net.ipv4.tcp_wmem", Field: 2, Is: ">", Value: 1048576},
		}, Reason: "the second field is what every connection begins with; the third bounds the growth", Fix: "leave the second field at 16384, or 65536", Source: "tcp(7)"},
		{Key: "net.core.rmem_default", When: []Condition{
			{Key: "net.core.rmem_default", Is: ">", Value: 4194304},
		}, Reason: "every socket but those of TCP begins with it, each netlink and each UDP socket", Fix: "remove the line; programs ask for more with SO_RCVBUF", Source: "socket(7)"},
		{Key: "net.core.wmem_default", When: []Condition{
			{Key: "net.core.wmem_default", Is: ">", Value: 4194304},
		}, Reason: "every socket but those of TCP begins with it", Fix: "remove the line; programs ask for more with SO_SNDBUF", Source: "socket(7)"},
		{Key: "net.core.somaxconn", When: []Condition{
			{Key: "net.core.somaxconn", Is: ">", Value: 65535},
		}, Reason: "the queue is counted against what listen(2) asks for, which for most programs is 65535 at most; who waits behind so many has given up long before", Fix: "65535 or less", Source: "listen(2)"},
		{Key: "net.core.somaxconn", When: []Condition{
			{Key: "net.core.somaxconn", Is: "<", Value: 128},
		}, Reason: "a burst of clients runs into timeouts; the default is 4096", Fix: "remove the line", Source: "listen(2)"},
		{Key: "net.core.netdev_max_backlog", When: []Condition{
			{Key: "net.core.netdev_max_backlog", Is: ">", Value: 300000},
		}, Reason: "packets that wait behind so many others arrive when nobody waits for them any more", Fix: "30000 or less", Source: "Documentation/networking/scaling.rst"},
		{Key: "net.ipv4.tcp_abort_on_overflow", When: []Condition{
			{Key: "net.ipv4.tcp_abort_on_overflow", Is: "=", Value: 1},
		}, Reason: "a client that meets a full queue for a moment is reset, where it would have been served a second later", Fix: "remove the line", Source: "Documentation/networking/ip-sysctl.rst"},
		{Key: "net.ipv4.tcp_retries2", When: []Condition{
			{Key: "net.ipv4.tcp_retries2", Is: "<", Value: 5},
		}, Reason: "connections are given up after seconds of an outage; RFC 1122 wants 100 seconds, which is 8", Fix: "8 or more; programs have TCP_USER_TIMEOUT", Source: "RFC 1122, 4.2.3.5"},
		{Key: "net.ipv4.tcp_synack_retries", When: []Condition{
			{Key: "net.ipv4.tcp_synack_retries", Is: "<", Value: 2},
		}, Reason: "a client whose path loses one packet cannot connect", Fix: "2 or more; syncookies serve against floods", Source: "Documentation/networking/ip-sysctl.rst"},
		{Key: "net.ipv4.tcp_syn_retries", When: []Condition{
			{Key: "net.ipv4.tcp_syn_retries", Is: "<", Value: 2},
		}, Reason: "two lost packets, and a server that is there counts as dead", Fix: "3 or more", Source: "Documentation/networking/ip-sysctl.rst"},
		{Key: "net.ipv4.tcp_slow_start_after_idle", When: []Condition{
			{Key: "net.ipv4.tcp_slow_start_after_idle", Is: "="},
			{Key: "net.ipv4.tcp_window_scaling", Is: "="},
		}, Reason: "there is no rate to keep where windows cannot grow", Fix: "set net.ipv4.tcp_window_scaling = 1", Source: "RFC 7661"},
		{Key: "net.ipv4.ip_local_port_range", When: []Condition{
			{Key: "net.ipv4.ip_local_port_range", Field: 1, Is: "<", Value: 10000},
		}, Reason: "outgoing connections take ports on which services listen, and a service that restarts finds its port in use", Fix: "begin above the ports of services, or reserve those in net.ipv4.ip_local_reserved_ports", Source: "Documentation/networking/ip-sysctl.rst"},
		{Key: "net.ipv4.tcp_fastopen", When: []Condition{
			{Key: "net.ipv4.tcp_fastopen", Is: ">=", Value: 1024},
		}, Reason: "the server takes data in a SYN of every listener, asked or not, and without a cookie with 0x200", Fix: "set it to 3; programs ask for it by TCP_FASTOPEN", Source: "RFC 7413, Documentation/networking/ip-sysctl.rst"},
		{Key: "vm.min_free_kbytes", When: []Condition{
			{Key: "vm.min_free_kbytes", Is: ">", Value: 4194304},
		}, Reason: "the kernel keeps that much memory free for itself, and ends programs for want of it", Fix: "remove the line, the kernel sizes it by memory", Source: "Documentation/admin-guide/sysctl/vm.rst"},
		{Key: "vm.min_free_kbytes", When: []Condition{
			{Key: "vm.min_free_kbytes", Is: "<", Value: 1024},
		}, Reason: "below 1024 KiB the kernel breaks in subtle ways and deadlocks under load", Fix: "remove the line, the kernel sizes it by memory", Source: "Documentation/admin-guide/sysctl/vm.rst"},
		{Key: "vm.overcommit_memory", When: []Condition{
			{Key: "vm.overcommit_memory", Is: "=", Value: 2},
		}, Reason: "programs that reserve more than they use, Go and Java among them, fail long before memory is full", Fix: "remove the line, or know each program on the host", Source: "Documentation/mm/overcommit-accounting.rst"},
		{Key: "vm.drop_caches", When: []Condition{
			{Key: "vm.drop_caches", Is: ">"},
		}, Reason: "this is an act, not a setting; it empties the caches at each boot and at each sysctl --system", Fix: "remove the line", Source: "Documentation/admin-guide/sysctl/vm.rst"},
		{Key: "net.ipv4.route.flush", When: []Condition{
			{Key: "net.ipv4.route.flush", Is: ">"},
		}, Reason: "this is an act, not a setting; there is no cache of routes since Linux 3.6", Fix: "remove the line", Source: "Documentation/networking/ip-sysctl.rst"},
		{Key: "net.ipv4.conf.all.accept_source_route", When: []Condition{
			{Key: "net.ipv4.conf.all.accept_source_route", Is: "=", Value: 1},
		}, Reason: "senders may choose the way of their packets around filters", Fix: "set it to 0", Source: "RFC 7126, 4.3"},
	}}
}
