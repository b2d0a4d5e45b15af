# shellcheck shell=bash
# Completion of tcptune-server for bash. Made by hack/completion ("make generate"): do not edit.
# It never runs it. What is on this host, or below --root, it looks up by the names of files.

# _tcptune_server_command sets what follows the command $1: commands, flags, and the placeholder of the arguments, of which there are
# at most so many. A flag is written
# "--long,-s=PLACEHOLDER", with "*" before it when it may be given again.
_tcptune_server_command() {
	commands=() flags=() argument='' most=1
	case $1 in
	'')
		flags=(
			'--accept-burst=N'
			'--accept-rate=N'
			'--admin=ADDR'
			'--backlog=N'
			'--breaker-failures=N'
			'--breaker-least=N'
			'--breaker-open=TIME'
			'--breaker-share=N'
			'--check'
			'--client-burst=N'
			'--client-conns=N'
			'--client-rate=N'
			'--drain=TIME'
			'--engine=auto|loop|goroutine'
			'--idle-timeout=TIME'
			'--limits=FILE'
			'*--listen=ADDR'
			'--log-format=auto|text|json'
			'--log-level=debug|info|warn|error'
			'--max-conns=N'
			'--max-frame=BYTES'
			'--max-input=BYTES'
			'--max-line=BYTES'
			'--max-output=BYTES'
			'--min-rate=N'
			'--protocol=echo|line|frame|discard|http|relay'
			'--proxy-from=NETWORKS'
			'--queue=N'
			'--queue-timeout=TIME'
			'--read-timeout=TIME'
			'--tls-cert=FILE'
			'--tls-client-ca=FILE'
			'--tls-key=FILE'
			'--total-timeout=TIME'
			'*--upstream=ADDR'
			'--upstream-ca=FILE'
			'--upstream-cert=FILE'
			'--upstream-connect=TIME'
			'--upstream-conns=N'
			'--upstream-idle=TIME'
			'--upstream-key=FILE'
			'--upstream-life=TIME'
			'--upstream-name=NAME'
			'--upstream-timeout=TIME'
			'--upstream-wait=TIME'
			'--version'
			'--write-timeout=TIME'
			'--help,-h'
		)
		;;
	esac
}

# _tcptune_server_values adds to found what may stand for the placeholder $1, of which $2 is typed.
_tcptune_server_values() {
	local name line
	case $1 in
	'auto|loop|goroutine') found=(auto loop goroutine) ;;
	'auto|text|json') found=(auto text json) ;;
	'debug|info|warn|error') found=(debug info warn error) ;;
	'echo|line|frame|discard|http|relay') found=(echo line frame discard http relay) ;;
	esac
	case $1 in
	PROFILE | SIDE) _tcptune_server_names "$root/etc/tcptune/profiles.d" .yaml ;;
	VERSION) _tcptune_server_names "$root/usr/local/lib/tcptune/go" ;;
	NETNS) _tcptune_server_names /run/netns ;;
	SERVICE)
		_tcptune_server_names "$root/etc/systemd/system" .socket
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
		[[ $root || $2 != *.* ]] || _tcptune_server_keys "$2"
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

# _tcptune_server_names adds to found the names of the files $1/*$2, without $2. Unlike a glob, compgen does not depend on the
# options of the shell.
_tcptune_server_names() {
	local path
	while IFS= read -r path; do
		path=${path##*/}
		[[ $path == .* ]] && continue
		printf -v path %q "${path%"$2"}" # it is put on the command line as it is
		found+=("$path")
	done < <(compgen -f -X "!*$2" -- "$1/")
}

# _tcptune_server_keys adds to found the keys of this host that begin with $1, and the folders of keys. Dots and slashes change
# places, sysctl.d(5).
_tcptune_server_keys() {
	local path=${1//./$'\n'}
	path=${path//\//.}
	while IFS= read -r path; do
		[[ -d $path ]] && path+=/ && compopt -o nospace 2>/dev/null
		path=${path#/proc/sys/} path=${path//./$'\n'} path=${path//\//.} path=${path//$'\n'//}
		[[ " ${found[*]} " == *" $path "* ]] || found+=("$path")
	done < <(compgen -f -- "/proc/sys/${path//$'\n'//}")
}

# _tcptune_server_flag sets flag to the one among flags that $1 is a name of. Go takes one dash as well as two.
_tcptune_server_flag() {
	local name=${1#-}
	name=${name#-}
	for flag in "${flags[@]}"; do
		[[ ,${flag%%=*}, == *[,*]-"$name",* || ,${flag%%=*}, == *[,*]--"$name",* ]] && return
	done
	flag=''
	return 1
}

# _tcptune_server_flags adds to found the flags that can still be given.
_tcptune_server_flags() {
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

_tcptune_server() {
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

	_tcptune_server_command ''
	for word in "${words[@]}"; do
		if [[ $waits ]]; then
			[[ $waits == --root=* ]] && root=$word
			waits=''
		elif [[ $word == -- ]]; then
			return
		elif [[ $word == -?* ]]; then
			_tcptune_server_flag "${word%%=*}" || continue
			given+=("$flag")
			if [[ $flag == *=* && $word != *=* ]]; then
				waits=$flag
			elif [[ $flag == --root=* ]]; then
				root=${word#*=}
			fi
		elif [[ $arguments == 0 && " ${commands[*]} " == *" $word "* ]]; then
			command+=${command:+ }$word
			_tcptune_server_command "$command"
		elif [[ ${#commands[@]} != 0 ]]; then
			return # no such command
		else
			((arguments++))
		fi
	done

	if [[ $waits ]]; then
		_tcptune_server_values "${waits#*=}" "$cur"
	elif [[ $cur == -*=* ]]; then
		_tcptune_server_flag "${cur%%=*}" || return
		prefix=${cur%%=*}=
		[[ $flag == *=* ]] && _tcptune_server_values "${flag#*=}" "${cur#*=}"
	elif [[ $cur != -* ]]; then
		if ((arguments < most)); then
			found=("${commands[@]}")
			[[ $argument ]] && _tcptune_server_values "$argument" "$cur"
		fi
		[[ ! $cur && ${#found[@]} == 0 ]] && _tcptune_server_flags
	else
		_tcptune_server_flags
	fi

	# readline keeps what it has split off.
	for word in "${found[@]/#/"$prefix"}"; do
		[[ $word == "$cur"* ]] || continue
		word=${word#"${cur%"$raw"}"}
		[[ $word ]] && COMPREPLY+=("$word")
	done
}

complete -F _tcptune_server tcptune-server
