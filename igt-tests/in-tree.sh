#!/bin/bash
# SPDX-License-Identifier: MIT
#
# make igt IGT_SRC=DIR: the tests in a real igt tree, with igt's own headers instead of abi/.
#
#   IGT_SRC=DIR   a git checkout of igt-gpu-tools, 2.4 or later; it is not changed
#   OUT=DIR       gets a clone with our commits, its build and the series (out/igt-tree)
#
# The machine needs igt's build dependencies (igt's README lists them). Writes OUT/series, for "git
# send-email" to igt's list, OUT/series-pool, with the tests that need our page pool or an emulated
# GPU, and the tests in OUT/build/tests/radeon.
set -euo pipefail
top=$(cd "$(dirname "$0")/.." && pwd -P)

die() {
	printf '[igt] error: %s\n' "$*" >&2
	exit 1
}

: "${IGT_SRC:?}"
[[ -f $IGT_SRC/lib/drmtest.h && -f $IGT_SRC/tests/meson.build ]] ||
	die "IGT_SRC=$IGT_SRC is not an igt tree: choose a git checkout of igt-gpu-tools"
git -C "$IGT_SRC" rev-parse -q --verify HEAD >/dev/null 2>&1 ||
	die "IGT_SRC=$IGT_SRC has no commit: choose a git checkout of igt-gpu-tools"
git -C "$IGT_SRC" grep -q 'define igt_fixture()' HEAD -- lib/igt_core.h ||
	die "IGT_SRC=$IGT_SRC is older than igt 2.4: check out 2.4 or later"
for command in git meson ninja; do
	command -v $command >/dev/null || die "this machine lacks $command: install it"
done
OUT=${OUT:-$top/out/igt-tree}
mkdir -p "$OUT" 2>/dev/null && [[ -w $OUT ]] || die "cannot write to $OUT: choose another OUT"
OUT=$(cd "$OUT" && pwd -P)
# Older results stay until all patches have been applied.
work=$(mktemp -d "$OUT/new.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
tree=$work/tree
git clone -q "$IGT_SRC" "$tree"

# The submitter is git's user. Without one the commits are the developers' and are not signed.
sign=()
if name=$(git -C "$tree" config user.name) && email=$(git -C "$tree" config user.email); then
	sign=(--signoff)
else
	name='Radeon TTM pool developers' email=radeon-ttm-pool@localhost
	echo '[igt] git has no user.name and user.email: the series has no Signed-off-by'
fi
export GIT_COMMITTER_NAME=$name GIT_COMMITTER_EMAIL=$email

# renumber PATCH: the patch with the first free bit of this tree for the driver.
renumber() {
	local bit

	bit=$(sed -nE 's/^#define DRIVER_\w+\s+\(1 << ([0-9]+)\).*/\1/p' "$tree/lib/drmtest.h" |
		sort -n | tail -n 1)
	sed -E "s/^(\+#define DRIVER_RADEON\s+\(1 <<) [0-9]+/\1 $((bit + 1))/" "$1"
}

# commit PATCH: a commit of a patch's changes and of the new files that it names.
commit() {
	local patch=$1 file hunk

	# Hunks without context on one side are right for all versions; the rest has to match.
	renumber "$patch" | git -C "$tree" apply --unidiff-zero --index - 2>"$work/log" || {
		hunk=$(sed -n 's/^error: patch failed: //p' "$work/log" | head -n 1)
		: "${hunk:=$(head -n 1 "$work/log")}"
		die "${patch#"$top/"} does not apply to IGT_SRC=$IGT_SRC:" \
			"the hunk at $hunk does not match"
	}
	sed -n 's/^New-file: //p' "$patch" | while read -r file; do
		mkdir -p "$tree/${file%/*}"
		cp "$top/igt-tests/$file" "$tree/$file"
		git -C "$tree" add "$file"
	done
	git mailinfo "$work/message" /dev/null <"$patch" >"$work/header"
	{
		sed -n 's/^Subject: \(\[.*\] \)*//p' "$work/header"
		echo
		sed '/^---$/,$d' "$work/message"
	} |
		git -C "$tree" commit -q "${sign[@]}" --author="$name <$email>" -F -
	rm "$work/message" "$work/header" "$work/log"
}

# commit_all DIR: the commits of DIR/series.
commit_all() {
	local patch

	# shellcheck disable=SC2013 # a line is a name without blanks
	for patch in $(sed 's/#.*//' "$1/series"); do
		commit "$1/$patch"
	done
}

base=$(git -C "$tree" rev-parse HEAD)
commit_all "$top/patches/igt"
first=$(git -C "$tree" rev-parse HEAD)
commit_all "$top/patches/igt-pool"
cmp -s "$tree/tests/radeon/meson.build" "$top/igt-tests/tests/radeon/meson.build" ||
	die "tests/radeon/meson.build of the series and of igt-tests differ: mend patches/igt or patches/igt-pool"

format=(git -C "$tree" format-patch -q --subject-prefix='PATCH i-g-t')
"${format[@]}" --cover-letter -o "$work/series" "$base..$first"
"${format[@]}" -o "$work/series-pool" "$first"
awk '
NR == FNR && NR == 1 { subject = substr($0, 10) }
NR == FNR && NR > 2 { text = text (text == "" ? "" : "\n") $0 }
NR == FNR { next }
/\*\*\* SUBJECT HERE \*\*\*/ { sub(/\*\*\* SUBJECT HERE \*\*\*/, subject) }
/^\*\*\* BLURB HERE \*\*\*$/ { print text; next }
{ print }' "$top/patches/igt/cover-letter.txt" "$work/series/0000-cover-letter.patch" >"$work/cover"
mv "$work/cover" "$work/series/0000-cover-letter.patch"

rm -rf "$OUT"/{tree,series,series-pool}
mv "$work"/{tree,series,series-pool} "$OUT"
tree=$OUT/tree

[[ -e $OUT/build/build.ninja ]] || {
	rm -rf "$OUT/build"
	off=(-D{overlay,chamelium,valgrind,man,testplan,docs,runner})
	meson setup "$OUT/build" "$tree" "${off[@]/%/=disabled}" -Dtests=enabled \
		>"$OUT/meson.log" 2>&1 ||
		die "meson cannot set igt up:" \
			"$(grep -m 1 -o 'ERROR: .*' "$OUT/meson.log"); see $OUT/meson.log"
}
mapfile -t programs < <(cd "$top/igt-tests" && printf '%s\n' tests/radeon/*.c | sed 's/\.c$//')
ninja -C "$OUT/build" "${programs[@]}" >"$OUT/build.log" 2>&1 ||
	die "igt's build failed:" \
		"$(grep -m 1 -E ' error: |FAILED' "$OUT/build.log"); see $OUT/build.log"
printf "[igt] built: $OUT/build/%s\n" "${programs[@]}"
echo "[igt] series: $OUT/series, $OUT/series-pool"
