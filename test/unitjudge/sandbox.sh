# FILES ROOT AT COMMAND...: runs COMMAND in AT, which is ROOT with FILES laid over it, read-only. It is run in a mount
# namespace of its own. systemd-analyze wants a place for temporary files, and to know its control group, which it must not
# write to: systemd 247 moves all processes that it finds there.
files=$1 root=$2 at=$3
shift 3
mount -t overlay -o "ro,lowerdir=$files:$root" overlay "$at"
mount -t proc proc "$at/proc"
for dir in run tmp sys; do mount -t tmpfs tmpfs "$at/$dir"; done
mkdir -p "$at/sys/fs/cgroup"
mount -t cgroup2 -o ro cgroup2 "$at/sys/fs/cgroup"
exec chroot "$at" "$@"
