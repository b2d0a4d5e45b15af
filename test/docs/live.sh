# live.sh IMAGE PROGRAMS: furnishes fresh namespaces as a running Ubuntu, with the machine's kernel and the files of IMAGE,
# and then runs the script on stdin there. What belongs to the whole machine is read-only.
set -e
image=$1 programs=$2
mount --make-rprivate /
for part in fs kernel vm; do
	mount --bind /proc/sys/$part /proc/sys/$part
	mount -o remount,bind,ro /proc/sys/$part
done
cp "$image/usr/lib/os-release" "$image/etc/os-release.new"
mv "$image/etc/os-release.new" "$image/etc/os-release"
for folder in /run /var/log /lib/modules /usr/lib/sysctl.d /usr/local/lib/sysctl.d; do
	[ ! -d $folder ] || mount -t tmpfs tmpfs $folder
done
mount --bind "$image/etc" /etc
mount --bind "$image/var/lib" /var/lib
PATH=$programs:$PATH exec sh -s
