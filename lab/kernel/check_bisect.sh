#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# The inner half of check_kernel.sh bisect: TTM, its KUnit tests, radeon and Xen's provider build
# without a warning after each patch of all series, and the fixes for TTM build without those for
# radeon; runs inside the lab's root.
#
#   check_bisect.sh KERNEL DIR
#
# DIR/tree is the tree that is built; each step compiles only its changes. A tree that an earlier
# run has built is not built again: the file bisect-passed-KERNEL beside DIR lists these trees.
set -euo pipefail
# shellcheck source=source.sh
. "$(dirname "$0")/source.sh"
# shellcheck source=check_build.sh
. "$(dirname "$0")/check_build.sh"
# shellcheck source=fixed_path.sh
. "$(dirname "$0")/fixed_path.sh"
# shellcheck source=findings.sh
. "$(dirname "$0")/findings.sh"

kernel=$1 dir=/run/bisect
log=/out/bisect-$kernel-make.log
passed=$(dirname "$2")/bisect-passed-$kernel
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$2"
at_fixed_path bisect "$2"

# Besides the tree, the result of a build depends on these.
builder=$(
	cd "$(dirname "$0")"
	{ gcc --version; cat own_kernel.sh check_build.sh kernel.config; } | sha256sum
)

# try_build WHERE: build the tree as it is; a failure is a line.
try_build() {
	local where=$1 key

	key="$(git -C "$dir/tree" rev-parse 'HEAD^{tree}') ${builder%% *}"
	! grep -qsxF "$key" "$passed" || return 0
	# In the background: set -e has no effect in a subshell whose status is tested directly.
	(
		echo "=== $where"
		build_tree "$kernel" "$dir"
	) >"$work/log" 2>&1 &
	if wait $!; then
		echo "$key" >>"$passed"
	else
		echo "$where: $(first_error "$work/log")" >>"$work/findings"
	fi
	cat "$work/log" >>"$log"
}

prepare_tree "/usr/src/linux-source-$kernel.tar.xz" "$dir"
: >"$log"
: >"$work/findings"
git -C "$dir/tree" checkout -q -B alone base
apply_changes "$kernel" "$dir/tree" 2-ttm-fixes 2>>"$work/findings" || {
	rm -rf "$dir/tree/.git/rebase-apply"
	git -C "$dir/tree" reset -q --hard
}
git -C "$dir/tree" tag -d 2-ttm-fixes >/dev/null 2>&1 || true
git -C "$dir/tree" checkout -q -B all base
apply_changes "$kernel" "$dir/tree" >&2
mapfile -t steps < <(git -C "$dir/tree" rev-list --reverse base..all)
number=0
for step in "${steps[@]}"; do
	number=$((number + 1))
	subject=$(git -C "$dir/tree" log -1 --format=%s "$step")
	echo "progress $number of ${#steps[@]}: $subject"
	git -C "$dir/tree" checkout -q "$step"
	try_build "after '$subject'"
done
echo 'progress the fixes for TTM alone'
git -C "$dir/tree" checkout -q alone
try_build 'after 2-ttm-fixes alone'
findings bisect "/out/bisect-$kernel.log" "${#steps[@]} patches, and 2-ttm-fixes alone" \
	<"$work/findings"
