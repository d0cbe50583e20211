#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# The debug kernels: small kernels from Debian's source with our changes, with the
# kernel's checkers and KUnit (debug.config). Their own TTM is ours.
#
#   KERNEL=6.12|7.3    for this one (both)
#   MACHINE=bare|xen   for this machine (both): a PV domain cannot run a kernel with KASAN
#
# Prints nothing when they are up to date. They are in the cache's build directory, from which boots
# with KERNEL=6.12-debug and 7.3-debug take them.
LAB_TAG=debug-kernel
# shellcheck source=../common.sh
. "$(dirname "$0")/../common.sh"

choose KERNEL '6.12 7.3' 6.12 7.3
choose MACHINE 'bare xen' bare xen

sub "$LAB_TOP/lab/image/make_image.sh"
make_cache_dir
name=$(build_name)
check_rights

# remove_old DIR: trees are large: remove those of checkouts that are gone, and links to them. A
# checkout may be made anew in the same place: it finds its tree for two weeks, if the disk has
# room.
remove_old() {
	local old owner room

	for old in "$LAB_CACHE"/build/debug-*; do
		[[ -d $old && $old != "$1" ]] || continue
		owner=$(cat "$old/checkout" 2>/dev/null) || owner=
		[[ ! -e $owner/lab/kernel/debug_kernel.sh ]] || continue
		room=$(df -Pm "$LAB_CACHE" | awk 'NR == 2 { print $4 }')
		((room < 10000)) ||
			[[ -z $(find "$old/checkout" -mtime -14 2>/dev/null) ]] || continue
		flock -n "$old.lock" true || continue
		remove_tree "$old"
		rm -f "$old".{lock,log}
	done
	find "$LAB_CACHE/build" -maxdepth 1 -name '*-debug-*' -xtype l -delete
}

# There is one tree for each checkout, also after a change of the image: make notices another
# compiler. Boots find it by the build's name.
tree=debug-$(sha256sum <<<"$LAB_TOP" | cut -c1-16)
for series in $KERNEL; do
	dir=$LAB_CACHE/build/$tree-$series
	log=$dir.log
	mkdir -p "$dir"
	ln -sfn "$tree-$series" "$LAB_CACHE/build/$name-debug-$series"
	lock_build "$dir.lock"
	echo "$LAB_TOP" >"$dir/checkout"
	for machine in $MACHINE; do
		if [[ ! -e $dir/$machine/stamp ]]; then
			remove_old "$dir"
			need_space 2000
		fi
		# compile_debug_kernel.sh checks whether there is anything to build.
		what="the debug kernel $series for MACHINE=$machine"
		show_progress "$log" "building $what (up to 8 minutes; log: $log)" 9>&- &
		notice=$!
		status=0
		sub "$LAB_TOP/lab/image/enter.sh" bash /src/lab/kernel/compile_debug_kernel.sh \
			"$series" "$machine" "/build/$tree-$series" >"$log" 2>&1 9>&- || status=$?
		kill "$notice" 2>/dev/null || true
		((status == 0)) || build_failed "$log" "$what could not be built"
	done
done
