#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# make kunit: TTM's KUnit tests, the kernel's own and ours, on the debug kernels; a table
# of what each suite came to.
#
#   KERNEL=6.12|7.3   on this one (both)
LAB_TAG=kunit LAB_DIE_STATUS=2
# shellcheck source=../common.sh
. "$(dirname "$0")/../common.sh"

case ${KERNEL:=6.12 7.3} in
6.12 | 7.3 | '6.12 7.3') ;;
*) die "KERNEL=$KERNEL is unknown: choose 6.12|7.3" ;;
esac

OUT=$LAB_TOP/out/kunit
failed=0
for series in $KERNEL; do
	dir=$OUT/$series
	rm -rf "$dir"
	mkdir -p "$dir" 2>/dev/null || die "cannot write to $dir: make the checkout writable"
	status=0
	MACHINE=bare KERNEL=$series-debug CARD=none RUN=kunit OUT=$dir SILENCE=${SILENCE:-240} \
		"$LAB_TOP/lab/boot/boot.sh" || status=$?
	((status < 2)) || exit "$status"
	((status == 0)) || failed=1
	[[ -s $dir/results.txt ]] || die "the guest reported nothing: see $dir/console.log"
	echo
	# SUITE.CASE OUTCOME TEXT
	awk -v kernel="$series-debug" '
	{
		split($1, name, ".")
		if (!(name[1] in seen)) {
			seen[name[1]] = 1
			order[++suites] = name[1]
		}
		count[name[1], $2]++
		total[$2]++
	}
	function line(title, pass, fail, skip) {
		printf "  %-40s %7s %7s %7s\n", title, pass, fail, skip
	}
	END {
		line("suites on " kernel, "passed", "failed", "skipped")
		for (n = 1; n <= suites; n++) {
			s = order[n]
			line(s, count[s, "pass"] + 0, count[s, "fail"] + 0, count[s, "skip"] + 0)
		}
		line("all", total["pass"] + 0, total["fail"] + 0, total["skip"] + 0)
	}' "$dir/results.txt"
	echo
	sed -n 's/^\([^ ]*\) fail /  failed: \1: /p' "$dir/results.txt"
	sed 's/^/  problem: /' "$dir/problems.txt"
done
echo "  all logs: $OUT"
exit "$failed"
