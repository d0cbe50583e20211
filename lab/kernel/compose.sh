#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# Makes the patches for a kernel from the one source that all kernels share, which is
# patches/*/ and the whole files in the checkout (the format is in patches/README.md):
#
#   compose.sh KERNEL DIR [AUTHOR DATE]
#
# writes DIR/SERIES/NUMBER-NAME.patch, as git am takes them. A mistake in the source is one line
# "error: ..." and status 1.
#
# The checkout has our own files as the last patch leaves them. From the last patch to the first,
# the sections of our own files are reverted. A patch with "New-file:" adds the file in that state.
set -euo pipefail

top=$(cd "$(dirname "$0")/../.." && pwd -P)
kernel=$1 out=$2
author=${3:-Radeon TTM pool developers <radeon-ttm-pool@localhost>}
date=${4:-Thu, 1 Jan 2026 00:00:00 +0000}
other_kernels=(6.12)	# kernels that have deltas; the patches are made for 7.3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Use no repository around our copies, and no settings of the user.
export GIT_CEILING_DIRECTORIES=$work GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1

fail() {
	echo "error: $*" >&2
	exit 1
}

# check_folder SERIES: each patch in the folder is listed once, and each that is listed is there.
check_folder() {
	local dir=$top/patches/$1 name file other listed

	[[ -e $dir/series ]] || fail "patches/$1 has no file 'series', which lists its patches in order"
	listed=$(list_patches "$1")
	name=$(sort <<<"$listed" | uniq -d | head -n 1)
	[[ -z $name ]] || fail "patches/$1/series has $name twice"
	for name in $listed; do
		[[ -e $dir/$name ]] || fail "patches/$1/series names $name, which is not there"
	done
	for file in "$dir"/*.patch "$dir"/*.diff; do
		[[ -e $file ]] || continue
		name=${file##*/}
		for other in "${other_kernels[@]}"; do
			name=${name/%".$other.diff"/.patch}
		done
		[[ $'\n'$listed$'\n' == *$'\n'"$name"$'\n'* ]] ||
			fail "patches/$1/${file##*/} belongs to no patch in patches/$1/series: add a line there, or remove the file"
	done
}

# list_patches SERIES: in order, a line each. The last line of the file may lack its newline.
list_patches() {
	awk '{ sub(/#.*/, "") } NF { print $1 }' "$top/patches/$1/series"
}

# in_checkout PART: is the patch in our files, which are those of 7.3? This kernel may skip it.
in_checkout() {
	local other

	[[ -e $1/skip ]] || return 0
	for other in "${other_kernels[@]}"; do
		[[ $(<"$1/skip") != "only for $other" ]] || return 1
	done
}

# take_back PART PATCH: revert PATCH in our files. Each new file of PATCH becomes a section
# PART/NUMBER.
take_back() {
	local part=$1 patch=$2 path number=0 new=0 error line

	while read -r path; do
		number=$((number + 1))
		[[ -e $top/$path ]] || continue
		[[ -e $work/state/$path ]] ||
			fail "$patch changes $path before ${adds[$path]:-any patch} adds it"
		if ! error=$(cd "$work/state" && git apply -R "$part/$number" 2>&1); then
			line=$(sed -n 's/^error: patch failed: .*://p' <<<"$error")
			fail "$patch: its hunk at line $line of $path cannot be taken back from the file that the patches after it leave"
		fi
	done <"$part/paths"
	while read -r path; do
		number=$((number + 1))
		[[ -e $top/$path ]] || fail "$patch: there is no new file $path in the checkout"
		# This kernel's file differs from the one that is kept.
		new=$((new + 1))
		[[ ! -e $part/change-$new ]] ||
			(cd "$work/state" && git apply "$part/change-$new") ||
			fail "${patch%.patch}.$kernel.diff does not apply to the new file $path"
		(cd "$work/state" && git diff --no-index --no-color /dev/null "$path") \
			>"$part/$number" || true
		rm "$work/state/$path"
	done <"$part/new"
}

# prepare: all of our files, as the last patch leaves them, and each patch's parts; sets patches,
# and adds, which has the patch of each new file.
prepare() {
	local series name file patch part delta path

	mkdir -p "$work/state/Documentation"
	cp -r "$top"/{drivers,include} "$work/state"
	cp -r "$top/Documentation/gpu" "$work/state/Documentation" 2>/dev/null || true
	for file in "$top"/patches/[1-9]-*/; do
		series=$(basename "$file")
		check_folder "$series"
		while read -r name; do
			patch=$top/patches/$series/$name
			delta=${patch%.patch}.$kernel.diff
			[[ -e $delta ]] || delta=
			patches+=("patches/$series/$name")
			part=$work/${#patches[@]}
			mkdir "$part"
			touch "$part"/{paths,new}
			(cd "$top" && awk -f lab/kernel/patch_parts.awk -v kernel="$kernel" \
				-v from="$author" -v date="$date" \
				-v out="$part" "patches/$series/$name" \
				${delta:+"${delta#"$top/"}"})
			while read -r path; do
				[[ -z ${adds[$path]:-} ]] ||
					fail "$path is a new file of ${adds[$path]} and of patches/$series/$name"
				adds[$path]=patches/$series/$name
			done <"$part/new"
		done < <(list_patches "$series")
	done
}

# check_all_added: check that a patch adds each of our files, for this kernel or for another one.
check_all_added() {
	local file

	while IFS= read -r file; do
		grep -qxF "New-file: $file" "$top"/patches/[1-9]-*/*.patch ||
			fail "no patch adds $file: add the line 'New-file: $file' to the one that does"
	done < <(cd "$work/state" && find . -type f | sed 's|^\./||')
}

# write_out: write the patches in order, numbered within each series.
write_out() {
	local i patch part file series='' number

	shopt -s nullglob
	for ((i = 1; i <= ${#patches[@]}; i++)); do
		patch=${patches[i - 1]} part=$work/$i
		[[ ! -e $part/skip ]] || continue
		patch=${patch#patches/}
		[[ $series == "${patch%/*}" ]] || number=0
		series=${patch%/*}
		number=$((number + 1))
		[[ -d $out/$series ]] || mkdir -p "$out/$series"
		printf -v file '%s/%04d-%s' "$out/$series" "$number" "${patch##*/}"
		{
			cat "$part/mail"
			echo
			cat /dev/null "$part"/[0-9] "$part"/[0-9][0-9] "$part"/[0-9][0-9][0-9]
			echo '-- '
		} >"$file"
	done
}

patches=()
declare -A adds=()
prepare
for ((i = ${#patches[@]}; i > 0; i--)); do
	in_checkout "$work/$i" || continue
	take_back "$work/$i" "${patches[i - 1]}"
done
check_all_added
mkdir -p "$out"
write_out
