# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# Processes create, move and free BOs while memory is short and the shrinkers run; after that the
# pool must have freed all pages. Debian's kernels clear all pages that they allocate, which would
# hide a pool that does not. The console is silent while the processes work. With numa=fake=2 memory
# has two nodes.
#
# args: init_on_alloc=0

. /usr/lib/lab/lib.sh

mib_free() {
	awk '/^MemFree:/ { print int($2 / 1024) }' /proc/meminfo
}

# little_memory MIB: leave only that much memory. Huge pages take the rest; they use no memory of
# the host, because they are never written.
little_memory() {
	local excess

	excess=$((($(mib_free) - $1) / 2))
	[ "$excess" -le 0 ] || ! [ -f /proc/sys/vm/nr_hugepages ] ||
		echo "$excess" >/proc/sys/vm/nr_hugepages
	# 64 MiB between the watermarks: BOs that are allocated at once must not use up memory
	# before the kernel reclaims.
	echo $((64 * 10000 / $(mib_total))) >/proc/sys/vm/watermark_scale_factor
}

# spare_low_memory: reserve the first 16 MiB. A Xen dom0 has RAM below 1 MiB. There Debian's TTM
# makes single pages WC or UC and runs of pages cached again; x86's list of memory types does not
# find the runs, and soon refuses all requests ("freeing invalid memtype", "conflicting memory
# types", EINVAL).
spare_low_memory() {
	local others

	read -r _ others </proc/sys/vm/lowmem_reserve_ratio
	echo "1 $others" >/proc/sys/vm/lowmem_reserve_ratio
}

# shrink_until COMMAND...: run the pool's shrinker until the command succeeds, at most 500 times.
shrink_until() {
	local turn

	for turn in $(seq 500); do
		! "$@" || return 0
		cat "/sys/kernel/debug/$(ttm)/page_pool_shrink" >/dev/null
	done
	"$@"
}

# pool_pages: pages in the shared pools.
pool_pages() {
	awk '$1 == "total" { for (i = 2; $i != "of"; i++) n = $i; sum += n }
		END { print sum + 0 }' "/sys/kernel/debug/$(ttm)/page_pool"
}

pool_empty() {
	[ "$(pool_pages)" -eq 0 ]
}

# used CARD: pages of BOs, and those of them in chunks.
used() {
	echo "$(backing_value "$1" pages)-$(backing_value "$1" in_use sum)"
}

no_free_chunks() {
	[ "$(backing_value "$1" chunks_free sum)" -eq 0 ]
}

# check_backing CARD USED: all BOs are gone, and no chunk without used pages is left.
check_backing() {
	local turn partial free text

	# A worker may free the last BOs.
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
	text="$(backing_value "$1" backing) backing: $free pages free, chunks_partial $partial"
	text="$text, chunks_free $(backing_value "$1" chunks_free sum)"
	text="$text, chunk_allocs $(backing_value "$1" chunk_allocs sum)"
	# Free pages are only in chunks of at most 512 pages that have used ones, too.
	if no_free_chunks "$1" && [ "$free" -le $((partial * 511)) ]; then
		result pass "$1.churn.given-back" "$text"
	else
		result fail "$1.churn.given-back" "$text"
	fi
}

check_cards
load_radeon
case $(cat /proc/cmdline) in
*numa=fake=2*)
	if [ -d /sys/devices/system/node/node1 ]; then
		result pass churn.nodes "memory has two nodes"
	else
		result fail churn.nodes "the kernel has ignored numa=fake=2"
	fi ;;
esac
little_memory 700
[ "$LAB_POOL" = new ] || spare_low_memory
for card in $(cards); do
	[ ! -f "$(backing_file "$card")" ] || before=$(used "$card")
	run churn --card "$card" --pressure --pool-size 64
	[ ! -f "$(backing_file "$card")" ] || check_backing "$card" "$before"
done
if shrink_until pool_empty; then
	result pass churn.pool-empty "the shrinker has emptied $(ttm)'s pool"
else
	result fail churn.pool-empty "$(pool_pages) pages are left in $(ttm)'s pool"
fi
unload_radeon
finish
