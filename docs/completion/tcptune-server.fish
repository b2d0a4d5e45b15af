# Completion of tcptune-server for fish. Made by hack/completion ("make generate"): do not edit.
# It never runs it. What is on this host, or below --root, it looks up by the names of files.

set -g __tcptune_server_commands

# True at the command $argv[1], "service install" for instance, where none of the flags $argv[2..] is given yet; those that
# take a value are written "--profile=".
function __tcptune_server_at
    set -l tokens (commandline -opc)[2..]
    contains -- -- $tokens
    and return 1
    set -l command
    for token in $tokens
        contains -- (string join ' ' -- $command $token) $__tcptune_server_commands
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
function __tcptune_server_first
    __tcptune_server_at $argv[1]
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
function __tcptune_server_files
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

function __tcptune_server_names
    for file in (__tcptune_server_files $argv)
        string replace -- "$argv[2]" '' (string split -- / $file)[-1]
    end
end

# The words of a list, behind those that are typed.
function __tcptune_server_list
    set -l typed (string replace -r -- '^-[^=]*=' '' (commandline -ct))
    set -l before (string match -r -- '.*,' $typed)
    for word in $argv
        contains -- $word (string split -- , "$before")
        or echo "$before$word"
    end
end

function __tcptune_server_services
    for file in (__tcptune_server_files /etc/systemd/system .socket)
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
function __tcptune_server_keys
    for file in /proc/sys/**
        test -f $file
        and string replace /proc/sys/ '' $file | string replace -a . \x01 | string replace -a / . | string replace -a \x01 /
    end
end

# What may stand for the placeholder $argv[1].
function __tcptune_server_values
    switch $argv[1]
        case 'auto|loop|goroutine'
            printf '%s\t%s\n' \
                'auto' '' \
                'loop' '' \
                'goroutine' ''
        case 'auto|text|json'
            printf '%s\t%s\n' \
                'auto' '' \
                'text' '' \
                'json' ''
        case 'debug|info|warn|error'
            printf '%s\t%s\n' \
                'debug' '' \
                'info' '' \
                'warn' '' \
                'error' ''
        case 'echo|line|frame|discard|http|relay'
            printf '%s\t%s\n' \
                'echo' '' \
                'line' '' \
                'frame' '' \
                'discard' '' \
                'http' '' \
                'relay' ''
    end
    switch $argv[1]
        case PROFILE SIDE
            __tcptune_server_names /etc/tcptune/profiles.d .yaml
        case VERSION
            __tcptune_server_names /usr/local/lib/tcptune/go
        case NETNS
            __tcptune_server_names /run/netns
        case KEY
            string match -q -- '--root*' (commandline -opc)
            or __tcptune_server_keys
        case SERVICE
            __tcptune_server_services
        case USER
            __fish_complete_users
        case DIR
            __fish_complete_directories
    end
end

complete -c tcptune-server -f

complete -c tcptune-server -n '__tcptune_server_at \'\' --accept-burst=' -l accept-burst -x -d 'with --accept-rate, let N connections come at once; 0: as many as in a second (0)'
complete -c tcptune-server -n '__tcptune_server_at \'\' --accept-rate=' -l accept-rate -x -d 'accept N connections a second, others wait in the backlog; 0: any number (0)'
complete -c tcptune-server -n '__tcptune_server_at \'\' --admin=' -l admin -x -d 'serve metrics and health on the loopback address ADDR:PORT, or on a Unix socket, the path of a file that only the own user and group may open, these and profiles and connections; may be given once for each'
complete -c tcptune-server -n '__tcptune_server_at \'\' --backlog=' -l backlog -x -d 'let N connections wait in the queue of each listening socket; 0: as it was opened (0)'
complete -c tcptune-server -n '__tcptune_server_at \'\' --breaker-failures=' -l breaker-failures -x -d 'relay: ask others after N connections in a row that could not be made (5)'
complete -c tcptune-server -n '__tcptune_server_at \'\' --breaker-least=' -l breaker-least -x -d 'relay: of at least N exchanges in ten seconds (20)'
complete -c tcptune-server -n '__tcptune_server_at \'\' --breaker-open=' -l breaker-open -x -d 'relay: ask others for TIME, where there are any (5s)'
complete -c tcptune-server -n '__tcptune_server_at \'\' --breaker-share=' -l breaker-share -x -d 'relay: ask others when N of all exchanges fail, 0.5 for a half (0.5)'
complete -c tcptune-server -n '__tcptune_server_at \'\' --check' -l check -d 'say whether flags, limits, certificate and addresses can be used, and open, bind and serve nothing'
complete -c tcptune-server -n '__tcptune_server_at \'\' --client-burst=' -l client-burst -x -d 'with --client-rate, let N connections of one address come at once; 0: as many as in a second (0)'
complete -c tcptune-server -n '__tcptune_server_at \'\' --client-conns=' -l client-conns -x -d 'serve N connections of one address at a time, refuse others; 0: any number (half of --max-conns)'
complete -c tcptune-server -n '__tcptune_server_at \'\' --client-rate=' -l client-rate -x -d 'serve N new connections a second from one address, refuse others; 0: any number (0)'
complete -c tcptune-server -n '__tcptune_server_at \'\' --drain=' -l drain -x -d 'on SIGTERM, wait TIME for connections to end (30s)'
complete -c tcptune-server -n '__tcptune_server_at \'\' --engine=' -l engine -x -a '(__tcptune_server_values \'auto|loop|goroutine\')' -d 'drive connections by auto|loop|goroutine, for comparison: auto is loop where the protocol and TLS let it, goroutine for http, relay and TLS (default "auto")'
complete -c tcptune-server -n '__tcptune_server_at \'\' --idle-timeout=' -l idle-timeout -x -d 'close a connection after TIME without a message; 0: never (5m0s)'
complete -c tcptune-server -n '__tcptune_server_at \'\' --limits=' -l limits -r -F -d 'read limits from the YAML FILE, again on SIGHUP; its keys are the names of the flags that are limits'
complete -c tcptune-server -n '__tcptune_server_at \'\'' -l listen -x -d 'serve ADDR:PORT; may be repeated'
complete -c tcptune-server -n '__tcptune_server_at \'\' --log-format=' -l log-format -x -a '(__tcptune_server_values \'auto|text|json\')' -d 'log as auto|text|json; auto is text for a terminal, and lines with a priority for the journal (default "auto")'
complete -c tcptune-server -n '__tcptune_server_at \'\' --log-level=' -l log-level -x -a '(__tcptune_server_values \'debug|info|warn|error\')' -d 'log what is at least debug|info|warn|error (default "info")'
complete -c tcptune-server -n '__tcptune_server_at \'\' --max-conns=' -l max-conns -x -d 'serve N connections at a time (100000)'
complete -c tcptune-server -n '__tcptune_server_at \'\' --max-frame=' -l max-frame -x -d 'refuse a frame, or the body of an HTTP request, of more than BYTES (1048576)'
complete -c tcptune-server -n '__tcptune_server_at \'\' --max-input=' -l max-input -x -d 'hold at most BYTES of messages that have not arrived whole; 0: any number (268435456)'
complete -c tcptune-server -n '__tcptune_server_at \'\' --max-line=' -l max-line -x -d 'refuse a line of more than BYTES (65536)'
complete -c tcptune-server -n '__tcptune_server_at \'\' --max-output=' -l max-output -x -d 'hold at most BYTES of answers that clients have not taken yet (268435456)'
complete -c tcptune-server -n '__tcptune_server_at \'\' --min-rate=' -l min-rate -x -d 'close a connection when the client takes less than N bytes a second of an answer; 0: never (1000)'
complete -c tcptune-server -n '__tcptune_server_at \'\' --protocol=' -l protocol -x -a '(__tcptune_server_values \'echo|line|frame|discard|http|relay\')' -d 'speak NAME: echo, line, frame, discard, http, relay (default "echo")'
complete -c tcptune-server -n '__tcptune_server_at \'\' --proxy-from=' -l proxy-from -x -d 'expect the PROXY protocol from NETWORKS only, with commas between them (none)'
complete -c tcptune-server -n '__tcptune_server_at \'\' --queue=' -l queue -x -d 'beyond --max-conns, let N accepted connections wait (1024)'
complete -c tcptune-server -n '__tcptune_server_at \'\' --queue-timeout=' -l queue-timeout -x -d 'let an accepted connection wait for TIME at most (5s)'
complete -c tcptune-server -n '__tcptune_server_at \'\' --read-timeout=' -l read-timeout -x -d 'close a connection when a message takes TIME to arrive; 0: never (30s)'
complete -c tcptune-server -n '__tcptune_server_at \'\' --tls-cert=' -l tls-cert -r -F -d 'serve TLS with the certificates in the PEM FILE; without it, with tls.crt of $CREDENTIALS_DIRECTORY where that is'
complete -c tcptune-server -n '__tcptune_server_at \'\' --tls-client-ca=' -l tls-client-ca -r -F -d 'serve only clients with a certificate of one of the authorities in the PEM FILE; without it, in tls-client-ca.crt of $CREDENTIALS_DIRECTORY'
complete -c tcptune-server -n '__tcptune_server_at \'\' --tls-key=' -l tls-key -r -F -d 'the private key of the certificates, a PEM FILE; without it, tls.key beside tls.crt'
complete -c tcptune-server -n '__tcptune_server_at \'\' --total-timeout=' -l total-timeout -x -d 'close a connection TIME after it was accepted, whatever it does; 0: never (0s)'
complete -c tcptune-server -n '__tcptune_server_at \'\'' -l upstream -x -d 'relay to ADDR:PORT; may be repeated'
complete -c tcptune-server -n '__tcptune_server_at \'\' --upstream-ca=' -l upstream-ca -r -F -d 'relay: speak TLS to upstreams, whose certificates are of an authority in the PEM FILE, or system for those that this host trusts; without it, in upstream-ca.crt of $CREDENTIALS_DIRECTORY where that is'
complete -c tcptune-server -n '__tcptune_server_at \'\' --upstream-cert=' -l upstream-cert -r -F -d 'relay: show upstreams the certificate in the PEM FILE; without it, upstream.crt of $CREDENTIALS_DIRECTORY where that is'
complete -c tcptune-server -n '__tcptune_server_at \'\' --upstream-connect=' -l upstream-connect -x -d 'relay: let connecting take TIME (3s)'
complete -c tcptune-server -n '__tcptune_server_at \'\' --upstream-conns=' -l upstream-conns -x -d 'relay: make N connections to one upstream (64)'
complete -c tcptune-server -n '__tcptune_server_at \'\' --upstream-idle=' -l upstream-idle -x -d 'relay: use no connection again that was idle for TIME (1m0s)'
complete -c tcptune-server -n '__tcptune_server_at \'\' --upstream-key=' -l upstream-key -r -F -d 'relay: the private key of that certificate, a PEM FILE; upstream.key beside upstream.crt'
complete -c tcptune-server -n '__tcptune_server_at \'\' --upstream-life=' -l upstream-life -x -d 'relay: use no connection again after TIME, so that a name may get another address (30m0s)'
complete -c tcptune-server -n '__tcptune_server_at \'\' --upstream-name=' -l upstream-name -x -d 'relay: certificates of upstreams are for NAME; without it, for the host of their address'
complete -c tcptune-server -n '__tcptune_server_at \'\' --upstream-timeout=' -l upstream-timeout -x -d 'relay: let a request and its answer take TIME (30s)'
complete -c tcptune-server -n '__tcptune_server_at \'\' --upstream-wait=' -l upstream-wait -x -d 'relay: let a request wait for a connection for TIME (1s)'
complete -c tcptune-server -n '__tcptune_server_at \'\' --version' -l version -d 'print the version'
complete -c tcptune-server -n '__tcptune_server_at \'\' --write-timeout=' -l write-timeout -x -d 'close a connection when the client takes nothing of an answer for TIME; 0: never (30s)'
complete -c tcptune-server -n '__tcptune_server_at \'\' --help -h' -l help -s h -d 'show help'
