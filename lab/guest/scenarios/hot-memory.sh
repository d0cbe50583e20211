# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# Memory above 4 GiB is plugged into a machine that had none when the driver was loaded. The GPUs
# move BOs before and after that. A card of more than 32 bits has to use the new memory.
#
# needs: hot-memory

. /usr/lib/lab/lib.sh

memory=/sys/devices/system/memory

# mib_online: memory that the kernel uses.
mib_online() {
	local blocks

	blocks=$(cat $memory/memory*/state | grep -c '^online')
	echo $((blocks * 0x$(cat $memory/block_size_bytes) / 1048576))
}

# memory_above_4g: does the kernel use memory above 4 GiB?
memory_above_4g() {
	awk -F '[- ]' '/System RAM/ && length($2) > 8 { found = 1 } END { exit !found }' /proc/iomem
}

# plug_memory NM: have the host plug in N MiB of memory, and put it online for the kernel's own
# pages.
plug_memory() {
	local before plugged turn block

	before=$(mib_online)
	if ! plugged=$(lab-probe machine plug "$1"); then
		result fail plugged "$plugged: boot with HOT_MEMORY=$1"
		finish
	fi
	for turn in $(seq 100); do
		for block in "$memory"/memory*; do
			! grep -q offline "$block/state" || echo online_kernel >"$block/state"
		done
		[ "$(mib_online)" -ne $((before + ${1%M})) ] || break
		usleep 100000
	done
	if [ "$(mib_online)" -eq $((before + ${1%M})) ] && memory_above_4g; then
		result pass plugged "$before MiB, then $(mib_online) MiB, some of it above 4 GiB"
	else
		result fail plugged "$(mib_online) MiB instead of $((before + ${1%M}))"
		finish
	fi
}

check_cards
if memory_above_4g; then
	result fail memory "there is memory above 4 GiB already: boot with MEMORY=2048M"
	finish
fi
load_radeon
for card in $(cards); do
	run gtt-move --card "$card" --rounds 1 --limit-mib 6
done
plug_memory 4096M
for card in $(cards); do
	if is_narrow "$card"; then
		run gtt-move --card "$card" --rounds 1 --seed 2
	else
		run gtt-move --card "$card" --rounds 1 --seed 2 --expect-above-4g
	fi
	[ "$LAB_POOL" != new ] || check_choice "$card"
done
unload_radeon
finish
