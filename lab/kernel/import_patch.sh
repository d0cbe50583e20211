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
	die "SERIES=$SERIES is not a series: their folders are in $LAB_TOP/patches"
# Ignore the user's settings, for example the format of a diff.
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1
git=(git -c safe.directory='*' -C "$TREE")
show=("${git[@]}" show --format= --no-renames --no-color
	--src-prefix=a/ --dst-prefix=b/)
"${git[@]}" cat-file -e base:drivers/gpu/drm/ttm/ttm_pool.c 2>/dev/null ||
	die "TREE=$TREE is not a tree of 'make tree': it lacks the tag 'base'"
"${git[@]}" rev-parse -q --verify "${COMMIT:=HEAD}^{commit}" >/dev/null 2>&1 ||
	die "COMMIT=$COMMIT is not a commit of $TREE"
[[ $("${git[@]}" rev-list -n 1 "base..$COMMIT") == \
	"$("${git[@]}" rev-list -n 1 --no-merges "$COMMIT")" ]] ||
	die "COMMIT=$COMMIT is not a patch on top of the kernel: it is part of base, or a merge"
# Refuse changes that a patch in patches/ cannot express, or for which the checkout has no place.
odd=$("${show[@]}" --raw --numstat "$COMMIT" | awk -F '\t' '
	/^:/ {
		split($1, entry, " ")
		if ($2 ~ /[^A-Za-z0-9._\/+-]/)
			print $2 " has an odd name"
		else if (entry[2] !~ /^(000000|100644|100755)$/)
			print $2 " is no plain file"
		else if (entry[5] == "A" && $2 !~ /^(drivers|include|Documentation\/gpu)\//)
			print $2 " is new, and not in drivers, include or Documentation/gpu"
		files++
		next
	}
	$1 == "-" { print $3 " is binary" }
	END { if (!files) print "it changes no file" }')
[[ -z $odd ]] || die "COMMIT=$COMMIT cannot be a patch here: ${odd%%$'\n'*}"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
subject=$("${git[@]}" log -1 --format=%s "$COMMIT")
name=$(awk -v subject="$subject" '
	found { next }
	FNR == 1 { head = 1; text = "" }
	head && /^Subject: / { text = $0; next }
	head && text != "" && /^[ \t]/ { sub(/^[ \t]*/, " "); text = text $0; next }
	head && text == "Subject: [PATCH] " subject { print FILENAME; found = 1 }
	$0 == "" { head = 0 }' "$LAB_TOP"/patches/*/*.patch)
if [[ -n $name ]]; then
	owner=${name%/*}
	[[ $owner -ef $folder ]] ||
		die "COMMIT=$COMMIT has the subject of ${name#"$LAB_TOP/"}:" \
			"choose SERIES=${owner##*/}"
	name=${name##*/}
else
	name=$(sed -E 's|^drm/||; s/[^a-z0-9]+/-/g; s/^-//; s/^(.{60}).*/\1/; s/-$//' \
		<<<"${subject,,}")
	[[ -n $name ]] || die "COMMIT=$COMMIT: its subject '$subject' has no letter for a file's name"
	name+=.patch
fi

# Write the head, the fields that the patch had except New-file, and the changes of the commit.
{
	printf 'Subject: [PATCH] %s\n\n' "$subject"
	# $() removes the empty lines at the end.
	body=$("${git[@]}" log -1 --format=%b "$COMMIT")
	[[ -z $body ]] || printf '%s\n' "$body"
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
if ! awk -v name="$name" '{ sub(/#.*/, "") } $1 == name { found = 1 } END { exit !found }' \
	"$folder/series"; then
	# An editor may have left out the newline at the end of the last line.
	[[ -z $(tail -c 1 "$folder/series") ]] || echo >>"$folder/series"
	echo "$name" >>"$folder/series"
fi
"$LAB_TOP/lab/kernel/compose.sh" 7.3 "$work/composed" 2>"$work/error" ||
	die "$SERIES/$name is written, and does not fit yet: $(sed 's/^error: //' "$work/error")"
say "patches/$SERIES/$name"
