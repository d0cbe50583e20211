#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# Makes a disk for the guest, with programs that are too large for its first file system, once, in
# the cache:
#
#   make_disk.sh NAME
#
#   build/disk-NAME-KEY.erofs    a Debian 13 root with the packages of NAME.packages, read-only
#
# KEY is a hash of this script, the package list and the image's manifest: a disk is made from the
# mirrors of the image, and made anew after "make image-refresh". Nothing in it is compressed:
# unpacking is slow under emulation.
LAB_TAG=disk
# shellcheck source=../common.sh
. "$(dirname "$0")/../common.sh"

# Measured: 0.6 GiB for the root, the same for the disk, 0.2 GiB of packages.
NEED_MIB=1500
SUITE=trixie

DISK=${1-}
mapfile -t names < <(disk_names)
choose DISK '' "${names[@]}"
[[ -n $DISK ]] || die "name a disk: ${names[*]}"
sub "$LAB_TOP/lab/image/make_image.sh"
make_cache_dir
disk=$LAB_CACHE/build/$(disk_file "$DISK")
if [[ -e $disk ]]; then
	touch "$disk"
	exit 0
fi
check_rights
mkdir -p "$LAB_CACHE/build"
lock_build "$LAB_CACHE/build/disk-$DISK.lock"
[[ ! -e $disk ]] || exit 0

work=
finish() {
	trap '' INT TERM HUP
	kill_ns
	[[ -z $work ]] || remove_tree "$work" 9>&-
}
trap finish EXIT
trap 'die "interrupted: nothing was kept; run it again"' INT TERM HUP

# What was left by a build that was killed, and disks that were not used for two weeks.
for old in "$LAB_CACHE/build/disk-$DISK".tmp.*; do
	remove_tree "$old" 9>&-
done
find "$LAB_CACHE/build" -maxdepth 1 -name 'disk-*.erofs' -mtime +14 -delete

need_space "$NEED_MIB"
need_command mmdebstrap mmdebstrap \
	/usr/share/keyrings/debian-archive-keyring.gpg debian-archive-keyring

image=$LAB_CACHE/root-$(image_key)/root
log=$LAB_CACHE/build/disk-$DISK.log

# mirror_of SUITE: where the image has that suite from.
mirror_of() {
	sed -n "s/^deb \(.*\) $1 main$/\1/p" "$image/etc/apt/sources.list"
}

# make_root: the root to pack, in $work/root.
make_root() {
	local packages

	mapfile -t packages < <(sed -E 's/#.*//; s/[[:space:]]+$//; /^$/d' \
		"$LAB_TOP/lab/image/$DISK.packages")
	in_ns --mount-proc mmdebstrap --mode=root --variant=essential --architectures=amd64 \
		--keyring=/usr/share/keyrings/debian-archive-keyring.gpg \
		--aptopt="$image/etc/apt/apt.conf.d/99mmdebstrap" \
		--dpkgopt="$image/etc/dpkg/dpkg.cfg.d/99mmdebstrap" \
		--include="$(IFS=,; echo "${packages[*]}")" \
		"$SUITE" "$work/root" \
		"deb $DEBIAN_MIRROR $SUITE main" \
		"deb $DEBIAN_MIRROR $SUITE-updates main" \
		"deb $DEBIAN_SECURITY_MIRROR $SUITE-security main" \
		</dev/null >"$log" 2>&1 9>&-
	wait "$LAB_NS_PID"
}

# pack_root: the root packs itself, as $work/disk.erofs.
pack_root() {
	# Expanded by the shell inside.
	# shellcheck disable=SC2016
	in_ns bash -c 'mount --bind "$1" "$1/root/mnt" && chroot "$1/root" \
		mkfs.erofs --quiet -T0 --exclude-path=mnt /mnt/disk.erofs /' - "$work" \
		</dev/null >>"$log" 2>&1 9>&-
	wait "$LAB_NS_PID"
}

# failed TEXT: why, as the one thing to do about it. Sets LAB_NS_PID.
failed() {
	LAB_NS_PID=
	! grep -q 'Failed to fetch' "$log" ||
		die "the mirror $DEBIAN_MIRROR could not be reached: check the network, or set DEBIAN_MIRROR and DEBIAN_SECURITY_MIRROR"
	build_failed "$log" "$1"
}

: "${DEBIAN_MIRROR:=$(mirror_of "$SUITE")}"
: "${DEBIAN_SECURITY_MIRROR:=$(mirror_of "$SUITE-security")}"
work=$(mktemp -d "$LAB_CACHE/build/disk-$DISK.tmp.XXXXXX")
chmod 755 "$work"
say "making the guest's disk '$DISK' (about 2 minutes; log: $log)"
make_root || failed "making the guest's disk '$DISK' failed"
pack_root || failed "packing the guest's disk '$DISK' failed"
LAB_NS_PID=
sync "$work/disk.erofs"
mv "$work/disk.erofs" "$disk"
say "the disk is ready: $(du -m "$disk" | cut -f1) MiB"
