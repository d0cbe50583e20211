#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# Style of all files of a checkout, a line FILE:LINE: KIND: TEXT for each finding:
#
#   style.sh [DIR [LIST]]
#
#   spdx    no SPDX line
#   line    more than 100 columns, in all but tables, URLs and messages
#   blank   trailing blanks
#   word    a word of style.list
#   host    a URL whose host is not in style.list
#   path    an absolute path of one machine
#   link    a link in Markdown whose target does not exist
#   name    two files of one basename
#   local   a variable that a shell function assigns without "local" (style_shell.awk)
#   except  an exception of LIST that is not needed
#
# LIST is style.list beside this script. Ends with 0 if there is no finding, 1 if there is one, 2 if
# DIR is not a checkout. Needs bash, awk and git.
set -euo pipefail
export LC_ALL=C.UTF-8

here=$(cd "$(dirname "$0")" && pwd -P)
top=${1:-$here/../..}
list=$(realpath "${2:-$here/style.list}")
if ! cd "$top" 2>/dev/null || ! git rev-parse --git-dir >/dev/null 2>&1; then
	echo "[style] error: $top is no checkout of git: give the directory of one" >&2
	exit 2
fi

# Files of these names are distinguished by their directories.
common_names='meson.build|Kbuild|README.md|series|cover-letter.txt|Makefile|.shellcheckrc'

mapfile -t files < <(git ls-files --cached --others --exclude-standard |
	grep -vE '\.png$|^LICENSES/' | while IFS= read -r file; do
	[[ ! -f $file || -L $file ]] || echo "$file"
done)
((${#files[@]})) || exit 0
mapfile -t scripts < <(awk '
	FNR > 1 { nextfile }
	FILENAME ~ /\.sh$/ || /^#!.*\/(ba)?sh/ { print FILENAME }' "${files[@]}")

status=0
awk -f "$here/style.awk" "$list" "${files[@]}" || status=1
awk -f "$here/style_shell.awk" "${scripts[@]}" | awk '{ print } END { exit NR > 0 }' || status=1
printf '%s\n' "${files[@]}" | awk -F/ -v common="^($common_names)\$" '
	$NF ~ common || /\.(patch|diff)$/ { next }
	$NF in first {
		printf "%s:1: name: %s has this basename, too\n", $0, first[$NF]
		found = 1
		next
	}
	{ first[$NF] = $0 }
	END { exit found }' || status=1
exit "$status"
