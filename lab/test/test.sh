#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# make test: everything, unattended. Unit tests of the model, as they are and with
# sanitizers; short runs of the fuzzers; what a user can get wrong; boots of every
# machine, kernel and card, in which the guest runs the driver's own tests and ours;
# and mutations: boots with a fault in the model that a named test has to find.
#
#   ONLY=REGEX   run only the tests whose names match
#   JOBS=N       how many at a time (2)
#
# Each test has a directory in out/test. Ends with a line "N passed, N failed".
LAB_TAG=test LAB_DIE_STATUS=2
# shellcheck source=../common.sh
. "$(dirname "$0")/../common.sh"

OUT=$LAB_TOP/out/test
ONLY=${ONLY:-.}
JOBS=${JOBS:-2}
FUZZ_SECONDS=${FUZZ_SECONDS:-20}
export BUILD=no
boot=$LAB_TOP/lab/boot/boot.sh
enter=$LAB_TOP/lab/image/enter.sh

[[ $JOBS =~ ^[1-9][0-9]?$ ]] || die "JOBS=$JOBS is not a number from 1 to 99"
rm -rf "$OUT"
mkdir -p "$OUT" 2>/dev/null || die "cannot write to $OUT: make the checkout writable"
trap 'trap - TERM; kill 0' INT TERM HUP

"$LAB_TOP/lab/image/build.sh" || exit 2
make_cache_dir
build=/build/$(build_name)

# pass, fail NAME TEXT: the verdict on one test, counted by its file.
pass() {
	echo "$1 pass $2" >>"$OUT/verdicts"
	say "pass  $1: $2"
}
fail() {
	echo "$1 fail $2" >>"$OUT/verdicts"
	say "FAIL  $1: $2"
}

# job NAME COMMAND...: in the background, when there is a place for it, with its own
# directory as $dir.
job() {
	local name=$1 dir

	shift
	[[ $name =~ $ONLY ]] || return 0
	while (($(jobs -pr | wc -l) >= JOBS)); do wait -n || true; done
	dir=$OUT/$name
	mkdir -p "$dir"
	"$@" </dev/null &
}

# passes NAME COMMAND...: a test that is a command.
command_test() {
	local start=$SECONDS status=0

	"$@" >"$dir/log" 2>&1 || status=$?
	if ((status == 0)); then
		pass "$name" "$((SECONDS - start)) s"
	else
		fail "$name" "status $status: $(tail -n 3 "$dir/log" | tr '\n' ' '); see $dir/log"
	fi
}

# unit_tests KIND: every unit test of the model, one verdict each.
unit_tests() {
	local kind=$1 setup=() dir_in=$build status=0 line

	if [[ $kind == sanitized ]]; then
		dir_in=$build-sanitized
		setup=(-Db_sanitize=address,undefined -Db_lundef=false)
	fi
	"$enter" --out "$dir" --env ASAN_OPTIONS=detect_leaks=1 \
		--env UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 bash -c '
		set -e
		[[ -e $1/build.ninja ]] || meson setup "$1" /src/lab "${@:2}"
		meson test -C "$1" --num-processes 2
		' - "$dir_in" "${setup[@]}" >"$dir/log" 2>&1 || status=$?
	while read -r _ line _; do
		pass "$name.$line" "unit tests"
	done < <(grep -E '^ *[0-9]+/[0-9]+ .* OK ' "$dir/log")
	while read -r _ line _; do
		fail "$name.$line" "see $dir/log"
	done < <(grep -E '^ *[0-9]+/[0-9]+ .* (FAIL|TIMEOUT|ERROR|INTERRUPT) ' "$dir/log")
	if ((status)) && ! grep -qE '^Fail: *[1-9]' "$dir/log"; then
		fail "$name" "$(tail -n 2 "$dir/log" | tr '\n' ' '); see $dir/log"
	fi
}

# fuzz TARGET: for a short time, from an empty corpus.
fuzz() {
	local target=$1 dict=() status=0

	[[ ! -e $LAB_TOP/lab/model/fuzz/$target.dict ]] ||
		dict=("-dict=/src/lab/model/fuzz/$target.dict")
	"$enter" --out "$dir" "$build-fuzz/model/fuzz/fuzz_$target" \
		-max_total_time="$FUZZ_SECONDS" -timeout=10 -rss_limit_mb=2048 \
		-max_len=4096 -artifact_prefix=/out/ "${dict[@]}" >"$dir/log" 2>&1 || status=$?
	if ((status == 0)) && grep -q '^Done' "$dir/log"; then
		pass "$name" "$(grep '^Done' "$dir/log")"
	else
		fail "$name" "$(grep -E 'ERROR|SUMMARY' "$dir/log" | head -n 1); see $dir/log"
	fi
}

# build_fuzzers: with clang, whose runtime libFuzzer is.
build_fuzzers() {
	command_test "$enter" --out "$dir" --env CC=clang bash -c '
		[[ -e $1/build.ninja ]] || meson setup "$1" /src/lab -Dfuzz=true \
			-Db_sanitize=address,undefined -Db_lundef=false
		ninja -C "$1" $(ninja -C "$1" -t targets all |
			sed -n "s/^\(model\/fuzz\/fuzz_[a-z0-9_]*\): .*/\1/p")
		' - "$build-fuzz"
}

# machine_test MACHINE KERNEL CARD SCENARIO: a boot that has to be clean. Each result of the
# guest is a test, and so is the boot: its log, its end, the model.
machine_test() {
	local start=$SECONDS status=0 smp=2 test outcome text

	# Two emulated dom0s with two CPUs each on two real ones wait for each other's
	# locks: it takes almost twice as long.
	[[ $1 != xen ]] || smp=1
	SMP=$smp MACHINE=$1 KERNEL=$2 CARD=$3 RUN=$4 OUT=$dir "$boot" >"$dir/log" 2>&1 || status=$?
	[[ -e $dir/results.txt ]] || : >"$dir/results.txt"
	while read -r test outcome text; do
		case $outcome in
		pass) echo "$name/$test pass $text" >>"$OUT/verdicts" ;;
		skip) echo "$name/$test skip $text" >>"$OUT/verdicts" ;;
		*) fail "$name/$test" "$text" ;;
		esac
	done <"$dir/results.txt"
	if ((status < 2)) && [[ -e $dir/problems.txt && ! -s $dir/problems.txt ]]; then
		pass "$name" "$(grep -c ' pass ' "$dir/results.txt") results, $((SECONDS - start)) s"
	else
		fail "$name" "$(head -n 1 "$dir/problems.txt" 2>/dev/null || tail -n 1 "$dir/log"); see $dir"
	fi
}

# mutation MACHINE CARD SCENARIO MUTATION RESULT: the model has a fault; RESULT, and
# nothing before it, is what has to say so.
mutation() {
	local first

	MACHINE=$1 KERNEL=6.12 CARD=$2 RUN=$3 OUT=$dir MODEL_ARGS="--mutate $4" \
		LIMIT=240 "$boot" >"$dir/log" 2>&1 || true
	first=$(awk '$2 == "fail" { print $1; exit }' "$dir/results.txt" 2>/dev/null)
	if [[ $first =~ ^$2\.$5$ ]]; then
		pass "$name" "found by $first"
	else
		fail "$name" "not found by $5 but by '${first:-nothing}'; see $dir"
	fi
}

job fuzz.build build_fuzzers
job unit unit_tests plain
job unit-sanitized unit_tests sanitized
job bad-input "$LAB_TOP/lab/test/bad_input.sh" "$OUT/verdicts" "$OUT/bad-input"
wait

for card in rv370 rv100; do
	for machine in xen bare; do
		for kernel in 6.12 7.3; do
			job "$machine-$kernel-$card" machine_test "$machine" "$kernel" "$card" check
		done
	done
done
job bare-7.3-both machine_test bare 7.3 both moves

job mutation.gart-off-by-one-rv370 mutation bare rv370 gtt-move gart-off-by-one ring-test
job mutation.gart-off-by-one-rv100 mutation bare rv100 gtt-move gart-off-by-one ring-test
job mutation.gart-stale-rv370 mutation bare rv370 gtt-move gart-stale 'gtt-move(\..*)?'
job mutation.gart-stale-rv100 mutation bare rv100 gtt-move gart-stale 'gtt-move(\..*)?'
job mutation.gart-truncate mutation xen rv370 gtt-move gart-truncate ring-test
job mutation.irq-lost mutation bare rv370 fence-wait irq-lost fence-wait
job mutation.scanout-pitch mutation bare rv100 modeset scanout-pitch 'modeset\..*'

for target in vfio_user commands display; do
	job "fuzz.$target" fuzz "$target"
done
wait

# count OUTCOME
count() {
	grep -cE "^[^ ]+ $1( |\$)" "$OUT/verdicts" || true
}
if [[ ! -s $OUT/verdicts ]]; then
	die "no test matches ONLY=$ONLY"
fi
failed=$(count fail)
grep -E '^[^ ]+ fail' "$OUT/verdicts" | sed 's/^/  failed: /' || true
say "logs in $OUT"
skipped=$(count skip)
((skipped == 0)) || say "$skipped skipped"
echo "$(count pass) passed, $failed failed"
((failed == 0))
