#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# TROUBLESHOOTING.md quotes messages that exist:
#
#   messages.sh [DOCUMENT]
#
# A heading "### `MESSAGE`" quotes a message or its beginning, with <...> for what varies. Its fixed
# pieces have to be in one string of one source file, in this order. Ends with 0 if all are there;
# prints the others and ends with 1.
set -euo pipefail
export LC_ALL=C.UTF-8

top=$(cd "$(dirname "$0")/../.." && pwd -P)
document=$(realpath "${1:-$top/TROUBLESHOOTING.md}")
cd "$top"
# Tests quote messages, too; they are not where the messages come from.
mapfile -t sources < <(git ls-files -- 'lab/*.sh' 'lab/*.c' bench igt-tests 'drivers/*.c' \
	packaging |
	grep -vE '^packaging/(man|test/disk_cases)' |
	grep -vE '^lab/test/(bad_|test_|check_list|igt_report|messages)')

awk '
# A string may continue in the next line of C, or in the next argument of a command in a script.
function add(file, text,   joint)
{
	joint = file ~ /\.c$/ ? "" : " "
	if (pending != "" && match(text, /^[ \t]*"/))
		line[lines] = line[lines] joint substr(text, RLENGTH + 1)
	else
		line[++lines] = text
	pending = ""
	if (file ~ /\.c$/ ? sub(/"[ \t]*$/, "", line[lines]) : sub(/"[ \t]*\\$/, "", line[lines]))
		pending = 1
}

# found(): the pieces are in a line, in order.
function found(count,   i, p, rest, at)
{
	for (i = 1; i <= lines; i++) {
		rest = line[i]
		for (p = 1; p <= count; p++) {
			at = index(rest, piece[p])
			if (!at)
				break
			rest = substr(rest, at + length(piece[p]))
		}
		if (p > count)
			return 1
	}
	return 0
}

FILENAME != document { add(FILENAME, $0); next }

/^### `/ {
	message = $0
	sub(/^### `/, "", message)
	sub(/`$/, "", message)
	messages++
	if (!found(split(message, piece, /<[^>]*>/))) {
		printf "%s:%d: no source has the message: %s\n", FILENAME, FNR, message
		missing++
	}
}

END {
	if (!messages) {
		print document ": there is no message in it"
		exit 1
	}
	if (!missing)
		print messages " messages"
	exit missing > 0
}' document="$document" "${sources[@]}" "$document"
