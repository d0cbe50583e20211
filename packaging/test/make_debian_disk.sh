#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# Makes the Debian 13 root that test_package.sh starts from: a system as its installer leaves it,
# with the second-newest 6.12.y that the mirror has, so that there is a kernel to upgrade to.
#
#   debian-disk-KEY/root       the file system
#   debian-disk-KEY/versions   "old 6.12.117-1" and "new 6.12.118-1"
#
# in the cache; prints that directory. KEY is a hash of these scripts. It is made once.
LAB_TAG=debian-disk
# shellcheck source=../../lab/common.sh
. "$(dirname "$0")/../../lab/common.sh"
# shellcheck source=../mirror.sh
. "$LAB_TOP/packaging/mirror.sh"

here=$LAB_TOP/packaging/test
sub "$LAB_TOP/lab/image/make_image.sh" >&2
check_rights
make_cache_dir
key=$(cat "$here"/{disk-packages,make_debian_disk.sh,disk_setup.sh} \
	"$here"/on-disk/{grub-probe,lab-report.service} | sha256sum | cut -c1-16)
disk=$LAB_CACHE/debian-disk-$key
lock_build "$LAB_CACHE/debian-disk.lock" >&2
if [[ -e $disk/versions ]]; then
	echo "$disk"
	exit 0
fi
need_space 6000
need_command mmdebstrap mmdebstrap \
	/usr/share/keyrings/debian-archive-keyring.gpg debian-archive-keyring
for old in "$LAB_CACHE"/debian-disk-*; do
	[[ ! -d $old ]] || remove_tree "$old" 9>&-
done
mkdir -p "$disk"
log=$LAB_CACHE/debian-disk.log
mirror_update "$disk/apt" || die "the mirror could not be reached: see $disk/apt/log"
mapfile -t kernels < <(mirror_apt apt-cache madison linux-image-amd64 |
	awk '$3 ~ /^6\.12\./ { print $3 }' | sort -uV | tail -n 2)
((${#kernels[@]} == 2)) ||
	die "the mirror has fewer than two point releases of linux-image-amd64 6.12.y"
say "making a Debian 13 disk with Linux ${kernels[0]} (five minutes; log: $log)" >&2
image=$LAB_CACHE/root-$(image_key)/root
mapfile -t packages < <(sed -E 's/#.*//; s/[[:space:]]+$//; /^$/d' "$here/disk-packages")
packages+=("linux-image-amd64=${kernels[0]}" "linux-headers-amd64=${kernels[0]}")
mapfile -t aptopts < <(grep '^Acquire' "$image/etc/apt/apt.conf.d/99mmdebstrap" |
	sed 's/^/--aptopt=/')
mkdir -p "$LAB_CACHE/debs-debian-disk"
sed -nE 's/^deb (.*) (trixie(-[a-z]+)?) main/deb \1 \2 main non-free-firmware/p' \
	"$image/etc/apt/sources.list" | sort -u >"$disk/sources.list"
in_ns --mount-proc mmdebstrap --mode=root --variant=minbase --architectures=amd64 \
	--keyring=/usr/share/keyrings/debian-archive-keyring.gpg "${aptopts[@]}" \
	--aptopt='Apt::Install-Recommends "false"' --dpkgopt=force-unsafe-io \
	--include="$(IFS=,; echo "${packages[*]}")" \
	--skip=download/empty --skip=essential/unlink \
	--setup-hook='mkdir -p "$1/var/cache/apt/archives"' \
	--setup-hook="sync-in '$LAB_CACHE/debs-debian-disk' /var/cache/apt/archives" \
	--setup-hook="bash '$here/disk_setup.sh' before \"\$1\"" \
	--customize-hook="sync-out /var/cache/apt/archives '$LAB_CACHE/debs-debian-disk'" \
	--customize-hook="bash '$here/disk_setup.sh' after \"\$1\"" \
	trixie "$disk/root" "$disk/sources.list" >"$log" 2>&1 </dev/null 9>&-
wait "$LAB_NS_PID" || { LAB_NS_PID=; build_failed "$log" "the disk could not be made"; }
LAB_NS_PID=
printf '%s\n' "old ${kernels[0]}" "new ${kernels[1]}" >"$disk/versions"
echo "$disk"
