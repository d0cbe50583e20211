#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# The inner half of modules.sh; runs inside the lab's root.
#
#   compile.sh SERIES DIR CACHE
#
# DIR/out holds rttm.ko, radeon.ko and "depends", the modules that they need. DIR/tree
# is what they are built from: git changes only files in it whose content has changed,
# so make compiles only those again.
set -euo pipefail
# shellcheck source=source.sh
. "$(dirname "$0")/source.sh"

series=$1 dir=$2 cache=$3
release=$(<"/boot/lab/version-$series")
stamp="$release $(source_version "$series") $(changes "$series") $(cat /src/lab/kernel/{compile.sh,source.sh,kbuild/*} | sha256sum)"
[[ ! -e $dir/stamp || $(<"$dir/stamp") != "$stamp" ]] || exit 0
# If this fails, nobody shall take the old modules for the new.
rm -rf "$dir/out" "$dir/stamp"
mkdir -p "$dir"

# Our modules' part of the kernel, and any file that a patch changes.
mapfile -t paths < <({
	printf '%s\n' drivers/gpu/drm/{ttm,radeon} include/drm/ttm \
		drivers/gpu/drm/drm_gem_ttm_helper.c include/drm/drm_gem_ttm_helper.h
	sed -nE 's|^--- a/||p' "/src/patches/$series"/*.patch |
		grep -vE '^(drivers/gpu/drm|include/drm)/(ttm|radeon)/|^(drivers/gpu|include)/drm/drm_gem_ttm_helper\.'
} | sort -u)
base=$cache/linux-$series-$( (source_version "$series"; cat /src/lab/kernel/source.sh; printf '%s\n' "${paths[@]}") |
	sha256sum | cut -c1-16)
# Shared by all checkouts; the others wait until we have taken what we need.
exec 8>"$cache/linux-$series.lock"
flock 8
if [[ ! -e $base ]]; then
	rm -rf "$cache/linux-$series-"*
	work=$(mktemp -d "$cache/linux-$series-tmp.XXXXXX")
	echo "extracting ${#paths[@]} files and directories of linux-source-$series"
	extract_source "$series" "$work" "${paths[@]}"
	mv "$work" "$base"
fi

# rename_ttm TREE: what makes our TTM one of its own beside the kernel's. Its exported
# symbols, and those of what radeon uses of drm_ttm_helper, get other names by a header
# that is included first everywhere.
rename_ttm() {
	local kbuild=/src/lab/kernel/kbuild drm=$1/drivers/gpu/drm

	{
		echo '/* Made from the EXPORT_SYMBOL()s: the names of our TTM beside the kernel'\''s. */'
		sed -nE 's/^EXPORT_SYMBOL(_GPL|_FOR_TESTS_ONLY)?\((\w+)\);.*/#define \2 r\2/p' \
			"$drm"/ttm/*.c "$drm"/drm_gem_ttm_helper.c | sort -u
	} >"$1/rename.h"
	# debugfs has room for one directory of a name.
	sed -i 's/debugfs_create_dir("ttm", NULL)/debugfs_create_dir(KBUILD_MODNAME, NULL)/' \
		"$drm/ttm/ttm_device.c"
	grep -q 'debugfs_create_dir(KBUILD_MODNAME, NULL)' "$drm/ttm/ttm_device.c" || {
		echo "error: ttm_device.c no longer makes its debugfs directory as expected"
		return 1
	}
	cp "$kbuild/Kbuild" "$drm/Kbuild"
	cp "$kbuild/Kbuild.ttm" "$drm/ttm/Kbuild"
	cp "$kbuild/Kbuild.radeon" "$drm/radeon/Kbuild"
	git -C "$1" add -A -f
	git -C "$1" commit -q -m 'Modules of their own beside the kernel'\''s'
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
git clone -q "$base" "$work/tree"
flock -u 8
apply_changes "$series" "$work/tree"
rename_ttm "$work/tree"
[[ -d $dir/tree/.git ]] || git init -q "$dir/tree"
git -C "$dir/tree" fetch -q --no-tags "$work/tree" HEAD
git -C "$dir/tree" reset -q --hard FETCH_HEAD

# Debug information makes the modules many times as large; BTF is made from it. No
# warning is let pass (W=e).
make -C "/usr/lib/modules/$release/build" M="$dir/tree/drivers/gpu/drm" \
	POOL_TREE="$dir/tree" KCFLAGS=-g0 CONFIG_DEBUG_INFO_BTF_MODULES= W=e -j"$(nproc)" modules

mkdir "$dir/out.tmp"
cp "$dir"/tree/drivers/gpu/drm/{ttm/rttm,radeon/radeon}.ko "$dir/out.tmp"
depends=$(modinfo -F depends "$dir"/out.tmp/*.ko | tr , '\n' | sort -u)
if grep -qxE 'ttm|drm_ttm_helper' <<<"$depends"; then
	echo 'error: the modules still need the kernel'\''s ttm or drm_ttm_helper'
	exit 1
fi
grep -vx rttm <<<"$depends" >"$dir/out.tmp/depends"
mv "$dir/out.tmp" "$dir/out"
echo "$stamp" >"$dir/stamp"
