#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# The inner half of modules.sh; runs inside the lab's root.
#
#   compile_modules.sh SERIES DIR CACHE
#
# DIR/out holds rttm.ko, radeon.ko, xen-ttm-pool.ko and "depends", the modules that they
# need. DIR/tree is what they are built from.
set -euo pipefail
# shellcheck source=source.sh
. "$(dirname "$0")/source.sh"
# shellcheck source=external.sh
. "$(dirname "$0")/external.sh"
# shellcheck source=fixed_path.sh
. "$(dirname "$0")/fixed_path.sh"

series=$1 dir=/run/modules cache=$3
mkdir -p "$2"
at_fixed_path modules "$2"
release=$(<"/boot/lab/version-$series")
stamp="$release $(source_version "$series") $(changes "$series") $(
	cd /src/lab/kernel
	cat {compile_modules,external,fixed_path,rename_symbols}.sh kbuild/* | sha256sum
)"
[[ ! -e $dir/stamp || $(<"$dir/stamp") != "$stamp" ]] || exit 0
# If this fails, the old modules must not be used as the new ones.
rm -rf "$dir/out" "$dir/stamp"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
clone_stock "$series" "$cache" "$work/tree"
apply_changes "$series" "$work/tree"
rename_ttm "$work/tree"
take_tree "$work/tree" "$dir/tree"
make_modules "$series" "$dir/tree"

rm -rf "$dir/out.tmp"
mkdir "$dir/out.tmp"
# Paths are absolute or relative, depending on the kernel.
(cd "$dir/tree/drivers" && sed 's/o$/ko/' modules.order | xargs -d '\n' cp -t "$dir/out.tmp")
modules_depend "$dir/tree" >"$dir/out.tmp/depends"
mv "$dir/out.tmp" "$dir/out"
echo "$stamp" >"$dir/stamp"
