#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# The inner half of mutant_modules.sh; runs inside the lab's root.
#
#   compile_mutants.sh DIR KERNEL
#
# DIR is where compile_debug_kernel.sh has built the debug kernel. For each patch in
# lab/test/mutants, DIR/mutants/NAME holds a broken ttm.ko, or ttm.ko as it is and a broken
# radeon.ko, and the files "found-by" (a KUnit test), "igt" (a card, parameters of ttm.ko and an
# igt test) and "lab" (the same with a program of the guest). One of these is empty if only
# the others can find it. A patch with a line "Only: KERNEL" is for that kernel alone.
set -euo pipefail
# shellcheck source=fixed_path.sh
. "$(dirname "$0")/fixed_path.sh"

at_fixed_path kernel "$1"
dir=/run/kernel tree=/run/kernel/tree objects=/run/kernel/bare/objects
stamp="$(<"$dir/bare/stamp") $(cat "$0" /src/lab/test/mutants/* | sha256sum)"
[[ ! -e $dir/mutants/stamp || $(<"$dir/mutants/stamp") != "$stamp" ]] || exit 0
rm -rf "$dir/mutants" "$dir/mutants.tmp"
mkdir "$dir/mutants.tmp"

# Restore the kernel's tree at the end, also after an error.
restore() {
	git -C "$tree" checkout -q -- drivers/gpu/drm/ttm drivers/gpu/drm/radeon
}
trap restore EXIT

for mutant in /src/lab/test/mutants/*.patch; do
	only=$(sed -n 's/^Only: //p' "$mutant")
	[[ -z $only || $only == "$2" ]] || continue
	name=$(basename "$mutant" .patch)
	found_by=$(sed -n 's/^Found-by: //p' "$mutant")
	igt=$(sed -n 's/^Igt: //p' "$mutant")
	lab=$(sed -n 's/^Lab: //p' "$mutant")
	[[ $found_by == *.* || $igt == *@* || $lab == *' '*' '* ]] || {
		echo "error: $mutant does not say what finds it"
		exit 1
	}
	modules=(drivers/gpu/drm/ttm/ttm.ko)
	! grep -q '^+++ drivers/gpu/drm/radeon/' "$mutant" ||
		modules+=(drivers/gpu/drm/radeon/radeon.ko)
	git -C "$tree" apply -p0 "$mutant" || {
		echo "error: $mutant does not apply"
		exit 1
	}
	# The mutant only has to be loadable: modpost does not look for the symbols that it needs.
	make -s -C "$tree" O="$objects" ARCH=x86_64 LOCALVERSION= CONFIG_WERROR= \
		KBUILD_MODPOST_WARN=1 -j"$(nproc)" "${modules[@]}"
	mkdir "$dir/mutants.tmp/$name"
	for module in "${modules[@]}"; do
		strip --strip-debug -o "$dir/mutants.tmp/$name/${module##*/}" "$objects/$module"
	done
	echo "$found_by" | sed '/^$/d' >"$dir/mutants.tmp/$name/found-by"
	echo "$igt" | sed '/^$/d' >"$dir/mutants.tmp/$name/igt"
	echo "$lab" | sed '/^$/d' >"$dir/mutants.tmp/$name/lab"
	sed '/^$/q' "$mutant" | paste -sd' ' >"$dir/mutants.tmp/$name/what"
	restore
done
echo "$stamp" >"$dir/mutants.tmp/stamp"
mv "$dir/mutants.tmp" "$dir/mutants"
