#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# Runs rows of lab/test/tests.list, unattended, and what they need to have built before.
#
#   TIER=check|test|full  which rows (test); "make check", "make test" and "make test-full" set it
#   ONLY=REGEX            of these, the rows whose name matches
#   CHANGED=REV           of these, the rows that touch what has changed since that commit; if that
#                         is their scenario alone, the first row of each machine
#   MACHINE=bare|xen, KERNEL=6.12|7.3
#                         of these, the rows of that machine or kernel
#   KERNEL_SRC=DIR [POOL=stock|fixes|new]
#                         of these, the rows of kernel 7.3 that can boot another kernel in its
#                         place: one built from this source (see lab/kernel/source_kernel.sh)
#   JOBS=N                how many rows and builds at a time (2)
#   RESULTS=failed|all    which results are printed (failed)
#   LIMIT, SILENCE, GUEST_ARGS, FUZZ_SECONDS   for all rows, see boot.sh and tests.list
#
# Leaves in out/test
#
#   verdicts    a line "NAME pass|fail|skip TEXT" for each row, and before it ROW/RESULT for each of
#               its results
#   junit.xml   the same for other tools
#   times       a line "NAME SECONDS CPU-SECONDS" for each row and each build
#   ROW/        the row's files; log is what it printed
#   build.NAME/ the same of a build
#
# The last line is "N passed, N failed". Ends with 0 if none failed, 1 if one did, 2 if the run
# could not be started; 130 or 143 if it was interrupted.
LAB_TAG=test LAB_DIE_STATUS=2
# shellcheck source=../common.sh
. "$(dirname "$0")/../common.sh"
# shellcheck source=test_list.sh
. "$LAB_TOP/lab/test/test_list.sh"
# shellcheck source=select_rows.sh
. "$LAB_TOP/lab/test/select_rows.sh"

OUT=$LAB_TOP/out/test
LOCK=$LAB_TOP/out/test.lock
PROGRESS_SECONDS=30

# ---- tasks: builds and rows. For each: the tasks that it waits for, and its state.

tasks=()
declare -A task_waits=() task_state=()
# Running tasks: the task of each process, and the time when each task started.
declare -A running=() started=()
# The process that ends a wait after PROGRESS_SECONDS, and the exit status that a signal has set.
ticker=
interrupted=

# add_build NAME: add a build, and the builds that it needs. Sets tasks, task_waits and task_state.
add_build() {
	local name=build.$1 series=${1#*-} machine

	[[ -z ${task_state[$name]:-} ]] || return 0
	series=${series%%-*}
	task_waits[$name]=
	case $1 in
	mutants-*)
		add_build "debug-$series-bare"
		task_waits[$name]=build.debug-$series-bare ;;
	initrd-*)
		# The initrd holds modules of its kernel: it waits for their build, if any.
		task_waits[$name]=build.programs
		add_build programs
		if [[ $1 == *-debug-* ]]; then
			machine=${1#*-debug-}
			task_waits[$name]+=" build.debug-$series-${machine%-igt} build.mutants-$series"
		else
			task_waits[$name]+=" build.modules-$series"
		fi ;;
	esac
	task_state[$name]=waiting
	tasks+=("$name")
}

# add_tasks: add all builds that the selected rows need, then the rows. Sets tasks, task_waits and
# task_state.
add_tasks() {
	local row need

	for row in "${selected[@]}"; do
		task_waits[$row]=
		for need in $(needs "$row"); do
			task_waits[$row]+=" build.$need"
		done
		task_waits[$row]+=" $(word_of "$row" after | tr , ' ')"
		for need in $(needs "$row"); do
			add_build "$need"
		done
	done
	for row in "${selected[@]}"; do
		tasks+=("$row")
		task_state[$row]=waiting
	done
}

# start TASK: start it in the background. It does not keep the lock when this process is killed.
# Sets running, started and task_state.
start() {
	local task=$1 command=("$LAB_TOP/lab/test/run_row.sh" "$1")

	[[ $task != build.* ]] || command=("$LAB_TOP/lab/test/run_build.sh" "${task#build.}")
	mkdir "$OUT/$task"
	# In a separate process group.
	set -m
	setpriv --pdeathsig TERM "$LAB_TOP/lab/test/as_group.sh" "${command[@]}" "$OUT/$task" \
		>"$OUT/$task/log" 2>&1 </dev/null 7>&- &
	running[$!]=$task
	set +m
	started[$task]=$SECONDS
	task_state[$task]=running
	[[ $task != build.* ]] || say "building ${task#build.} (log: $OUT/$task/log)"
}

# record TASK pass|fail TEXT: the verdict on a row.
record() {
	local row=$1 outcome=$2 text=${*:3}

	if [[ -e $OUT/$row/results.txt ]]; then
		sed "s|^|$row/|" "$OUT/$row/results.txt" >>"$OUT/verdicts"
		if [[ $RESULTS == all ]]; then
			sed "s|^|            |" "$OUT/$row/results.txt"
		else
			sed -n "s|^\([^ ]*\) fail|            failed: \1|p" "$OUT/$row/results.txt"
		fi
	fi
	echo "$row $outcome $text" >>"$OUT/verdicts"
	[[ $outcome == pass ]] || outcome=FAIL
	say "$outcome  $row: $text"
}

# ended TASK STATUS: take the results of a task that has ended. Sets task_state.
ended() {
	local task=$1 status=$2 seconds=0 cpu=0 outcome text

	[[ ! -s $OUT/$task/seconds ]] || read -r seconds cpu <"$OUT/$task/seconds"
	echo "$task $seconds $cpu" >>"$OUT/times"
	if [[ $task == build.* ]]; then
		task_state[$task]='done'
		if ((status)); then
			task_state[$task]=failed
			text=$(grep -m1 -E '[Ee]rror:|\*\*\* ' "$OUT/$task/log" || true)
			say "FAIL  $task: $text; see $OUT/$task/log"
		fi
		return
	fi
	task_state[$task]='done'
	if [[ -s $OUT/$task/verdict ]]; then
		read -r outcome text <"$OUT/$task/verdict"
		record "$task" "$outcome" "$text; $seconds s, $cpu s of CPU time"
	else
		text=$(tail -n 1 "$OUT/$task/log")
		record "$task" fail "it broke off with status $status: $text; see $OUT/$task"
	fi
}

# startable TASK: have all tasks that it waits for ended? If a build has failed, the rows that need
# it fail. Sets task_state.
startable() {
	local wait why

	[[ ${task_state[$1]} == waiting ]] || return 1
	for wait in ${task_waits[$1]}; do
		case ${task_state[$wait]:-'done'} in
		failed)
			task_state[$1]=failed
			why="the build of ${wait#build.} failed; see $OUT/$wait/log"
			[[ -e $OUT/$wait/log ]] || why="$wait was not run"
			[[ $1 == build.* ]] || record "$1" fail "not run: $why"
			return 1 ;;
		waiting | running) return 1 ;;
		esac
	done
}

# last_line TASK: the last progress of a boot, or the last line of another task.
last_line() {
	tail -n 1 "$OUT/$1/log" | tr -d '\r' | sed -E 's/^\[[a-z-]+\] +[0-9]+s +//' | cut -c1-110
}

# interrupt STATUS: called on a signal; ends the wait of run_tasks, also a wait that has not begun
# yet. Sets interrupted.
interrupt() {
	interrupted=$1
	[[ -z $ticker ]] || kill "$ticker" 2>/dev/null || true
}

# run_tasks: run all tasks until they have ended. Sets ticker.
run_tasks() {
	local task status ended_pid seconds

	while [[ -z $interrupted ]]; do
		for task in "${tasks[@]}"; do
			((${#running[@]} < JOBS)) || break
			! startable "$task" || start "$task"
		done
		((${#running[@]})) || break
		if [[ -z $ticker ]]; then
			setpriv --pdeathsig KILL sleep "$PROGRESS_SECONDS" 7>&- &
			ticker=$!
		fi
		[[ -z $interrupted ]] || break
		status=0 ended_pid=
		wait -n -p ended_pid "$ticker" "${!running[@]}" || status=$?
		if [[ ${ended_pid:-} == "$ticker" ]]; then
			ticker=
			for task in "${running[@]}"; do
				seconds=$((SECONDS - started[$task]))
				((seconds < PROGRESS_SECONDS)) ||
					say "...   $task, $seconds s: $(last_line "$task")"
			done
		elif [[ -n ${ended_pid:-} ]]; then
			task=${running[$ended_pid]}
			unset "running[$ended_pid]"
			ended "$task" "$status"
		fi
	done
	[[ -z $ticker ]] || kill -KILL "$ticker" 2>/dev/null || true
	[[ -z $ticker ]] || wait "$ticker" 2>/dev/null || true
	ticker=
	[[ -z $interrupted ]] || return 0
	for task in "${tasks[@]}"; do
		[[ ${task_state[$task]} != waiting || $task == build.* ]] ||
			record "$task" fail "not run: it still waits for${task_waits[$task]}"
	done
}

# stop_tasks: end all tasks when this run was interrupted. On SIGTERM each child ends with all
# processes that it started. A child that does not is killed, and its children then get a signal.
stop_tasks() {
	local task pid i

	((${#running[@]} == 0)) || kill -TERM "${!running[@]}" 2>/dev/null || true
	for ((i = 0; i < 50; i++)); do
		[[ -n $(jobs -pr) ]] || break
		sleep 0.1
	done
	for pid in $(jobs -pr); do
		kill -KILL "$pid" 2>/dev/null || true
	done
	for task in "${running[@]}"; do
		[[ $task == build.* ]] ||
			record "$task" fail "interrupted after $((SECONDS - started[$task])) s"
	done
	for task in "${tasks[@]}"; do
		[[ ${task_state[$task]} != waiting || $task == build.* ]] ||
			echo "$task skip not run: the run was interrupted" >>"$OUT/verdicts"
	done
}

# ---- results

# count OUTCOME
count() {
	grep -cE "^[^ ]+ $1( |\$)" "$OUT/verdicts" || true
}

# write_junit: write junit.xml, whole or not at all.
write_junit() {
	# XML has neither other control characters nor U+FFFE and U+FFFF.
	iconv -c -f UTF-8 -t UTF-8 "$OUT/verdicts" | tr -d '\000-\010\013\014\016-\037' |
		LC_ALL=C sed 's/\xef\xbf[\xbe\xbf]//g' |
		awk -f "$LAB_TOP/lab/test/junit.awk" "$OUT/times" - >"$OUT/junit.xml.tmp" &&
		mv "$OUT/junit.xml.tmp" "$OUT/junit.xml"
}

summary() {
	local failed skipped task seconds cpu

	[[ -e $OUT/times ]] || : >"$OUT/times"
	touch "$OUT/verdicts"
	write_junit || say "junit.xml could not be written"
	if (($(wc -l <"$OUT/times") > 5)); then
		printf '\n  %-36s %8s %8s\n' "slowest" "seconds" "CPU time"
		sort -k3,3nr -k2,2nr "$OUT/times" | head -n 15 |
			while read -r task seconds cpu; do
				printf '  %-36s %8s %8s\n' "$task" "$seconds" "$cpu"
			done
		echo
	fi
	grep -E '^[^ ]+ fail' "$OUT/verdicts" | sed 's/^/  failed: /' || true
	say "logs in $OUT"
	skipped=$(count skip)
	((skipped == 0)) || say "$skipped skipped"
	failed=$(count fail)
	[[ -z $interrupted ]] || say "interrupted: not all rows were run"
	echo "$(count pass) passed, $failed failed"
	trap - EXIT
	[[ -z $interrupted ]] || exit "$interrupted"
	((failed == 0))
}

# ---- the run

# main: a function, because bash reads a script while it runs, and an edit would change the run.
# Sets JOBS, FUZZ_SECONDS and interrupted.
main() {
	choose RESULTS failed failed all
	[[ ${JOBS:=2} =~ ^[1-9][0-9]?$ ]] || die "JOBS=$JOBS is not a number from 1 to 99"
	export FUZZ_SECONDS="${FUZZ_SECONDS:-20}"
	check_seconds FUZZ_SECONDS LIMIT SILENCE
	read_list
	select_rows
	add_tasks

	mkdir -p "$LAB_TOP/out" 2>/dev/null && [[ -w $LAB_TOP/out ]] ||
		die "cannot write to $LAB_TOP/out: make the checkout writable"
	{ exec 7>>"$LOCK"; } 2>/dev/null ||
		die "cannot write to $LOCK: remove it, or run as the user who has made it"
	flock -n 7 ||
		die "process $(<"$LOCK") runs tests in this checkout: wait for it," \
			"or use another checkout"
	{ echo "$$" >"$LOCK"; } 2>/dev/null ||
		die "cannot write to $LOCK: is the disk full?"
	# Each row and each build says which machine and kernel it is for.
	unset MACHINE KERNEL CARD
	# If one of these fails there is no run, and the results of the last run stay.
	sub "$LAB_TOP/lab/image/make_image.sh" 7>&- || exit 2
	[[ -z ${KERNEL_SRC:-} ]] || sub "$LAB_TOP/lab/kernel/source_kernel.sh" 7>&- || exit 2
	make_cache_dir
	need_command setpriv util-linux
	rm -rf "$OUT" 2>/dev/null && mkdir "$OUT" 2>/dev/null ||
		die "cannot make $OUT anew: remove it, or run as the user who has made it"

	# When this process ends, its tasks end, too.
	trap 'die "the run broke off, as it could not write: is the disk of $OUT full?"' EXIT
	trap 'interrupt 130' INT
	trap 'interrupt 143' TERM HUP
	say "${#selected[@]} rows of TIER=$TIER, $JOBS at a time"
	run_tasks
	[[ -z $interrupted ]] || stop_tasks
	summary
}

main; exit
