# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# Processes that make, move and free BOs while memory is short and the shrinkers run;
# then everything goes back where it came from.
#
# silence: 240
# args: init_on_alloc=0

. /usr/lib/lab/lib.sh

mib_free() {
	awk '/^MemFree:/ { print int($2 / 1024) }' /proc/meminfo
}

# little_memory MIB: leave no more than that. Huge pages that nobody uses cost the host
# nothing, as nobody writes to them.
little_memory() {
	excess=$((($(mib_free) - $1) / 2))
	[ "$excess" -le 0 ] || ! [ -f /proc/sys/vm/nr_hugepages ] ||
		echo "$excess" >/proc/sys/vm/nr_hugepages
	# From where allocations wait for the kernel to reclaim to where it begins to, and
	# from there to where it ends: what BOs grow by at once must not end the memory.
	total=$(awk '/^MemTotal:/ { print int($2 / 1024) }' /proc/meminfo)
	echo $((64 * 10000 / total)) >/proc/sys/vm/watermark_scale_factor
}

# spare_low_memory: keep everybody out of the first 16 MiB. A Xen dom0 has RAM below
# 1 MiB, and there Debian's TTM has page after page made WC or UC and runs of them cached
# again: x86's list of memory types does not find the runs, and soon refuses all that
# comes ("freeing invalid memtype", "conflicting memory types", EINVAL).
spare_low_memory() {
	read -r _ others </proc/sys/vm/lowmem_reserve_ratio
	echo "1 $others" >/proc/sys/vm/lowmem_reserve_ratio
}

# ttm: the TTM that radeon uses; its directory in debugfs has the same name.
ttm() {
	if [ -e /sys/module/rttm/holders/radeon ]; then
		echo rttm
	else
		echo ttm
	fi
}

# shrink_until COMMAND...: run the pool's shrinker until it has nothing left, or it is
# clear that it never will.
shrink_until() {
	for turn in $(seq 500); do
		! "$@" || return 0
		cat "/sys/kernel/debug/$(ttm)/page_pool_shrink" >/dev/null
	done
	"$@"
}

# pool_pages: what the pool keeps of pages that every device may have.
pool_pages() {
	awk '$1 == "total" { for (i = 2; $i != "of"; i++) n = $i; sum += n }
		END { print sum + 0 }' "/sys/kernel/debug/$(ttm)/page_pool"
}

pool_empty() {
	[ "$(pool_pages)" -eq 0 ]
}

# used CARD: pages that BOs have.
used() {
	echo "$(backing_value "$1" pages)-$(backing_value "$1" in_use sum)"
}

no_free_chunks() {
	[ "$(backing_value "$1" chunks_free sum)" -eq 0 ]
}

# check_backing CARD USED: all BOs are gone, and chunks without used pages as well.
check_backing() {
	# The last BOs may wait for a worker.
	for turn in $(seq 50); do
		[ "$(used "$1")" != "$2" ] || break
		usleep 100000
	done
	if [ "$(used "$1")" = "$2" ]; then
		result pass "$1.churn.used" "pages and in_use are $2, as before"
	else
		result fail "$1.churn.used" "pages and in_use are $(used "$1"), and were $2 before"
	fi
	shrink_until no_free_chunks "$1"
	partial=$(backing_value "$1" chunks_partial sum)
	free=$(backing_value "$1" free sum)
	chunks="$(backing_value "$1" backing) backing: $free pages free, chunks_partial $partial, chunks_free $(backing_value "$1" chunks_free sum), $(backing_value "$1" chunk_allocs sum) made"
	# What is free is in chunks of at most 512 pages that have used ones, too.
	if no_free_chunks "$1" && [ "$free" -le $((partial * 511)) ]; then
		result pass "$1.churn.given-back" "$chunks"
	else
		result fail "$1.churn.given-back" "$chunks"
	fi
}

check_cards
load_radeon
little_memory 700
[ "$LAB_POOL" = new ] || spare_low_memory
for card in $(cards); do
	[ ! -f "$(backing_file "$card")" ] || before=$(used "$card")
	run churn --card "$card" --pressure --pool-size 64
	[ ! -f "$(backing_file "$card")" ] || check_backing "$card" "$before"
done
if shrink_until pool_empty; then
	result pass churn.pool-empty "the shrinker has given back all of $(ttm)'s pool"
else
	result fail churn.pool-empty "$(pool_pages) pages are left in $(ttm)'s pool"
fi
unload_radeon
finish
