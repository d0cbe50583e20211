#!/bin/bash
# SPDX-License-Identifier: MIT
#
# make igt IGT_SRC=DIR: the tests in a real igt tree, with igt's own headers in place of abi/.
#
#   IGT_SRC=DIR   a git checkout of igt-gpu-tools, 2.5 or later; it is not changed
#   OUT=DIR       where a clone with our commits, its build and the series go (out/igt-tree)
#
# The machine needs what igt needs to be built (its README has a list). Leaves OUT/series, for
# "git send-email" to igt's list, and the tests in OUT/build/tests/radeon.
set -euo pipefail
top=$(cd "$(dirname "$0")/.." && pwd -P)

die() {
	printf '[igt] error: %s\n' "$*" >&2
	exit 1
}

: "${IGT_SRC:?}"
[[ -f $IGT_SRC/lib/drmtest.h && -f $IGT_SRC/tests/meson.build ]] ||
	die "IGT_SRC=$IGT_SRC is no igt tree: choose a git checkout of igt-gpu-tools"
git -C "$IGT_SRC" rev-parse -q --verify HEAD >/dev/null ||
	die "IGT_SRC=$IGT_SRC has no commit: choose a git checkout of igt-gpu-tools"
git -C "$IGT_SRC" grep -q 'define igt_fixture()' HEAD -- lib/igt_core.h ||
	die "IGT_SRC=$IGT_SRC is older than igt 2.4: its macros are of another form"
for command in git meson ninja; do
	command -v $command >/dev/null || die "this machine lacks $command: install it"
done
OUT=${OUT:-$top/out/igt-tree}
mkdir -p "$OUT" && rm -rf "$OUT"/{tree,series}
OUT=$(cd "$OUT" && pwd -P)
tree=$OUT/tree
git clone -q "$IGT_SRC" "$tree"
base=$(git -C "$tree" rev-parse HEAD)
export GIT_COMMITTER_NAME='Radeon TTM pool developers' GIT_COMMITTER_EMAIL=radeon-ttm-pool@localhost

# commit PATCH FILE...: what a patch changes, with new files, as one commit.
commit() {
	local patch=$1 file

	shift
	git -C "$tree" apply -C1 --index "$patch" ||
		die "${patch##*/} does not apply to $IGT_SRC: it is for igt 2.5"
	for file; do
		mkdir -p "$tree/${file%/*}"
		cp "$top/igt-tests/$file" "$tree/$file"
		git -C "$tree" add "$file"
	done
	git mailinfo "$OUT/message" /dev/null <"$patch" >"$OUT/header"
	{ sed -n 's/^Subject: \(\[.*\] \)*//p' "$OUT/header"; echo; sed '/^---$/,$d' "$OUT/message"; } |
		git -C "$tree" commit -q --author="$GIT_COMMITTER_NAME <$GIT_COMMITTER_EMAIL>" -F -
	rm "$OUT/message" "$OUT/header"
}

commit "$top"/patches/igt/0001-*.patch
commit "$top"/patches/igt/0002-*.patch lib/igt_radeon.c lib/igt_radeon.h lib/igt_radeon_blit.c
mapfile -t tests < <(cd "$top/igt-tests" && printf '%s\n' tests/radeon/*)
commit "$top"/patches/igt/0003-*.patch "${tests[@]}"
git -C "$tree" format-patch -q --subject-prefix='PATCH i-g-t' -o "$OUT/series" "$base"
cp "$top/patches/igt/cover-letter.txt" "$OUT/series"

[[ -e $OUT/build/build.ninja ]] ||
	meson setup "$OUT/build" "$tree" -Doverlay=disabled -Dchamelium=disabled -Dvalgrind=disabled \
		-Dman=disabled -Dtestplan=disabled -Ddocs=disabled -Dtests=enabled -Drunner=disabled
mapfile -t programs < <(cd "$top/igt-tests" && printf '%s\n' tests/radeon/*.c | sed 's/\.c$//')
ninja -C "$OUT/build" "${programs[@]}"
echo "[igt] built: $(printf "$OUT/build/%s " "${programs[@]}")"
echo "[igt] series: $OUT/series"
