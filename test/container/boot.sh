# Turns the fresh namespaces that it runs in, as their PID 1, into a machine, and becomes its systemd.
#   boot.sh ROOT MNT    files to lay over the root come as a tar on standard input
# ROOT is shared by every machine and stays as it is. MNT is any empty folder: what is mounted there is seen in this mount
# namespace only, so that all of it is gone with the last process, however that ends.
set -eu
root=$1 mnt=$2

mount --make-rprivate /
mount -t tmpfs -o mode=0755 machine "$mnt"
mkdir "$mnt/upper" "$mnt/work" "$mnt/root"
mount -t overlay -o "lowerdir=$root,upperdir=$mnt/upper,workdir=$mnt/work" machine "$mnt/root"
cd "$mnt/root"
tar -xf - -C .
tr -d - </proc/sys/kernel/random/uuid >etc/machine-id

# Each daemon-reload runs every generator. These are for disks and consoles, which a machine without any has no use for.
mkdir -p etc/systemd/system-generators
for what in cryptsetup debug fstab getty gpt-auto hibernate-resume integritysetup rc-local run system-update veritysetup; do
    ln -sf /dev/null etc/systemd/system-generators/systemd-$what-generator
done

mount -t proc -o nosuid,nodev,noexec proc proc
# The kernel is the host's. Without this, a booting systemd changes fs.file-max and others for the whole machine.
for dir in proc/sys/*/ proc/irq/ proc/bus/; do
    [ -d "$dir" ] || continue
    case $dir in proc/sys/net/) continue ;; esac
    mount --bind "$dir" "$dir"
    mount -o remount,bind,ro "$dir"
done
if [ -e proc/sysrq-trigger ]; then mount --bind /dev/null proc/sysrq-trigger; fi
# Read-only, or udev would start and meddle with the host's devices.
mount -t sysfs -o ro,nosuid,nodev,noexec sysfs sys
mount -t cgroup2 -o nosuid,nodev,noexec cgroup2 sys/fs/cgroup
mount -t tmpfs -o nosuid,nodev,mode=0755 tmpfs run
mount -t tmpfs -o nosuid,nodev,mode=1777 tmpfs tmp

mount -t tmpfs -o nosuid,mode=0755 tmpfs dev
for node in null zero full random urandom tty; do
    : >"dev/$node"
    mount --bind "/dev/$node" "dev/$node"
done
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666,mode=0620,gid=5 devpts dev/pts
mount -t tmpfs -o nosuid,nodev,mode=1777 tmpfs dev/shm
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
ln -s fd/0 dev/stdin
ln -s fd/1 dev/stdout
ln -s fd/2 dev/stderr

ip link set lo up
pivot_root . .
umount -l .
# Without this, LoadCredential= yields an empty folder.
mount --make-rshared /
exec env -i container=other PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    /lib/systemd/systemd </dev/null >/dev/null 2>&1
