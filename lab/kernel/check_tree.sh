#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# The inner half of check_kernel.sh tree: compiles every file of the whole kernel that uses TTM,
# with our changes; runs inside the lab's root.
#
#   check_tree.sh KERNEL DIR CACHE
#
# DIR/tree is the kernel, with the object files of earlier runs. git writes only files
# whose content has changed, so make recompiles only the objects that depend on these.
set -euo pipefail
# shellcheck source=source.sh
. "$(dirname "$0")/source.sh"
# shellcheck source=external.sh
. "$(dirname "$0")/external.sh"
# shellcheck source=findings.sh
. "$(dirname "$0")/findings.sh"
# shellcheck source=fixed_path.sh
. "$(dirname "$0")/fixed_path.sh"

kernel=$1 dir=/run/tree cache=$3
mkdir -p "$2"
at_fixed_path tree "$2"
tree=$dir/tree
log=/out/tree-$kernel-make.log
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# take_changes: make one commit on base with our new files and patches, in another directory.
take_changes() {
	local index=$tree/.git/next commit

	clone_stock "$kernel" "$cache" "$work/ours"
	apply_changes "$kernel" "$work/ours"
	git -C "$work/ours" diff --binary --full-index base HEAD >"$work/changes"
	GIT_INDEX_FILE=$index git -C "$tree" read-tree base
	GIT_INDEX_FILE=$index git -C "$tree" apply --cached --allow-empty --whitespace=nowarn \
		"$work/changes"
	commit=$(git -C "$tree" commit-tree -p base -m 'The DMA-aware page pool' \
		"$(GIT_INDEX_FILE=$index git -C "$tree" write-tree)")
	git -C "$tree" reset -q --hard "$commit"
}

# configure: turn on all drivers that this machine can compile, and KUnit's tests, without options
# that make compiling slow and find no change of an interface.
configure() {
	local option

	{
		echo CONFIG_DEBUG_INFO_NONE=y
		for option in GCC_PLUGINS KASAN KCSAN KMSAN KCOV UBSAN GCOV_KERNEL \
			MODVERSIONS RUST SAMPLES; do
			echo "# CONFIG_$option is not set"
		done
	} >"$work/config"
	KCONFIG_ALLCONFIG=$work/config make -s -C "$tree" allmodconfig
}

if [[ ! -e $dir/version || $(<"$dir/version") != "$(source_version "$kernel")" ]]; then
	find "$dir" -mindepth 1 -delete
	extract_source "$kernel" "$tree"
	source_version "$kernel" >"$dir/version"
fi
{
	take_changes
	configure
} >&2

# users: print the files that use TTM, and the provider of the pool device, without files that
# another file includes. Those of amdkfd are parts of amdgpu.
users() {
	cd "$tree"
	grep -rHE --include='*.c' '^#include ".*\.c"' drivers/gpu/drm |
		sed -nE 's|^(.*)/[^/]+\.c:#include "(.*)"$|\1/\2|p' >"$work/included"
	grep -rlE --include='*.c' \
		'ttm_(bo|tt|pool|device|resource)|drm/ttm/|drm_gem_(vram|ttm)_helper\.h' \
		drivers/gpu/drm drivers/accel drivers/xen | grep -vxFf "$work/included" |
		sed 's/c$/o/; s|/amd/amdkfd/|/amd/amdgpu/../amdkfd/|' | sort
}

mapfile -t objects < <(users)
# Warnings are errors (W=e). Otherwise the next run, which finds the file compiled, would not
# report them.
make -C "$tree" -k -j"$(nproc)" W=e "${objects[@]}" >"$log" 2>&1 || true

for object in "${objects[@]}"; do
	[[ ! -e $tree/$object ]] || echo "${object#drivers/}"
done >"$work/compiled"
text="$(wc -l <"$work/compiled") files: $(
	sed -E 's|^gpu/drm/||; s|^amd/||; s|/.*||' "$work/compiled" |
	grep -v '\.o$' | sort | uniq -c | awk '{ printf "%s%s %s", (NR > 1 ? ", " : ""), $2, $1 }')"
{
	grep -E '^[^ ]+:[0-9]+:([0-9]+:)? (fatal )?error: |^make.*\*\*\* ' "$log" |
		grep -v 'No rule to make target' || true
	for driver in gpu/drm/{ttm,ttm/tests,radeon,amd/amdgpu,nouveau,qxl,vmwgfx,i915,xe} xen; do
		grep -q "^$driver/" "$work/compiled" || echo "no file of $driver was compiled"
	done
} | findings tree "/out/tree-$kernel.log" "$text"
