# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# Stock and new pool, one after the other in this boot: what BOs cost, for the table of
# "make bench". On the bare machine: are there coherent pages? Under Xen: exchanges, caching
# changes and kmallocs, counted by probes in the kernel; times without probes; bookkeeping.
#
# Rows: POOL.CARD.KEY NUMBER. A row that could not be measured is missing, and a result
# says why.

. /usr/lib/lab/lib.sh

tracing=/sys/kernel/tracing
count=512
repetitions=8

# Functions that change the caching of pages. Those for an array of pages and set_memory_*
# call none of the others; set_pages_* call set_memory_*, see count_events.
caching_probes="set_pages_array_wc set_pages_array_uc set_pages_array_wb set_memory_wc
	set_memory_uc set_memory_wb set_pages_uc set_pages_wb"

# trace_setup: a probe for each function that is counted. One that this kernel lacks can be
# called by nobody; without those that every kernel has, nothing would be counted.
trace_setup() {
	echo 0 >$tracing/tracing_on
	echo 16384 >$tracing/buffer_size_kb
	echo global >$tracing/trace_clock
	: >$tracing/kprobe_events
	needed="set_pages_array_wc set_pages_wb dma_alloc_attrs"
	probes="$caching_probes"
	if [ "$(machine)" = "Xen dom0" ]; then
		needed="$needed xen_create_contiguous_region"
		probes="$probes xen_create_contiguous_region"
	fi
	for probe in $probes; do
		echo "p:lab/$probe $probe" >>$tracing/kprobe_events 2>/dev/null
	done
	# The size is the second argument.
	echo "p:lab/dma_alloc_attrs dma_alloc_attrs size=%si:u64" >>$tracing/kprobe_events
	for probe in $needed; do
		[ -d "$tracing/events/lab/$probe" ] && continue
		result fail bench.probes "no kprobe event for $probe: this kernel cannot be measured"
		finish
	done
	result pass bench.probes "$(grep -c . $tracing/kprobe_events) functions: $(sed 's/.* \([^ ]*_[^ ]*\).*/\1/' $tracing/kprobe_events | xargs)"
}

# missed: hits that the probes have lost since they were made.
missed() {
	awk '{ n += $3 } END { print n + 0 }' $tracing/kprobe_profile
}

# traced COMMAND...: run it with all events in an empty trace, output to /tmp/out; false
# if it fails or if any event was lost.
traced() {
	missed_before=$(missed)
	: >$tracing/trace
	echo 1 >$tracing/events/lab/enable
	echo 1 >$tracing/events/kmem/kmalloc/enable
	echo 1 >$tracing/tracing_on
	"$@" >/tmp/out
	traced_status=$?
	echo 0 >$tracing/tracing_on
	echo 0 >$tracing/events/kmem/kmalloc/enable
	echo 0 >$tracing/events/lab/enable
	overrun=$(cat $tracing/per_cpu/cpu*/stats | awk '/^(overrun|dropped events|commit overrun):/ { n += $NF } END { print n + 0 }')
	lost=$((overrun + $(missed) - missed_before))
	[ $lost -eq 0 ] || result fail bench.trace "$lost events of '$*' were lost"
	[ $traced_status -eq 0 ] || result fail bench.trace "'$*' ended with status $traced_status"
	[ $lost -eq 0 ] && [ $traced_status -eq 0 ]
}

# count_events ROUND: from the trace, between the marks of that round:
#
#   EXCHANGES CACHING_CHANGES KMALLOCS COHERENT_PAGES STRANGERS
#
# Exchanges, caching changes and coherent pages of all tasks count, as a pool may leave
# work to a kernel thread; STRANGERS are those not of that bo-cost. Kmallocs are only its own, from
# TTM but not from TTM's BOs. A set_pages_*() and the set_memory_*() that it calls are one change.
# ROUND - is all of the trace, and of all tasks' events only gtt-move's.
count_events() {
	awk -v round="$1" -v not_pool="call_site=r?ttm_(tt|sg_tt|dma_tt|bo|resource|range_man|lru|device)_" '
		/^#/ { next }
		{ task = $1; sub(/-[0-9]+$/, "", task) }
		/ tracing_mark_write: / {
			if ($0 ~ "bo-cost round " round " begin") {
				inside = 1
				owner = $1
			}
			if ($0 ~ "bo-cost round " round " end")
				inside = 0
			next
		}
		round == "-" && task != "gtt-move" { next }
		round != "-" && !inside { next }
		{
			who = $1
			sub(/^.* [0-9]+\.[0-9]+: /, "")
			event = substr($1, 1, length($1) - 1)
		}
		event == "kmalloc" {
			if (who == owner && $0 ~ / \[r?ttm\]/ && $0 !~ not_pool)
				kmallocs++
			next
		}
		{ if (who != owner) strangers++ }
		event == "xen_create_contiguous_region" { exchanges++ }
		event == "dma_alloc_attrs" {
			size = $NF
			sub(/.*=/, "", size)
			pages += int((size + 4095) / 4096)
		}
		event ~ /^set_/ {
			if (event ~ /^set_memory_/ && last[who] ~ /^set_pages_[uw][cb]$/ &&
			    substr(event, 12) == substr(last[who], 11)) {
				last[who] = ""
				next
			}
			last[who] = event
			changes++
		}
		END { print exchanges + 0, changes + 0, kmallocs + 0, pages + 0, strangers + 0 }
	' $tracing/trace
}

# minor CARD: its primary minor, by which debugfs knows it.
minor() {
	for node in /sys/class/drm/card[0-9] /sys/class/drm/card[0-9][0-9]; do
		[ -e "$node/device/device" ] || continue
		case $1:$(cat "$node/device/device") in
		rv370:0x5b60 | rv100:0x5159) echo "${node##*card}" ;;
		esac
	done
}

# backing CARD KEY: the numbers of a line of its ttm_backing, added up; nothing without.
backing() {
	awk -v key="$2" '$1 == key { print $2 + $3 + $4 }' \
		"/sys/kernel/debug/dri/$(minor "$1")/ttm_backing" 2>/dev/null
}

# cold NAME: one result: was the first round of the bo-cost in /tmp/out cold?
cold() {
	left=$(awk '$1 == "left" { print $2 }' /tmp/out)
	if [ "$left" = 0 ]; then
		result pass "bench.$1.cold" "the pool held nothing for the first round ($(awk '$1 == "held" { print $2 }' /tmp/out) BOs hold rests)"
	else
		result fail "bench.$1.cold" "the pool could not be emptied: ${left:-unknown} pages left, so the first round was not cold"
	fi
}

# measure_counts CARD SIZE CACHING: one cold and one warm round, counted.
measure_counts() {
	what=$LAB_POOL.$1.$2k.$3
	traced bo-cost --card "$1" --count $count --size "$2" --caching "$3" --rounds 2 --mark ||
		return
	cold "$what.count"
	set -- $(count_events 1) $(count_events 2)
	row "$what.exchanges" "$1"
	row "$what.caching_changes" "$2"
	row "$what.kmallocs" "$3"
	row "$what.coherent_pages" "$4"
	row "$what.warm_exchanges" "$6"
	row "$what.warm_caching_changes" "$7"
	if [ $(($5 + ${10})) -eq 0 ]; then
		result pass "bench.$what.strangers" "every event was bo-cost's own"
	else
		result pass "bench.$what.strangers" "$5 cold and ${10} warm events of other tasks are counted"
	fi
}

# median FIELD FIRST LAST: of that field, over those rounds of the bo-cost in /tmp/out.
median() {
	awk -v field="$1" -v first="$2" -v last="$3" \
		'$1 == "round" && $2 >= first && $2 <= last { print $field }' /tmp/out | sort -n |
		awk '{ v[NR] = $1 } END { printf "%.1f", (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2 }'
}

# least FIELD: of /tmp/times.
least() {
	awk -v field="$1" '{ print $field }' /tmp/times | sort -n | head -n 1
}

# measure_times CARD SIZE CACHING: the cold round, and the median of three warm ones, each the
# least of all repetitions: whatever disturbs a round makes it longer. (The least of the
# repetitions' ratios would be the one whose warm rounds were disturbed most.) Times are CPU
# time of the machine as the host counts it; the guest's clock runs while others have the CPU.
measure_times() {
	what=$LAB_POOL.$1.$2k.$3
	: >/tmp/times
	for repetition in $(seq $repetitions); do
		if ! bo-cost --card "$1" --count $count --size "$2" --caching "$3" --rounds 4 >/tmp/out; then
			result fail "bench.$what.times" "bo-cost ended with an error"
			return
		fi
		cold "$what.time-$repetition"
		echo "$(median 3 1 1) $(median 3 2 4) $(median 4 1 1) $(median 4 2 4)" >>/tmp/times
	done
	row "$what.clock_cold_us" "$(least 1)"
	row "$what.clock_warm_us" "$(least 2)"
	row "$what.cold_us" "$(least 3)"
	row "$what.warm_us" "$(least 4)"
	row "$what.ratio" "$(echo "$(least 3) $(least 4)" | awk '{ printf "%.2f", $1 / $2 }')"
	row "$what.ratios" "$(awk '{ printf "%.2f\n", $3 / $4 }' /tmp/times | xargs)"
	row "$what.clock_ratios" "$(awk '{ printf "%.2f\n", $1 / $2 }' /tmp/times | xargs)"
}

# measure_bookkeeping CARD: bytes for each page of the pool, once it has pages.
measure_bookkeeping() {
	pages=$(backing "$1" in_use)
	[ -n "$pages" ] || return
	pages=$((pages + $(backing "$1" free)))
	if [ $pages -eq 0 ]; then
		result fail "bench.$LAB_POOL.$1.bookkeeping" "the pool has no page"
		return
	fi
	row "$LAB_POOL.$1.bookkeeping_bytes" "$(backing "$1" bookkeeping)"
	row "$LAB_POOL.$1.bookkeeping_pages" "$pages"
}

# measure_coherent CARD: after a load has come and gone: coherent pages that the pool has,
# of all that it has; and a witness that is not the pool: what the load got of the DMA API.
measure_coherent() {
	what=$LAB_POOL.$1
	if traced gtt-move --card "$1" --limit-mib 16 --rounds 1; then
		set -- "$1" $(count_events -)
		row "$what.load_coherent_pages" "$5"
	fi
	if [ -n "$(backing "$1" in_use)" ]; then
		pages=$(($(backing "$1" in_use) + $(backing "$1" free)))
		row "$what.coherent" "$pages"
		row "$what.pooled" "$pages"
		return
	fi
	# The stock pool: its total is of all pools, the table above it of the shared ones
	# (a line for each caching, a column for each order). The card's own table is not
	# used: 6.12 puts it into the root of debugfs, where it stays when the driver goes,
	# and whoever reads it then crashes the kernel.
	ttm=/sys/kernel/debug/ttm
	[ ! -e /sys/module/rttm/holders/radeon ] || ttm=/sys/kernel/debug/rttm
	set -- $(awk '
		/^(wc|uc)/ {
			n = split(substr($0, index($0, ":") + 1), of, " ")
			for (i = pages = 1; i <= n; i++) {
				shared += of[i] * pages
				pages *= 2
			}
		}
		/^total/ { total += substr($0, index($0, ":") + 1) }
		END { print total + 0, shared + 0 }' $ttm/page_pool)
	row "$what.coherent" "$(($1 - $2))"
	row "$what.pooled" "$1"
}

check_cards
trace_setup
for pool in stock new; do
	LAB_POOL=$pool
	load_radeon
	for card in $(cards); do
		if [ "$(machine)" = bare ]; then
			measure_coherent "$card"
			continue
		fi
		measure_counts "$card" 4 cached
		measure_times "$card" 4 cached
		# The driver knows no other caching on a card that is not PCIe.
		if [ "$card" = rv370 ]; then
			measure_counts "$card" 64 cached
			measure_counts "$card" 64 wc
			measure_counts "$card" 4 wc
			measure_times "$card" 4 wc
		fi
		measure_bookkeeping "$card"
	done
	unload_radeon
done
row kernel "$(uname -r)"
row machine "$(machine)"
finish
