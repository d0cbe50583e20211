# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# Tests that do not boot a scenario: a function row_TEST for each, and needs_TEST if it needs a
# build. Sourced by run_row.sh, which sets
#
#   row, dir   the row, and the directory for its files
#   kernel     its kernel, or "-"
#   build      the build directory, inside the lab's root
#
# The output of a function goes to the row's log.
# shellcheck disable=SC2154

in_lab() {
	sub "$LAB_TOP/lab/image/enter.sh" "$@"
}

# result_script SCRIPT: run a script whose results are the row's. It ends with 0 even if some
# results are failures. Another status means that the script has failed and that results are
# missing.
result_script() {
	sub "$LAB_TOP/lab/test/$1" "$dir" ||
		result "$1" fail "it broke off with status $?; see $dir/log"
	verdict_of_results
}

# check_command COMMAND...: the row passes if the command succeeds.
check_command() {
	if sub "$@"; then
		verdict pass "$(tail -n 1 "$dir/log" | cut -c1-100)"
	else
		verdict fail "$(last_error); see $dir/log"
	fi
}

# meson_tests BUILD: every unit test of a build is a result.
meson_tests() {
	local name outcome seconds status=0

	in_lab --out "$dir" --env ASAN_OPTIONS=detect_leaks=1 \
		--env UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 \
		bash -c 'status=0
			cd "$1"
			rm -f meson-logs/testlog.json
			meson test --no-rebuild --num-processes 2 --print-errorlogs || status=$?
			jq -r "[.name, .result, .duration] | @tsv" meson-logs/testlog.json \
				>/out/tests
			exit "$status"' - "$1" || status=$?
	while read -r name outcome seconds; do
		case $outcome in
		OK) result "$name" pass "${seconds::5} s" ;;
		SKIP) result "$name" skip ;;
		*) result "$name" fail "$outcome after ${seconds::5} s" ;;
		esac
	done <"$dir/tests"
	((status == 0)) || (($(count_results fail))) ||
		result meson fail "it ended with status $status; see $dir/log"
	verdict_of_results
}

needs_unit() {
	echo programs
}

row_unit() {
	meson_tests "$build"
}

needs_unit-sanitized() {
	echo sanitized
}

row_unit-sanitized() {
	meson_tests "$build-sanitized"
}

needs_fuzz() {
	echo fuzz
}

row_fuzz() {
	local target=${row#fuzz-} dict=()

	[[ ! -e $LAB_TOP/lab/model/fuzz/$target.dict ]] ||
		dict=("-dict=/src/lab/model/fuzz/$target.dict")
	if in_lab --out "$dir" "$build-fuzz/model/fuzz/fuzz_$target" \
		-max_total_time="${FUZZ_SECONDS:-20}" -timeout=10 -rss_limit_mb=2048 \
		-max_len=4096 -artifact_prefix=/out/ "${dict[@]}" &&
		grep -q '^Done' "$dir/log"; then
		verdict pass "$(grep '^Done' "$dir/log")"
	else
		verdict fail "$(grep -E 'ERROR|SUMMARY' "$dir/log" | head -n 1); see $dir/log"
	fi
}

row_style() {
	local findings=$dir/findings.txt

	if sub "$LAB_TOP/lab/test/style.sh" >"$findings"; then
		verdict pass "no findings"
	else
		verdict fail "$(wc -l <"$findings") findings, first $(head -n 1 "$findings");" \
			"see $findings"
	fi
}

row_style-finds() {
	check_command "$LAB_TOP/lab/test/test_style.sh"
}

row_messages() {
	check_command "$LAB_TOP/lab/test/messages.sh"
}

row_messages-finds() {
	check_command "$LAB_TOP/lab/test/test_messages.sh"
}

row_compose() {
	check_command "$LAB_TOP/lab/test/test_compose.sh"
}

# .shellcheckrc has the checks that are turned off.
row_shellcheck() {
	local scripts line

	mapfile -t scripts < <(cd "$LAB_TOP" &&
		git -c safe.directory='*' ls-files --cached --others --exclude-standard |
		while IFS= read -r file; do
			[[ -f $file && $file != *.patch ]] || continue
			line=$(head -c 32 "$file" | tr -d '\0' | head -n 1)
			[[ $file != *.sh && $line != '#!'*sh ]] || echo "$file"
		done)
	if in_lab bash -c 'cd /src && printf "%s\n" "$@" | xargs -n 8 -P 2 shellcheck -f gcc' - \
		"${scripts[@]}"; then
		verdict pass "${#scripts[@]} scripts"
	else
		verdict fail "$(grep -c ': .*\[SC[0-9]*\]$' "$dir/log") findings" \
			"in ${#scripts[@]} scripts; see $dir/log"
	fi
}

row_test-list() {
	check_command "$LAB_TOP/lab/test/check_list.sh" "$dir"
}

row_runner() {
	result_script test_runner.sh
}

row_bad-input() {
	result_script bad_input.sh
}

needs_bad-boot() {
	echo modules-6.12
	echo initrd-6.12
}

row_bad-boot() {
	result_script bad_boot.sh
}

row_load-driver() {
	check_command "$LAB_TOP/lab/image/enter.sh" bash /src/packaging/test/test_load.sh
}

row_tools() {
	check_command "$LAB_TOP/lab/image/enter.sh" bash /src/packaging/test/test_tools.sh
}

row_bench-table() {
	result_script bench_table.sh
}

row_bench-scale() {
	sub "$LAB_TOP/bench/run_scale.sh" "$dir" || (($? == 1)) ||
		result bench-scale fail "it broke off; see $dir/log"
	verdict_of_results
}

row_chunk-tests() {
	result_script chunk_tests.sh
}

row_igt-report() {
	result_script igt_report.sh
}

needs_modules() {
	echo "modules-$2"
}

# The build is done, and a failure of it is the row's.
row_modules() {
	verdict pass "built"
}

# A commit for each patch, and no file outside of these commits.
row_tree() {
	local tree=$dir/tree want have git=(git -c safe.directory='*' -C "$dir/tree")

	mkdir "$tree"
	if ! KERNEL=$kernel OUT=$tree sub "$LAB_TOP/lab/kernel/tree.sh"; then
		verdict fail "$(last_error); see $dir/log"
		return
	fi
	sub "$LAB_TOP/lab/kernel/compose.sh" "$kernel" "$dir/patches"
	want=$(find "$dir/patches" -name '*.patch' | wc -l)
	have=$("${git[@]}" rev-list --count base..)
	if ((have == want)) && [[ -z $("${git[@]}" status --porcelain --ignored) ]]; then
		verdict pass "$have commits"
		rm -rf "$tree"
	else
		verdict fail "$have commits instead of $want, or files that are in none; see $tree"
	fi
}

# kernel_check WHAT: a check of lab/kernel/check_kernel.sh.
kernel_check() {
	if KERNEL=$kernel FILES=ours OUT=$dir sub "$LAB_TOP/lab/kernel/check_kernel.sh" "$1"; then
		verdict pass "$(grep -c 'pass ' "$dir/log") checks"
	else
		verdict fail "$(last_error); see $dir/log"
	fi
}

needs_check-patches() {
	echo "modules-$2"
}

row_check-patches() {
	kernel_check patches
}

row_check-bisect() {
	kernel_check bisect
}

row_check-series() {
	kernel_check series
}

row_check-tree() {
	kernel_check tree
}

# Without a scenario the boot gives a shell, which takes commands.
needs_shell() {
	echo modules-6.12
	echo initrd-6.12
}

# type_at_shell: type commands as a user does, each after the console's answer.
type_at_shell() {
	local i

	for ((i = 0; i < 3000; i++)); do
		! grep -q 'exit ends the machine' "$dir/console.log" 2>/dev/null || break
		sleep 0.1
	done
	sleep 2
	# The guest's shell expands it, so the terminal's echo of this line is not a match.
	echo 'modprobe radeon && echo card-$((6 * 7))'
	for ((i = 0; i < 900; i++)); do
		! grep -q 'card-42' "$dir/console.log" || break
		sleep 0.1
	done
	echo exit
}

row_shell() {
	local status=0

	MACHINE=bare KERNEL=6.12 OUT=$dir BUILD=no \
		sub "$LAB_TOP/lab/boot/boot.sh" < <(type_at_shell) || status=$?
	if ((status == 0)) && grep -q 'card-42' "$dir/console.log"; then
		verdict pass "the shell has answered"
	else
		verdict fail "status $status: $(tail -n 1 "$dir/log"); see $dir"
	fi
}

# None of igt's own tests may get worse. Each boot had one card.
row_igt-worse() {
	local bad both stock ours verdicts

	both=$(word_of "$row" after)
	stock=$dir/../${both%,*} ours=$dir/../${both#*,}
	for verdicts in "$stock"/*-igt/verdicts.txt "$ours"/*-igt/verdicts.txt; do
		if [[ ! -s $verdicts ]]; then
			verdict fail "no results to compare: $verdicts is missing or empty"
			return
		fi
	done
	if bad=$(awk -f "$LAB_TOP/lab/test/igt_worse.awk" "$stock"/*-igt/verdicts.txt \
		"$ours"/*-igt/verdicts.txt); then
		verdict pass "none of $(cat "$ours"/*-igt/verdicts.txt | wc -l) is worse"
	else
		verdict fail "$(paste -sd";" <<<"$bad")"
	fi
}
