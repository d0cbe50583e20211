#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# The inner half of check_kernel.sh bisect: our modules build, as modules.sh builds them, after
# our new files and after each patch; runs inside the lab's root.
#
#   check_bisect.sh SERIES DIR CACHE
#
# DIR/tree is what is built; each step compiles only what it changes.
set -euo pipefail
# shellcheck source=source.sh
. "$(dirname "$0")/source.sh"
# shellcheck source=external.sh
. "$(dirname "$0")/external.sh"
# shellcheck source=findings.sh
. "$(dirname "$0")/findings.sh"
# shellcheck source=fixed_path.sh
. "$(dirname "$0")/fixed_path.sh"

series=$1 dir=/run/modules cache=$3
mkdir -p "$2"
at_fixed_path modules "$2"
log=/out/bisect-$series-make.log
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

clone_stock "$series" "$cache" "$work/tree" >&2
apply_changes "$series" "$work/tree" >&2
mapfile -t steps < <(git -C "$work/tree" rev-list --reverse base..HEAD)
: >"$log"
for step in "${steps[@]}"; do
	subject=$(git -C "$work/tree" log -1 --format=%s "$step")
	# In the background, as a shell whose status is asked for at once goes on after
	# an error.
	(
		echo "=== $subject"
		git -C "$work/tree" checkout -q "$step"
		rename_ttm "$work/tree"
		take_tree "$work/tree" "$dir/tree"
		make_modules "$series" "$dir/tree"
		modules_depend "$dir/tree" >/dev/null
	) >"$work/log" 2>&1 &
	wait $! || echo "after '$subject': $(grep -m1 -E 'error:|ERROR|\*\*\*' "$work/log" || tail -n 1 "$work/log")"
	cat "$work/log" >>"$log"
done >"$work/findings"
findings bisect "/out/bisect-$series.log" "$( ((${#steps[@]} == 1)) && echo "1 step" || echo "${#steps[@]} steps")" <"$work/findings"
