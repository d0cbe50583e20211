# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# What the checks say and how they tell our findings from the kernel's own; inside the
# lab's root. Sourced.

# findings NAME LOG TEXT: the verdict on a check whose findings, one a line, come on
# standard input and go into LOG: a line "pass|fail NAME TEXT" that check_kernel.sh prints.
findings() {
	local name=$1 log=$2 text=$3 count

	cat >"$log"
	count=$(wc -l <"$log")
	if ((count == 0)); then
		echo "pass $name $text"
	else
		echo "fail $name $count finding$( ((count == 1)) || echo s), the first: $(head -n 1 "$log")"
	fi
}

# new_findings STOCK OURS: the lines of OURS that STOCK has not, wherever in a file they
# are: what is above may have grown.
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
