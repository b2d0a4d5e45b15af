# shellcheck shell=bash
# Completion of tcptune for bash. Made by hack/completion ("make generate"): do not edit.
# It never runs it. What is on this host, or below --root, it looks up by the names of files.

# _tcptune_command sets what follows the command $1: commands, flags, and the placeholder of the arguments, of which there are
# at most so many. A flag is written
# "--long,-s=PLACEHOLDER", with "*" before it when it may be given again.
_tcptune_command() {
	commands=() flags=() argument='' most=1
	case $1 in
	'')
		commands=(check plan apply status revert confirm explain history profile lint import port bench prove diagnose service go metrics ansible-module version schema completion help)
		flags=(
			'--help,-h'
			'--version,-v'
		)
		;;
	check)
		flags=(
			'--strict'
			'--production'
			'--root=DIR'
			'--json'
			'--allow-unsupported'
			'--quiet,-q'
			'--no-color'
			'--debug'
			'--help,-h'
		)
		;;
	plan)
		flags=(
			'--profile,-p=PROFILE'
			'--bandwidth=RATE'
			'--rtt=TIME'
			'--flows=N'
			'--live-qdisc'
			'--out,-o=FILE'
			'*--retire=FILE'
			'--root=DIR'
			'--json'
			'--allow-unsupported'
			'--quiet,-q'
			'--no-color'
			'--debug'
			'--help,-h'
		)
		;;
	apply)
		argument=PLANFILE
		flags=(
			'--profile,-p=PROFILE'
			'--bandwidth=RATE'
			'--rtt=TIME'
			'--flows=N'
			'--live-qdisc'
			'--confirm=DURATION'
			'--dry-run,-n'
			'*--retire=FILE'
			'--detailed-exitcode'
			'--wait=DURATION'
			'--root=DIR'
			'--json'
			'--allow-unsupported'
			'--quiet,-q'
			'--no-color'
			'--debug'
			'--help,-h'
		)
		;;
	status)
		flags=(
			'--profile,-p=PROFILE'
			'--bandwidth=RATE'
			'--rtt=TIME'
			'--flows=N'
			'--live-qdisc'
			'--all,-a'
			'--root=DIR'
			'--json'
			'--allow-unsupported'
			'--quiet,-q'
			'--no-color'
			'--debug'
			'--help,-h'
		)
		;;
	revert)
		flags=(
			'--dry-run,-n'
			'--detailed-exitcode'
			'--wait=DURATION'
			'--root=DIR'
			'--json'
			'--quiet,-q'
			'--no-color'
			'--debug'
			'--help,-h'
		)
		;;
	confirm)
		flags=(
			'--wait=DURATION'
			'--json'
			'--quiet,-q'
			'--no-color'
			'--debug'
			'--help,-h'
		)
		;;
	explain)
		argument=KEY
		flags=(
			'--list'
			'--root=DIR'
			'--json'
			'--quiet,-q'
			'--no-color'
			'--debug'
			'--help,-h'
		)
		;;
	history)
		argument=ID
		flags=(
			'--json'
			'--quiet,-q'
			'--no-color'
			'--debug'
			'--help,-h'
		)
		;;
	profile)
		commands=(list show diff size)
		flags=(
			'--help,-h'
		)
		;;
	'profile list')
		flags=(
			'--root=DIR'
			'--json'
			'--quiet,-q'
			'--no-color'
			'--debug'
			'--help,-h'
		)
		;;
	'profile show')
		argument=PROFILE
		flags=(
			'--root=DIR'
			'--json'
			'--quiet,-q'
			'--no-color'
			'--debug'
			'--help,-h'
		)
		;;
	'profile diff')
		argument=SIDE
		most=2
		flags=(
			'--root=DIR'
			'--json'
			'--quiet,-q'
			'--no-color'
			'--debug'
			'--help,-h'
		)
		;;
	'profile size')
		flags=(
			'--bandwidth=RATE'
			'--rtt=TIME'
			'--flows=N'
			'--congestion=ALGORITHM'
			'--json'
			'--quiet,-q'
			'--no-color'
			'--debug'
			'--help,-h'
		)
		;;
	lint)
		argument=FILE
		flags=(
			'--format=sarif|github'
			'--root=DIR'
			'--json'
			'--quiet,-q'
			'--no-color'
			'--debug'
			'--help,-h'
		)
		;;
	import)
		argument=FILE
		flags=(
			'--name=NAME'
			'--replace'
			'--dry-run,-n'
			'--wait=DURATION'
			'--root=DIR'
			'--json'
			'--quiet,-q'
			'--no-color'
			'--debug'
			'--help,-h'
		)
		;;
	port)
		argument=PORT
		flags=(
			'--tcp'
			'--udp'
			'--all,-a'
			'--listen,-l'
			'--any-state'
			'--netns=NETNS'
			'--thorough'
			'--pids'
			'--expect=free|held'
			'--wait=free|held'
			'--timeout=TIME'
			'--watch,-w'
			'--kill,-k'
			'--dry-run,-n'
			'--grace=TIME'
			'--signal,-s=SIGNAL'
			'--no-force'
			'--mode=process|container|unit'
			'--unit'
			'--pid-only'
			'--bound'
			'--holder=PID'
			'--close'
			'--many'
			'--force,-f'
			'--json'
			'--quiet,-q'
			'--no-color'
			'--debug'
			'--help,-h'
		)
		;;
	bench)
		argument=TARGET
		flags=(
			'--protocol=raw|send|receive|line|frame|http|connect|talk'
			'--conns,-c=N'
			'--pipeline=N'
			'--rate=N'
			'--size=BYTES'
			'--payload=FILE'
			'--expect=TEXT'
			'--duration,-d=TIME'
			'--warmup=TIME'
			'--count=N'
			'--connect-rate=N'
			'--think=TIME'
			'--timeout=TIME'
			'--workers=N'
			'*--source=ADDR'
			'--tls'
			'--insecure'
			'--ca=FILE'
			'--server-name=NAME'
			'--rounds=N'
			'--find-rate'
			'--p99=TIME'
			'*--assert=PROMISE'
			'--interleave'
			'--html'
			'--csv'
			'--prometheus'
			'--textfile=FILE'
			'--json'
			'--quiet,-q'
			'--no-color'
			'--debug'
			'--help,-h'
		)
		;;
	prove)
		flags=(
			'--profile,-p=PROFILE'
			'--against=SIDE'
			'--key=KEY'
			'--each'
			'--scenario=SCENARIO'
			'*--workload=bulk|connections|requests|idle'
			'--rtt=TIME'
			'--jitter=TIME'
			'--loss=SHARE'
			'--burst=N'
			'--reorder=SHARE'
			'--rate=RATE'
			'--queue=BYTES'
			'--path=netem|tun'
			'--seed=N'
			'--rounds=N'
			'--for=DURATION'
			'--force'
			'--clean'
			'--html'
			'--json'
			'--quiet,-q'
			'--no-color'
			'--debug'
			'--help,-h'
		)
		;;
	diagnose)
		flags=(
			'--for=DURATION'
			'--watch,-w'
			'--port=PORT'
			'--unit=UNIT'
			'--pid=PID'
			'--netns=NETNS'
			'--write-profile=NAME'
			'--replace'
			'--before=FILE'
			'--verbose,-v'
			'--html'
			'--json'
			'--quiet,-q'
			'--no-color'
			'--debug'
			'--help,-h'
		)
		;;
	service)
		commands=(install uninstall status restart reload logs pprof)
		flags=(
			'--help,-h'
		)
		;;
	'service install')
		flags=(
			'--name=SERVICE'
			'*--listen,-l=ADDR'
			'--ipv6-only'
			'--interface=INTERFACE'
			'--backlog=N'
			'--drain=TIME'
			'--protocol=echo|line|frame|discard|http|relay'
			'--max-conns=N'
			'*--limit=LIMIT=VALUE'
			'--admin=ADDR'
			'*--upstream=ADDR'
			'--upstream-ca=FILE'
			'--upstream-name=ADDR'
			'--upstream-cert=FILE'
			'--upstream-key=FILE'
			'--tls-cert=FILE'
			'--tls-key=FILE'
			'--tls-client-ca=FILE'
			'--program=FILE'
			'--exec=PROGRAM'
			'--network'
			'--state-dir'
			'--user=USER'
			'--type=exec|notify|notify-reload'
			'--overlap'
			'*--property,-p=PROPERTY=VALUE'
			'--now'
			'--free-port'
			'--dry-run,-n'
			'--wait=DURATION'
			'--root=DIR'
			'--json'
			'--allow-unsupported'
			'--quiet,-q'
			'--no-color'
			'--debug'
			'--help,-h'
		)
		;;
	'service uninstall')
		argument=SERVICE
		flags=(
			'--dry-run,-n'
			'--wait=DURATION'
			'--root=DIR'
			'--json'
			'--quiet,-q'
			'--no-color'
			'--debug'
			'--help,-h'
		)
		;;
	'service status')
		argument=SERVICE
		flags=(
			'--wait=TIME'
			'--json'
			'--quiet,-q'
			'--no-color'
			'--debug'
			'--help,-h'
		)
		;;
	'service restart')
		argument=SERVICE
		flags=(
			'--overlap'
			'--wait=DURATION'
			'--json'
			'--quiet,-q'
			'--no-color'
			'--debug'
			'--help,-h'
		)
		;;
	'service reload')
		argument=SERVICE
		flags=(
			'--wait=DURATION'
			'--json'
			'--quiet,-q'
			'--no-color'
			'--debug'
			'--help,-h'
		)
		;;
	'service logs')
		argument=SERVICE
		flags=(
			'--follow,-f'
			'--lines,-n=N'
			'--quiet,-q'
			'--no-color'
			'--debug'
			'--help,-h'
		)
		;;
	'service pprof')
		argument=KIND
		flags=(
			'--name=SERVICE'
			'--for=TIME'
			'--out,-o=FILE'
			'--quiet,-q'
			'--no-color'
			'--debug'
			'--help,-h'
		)
		;;
	go)
		commands=(install list use rollback remove verify prune bundle new)
		flags=(
			'--help,-h'
		)
		;;
	'go install')
		argument=VERSION
		flags=(
			'--source=WAYS'
			'--base=URL'
			'--proxy=LIST'
			'--ca-file=FILE'
			'--keyring=FILE'
			'--insecure-checksum-only'
			'--from-mod=FILE'
			'--file=FILE'
			'--sha256=DIGITS'
			'--signature=FILE'
			'--tools=TOOLS'
			'--from=apt'
			'--dry-run,-n'
			'--wait=DURATION'
			'--root=DIR'
			'--json'
			'--allow-unsupported'
			'--quiet,-q'
			'--no-color'
			'--debug'
			'--help,-h'
		)
		;;
	'go list')
		flags=(
			'--source=WAYS'
			'--base=URL'
			'--proxy=LIST'
			'--ca-file=FILE'
			'--keyring=FILE'
			'--insecure-checksum-only'
			'--remote'
			'--shells'
			'--root=DIR'
			'--json'
			'--quiet,-q'
			'--no-color'
			'--debug'
			'--help,-h'
		)
		;;
	'go use')
		argument=VERSION
		flags=(
			'--dry-run,-n'
			'--wait=DURATION'
			'--root=DIR'
			'--json'
			'--quiet,-q'
			'--no-color'
			'--debug'
			'--help,-h'
		)
		;;
	'go rollback')
		flags=(
			'--dry-run,-n'
			'--wait=DURATION'
			'--root=DIR'
			'--json'
			'--quiet,-q'
			'--no-color'
			'--debug'
			'--help,-h'
		)
		;;
	'go remove')
		argument=VERSION
		flags=(
			'--all'
			'--dry-run,-n'
			'--wait=DURATION'
			'--root=DIR'
			'--json'
			'--quiet,-q'
			'--no-color'
			'--debug'
			'--help,-h'
		)
		;;
	'go verify')
		argument=VERSION
		flags=(
			'--root=DIR'
			'--json'
			'--quiet,-q'
			'--no-color'
			'--debug'
			'--help,-h'
		)
		;;
	'go prune')
		flags=(
			'--dry-run,-n'
			'--wait=DURATION'
			'--root=DIR'
			'--json'
			'--quiet,-q'
			'--no-color'
			'--debug'
			'--help,-h'
		)
		;;
	'go bundle')
		argument=VERSION
		flags=(
			'--source=WAYS'
			'--base=URL'
			'--proxy=LIST'
			'--ca-file=FILE'
			'--keyring=FILE'
			'--insecure-checksum-only'
			'--out,-o=DIR'
			'--arch=ARCHITECTURE'
			'--json'
			'--quiet,-q'
			'--no-color'
			'--debug'
			'--help,-h'
		)
		;;
	'go new')
		argument=DIR
		flags=(
			'--module=PATH'
			'--json'
			'--quiet,-q'
			'--no-color'
			'--debug'
			'--help,-h'
		)
		;;
	metrics)
		flags=(
			'--profile,-p=PROFILE'
			'--bandwidth=RATE'
			'--rtt=TIME'
			'--flows=N'
			'--live-qdisc'
			'--textfile=FILE'
			'--diagnose=DURATION'
			'--install-timer'
			'--remove-timer'
			'--dry-run,-n'
			'--wait=DURATION'
			'--root=DIR'
			'--json'
			'--allow-unsupported'
			'--quiet,-q'
			'--no-color'
			'--debug'
			'--help,-h'
		)
		;;
	ansible-module)
		argument=FILE
		flags=(
			'--quiet,-q'
			'--no-color'
			'--debug'
			'--help,-h'
		)
		;;
	version)
		flags=(
			'--json'
			'--quiet,-q'
			'--no-color'
			'--debug'
			'--help,-h'
		)
		;;
	schema)
		flags=(
			'--quiet,-q'
			'--no-color'
			'--debug'
			'--help,-h'
		)
		;;
	completion)
		argument=SHELL
		flags=(
			'--quiet,-q'
			'--no-color'
			'--debug'
			'--help,-h'
		)
		;;
	help)
		commands=(check plan apply status revert confirm explain history profile lint import port bench prove diagnose service go metrics ansible-module version schema completion)
		;;
	'help check')
		;;
	'help plan')
		;;
	'help apply')
		;;
	'help status')
		;;
	'help revert')
		;;
	'help confirm')
		;;
	'help explain')
		;;
	'help history')
		;;
	'help profile')
		commands=(list show diff size)
		;;
	'help profile list')
		;;
	'help profile show')
		;;
	'help profile diff')
		;;
	'help profile size')
		;;
	'help lint')
		;;
	'help import')
		;;
	'help port')
		;;
	'help bench')
		;;
	'help prove')
		;;
	'help diagnose')
		;;
	'help service')
		commands=(install uninstall status restart reload logs pprof)
		;;
	'help service install')
		;;
	'help service uninstall')
		;;
	'help service status')
		;;
	'help service restart')
		;;
	'help service reload')
		;;
	'help service logs')
		;;
	'help service pprof')
		;;
	'help go')
		commands=(install list use rollback remove verify prune bundle new)
		;;
	'help go install')
		;;
	'help go list')
		;;
	'help go use')
		;;
	'help go rollback')
		;;
	'help go remove')
		;;
	'help go verify')
		;;
	'help go prune')
		;;
	'help go bundle')
		;;
	'help go new')
		;;
	'help metrics')
		;;
	'help ansible-module')
		;;
	'help version')
		;;
	'help schema')
		;;
	'help completion')
		;;
	esac
}

# _tcptune_values adds to found what may stand for the placeholder $1, of which $2 is typed.
_tcptune_values() {
	local name line
	case $1 in
	ALGORITHM) found=(bbr cubic reno dctcp htcp westwood vegas illinois) ;;
	ARCHITECTURE) found=(386 amd64 arm64 armv6l loong64 ppc64le riscv64 s390x) ;;
	KEY) found=(net.core.rmem_default net.core.wmem_default net.core.rmem_max net.core.wmem_max net.core.netdev_max_backlog net.core.netdev_budget net.core.netdev_budget_usecs net.core.busy_read net.core.busy_poll net.core.optmem_max net.core.rps_sock_flow_entries net.core.gro_normal_batch net.core.default_qdisc net.core.somaxconn net.ipv4.tcp_mem net.ipv4.tcp_rmem net.ipv4.tcp_wmem net.ipv4.tcp_moderate_rcvbuf net.ipv4.tcp_adv_win_scale net.ipv4.tcp_window_scaling net.ipv4.tcp_timestamps net.ipv4.tcp_sack net.ipv4.tcp_dsack net.ipv4.tcp_fack net.ipv4.tcp_frto net.ipv4.tcp_early_retrans net.ipv4.tcp_max_reordering net.ipv4.tcp_reordering net.ipv4.tcp_ecn net.ipv4.tcp_ecn_fallback net.ipv4.tcp_congestion_control net.ipv4.tcp_slow_start_after_idle net.ipv4.tcp_base_mss net.ipv4.tcp_mtu_probe_floor net.ipv4.tcp_mtu_probing net.ipv4.tcp_fastopen net.ipv4.tcp_notsent_lowat net.ipv4.tcp_autocorking net.ipv4.tcp_limit_output_bytes net.ipv4.tcp_low_latency net.ipv4.tcp_shrink_window net.ipv4.tcp_plb_enabled net.ipv4.tcp_plb_idle_rehash_rounds net.ipv4.tcp_plb_rehash_rounds net.ipv4.tcp_plb_suspend_rto_sec net.ipv4.tcp_plb_cong_thresh net.ipv4.tcp_child_ehash_entries net.ipv4.tcp_no_metrics_save net.ipv4.tcp_max_syn_backlog net.ipv4.tcp_syncookies net.ipv4.tcp_abort_on_overflow net.ipv4.tcp_syn_retries net.ipv4.tcp_synack_retries net.ipv4.tcp_retries1 net.ipv4.tcp_retries2 net.ipv4.tcp_orphan_retries net.ipv4.tcp_max_orphans net.ipv4.tcp_max_tw_buckets net.ipv4.tcp_fin_timeout net.ipv4.tcp_tw_reuse net.ipv4.tcp_tw_reuse_delay net.ipv4.tcp_rfc1337 net.ipv4.tcp_keepalive_time net.ipv4.tcp_keepalive_intvl net.ipv4.tcp_keepalive_probes net.ipv4.ip_unprivileged_port_start net.ipv4.ip_local_reserved_ports net.ipv4.ip_local_port_range net.ipv4.udp_mem net.ipv4.udp_rmem_min net.ipv4.udp_wmem_min net.ipv4.neigh.default.gc_thresh1 net.ipv4.neigh.default.gc_thresh2 net.ipv4.neigh.default.gc_thresh3 net.ipv6.neigh.default.gc_thresh1 net.ipv6.neigh.default.gc_thresh2 net.ipv6.neigh.default.gc_thresh3 net.ipv4.route.gc_timeout net.ipv4.route.max_size net.ipv4.ip_forward net.ipv4.conf.all.rp_filter fs.nr_open fs.file-max vm.max_map_count net.netfilter.nf_conntrack_max net.netfilter.nf_conntrack_tcp_timeout_established net.netfilter.nf_conntrack_tcp_timeout_time_wait net.netfilter.nf_conntrack_buckets net.netfilter.nf_conntrack_tcp_timeout_syn_sent net.netfilter.nf_conntrack_tcp_timeout_syn_recv net.netfilter.nf_conntrack_tcp_timeout_fin_wait net.netfilter.nf_conntrack_tcp_timeout_close_wait net.netfilter.nf_conntrack_tcp_timeout_last_ack net.netfilter.nf_conntrack_tcp_timeout_close net.netfilter.nf_conntrack_tcp_timeout_max_retrans net.netfilter.nf_conntrack_tcp_timeout_unacknowledged net.netfilter.nf_conntrack_tcp_max_retrans net.netfilter.nf_conntrack_tcp_loose net.netfilter.nf_conntrack_tcp_be_liberal net.netfilter.nf_conntrack_generic_timeout net.netfilter.nf_conntrack_udp_timeout net.netfilter.nf_conntrack_udp_timeout_stream) ;;
	'LIMIT=VALUE') found=(accept-burst accept-rate breaker-failures breaker-least breaker-open breaker-share client-burst client-conns client-rate idle-timeout max-conns max-frame max-input max-line max-output min-rate proxy-from queue queue-timeout read-timeout total-timeout upstream-connect upstream-conns upstream-idle upstream-life upstream-timeout upstream-wait write-timeout) ;;
	NETNS) found=(all) ;;
	PROFILE) found=(server classic wan latency proxy) ;;
	'PROPERTY=VALUE') found=(After AmbientCapabilities BindReadOnlyPaths CPUQuota CPUWeight CacheDirectory ConditionPathExists Environment EnvironmentFile ExecReload ExecStartPre LimitMEMLOCK LoadCredential LogsDirectory MemoryDenyWriteExecute MemoryMax Nice OOMScoreAdjust OnFailure ReadWritePaths Requires RuntimeDirectory Slice SupplementaryGroups SystemCallFilter TasksMax TimeoutStartSec Wants WatchdogSec WorkingDirectory) ;;
	SCENARIO) found=(lan continental intercontinental lossy-mobile long-fat-pipe bufferbloat) ;;
	SHELL) found=(bash zsh fish) ;;
	SIDE) found=(server classic wan latency proxy HOST-NOW) ;;
	SIGNAL) found=(HUP INT QUIT KILL USR1 USR2 TERM) ;;
	TARGET) found=(compare) ;;
	TOOLS) found=(dlv gofumpt goimports golangci-lint gopls govulncheck staticcheck) ;;
	WAYS) found=(download module) ;;
	apt) found=(apt) ;;
	'bulk|connections|requests|idle') found=(bulk connections requests idle) ;;
	'echo|line|frame|discard|http|relay') found=(echo line frame discard http relay) ;;
	'exec|notify|notify-reload') found=(exec notify notify-reload) ;;
	'free|held') found=(free held) ;;
	'netem|tun') found=(netem tun) ;;
	'process|container|unit') found=(process container unit) ;;
	'raw|send|receive|line|frame|http|connect|talk') found=(raw send receive line frame http connect talk) ;;
	'sarif|github') found=(sarif github) ;;
	esac
	case $1 in
	PROFILE | SIDE) _tcptune_names "$root/etc/tcptune/profiles.d" .yaml ;;
	VERSION) _tcptune_names "$root/usr/local/lib/tcptune/go" ;;
	NETNS) _tcptune_names /run/netns ;;
	SERVICE)
		_tcptune_names "$root/etc/systemd/system" .socket
		for name in "${!found[@]}"; do
			line=''
			IFS= read -r line 2>/dev/null <"$root/etc/systemd/system/${found[name]}.socket"
			# Metrics have a socket of their own, which belongs to the service.
			[[ $line == '# Written by tcptune.'* && ${found[name]} != *-admin ]] || unset 'found[name]'
		done
		;;
	USER) mapfile -t found < <(compgen -u -- "$2") ;;
	DIR) mapfile -t found < <(compgen -d -- "$2") ;;
	FILE | PLANFILE | PROGRAM) mapfile -t found < <(compgen -f -- "$2") ;;
	TOOLS | WAYS) # lists
		line=${2%"${2##*,}"}
		for name in "${!found[@]}"; do
			[[ ,$line == *,"${found[name]}",* ]] && unset 'found[name]'
		done
		found=("${found[@]/#/"$line"}")
		;;
	LIMIT=VALUE | PROPERTY=VALUE) found=("${found[@]/%/=}") ;;
	KEY)
		found+=("${found[@]##*.}") # the last word alone will do
		[[ $root || $2 != *.* ]] || _tcptune_keys "$2"
		;;
	esac
	# readline looks by itself (default, dirnames) for names that are typed in quotes. Outside of a completion there are no
	# options to set.
	case $1 in
	DIR) compopt -o filenames -o dirnames 2>/dev/null ;;
	FILE | PLANFILE | PROGRAM) compopt -o filenames -o default 2>/dev/null ;;
	LIMIT=VALUE | PROPERTY=VALUE) compopt -o nospace 2>/dev/null ;;
	esac
}

# _tcptune_names adds to found the names of the files $1/*$2, without $2. Unlike a glob, compgen does not depend on the
# options of the shell.
_tcptune_names() {
	local path
	while IFS= read -r path; do
		path=${path##*/}
		[[ $path == .* ]] && continue
		printf -v path %q "${path%"$2"}" # it is put on the command line as it is
		found+=("$path")
	done < <(compgen -f -X "!*$2" -- "$1/")
}

# _tcptune_keys adds to found the keys of this host that begin with $1, and the folders of keys. Dots and slashes change
# places, sysctl.d(5).
_tcptune_keys() {
	local path=${1//./$'\n'}
	path=${path//\//.}
	while IFS= read -r path; do
		[[ -d $path ]] && path+=/ && compopt -o nospace 2>/dev/null
		path=${path#/proc/sys/} path=${path//./$'\n'} path=${path//\//.} path=${path//$'\n'//}
		[[ " ${found[*]} " == *" $path "* ]] || found+=("$path")
	done < <(compgen -f -- "/proc/sys/${path//$'\n'//}")
}

# _tcptune_flag sets flag to the one among flags that $1 is a name of. Go takes one dash as well as two.
_tcptune_flag() {
	local name=${1#-}
	name=${name#-}
	for flag in "${flags[@]}"; do
		[[ ,${flag%%=*}, == *[,*]-"$name",* || ,${flag%%=*}, == *[,*]--"$name",* ]] && return
	done
	flag=''
	return 1
}

# _tcptune_flags adds to found the flags that can still be given.
_tcptune_flags() {
	local names name
	for flag in "${flags[@]}"; do
		[[ $flag == \** || " ${given[*]} " != *" $flag "* ]] || continue
		names=${flag%%=*}
		IFS=, read -ra names <<<"${names#\*}"
		for name in "${names[@]}"; do
			found+=("$name")
		done
	done
}

_tcptune() {
	local IFS=$' \t\n' raw='' word waits='' root='' command='' prefix='' argument='' arguments=0 most=1 flag
	local -a words=() commands=() flags=() given=() found=()
	COMPREPLY=()

	# readline has split the words at "=" and ":" as well (COMP_WORDBREAKS, bash(1)).
	for word in "${COMP_WORDS[@]:1:COMP_CWORD}"; do
		if [[ $word && ${#words[@]} != 0 && ($word == [=:]* || $raw == [=:]*) ]] &&
			! [[ $word == :* && ${words[-1]} == -* && ${words[-1]} != *=* ]]; then
			words[-1]+=$word
		else
			words+=("$word")
		fi
		raw=$word
	done
	[[ $raw == [=:]* ]] && raw=''
	local cur=${words[-1]}
	unset 'words[-1]'

	_tcptune_command ''
	for word in "${words[@]}"; do
		if [[ $waits ]]; then
			[[ $waits == --root=* ]] && root=$word
			waits=''
		elif [[ $word == -- ]]; then
			return
		elif [[ $word == -?* ]]; then
			_tcptune_flag "${word%%=*}" || continue
			given+=("$flag")
			if [[ $flag == *=* && $word != *=* ]]; then
				waits=$flag
			elif [[ $flag == --root=* ]]; then
				root=${word#*=}
			fi
		elif [[ $arguments == 0 && " ${commands[*]} " == *" $word "* ]]; then
			command+=${command:+ }$word
			_tcptune_command "$command"
		elif [[ ${#commands[@]} != 0 ]]; then
			return # no such command
		else
			((arguments++))
		fi
	done

	if [[ $waits ]]; then
		_tcptune_values "${waits#*=}" "$cur"
	elif [[ $cur == -*=* ]]; then
		_tcptune_flag "${cur%%=*}" || return
		prefix=${cur%%=*}=
		[[ $flag == *=* ]] && _tcptune_values "${flag#*=}" "${cur#*=}"
	elif [[ $cur != -* ]]; then
		if ((arguments < most)); then
			found=("${commands[@]}")
			[[ $argument ]] && _tcptune_values "$argument" "$cur"
		fi
		[[ ! $cur && ${#found[@]} == 0 ]] && _tcptune_flags
	else
		_tcptune_flags
	fi

	# readline keeps what it has split off.
	for word in "${found[@]/#/"$prefix"}"; do
		[[ $word == "$cur"* ]] || continue
		word=${word#"${cur%"$raw"}"}
		[[ $word ]] && COMPREPLY+=("$word")
	done
}

complete -F _tcptune tcptune
