# Prints all that a tuning program could have changed on this host, one fact a line: every writable knob of the network
# namespace, every line of /etc/sysctl.d, and every file and folder below /etc, /var/lib and /usr/local with its type, permission bits, link text and hash.
find /proc/sys/net -type f -perm /222 -perm /444 -exec grep -Hs '' {} + | sed 's/^/knob /'
grep -Hs '^[^#].*=' /etc/sysctl.d/*.conf | sed 's/^/setting /'
find /etc /var/lib /usr/local -printf 'entry %p %y %m %l\n'
find /etc /var/lib /usr/local -type f -exec sha256sum {} + | sed 's/^\([0-9a-f]*\)  \(.*\)/content \2 \1/'
