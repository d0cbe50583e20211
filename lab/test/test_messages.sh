#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# messages.sh finds a message that no source has, and accepts those that a source has.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd -P)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# expect STATUS PATTERN LINE...: a document of these lines has this outcome.
expect() {
	local status=0 pattern=$2 wanted=$1

	shift 2
	printf '%s\n' "$@" >"$work/document.md"
	"$here/messages.sh" "$work/document.md" >"$work/log" 2>&1 || status=$?
	((status == wanted)) && grep -qE "$pattern" "$work/log" && return
	echo "status $status, expected $wanted and '$pattern', for: $*; $(tail -n 1 "$work/log")"
	exit 1
}

good='### `cannot write to <directory>: set XDG_CACHE_HOME`'
expect 0 '^1 messages$' "$good"
expect 0 '^1 messages$' \
	'### `CARD=<name> is unknown: choose <cards>, or different cards with commas`'
expect 0 '^1 messages$' '### `ended after <n> s of silence; the guest last printed: <line>`'
expect 1 ':2: no source has the message: cannot write to the moon$' "$good" \
	'### `cannot write to the moon`'
expect 1 ':1: no source' '### `set XDG_CACHE_HOME to a<x>cannot write to`'
expect 1 ':1: no source' '### `cannot write to <directory>: set XDG_CACHE_HOM_E`'
expect 1 'there is no message in it' '# A title' '`cannot write to`'
echo "messages are found and missed"
