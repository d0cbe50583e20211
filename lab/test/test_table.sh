#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# The table of tests in Documentation/testing.md, made of lab/test/tests.list.
#
#   test_table.sh          prints the document with the table as it should be
#   test_table.sh write    puts it there
LAB_TAG=test-table
# shellcheck source=../common.sh
. "$(dirname "$0")/../common.sh"
# shellcheck source=test_list.sh
. "$LAB_TOP/lab/test/test_list.sh"

document=$LAB_TOP/Documentation/testing.md

# rows_of TEST TIER...: their names, or nothing.
rows_of() {
	local row test=$1 names=

	shift
	for row in "${rows[@]}"; do
		[[ ${row_test[$row]} != "$test" || " $* " != *" ${row_tier[$row]} "* ]] ||
			names+=", \`$row\`"
	done
	echo "${names:2}"
}

table() {
	local test

	echo '| what | rows of `make check` and `make test` | more in `make test-full` |'
	echo '|---|---|---|'
	for test in "${tests[@]}"; do
		echo "| **$test**: ${test_about[$test]} | $(rows_of "$test" check test) |" \
			"$(rows_of "$test" full) |"
	done
}

case ${1:-} in
'' | write) ;;
*) die "'$1' is unknown: choose write, or no argument" ;;
esac
read_list
new=$(table | awk '
	FILENAME == "-" { table = table $0 "\n"; next }
	/^<!-- end of the table -->$/ { inside = 0 }
	!inside { print }
	/^<!-- table: / { inside = 1; printf "%s", table }' - "$document")
if [[ ${1:-} == write ]]; then
	echo "$new" >"$document"
else
	echo "$new"
fi
