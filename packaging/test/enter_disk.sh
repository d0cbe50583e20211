#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# The first process of test_package.sh's namespaces: a chroot of the disk.
#
#   enter_disk.sh ROOT LAYER[:LAYER]... CHECKOUT CACHE COMMAND [ARGUMENT]...
#
# The first layer can be written, the others and ROOT are below it. The checkout is at /src, the
# packages of "make deb" are in /packages, the cache's builds in /build; apt's downloads are shared.
set -euo pipefail

root=$1 layers=$2 src=$3 cache=$4
shift 4
top=${layers%%:*}
lower=
while [[ $layers == *:* ]]; do
	layers=${layers#*:}
	lower+=${layers%%:*}/upper:
done
options=lowerdir=$lower$root,upperdir=$top/upper,workdir=$top/work
[[ $(awk '{ print $3 }' /proc/self/uid_map) == 4294967295 ]] || options+=,userxattr
merged=$top/merged
mkdir -p "$merged"
mount -t overlay -o "$options" overlay "$merged" || {
	echo 'error: this machine has no overlay file system: load the module overlay'
	exit 1
}
mkdir -p "$merged"/{src,packages,build,image} "$top/image" "$cache/debs-debian-disk"
mount --bind "$src" "$merged/src"
mount --bind "$src/out/deb" "$merged/packages"
mount --bind "$cache/build" "$merged/build"
mount --bind "$top/image" "$merged/image"
mount --bind "$cache/debs-debian-disk" "$merged/var/cache/apt/archives"
mount -t proc proc "$merged/proc"
mount -t tmpfs -o mode=1777 tmp "$merged/tmp"
mount -t tmpfs -o mode=755 run "$merged/run"
mount -t tmpfs -o mode=755,size=16m dev "$merged/dev"
for node in null zero full random urandom; do
	: >"$merged/dev/$node"
	mount --bind "/dev/$node" "$merged/dev/$node"
done
ln -s /proc/self/fd "$merged/dev/fd"
# Links of a resolver lead nowhere in a chroot.
rm -f "$merged/etc/resolv.conf"
cp /etc/resolv.conf "$merged/etc/resolv.conf"
status=0
chroot "$merged" env -i PATH=/usr/lib/ccache:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
	LC_ALL=C.UTF-8 CCACHE_DIR=/build/ccache-disk DEBIAN_FRONTEND=noninteractive "$@" ||
	status=$?
exit "$status"
