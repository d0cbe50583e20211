#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# make test, make test-full: everything, unattended. Unit tests of the model, as they are and with
# sanitizers; short runs of the fuzzers; what a user can get wrong; boots of every
# machine, kernel and card, in which the guest runs the driver's own tests and ours;
# and faults: boots with a fault in the model that a named test has to find.
#
#   ONLY=REGEX   run only the tests whose names match
#   JOBS=N       how many at a time (2)
#   LISTS=full   all of igt's tests instead of the short list, igt's own on both pools, the pool
#                device on every machine, and faults in the pool that tests of igt's have to find,
#                on a debug kernel
#
# Each test has a directory in out/test. Ends with a line "N passed, N failed".
LAB_TAG=test LAB_DIE_STATUS=2
# shellcheck source=../common.sh
. "$(dirname "$0")/../common.sh"

OUT=$LAB_TOP/out/test
ONLY=${ONLY:-.}
JOBS=${JOBS:-2}
LISTS=${LISTS:-short}
FUZZ_SECONDS=${FUZZ_SECONDS:-20}
export BUILD=no
boot=$LAB_TOP/lab/boot/boot.sh
enter=$LAB_TOP/lab/image/enter.sh

[[ $LISTS == short || $LISTS == full ]] || die "LISTS=$LISTS is unknown: choose short|full"
[[ $JOBS =~ ^[1-9][0-9]?$ ]] || die "JOBS=$JOBS is not a number from 1 to 99"
rm -rf "$OUT"
mkdir -p "$OUT" 2>/dev/null || die "cannot write to $OUT: make the checkout writable"
trap 'trap - TERM; kill 0' INT TERM HUP

"$LAB_TOP/lab/image/build_lab.sh" || exit 2
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
# directory as $dir. A test that breaks off has failed: it may not have said so.
job() {
	local name=$1 dir

	shift
	[[ $name =~ $ONLY ]] || return 0
	while (($(jobs -pr | wc -l) >= JOBS)); do wait -n || true; done
	dir=$OUT/$name
	mkdir -p "$dir"
	(
		trap 'status=$?; ((status == 0)) || fail "$name" "the test broke off with status $status"' EXIT
		"$@"
	) </dev/null &
}

# build_variant NAME TARGETS COMPILER OPTION...: another build of the same sources, of the
# targets that match. Not subject to ONLY: other tests need it, and it is quick.
build_variant() {
	local name=build.$1 targets=$2 compiler=$3 dir=$OUT/build.$1 status=0

	mkdir -p "$dir"
	"$enter" --out "$dir" --env CC="$compiler" bash -c '
		set -e
		[[ -e $1/build.ninja ]] || meson setup "$1" /src/lab "${@:3}"
		# The list of targets is of the last configuration.
		ninja -C "$1" build.ninja
		ninja -C "$1" $(ninja -C "$1" -t targets all | sed -nE "s#^($2): .*#\1#p")
		' - "$build-$1" "$targets" -Db_sanitize=address,undefined -Db_lundef=false "${@:4}" \
		>"$dir/log" 2>&1 </dev/null || status=$?
	((status == 0)) || die "the $1 build failed: $(grep -m1 -E 'error|ERROR' "$dir/log"); see $dir/log"
}

# unit_tests BUILD: every unit test of the model, one verdict each.
unit_tests() {
	local status=0 line

	"$enter" --out "$dir" --env ASAN_OPTIONS=detect_leaks=1 \
		--env UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 \
		meson test -C "$1" --num-processes 2 >"$dir/log" 2>&1 || status=$?
	while read -r _ line _; do
		pass "$name.$line" "unit tests"
	done < <(grep -E '^ *[0-9]+/[0-9]+ .* OK ' "$dir/log")
	while read -r _ line _; do
		fail "$name.$line" "see $dir/log"
	done < <(grep -E '^ *[0-9]+/[0-9]+ .* (FAIL|TIMEOUT|ERROR|INTERRUPT) ' "$dir/log")
	if ! grep -qE '^Ok: *[1-9]' "$dir/log" ||
		{ ((status)) && ! grep -qE '^Fail: *[1-9]' "$dir/log"; }; then
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

# modules_test KERNEL: the patches apply and our modules build without a warning.
modules_test() {
	local start=$SECONDS

	if KERNEL=$1 "$LAB_TOP/lab/kernel/modules.sh" >"$dir/log" 2>&1; then
		pass "$name" "$((SECONDS - start)) s"
	else
		fail "$name" "$(grep -m1 -i error "$dir/log"); see $dir/log"
	fi
}

# tree_test KERNEL: the tree for maintainers has a commit for each patch, and nothing that is none.
tree_test() {
	local start=$SECONDS tree=$dir/tree want have

	mkdir -p "$tree"
	if ! KERNEL=$1 OUT=$tree "$LAB_TOP/lab/kernel/tree.sh" >"$dir/log" 2>&1; then
		fail "$name" "$(grep -m1 -i error "$dir/log"); see $dir/log"
		return
	fi
	"$LAB_TOP/lab/kernel/compose.sh" "$1" "$dir/patches"
	want=$(ls "$dir/patches"/*/*.patch | wc -l)
	have=$(git -c safe.directory='*' -C "$tree" rev-list --count base..)
	if ((have == want)) && [[ -z $(git -c safe.directory='*' -C "$tree" status --porcelain --ignored) ]]; then
		pass "$name" "$have commits, $((SECONDS - start)) s"
		rm -rf "$tree"
	else
		fail "$name" "$have commits instead of $want, or files that are in none; see $tree"
	fi
}

# check_patches_test KERNEL: what a reviewer's scripts find in our patches and new files.
check_patches_test() {
	local start=$SECONDS

	if KERNEL=$1 FILES=ours OUT=$dir "$LAB_TOP/lab/kernel/check_kernel.sh" patches >"$dir/log" 2>&1; then
		pass "$name" "$(grep -c 'pass ' "$dir/log") checks, $((SECONDS - start)) s"
	else
		fail "$name" "$(grep -m1 -E 'FAIL|error' "$dir/log"); see $dir/log"
	fi
}

# run_boot: a boot by the variables that are set, into $dir. Once more if the emulator has
# failed: with a thread for each CPU, QEMU now and then runs a breakpoint that the kernel's text
# patching has taken away again, and a kernel dies of that before it starts init.
run_boot() {
	local status=0

	OUT=$dir "$boot" >"$dir/log" 2>&1 || status=$?
	if ((status)) && grep -q 'Oops: int3' "$dir/kernel.log" 2>/dev/null &&
		! grep -q 'Run /init' "$dir/kernel.log"; then
		say "again $name: the emulator has run a breakpoint that was gone; see $dir/kernel.log.int3"
		mv "$dir/kernel.log" "$dir/kernel.log.int3"
		status=0
		OUT=$dir "$boot" >"$dir/log" 2>&1 || status=$?
	fi
	return "$status"
}

# machine_test MACHINE KERNEL CARD SCENARIO: a boot that has to be clean. Each result of the
# guest is a test, and so is the boot: its log, its end, the model.
machine_test() {
	local start=$SECONDS status=0 test outcome text

	MACHINE=$1 KERNEL=$2 CARD=$3 RUN=$4 run_boot || status=$?
	[[ -e $dir/results.txt ]] || : >"$dir/results.txt"
	while read -r test outcome text; do
		case $outcome in
		pass) echo "$name/$test pass $text" >>"$OUT/verdicts" ;;
		skip) echo "$name/$test skip $text" >>"$OUT/verdicts" ;;
		*) fail "$name/$test" "$text" ;;
		esac
	done <"$dir/results.txt"
	if ((status < 2)) && [[ -e $dir/problems.txt && ! -s $dir/problems.txt ]] &&
		grep -q ' pass ' "$dir/results.txt"; then
		pass "$name" "$(grep -c ' pass ' "$dir/results.txt") results, $((SECONDS - start)) s"
	else
		fail "$name" "$(cat "$dir/log" "$dir/problems.txt" 2>/dev/null | tail -n 1); see $dir"
	fi
}

# igt_test MACHINE KERNEL CARD LIST: igt's tests; each is a test.
igt_test() {
	GUEST_ARGS="lab.igt_list=$4" machine_test "$1" "$2" "$3" igt
}

# igt_worse NAME: no test of igt's own may get worse: both pools' results are there.
igt_worse() {
	local bad

	bad=$(awk '
	FNR == NR { stock[$1] = $2; next }
	($1 in stock) && stock[$1] ~ /^(Pass|Skip)$/ && $3 == "worse" { print $1 " " $2 }' \
		"$OUT/igt-generic-stock-$1"/*-igt/verdicts.txt "$OUT/igt-generic-$1"/*-igt/verdicts.txt 2>&1) ||
		bad="no results to compare: $bad"
	if [[ -z $bad ]]; then
		pass "$name" "none of $(wc -l <"$(echo "$OUT/igt-generic-$1"/*-igt/verdicts.txt)")"
	else
		fail "$name" "$(paste -sd' ' <<<"$bad")"
	fi
}

# igt_fault MACHINE CARD MUTATION TEST: the model gets a fault that a test of igt's finds.
igt_fault() {
	GUEST_ARGS="lab.fault=$3 lab.igt_test=$4" machine_test "$1" 6.12 "$2" igt-fault
}

# shell_test: without a scenario the boot gives a shell, which takes commands.
shell_test() {
	local start=$SECONDS status=0

	{
		for ((i = 0; i < 900; i++)); do
			! grep -q 'exit ends the machine' "$dir/console.log" 2>/dev/null || break
			sleep 0.1
		done
		sleep 2
		echo 'modprobe radeon && echo card-$((6 * 7))'
		for ((i = 0; i < 300; i++)); do
			! grep -q 'card-42' "$dir/console.log" || break
			sleep 0.1
		done
		echo exit
	} | MACHINE=bare OUT=$dir "$boot" >"$dir/log" 2>&1 || status=$?
	if ((status == 0)) && grep -q 'card-42' "$dir/console.log"; then
		pass "$name" "$((SECONDS - start)) s"
	else
		fail "$name" "status $status: $(tail -n 1 "$dir/log"); see $dir"
	fi
}

# fault MACHINE CARD SCENARIO MUTATION RESULT: the model has a fault; RESULT, and
# nothing before it, is what has to say so.
fault() {
	local first

	MACHINE=$1 KERNEL=6.12 CARD=$2 RUN=$3 MODEL_ARGS="--fault $4" LIMIT=240 run_boot || true
	first=$(awk '$2 == "fail" { print $1; exit }' "$dir/results.txt" 2>/dev/null)
	if [[ $first =~ ^$2\.$5$ ]]; then
		pass "$name" "found by $first"
	else
		fail "$name" "not found by $5 but by '${first:-nothing}'; see $dir"
	fi
}

say "building the model with sanitizers, and its fuzzers"
build_variant sanitized 'model/(radeon|pool-device)-model|[a-z]*/.*test[-_][a-z0-9_]*' gcc &
build_variant fuzz 'model/fuzz/fuzz_[a-z0-9_]*' clang -Dfuzz=true &
wait -n || exit 2
wait -n || exit 2

job unit unit_tests "$build"
job unit-sanitized unit_tests "$build-sanitized"
job bench-table "$LAB_TOP/lab/test/bench_table.sh" "$OUT/verdicts" "$OUT/bench-table"
job igt-report "$LAB_TOP/lab/test/igt_report.sh" "$OUT/verdicts" "$OUT/igt-report"
wait
job modules-6.12 modules_test 6.12
job modules-7.3 modules_test 7.3
wait
job tree-7.3 tree_test 7.3
[[ $LISTS != full ]] || job tree-6.12 tree_test 6.12
job check-patches-6.12 check_patches_test 6.12
job check-patches-7.3 check_patches_test 7.3
wait
# The boots need them, whatever ONLY says of their build.
"$LAB_TOP/lab/kernel/modules.sh" || exit 2
if [[ kunit-7.3-debug =~ $ONLY || ($LISTS == full && (unbind-hung-bare-7.3-debug =~ $ONLY ||
	foreign-bare-7.3-debug =~ $ONLY || bind-faults-bare-7.3-debug =~ $ONLY)) ]]; then
	KERNEL=7.3 MACHINE=bare "$LAB_TOP/lab/kernel/debug_kernel.sh" || exit 2
fi
if [[ mutants-7.3-debug =~ $ONLY || ($LISTS == full && igt-mutants-7.3-debug =~ $ONLY) ]]; then
	KERNEL=7.3 "$LAB_TOP/lab/kernel/mutant_modules.sh" || exit 2
fi
# The guest's first file system takes them from where they were built.
"$LAB_TOP/lab/image/build_lab.sh" || exit 2

job bad-input "$LAB_TOP/lab/test/bad_input.sh" "$OUT/verdicts" "$OUT/bad-input"
for card in rv370 rv100; do
	for machine in xen bare; do
		for kernel in 6.12 7.3; do
			job "$machine-$kernel-$card" machine_test "$machine" "$kernel" "$card" check
		done
	done
done
job xen-6.12-both machine_test xen 6.12 both moves
job bare-7.3-both machine_test bare 7.3 both moves
# The model under sanitizers, driven by a real driver: a report fails the boot.
MODEL=$build-sanitized/model/radeon-model POOL_DEVICE=default \
	job bare-6.12-both-sanitized machine_test bare 6.12 both sanitized
job shell shell_test
# Debian's own driver passes the same.
POOL=stock job stock-xen-6.12-rv370 machine_test xen 6.12 rv370 check
if [[ $LISTS == full ]]; then
	POOL=stock job stock-bare-7.3-rv100 machine_test bare 7.3 rv100 check
fi
job two-ttms-bare-7.3-rv370 machine_test bare 7.3 rv370 two-ttms
job backing-bare-6.12-rv370 machine_test bare 6.12 rv370 backing
# What a hypervisor says of its memory, right and wrong; and who says it in a Xen PV domain.
# Each capability takes a few moves by both GPUs.
export POOL_DEVICE=default LIMIT=1200 SILENCE=240
job pool-device-xen-6.12 machine_test xen 6.12 both pool-device
SECOND_DISPLAY=qxl job igt-pool-device-bare-7.3 igt_test bare 7.3 both two-gpus
if [[ $LISTS == full ]]; then
	job pool-device-bare-7.3 machine_test bare 7.3 both pool-device
	job pool-device-bare-6.12 machine_test bare 6.12 both pool-device
	job pool-device-xen-7.3 machine_test xen 7.3 both pool-device
	job igt-pool-device-xen-6.12 igt_test xen 6.12 both two-gpus
	job igt-pool-device-xen-7.3 igt_test xen 7.3 both full
	job igt-pool-device-bare-6.12 igt_test bare 6.12 both full
fi
unset POOL_DEVICE LIMIT SILENCE
# Devices that are no GPU, and drive fewer bits.
job foreign-bare-6.12 machine_test bare 6.12 both foreign
job foreign-xen-7.3 machine_test xen 7.3 both foreign
job unbind-hung-bare-6.12 machine_test bare 6.12 both unbind-hung
if [[ $LISTS == full ]]; then
	POOL_DEVICE=default job foreign-pool-device-xen-6.12 machine_test xen 6.12 both foreign
	POOL_DEVICE=default job foreign-pool-device-bare-7.3 machine_test bare 7.3 both foreign
	job unbind-hung-xen-7.3 machine_test xen 7.3 both unbind-hung
	# The DMA API's checker says what a card that has gone still has mapped.
	export LIMIT=1500 SILENCE=240
	job unbind-hung-bare-7.3-debug machine_test bare 7.3-debug both unbind-hung
	job foreign-bare-7.3-debug machine_test bare 7.3-debug both foreign
	# Every allocation of TTM's that binding a card makes, of both cards.
	LIMIT=3600 job bind-faults-bare-7.3-debug machine_test bare 7.3-debug both bind-faults
	unset LIMIT SILENCE
fi
job xen-provider-xen-7.3 machine_test xen 7.3 both xen-provider
job xen-provider-bare-6.12 machine_test bare 6.12 both xen-provider
# Memory runs short, and the console is silent for as long as the processes work.
job churn-xen-6.12-both machine_test xen 6.12 both churn
job churn-bare-7.3-both machine_test bare 7.3 both churn
SECOND_DISPLAY=qxl job second-display-qxl-6.12 machine_test bare 6.12 rv370 second-display
SECOND_DISPLAY=qxl job second-display-qxl-7.3 machine_test bare 7.3 rv370 second-display
SECOND_DISPLAY=bochs job second-display-bochs-6.12 machine_test bare 6.12 rv370 second-display
# A kernel with KASAN says nothing for a minute where the machine is busy.
job kunit-7.3-debug machine_test bare 7.3-debug none kunit
job mutants-7.3-debug machine_test bare 7.3-debug none mutants

for card in rv370 rv100; do
	for machine in xen bare; do
		for kernel in 6.12 7.3; do
			job "igt-$machine-$kernel-$card" igt_test "$machine" "$kernel" "$card" "$LISTS"
		done
	done
done
SECOND_DISPLAY=virtio_gpu job igt-two-gpus-bare-6.12 igt_test bare 6.12 both two-gpus
job igt-two-gpus-xen-7.3 igt_test xen 7.3 both two-gpus
job igt-fault.gart-off-by-one igt_fault bare rv100 gart-off-by-one radeon_mapping@sizes-cached
job igt-fault.gart-stale igt_fault bare rv370 gart-stale radeon_probe@no-stale-page-cached
job igt-fault.scanout-pitch igt_fault bare rv100 scanout-pitch radeon_probe@scanout
job igt-fault.irq-lost igt_fault bare rv370 irq-lost radeon_mapping@interrupts
# What our promises are worth: Debian's pool does not keep them.
POOL=stock job igt-stock-bare-6.12-rv100 igt_test bare 6.12 rv100 "$LISTS"
if [[ $LISTS == full ]]; then
	job igt-fault.gart-off-by-one-rv370 igt_fault bare rv370 gart-off-by-one radeon_mapping@sizes-cached
	job igt-fault.gart-stale-rv100 igt_fault bare rv100 gart-stale radeon_probe@no-stale-page-cached
	job igt-fault.gart-truncate igt_fault xen rv370 gart-truncate radeon_mapping@sizes-cached
	# Forty tests, each with a load and an unload, with KASAN.
	job igt-mutants-7.3-debug machine_test bare 7.3-debug both igt-mutants
	for what in bare-6.12-rv370 bare-7.3-rv370 xen-6.12-rv100 xen-7.3-rv100; do
		IFS=- read -r machine kernel card <<<"$what"
		POOL=stock job "igt-generic-stock-$what" igt_test "$machine" "$kernel" "$card" generic
		job "igt-generic-$what" igt_test "$machine" "$kernel" "$card" generic
	done
	wait
	for what in bare-6.12-rv370 bare-7.3-rv370 xen-6.12-rv100 xen-7.3-rv100; do
		job "igt-generic-worse-$what" igt_worse "$what"
	done
fi

job fault.gart-off-by-one-rv370 fault bare rv370 gtt-move gart-off-by-one ring-test
job fault.gart-off-by-one-rv100 fault bare rv100 gtt-move gart-off-by-one ring-test
job fault.gart-stale-rv370 fault bare rv370 gtt-move gart-stale 'gtt-move(\..*)?'
job fault.gart-stale-rv100 fault bare rv100 gtt-move gart-stale 'gtt-move(\..*)?'
job fault.gart-truncate fault xen rv370 gtt-move gart-truncate ring-test
job fault.irq-lost fault bare rv370 fence-wait irq-lost fence-wait
job fault.scanout-pitch fault bare rv100 modeset scanout-pitch 'modeset\..*'

for target in vfio_user commands display pool_device; do
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
