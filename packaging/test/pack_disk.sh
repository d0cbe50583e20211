#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# Makes /image/disk.img of the disk that it runs in: a partition with all of it, and GRUB.
#
#   pack_disk.sh BUILD ours|stock|hang bare|xen 'WORD...'
#
# The words are for the kernel's command line, in /etc/default/grub.d.
set -euo pipefail

build=$1 expect=$2 machine=$3 words=$4
case $machine in
bare) console=ttyS0 ;;
xen) console=hvc0 ;;
esac
mkdir -p /usr/local/lib/lab
install -m 755 "$build/guest/lab-probe" /src/packaging/test/on-disk/report-to-lab /usr/local/lib/lab
echo "$expect" >/usr/local/lib/lab/expect
{
	echo "GRUB_CMDLINE_LINUX=\"console=tty0 console=$console loglevel=7" \
		"mitigations=off tsc=reliable no_timer_check splash plymouth.ignore-serial-consoles" \
		"$words\""
	echo 'GRUB_CMDLINE_XEN="console=com1 com1=115200,8n1 dom0_mem=1024M,max:1024M' \
		'dom0_max_vcpus=1 bootscrub=0"'
} >/etc/default/grub.d/zz-lab.cfg
# What the first boot would do for minutes: the linker's cache, the catalog, the hardware database.
touch /etc/.updated /var/.updated
update-grub
mkdir -p /boot/grub/i386-pc
cp /usr/lib/grub/i386-pc/*.{mod,lst} /boot/grub/i386-pc

# /proc and the like are other file systems: a second look at the root has none of them.
mkdir /run/root
mount --bind / /run/root
size=$(($(du -sm /run/root | cut -f1) * 13 / 10 + 200))
image=/image/disk.img
rm -f "$image"
truncate -s "$((size + 1))M" "$image"
# GRUB has to read it.
mke2fs -q -t ext4 -O ^metadata_csum_seed,^orphan_file -E offset=1048576,root_owner=0:0 \
	-d /run/root "$image" "${size}M"
umount /run/root
# A partition table, GRUB's first sector, and its core behind that.
printf 'label: dos\nstart=2048, type=83, bootable\n' | sfdisk -q "$image"
grub-mkimage -O i386-pc -o /tmp/core.img -p '(hd0,msdos1)/boot/grub' biosdisk part_msdos ext2 \
	normal serial terminal
dd if=/usr/lib/grub/i386-pc/boot.img of="$image" bs=440 count=1 conv=notrunc status=none
dd if=/tmp/core.img of="$image" bs=512 seek=1 conv=notrunc status=none
