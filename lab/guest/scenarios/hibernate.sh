# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# The machine writes an image of its memory to the swap disk and reboots. The kernel that boots
# reads the image, and this scenario continues. The cards lose the contents of VRAM. BOs have to
# keep their contents.
#
# args: lab.gartsize=-1
# limit: 1800
# silence: 600
# needs: swap-disk

. /usr/lib/lab/lib.sh

check_cards
# A signature is there only if the scenario has begun before.
if [ -n "$(dd if="$LAB_SWAP_DISK" bs=1 skip=4086 count=10 2>/dev/null | tr -d '\0')" ]; then
	result fail hibernate "the kernel has not resumed from the image"
	finish
fi
if ! swap_on_disk; then
	result fail hibernate "$LAB_SWAP_DISK cannot be used for swap space"
	finish
fi
load_radeon
forget_vram
keep_bos
# A small image is written faster.
echo 0 >/sys/power/image_size
echo reboot >/sys/power/disk
suspend_result hibernate disk
kept_bos
for card in $(cards); do
	run modeset --card "$card"
done
unload_radeon
finish
