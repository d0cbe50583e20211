# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# Selects the rows of lab/test/tests.list for a run, by the variables that runner.sh explains.
# Sourced after test_list.sh.
# shellcheck disable=SC2154

# changed_files REV: print the files that have changed since that commit, NUL-terminated. The
# checkout may be a folder of a larger repository.
changed_files() {
	local git=(git -c safe.directory='*' -C "$LAB_TOP")

	"${git[@]}" rev-parse --quiet --verify "$1^{commit}" >/dev/null 2>&1 ||
		die "CHANGED=$1 is no commit of this checkout: give a name or a hash that git log knows"
	"${git[@]}" diff -z --name-only --no-renames --relative "$1" --
	"${git[@]}" ls-files -z --others --exclude-standard
}

declare -A boots_scenario=()

# is_changed ROW FILE...: does the row depend on one of these files? If only a scenario has changed,
# this is true for its first row of each machine. Sets boots_scenario.
is_changed() {
	local row=$1 file own="${row_test[$1]} ${row_machine[$1]}"

	shift
	for file; do
		! row_touches "$row" "$file" || return 0
	done
	for file; do
		if row_boots "$row" "$file" && [[ -z ${boots_scenario[$own]:-} ]]; then
			boots_scenario[$own]=$row
			return 0
		fi
	done
	return 1
}

# select_rows: select the rows; refuse variables that select none. Sets selected and KERNEL_SRC.
select_rows() {
	local row status=0 files=() after chosen_by tier
	local -A chosen=() others=()

	choose TIER test "${TIERS[@]}"
	choose MACHINE '' bare xen
	choose KERNEL '' 6.12 7.3
	if [[ -n ${KERNEL_SRC:-} ]]; then
		[[ ${KERNEL:-7.3} == 7.3 ]] ||
			die "KERNEL=$KERNEL and KERNEL_SRC=$KERNEL_SRC exclude each other: leave one out"
		[[ -d $KERNEL_SRC ]] ||
			die "KERNEL_SRC=$KERNEL_SRC is not a directory: name a kernel's source"
		KERNEL_SRC=$(cd "$KERNEL_SRC" && pwd -P)
		choose POOL stock stock fixes new
		export POOL
	elif [[ -n ${POOL:-} ]]; then
		die "POOL=$POOL means nothing without KERNEL_SRC: each row says which pool it has"
	fi
	: "${ONLY:=.}"
	# shellcheck disable=SC2319 # 2, if it cannot be compiled
	[[ "" =~ $ONLY ]] || status=$?
	((status < 2)) || die "ONLY=$ONLY is no regular expression: see regex(7)"
	if [[ -n ${CHANGED:-} ]]; then
		mapfile -d "" -t files < <(changed_files "$CHANGED")
		wait $! || exit 2
		((${#files[@]})) || die "nothing has changed since CHANGED=$CHANGED: there is nothing to test"
	fi
	for row in "${rows[@]}"; do
		[[ $row =~ $ONLY && ${row_machine[$row]} == *$MACHINE* &&
			${row_kernel[$row]} == "$KERNEL"* ]] || continue
		[[ -z ${KERNEL_SRC:-} ]] || takes_source "$row" || continue
		if ! tier_has "$TIER" "$row"; then
			others[${row_tier[$row]}]=$((${others[${row_tier[$row]}]:-0} + 1))
			continue
		fi
		[[ -z ${CHANGED:-} ]] || is_changed "$row" "${files[@]}" || continue
		chosen[$row]=y
		for after in $(word_of "$row" after | tr , ' '); do
			chosen[$after]=y
		done
	done
	if ((${#chosen[@]} == 0)); then
		chosen_by="ONLY=$ONLY${MACHINE:+, MACHINE=$MACHINE}${KERNEL:+, KERNEL=$KERNEL}"
		chosen_by+=${CHANGED:+, CHANGED=$CHANGED}${KERNEL_SRC:+, KERNEL_SRC with POOL=$POOL}
		for tier in "${TIERS[@]}"; do
			[[ -z ${others[$tier]:-} ]] ||
				die "no row of TIER=$TIER matches $chosen_by: ${others[$tier]} of TIER=$tier do"
		done
		die "no row matches $chosen_by: the rows are in lab/test/tests.list"
	fi
	selected=()
	for row in "${rows[@]}"; do
		[[ -z ${chosen[$row]:-} ]] || selected+=("$row")
	done
}
