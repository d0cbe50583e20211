# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# TTM swaps BOs out, and the kernel writes them to swap space. Then the GPUs move them, and each
# word is compared. With our pool this is done with each backing: coherent pages of the hypervisor
# and of the device; on the bare machine shared pages, too. At last pages_limit makes TTM swap out
# BOs without a request.
#
# limit: 1200
# needs: pool-device

. /usr/lib/lab/lib.sh

# swapped_moves NAME ARGUMENT...: swap BOs out, and have the GPUs move them.
swapped_moves() {
	local name=$1 card before written

	shift
	for card in $(cards); do
		before=$(swapped_out)
		run gtt-move --card "$card" --rounds 1 --limit-mib 8 --swap-out swap-bos "$@"
		written=$(($(swapped_out) - before))
		if [ $written -gt 0 ]; then
			result pass "$card.written.$name" "$written pages written to swap space"
		else
			result fail "$card.written.$name" "no page was written to swap space"
		fi
	done
}

# with_backing BACKING [SHAPE]: the same moves with that backing. Sets expect_backing.
with_backing() {
	export TTM_PARAMETERS="backing=$1"
	expect_backing=$*
	load_radeon
	swapped_moves "$1"
	swapped_moves "$1-wc" --wc
	unload_radeon
}

check_cards
if ! swap_on 256 || ! mount -t cgroup2 cgroup /sys/fs/cgroup; then
	result fail swap-space "this kernel has no swap space, or no memory.reclaim"
	finish
fi
if [ "$LAB_POOL" = new ]; then
	with_backing hypervisor
	if [ "$(machine)" = bare ]; then
		with_backing device contiguous
		with_backing shared -
	else
		with_backing device
	fi
else
	load_radeon
	swapped_moves stock
	unload_radeon
fi

# 32 MiB of the 63 MiB of BOs.
expect_backing=
unset TTM_PARAMETERS
load_radeon
echo 8192 >"/sys/module/$(ttm)/parameters/pages_limit"
for card in $(cards); do
	run gtt-move --card "$card" --rounds 1 --swap-out true
done
unload_radeon
finish
