# Completion of tcptune for fish. Made by hack/completion ("make generate"): do not edit.
# It never runs it. What is on this host, or below --root, it looks up by the names of files.

set -g __tcptune_commands 'check' 'plan' 'apply' 'status' 'revert' 'confirm' 'explain' 'history' 'profile' 'profile list' 'profile show' 'profile diff' 'profile size' 'lint' 'import' 'port' 'bench' 'prove' 'diagnose' 'service' 'service install' 'service uninstall' 'service status' 'service restart' 'service reload' 'service logs' 'service pprof' 'go' 'go install' 'go list' 'go use' 'go rollback' 'go remove' 'go verify' 'go prune' 'go bundle' 'go new' 'metrics' 'ansible-module' 'version' 'schema' 'completion' 'help' 'help check' 'help plan' 'help apply' 'help status' 'help revert' 'help confirm' 'help explain' 'help history' 'help profile' 'help profile list' 'help profile show' 'help profile diff' 'help profile size' 'help lint' 'help import' 'help port' 'help bench' 'help prove' 'help diagnose' 'help service' 'help service install' 'help service uninstall' 'help service status' 'help service restart' 'help service reload' 'help service logs' 'help service pprof' 'help go' 'help go install' 'help go list' 'help go use' 'help go rollback' 'help go remove' 'help go verify' 'help go prune' 'help go bundle' 'help go new' 'help metrics' 'help ansible-module' 'help version' 'help schema' 'help completion'

# True at the command $argv[1], "service install" for instance, where none of the flags $argv[2..] is given yet; those that
# take a value are written "--profile=".
function __tcptune_at
    set -l tokens (commandline -opc)[2..]
    contains -- -- $tokens
    and return 1
    set -l command
    for token in $tokens
        contains -- (string join ' ' -- $command $token) $__tcptune_commands
        or break
        set -a command $token
    end
    test "$command" = "$argv[1]"
    or return 1
    for i in (seq (count $tokens))
        set -l name (string replace -r '=.*' '' -- $tokens[$i])
        contains -- $name $argv[2..]
        and return 1
        # The value of the last one is about to be typed.
        test $i -lt (count $tokens)
        or string match -q -- '*=*' $tokens[$i]
        and contains -- $name= $argv[2..]
        and return 1
    end
    return 0
end

# True at the command $argv[1] where fewer than $argv[2] arguments are given yet. $argv[3..] are the flags that take a value.
function __tcptune_first
    __tcptune_at $argv[1]
    or return 1
    set -l tokens (commandline -opc)[2..]
    set -l waits 0
    set -l left $argv[2]
    for token in $tokens[(math 1 + (count (string split -n ' ' -- $argv[1])))..]
        if test $waits = 1
            set waits 0
        else if string match -q -- '-*' $token
            contains -- $token $argv[3..]
            and set waits 1
        else
            set left (math $left - 1)
            test $left -gt 0
            or return 1
        end
    end
    return 0
end

# The files $argv[2] below $argv[1], itself below --root.
function __tcptune_files
    set -l tokens (commandline -opc)
    set -l root ''
    for i in (seq (count $tokens))
        switch $tokens[$i]
            case --root
                set root $tokens[(math $i + 1)]
            case '--root=*'
                set root (string replace -- --root= '' $tokens[$i])
        end
    end
    string match -q -r '^~(/|$)' -- $root
    and set root $HOME(string sub -s 2 -- $root)
    for file in $root$argv[1]/*
        string match -q -- "*$argv[2]" $file
        and echo $file
    end
end

function __tcptune_names
    for file in (__tcptune_files $argv)
        string replace -- "$argv[2]" '' (string split -- / $file)[-1]
    end
end

# The words of a list, behind those that are typed.
function __tcptune_list
    set -l typed (string replace -r -- '^-[^=]*=' '' (commandline -ct))
    set -l before (string match -r -- '.*,' $typed)
    for word in $argv
        contains -- $word (string split -- , "$before")
        or echo "$before$word"
    end
end

function __tcptune_services
    for file in (__tcptune_files /etc/systemd/system .socket)
        # Metrics have a socket of their own, which belongs to the service.
        string match -q -- '*-admin.socket' $file
        and continue
        test -r $file
        or continue
        set -l line
        read line <$file
        string match -q -- '# Written by tcptune.*' $line
        and string replace -r -- '.*/(.*)\.socket$' '$1' $file
    end
end

# The keys of this host. Dots and slashes change places, sysctl.d(5).
function __tcptune_keys
    for file in /proc/sys/**
        test -f $file
        and string replace /proc/sys/ '' $file | string replace -a . \x01 | string replace -a / . | string replace -a \x01 /
    end
end

# What may stand for the placeholder $argv[1].
function __tcptune_values
    switch $argv[1]
        case 'ALGORITHM'
            printf '%s\t%s\n' \
                'bbr' '' \
                'cubic' '' \
                'reno' '' \
                'dctcp' '' \
                'htcp' '' \
                'westwood' '' \
                'vegas' '' \
                'illinois' ''
        case 'ARCHITECTURE'
            printf '%s\t%s\n' \
                '386' '' \
                'amd64' '' \
                'arm64' '' \
                'armv6l' '' \
                'loong64' '' \
                'ppc64le' '' \
                'riscv64' '' \
                's390x' ''
        case 'KEY'
            printf '%s\t%s\n' \
                'net.core.rmem_default' 'The receive buffer that sockets of protocols other than TCP begin with' \
                'net.core.wmem_default' 'The send buffer that sockets of protocols other than TCP begin with' \
                'net.core.rmem_max' 'The most that a program may ask for with setsockopt(SO_RCVBUF); larger requests are cut down silently' \
                'net.core.wmem_max' 'The most that a program may ask for with setsockopt(SO_SNDBUF)' \
                'net.core.netdev_max_backlog' 'How many received packets may wait on one CPU between the driver and the protocol stack' \
                'net.core.netdev_budget' 'How many packets one round of receive processing may take from all interfaces of a CPU before it yields' \
                'net.core.netdev_budget_usecs' 'How long one round of receive processing may take' \
                'net.core.busy_read' 'How long a blocking read may spin on the device queue instead of sleeping, for sockets that do not say otherwise with SO_BUSY_POLL' \
                'net.core.busy_poll' 'How long poll, select and epoll may spin on device queues before they sleep' \
                'net.core.optmem_max' 'How much memory one socket may use beside its buffers: for ancillary data, filters, options, and the notifications of MSG_ZEROCOPY' \
                'net.core.rps_sock_flow_entries' 'The size of the table with which receive flow steering (RFS) finds the CPU of the program that reads a connection; the kernel rounds up to a power of two' \
                'net.core.gro_normal_batch' 'How many packets that receive offload (GRO) could not join are handed to the protocol stack together' \
                'net.core.default_qdisc' 'The queue discipline that an interface gets when it is created, or each of its hardware queues under mq' \
                'net.core.somaxconn' 'The most that listen(2) gets for its backlog argument: how many finished connections may wait for accept(2)' \
                'net.ipv4.tcp_mem' 'Memory of all TCP buffers together, in pages' \
                'net.ipv4.tcp_rmem' 'Receive buffer of a TCP connection: guaranteed under memory pressure, at the start, and as far as automatic tuning may grow it' \
                'net.ipv4.tcp_wmem' 'Send buffer of a TCP connection: guaranteed under memory pressure, at the start, and as far as automatic tuning may grow it' \
                'net.ipv4.tcp_moderate_rcvbuf' 'Automatic tuning of the receive buffer up to the third field of tcp_rmem' \
                'net.ipv4.tcp_adv_win_scale' 'Which part of the receive buffer was kept back for packet overhead: one half with the value 1' \
                'net.ipv4.tcp_window_scaling' 'Windows of more than 64 KiB' \
                'net.ipv4.tcp_timestamps' 'Timestamps in every segment: 1 with a random offset per connection, 2 without it' \
                'net.ipv4.tcp_sack' 'Selective acknowledgements: after several losses in one window only what is missing is sent again' \
                'net.ipv4.tcp_dsack' 'Whether a receiver tells its peer which data came twice (duplicate SACK)' \
                'net.ipv4.tcp_fack' 'Once the switch of a way to detect losses (forward acknowledgement)' \
                'net.ipv4.tcp_frto' 'Whether a sender finds out that a retransmission timeout was a false alarm (F-RTO), as on wireless links whose delay jumps, and then goes on at its former speed' \
                'net.ipv4.tcp_early_retrans' 'Tail loss probes: the last segment is sent again soon when its answer is missing, instead of waiting for a timeout' \
                'net.ipv4.tcp_max_reordering' 'How far the kernel may raise the reordering that it allows for on a connection, and the most that tcp_reordering can be' \
                'net.ipv4.tcp_reordering' 'How many packets may overtake another one before it counts as lost, at the start of a connection' \
                'net.ipv4.tcp_ecn' 'Explicit congestion notification: routers mark packets instead of dropping them' \
                'net.ipv4.tcp_ecn_fallback' 'Whether a connection request that asks for ECN and stays unanswered is tried again without' \
                'net.ipv4.tcp_congestion_control' 'How a sender finds its rate, for sockets that do not choose with TCP_CONGESTION' \
                'net.ipv4.tcp_slow_start_after_idle' 'Whether a connection that was idle for a retransmission timeout begins again with the initial window' \
                'net.ipv4.tcp_base_mss' 'The segment that tcp_mtu_probing falls back to at first, and from which it searches upwards' \
                'net.ipv4.tcp_mtu_probe_floor' 'The smallest segment that tcp_mtu_probing comes down to' \
                'net.ipv4.tcp_mtu_probing' 'Finding the packet size of a path by trying, where routers swallow the ICMP messages that should tell it' \
                'net.ipv4.tcp_fastopen' 'Data in the first packet of a connection' \
                'net.ipv4.tcp_notsent_lowat' 'How much unsent data a socket takes before it stops being writable' \
                'net.ipv4.tcp_autocorking' 'Small writes wait for a moment, to go in one packet, while an earlier packet of the same connection is still in the queue of the interface' \
                'net.ipv4.tcp_limit_output_bytes' 'How much of one connection may wait in the queue discipline and the driver (TCP small queues)' \
                'net.ipv4.tcp_low_latency' 'Once chose between throughput and latency of a queue between the kernel and the reading program, which has been taken out' \
                'net.ipv4.tcp_shrink_window' 'Whether the receive window may be taken back when memory is short' \
                'net.ipv4.tcp_plb_enabled' 'Protective load balancing (PLB): a connection that meets congestion for several rounds asks for another path by changing its IPv6 flow label' \
                'net.ipv4.tcp_plb_idle_rehash_rounds' 'After how many congested round trips PLB may change the path of a connection that has nothing under way, see tcp_plb_enabled' \
                'net.ipv4.tcp_plb_rehash_rounds' 'After how many congested round trips PLB changes the path of a connection in any case, see tcp_plb_enabled' \
                'net.ipv4.tcp_plb_suspend_rto_sec' 'How long PLB leaves a connection alone after a timeout, from one to two times this value, so that it does not return to a link that failed, see tcp_plb_enabled' \
                'net.ipv4.tcp_plb_cong_thresh' 'Which share of the packets of a round trip must be marked for PLB to take it for congested: 128 of 256 is the half, see tcp_plb_enabled' \
                'net.ipv4.tcp_child_ehash_entries' 'How many buckets the table of connections has in a network namespace that is made from here, rounded up to a power of two' \
                'net.ipv4.tcp_no_metrics_save' 'Whether closing connections leave no round-trip time and reordering behind for the next connection to the same address' \
                'net.ipv4.tcp_max_syn_backlog' 'How many half-open connections a listener may have before the kernel refuses clients that it does not know' \
                'net.ipv4.tcp_syncookies' 'What happens when the queue of half-open connections is full: 1 answers with a cookie that needs no memory, 0 drops, 2 always sends cookies and is for tests' \
                'net.ipv4.tcp_abort_on_overflow' 'Whether a full accept queue resets clients instead of letting them try again' \
                'net.ipv4.tcp_syn_retries' 'How often an unanswered connection request is sent again' \
                'net.ipv4.tcp_synack_retries' 'How often the answer to a connection request is sent again' \
                'net.ipv4.tcp_retries1' 'After how many retransmissions TCP suspects the path and asks the routing for another one' \
                'net.ipv4.tcp_retries2' 'How often unacknowledged data is sent again before the connection is given up' \
                'net.ipv4.tcp_orphan_retries' 'How often data of a connection that its program has closed already is sent again' \
                'net.ipv4.tcp_max_orphans' 'How many closed connections may still wait for the other side before new ones are reset' \
                'net.ipv4.tcp_max_tw_buckets' 'How many connections may be in TIME-WAIT at a time' \
                'net.ipv4.tcp_fin_timeout' 'How long a connection that our side has closed waits in FIN-WAIT-2 for the other side to close as well, when no program holds it any more' \
                'net.ipv4.tcp_tw_reuse' 'Whether a new outgoing connection may take over the ports of one in TIME-WAIT after a second: 0 never, 2 on loopback only, 1 always' \
                'net.ipv4.tcp_tw_reuse_delay' 'How long a connection must have been in TIME-WAIT before tcp_tw_reuse may take its ports' \
                'net.ipv4.tcp_rfc1337' 'Whether a reset ends a connection in TIME-WAIT (0) or is ignored there (1), so that a stray packet cannot clear the way for late data of an old connection' \
                'net.ipv4.tcp_keepalive_time' 'How long a connection with SO_KEEPALIVE is idle before it is probed' \
                'net.ipv4.tcp_keepalive_intvl' 'The time between two keep-alive probes that are not answered' \
                'net.ipv4.tcp_keepalive_probes' 'How many keep-alive probes may go unanswered before the connection is given up' \
                'net.ipv4.ip_unprivileged_port_start' 'The first port that a program may bind without privileges' \
                'net.ipv4.ip_local_reserved_ports' 'Ports that are never chosen for outgoing connections; programs may still bind them' \
                'net.ipv4.ip_local_port_range' 'The ports for outgoing connections: about 28,000 by default to any one address and port' \
                'net.ipv4.udp_mem' 'Memory of all UDP receive queues together, in pages' \
                'net.ipv4.udp_rmem_min' 'What a UDP socket may always receive, however short the memory of all of them (udp_mem) is' \
                'net.ipv4.udp_wmem_min' 'Meant as what a UDP socket may always have waiting to be sent' \
                'net.ipv4.neigh.default.gc_thresh1' 'Up to how many neighbours on the local network (the ARP table) the kernel keeps without clearing up old ones' \
                'net.ipv4.neigh.default.gc_thresh2' 'From how many neighbours on the local network (the ARP table) on the kernel drops those that it has not needed for five seconds' \
                'net.ipv4.neigh.default.gc_thresh3' 'The most neighbours on the local network (the ARP table) that the kernel knows at a time' \
                'net.ipv6.neigh.default.gc_thresh1' 'Up to how many neighbours on the local network (for IPv6) the kernel keeps without clearing up old ones' \
                'net.ipv6.neigh.default.gc_thresh2' 'From how many neighbours on the local network (for IPv6) on the kernel drops those that it has not needed for five seconds' \
                'net.ipv6.neigh.default.gc_thresh3' 'The most neighbours on the local network (for IPv6) that the kernel knows at a time' \
                'net.ipv4.route.gc_timeout' 'Once how long an unused entry stayed in the cache of routes for IPv4, which Linux 3.6 took out' \
                'net.ipv4.route.max_size' 'Once the size of the cache of routes for IPv4, which Linux 3.6 took out' \
                'net.ipv4.ip_forward' 'Whether the machine passes on packets that are not for itself' \
                'net.ipv4.conf.all.rp_filter' 'Whether a packet is dropped when its answer would not leave by the interface that it came in by: 0 no, 1 yes (strict), 2 only when no interface would do (loose)' \
                'fs.nr_open' 'The most open files that a process can be allowed with RLIMIT_NOFILE' \
                'fs.file-max' 'Open files of the whole machine' \
                'vm.max_map_count' 'How many memory mappings a process may have' \
                'net.netfilter.nf_conntrack_max' 'How many connections the firewall can track' \
                'net.netfilter.nf_conntrack_tcp_timeout_established' 'How long the firewall remembers an established connection without traffic' \
                'net.netfilter.nf_conntrack_tcp_timeout_time_wait' 'How long the firewall keeps a closed connection in its table' \
                'net.netfilter.nf_conntrack_buckets' 'The size of the hash table of the firewall' \
                'net.netfilter.nf_conntrack_tcp_timeout_syn_sent' 'How long the firewall remembers a connection request that nobody has answered' \
                'net.netfilter.nf_conntrack_tcp_timeout_syn_recv' 'How long the firewall remembers a connection that was answered and not yet confirmed' \
                'net.netfilter.nf_conntrack_tcp_timeout_fin_wait' 'How long the firewall remembers a connection that one side has closed, while the other side may still send' \
                'net.netfilter.nf_conntrack_tcp_timeout_close_wait' 'How long the firewall remembers a connection whose first close was acknowledged, while the other side may still send' \
                'net.netfilter.nf_conntrack_tcp_timeout_last_ack' 'How long the firewall waits for the last acknowledgement of a connection that both sides have closed' \
                'net.netfilter.nf_conntrack_tcp_timeout_close' 'How long the firewall remembers a connection that was ended by a reset, so that late packets still belong to it' \
                'net.netfilter.nf_conntrack_tcp_timeout_max_retrans' 'How long the firewall remembers a connection after nf_conntrack_tcp_max_retrans retransmissions without an answer' \
                'net.netfilter.nf_conntrack_tcp_timeout_unacknowledged' 'How long the firewall remembers an established connection on which sent data is not acknowledged' \
                'net.netfilter.nf_conntrack_tcp_max_retrans' 'After how many retransmissions without an answer nf_conntrack_tcp_timeout_max_retrans takes the place of the usual time' \
                'net.netfilter.nf_conntrack_tcp_loose' 'Whether the firewall takes over connections whose beginning it has not seen' \
                'net.netfilter.nf_conntrack_tcp_be_liberal' 'Whether packets outside of the window count as invalid only if they are resets' \
                'net.netfilter.nf_conntrack_generic_timeout' 'How long the firewall remembers traffic of protocols that it does not know' \
                'net.netfilter.nf_conntrack_udp_timeout' 'How long the firewall remembers a datagram that was not answered' \
                'net.netfilter.nf_conntrack_udp_timeout_stream' 'How long the firewall remembers an exchange of datagrams in both directions'
        case 'LIMIT=VALUE'
            printf '%s\t%s\n' \
                'accept-burst'= '' \
                'accept-rate'= '' \
                'breaker-failures'= '' \
                'breaker-least'= '' \
                'breaker-open'= '' \
                'breaker-share'= '' \
                'client-burst'= '' \
                'client-conns'= '' \
                'client-rate'= '' \
                'idle-timeout'= '' \
                'max-conns'= '' \
                'max-frame'= '' \
                'max-input'= '' \
                'max-line'= '' \
                'max-output'= '' \
                'min-rate'= '' \
                'proxy-from'= '' \
                'queue'= '' \
                'queue-timeout'= '' \
                'read-timeout'= '' \
                'total-timeout'= '' \
                'upstream-connect'= '' \
                'upstream-conns'= '' \
                'upstream-idle'= '' \
                'upstream-life'= '' \
                'upstream-timeout'= '' \
                'upstream-wait'= '' \
                'write-timeout'= ''
        case 'NETNS'
            printf '%s\t%s\n' \
                'all' 'every network namespace'
        case 'PROFILE'
            printf '%s\t%s\n' \
                'server' 'high-concurrency TCP service; the default' \
                'classic' 'exactly the widely published set of five, nothing else' \
                'wan' 'throughput over distance; buffers computed from bandwidth, round-trip time and memory' \
                'latency' 'short answers soon, on connections that live long and carry several streams' \
                'proxy' 'many outgoing connections; reverse proxies, gateways, load generators'
        case 'PROPERTY=VALUE'
            printf '%s\t%s\n' \
                'After'= '' \
                'AmbientCapabilities'= '' \
                'BindReadOnlyPaths'= '' \
                'CPUQuota'= '' \
                'CPUWeight'= '' \
                'CacheDirectory'= '' \
                'ConditionPathExists'= '' \
                'Environment'= '' \
                'EnvironmentFile'= '' \
                'ExecReload'= '' \
                'ExecStartPre'= '' \
                'LimitMEMLOCK'= '' \
                'LoadCredential'= '' \
                'LogsDirectory'= '' \
                'MemoryDenyWriteExecute'= '' \
                'MemoryMax'= '' \
                'Nice'= '' \
                'OOMScoreAdjust'= '' \
                'OnFailure'= '' \
                'ReadWritePaths'= '' \
                'Requires'= '' \
                'RuntimeDirectory'= '' \
                'Slice'= '' \
                'SupplementaryGroups'= '' \
                'SystemCallFilter'= '' \
                'TasksMax'= '' \
                'TimeoutStartSec'= '' \
                'Wants'= '' \
                'WatchdogSec'= '' \
                'WorkingDirectory'= ''
        case 'SCENARIO'
            printf '%s\t%s\n' \
                'lan' 'one data centre, 1 ms, 1 Gbit/s' \
                'continental' 'clients of the same continent, 25 ms, 0.05 % loss, 200 Mbit/s' \
                'intercontinental' 'clients over an ocean, 80 ms, 1 % loss, 100 Mbit/s' \
                'lossy-mobile' 'a phone that moves, 60 ms and 10 ms of jitter, 2 % loss in bursts, 20 Mbit/s' \
                'long-fat-pipe' 'much bandwidth, far away, 300 ms, 200 Mbit/s' \
                'bufferbloat' 'a queue of a second before a slow link, 40 ms, 20 Mbit/s'
        case 'SHELL'
            printf '%s\t%s\n' \
                'bash' '' \
                'zsh' '' \
                'fish' ''
        case 'SIDE'
            printf '%s\t%s\n' \
                'server' 'high-concurrency TCP service; the default' \
                'classic' 'exactly the widely published set of five, nothing else' \
                'wan' 'throughput over distance; buffers computed from bandwidth, round-trip time and memory' \
                'latency' 'short answers soon, on connections that live long and carry several streams' \
                'proxy' 'many outgoing connections; reverse proxies, gateways, load generators' \
                'HOST-NOW' 'the running values of this host'
        case 'SIGNAL'
            printf '%s\t%s\n' \
                'HUP' '' \
                'INT' '' \
                'QUIT' '' \
                'KILL' '' \
                'USR1' '' \
                'USR2' '' \
                'TERM' ''
        case 'TARGET'
            printf '%s\t%s\n' \
                'compare' 'hold files of earlier tests against the first'
        case 'TOOLS'
            __tcptune_list 'dlv' 'gofumpt' 'goimports' 'golangci-lint' 'gopls' 'govulncheck' 'staticcheck'
        case 'WAYS'
            __tcptune_list 'download' 'module'
        case 'apt'
            printf '%s\t%s\n' \
                'apt' ''
        case 'bulk|connections|requests|idle'
            printf '%s\t%s\n' \
                'bulk' '' \
                'connections' '' \
                'requests' '' \
                'idle' ''
        case 'echo|line|frame|discard|http|relay'
            printf '%s\t%s\n' \
                'echo' '' \
                'line' '' \
                'frame' '' \
                'discard' '' \
                'http' '' \
                'relay' ''
        case 'exec|notify|notify-reload'
            printf '%s\t%s\n' \
                'exec' '' \
                'notify' '' \
                'notify-reload' ''
        case 'free|held'
            printf '%s\t%s\n' \
                'free' '' \
                'held' ''
        case 'netem|tun'
            printf '%s\t%s\n' \
                'netem' '' \
                'tun' ''
        case 'process|container|unit'
            printf '%s\t%s\n' \
                'process' '' \
                'container' '' \
                'unit' ''
        case 'raw|send|receive|line|frame|http|connect|talk'
            printf '%s\t%s\n' \
                'raw' '' \
                'send' '' \
                'receive' '' \
                'line' '' \
                'frame' '' \
                'http' '' \
                'connect' '' \
                'talk' ''
        case 'sarif|github'
            printf '%s\t%s\n' \
                'sarif' '' \
                'github' ''
    end
    switch $argv[1]
        case PROFILE SIDE
            __tcptune_names /etc/tcptune/profiles.d .yaml
        case VERSION
            __tcptune_names /usr/local/lib/tcptune/go
        case NETNS
            __tcptune_names /run/netns
        case KEY
            string match -q -- '--root*' (commandline -opc)
            or __tcptune_keys
        case SERVICE
            __tcptune_services
        case USER
            __fish_complete_users
        case DIR
            __fish_complete_directories
    end
end

complete -c tcptune -f

complete -c tcptune -n '__tcptune_first \'\' 1' -a check -d 'verify the release, architecture, kernel and limits of this host'
complete -c tcptune -n '__tcptune_first \'\' 1' -a plan -d 'show what apply would change; changes nothing'
complete -c tcptune -n '__tcptune_first \'\' 1' -a apply -d 'bring this host to the wanted state'
complete -c tcptune -n '__tcptune_first \'\' 1' -a status -d 'the truth about every managed key: now, after a reboot, after sysctl --system'
complete -c tcptune -n '__tcptune_first \'\' 1' -a revert -d 'take back everything, to before the first apply'
complete -c tcptune -n '__tcptune_first \'\' 1' -a confirm -d 'keep what apply --confirm has changed'
complete -c tcptune -n '__tcptune_first \'\' 1' -a explain -d 'what a key does, its unit, range and default, and who sets it here'
complete -c tcptune -n '__tcptune_first \'\' 1' -a history -d 'what root has changed through tcptune on this machine, when, and by whom'
complete -c tcptune -n '__tcptune_first \'\' 1' -a profile -d 'list, show and compare profiles, and compute buffer sizes'
complete -c tcptune -n '__tcptune_first \'\' 1' -a lint -d 'say what is wrong with files that set kernel settings'
complete -c tcptune -n '__tcptune_first \'\' 1' -a import -d 'make a profile of files that were written by hand'
complete -c tcptune -n '__tcptune_first \'\' 1' -a port -d 'who holds a port; --kill frees it'
complete -c tcptune -n '__tcptune_first \'\' 1' -a bench -d 'put a TCP service under load, and measure what its clients see'
complete -c tcptune -n '__tcptune_first \'\' 1' -a prove -d 'show what a profile does, before and after, over an emulated network'
complete -c tcptune -n '__tcptune_first \'\' 1' -a diagnose -d 'say which limit bites now, with evidence, and what moves it'
complete -c tcptune -n '__tcptune_first \'\' 1' -a service -d 'install and run a socket-activated TCP server, the bundled one or your own'
complete -c tcptune -n '__tcptune_first \'\' 1' -a go -d 'install Go toolchains, verified, and switch between them'
complete -c tcptune -n '__tcptune_first \'\' 1' -a metrics -d 'the state of this host as figures for Prometheus'
complete -c tcptune -n '__tcptune_first \'\' 1' -a ansible-module -d 'be a module of Ansible: its arguments in a file, its result as JSON'
complete -c tcptune -n '__tcptune_first \'\' 1' -a version -d 'say which tcptune this is: version, commit, its date, and Go'
complete -c tcptune -n '__tcptune_first \'\' 1' -a schema -d 'print the JSON Schema of what --json prints'
complete -c tcptune -n '__tcptune_first \'\' 1' -a completion -d 'print the completion script of a shell'
complete -c tcptune -n '__tcptune_first \'\' 1' -a help -d 'show help for a command'
complete -c tcptune -n '__tcptune_at \'\' --help -h' -l help -s h -d 'show help'
complete -c tcptune -n '__tcptune_at \'\' --version -v' -l version -s v -d 'print the version'

complete -c tcptune -n '__tcptune_at \'check\' --strict' -l strict -d 'exit with 2 also for warnings'
complete -c tcptune -n '__tcptune_at \'check\' --production' -l production -d 'check services and the host as they have to be before clients come'
complete -c tcptune -n '__tcptune_at \'check\' --root=' -l root -x -a '(__tcptune_values \'DIR\')' -d 'work on the image in DIR instead of this machine: its files only, no running values'
complete -c tcptune -n '__tcptune_at \'check\' --json' -l json -d 'print one JSON document (see tcptune schema)'
complete -c tcptune -n '__tcptune_at \'check\' --allow-unsupported' -l allow-unsupported -d 'proceed on a system that tcptune does not know'
complete -c tcptune -n '__tcptune_at \'check\' --quiet -q' -l quiet -s q -d 'say nothing but errors: the exit code is the answer'
complete -c tcptune -n '__tcptune_at \'check\' --no-color' -l no-color -d 'no colours, as NO_COLOR=1 in the environment; CLICOLOR_FORCE=1 forces them'
complete -c tcptune -n '__tcptune_at \'check\' --debug' -l debug -d 'say on stderr what is read, decided and done, and why, as TCPTUNE_DEBUG=1 in the environment'
complete -c tcptune -n '__tcptune_at \'check\' --help -h' -l help -s h -d 'show help'

complete -c tcptune -n '__tcptune_at \'plan\' --profile= -p=' -l profile -s p -x -a '(__tcptune_values \'PROFILE\')' -d 'use PROFILE (see tcptune profile list)'
complete -c tcptune -n '__tcptune_at \'plan\' --bandwidth=' -l bandwidth -x -d 'size the buffers of profile wan for this RATE, 10gbit for instance'
complete -c tcptune -n '__tcptune_at \'plan\' --rtt=' -l rtt -x -d 'size the buffers of profile wan for this round-trip TIME, 80ms for instance'
complete -c tcptune -n '__tcptune_at \'plan\' --flows=' -l flows -x -d 'warn where memory does not suffice for the buffers of profile wan of N connections'
complete -c tcptune -n '__tcptune_at \'plan\' --live-qdisc' -l live-qdisc -d 'set the queue discipline of the interfaces that are up, too'
complete -c tcptune -n '__tcptune_at \'plan\' --out= -o=' -l out -s o -r -F -d 'save the plan to FILE for apply; - is standard output'
complete -c tcptune -n '__tcptune_at \'plan\'' -l retire -r -F -d 'move the hand-written FILE aside, whose lines are all in the profile; revert brings it back'
complete -c tcptune -n '__tcptune_at \'plan\' --root=' -l root -x -a '(__tcptune_values \'DIR\')' -d 'work on the image in DIR instead of this machine: its files only, no running values'
complete -c tcptune -n '__tcptune_at \'plan\' --json' -l json -d 'print one JSON document (see tcptune schema)'
complete -c tcptune -n '__tcptune_at \'plan\' --allow-unsupported' -l allow-unsupported -d 'proceed on a system that tcptune does not know'
complete -c tcptune -n '__tcptune_at \'plan\' --quiet -q' -l quiet -s q -d 'say nothing but errors: the exit code is the answer'
complete -c tcptune -n '__tcptune_at \'plan\' --no-color' -l no-color -d 'no colours, as NO_COLOR=1 in the environment; CLICOLOR_FORCE=1 forces them'
complete -c tcptune -n '__tcptune_at \'plan\' --debug' -l debug -d 'say on stderr what is read, decided and done, and why, as TCPTUNE_DEBUG=1 in the environment'
complete -c tcptune -n '__tcptune_at \'plan\' --help -h' -l help -s h -d 'show help'

complete -c tcptune -n '__tcptune_first \'apply\' 1 --profile -p --bandwidth --rtt --flows --confirm --retire --wait --root' -F
complete -c tcptune -n '__tcptune_at \'apply\' --profile= -p=' -l profile -s p -x -a '(__tcptune_values \'PROFILE\')' -d 'use PROFILE (see tcptune profile list)'
complete -c tcptune -n '__tcptune_at \'apply\' --bandwidth=' -l bandwidth -x -d 'size the buffers of profile wan for this RATE, 10gbit for instance'
complete -c tcptune -n '__tcptune_at \'apply\' --rtt=' -l rtt -x -d 'size the buffers of profile wan for this round-trip TIME, 80ms for instance'
complete -c tcptune -n '__tcptune_at \'apply\' --flows=' -l flows -x -d 'warn where memory does not suffice for the buffers of profile wan of N connections'
complete -c tcptune -n '__tcptune_at \'apply\' --live-qdisc' -l live-qdisc -d 'set the queue discipline of the interfaces that are up, too'
complete -c tcptune -n '__tcptune_at \'apply\' --confirm=' -l confirm -x -d 'revert after this DURATION unless tcptune confirm comes first'
complete -c tcptune -n '__tcptune_at \'apply\' --dry-run -n' -l dry-run -s n -d 'only show what would be changed, as tcptune plan'
complete -c tcptune -n '__tcptune_at \'apply\'' -l retire -r -F -d 'move the hand-written FILE aside, whose lines are all in the profile; revert brings it back'
complete -c tcptune -n '__tcptune_at \'apply\' --detailed-exitcode' -l detailed-exitcode -d 'exit with 2 when something was changed, 4 when it is partial, 6 when both; with --dry-run: would be'
complete -c tcptune -n '__tcptune_at \'apply\' --wait=' -l wait -x -d 'wait this DURATION for another tcptune to finish, 30s for instance'
complete -c tcptune -n '__tcptune_at \'apply\' --root=' -l root -x -a '(__tcptune_values \'DIR\')' -d 'work on the image in DIR instead of this machine: its files only, no running values'
complete -c tcptune -n '__tcptune_at \'apply\' --json' -l json -d 'print one JSON document (see tcptune schema)'
complete -c tcptune -n '__tcptune_at \'apply\' --allow-unsupported' -l allow-unsupported -d 'proceed on a system that tcptune does not know'
complete -c tcptune -n '__tcptune_at \'apply\' --quiet -q' -l quiet -s q -d 'say nothing but errors: the exit code is the answer'
complete -c tcptune -n '__tcptune_at \'apply\' --no-color' -l no-color -d 'no colours, as NO_COLOR=1 in the environment; CLICOLOR_FORCE=1 forces them'
complete -c tcptune -n '__tcptune_at \'apply\' --debug' -l debug -d 'say on stderr what is read, decided and done, and why, as TCPTUNE_DEBUG=1 in the environment'
complete -c tcptune -n '__tcptune_at \'apply\' --help -h' -l help -s h -d 'show help'

complete -c tcptune -n '__tcptune_at \'status\' --profile= -p=' -l profile -s p -x -a '(__tcptune_values \'PROFILE\')' -d 'use PROFILE (see tcptune profile list)'
complete -c tcptune -n '__tcptune_at \'status\' --bandwidth=' -l bandwidth -x -d 'size the buffers of profile wan for this RATE, 10gbit for instance'
complete -c tcptune -n '__tcptune_at \'status\' --rtt=' -l rtt -x -d 'size the buffers of profile wan for this round-trip TIME, 80ms for instance'
complete -c tcptune -n '__tcptune_at \'status\' --flows=' -l flows -x -d 'warn where memory does not suffice for the buffers of profile wan of N connections'
complete -c tcptune -n '__tcptune_at \'status\' --live-qdisc' -l live-qdisc -d 'set the queue discipline of the interfaces that are up, too'
complete -c tcptune -n '__tcptune_at \'status\' --all -a' -l all -s a -d 'show every key, not only those that are not as wanted'
complete -c tcptune -n '__tcptune_at \'status\' --root=' -l root -x -a '(__tcptune_values \'DIR\')' -d 'work on the image in DIR instead of this machine: its files only, no running values'
complete -c tcptune -n '__tcptune_at \'status\' --json' -l json -d 'print one JSON document (see tcptune schema)'
complete -c tcptune -n '__tcptune_at \'status\' --allow-unsupported' -l allow-unsupported -d 'proceed on a system that tcptune does not know'
complete -c tcptune -n '__tcptune_at \'status\' --quiet -q' -l quiet -s q -d 'say nothing but errors: the exit code is the answer'
complete -c tcptune -n '__tcptune_at \'status\' --no-color' -l no-color -d 'no colours, as NO_COLOR=1 in the environment; CLICOLOR_FORCE=1 forces them'
complete -c tcptune -n '__tcptune_at \'status\' --debug' -l debug -d 'say on stderr what is read, decided and done, and why, as TCPTUNE_DEBUG=1 in the environment'
complete -c tcptune -n '__tcptune_at \'status\' --help -h' -l help -s h -d 'show help'

complete -c tcptune -n '__tcptune_at \'revert\' --dry-run -n' -l dry-run -s n -d 'only show what would be taken back'
complete -c tcptune -n '__tcptune_at \'revert\' --detailed-exitcode' -l detailed-exitcode -d 'exit with 2 when something was changed, 4 when it is partial, 6 when both; with --dry-run: would be'
complete -c tcptune -n '__tcptune_at \'revert\' --wait=' -l wait -x -d 'wait this DURATION for another tcptune to finish, 30s for instance'
complete -c tcptune -n '__tcptune_at \'revert\' --root=' -l root -x -a '(__tcptune_values \'DIR\')' -d 'work on the image in DIR instead of this machine: its files only, no running values'
complete -c tcptune -n '__tcptune_at \'revert\' --json' -l json -d 'print one JSON document (see tcptune schema)'
complete -c tcptune -n '__tcptune_at \'revert\' --quiet -q' -l quiet -s q -d 'say nothing but errors: the exit code is the answer'
complete -c tcptune -n '__tcptune_at \'revert\' --no-color' -l no-color -d 'no colours, as NO_COLOR=1 in the environment; CLICOLOR_FORCE=1 forces them'
complete -c tcptune -n '__tcptune_at \'revert\' --debug' -l debug -d 'say on stderr what is read, decided and done, and why, as TCPTUNE_DEBUG=1 in the environment'
complete -c tcptune -n '__tcptune_at \'revert\' --help -h' -l help -s h -d 'show help'

complete -c tcptune -n '__tcptune_at \'confirm\' --wait=' -l wait -x -d 'wait this DURATION for another tcptune to finish, 30s for instance'
complete -c tcptune -n '__tcptune_at \'confirm\' --json' -l json -d 'print one JSON document (see tcptune schema)'
complete -c tcptune -n '__tcptune_at \'confirm\' --quiet -q' -l quiet -s q -d 'say nothing but errors: the exit code is the answer'
complete -c tcptune -n '__tcptune_at \'confirm\' --no-color' -l no-color -d 'no colours, as NO_COLOR=1 in the environment; CLICOLOR_FORCE=1 forces them'
complete -c tcptune -n '__tcptune_at \'confirm\' --debug' -l debug -d 'say on stderr what is read, decided and done, and why, as TCPTUNE_DEBUG=1 in the environment'
complete -c tcptune -n '__tcptune_at \'confirm\' --help -h' -l help -s h -d 'show help'

complete -c tcptune -n '__tcptune_first \'explain\' 1 --root' -a '(__tcptune_values \'KEY\')'
complete -c tcptune -n '__tcptune_at \'explain\' --list' -l list -d 'list the keys of the catalogue'
complete -c tcptune -n '__tcptune_at \'explain\' --root=' -l root -x -a '(__tcptune_values \'DIR\')' -d 'work on the image in DIR instead of this machine: its files only, no running values'
complete -c tcptune -n '__tcptune_at \'explain\' --json' -l json -d 'print one JSON document (see tcptune schema)'
complete -c tcptune -n '__tcptune_at \'explain\' --quiet -q' -l quiet -s q -d 'say nothing but errors: the exit code is the answer'
complete -c tcptune -n '__tcptune_at \'explain\' --no-color' -l no-color -d 'no colours, as NO_COLOR=1 in the environment; CLICOLOR_FORCE=1 forces them'
complete -c tcptune -n '__tcptune_at \'explain\' --debug' -l debug -d 'say on stderr what is read, decided and done, and why, as TCPTUNE_DEBUG=1 in the environment'
complete -c tcptune -n '__tcptune_at \'explain\' --help -h' -l help -s h -d 'show help'

complete -c tcptune -n '__tcptune_first \'history\' 1'
complete -c tcptune -n '__tcptune_at \'history\' --json' -l json -d 'print one JSON document (see tcptune schema)'
complete -c tcptune -n '__tcptune_at \'history\' --quiet -q' -l quiet -s q -d 'say nothing but errors: the exit code is the answer'
complete -c tcptune -n '__tcptune_at \'history\' --no-color' -l no-color -d 'no colours, as NO_COLOR=1 in the environment; CLICOLOR_FORCE=1 forces them'
complete -c tcptune -n '__tcptune_at \'history\' --debug' -l debug -d 'say on stderr what is read, decided and done, and why, as TCPTUNE_DEBUG=1 in the environment'
complete -c tcptune -n '__tcptune_at \'history\' --help -h' -l help -s h -d 'show help'

complete -c tcptune -n '__tcptune_first \'profile\' 1' -a list -d 'list the built-in profiles and those in /etc/tcptune/profiles.d'
complete -c tcptune -n '__tcptune_first \'profile\' 1' -a show -d 'show the keys of a profile, each with its reason'
complete -c tcptune -n '__tcptune_first \'profile\' 1' -a diff -d 'what two profiles, or a profile and this host, do not have in common'
complete -c tcptune -n '__tcptune_first \'profile\' 1' -a size -d 'compute the buffers for a path, line by line'
complete -c tcptune -n '__tcptune_at \'profile\' --help -h' -l help -s h -d 'show help'

complete -c tcptune -n '__tcptune_at \'profile list\' --root=' -l root -x -a '(__tcptune_values \'DIR\')' -d 'work on the image in DIR instead of this machine: its files only, no running values'
complete -c tcptune -n '__tcptune_at \'profile list\' --json' -l json -d 'print one JSON document (see tcptune schema)'
complete -c tcptune -n '__tcptune_at \'profile list\' --quiet -q' -l quiet -s q -d 'say nothing but errors: the exit code is the answer'
complete -c tcptune -n '__tcptune_at \'profile list\' --no-color' -l no-color -d 'no colours, as NO_COLOR=1 in the environment; CLICOLOR_FORCE=1 forces them'
complete -c tcptune -n '__tcptune_at \'profile list\' --debug' -l debug -d 'say on stderr what is read, decided and done, and why, as TCPTUNE_DEBUG=1 in the environment'
complete -c tcptune -n '__tcptune_at \'profile list\' --help -h' -l help -s h -d 'show help'

complete -c tcptune -n '__tcptune_first \'profile show\' 1 --root' -a '(__tcptune_values \'PROFILE\')'
complete -c tcptune -n '__tcptune_at \'profile show\' --root=' -l root -x -a '(__tcptune_values \'DIR\')' -d 'work on the image in DIR instead of this machine: its files only, no running values'
complete -c tcptune -n '__tcptune_at \'profile show\' --json' -l json -d 'print one JSON document (see tcptune schema)'
complete -c tcptune -n '__tcptune_at \'profile show\' --quiet -q' -l quiet -s q -d 'say nothing but errors: the exit code is the answer'
complete -c tcptune -n '__tcptune_at \'profile show\' --no-color' -l no-color -d 'no colours, as NO_COLOR=1 in the environment; CLICOLOR_FORCE=1 forces them'
complete -c tcptune -n '__tcptune_at \'profile show\' --debug' -l debug -d 'say on stderr what is read, decided and done, and why, as TCPTUNE_DEBUG=1 in the environment'
complete -c tcptune -n '__tcptune_at \'profile show\' --help -h' -l help -s h -d 'show help'

complete -c tcptune -n '__tcptune_first \'profile diff\' 2 --root' -a '(__tcptune_values \'SIDE\')'
complete -c tcptune -n '__tcptune_at \'profile diff\' --root=' -l root -x -a '(__tcptune_values \'DIR\')' -d 'work on the image in DIR instead of this machine: its files only, no running values'
complete -c tcptune -n '__tcptune_at \'profile diff\' --json' -l json -d 'print one JSON document (see tcptune schema)'
complete -c tcptune -n '__tcptune_at \'profile diff\' --quiet -q' -l quiet -s q -d 'say nothing but errors: the exit code is the answer'
complete -c tcptune -n '__tcptune_at \'profile diff\' --no-color' -l no-color -d 'no colours, as NO_COLOR=1 in the environment; CLICOLOR_FORCE=1 forces them'
complete -c tcptune -n '__tcptune_at \'profile diff\' --debug' -l debug -d 'say on stderr what is read, decided and done, and why, as TCPTUNE_DEBUG=1 in the environment'
complete -c tcptune -n '__tcptune_at \'profile diff\' --help -h' -l help -s h -d 'show help'

complete -c tcptune -n '__tcptune_at \'profile size\' --bandwidth=' -l bandwidth -x -d 'compute for a path with this RATE, 10gbit for instance'
complete -c tcptune -n '__tcptune_at \'profile size\' --rtt=' -l rtt -x -d 'compute for a path with this round-trip TIME, 80ms for instance'
complete -c tcptune -n '__tcptune_at \'profile size\' --flows=' -l flows -x -d 'compare the sum for N connections with what net.ipv4.tcp_mem allows'
complete -c tcptune -n '__tcptune_at \'profile size\' --congestion=' -l congestion -x -a '(__tcptune_values \'ALGORITHM\')' -d 'compute for the congestion control ALGORITHM'
complete -c tcptune -n '__tcptune_at \'profile size\' --json' -l json -d 'print one JSON document (see tcptune schema)'
complete -c tcptune -n '__tcptune_at \'profile size\' --quiet -q' -l quiet -s q -d 'say nothing but errors: the exit code is the answer'
complete -c tcptune -n '__tcptune_at \'profile size\' --no-color' -l no-color -d 'no colours, as NO_COLOR=1 in the environment; CLICOLOR_FORCE=1 forces them'
complete -c tcptune -n '__tcptune_at \'profile size\' --debug' -l debug -d 'say on stderr what is read, decided and done, and why, as TCPTUNE_DEBUG=1 in the environment'
complete -c tcptune -n '__tcptune_at \'profile size\' --help -h' -l help -s h -d 'show help'

complete -c tcptune -n '__tcptune_first \'lint\' 1 --format --root' -F
complete -c tcptune -n '__tcptune_at \'lint\' --format=' -l format -x -a '(__tcptune_values \'sarif|github\')' -d 'print for a CI system, sarif|github: SARIF 2.1.0, or annotations of GitHub'
complete -c tcptune -n '__tcptune_at \'lint\' --root=' -l root -x -a '(__tcptune_values \'DIR\')' -d 'work on the image in DIR instead of this machine: its files only, no running values'
complete -c tcptune -n '__tcptune_at \'lint\' --json' -l json -d 'print one JSON document (see tcptune schema)'
complete -c tcptune -n '__tcptune_at \'lint\' --quiet -q' -l quiet -s q -d 'say nothing but errors: the exit code is the answer'
complete -c tcptune -n '__tcptune_at \'lint\' --no-color' -l no-color -d 'no colours, as NO_COLOR=1 in the environment; CLICOLOR_FORCE=1 forces them'
complete -c tcptune -n '__tcptune_at \'lint\' --debug' -l debug -d 'say on stderr what is read, decided and done, and why, as TCPTUNE_DEBUG=1 in the environment'
complete -c tcptune -n '__tcptune_at \'lint\' --help -h' -l help -s h -d 'show help'

complete -c tcptune -n '__tcptune_first \'import\' 1 --name --wait --root' -F
complete -c tcptune -n '__tcptune_at \'import\' --name=' -l name -x -d 'call the profile NAME'
complete -c tcptune -n '__tcptune_at \'import\' --replace' -l replace -d 'overwrite a profile of that name'
complete -c tcptune -n '__tcptune_at \'import\' --dry-run -n' -l dry-run -s n -d 'only show what would be written'
complete -c tcptune -n '__tcptune_at \'import\' --wait=' -l wait -x -d 'wait this DURATION for another tcptune to finish, 30s for instance'
complete -c tcptune -n '__tcptune_at \'import\' --root=' -l root -x -a '(__tcptune_values \'DIR\')' -d 'work on the image in DIR instead of this machine: its files only, no running values'
complete -c tcptune -n '__tcptune_at \'import\' --json' -l json -d 'print one JSON document (see tcptune schema)'
complete -c tcptune -n '__tcptune_at \'import\' --quiet -q' -l quiet -s q -d 'say nothing but errors: the exit code is the answer'
complete -c tcptune -n '__tcptune_at \'import\' --no-color' -l no-color -d 'no colours, as NO_COLOR=1 in the environment; CLICOLOR_FORCE=1 forces them'
complete -c tcptune -n '__tcptune_at \'import\' --debug' -l debug -d 'say on stderr what is read, decided and done, and why, as TCPTUNE_DEBUG=1 in the environment'
complete -c tcptune -n '__tcptune_at \'import\' --help -h' -l help -s h -d 'show help'

complete -c tcptune -n '__tcptune_first \'port\' 1 --netns --expect --wait --timeout --grace --signal -s --mode --holder'
complete -c tcptune -n '__tcptune_at \'port\' --tcp' -l tcp -d 'TCP ports (the default)'
complete -c tcptune -n '__tcptune_at \'port\' --udp' -l udp -d 'UDP ports'
complete -c tcptune -n '__tcptune_at \'port\' --all -a' -l all -s a -d 'TCP and UDP ports'
complete -c tcptune -n '__tcptune_at \'port\' --listen -l' -l listen -s l -d 'sockets that listen (the default); of UDP all that are bound'
complete -c tcptune -n '__tcptune_at \'port\' --any-state' -l any-state -d 'list connections and closing sockets as well'
complete -c tcptune -n '__tcptune_at \'port\' --netns=' -l netns -x -a '(__tcptune_values \'NETNS\')' -d 'look into the network namespace NETNS: a name of ip-netns(8), a PID, or all'
complete -c tcptune -n '__tcptune_at \'port\' --thorough' -l thorough -d 'look into every process, also where the control group names the owner'
complete -c tcptune -n '__tcptune_at \'port\' --pids' -l pids -d 'print only the PIDs of all holders, one a line'
complete -c tcptune -n '__tcptune_at \'port\' --expect=' -l expect -x -a '(__tcptune_values \'free|held\')' -d 'exit with 2 unless the ports are free|held'
complete -c tcptune -n '__tcptune_at \'port\' --wait=' -l wait -x -a '(__tcptune_values \'free|held\')' -d 'wait until the ports are free|held'
complete -c tcptune -n '__tcptune_at \'port\' --timeout=' -l timeout -x -d 'give up a --wait after this TIME, and exit with 2'
complete -c tcptune -n '__tcptune_at \'port\' --watch -w' -l watch -s w -d 'list again whenever something changes, until interrupted'
complete -c tcptune -n '__tcptune_at \'port\' --kill -k' -l kill -s k -d 'free the ports'
complete -c tcptune -n '__tcptune_at \'port\' --dry-run -n' -l dry-run -s n -d 'with --kill: only show what would be stopped'
complete -c tcptune -n '__tcptune_at \'port\' --grace=' -l grace -x -d 'TIME between the first signal and SIGKILL'
complete -c tcptune -n '__tcptune_at \'port\' --signal= -s=' -l signal -s s -x -a '(__tcptune_values \'SIGNAL\')' -d 'the first SIGNAL, by name or number; -9 and -KILL are short for it'
complete -c tcptune -n '__tcptune_at \'port\' --no-force' -l no-force -d 'send no SIGKILL'
complete -c tcptune -n '__tcptune_at \'port\' --mode=' -l mode -x -a '(__tcptune_values \'process|container|unit\')' -d 'stop the process|container|unit of each holder, whatever would suit it'
complete -c tcptune -n '__tcptune_at \'port\' --unit' -l unit -d 'as --mode unit: stop the service that the holder runs in'
complete -c tcptune -n '__tcptune_at \'port\' --pid-only' -l pid-only -d 'as --mode process: signal it, whatever service or container runs it'
complete -c tcptune -n '__tcptune_at \'port\' --bound' -l bound -d 'also end who has a TCP socket bound to the port that does not listen'
complete -c tcptune -n '__tcptune_at \'port\' --holder=' -l holder -x -d 'of a socket that nobody has open, end the candidate PID'
complete -c tcptune -n '__tcptune_at \'port\' --close' -l close -d 'close connections that keep a server from the port'
complete -c tcptune -n '__tcptune_at \'port\' --many' -l many -d 'free more than 16 ports, or end more than 16 holders'
complete -c tcptune -n '__tcptune_at \'port\' --force -f' -l force -s f -d 'also what is refused otherwise, where that may be forced'
complete -c tcptune -n '__tcptune_at \'port\' --json' -l json -d 'print one JSON document (see tcptune schema)'
complete -c tcptune -n '__tcptune_at \'port\' --quiet -q' -l quiet -s q -d 'say nothing but errors: the exit code is the answer'
complete -c tcptune -n '__tcptune_at \'port\' --no-color' -l no-color -d 'no colours, as NO_COLOR=1 in the environment; CLICOLOR_FORCE=1 forces them'
complete -c tcptune -n '__tcptune_at \'port\' --debug' -l debug -d 'say on stderr what is read, decided and done, and why, as TCPTUNE_DEBUG=1 in the environment'
complete -c tcptune -n '__tcptune_at \'port\' --help -h' -l help -s h -d 'show help'

complete -c tcptune -n '__tcptune_first \'bench\' 1 --protocol --conns -c --pipeline --rate --size --payload --expect --duration -d --warmup --count --connect-rate --think --timeout --workers --source --ca --server-name --rounds --p99 --assert --textfile' -a '(__tcptune_values \'TARGET\')'
complete -c tcptune -n '__tcptune_at \'bench\' --protocol=' -l protocol -x -a '(__tcptune_values \'raw|send|receive|line|frame|http|connect|talk\')' -d 'speak raw|send|receive|line|frame|http|connect|talk'
complete -c tcptune -n '__tcptune_at \'bench\' --conns= -c=' -l conns -s c -x -d 'hold N connections'
complete -c tcptune -n '__tcptune_at \'bench\' --pipeline=' -l pipeline -x -d 'have N requests under way on each connection'
complete -c tcptune -n '__tcptune_at \'bench\' --rate=' -l rate -x -d 'send N requests a second over all connections'
complete -c tcptune -n '__tcptune_at \'bench\' --size=' -l size -x -d 'send messages of BYTES'
complete -c tcptune -n '__tcptune_at \'bench\' --payload=' -l payload -r -F -d 'send what FILE holds: a line, the payload of a frame, the body of a POST'
complete -c tcptune -n '__tcptune_at \'bench\' --expect=' -l expect -x -d 'count an answer of line, frame or http without TEXT as failed'
complete -c tcptune -n '__tcptune_at \'bench\' --duration= -d=' -l duration -s d -x -d 'measure for TIME'
complete -c tcptune -n '__tcptune_at \'bench\' --warmup=' -l warmup -x -d 'run for TIME before anything is measured'
complete -c tcptune -n '__tcptune_at \'bench\' --count=' -l count -x -d 'end after N requests, those of the warm-up not counted'
complete -c tcptune -n '__tcptune_at \'bench\' --connect-rate=' -l connect-rate -x -d 'open N connections a second'
complete -c tcptune -n '__tcptune_at \'bench\' --think=' -l think -x -d 'wait TIME before a connection asks again'
complete -c tcptune -n '__tcptune_at \'bench\' --timeout=' -l timeout -x -d 'give a connection or an answer up after TIME'
complete -c tcptune -n '__tcptune_at \'bench\' --workers=' -l workers -x -d 'generate load with N threads'
complete -c tcptune -n '__tcptune_at \'bench\'' -l source -x -d 'connect from ADDR, of this machine; may be given several times'
complete -c tcptune -n '__tcptune_at \'bench\' --tls' -l tls -d 'speak TLS'
complete -c tcptune -n '__tcptune_at \'bench\' --insecure' -l insecure -d 'take any certificate'
complete -c tcptune -n '__tcptune_at \'bench\' --ca=' -l ca -r -F -d 'trust the certificates in FILE, and no others'
complete -c tcptune -n '__tcptune_at \'bench\' --server-name=' -l server-name -x -d 'ask for the certificate of NAME'
complete -c tcptune -n '__tcptune_at \'bench\' --rounds=' -l rounds -x -d 'run N times, and show the one with the median rate'
complete -c tcptune -n '__tcptune_at \'bench\' --find-rate' -l find-rate -d 'look for the highest rate that holds --p99 without a failure'
complete -c tcptune -n '__tcptune_at \'bench\' --p99=' -l p99 -x -d 'let a rate that is looked for have a latency of TIME, from when requests are due'
complete -c tcptune -n '__tcptune_at \'bench\'' -l assert -x -d 'exit with 2 unless PROMISE holds, \'p99<5ms\' for instance; may be given several times'
complete -c tcptune -n '__tcptune_at \'bench\' --interleave' -l interleave -d 'run the two tests of the arguments in turn, and compare them'
complete -c tcptune -n '__tcptune_at \'bench\' --html' -l html -d 'print one page that needs no network: percentiles, rate and latency over time, settings of this host'
complete -c tcptune -n '__tcptune_at \'bench\' --csv' -l csv -d 'print one line of CSV for each second'
complete -c tcptune -n '__tcptune_at \'bench\' --prometheus' -l prometheus -d 'print the result as metrics of Prometheus, for the textfile collector'
complete -c tcptune -n '__tcptune_at \'bench\' --textfile=' -l textfile -r -F -d 'keep FILE, which ends in .prom, up to date with these metrics each second while it runs'
complete -c tcptune -n '__tcptune_at \'bench\' --json' -l json -d 'print one JSON document (see tcptune schema)'
complete -c tcptune -n '__tcptune_at \'bench\' --quiet -q' -l quiet -s q -d 'say nothing but errors: the exit code is the answer'
complete -c tcptune -n '__tcptune_at \'bench\' --no-color' -l no-color -d 'no colours, as NO_COLOR=1 in the environment; CLICOLOR_FORCE=1 forces them'
complete -c tcptune -n '__tcptune_at \'bench\' --debug' -l debug -d 'say on stderr what is read, decided and done, and why, as TCPTUNE_DEBUG=1 in the environment'
complete -c tcptune -n '__tcptune_at \'bench\' --help -h' -l help -s h -d 'show help'

complete -c tcptune -n '__tcptune_at \'prove\' --profile= -p=' -l profile -s p -x -a '(__tcptune_values \'PROFILE\')' -d 'compare PROFILE, a name or a file'
complete -c tcptune -n '__tcptune_at \'prove\' --against=' -l against -x -a '(__tcptune_values \'SIDE\')' -d 'compare with this SIDE: a profile, or HOST-NOW for the running values'
complete -c tcptune -n '__tcptune_at \'prove\' --key=' -l key -x -a '(__tcptune_values \'KEY\')' -d 'compare KEY of the profile alone, or KEY=VALUE'
complete -c tcptune -n '__tcptune_at \'prove\' --each' -l each -d 'leave out each key of the profile in turn: what it bought'
complete -c tcptune -n '__tcptune_at \'prove\' --scenario=' -l scenario -x -a '(__tcptune_values \'SCENARIO\')' -d 'use the path called SCENARIO'
complete -c tcptune -n '__tcptune_at \'prove\'' -l workload -x -a '(__tcptune_values \'bulk|connections|requests|idle\')' -d 'do nothing but bulk|connections|requests|idle; may be repeated'
complete -c tcptune -n '__tcptune_at \'prove\' --rtt=' -l rtt -x -d 'a round-trip TIME of the path, 80ms for instance'
complete -c tcptune -n '__tcptune_at \'prove\' --jitter=' -l jitter -x -d 'let the delay of each direction wander by TIME'
complete -c tcptune -n '__tcptune_at \'prove\' --loss=' -l loss -x -d 'the SHARE of packets that each direction loses, 1% or 0.01'
complete -c tcptune -n '__tcptune_at \'prove\' --burst=' -l burst -x -d 'lose N packets in a row on average'
complete -c tcptune -n '__tcptune_at \'prove\' --reorder=' -l reorder -x -d 'the SHARE of packets that overtake all others'
complete -c tcptune -n '__tcptune_at \'prove\' --rate=' -l rate -x -d 'a RATE of the path, 100mbit for instance'
complete -c tcptune -n '__tcptune_at \'prove\' --queue=' -l queue -x -d 'BYTES that wait for that rate, 256kib for instance'
complete -c tcptune -n '__tcptune_at \'prove\' --path=' -l path -x -a '(__tcptune_values \'netem|tun\')' -d 'make the path of the kind netem|tun: that of the kernel, or an emulator of our own'
complete -c tcptune -n '__tcptune_at \'prove\' --seed=' -l seed -x -d 'make the losses of the seed N'
complete -c tcptune -n '__tcptune_at \'prove\' --rounds=' -l rounds -x -d 'do all of it N times'
complete -c tcptune -n '__tcptune_at \'prove\' --for=' -l for -x -d 'take this DURATION in all'
complete -c tcptune -n '__tcptune_at \'prove\' --force' -l force -d 'compare on a host that is busy, too'
complete -c tcptune -n '__tcptune_at \'prove\' --clean' -l clean -d 'end what is left of a tcptune prove that was killed, and do nothing else'
complete -c tcptune -n '__tcptune_at \'prove\' --html' -l html -d 'print one page that needs no network: ratios with their intervals, what the path gave, the settings'
complete -c tcptune -n '__tcptune_at \'prove\' --json' -l json -d 'print one JSON document (see tcptune schema)'
complete -c tcptune -n '__tcptune_at \'prove\' --quiet -q' -l quiet -s q -d 'say nothing but errors: the exit code is the answer'
complete -c tcptune -n '__tcptune_at \'prove\' --no-color' -l no-color -d 'no colours, as NO_COLOR=1 in the environment; CLICOLOR_FORCE=1 forces them'
complete -c tcptune -n '__tcptune_at \'prove\' --debug' -l debug -d 'say on stderr what is read, decided and done, and why, as TCPTUNE_DEBUG=1 in the environment'
complete -c tcptune -n '__tcptune_at \'prove\' --help -h' -l help -s h -d 'show help'

complete -c tcptune -n '__tcptune_at \'diagnose\' --for=' -l for -x -d 'let this DURATION pass between the looks'
complete -c tcptune -n '__tcptune_at \'diagnose\' --watch -w' -l watch -s w -d 'go on, until interrupted; with --json one document a line'
complete -c tcptune -n '__tcptune_at \'diagnose\' --port=' -l port -x -d 'only what comes in at PORT, or goes out to it'
complete -c tcptune -n '__tcptune_at \'diagnose\' --unit=' -l unit -x -d 'only the sockets of UNIT'
complete -c tcptune -n '__tcptune_at \'diagnose\' --pid=' -l pid -x -d 'only the sockets of process PID'
complete -c tcptune -n '__tcptune_at \'diagnose\' --netns=' -l netns -x -a '(__tcptune_values \'NETNS\')' -d 'look into the network namespace NETNS: a name of ip-netns(8), a PID, or all'
complete -c tcptune -n '__tcptune_at \'diagnose\' --write-profile=' -l write-profile -x -d 'make a profile NAME of the keys that are advised'
complete -c tcptune -n '__tcptune_at \'diagnose\' --replace' -l replace -d 'with --write-profile: overwrite a profile of that name'
complete -c tcptune -n '__tcptune_at \'diagnose\' --before=' -l before -r -F -d 'compare with the JSON document in FILE, of an earlier run'
complete -c tcptune -n '__tcptune_at \'diagnose\' --verbose -v' -l verbose -s v -d 'say as well what it means, how to check afterwards, and the source'
complete -c tcptune -n '__tcptune_at \'diagnose\' --html' -l html -d 'print one page that needs no network: findings, round trips, rates, and what connections waited for'
complete -c tcptune -n '__tcptune_at \'diagnose\' --json' -l json -d 'print one JSON document (see tcptune schema)'
complete -c tcptune -n '__tcptune_at \'diagnose\' --quiet -q' -l quiet -s q -d 'say nothing but errors: the exit code is the answer'
complete -c tcptune -n '__tcptune_at \'diagnose\' --no-color' -l no-color -d 'no colours, as NO_COLOR=1 in the environment; CLICOLOR_FORCE=1 forces them'
complete -c tcptune -n '__tcptune_at \'diagnose\' --debug' -l debug -d 'say on stderr what is read, decided and done, and why, as TCPTUNE_DEBUG=1 in the environment'
complete -c tcptune -n '__tcptune_at \'diagnose\' --help -h' -l help -s h -d 'show help'

complete -c tcptune -n '__tcptune_first \'service\' 1' -a install -d 'put a service on this host: units, limits, and the port from the next boot on'
complete -c tcptune -n '__tcptune_first \'service\' 1' -a uninstall -d 'stop a service and remove what was installed'
complete -c tcptune -n '__tcptune_first \'service\' 1' -a status -d 'how services are doing: socket, process, connections, memory, exposure'
complete -c tcptune -n '__tcptune_first \'service\' 1' -a restart -d 'replace the process of a service; no client is refused'
complete -c tcptune -n '__tcptune_first \'service\' 1' -a reload -d 'have a service read its limits, its certificate or its configuration again'
complete -c tcptune -n '__tcptune_first \'service\' 1' -a logs -d 'show what a service has logged'
complete -c tcptune -n '__tcptune_first \'service\' 1' -a pprof -d 'fetch a profile of the bundled server'
complete -c tcptune -n '__tcptune_at \'service\' --help -h' -l help -s h -d 'show help'

complete -c tcptune -n '__tcptune_at \'service install\' --name=' -l name -x -a '(__tcptune_values \'SERVICE\')' -d 'call the units SERVICE.socket and SERVICE.service'
complete -c tcptune -n '__tcptune_at \'service install\'' -l listen -s l -x -d 'listen on ADDR: 9000, 127.0.0.1:9000, [::1]:9000, /run/x.sock, with --exec udp:9000; may be repeated'
complete -c tcptune -n '__tcptune_at \'service install\' --ipv6-only' -l ipv6-only -d '[::] takes no connections over IPv4; so it is beside 0.0.0.0, too'
complete -c tcptune -n '__tcptune_at \'service install\' --interface=' -l interface -x -d 'take connections from the network INTERFACE only'
complete -c tcptune -n '__tcptune_at \'service install\' --backlog=' -l backlog -x -d 'room for N clients that wait, capped by net.core.somaxconn'
complete -c tcptune -n '__tcptune_at \'service install\' --drain=' -l drain -x -d 'TIME that open connections get when the service stops'
complete -c tcptune -n '__tcptune_at \'service install\' --protocol=' -l protocol -x -a '(__tcptune_values \'echo|line|frame|discard|http|relay\')' -d 'speak echo|line|frame|discard|http|relay'
complete -c tcptune -n '__tcptune_at \'service install\' --max-conns=' -l max-conns -x -d 'serve no more than N connections at once'
complete -c tcptune -n '__tcptune_at \'service install\'' -l limit -x -a '(__tcptune_values \'LIMIT=VALUE\')' -d 'set a limit of the server, LIMIT=VALUE (tcptune-server --help lists them); may be repeated'
complete -c tcptune -n '__tcptune_at \'service install\' --admin=' -l admin -x -d 'loopback ADDR of metrics and health'
complete -c tcptune -n '__tcptune_at \'service install\'' -l upstream -x -d 'relay to ADDR; may be repeated'
complete -c tcptune -n '__tcptune_at \'service install\' --upstream-ca=' -l upstream-ca -r -F -d 'relay over TLS, to upstreams with a certificate of an authority in FILE; system for those that this host trusts'
complete -c tcptune -n '__tcptune_at \'service install\' --upstream-name=' -l upstream-name -x -d 'certificates of upstreams are for ADDR, the name of a host or its address'
complete -c tcptune -n '__tcptune_at \'service install\' --upstream-cert=' -l upstream-cert -r -F -d 'show upstreams the certificate in FILE, which systemd reads'
complete -c tcptune -n '__tcptune_at \'service install\' --upstream-key=' -l upstream-key -r -F -d 'private key of that certificate, in FILE, which systemd reads'
complete -c tcptune -n '__tcptune_at \'service install\' --tls-cert=' -l tls-cert -r -F -d 'serve TLS with the certificate in FILE, which systemd reads'
complete -c tcptune -n '__tcptune_at \'service install\' --tls-key=' -l tls-key -r -F -d 'private key of the certificate, in FILE, which systemd reads'
complete -c tcptune -n '__tcptune_at \'service install\' --tls-client-ca=' -l tls-client-ca -r -F -d 'serve only clients with a certificate of an authority in FILE, which systemd reads'
complete -c tcptune -n '__tcptune_at \'service install\' --program=' -l program -r -F -d 'FILE of the bundled server'
complete -c tcptune -n '__tcptune_at \'service install\' --exec=' -l exec -r -F -d 'install PROGRAM of yours instead; its arguments follow --'
complete -c tcptune -n '__tcptune_at \'service install\' --network' -l network -d 'with --exec: it may open connections of its own'
complete -c tcptune -n '__tcptune_at \'service install\' --state-dir' -l state-dir -d 'with --exec: it may write to /var/lib/SERVICE'
complete -c tcptune -n '__tcptune_at \'service install\' --user=' -l user -x -a '(__tcptune_values \'USER\')' -d 'with --exec: run as USER'
complete -c tcptune -n '__tcptune_at \'service install\' --type=' -l type -x -a '(__tcptune_values \'exec|notify|notify-reload\')' -d 'with --exec: exec|notify|notify-reload: whether it says when it is ready, and reloads on SIGHUP, sd_notify(3)'
complete -c tcptune -n '__tcptune_at \'service install\' --overlap' -l overlap -d 'with --exec and --type notify: two of it may serve at once, so that it hands over'
complete -c tcptune -n '__tcptune_at \'service install\'' -l property -s p -x -a '(__tcptune_values \'PROPERTY=VALUE\')' -d 'with --exec: a line for its unit, PROPERTY=VALUE, as with systemd-run; may be repeated'
complete -c tcptune -n '__tcptune_at \'service install\' --now' -l now -d 'start it, and prove that it answers'
complete -c tcptune -n '__tcptune_at \'service install\' --free-port' -l free-port -d 'with --now: stop who holds the port, as tcptune port --kill does'
complete -c tcptune -n '__tcptune_at \'service install\' --dry-run -n' -l dry-run -s n -d 'only show what would be changed'
complete -c tcptune -n '__tcptune_at \'service install\' --wait=' -l wait -x -d 'wait this DURATION for another tcptune to finish, 30s for instance'
complete -c tcptune -n '__tcptune_at \'service install\' --root=' -l root -x -a '(__tcptune_values \'DIR\')' -d 'work on the image in DIR instead of this machine: its files only, no running values'
complete -c tcptune -n '__tcptune_at \'service install\' --json' -l json -d 'print one JSON document (see tcptune schema)'
complete -c tcptune -n '__tcptune_at \'service install\' --allow-unsupported' -l allow-unsupported -d 'proceed on a system that tcptune does not know'
complete -c tcptune -n '__tcptune_at \'service install\' --quiet -q' -l quiet -s q -d 'say nothing but errors: the exit code is the answer'
complete -c tcptune -n '__tcptune_at \'service install\' --no-color' -l no-color -d 'no colours, as NO_COLOR=1 in the environment; CLICOLOR_FORCE=1 forces them'
complete -c tcptune -n '__tcptune_at \'service install\' --debug' -l debug -d 'say on stderr what is read, decided and done, and why, as TCPTUNE_DEBUG=1 in the environment'
complete -c tcptune -n '__tcptune_at \'service install\' --help -h' -l help -s h -d 'show help'

complete -c tcptune -n '__tcptune_first \'service uninstall\' 1 --wait --root' -a '(__tcptune_values \'SERVICE\')'
complete -c tcptune -n '__tcptune_at \'service uninstall\' --dry-run -n' -l dry-run -s n -d 'only show what would be removed'
complete -c tcptune -n '__tcptune_at \'service uninstall\' --wait=' -l wait -x -d 'wait this DURATION for another tcptune to finish, 30s for instance'
complete -c tcptune -n '__tcptune_at \'service uninstall\' --root=' -l root -x -a '(__tcptune_values \'DIR\')' -d 'work on the image in DIR instead of this machine: its files only, no running values'
complete -c tcptune -n '__tcptune_at \'service uninstall\' --json' -l json -d 'print one JSON document (see tcptune schema)'
complete -c tcptune -n '__tcptune_at \'service uninstall\' --quiet -q' -l quiet -s q -d 'say nothing but errors: the exit code is the answer'
complete -c tcptune -n '__tcptune_at \'service uninstall\' --no-color' -l no-color -d 'no colours, as NO_COLOR=1 in the environment; CLICOLOR_FORCE=1 forces them'
complete -c tcptune -n '__tcptune_at \'service uninstall\' --debug' -l debug -d 'say on stderr what is read, decided and done, and why, as TCPTUNE_DEBUG=1 in the environment'
complete -c tcptune -n '__tcptune_at \'service uninstall\' --help -h' -l help -s h -d 'show help'

complete -c tcptune -n '__tcptune_first \'service status\' 1 --wait' -a '(__tcptune_values \'SERVICE\')'
complete -c tcptune -n '__tcptune_at \'service status\' --wait=' -l wait -x -d 'wait up to TIME until it is up'
complete -c tcptune -n '__tcptune_at \'service status\' --json' -l json -d 'print one JSON document (see tcptune schema)'
complete -c tcptune -n '__tcptune_at \'service status\' --quiet -q' -l quiet -s q -d 'say nothing but errors: the exit code is the answer'
complete -c tcptune -n '__tcptune_at \'service status\' --no-color' -l no-color -d 'no colours, as NO_COLOR=1 in the environment; CLICOLOR_FORCE=1 forces them'
complete -c tcptune -n '__tcptune_at \'service status\' --debug' -l debug -d 'say on stderr what is read, decided and done, and why, as TCPTUNE_DEBUG=1 in the environment'
complete -c tcptune -n '__tcptune_at \'service status\' --help -h' -l help -s h -d 'show help'

complete -c tcptune -n '__tcptune_first \'service restart\' 1 --wait' -a '(__tcptune_values \'SERVICE\')'
complete -c tcptune -n '__tcptune_at \'service restart\' --overlap' -l overlap -d 'refuse a service that cannot hand over, which is one of --exec'
complete -c tcptune -n '__tcptune_at \'service restart\' --wait=' -l wait -x -d 'wait this DURATION for another tcptune to finish, 30s for instance'
complete -c tcptune -n '__tcptune_at \'service restart\' --json' -l json -d 'print one JSON document (see tcptune schema)'
complete -c tcptune -n '__tcptune_at \'service restart\' --quiet -q' -l quiet -s q -d 'say nothing but errors: the exit code is the answer'
complete -c tcptune -n '__tcptune_at \'service restart\' --no-color' -l no-color -d 'no colours, as NO_COLOR=1 in the environment; CLICOLOR_FORCE=1 forces them'
complete -c tcptune -n '__tcptune_at \'service restart\' --debug' -l debug -d 'say on stderr what is read, decided and done, and why, as TCPTUNE_DEBUG=1 in the environment'
complete -c tcptune -n '__tcptune_at \'service restart\' --help -h' -l help -s h -d 'show help'

complete -c tcptune -n '__tcptune_first \'service reload\' 1 --wait' -a '(__tcptune_values \'SERVICE\')'
complete -c tcptune -n '__tcptune_at \'service reload\' --wait=' -l wait -x -d 'wait this DURATION for another tcptune to finish, 30s for instance'
complete -c tcptune -n '__tcptune_at \'service reload\' --json' -l json -d 'print one JSON document (see tcptune schema)'
complete -c tcptune -n '__tcptune_at \'service reload\' --quiet -q' -l quiet -s q -d 'say nothing but errors: the exit code is the answer'
complete -c tcptune -n '__tcptune_at \'service reload\' --no-color' -l no-color -d 'no colours, as NO_COLOR=1 in the environment; CLICOLOR_FORCE=1 forces them'
complete -c tcptune -n '__tcptune_at \'service reload\' --debug' -l debug -d 'say on stderr what is read, decided and done, and why, as TCPTUNE_DEBUG=1 in the environment'
complete -c tcptune -n '__tcptune_at \'service reload\' --help -h' -l help -s h -d 'show help'

complete -c tcptune -n '__tcptune_first \'service logs\' 1 --lines -n' -a '(__tcptune_values \'SERVICE\')'
complete -c tcptune -n '__tcptune_at \'service logs\' --follow -f' -l follow -s f -d 'wait for more'
complete -c tcptune -n '__tcptune_at \'service logs\' --lines= -n=' -l lines -s n -x -d 'show the last N lines'
complete -c tcptune -n '__tcptune_at \'service logs\' --quiet -q' -l quiet -s q -d 'say nothing but errors: the exit code is the answer'
complete -c tcptune -n '__tcptune_at \'service logs\' --no-color' -l no-color -d 'no colours, as NO_COLOR=1 in the environment; CLICOLOR_FORCE=1 forces them'
complete -c tcptune -n '__tcptune_at \'service logs\' --debug' -l debug -d 'say on stderr what is read, decided and done, and why, as TCPTUNE_DEBUG=1 in the environment'
complete -c tcptune -n '__tcptune_at \'service logs\' --help -h' -l help -s h -d 'show help'

complete -c tcptune -n '__tcptune_first \'service pprof\' 1 --name --for --out -o'
complete -c tcptune -n '__tcptune_at \'service pprof\' --name=' -l name -x -a '(__tcptune_values \'SERVICE\')' -d 'ask SERVICE'
complete -c tcptune -n '__tcptune_at \'service pprof\' --for=' -l for -x -d 'with cpu: measure for TIME, 1s to 10m'
complete -c tcptune -n '__tcptune_at \'service pprof\' --out= -o=' -l out -s o -r -F -d 'write it to FILE; - is standard output'
complete -c tcptune -n '__tcptune_at \'service pprof\' --quiet -q' -l quiet -s q -d 'say nothing but errors: the exit code is the answer'
complete -c tcptune -n '__tcptune_at \'service pprof\' --no-color' -l no-color -d 'no colours, as NO_COLOR=1 in the environment; CLICOLOR_FORCE=1 forces them'
complete -c tcptune -n '__tcptune_at \'service pprof\' --debug' -l debug -d 'say on stderr what is read, decided and done, and why, as TCPTUNE_DEBUG=1 in the environment'
complete -c tcptune -n '__tcptune_at \'service pprof\' --help -h' -l help -s h -d 'show help'

complete -c tcptune -n '__tcptune_first \'go\' 1' -a install -d 'install a Go toolchain for every user of this host, and activate it'
complete -c tcptune -n '__tcptune_first \'go\' 1' -a list -d 'the toolchains on this host, whoever put them there; --remote: those that could be installed'
complete -c tcptune -n '__tcptune_first \'go\' 1' -a use -d 'make an installed version the active one'
complete -c tcptune -n '__tcptune_first \'go\' 1' -a rollback -d 'go back to what was active before'
complete -c tcptune -n '__tcptune_first \'go\' 1' -a remove -d 'remove an installed version that is not active, or all'
complete -c tcptune -n '__tcptune_first \'go\' 1' -a verify -d 'read every file of the installed toolchains, and say whether they are what was proven'
complete -c tcptune -n '__tcptune_first \'go\' 1' -a prune -d 'remove the versions that are neither active nor next for rollback'
complete -c tcptune -n '__tcptune_first \'go\' 1' -a bundle -d 'fetch all that go install --file needs on a host without a network'
complete -c tcptune -n '__tcptune_first \'go\' 1' -a new -d 'make a first workspace: a TCP server with limits, from the standard library alone'
complete -c tcptune -n '__tcptune_at \'go\' --help -h' -l help -s h -d 'show help'

complete -c tcptune -n '__tcptune_first \'go install\' 1 --source --base --proxy --ca-file --keyring --from-mod --file --sha256 --signature --tools --from --wait --root' -a '(__tcptune_values \'VERSION\')'
complete -c tcptune -n '__tcptune_at \'go install\' --source=' -l source -x -a '(__tcptune_values \'WAYS\')' -d 'get it in these WAYS, in this order'
complete -c tcptune -n '__tcptune_at \'go install\' --base=' -l base -x -d 'URL of the archives, a mirror for instance; several, tried in turn, with commas between them'
complete -c tcptune -n '__tcptune_at \'go install\' --proxy=' -l proxy -x -d 'LIST of module proxies'
complete -c tcptune -n '__tcptune_at \'go install\' --ca-file=' -l ca-file -r -F -d 'trust the certificates in FILE, too'
complete -c tcptune -n '__tcptune_at \'go install\' --keyring=' -l keyring -r -F -d 'trust signatures by the OpenPGP keys in FILE, too'
complete -c tcptune -n '__tcptune_at \'go install\' --insecure-checksum-only' -l insecure-checksum-only -d 'take the word of the server for the checksum, without a signature'
complete -c tcptune -n '__tcptune_at \'go install\' --from-mod=' -l from-mod -r -F -d 'install what FILE needs: a go.mod, go.work, .go-version or .tool-versions; - is a go.mod on standard input'
complete -c tcptune -n '__tcptune_at \'go install\' --file=' -l file -r -F -d 'install from the archive in FILE, without a network'
complete -c tcptune -n '__tcptune_at \'go install\' --sha256=' -l sha256 -x -d 'with --file: its checksum, as DIGITS, or h1:… of a module'
complete -c tcptune -n '__tcptune_at \'go install\' --signature=' -l signature -r -F -d 'with --file: its signature, in FILE'
complete -c tcptune -n '__tcptune_at \'go install\' --tools=' -l tools -x -a '(__tcptune_values \'TOOLS\')' -d 'then build these TOOLS: gopls@latest,dlv@v1.25.0,example.com/cmd/tool'
complete -c tcptune -n '__tcptune_at \'go install\' --from=' -l from -x -a '(__tcptune_values \'apt\')' -d 'with apt: install the package of the distribution instead'
complete -c tcptune -n '__tcptune_at \'go install\' --dry-run -n' -l dry-run -s n -d 'only show what would be changed'
complete -c tcptune -n '__tcptune_at \'go install\' --wait=' -l wait -x -d 'wait this DURATION for another tcptune to finish, 30s for instance'
complete -c tcptune -n '__tcptune_at \'go install\' --root=' -l root -x -a '(__tcptune_values \'DIR\')' -d 'work on the image in DIR instead of this machine: its files only, no running values'
complete -c tcptune -n '__tcptune_at \'go install\' --json' -l json -d 'print one JSON document (see tcptune schema)'
complete -c tcptune -n '__tcptune_at \'go install\' --allow-unsupported' -l allow-unsupported -d 'proceed on a system that tcptune does not know'
complete -c tcptune -n '__tcptune_at \'go install\' --quiet -q' -l quiet -s q -d 'say nothing but errors: the exit code is the answer'
complete -c tcptune -n '__tcptune_at \'go install\' --no-color' -l no-color -d 'no colours, as NO_COLOR=1 in the environment; CLICOLOR_FORCE=1 forces them'
complete -c tcptune -n '__tcptune_at \'go install\' --debug' -l debug -d 'say on stderr what is read, decided and done, and why, as TCPTUNE_DEBUG=1 in the environment'
complete -c tcptune -n '__tcptune_at \'go install\' --help -h' -l help -s h -d 'show help'

complete -c tcptune -n '__tcptune_at \'go list\' --source=' -l source -x -a '(__tcptune_values \'WAYS\')' -d 'get it in these WAYS, in this order'
complete -c tcptune -n '__tcptune_at \'go list\' --base=' -l base -x -d 'URL of the archives, a mirror for instance; several, tried in turn, with commas between them'
complete -c tcptune -n '__tcptune_at \'go list\' --proxy=' -l proxy -x -d 'LIST of module proxies'
complete -c tcptune -n '__tcptune_at \'go list\' --ca-file=' -l ca-file -r -F -d 'trust the certificates in FILE, too'
complete -c tcptune -n '__tcptune_at \'go list\' --keyring=' -l keyring -r -F -d 'trust signatures by the OpenPGP keys in FILE, too'
complete -c tcptune -n '__tcptune_at \'go list\' --insecure-checksum-only' -l insecure-checksum-only -d 'take the word of the server for the checksum, without a signature'
complete -c tcptune -n '__tcptune_at \'go list\' --remote' -l remote -d 'also list what could be installed'
complete -c tcptune -n '__tcptune_at \'go list\' --shells' -l shells -d 'run your shell, as you, and ask it which go it finds'
complete -c tcptune -n '__tcptune_at \'go list\' --root=' -l root -x -a '(__tcptune_values \'DIR\')' -d 'work on the image in DIR instead of this machine: its files only, no running values'
complete -c tcptune -n '__tcptune_at \'go list\' --json' -l json -d 'print one JSON document (see tcptune schema)'
complete -c tcptune -n '__tcptune_at \'go list\' --quiet -q' -l quiet -s q -d 'say nothing but errors: the exit code is the answer'
complete -c tcptune -n '__tcptune_at \'go list\' --no-color' -l no-color -d 'no colours, as NO_COLOR=1 in the environment; CLICOLOR_FORCE=1 forces them'
complete -c tcptune -n '__tcptune_at \'go list\' --debug' -l debug -d 'say on stderr what is read, decided and done, and why, as TCPTUNE_DEBUG=1 in the environment'
complete -c tcptune -n '__tcptune_at \'go list\' --help -h' -l help -s h -d 'show help'

complete -c tcptune -n '__tcptune_first \'go use\' 1 --wait --root' -a '(__tcptune_values \'VERSION\')'
complete -c tcptune -n '__tcptune_at \'go use\' --dry-run -n' -l dry-run -s n -d 'only show what would be changed'
complete -c tcptune -n '__tcptune_at \'go use\' --wait=' -l wait -x -d 'wait this DURATION for another tcptune to finish, 30s for instance'
complete -c tcptune -n '__tcptune_at \'go use\' --root=' -l root -x -a '(__tcptune_values \'DIR\')' -d 'work on the image in DIR instead of this machine: its files only, no running values'
complete -c tcptune -n '__tcptune_at \'go use\' --json' -l json -d 'print one JSON document (see tcptune schema)'
complete -c tcptune -n '__tcptune_at \'go use\' --quiet -q' -l quiet -s q -d 'say nothing but errors: the exit code is the answer'
complete -c tcptune -n '__tcptune_at \'go use\' --no-color' -l no-color -d 'no colours, as NO_COLOR=1 in the environment; CLICOLOR_FORCE=1 forces them'
complete -c tcptune -n '__tcptune_at \'go use\' --debug' -l debug -d 'say on stderr what is read, decided and done, and why, as TCPTUNE_DEBUG=1 in the environment'
complete -c tcptune -n '__tcptune_at \'go use\' --help -h' -l help -s h -d 'show help'

complete -c tcptune -n '__tcptune_at \'go rollback\' --dry-run -n' -l dry-run -s n -d 'only show what would be changed'
complete -c tcptune -n '__tcptune_at \'go rollback\' --wait=' -l wait -x -d 'wait this DURATION for another tcptune to finish, 30s for instance'
complete -c tcptune -n '__tcptune_at \'go rollback\' --root=' -l root -x -a '(__tcptune_values \'DIR\')' -d 'work on the image in DIR instead of this machine: its files only, no running values'
complete -c tcptune -n '__tcptune_at \'go rollback\' --json' -l json -d 'print one JSON document (see tcptune schema)'
complete -c tcptune -n '__tcptune_at \'go rollback\' --quiet -q' -l quiet -s q -d 'say nothing but errors: the exit code is the answer'
complete -c tcptune -n '__tcptune_at \'go rollback\' --no-color' -l no-color -d 'no colours, as NO_COLOR=1 in the environment; CLICOLOR_FORCE=1 forces them'
complete -c tcptune -n '__tcptune_at \'go rollback\' --debug' -l debug -d 'say on stderr what is read, decided and done, and why, as TCPTUNE_DEBUG=1 in the environment'
complete -c tcptune -n '__tcptune_at \'go rollback\' --help -h' -l help -s h -d 'show help'

complete -c tcptune -n '__tcptune_first \'go remove\' 1 --wait --root' -a '(__tcptune_values \'VERSION\')'
complete -c tcptune -n '__tcptune_at \'go remove\' --all' -l all -d 'remove all versions, links and the profile'
complete -c tcptune -n '__tcptune_at \'go remove\' --dry-run -n' -l dry-run -s n -d 'only show what would be removed'
complete -c tcptune -n '__tcptune_at \'go remove\' --wait=' -l wait -x -d 'wait this DURATION for another tcptune to finish, 30s for instance'
complete -c tcptune -n '__tcptune_at \'go remove\' --root=' -l root -x -a '(__tcptune_values \'DIR\')' -d 'work on the image in DIR instead of this machine: its files only, no running values'
complete -c tcptune -n '__tcptune_at \'go remove\' --json' -l json -d 'print one JSON document (see tcptune schema)'
complete -c tcptune -n '__tcptune_at \'go remove\' --quiet -q' -l quiet -s q -d 'say nothing but errors: the exit code is the answer'
complete -c tcptune -n '__tcptune_at \'go remove\' --no-color' -l no-color -d 'no colours, as NO_COLOR=1 in the environment; CLICOLOR_FORCE=1 forces them'
complete -c tcptune -n '__tcptune_at \'go remove\' --debug' -l debug -d 'say on stderr what is read, decided and done, and why, as TCPTUNE_DEBUG=1 in the environment'
complete -c tcptune -n '__tcptune_at \'go remove\' --help -h' -l help -s h -d 'show help'

complete -c tcptune -n '__tcptune_first \'go verify\' 1 --root' -a '(__tcptune_values \'VERSION\')'
complete -c tcptune -n '__tcptune_at \'go verify\' --root=' -l root -x -a '(__tcptune_values \'DIR\')' -d 'work on the image in DIR instead of this machine: its files only, no running values'
complete -c tcptune -n '__tcptune_at \'go verify\' --json' -l json -d 'print one JSON document (see tcptune schema)'
complete -c tcptune -n '__tcptune_at \'go verify\' --quiet -q' -l quiet -s q -d 'say nothing but errors: the exit code is the answer'
complete -c tcptune -n '__tcptune_at \'go verify\' --no-color' -l no-color -d 'no colours, as NO_COLOR=1 in the environment; CLICOLOR_FORCE=1 forces them'
complete -c tcptune -n '__tcptune_at \'go verify\' --debug' -l debug -d 'say on stderr what is read, decided and done, and why, as TCPTUNE_DEBUG=1 in the environment'
complete -c tcptune -n '__tcptune_at \'go verify\' --help -h' -l help -s h -d 'show help'

complete -c tcptune -n '__tcptune_at \'go prune\' --dry-run -n' -l dry-run -s n -d 'only show what would be removed'
complete -c tcptune -n '__tcptune_at \'go prune\' --wait=' -l wait -x -d 'wait this DURATION for another tcptune to finish, 30s for instance'
complete -c tcptune -n '__tcptune_at \'go prune\' --root=' -l root -x -a '(__tcptune_values \'DIR\')' -d 'work on the image in DIR instead of this machine: its files only, no running values'
complete -c tcptune -n '__tcptune_at \'go prune\' --json' -l json -d 'print one JSON document (see tcptune schema)'
complete -c tcptune -n '__tcptune_at \'go prune\' --quiet -q' -l quiet -s q -d 'say nothing but errors: the exit code is the answer'
complete -c tcptune -n '__tcptune_at \'go prune\' --no-color' -l no-color -d 'no colours, as NO_COLOR=1 in the environment; CLICOLOR_FORCE=1 forces them'
complete -c tcptune -n '__tcptune_at \'go prune\' --debug' -l debug -d 'say on stderr what is read, decided and done, and why, as TCPTUNE_DEBUG=1 in the environment'
complete -c tcptune -n '__tcptune_at \'go prune\' --help -h' -l help -s h -d 'show help'

complete -c tcptune -n '__tcptune_first \'go bundle\' 1 --source --base --proxy --ca-file --keyring --out -o --arch' -a '(__tcptune_values \'VERSION\')'
complete -c tcptune -n '__tcptune_at \'go bundle\' --source=' -l source -x -a '(__tcptune_values \'WAYS\')' -d 'get it in these WAYS, in this order'
complete -c tcptune -n '__tcptune_at \'go bundle\' --base=' -l base -x -d 'URL of the archives, a mirror for instance; several, tried in turn, with commas between them'
complete -c tcptune -n '__tcptune_at \'go bundle\' --proxy=' -l proxy -x -d 'LIST of module proxies'
complete -c tcptune -n '__tcptune_at \'go bundle\' --ca-file=' -l ca-file -r -F -d 'trust the certificates in FILE, too'
complete -c tcptune -n '__tcptune_at \'go bundle\' --keyring=' -l keyring -r -F -d 'trust signatures by the OpenPGP keys in FILE, too'
complete -c tcptune -n '__tcptune_at \'go bundle\' --insecure-checksum-only' -l insecure-checksum-only -d 'take the word of the server for the checksum, without a signature'
complete -c tcptune -n '__tcptune_at \'go bundle\' --out= -o=' -l out -s o -x -a '(__tcptune_values \'DIR\')' -d 'put it into the folder DIR, which is made'
complete -c tcptune -n '__tcptune_at \'go bundle\' --arch=' -l arch -x -a '(__tcptune_values \'ARCHITECTURE\')' -d 'for another ARCHITECTURE, arm64 for instance'
complete -c tcptune -n '__tcptune_at \'go bundle\' --json' -l json -d 'print one JSON document (see tcptune schema)'
complete -c tcptune -n '__tcptune_at \'go bundle\' --quiet -q' -l quiet -s q -d 'say nothing but errors: the exit code is the answer'
complete -c tcptune -n '__tcptune_at \'go bundle\' --no-color' -l no-color -d 'no colours, as NO_COLOR=1 in the environment; CLICOLOR_FORCE=1 forces them'
complete -c tcptune -n '__tcptune_at \'go bundle\' --debug' -l debug -d 'say on stderr what is read, decided and done, and why, as TCPTUNE_DEBUG=1 in the environment'
complete -c tcptune -n '__tcptune_at \'go bundle\' --help -h' -l help -s h -d 'show help'

complete -c tcptune -n '__tcptune_first \'go new\' 1 --module' -a '(__tcptune_values \'DIR\')'
complete -c tcptune -n '__tcptune_at \'go new\' --module=' -l module -x -d 'call the module PATH'
complete -c tcptune -n '__tcptune_at \'go new\' --json' -l json -d 'print one JSON document (see tcptune schema)'
complete -c tcptune -n '__tcptune_at \'go new\' --quiet -q' -l quiet -s q -d 'say nothing but errors: the exit code is the answer'
complete -c tcptune -n '__tcptune_at \'go new\' --no-color' -l no-color -d 'no colours, as NO_COLOR=1 in the environment; CLICOLOR_FORCE=1 forces them'
complete -c tcptune -n '__tcptune_at \'go new\' --debug' -l debug -d 'say on stderr what is read, decided and done, and why, as TCPTUNE_DEBUG=1 in the environment'
complete -c tcptune -n '__tcptune_at \'go new\' --help -h' -l help -s h -d 'show help'

complete -c tcptune -n '__tcptune_at \'metrics\' --profile= -p=' -l profile -s p -x -a '(__tcptune_values \'PROFILE\')' -d 'use PROFILE (see tcptune profile list)'
complete -c tcptune -n '__tcptune_at \'metrics\' --bandwidth=' -l bandwidth -x -d 'size the buffers of profile wan for this RATE, 10gbit for instance'
complete -c tcptune -n '__tcptune_at \'metrics\' --rtt=' -l rtt -x -d 'size the buffers of profile wan for this round-trip TIME, 80ms for instance'
complete -c tcptune -n '__tcptune_at \'metrics\' --flows=' -l flows -x -d 'warn where memory does not suffice for the buffers of profile wan of N connections'
complete -c tcptune -n '__tcptune_at \'metrics\' --live-qdisc' -l live-qdisc -d 'set the queue discipline of the interfaces that are up, too'
complete -c tcptune -n '__tcptune_at \'metrics\' --textfile=' -l textfile -r -F -d 'write to FILE, which ends in .prom, instead of standard output'
complete -c tcptune -n '__tcptune_at \'metrics\' --diagnose=' -l diagnose -x -d 'look for this DURATION for what limits TCP, as tcptune diagnose does'
complete -c tcptune -n '__tcptune_at \'metrics\' --install-timer' -l install-timer -d 'have systemd write the file every minute, /var/lib/prometheus/node-exporter/tcptune.prom without --textfile'
complete -c tcptune -n '__tcptune_at \'metrics\' --remove-timer' -l remove-timer -d 'take the timer, its service and the file back'
complete -c tcptune -n '__tcptune_at \'metrics\' --dry-run -n' -l dry-run -s n -d 'with one of these: only show what would be changed'
complete -c tcptune -n '__tcptune_at \'metrics\' --wait=' -l wait -x -d 'wait this DURATION for another tcptune to finish, 30s for instance'
complete -c tcptune -n '__tcptune_at \'metrics\' --root=' -l root -x -a '(__tcptune_values \'DIR\')' -d 'work on the image in DIR instead of this machine: its files only, no running values'
complete -c tcptune -n '__tcptune_at \'metrics\' --json' -l json -d 'print one JSON document (see tcptune schema)'
complete -c tcptune -n '__tcptune_at \'metrics\' --allow-unsupported' -l allow-unsupported -d 'proceed on a system that tcptune does not know'
complete -c tcptune -n '__tcptune_at \'metrics\' --quiet -q' -l quiet -s q -d 'say nothing but errors: the exit code is the answer'
complete -c tcptune -n '__tcptune_at \'metrics\' --no-color' -l no-color -d 'no colours, as NO_COLOR=1 in the environment; CLICOLOR_FORCE=1 forces them'
complete -c tcptune -n '__tcptune_at \'metrics\' --debug' -l debug -d 'say on stderr what is read, decided and done, and why, as TCPTUNE_DEBUG=1 in the environment'
complete -c tcptune -n '__tcptune_at \'metrics\' --help -h' -l help -s h -d 'show help'

complete -c tcptune -n '__tcptune_first \'ansible-module\' 1' -F
complete -c tcptune -n '__tcptune_at \'ansible-module\' --quiet -q' -l quiet -s q -d 'say nothing but errors: the exit code is the answer'
complete -c tcptune -n '__tcptune_at \'ansible-module\' --no-color' -l no-color -d 'no colours, as NO_COLOR=1 in the environment; CLICOLOR_FORCE=1 forces them'
complete -c tcptune -n '__tcptune_at \'ansible-module\' --debug' -l debug -d 'say on stderr what is read, decided and done, and why, as TCPTUNE_DEBUG=1 in the environment'
complete -c tcptune -n '__tcptune_at \'ansible-module\' --help -h' -l help -s h -d 'show help'

complete -c tcptune -n '__tcptune_at \'version\' --json' -l json -d 'print one JSON document (see tcptune schema)'
complete -c tcptune -n '__tcptune_at \'version\' --quiet -q' -l quiet -s q -d 'say nothing but errors: the exit code is the answer'
complete -c tcptune -n '__tcptune_at \'version\' --no-color' -l no-color -d 'no colours, as NO_COLOR=1 in the environment; CLICOLOR_FORCE=1 forces them'
complete -c tcptune -n '__tcptune_at \'version\' --debug' -l debug -d 'say on stderr what is read, decided and done, and why, as TCPTUNE_DEBUG=1 in the environment'
complete -c tcptune -n '__tcptune_at \'version\' --help -h' -l help -s h -d 'show help'

complete -c tcptune -n '__tcptune_at \'schema\' --quiet -q' -l quiet -s q -d 'say nothing but errors: the exit code is the answer'
complete -c tcptune -n '__tcptune_at \'schema\' --no-color' -l no-color -d 'no colours, as NO_COLOR=1 in the environment; CLICOLOR_FORCE=1 forces them'
complete -c tcptune -n '__tcptune_at \'schema\' --debug' -l debug -d 'say on stderr what is read, decided and done, and why, as TCPTUNE_DEBUG=1 in the environment'
complete -c tcptune -n '__tcptune_at \'schema\' --help -h' -l help -s h -d 'show help'

complete -c tcptune -n '__tcptune_first \'completion\' 1' -a '(__tcptune_values \'SHELL\')'
complete -c tcptune -n '__tcptune_at \'completion\' --quiet -q' -l quiet -s q -d 'say nothing but errors: the exit code is the answer'
complete -c tcptune -n '__tcptune_at \'completion\' --no-color' -l no-color -d 'no colours, as NO_COLOR=1 in the environment; CLICOLOR_FORCE=1 forces them'
complete -c tcptune -n '__tcptune_at \'completion\' --debug' -l debug -d 'say on stderr what is read, decided and done, and why, as TCPTUNE_DEBUG=1 in the environment'
complete -c tcptune -n '__tcptune_at \'completion\' --help -h' -l help -s h -d 'show help'

complete -c tcptune -n '__tcptune_first \'help\' 1' -a check -d 'verify the release, architecture, kernel and limits of this host'
complete -c tcptune -n '__tcptune_first \'help\' 1' -a plan -d 'show what apply would change; changes nothing'
complete -c tcptune -n '__tcptune_first \'help\' 1' -a apply -d 'bring this host to the wanted state'
complete -c tcptune -n '__tcptune_first \'help\' 1' -a status -d 'the truth about every managed key: now, after a reboot, after sysctl --system'
complete -c tcptune -n '__tcptune_first \'help\' 1' -a revert -d 'take back everything, to before the first apply'
complete -c tcptune -n '__tcptune_first \'help\' 1' -a confirm -d 'keep what apply --confirm has changed'
complete -c tcptune -n '__tcptune_first \'help\' 1' -a explain -d 'what a key does, its unit, range and default, and who sets it here'
complete -c tcptune -n '__tcptune_first \'help\' 1' -a history -d 'what root has changed through tcptune on this machine, when, and by whom'
complete -c tcptune -n '__tcptune_first \'help\' 1' -a profile -d 'list, show and compare profiles, and compute buffer sizes'
complete -c tcptune -n '__tcptune_first \'help\' 1' -a lint -d 'say what is wrong with files that set kernel settings'
complete -c tcptune -n '__tcptune_first \'help\' 1' -a import -d 'make a profile of files that were written by hand'
complete -c tcptune -n '__tcptune_first \'help\' 1' -a port -d 'who holds a port; --kill frees it'
complete -c tcptune -n '__tcptune_first \'help\' 1' -a bench -d 'put a TCP service under load, and measure what its clients see'
complete -c tcptune -n '__tcptune_first \'help\' 1' -a prove -d 'show what a profile does, before and after, over an emulated network'
complete -c tcptune -n '__tcptune_first \'help\' 1' -a diagnose -d 'say which limit bites now, with evidence, and what moves it'
complete -c tcptune -n '__tcptune_first \'help\' 1' -a service -d 'install and run a socket-activated TCP server, the bundled one or your own'
complete -c tcptune -n '__tcptune_first \'help\' 1' -a go -d 'install Go toolchains, verified, and switch between them'
complete -c tcptune -n '__tcptune_first \'help\' 1' -a metrics -d 'the state of this host as figures for Prometheus'
complete -c tcptune -n '__tcptune_first \'help\' 1' -a ansible-module -d 'be a module of Ansible: its arguments in a file, its result as JSON'
complete -c tcptune -n '__tcptune_first \'help\' 1' -a version -d 'say which tcptune this is: version, commit, its date, and Go'
complete -c tcptune -n '__tcptune_first \'help\' 1' -a schema -d 'print the JSON Schema of what --json prints'
complete -c tcptune -n '__tcptune_first \'help\' 1' -a completion -d 'print the completion script of a shell'









complete -c tcptune -n '__tcptune_first \'help profile\' 1' -a list -d 'list the built-in profiles and those in /etc/tcptune/profiles.d'
complete -c tcptune -n '__tcptune_first \'help profile\' 1' -a show -d 'show the keys of a profile, each with its reason'
complete -c tcptune -n '__tcptune_first \'help profile\' 1' -a diff -d 'what two profiles, or a profile and this host, do not have in common'
complete -c tcptune -n '__tcptune_first \'help profile\' 1' -a size -d 'compute the buffers for a path, line by line'











complete -c tcptune -n '__tcptune_first \'help service\' 1' -a install -d 'put a service on this host: units, limits, and the port from the next boot on'
complete -c tcptune -n '__tcptune_first \'help service\' 1' -a uninstall -d 'stop a service and remove what was installed'
complete -c tcptune -n '__tcptune_first \'help service\' 1' -a status -d 'how services are doing: socket, process, connections, memory, exposure'
complete -c tcptune -n '__tcptune_first \'help service\' 1' -a restart -d 'replace the process of a service; no client is refused'
complete -c tcptune -n '__tcptune_first \'help service\' 1' -a reload -d 'have a service read its limits, its certificate or its configuration again'
complete -c tcptune -n '__tcptune_first \'help service\' 1' -a logs -d 'show what a service has logged'
complete -c tcptune -n '__tcptune_first \'help service\' 1' -a pprof -d 'fetch a profile of the bundled server'








complete -c tcptune -n '__tcptune_first \'help go\' 1' -a install -d 'install a Go toolchain for every user of this host, and activate it'
complete -c tcptune -n '__tcptune_first \'help go\' 1' -a list -d 'the toolchains on this host, whoever put them there; --remote: those that could be installed'
complete -c tcptune -n '__tcptune_first \'help go\' 1' -a use -d 'make an installed version the active one'
complete -c tcptune -n '__tcptune_first \'help go\' 1' -a rollback -d 'go back to what was active before'
complete -c tcptune -n '__tcptune_first \'help go\' 1' -a remove -d 'remove an installed version that is not active, or all'
complete -c tcptune -n '__tcptune_first \'help go\' 1' -a verify -d 'read every file of the installed toolchains, and say whether they are what was proven'
complete -c tcptune -n '__tcptune_first \'help go\' 1' -a prune -d 'remove the versions that are neither active nor next for rollback'
complete -c tcptune -n '__tcptune_first \'help go\' 1' -a bundle -d 'fetch all that go install --file needs on a host without a network'
complete -c tcptune -n '__tcptune_first \'help go\' 1' -a new -d 'make a first workspace: a TCP server with limits, from the standard library alone'














