#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# The first process of enter.sh's namespaces: mounts the lab's root with all its directories, and
# runs the command there.
#
#   inside.sh ROOT CHECKOUT BUILD OUT SOURCE LAYER COMMAND [ARGUMENT]...
set -euo pipefail

root=$1 src=$2 build=$3 out=$4 source=$5 layer=$6
shift 6

# read_only PATH: mount it read-only. A user namespace may add flags to a mount, but not drop flags
# that the mount has: name them all.
read_only() {
	local flags

	flags=$(findmnt -no VFS-OPTIONS --target "$1" | tr , '\n' |
		grep -xE 'nosuid|nodev|noexec|noatime|nodiratime|relatime' | paste -sd, || true)
	mount -o "remount,bind,ro${flags:+,$flags}" "$1"
}

# put_layer: mount the root with more packages. A layer that is not complete is being made: it is
# writable, and has the network.
put_layer() {
	local options="lowerdir=$layer/upper:$root"

	[[ -e $layer/complete ]] ||
		options="lowerdir=$root,upperdir=$layer/upper,workdir=$layer/work"
	# In a user namespace overlayfs may not write trusted attributes.
	[[ $(awk '{ print $3 }' /proc/self/uid_map) == 4294967295 ]] || options+=,userxattr
	mount -t overlay -o "$options" overlay "$root" || {
		echo 'error: this machine has no overlay file system: load the module overlay' >&2
		exit 1
	}
	[[ -e $layer/complete ]] || mount --bind /etc/resolv.conf "$root/etc/resolv.conf"
}

if [[ -n $layer ]]; then
	put_layer
else
	mount --bind "$root" "$root"
fi
mount --bind "$src" "$root/src"
read_only "$root/src"
mount --bind "$build" "$root/build"
mount --bind "$out" "$root/out"
mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=1777,size=50% tmp "$root/tmp"
mount -t tmpfs -o mode=755,size=256m run "$root/run"
if [[ -n $source ]]; then
	mkdir "$root/run/source"
	mount --bind "$source" "$root/run/source"
	read_only "$root/run/source"
fi
mount -t tmpfs -o mode=755,size=16m dev "$root/dev"
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts "$root/dev/pts"
mount -t tmpfs -o mode=1777,size=50% shm "$root/dev/shm"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
ln -s /proc/self/fd/0 "$root/dev/stdin"
ln -s /proc/self/fd/1 "$root/dev/stdout"
ln -s /proc/self/fd/2 "$root/dev/stderr"
for node in null zero full random urandom tty kvm; do
	[[ -e /dev/$node ]] || continue
	: >"$root/dev/$node"
	mount --bind "/dev/$node" "$root/dev/$node"
done
[[ -n $layer && ! -e $layer/complete ]] || read_only "$root"

cd "$root"
# Not exec: as first process a command would ignore signals that it does not handle.
# When this shell ends, the kernel kills all that the command has left behind.
status=0
chroot . "$@" || status=$?
exit "$status"
