# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# Shared by run_bench.sh and run_prime.sh: boots whose rows are collected in $OUT/rows.txt, and
# tables of lines with | between the cells. Sourced after common.sh, with OUT set.

broken=()

# start_report: empty the directory of results.
start_report() {
	rm -rf "$OUT" 2>/dev/null && mkdir -p "$OUT" 2>/dev/null ||
		die "cannot write to $OUT: make the checkout writable"
}

# boot DIR PREFIX VARIABLE=VALUE...: boot once, with results in $OUT/DIR, and add the guest's rows
# with that prefix. Sets broken: gets DIR appended if a result of the boot is not pass.
boot() {
	local dir=$OUT/$1 prefix=$2 status=0

	shift 2
	mkdir -p "$dir"
	env "$@" OUT="$dir" "$LAB_TOP/lab/boot/boot.sh" || status=$?
	((status < 2)) || exit "$status"
	[[ -s $dir/rows.txt ]] || die "the guest reported no rows: see $dir/console.log"
	sed "s/^/$prefix/" "$dir/rows.txt" >>"$OUT/rows.txt"
	((status == 0)) || broken+=("$dir")
}

# make_table PROGRAM [-v NAME=VALUE]...: make $OUT/table.txt and $OUT/problems.txt of the rows by an
# awk program of this folder. Sets status: 0, 1 for a goal that is missed, 2 for a figure that is
# missing.
make_table() {
	local program=$LAB_TOP/bench/$1

	shift
	status=0
	awk -v problems="$OUT/problems.txt" "$@" -f "$program" "$OUT/rows.txt" >"$OUT/table.txt" ||
		status=$?
	((status <= 2)) && [[ -s $OUT/table.txt ]] ||
		die "${program##*/} could not make a table of $OUT/rows.txt: awk ended with status $status"
}

# markdown FILE: a table in Markdown; the first line is the head.
markdown() {
	awk -F'|' '
		{ gsub(/\|/, " | "); print "| " $0 " |" }
		NR == 1 { columns = NF; while (columns--) printf "|---"; print "|" }' "$1"
}

# columns FILE: a table for a terminal.
columns() {
	awk -F'|' '
	{
		for (i = 1; i <= NF; i++) {
			cell[NR, i] = $i
			if (length($i) > width[i])
				width[i] = length($i)
		}
	}
	END {
		for (n = 1; n <= NR; n++) {
			for (i = 1; i <= NF; i++)
				printf "  %-" width[i] "s", cell[n, i]
			print ""
		}
	}' "$1"
}

# end_report: print missed goals, missing figures and broken boots. Exit with make_table's status,
# or with 2 if a boot is broken.
end_report() {
	local dir

	[[ ! -s $OUT/problems.txt ]] || cat "$OUT/problems.txt"
	((${#broken[@]})) || exit "$status"
	for dir in "${broken[@]}"; do
		awk '$2 == "fail" { print "  failed: " $0 }' "$dir/results.txt" || true
		sed 's/^/  problem: /' "$dir/problems.txt" || true
	done
	die "results of a boot failed, so its figures cannot be trusted: see ${broken[*]}"
}
