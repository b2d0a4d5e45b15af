# Becomes a host of its own, as PID 1 of fresh mount, network and PID namespaces.
#   sh -s OUT TREE    results go to the folder OUT; TREE is laid over the empty host
# What the host does is read from the same input, behind this text. When the input ends, so does every process of the host.
set -eu
umask 022
out=$1 tree=$2

mount -t proc proc /proc
for dir in /etc /run /var/lib /var/cache /var/log /usr/lib/sysctl.d /usr/local; do
    if [ -d "$dir" ]; then mount -t tmpfs -o mode=0755 tmpfs "$dir"; fi
done
mkdir /usr/local/bin /usr/local/lib
cp -R "$tree/." /
cd /proc/sys/net
# These are copied from the machine at large or depend on its memory.
echo 4096 131072 6291456 >ipv4/tcp_rmem
echo 4096 16384 4194304 >ipv4/tcp_wmem
echo 4000,5000-5003 >ipv4/ip_local_reserved_ports
cd /

# step NAME COMMAND...: OUT/NAME.out, .err and .code
step() {
    name=$1
    shift
    code=0
    "$@" </dev/null >"$out/$name.out" 2>"$out/$name.err" || code=$?
    echo "$code" >"$out/$name.code"
}
