# shellcheck shell=dash disable=SC2046 # lists of numbers are split
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# Stock and new pool, one after the other in one boot: what BOs cost, for the table of "make bench".
# On the bare machine: the number of coherent pages. Under Xen: exchanges, caching changes and
# kmallocs, counted by probes in the kernel; CPU time, without probes; bookkeeping. If the guest's
# clock counts instructions (CLOCK=instructions): instructions instead of CPU time, and nothing
# else, because counting slows down some parts of the machine more than others.
#
# Rows: POOL.CARD.KEY NUMBER. A row that could not be measured is missing, and a result
# says why.
#
# limit: 1500

. /usr/lib/lab/lib.sh

tracing=/sys/kernel/tracing
count=512
if [ "$LAB_CLOCK" = instructions ]; then
	unit=instructions
	repetitions=3
else
	unit=us
	repetitions=8
fi

# Functions that change the caching of pages. Those for an array of pages and set_memory_* call none
# of the others; set_pages_* call set_memory_*, see count_events.
caching_probes="set_pages_array_wc set_pages_array_uc set_pages_array_wb set_memory_wc
	set_memory_uc set_memory_wb set_pages_uc set_pages_wb"

# trace_setup: a probe for each function that is counted. Some kernels lack some of them; those that
# every kernel has are needed.
trace_setup() {
	local needed probes probe

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
		result fail bench.probes \
			"no kprobe event for $probe: this kernel cannot be measured"
		finish
	done
	result pass bench.probes \
		"$(grep -c . $tracing/kprobe_events) functions: $(sed 's/.* \([^ ]*_[^ ]*\).*/\1/' $tracing/kprobe_events | xargs)"
}

# missed: hits that the probes have lost so far.
missed() {
	awk '{ n += $3 } END { print n + 0 }' $tracing/kprobe_profile
}

# show_failures: what a program whose output is in /tmp/out has reported as failures.
show_failures() {
	grep '^not ok' /tmp/out | tr '\n' ' '
}

# traced COMMAND...: run it with all events in an empty trace, output to /tmp/out; false if it fails
# or if an event was lost.
traced() {
	local missed_before status overrun lost

	missed_before=$(missed)
	: >$tracing/trace
	echo 1 >$tracing/events/lab/enable
	echo 1 >$tracing/events/kmem/kmalloc/enable
	echo 1 >$tracing/tracing_on
	"$@" >/tmp/out
	status=$?
	echo 0 >$tracing/tracing_on
	echo 0 >$tracing/events/kmem/kmalloc/enable
	echo 0 >$tracing/events/lab/enable
	overrun=$(cat $tracing/per_cpu/cpu*/stats | awk '
		/^(overrun|dropped events|commit overrun):/ { n += $NF }
		END { print n + 0 }')
	lost=$((overrun + $(missed) - missed_before))
	[ $lost -eq 0 ] || result fail bench.trace "$lost events of '$*' were lost"
	[ $status -eq 0 ] || result fail bench.trace \
		"'$*' ended with status $status: $(show_failures)"
	[ $lost -eq 0 ] && [ $status -eq 0 ]
}

# count_events ROUND: from the trace, between the marks of that round:
#
#   EXCHANGES CACHING_CHANGES KMALLOCS COHERENT_PAGES OTHERS
#
# Exchanges, caching changes and coherent pages of all tasks count, because a pool may leave work to
# a kernel thread; OTHERS counts the events of tasks other than bo-cost. A kmalloc counts only if
# TTM makes it for bo-cost, and not for a BO itself. A set_pages_*() and the set_memory_*() that it
# calls are one change. ROUND "-" is all of the trace, and only gtt-move's events.
count_events() {
	local not_pool='call_site=r?ttm_(tt|sg_tt|dma_tt|bo|resource|range_man|lru|device)_'

	awk -v round="$1" -v not_pool="$not_pool" '
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
		{ if (who != owner) others++ }
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
		END { print exchanges + 0, changes + 0, kmallocs + 0, pages + 0, others + 0 }
	' $tracing/trace
}

# cold NAME: a result: the first round of the bo-cost in /tmp/out was cold.
cold() {
	local left held

	left=$(awk '$1 == "left" { print $2 }' /tmp/out)
	held=$(awk '$1 == "held" { print $2 }' /tmp/out)
	if [ "$left" = 0 ]; then
		result pass "bench.$1.cold" \
			"the pool was empty before the first round ($held BOs use up partly used chunks)"
	else
		result fail "bench.$1.cold" \
			"the first round was not cold: ${left:-unknown} pages are left in the pool"
	fi
}

# measure_counts CARD SIZE CACHING: one cold and one warm round, counted.
measure_counts() {
	local what

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
		result pass "bench.$what.others" "all events are bo-cost's"
	else
		result pass "bench.$what.others" \
			"$5 cold and ${10} warm events of other tasks are included"
	fi
}

# median FIELD [FIRST LAST]: of that field of the lines on standard input, or of the rounds from
# FIRST to LAST.
median() {
	awk -v field="$1" -v first="${2:-}" -v last="${3:-}" '
		first == "" || ($1 == "round" && $2 >= first && $2 <= last) { print $field }' |
		sort -n | awk '
		{ v[NR] = $1 }
		END { printf "%.2f", (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2 }'
}

# measure_costs CARD SIZE CACHING: the cost of a BO in a cold round, and in the warm rounds after it
# (median of three), in microseconds of CPU time on the host, or in instructions of the whole
# machine. The rows are medians over the repetitions, of each cost and of the ratio: a longer
# disturbance of the machine affects the cold and the warm rounds of a repetition alike.
measure_costs() {
	local what repetition

	what=$LAB_POOL.$1.$2k.$3
	: >/tmp/costs
	for repetition in $(seq $repetitions); do
		if ! bo-cost --card "$1" --count $count --size "$2" --caching "$3" \
			--rounds 4 >/tmp/out; then
			result fail "bench.$what.costs" \
				"bo-cost ended with an error: $(show_failures)"
			return
		fi
		cold "$what.cost-$repetition"
		if [ $unit = instructions ]; then
			# The elapsed time: an instruction is a nanosecond.
			echo "$(median 3 1 1 </tmp/out) $(median 3 2 4 </tmp/out)" |
				awk '{ print $1 * 1000, $2 * 1000, $1 / $2 }'
		else
			echo "$(median 4 1 1 </tmp/out) $(median 4 2 4 </tmp/out)" |
				awk '{ print $1, $2, $1 / $2 }'
		fi >>/tmp/costs
	done
	row "$what.cold_$unit" "$(median 1 </tmp/costs)"
	row "$what.warm_$unit" "$(median 2 </tmp/costs)"
	row "$what.ratio_$unit" "$(median 3 </tmp/costs)"
	row "$what.ratios_$unit" "$(awk '{ printf "%.2f\n", $3 }' /tmp/costs | xargs)"
}

# measure_bookkeeping CARD: bytes of bookkeeping and pages of the pool.
measure_bookkeeping() {
	local pages

	[ -e "$(backing_file "$1")" ] || return
	pages=$(($(backing_value "$1" in_use sum) + $(backing_value "$1" free sum)))
	if [ $pages -eq 0 ]; then
		result fail "bench.$LAB_POOL.$1.bookkeeping" "the pool has no page"
		return
	fi
	row "$LAB_POOL.$1.bookkeeping_bytes" "$(backing_value "$1" bookkeeping sum)"
	row "$LAB_POOL.$1.bookkeeping_pages" "$pages"
}

# measure_coherent CARD: after gtt-move: all pages of the pool and the coherent ones among them; and
# as an independent check, the coherent pages that were allocated from the DMA API meanwhile.
measure_coherent() {
	local what pages ttm

	what=$LAB_POOL.$1
	if traced gtt-move --card "$1" --limit-mib 16 --rounds 1; then
		set -- "$1" $(count_events -)
		row "$what.load_coherent_pages" "$5"
	fi
	if [ -e "$(backing_file "$1")" ]; then
		pages=$(($(backing_value "$1" in_use sum) + $(backing_value "$1" free sum)))
		row "$what.coherent" "$pages"
		row "$what.pooled" "$pages"
		return
	fi
	# The stock pool: its total is of all pools; the table above it is of the shared ones (a
	# line for each caching mode, a column for each order). The card's own table is not used:
	# 6.12 puts it into the root of debugfs, where it stays after an unload, and a read of it
	# then crashes the kernel.
	ttm=/sys/kernel/debug/$(ttm)
	set -- $(awk '
		/^(wc|uc)/ {
			n = split(substr($0, index($0, ":") + 1), of, " ")
			for (i = pages = 1; i <= n; i++) {
				shared += of[i] * pages
				pages *= 2
			}
		}
		/^total/ { total += substr($0, index($0, ":") + 1) }
		END { print total + 0, shared + 0 }' "$ttm/page_pool")
	row "$what.coherent" "$(($1 - $2))"
	row "$what.pooled" "$1"
}

# is_pcie CARD: is its page table that of a PCIe card?
is_pcie() {
	[ "$(card_field "$1" bus)" = pcie ]
}

check_cards
[ $unit = instructions ] || trace_setup
for pool in stock new; do
	LAB_POOL=$pool
	load_radeon
	for card in $(cards); do
		# The driver has no other caching mode on a card that is not PCIe.
		cachings=cached
		! is_pcie "$card" || cachings="cached wc"
		if [ "$(machine)" = bare ]; then
			measure_coherent "$card"
			continue
		fi
		if [ $unit != instructions ]; then
			for caching in $cachings; do
				measure_counts "$card" 4 "$caching"
				! is_pcie "$card" || measure_counts "$card" 64 "$caching"
			done
		fi
		for caching in $cachings; do
			measure_costs "$card" 4 "$caching"
		done
		[ $unit = instructions ] || measure_bookkeeping "$card"
	done
	unload_radeon
done
row kernel "$(uname -r)"
row machine "$(machine)"
finish
