# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# Tests that passed or were skipped in one run and fail in another, except for those that are known
# to be flaky:
#
#   igt_worse.awk VERDICTS-BEFORE VERDICTS-AFTER
#
# The files are radeon-igt-report's verdicts.txt. Prints "NAME: RESULT, was RESULT" for each such
# test; ends with 1 if there is one.

FILENAME == ARGV[1] { before[$1] = $2; next }
($1 in before) && before[$1] ~ /^(Pass|Skip)$/ && $3 == "worse" {
	printf "%s: %s, was %s\n", $1, $2, before[$1]
	bad = 1
}
END { exit bad }
