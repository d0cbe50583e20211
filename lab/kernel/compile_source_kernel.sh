#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# The inner half of source_kernel.sh; runs inside the lab's root.
#
#   compile_source_kernel.sh stock|fixes|new SERIES DIR
#
# /run/source is the tree that KERNEL_SRC names, read-only; an overlay above it holds our changes.
# DIR/patched has the files that our patches change, and DIR/objects the objects. DIR/out has the
# kernel as vmlinux, its release as "version", and the file "pool": stock, fixes or new.
# DIR/modules.cpio has all of its modules and the guest's own.
set -euo pipefail
# shellcheck source=fixed_path.sh
. "$(dirname "$0")/fixed_path.sh"
# shellcheck source=own_kernel.sh
. "$(dirname "$0")/own_kernel.sh"
# shellcheck source=../image/guest_parts.sh
. /src/lab/image/guest_parts.sh

mkdir -p "$3"/{tree,objects,patched}
at_fixed_path kernel "$3"
pool=$1 series=$2 dir=/run/kernel
source=/run/source tree=$dir/tree objects=$dir/objects
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export GIT_CEILING_DIRECTORIES=$work GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1

# has_pool: is the pool of our series in the tree?
has_pool() {
	[[ -e $source/drivers/gpu/drm/ttm/ttm_chunk.c ]]
}

# paths_in PATCH...: the paths that patches name, old and new.
paths_in() {
	sed -nE 's,^(---|\+\+\+) [ab]/([^\t]*).*,\2,p' "$@" | sort -u
}

# patch_files PATCH...: copy the files that the patches name to $work/files and apply all patches
# there. Patches that the tree has already are reverted first, from the last to the first, so that
# the others find the files they were made for.
patch_files() {
	local path patch i present=0 error

	mkdir "$work/files"
	while IFS= read -r path; do
		[[ ! -e $source/$path ]] || (cd "$source" && cp --parents "$path" "$work/files")
	done < <(paths_in "$@")
	cd "$work/files"
	for ((i = $#; i > 0; i--)); do
		patch=${!i}
		! git apply -R "$patch" 2>/dev/null || present=$((present + 1))
	done
	for patch; do
		error=$(git apply "${context[@]}" "$patch" 2>&1) && continue
		path=$(sed -nE 's/^error: patch failed: (.*):([0-9]+)$/the hunk at line \2 of \1/p;
			T; q' <<<"$error")
		echo "error: POOL=$pool: patches/${patch#"$work/patches/"} does not apply:" \
			"${path:-$(head -n 1 <<<"$error")}"
		return 1
	done
	cd /
	echo "$present of $# patches are in the tree, $(($# - present)) are applied"
}

# update_patched PATCH...: copy the files of $work/files that differ from the tree to DIR/patched.
# A file is written only if its content changes: make compares times. A file that the patches no
# longer change stays, with the tree's content.
update_patched() {
	local path wanted

	while IFS= read -r path; do
		wanted=$source/$path
		[[ ! -e $work/files/$path ]] || wanted=$work/files/$path
		if [[ -e $dir/patched/$path ]]; then
			cmp -s "$wanted" "$dir/patched/$path" && continue
		else
			[[ -e $wanted ]] && cmp -s "$wanted" "$source/$path" && continue
		fi
		rm -f "$dir/patched/$path"
		[[ -e $wanted ]] || continue
		mkdir -p "$dir/patched/${path%/*}"
		cp "$wanted" "$dir/patched/$path"
	done < <({
		(cd "$dir/patched" && find . -type f | sed 's|^\./||')
		(($# == 0)) || paths_in "$@"
	} | sort -u)
}

# mount_tree: the maintainer's files with ours above them. Objects that were built in the tree
# itself are hidden: make would refuse such a tree.
mount_tree() {
	local options=lowerdir=$dir/patched:$source

	mkdir -p /run/overlay/{upper,work}
	options+=,upperdir=/run/overlay/upper,workdir=/run/overlay/work
	busybox mount -t overlay -o "$options" overlay "$tree" || {
		echo 'error: this machine has no overlay file system: load the module overlay'
		return 1
	}
	[[ -e $source/.config || -e $source/include/config ||
		-e $source/arch/x86/include/generated ]] || return 0
	make -s -C "$tree" ARCH=x86_64 mrproper
}

# The nearest kernel that our patches are kept for. In another kernel the context of a change may
# differ.
variant=7.3 context=()
case $series in
7.3) ;;
6.*) variant=6.12 context=(-C1) ;;
*) context=(-C1) ;;
esac

patches=()
if has_pool; then
	echo "the tree has the pool of our series: it is built as it is"
	pool=new
elif [[ $pool != stock ]]; then
	/src/lab/kernel/compose.sh "$variant" "$work/patches"
	mapfile -t patches < <(find "$work/patches" -name '*.patch' | sort |
		if [[ $pool == fixes ]]; then grep -E '/[12]-[^/]*/[^/]*$'; else cat; fi)
	patch_files "${patches[@]}"
fi
update_patched "${patches[@]}"
mount_tree

marks=(src)
! grep -q RADEON_KUNIT "$tree/drivers/gpu/drm/radeon/Kconfig" || marks+=(fixes)
! grep -q XEN_TTM_POOL "$tree/drivers/xen/Kconfig" || marks+=(pool)
config_lines /src/lab/kernel/kernel.config "${marks[@]}" >"$work/config"
config_lines /src/lab/kernel/kernel.config "${marks[@]}" 6.12 7.3 |
	grep -vxFf "$work/config" >"$work/optional" || true
configure_kernel "$tree" "$objects" "$work/config" "$work/optional"
# In depend mode ccache does not see the files that .incbin includes.
(unset CCACHE_DEPEND; make_kernel "$tree" "$objects" vmlinux modules)

stamp="$pool $(cd /src/lab/guest && cat {radeon_unregister,edu_dma,raw_export}/* "$0" | sha256sum)"
if [[ -e $dir/out/stamp && $(<"$dir/out/stamp") == "$stamp" &&
	-z $(find "$objects" \( -name vmlinux -o -name '*.ko' \) -newer "$dir/out/stamp") ]]; then
	exit 0
fi
rm -rf "$dir/out.tmp"
mkdir "$dir/out.tmp" "$work/modules"
install_kernel "$tree" "$objects" "$work/modules"
mv "$work/modules/version" "$dir/out.tmp"
strip --strip-all -o "$dir/out.tmp/vmlinux" "$objects/vmlinux"
version=$(<"$dir/out.tmp/version")
for module in radeon_unregister edu_dma raw_export; do
	build_guest_module "$module" "$work/modules/usr/lib/lab/modules/$version" \
		"$tree" O="$objects" ARCH=x86_64 LOCALVERSION= ||
		echo "warning: lab/guest/$module does not compile: its scenarios will fail"
done
pack "$work/modules" "$dir/modules.cpio"
echo "$pool" >"$dir/out.tmp/pool"
echo "$stamp" >"$dir/out.tmp/stamp"
rm -rf "$dir/out"
mv "$dir/out.tmp" "$dir/out"
