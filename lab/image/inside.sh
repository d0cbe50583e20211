#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# The first process of enter.sh's namespaces: mounts the lab's root with all its directories, and
# runs the command there.
#
#   inside.sh ROOT CHECKOUT BUILD OUT SOURCE COMMAND [ARGUMENT]...
set -euo pipefail

root=$1 src=$2 build=$3 out=$4 source=$5
shift 5

# read_only PATH: mount it read-only. A user namespace may add flags to a mount, but not drop flags
# that the mount has: name them all.
read_only() {
	local flags

	flags=$(findmnt -no VFS-OPTIONS --target "$1" | tr , '\n' |
		grep -xE 'nosuid|nodev|noexec|noatime|nodiratime|relatime' | paste -sd, || true)
	mount -o "remount,bind,ro${flags:+,$flags}" "$1"
}

mount --bind "$root" "$root"
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
read_only "$root"

cd "$root"
# Not exec: as first process a command would ignore signals that it does not handle.
# When this shell ends, the kernel kills all that the command has left behind.
status=0
chroot . "$@" || status=$?
exit "$status"
