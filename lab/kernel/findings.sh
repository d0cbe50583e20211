# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# How the checks report, and how they tell our findings from the kernel's own; inside the lab's
# root. Sourced.

# run_checkpatch TREE PATCH...: its findings, one a line. Not checked are
#   the sign-off, which the submitter adds,
#   an entry in MAINTAINERS, because the directories have entries,
#   whether a named commit exists, because the tree has no history,
#   a "Fixes:" line in each fix for stable: for some faults no commit can be named with certainty,
#   the spelling in the subject of a commit that a "Fixes:" line names.
run_checkpatch() {
	local tree=$1 ignore copies patch

	shift
	ignore=MISSING_SIGN_OFF,NO_AUTHOR_SIGN_OFF,FILE_PATH_CHANGES,UNKNOWN_COMMIT_ID
	ignore+=,MISSING_FIXES_TAG
	# A stream of commands is a list.
	ignore+=,COMPLEX_MACRO
	copies=$(mktemp -d)
	for patch; do
		sed '/^Fixes: /s/informations/information/' "$patch" >"$copies/${patch##*/}"
	done
	# In a repository it needs a Python library for the names of licences.
	(cd "$tree" && GIT_DIR=/nowhere perl scripts/checkpatch.pl --strict --terse --showfile \
		--show-types --no-summary --ignore "$ignore" "$copies"/* 2>&1) || true
	rm -r "$copies"
}

# findings NAME LOG TEXT: the verdict on a check whose findings, one a line, come on
# standard input and go into LOG: a line "pass|fail NAME TEXT" that check_kernel.sh prints.
findings() {
	local name=$1 log=$2 text=$3 count

	cat >"$log"
	count=$(wc -l <"$log")
	if ((count == 0)); then
		echo "pass $name $text"
	else
		echo "fail $name findings: $count, the first: $(head -n 1 "$log")"
	fi
}

# new_findings STOCK OURS: print the lines of OURS that STOCK does not have. Line numbers are
# ignored, because our patches may add lines above them.
new_findings() {
	awk '
		{
			text = $0
			gsub(/:[0-9]+(:[0-9]+(-[0-9]+)?)?[: ]/, ":", text)
			gsub(/lines? [0-9]+(, ?[0-9]+)*/, "line", text)
		}
		FILENAME == ARGV[1] { stock[text]++; next }
		--stock[text] < 0
	' "$1" "$2"
}
