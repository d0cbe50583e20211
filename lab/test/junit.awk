# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# JUnit XML of a run: a test suite for each row, with a case for each of its results and one for the
# row itself.
#
#   awk -f junit.awk TIMES VERDICTS
#
# Their formats are in runner.sh. A row's line comes after those of its results.

function escape(text)
{
	gsub(/&/, "\\&amp;", text)
	gsub(/</, "\\&lt;", text)
	gsub(/>/, "\\&gt;", text)
	gsub(/"/, "\\&quot;", text)
	return text
}

# add_case(): of the row, with the time that is known. Texts are joined without sprintf(), which
# mawk limits to 8 KiB.
function add_case(row, name, outcome, text, time)
{
	tests[row]++
	time = time == "" ? "" : " time=\"" time "\""
	cases[row] = cases[row] "    <testcase classname=\"" escape(row) "\" name=\"" escape(name) \
		"\"" time
	if (outcome == "pass") {
		cases[row] = cases[row] "/>\n"
		return
	}
	if (outcome == "skip") {
		skipped[row]++
		cases[row] = cases[row] ">\n      <skipped message=\"" escape(text) "\"/>\n"
	} else {
		failures[row]++
		text = escape(text)
		cases[row] = cases[row] ">\n      <failure message=\"" text "\">" text \
			"</failure>\n"
	}
	cases[row] = cases[row] "    </testcase>\n"
}

FILENAME == ARGV[1] {
	seconds[$1] = $2
	next
}

{
	name = $1
	outcome = $2
	text = $0
	sub(/^[^ ]+ [^ ]+ ?/, "", text)
	row = name
	sub(/\/.*/, "", row)
	if (!(row in tests))
		order[++rows] = row
	if (name == row)
		add_case(row, "row", outcome, text, seconds[row])
	else
		add_case(row, substr(name, length(row) + 2), outcome, text, "")
	all_tests++
	all_failures += outcome == "fail"
	all_skipped += outcome == "skip"
}

END {
	print "<?xml version=\"1.0\" encoding=\"UTF-8\"?>"
	printf "<testsuites name=\"radeon-ttm-pool\" tests=\"%d\" failures=\"%d\" skipped=\"%d\">\n",
		all_tests, all_failures, all_skipped
	for (i = 1; i <= rows; i++) {
		row = order[i]
		printf "  <testsuite name=\"%s\" tests=\"%d\" failures=\"%d\"", escape(row),
			tests[row], failures[row]
		printf " errors=\"0\" skipped=\"%d\" time=\"%d\">\n", skipped[row], seconds[row]
		printf "%s  </testsuite>\n", cases[row]
	}
	print "</testsuites>"
}
