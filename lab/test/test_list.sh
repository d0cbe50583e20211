# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# Reads lab/test/tests.list, and tells what its rows are and need. Sourced after common.sh.

# shellcheck source=../cards.sh
. "$LAB_TOP/lab/cards.sh"
# shellcheck source=row_kinds.sh
. "$LAB_TOP/lab/test/row_kinds.sh"

TIERS=(check test full)

# The rows in their order, and their columns by name; tests by name.
rows=()
declare -A row_tier=() row_machine=() row_kernel=() row_card=() row_test=() row_words=()
tests=()
declare -A test_about=() test_paths=() test_set=() test_elsewhere=() test_source=()

# is_scenario NAME
is_scenario() {
	[[ -e $LAB_TOP/lab/guest/scenarios/$1.sh ]]
}

# bad_line TEXT: refuse the list for the line that is being read.
bad_line() {
	die "$list_file:$list_line: $*"
}

# add_paths SET-OR-TEST PATH...: to the array element that is named, with sets in place of @NAME.
add_paths() {
	local -n paths_of=$1
	local name=$2 path

	for path in "${@:3}"; do
		if [[ $path == @* ]]; then
			[[ -n ${test_set[${path#@}]:-} ]] || bad_line "there is no set '$path'"
			path=${test_set[${path#@}]}
		elif [[ ! -e $LAB_TOP/$path ]]; then
			bad_line "there is no file '$path'"
		fi
		# shellcheck disable=SC2004 # an associative array
		paths_of[$name]+=" $path"
	done
}

# check_word ROW WORD: refuse a word that the list's head does not name.
check_word() {
	local after

	case $2 in
	lab.[a-z]*=* | model=sanitized | fault=?* | found-by=?*) ;;
	arg=?*) ;;
	'POOL='* | 'POOL_DEVICE='* | 'SECOND_DISPLAY='* | 'LIMIT='* | 'SILENCE='* | 'MEMORY='*) ;;
	'DOM0='* | 'DOM0_MEMORY='* | 'IOMMU='*) ;;
	after=?*)
		after=${2#after=}
		for after in ${after//,/ }; do
			[[ -n ${row_tier[$after]:-} ]] ||
				bad_line "row '$1' is to run after '$after', which is no row above it"
		done ;;
	*) bad_line "row '$1': '$2' is unknown" ;;
	esac
}

# add_row NAME TIER MACHINE KERNEL CARD TEST [WORD]...: Sets rows, row_tier, row_machine,
# row_kernel, row_card, row_test and row_words, and adds to valid_cards of read_list.
add_row() {
	local word

	(($# >= 6)) || bad_line "'$*' is no row: a row has NAME TIER MACHINE KERNEL CARD TEST"
	[[ $1 =~ ^[a-z][a-z0-9._-]*$ ]] || bad_line "'$1' is no name: use a-z, 0-9, '.', '_', '-'"
	[[ ! $1 =~ ^(build\..*|verdicts|junit\.xml|times)$ ]] ||
		bad_line "row '$1': out/test has another file of that name"
	[[ -z ${row_tier[$1]:-} ]] || bad_line "there are two rows '$1'"
	[[ " ${TIERS[*]} " == *" $2 "* ]] || bad_line "row '$1': there is no tier '$2'"
	[[ -n ${test_about[$6]:-} ]] || bad_line "row '$1': no line above describes the test '$6'"
	if [[ $3 == - ]]; then
		declare -F "row_$6" >/dev/null ||
			bad_line "row '$1': the test '$6' needs a machine, or a function row_$6"
		[[ $4 =~ ^(-|6\.12(\.y)?|7\.3)$ && $5 == - ]] ||
			bad_line "row '$1': '$4 $5' means nothing there"
	else
		is_scenario "$6" || bad_line "row '$1': there is no scenario '$6'"
		[[ $3 =~ ^(bare|xen)$ ]] || bad_line "row '$1': there is no machine '$3'"
		[[ $4 =~ ^(6\.12|7\.3)(-debug)?$ ]] || bad_line "row '$1': there is no kernel '$4'"
		# A subshell for each row would take most of the time that reading the list takes.
		[[ " $valid_cards " == *" $5 "* ]] || (choose_cards "$5") 2>/dev/null ||
			bad_line "row '$1': there is no card '$5'"
		valid_cards+=" $5"
	fi
	for word in "${@:7}"; do
		check_word "$1" "$word"
	done
	rows+=("$1")
	row_tier[$1]=$2 row_machine[$1]=$3 row_kernel[$1]=$4 row_card[$1]=$5 row_test[$1]=$6
	row_words[$1]=${*:7}
}

# read_list [FILE]: all of the list, or an error that names the line. Sets rows, row_tier,
# row_machine, row_kernel, row_card, row_test, row_words, tests, test_about, test_paths, test_set,
# test_elsewhere and test_source.
read_list() {
	local list_file=${1:-$LAB_TOP/lab/test/tests.list} list_line=0 line words name pool
	local valid_cards=

	rows=() row_tier=() row_machine=() row_kernel=() row_card=() row_test=() row_words=()
	tests=() test_about=() test_paths=() test_set=() test_elsewhere=() test_source=()
	while IFS= read -r line || [[ $line ]]; do
		list_line=$((list_line + 1))
		while [[ $line == *\\ ]]; do
			IFS= read -r name || bad_line "the last line is continued"
			line=${line%\\}$name
			list_line=$((list_line + 1))
		done
		[[ $line && $line != \#* ]] || continue
		read -ra words <<<"$line"
		name=${words[1]:-}
		name=${name%:}
		[[ $name ]] || bad_line "there is nothing after '${words[0]}'"
		case ${words[0]} in
		test)
			[[ -z ${test_about[$name]:-} ]] || bad_line "the test '$name' is described twice"
			tests+=("$name")
			test_about[$name]=${line#*: } ;;
		touches)
			[[ -n ${test_about[$name]:-} ]] || bad_line "no line above describes '$name'"
			add_paths test_paths "$name" "${words[@]:2}" ;;
		source)
			[[ -n ${test_about[$name]:-} ]] || bad_line "no line above describes '$name'"
			for pool in "${words[@]:2}"; do
				[[ $pool =~ ^(stock|fixes|new)$ ]] || bad_line "there is no pool '$pool'"
			done
			test_source[$name]=${line#*: } ;;
		set) add_paths test_set "$name" "${words[@]:2}" ;;
		elsewhere)
			is_scenario "$name" || bad_line "there is no scenario '$name'"
			test_elsewhere[$name]=${line#*: } ;;
		*) add_row "${words[@]}" ;;
		esac
	done <"$list_file"
	for name in "${tests[@]}"; do
		[[ -n ${test_paths[$name]:-} ]] || bad_line "nothing says what the test '$name' touches"
	done
}

# word_of ROW KEY: the value that the row gives to KEY.
word_of() {
	local word

	for word in ${row_words[$1]}; do
		[[ $word != "$2="* ]] || echo "${word#*=}"
	done
}

# tier_has TIER ROW: does a run of that tier have the row?
tier_has() {
	local tier

	for tier in "${TIERS[@]}"; do
		[[ ${row_tier[$2]} != "$tier" ]] || return 0
		[[ $tier != "$1" ]] || return 1
	done
}

# takes_source ROW: can the row boot a kernel of KERNEL_SRC, with $POOL, in place of 7.3?
takes_source() {
	[[ ${row_machine[$1]} != - && ${row_kernel[$1]} == 7.3 && -z $(word_of "$1" POOL) &&
		" ${test_source[${row_test[$1]}]:-} " == *" $POOL "* ]]
}

# row_boots ROW FILE: is that file the row's scenario?
row_boots() {
	[[ ${row_machine[$1]} != - && $2 == "lab/guest/scenarios/${row_test[$1]}.sh" ]]
}

# row_touches ROW FILE: does the row depend on that file? Its scenario does not count.
row_touches() {
	local test=${row_test[$1]} path

	for path in ${test_paths[$test]}; do
		[[ $path != . && $2 != "$path" && $2 != "$path"/* ]] || return 0
	done
	return 1
}

# needs ROW: what has to be built for it, a name each: see run_build.sh.
needs() {
	local row=$1 kernel=${row_kernel[$1]} test=${row_test[$1]} initrd
	local scenario=$LAB_TOP/lab/guest/scenarios/$test.sh

	if [[ ${row_machine[$row]} == - ]]; then
		declare -F "needs_$test" >/dev/null && "needs_$test" "$row" "$kernel"
		return 0
	fi
	initrd=initrd-$kernel
	[[ -z ${KERNEL_SRC:-} ]] || initrd=initrd-$(source_kernel_name)
	case ${KERNEL_SRC:+src}$kernel in
	src*) ;;
	*-debug)
		initrd+=-${row_machine[$row]}
		[[ $test != *mutants ]] || echo "mutants-${kernel%-debug}"
		echo "debug-${kernel%-debug}-${row_machine[$row]}" ;;
	*) [[ $(word_of "$row" POOL) == stock ]] || echo "modules-$kernel" ;;
	esac
	! grep -qx '# needs: igt' "$scenario" || initrd+=-igt
	sed -n "s/^# needs: disk=/disk-/p" "$scenario"
	[[ $(word_of "$row" model) != sanitized ]] || echo sanitized
	echo "$initrd"
}
