# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# The directories of our modules, with our changes, as external modules for Debian's kernel; inside
# the lab's root. Sourced, after source.sh.
# shellcheck disable=SC2154 # module_dirs

# clone_stock KERNEL CACHE DIR: a repository of that part as it is in Debian's source:
# our modules' directories and any file that a patch changes.
clone_stock() {
	local kernel=$1 cache=$2 dir=$3 files paths base work

	files=$(patched_files "$kernel")
	mapfile -t paths < <({
		printf '%s\n' "${module_dirs[@]}" \
			drivers/gpu/drm/drm_gem_ttm_helper.c include/drm/drm_gem_ttm_helper.h
		grep -vE "$(in_module_dirs)" <<<"$files"
	} | sort -u)
	base=$( (source_version "$kernel"; declare -f extract_source; printf '%s\n' "${paths[@]}") |
		sha256sum | cut -c1-16)
	base=$cache/linux-$kernel-$base
	# Shared by all checkouts; the others wait until we have copied what we need.
	exec 8>"$cache/linux-$kernel.lock"
	flock 8
	if [[ ! -e $base ]]; then
		rm -rf "$cache/linux-$kernel-"*
		work=$(mktemp -d "$cache/linux-$kernel-tmp.XXXXXX")
		echo "extracting ${#paths[@]} files and directories of linux-source-$kernel"
		extract_source "$kernel" "$work" "${paths[@]}"
		mv "$work" "$base"
	fi
	git clone -q "$base" "$dir"
	exec 8>&-
}

# rename_ttm TREE: make our TTM a module that can be loaded beside the kernel's. A header that is
# included first everywhere renames its exported symbols, and those of the part of drm_ttm_helper
# that radeon uses.
rename_ttm() {
	local kbuild=/src/lab/kernel/kbuild drm=$1/drivers/gpu/drm

	/src/lab/kernel/rename_symbols.sh "$1" >"$1/rename.h" || return 1
	cp "$kbuild/Kbuild" "$1/drivers/Kbuild"
	cp "$kbuild/Kbuild.ttm" "$drm/ttm/Kbuild"
	cp "$kbuild/Kbuild.radeon" "$drm/radeon/Kbuild"
	cp "$kbuild/Kbuild.xen" "$1/drivers/xen/Kbuild"
	git -C "$1" add -A -f
	git -C "$1" commit -q -m 'Modules of their own beside the kernel'\''s'
}

# take_tree FROM DIR: check out the HEAD of FROM in DIR. git changes only files in
# it whose content has changed, so make compiles only those again.
take_tree() {
	[[ -d $2/.git ]] || git init -q "$2"
	git -C "$2" fetch -q --no-tags "$1" HEAD
	git -C "$2" reset -q --hard FETCH_HEAD
}

# make_modules SERIES TREE [VARIABLE]...: build a tree of take_tree. There is no debug information,
# which makes the modules many times as large, and no BTF, which is made from it. Warnings are
# errors (W=e).
make_modules() {
	local release

	release=$(<"/boot/lab/version-$1")
	make -C "/usr/lib/modules/$release/build" M="$2/drivers" \
		POOL_TREE="$2" KCFLAGS=-g0 CONFIG_DEBUG_INFO_BTF_MODULES= W=e -j"$(nproc)" \
		"${@:3}" modules
}

# modules_depend TREE: print the modules that ours need, except for each other. The kernel's TTM
# must not be one.
modules_depend() {
	local depends

	depends=$(modinfo -F depends "$1"/drivers/gpu/drm/{ttm/rttm,radeon/radeon}.ko |
		tr , '\n' | sort -u)
	if grep -qxE 'ttm|drm_ttm_helper' <<<"$depends"; then
		echo 'error: the modules still need the kernel'\''s ttm or drm_ttm_helper' >&2
		return 1
	fi
	grep -vx rttm <<<"$depends"
}
