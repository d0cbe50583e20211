#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# The inner half of tree.sh; runs inside the lab's root.
#
#   make_tree.sh SERIES DIR
set -euo pipefail
# shellcheck source=source.sh
. "$(dirname "$0")/source.sh"

series=$1 dir=$2
document=/src/Documentation/ttm-pool-device.rst
stamp="$(source_version "$series") $(changes "$series") $(sha256sum <"$document")"
[[ ! -e $dir/.git/made || $(<"$dir/.git/made") != "$stamp" ]] || exit 0
find "$dir" -mindepth 1 -delete
extract_source "$series" "$dir"
apply_changes "$series" "$dir"
# Where the comments say that it is.
cp "$document" "$dir/Documentation/gpu"
git -C "$dir" add -A -f
git -C "$dir" commit -q -m 'Documentation/gpu: Specify the pool device'
echo "$stamp" >"$dir/.git/made"
git -C "$dir" log --oneline base..
