#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# A kernel from a maintainer's own tree, for boots bare and under Xen. The tree is never changed;
# uncommitted changes are built too. A second run compiles only what has changed.
#
#   KERNEL_SRC=DIR           a kernel's source, a git tree or not, from 6.12 on
#   POOL=stock|fixes|new     (stock) as it is; with the fixes of series 1 and 2; with all series. A
#                            tree that has the pool of our series is built as it is; patches that
#                            it has are not applied again
#
# In these kernels TTM is the kernel's own. They have the options of kernel.config, without the
# debug kernels' checkers.
LAB_TAG=kernel
# shellcheck source=../common.sh
. "$(dirname "$0")/../common.sh"

# tree_version DIR: VERSION.PATCHLEVEL of a kernel that the lab can boot.
tree_version() {
	local dir=$1 version

	version=$(sed -nE 's/^(VERSION|PATCHLEVEL) = ([0-9]+)$/\2/p' "$dir/Makefile" 2>/dev/null |
		head -n 2 | paste -sd.)
	[[ $version == *.* && -e $dir/Kbuild && -e $dir/drivers/gpu/drm/radeon/Makefile ]] ||
		die "KERNEL_SRC=$dir is not a kernel's source: name the directory that has its Makefile"
	((10#${version%.*} * 1000 + 10#${version#*.} >= 6012)) ||
		die "KERNEL_SRC=$dir is Linux $version: the lab needs 6.12 or later"
	echo "$version"
}

# remove_old: remove builds of trees that are gone, and builds that were not used for two weeks.
remove_old() {
	local old source

	for old in "$LAB_CACHE"/build/*-src-*/; do
		old=${old%/}
		[[ -e $old/source ]] || continue
		source=$(<"$old/source")
		[[ ! -d $source || -n $(find "$old/source" -mtime +14) ]] || continue
		flock -n "$old.lock" true || continue
		remove_tree "$old"
		rm -f "$old".{lock,log}
	done
}

[[ -n ${KERNEL_SRC:-} ]] || die "KERNEL_SRC is empty: name a kernel's source"
choose POOL stock stock fixes new
version=$(tree_version "$KERNEL_SRC")
sub "$LAB_TOP/lab/image/make_image.sh"
make_cache_dir
check_rights
source=$(cd "$KERNEL_SRC" && pwd -P)
name=$(build_name)-$(source_kernel_name)
dir=$LAB_CACHE/build/$name
log=$dir.log
mkdir -p "$dir"
lock_build "$dir.lock"
if [[ ! -e $dir/out ]]; then
	remove_old
	need_space 2000
fi
echo "$source" >"$dir/source"
: >"$log"
show_progress "$log" \
	"building Linux $version of $source, POOL=$POOL (up to 5 minutes; log: $log)" 9>&- &
notice=$!
trap 'kill "$notice" 2>/dev/null || true' EXIT
if ! sub "$LAB_TOP/lab/image/enter.sh" --source "$source" \
	bash /src/lab/kernel/compile_source_kernel.sh "$POOL" "$version" "/build/$name" \
	>"$log" 2>&1 9>&-; then
	error=$(grep -m1 -E '^error: |: error: |: undefined reference|\*\*\* ' "$log") ||
		build_failed "$log" "KERNEL_SRC=$KERNEL_SRC could not be built"
	die "KERNEL_SRC=$KERNEL_SRC: ${error#error: }; log: $log"
fi
sed -nE '/^(warning: |the tree |[0-9]+ of [0-9]+ patches )/p' "$log" |
	while IFS= read -r line; do say "$line"; done
warnings=$(grep -cE '^[^ ]+:[0-9]+:[0-9]+: warning: ' "$log") || true
((warnings == 0)) || say "$warnings warnings of the compiler: see $log"
