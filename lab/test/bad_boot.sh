#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# Boots that fail after they have begun. Each has to end with one clear line that says why, and
# leave no process.
#
#   bad_boot.sh DIR    appends to DIR/results.txt, keeps logs in DIR
LAB_TAG=test
# shellcheck source=../common.sh
. "$(dirname "$0")/../common.sh"
# shellcheck source=results.sh
. "$LAB_TOP/lab/test/results.sh"
# shellcheck source=refuse.sh
. "$LAB_TOP/lab/test/refuse.sh"

dir=$1
make_cache_dir
export BUILD=no MACHINE=bare KERNEL=6.12

# A socket that a model listens on already.
# Expanded by the shell inside.
# shellcheck disable=SC2016
refuse socket 'in use by another process' \
	"$LAB_TOP/lab/image/enter.sh" bash -c '
	model=$1/model/radeon-model
	$model --card rv370 --socket /tmp/s --log /tmp/log &
	until [[ -S /tmp/s ]]; do sleep 0.1; done
	exec $model --card rv370 --socket /tmp/s' - "/build/$(build_name)"

# Values that the pool device cannot have: its model refuses them.
for what in 'key:colour=3:there is no key .colour.: choose from vendor, .*, raw' \
	'limit:xen,width=256:width=256 is over the limit of 255' \
	'escape:hypervisor=\n:two hexadecimal digits are needed'; do
	IFS=: read -r name list pattern <<<"$what"
	refuse "pool-device-$name" \
		"the model of pool did not start: pool-device-model: --capability: .*$pattern" \
		env CARD=none RUN=check OUT="$dir/pool-device-$name" \
		POOL_DEVICE="$list" "$LAB_TOP/lab/boot/boot.sh"
done

# A machine that exceeds the limit is ended, and the message quotes its last line.
status=0
RUN=reload OUT=$dir/limit LIMIT=6 \
	"$LAB_TOP/lab/boot/boot.sh" >"$dir/limit.log" 2>&1 </dev/null || status=$?
told=$(grep -oE 'ended after the limit of 6 s; the guest last printed: .+' "$dir/limit.log" || true)
if ((status == 1)) && [[ -n $told ]]; then
	result limit pass "${told::100}"
else
	result limit fail "status $status; see $dir/limit.log"
fi

# await FILE PATTERN: wait until the file has the pattern, for at most two minutes.
await() {
	local i

	for ((i = 0; i < 1200; i++)); do
		! grep -q "$2" "$1" 2>/dev/null || return 0
		sleep 0.1
	done
}

# count_left SESSION: sets left to the number of its processes that do not end within 5 s.
count_left() {
	local i

	for ((i = 0; i < 50; i++)); do
		left=$(pgrep -s "$1" -c . || true)
		((left)) || break
		sleep 0.1
	done
}

# stopped_model NAME SECONDS [VARIABLE=VALUE]...: a boot whose model is stopped for that long while
# the driver waits for its first answer. Sets status to the boot's.
stopped_model() {
	local out=$dir/$1 seconds=$2 session

	shift 2
	env RUN=fence-wait OUT="$out" "$@" \
		setsid "$LAB_TOP/lab/boot/boot.sh" >"$out.log" 2>&1 </dev/null &
	session=$!
	await "$out/console.log" '@lab load radeon'
	pkill -STOP -s "$session" radeon-model || true
	await "$out/console.log" 'radeon kernel modesetting enabled'
	sleep "$seconds"
	pkill -CONT -s "$session" radeon-model || true
	status=0
	wait "$session" || status=$?
}

# On a slow host the card is late, not lost.
stopped_model late 10
if ((status == 0)); then
	result late pass "a model that does not run for 10 s"
else
	result late fail "a model that does not run for 10 s: status $status; see $dir/late.log"
fi

# If QEMU gives up a card, the verdict quotes QEMU's first line, and QEMU's messages do not fill the
# disk.
stopped_model lost 5 MODEL_TIMEOUT=1
told=$(grep -oE 'ended before the guest did; QEMU: .*timed out.*' \
	"$dir/lost.log" || true)
bytes=$(wc -c <"$dir/lost/qemu.log")
if ((status == 1 && bytes < 2 << 20)) && [[ -n $told ]]; then
	result lost pass "${told::200}"
else
	result lost fail "status $status, qemu.log has $bytes bytes; see $dir/lost.log"
fi

# A model that is killed while the driver uses the card ends the boot, and the verdict names the
# signal: a guest without its card is no test.
out=$dir/killed
env RUN=gtt-move OUT="$out" setsid "$LAB_TOP/lab/boot/boot.sh" >"$out.log" 2>&1 </dev/null &
session=$!
await "$out/console.log" 'ib test succeeded'
pkill -KILL -s "$session" radeon-model || true
status=0
wait "$session" || status=$?
count_left "$session"
told=$(grep -oE 'the model of rv370 was ended by signal 9.*' "$out.log" || true)
bytes=$(wc -c <"$out/qemu.log")
if ((status == 1 && left == 0 && bytes < 2 << 20)) && [[ -n $told ]]; then
	result killed pass "$told"
else
	result killed fail "status $status, $left processes left, qemu.log has $bytes bytes; see $out.log"
fi

# An interrupted boot leaves no process. All are of one session, QEMU and the model too: their
# arguments do not say which boot they belong to.
interrupted=$dir/interrupted
RUN=reload OUT=$interrupted \
	setsid "$LAB_TOP/lab/boot/boot.sh" >"$dir/interrupted.log" 2>&1 </dev/null &
session=$!
await "$interrupted/console.log" 'Linux version'
before=$(pgrep -s "$session" -c 'qemu|radeon-model' || true)
kill -TERM "$session" 2>/dev/null || true
wait "$session" || true
count_left "$session"
if ((before == 2 && left == 0)); then
	result interrupt pass "QEMU and the model were there, and no process is left"
else
	result interrupt fail "$before of QEMU and model before, $left left"
fi
