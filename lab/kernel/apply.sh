# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# Applies the patches that compose.sh has written to a git repository. Sourced.

# apply_series TREE PATCHES SERIES KERNEL [OPTION]...: a commit for each patch of a series, and a
# tag with its name for the last one. With the option --skip-applied a patch that the tree already
# has is left out, with a line that says so; other options are passed to git am. An error is one
# line on standard error.
apply_series() {
	local tree=$1 series=$2/$3 name=$3 kernel=$4 skip='' next state patch

	shift 4
	if [[ ${1-} == --skip-applied ]]; then
		skip=y
		shift
	fi
	state=$(git -C "$tree" rev-parse --absolute-git-dir)/rebase-apply
	set -- -q --whitespace=error "$@" "$series"/*.patch
	while ! git -C "$tree" am "$@" >"$series/messages" 2>&1; do
		next=$(cat "$state/next" 2>/dev/null || echo 1)
		patch=$(find "$series" -name '*.patch' | sort | sed -n "${next}p")
		if [[ -z $skip ]] || ! git -C "$tree" apply -R --check "$patch" 2>/dev/null; then
			patch=patches/$name/${patch##*/[0-9][0-9][0-9][0-9]-}
			explain_failure "$series/messages" "$patch" "$kernel"
			return 1
		fi
		echo "left out, as the tree has it already: $name/${patch##*/[0-9][0-9][0-9][0-9]-}"
		set -- --skip
	done
	git -C "$tree" tag "$name"
}

# explain_failure MESSAGES PATCH KERNEL: print which part of a patch does not apply, from git's
# messages.
explain_failure() {
	local messages=$1 patch=$2 kernel=$3 reason

	reason=$(awk -F: '
		/^error: patch failed: / { print "the hunk at line " $4 " of" $3; found = 1; exit }
		/^(error|fatal): / && other == "" { other = $0; sub(/^[a-z]+: /, "", other) }
		END { if (!found) print other }' "$messages")
	echo "error: $patch does not apply to kernel $kernel: ${reason:-see $messages}" >&2
}
