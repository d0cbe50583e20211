#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# The verdicts of "make bench" on made-up figures: which goals it counts as missed, and which
# figures as not measured.
#
#   bench_table.sh DIR    appends to DIR/results.txt, keeps tables in DIR
LAB_TAG=test
# shellcheck source=../common.sh
. "$(dirname "$0")/../common.sh"
# shellcheck source=results.sh
. "$LAB_TOP/lab/test/results.sh"

dir=$1

# rows: what the guest reports when our pool meets every goal.
rows() {
	local pool card what n

	for pool in stock new; do
		n=512
		[[ $pool == stock ]] || n=0
		echo "$pool.rv100.coherent $n"
		echo "$pool.rv100.pooled 512"
		echo "$pool.rv100.load_coherent_pages $n"
		for what in rv100.4k.cached.exchanges rv370.64k.cached.exchanges \
			rv370.64k.wc.exchanges rv370.4k.wc.caching_changes \
			rv100.4k.cached.kmallocs rv370.4k.cached.kmallocs; do
			echo "$pool.$what $n"
		done
		for what in rv100.4k.cached rv370.4k.cached rv370.4k.wc; do
			echo "$pool.$what.ratio_us 1.15"
			echo "$pool.$what.ratio_instructions 1.25"
		done
		echo "$pool.all.selftest 0"
	done
	echo "new.all.reload 0"
	for card in rv100 rv370; do
		echo "new.$card.bookkeeping_bytes 16384"
		echo "new.$card.bookkeeping_pages 1024"
	done
}

# expect NAME STATUS PATTERN CHANGE [GOALS]: with the rows changed by that sed command, the
# table ends with the status, and a line of its problems, or of itself, matches.
expect() {
	local table=$dir/$1.txt problems=$dir/$1.problems status=0

	: >"$problems"
	rows | sed "$4" |
		awk -v goals="${5:-bench}" -v narrow=rv100 -v wide=rv370 -v problems="$problems" \
			-f "$LAB_TOP/bench/table.awk" >"$table" || status=$?
	if ((status == $2)) && grep -qE -- "$3" "$problems" "$table"; then
		result "$1" pass "status $status"
	else
		result "$1" fail "status $status instead of $2, or no line '$3'; see $table"
	fi
}

expect met 0 'exchanges, 512 cold BOs of 4 KiB\|512\|0\|at most 2\|yes' ''
expect at-most 0 'cold BOs of 4 KiB\|512\|2\|at most 2\|yes' \
	's/^new.rv100.4k.cached.exchanges .*/new.rv100.4k.cached.exchanges 2/'
expect missed 1 'goal missed: .*cold BOs of 4 KiB: 3, not at most 2' \
	's/^new.rv100.4k.cached.exchanges .*/new.rv100.4k.cached.exchanges 3/'
expect coherent 1 'goal missed: .*coherent pages.*: 1 of 512, not 0' \
	's/^new.rv100.coherent .*/new.rv100.coherent 1/'
expect bookkeeping 1 'goal missed: .*bookkeeping.*: 16.1, not at most 16' \
	's/^new.rv370.bookkeeping_bytes .*/new.rv370.bookkeeping_bytes 16486/'
expect time 0 'RV100: CPU time of a 4 KiB BO, cold against warm\|1.15\|9.99\|at most 1.15\|no' \
	's/^new.rv100.4k.cached.ratio_us .*/new.rv100.4k.cached.ratio_us 9.99/'
expect instructions 0 'RV370: instructions of a 4 KiB WC BO, cold against warm\|1.25\|9.99\|-\|-' \
	's/^new.rv370.4k.wc.ratio_instructions .*/new.rv370.4k.wc.ratio_instructions 9.99/'
expect no-instructions 2 'not measured with the new pool: .*instructions' \
	'/^new.rv370.4k.wc.ratio_instructions/d'
expect absent 2 'not measured with the new pool: .*caching changes' \
	'/^new.rv370.4k.wc.caching_changes/d'
expect absent-stock 2 'not measured with the stock pool: .*caching changes' \
	'/^stock.rv370.4k.wc.caching_changes/d'
expect absent-and-missed 2 'goal missed: .*cold BOs of 4 KiB' \
	'/^new.rv370.4k.wc.caching_changes/d
	s/^new.rv100.4k.cached.exchanges .*/new.rv100.4k.cached.exchanges 3/'
expect nothing 2 'not measured with the new pool: .*bookkeeping' d
expect kmallocs 1 'goal missed: .*kmallocs.*: 512, not at most 2' \
	's/^new.rv100.4k.cached.kmallocs .*/new.rv100.4k.cached.kmallocs 512/'
# Modules without our pool have nothing to report of it.
expect no-pool 2 'not measured with the new pool: .*bookkeeping' '/bookkeeping/d'
expect all 0 'radeon.test=1 .*\|0\|0\|0\|yes' '' all
expect selftest 1 'goal missed: radeon.test=1 .*: 1, not 0' \
	's/^new.all.selftest .*/new.all.selftest 1/' all
expect reload 1 'goal missed: 50 loads .*: 2, not 0' 's/^new.all.reload .*/new.all.reload 2/' all
expect no-reload 2 'not measured with the new pool: 50 loads' '/^new.all.reload/d' all
expect bench-alone 0 'coherent pages' '/[.]all[.]/d'
