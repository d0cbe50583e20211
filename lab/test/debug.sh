#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# make test-debug: the whole load and allocations that fail, with both cards, on the
# debug kernels.
#
#   KERNEL=6.12|7.3    on this one (both)
#   MACHINE=bare|xen   on this machine (both); under Xen without KASAN, see debug.config
#   RELOADS=N          how often the driver is unloaded and loaded again (50)
#
# Each boot has a directory in out/test-debug. Ends with a line "N passed, N failed".
LAB_TAG=test-debug LAB_DIE_STATUS=2
# shellcheck source=../common.sh
. "$(dirname "$0")/../common.sh"

case ${KERNEL:=6.12 7.3} in
6.12 | 7.3 | '6.12 7.3') ;;
*) die "KERNEL=$KERNEL is unknown: choose 6.12|7.3" ;;
esac
case ${MACHINE:=bare xen} in
bare | xen | 'bare xen') ;;
*) die "MACHINE=$MACHINE is unknown: choose bare|xen" ;;
esac
[[ ${RELOADS:=50} =~ ^[1-9][0-9]{0,3}$ ]] || die "RELOADS=$RELOADS is not a number from 1 to 9999"

OUT=$LAB_TOP/out/test-debug
passed=0 failed=0
for series in $KERNEL; do
	for machine in $MACHINE; do
		dir=$OUT/$machine-$series
		rm -rf "$dir"
		mkdir -p "$dir" 2>/dev/null || die "cannot write to $dir: make the checkout writable"
		status=0
		# Two emulated CPUs of a dom0 wait for each other's locks; that is for the bare machine.
		cpus=2
		[[ $machine == bare ]] || cpus=1
		MACHINE=$machine SMP=${SMP:-$cpus} KERNEL=$series-debug CARD=both RUN=debug OUT=$dir \
			LIMIT=${LIMIT:-7200} SILENCE=${SILENCE:-300} \
			GUEST_ARGS="lab.reloads=$RELOADS ${GUEST_ARGS:-}" \
			"$LAB_TOP/lab/boot/boot.sh" || status=$?
		((status < 2)) || exit "$status"
		touch "$dir/results.txt"
		passed=$((passed + $(grep -c '^[^ ]* pass' "$dir/results.txt" || true)))
		failed=$((failed + $(grep -c '^[^ ]* fail' "$dir/results.txt" || true)))
		# A boot that went wrong without a failed result is one, too.
		if ((status)) && ! grep -q '^[^ ]* fail' "$dir/results.txt"; then
			failed=$((failed + 1))
		fi
		sed -n "s/^\([^ ]*\) fail /  failed: $machine-$series: \1: /p" "$dir/results.txt"
		sed "s/^/  problem: $machine-$series: /" "$dir/problems.txt"
	done
done
say "logs in $OUT"
echo "$passed passed, $failed failed"
((failed == 0))
