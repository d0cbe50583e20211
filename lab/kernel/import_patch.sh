#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# Takes a commit of a tree that "make tree KERNEL=7.3" has made into a series (patches/README.md).
#
#   TREE=DIR        the tree
#   SERIES=FOLDER   the folder in patches/
#   COMMIT=REV      the commit (HEAD)
#
# A patch of the same subject is replaced, with its fields and its place; another one goes to the
# end of the series. Our own files in the checkout become as they are in the tree's HEAD.
LAB_TAG=import
# shellcheck source=../common.sh
. "$(dirname "$0")/../common.sh"

need_command git git
[[ -n ${TREE:-} && -n ${SERIES:-} ]] ||
	die "say which commit goes where: make import TREE=DIR SERIES=FOLDER [COMMIT=REV]"
folder=$LAB_TOP/patches/$SERIES
[[ -e $folder/series ]] ||
	die "SERIES=$SERIES is no series: their folders are in $LAB_TOP/patches"
git=(git -c safe.directory='*' -C "$TREE")
show=("${git[@]}" show --format= --no-renames --no-color)
"${git[@]}" cat-file -e base:drivers/gpu/drm/ttm/ttm_pool.c 2>/dev/null ||
	die "TREE=$TREE is no tree of 'make tree': it lacks the tag 'base'"
"${git[@]}" rev-parse -q --verify "${COMMIT:=HEAD}^{commit}" >/dev/null ||
	die "COMMIT=$COMMIT is no commit of $TREE"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
subject=$("${git[@]}" log -1 --format=%s "$COMMIT")
name=$(awk -v subject="$subject" '
	found { next }
	FNR == 1 { head = 1; text = "" }
	head && /^Subject: / { text = $0; next }
	head && text != "" && /^[ \t]/ { sub(/^[ \t]*/, " "); text = text $0; next }
	head && text == "Subject: [PATCH] " subject { print FILENAME; found = 1 }
	$0 == "" { head = 0 }' "$folder"/*.patch /dev/null)
if [[ -n $name ]]; then
	name=${name##*/}
else
	name=$(sed -E 's|^drm/||; s/[^A-Za-z0-9]+/-/g; s/-$//' <<<"${subject,,}").patch
fi

# The file's head, then its own fields but for new files, then what the commit has.
{
	# $() takes the empty lines at the end away.
	printf '%s\n' "$("${git[@]}" log -1 --format='Subject: [PATCH] %s%n%n%b' "$COMMIT")"
	echo ---
	[[ ! -e $folder/$name ]] || awk '
		/^---$/ { fields = 1; next }
		/^diff --git / { exit }
		/^[A-Z]/ { field = $1 }
		fields && (field == "Only:" || field == "Reason:")' "$folder/$name" | sed '/^$/d'
	"${show[@]}" --name-only --diff-filter=A "$COMMIT" | sed 's/^/New-file: /'
	echo
	"${show[@]}" --diff-filter=a "$COMMIT" | sed '/^index [0-9a-f]/d'
} >"$work/patch"
{
	"${show[@]}" --name-only --diff-filter=A "$COMMIT"
	cd "$LAB_TOP" && find drivers include Documentation/gpu -type f
} | sort -u >"$work/files"
while IFS= read -r file; do
	"${git[@]}" cat-file -e "HEAD:$file" 2>/dev/null || continue
	mkdir -p "$LAB_TOP/${file%/*}"
	"${git[@]}" show "HEAD:$file" >"$work/file"
	cmp -s "$work/file" "$LAB_TOP/$file" || cp "$work/file" "$LAB_TOP/$file"
done <"$work/files"
cp "$work/patch" "$folder/$name"
grep -qxF "$name" "$folder/series" || echo "$name" >>"$folder/series"
"$LAB_TOP/lab/kernel/compose.sh" 7.3 "$work/composed" 2>"$work/error" ||
	die "$SERIES/$name is written, and does not fit yet: $(sed 's/^error: //' "$work/error")"
say "patches/$SERIES/$name"
