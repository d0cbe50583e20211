#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# The inner half of check_kernel.sh series: checks that a maintainer (git am) and a packager (patch)
# can apply what series.sh has written; runs inside the lab's root.
#
#   check_series.sh KERNEL NAME TARBALL DIR
#
# /out/series-NAME has the series for the source TARBALL, with the deltas of KERNEL. They are
# applied and built in DIR/tree, which has that source.
set -euo pipefail
# shellcheck source=source.sh
. "$(dirname "$0")/source.sh"
# shellcheck source=check_build.sh
. "$(dirname "$0")/check_build.sh"
# shellcheck source=fixed_path.sh
. "$(dirname "$0")/fixed_path.sh"
# shellcheck source=findings.sh
. "$(dirname "$0")/findings.sh"

kernel=$1 name=$2 tarball=$3 dir=/run/bisect
written=/out/series-$name
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$4"
at_fixed_path bisect "$4"
tree=$dir/tree
mapfile -t patches < <(sed "s|^|$written/quilt/|" "$written/quilt/series")
count="${#patches[@]} patches"

# take FOLDER...: apply the patches of these folders by git am, with all context; print a line for
# each failure.
take() {
	local folder reason

	for folder; do
		if ! git -C "$tree" am -q --empty=drop --whitespace=error "$folder"/*.patch \
			>"$work/said" 2>&1; then
			reason=$(grep -m1 '^error: ' "$work/said" || head -n 1 "$work/said")
			echo "${folder##*/}: $reason"
			rm -rf "$tree/.git/rebase-apply"
			git -C "$tree" reset -q --hard
		fi
	done
}

# git_am: apply the fixes for TTM alone, and then all series.
git_am() {
	git -C "$tree" checkout -q -B alone base
	take "$written/2-ttm-fixes"
	git -C "$tree" checkout -q -B all base
	take "$written"/[1-9]-*
}

# no_fuzz: patch(1) applies all without fuzz, and the result is that of git am.
no_fuzz() {
	local patch path

	mkdir "$work/files"
	sed -nE 's,^(---|\+\+\+) [ab]/,,p' "${patches[@]}" | sort -u >"$work/paths"
	git -C "$tree" ls-tree -r --name-only base | grep -xFf "$work/paths" |
		xargs git -C "$tree" archive base -- | tar -x -C "$work/files"
	for patch in "${patches[@]}"; do
		patch -s -f -p1 --fuzz=0 -d "$work/files" <"$patch" >"$work/said" 2>&1 ||
			echo "${patch##*/}: $(head -n 1 "$work/said")"
	done
	find "$work/files" -name '*.orig' -delete
	while IFS= read -r path; do
		git -C "$tree" show "all:$path" 2>/dev/null | cmp -s - "$work/files/$path" ||
			echo "$path: patch leaves another file than git am"
	done <"$work/paths"
}

# compile: build the tree with all series.
compile() {
	git -C "$tree" checkout -q all
	(build_tree "$kernel" "$dir") >"/out/series-build-$name-make.log" 2>&1 &
	wait $! || first_error "/out/series-build-$name-make.log"
}

# checkpatch: run checkpatch.pl on the patches of all series.
checkpatch() {
	run_checkpatch "$tree" "${patches[@]}"
}

prepare_tree "$tarball" "$dir"
for check in git-am no-fuzz compile checkpatch; do
	echo "progress $check"
	"${check//-/_}" >"$work/findings"
	findings "series-$check" "/out/series-$check-$name.log" "$count" <"$work/findings"
done
