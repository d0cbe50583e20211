#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# Checks that lab/test/tests.list can be read, that each scenario has a row, that a test depends on
# each file, and that the table in Documentation/testing.md agrees with the list. Lists with one
# error each have to be refused.
#
#   check_list.sh DIR    DIR is for the broken lists
LAB_TAG=test-list
# shellcheck source=../common.sh
. "$(dirname "$0")/../common.sh"
# shellcheck source=test_list.sh
. "$LAB_TOP/lab/test/test_list.sh"

dir=${1:-}
[[ -d $dir ]] ||
	die "'$dir' is not a directory: call check_list.sh DIR; DIR is for the broken lists"

# refused SED PATTERN: the list, changed by that sed command, is refused with a line that matches.
refused() {
	local list=$dir/broken.list said

	sed -E "$1" "$LAB_TOP/lab/test/tests.list" >"$list"
	! cmp -s "$list" "$LAB_TOP/lab/test/tests.list" || die "'$1' changes nothing in the list"
	said=$(read_list "$list" 2>&1) && die "a list changed by '$1' was taken"
	grep -qE "broken.list:[0-9]+: .*$2" <<<"$said" ||
		die "a list changed by '$1' was refused with: $said"
}

# all_touched: a change in any file except documents makes CHANGED=REV run a test, in addition to
# the tests that depend on all files.
all_touched() {
	local file path test
	local -A touched=()

	for test in "${tests[@]}"; do
		for path in ${test_paths[$test]}; do
			[[ $path == . ]] || touched[$path]=y
		done
	done
	while IFS= read -r file; do
		path=$file
		while [[ -z ${touched[$path]:-} ]]; do
			[[ $path == */* ]] || die "no line 'touches' in lab/test/tests.list has $file"
			path=${path%/*}
		done
	done < <(git -c safe.directory='*' -C "$LAB_TOP" ls-files -- Documentation/gpu bench \
		drivers igt-tests include lab patches tools \
		':!lab/guest/scenarios' ':!*.shellcheckrc')
	wait $! || die "git cannot list the files of this checkout"
}

# all_used: each scenario has a row, or a line that says what boots it.
all_used() {
	local file scenario row used=' '

	for row in "${rows[@]}"; do
		[[ ${row_machine[$row]} == - ]] || used+="${row_test[$row]} "
	done
	for file in "$LAB_TOP"/lab/guest/scenarios/*.sh; do
		scenario=$(basename "$file" .sh)
		[[ $used == *" $scenario "* || -n ${test_elsewhere[$scenario]:-} ]] ||
			die "the scenario $scenario has no row in lab/test/tests.list, and no line 'elsewhere'"
	done
}

read_list
all_used
all_touched
"$LAB_TOP/lab/test/test_table.sh" | diff "$LAB_TOP/Documentation/testing.md" - ||
	die "Documentation/testing.md has another table: run lab/test/test_table.sh write"

refused 's/^(bare-6.12-rv100 .*)check$/\1chekc/' "row 'bare-6.12-rv100': no line above describes"
refused 's/^(xen-6.12-rv100 .*)xen /\1vax /' "there is no machine 'vax'"
refused 's/^(xen-6.12-rv100 .*)6.12 /\12.4 /' "there is no kernel '2.4'"
refused 's/^(xen-6.12-rv100 .*)rv100 check/\1rv9 check/' "there is no card 'rv9'"
refused 's/^(xen-6.12-rv100 +)test/\1soon/' "there is no tier 'soon'"
refused 's/^xen-6.12-rv100 /bare-6.12-rv100 /' "there are two rows 'bare-6.12-rv100'"
refused 's/^(stock-xen.*)POOL=/\1PUOL=/' "'PUOL=stock' is unknown"
refused 's/^(stock-xen.*) check .*/\1/' 'is no row'
refused 's/after=igt-generic-stock-bare-7/after=nothing-bare-7/' 'which is no row above it'
refused 's/^touches shell: .*//; s/^(test shell:.*)/\1/' "nothing says what the test 'shell' touches"
refused 's|^(touches fuzz: )lab/model |\1lab/modle |' "there is no file 'lab/modle'"
refused 's/^(touches moves: )@machine/\1@vehicle/' "there is no set '@vehicle'"
refused 's/^test fuzz:/test guess:/' "no line above describes 'fuzz'"
refused 's/^elsewhere bench.*/elsewhere/' "there is nothing after 'elsewhere'"
refused 's/^xen-6.12-rv100 /build.x /' "out/test has another file of that name"
refused 's/^elsewhere bench/elsewhere bnech/' "there is no scenario 'bnech'"
refused 's/^(unit .*)unit$/\1kunit/; s/^(test unit:.*)/\1\ntest kunit: x\ntouches kunit: ./' \
	'needs a machine, or a function row_kunit'
# The newline at the end of the last line may be missing.
count=${#rows[@]}
printf %s "$(<"$LAB_TOP/lab/test/tests.list")" >"$dir/broken.list"
read_list "$dir/broken.list"
((${#rows[@]} == count)) || die "the last row is lost if its line has no end"
echo "${#rows[@]} rows, ${#tests[@]} tests"
