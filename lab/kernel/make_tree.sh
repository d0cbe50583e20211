#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# The inner half of tree.sh; runs inside the lab's root.
#
#   make_tree.sh KERNEL DIR
set -euo pipefail
# shellcheck source=source.sh
. "$(dirname "$0")/source.sh"

kernel=$1 dir=$2
stamp="$(source_version "$kernel") $(changes "$kernel")"
[[ ! -e $dir/.git/made || $(<"$dir/.git/made") != "$stamp" ]] || exit 0
find "$dir" -mindepth 1 -delete
extract_source "$kernel" "$dir"
apply_changes "$kernel" "$dir"
echo "$stamp" >"$dir/.git/made"
git -C "$dir" log --oneline base..
