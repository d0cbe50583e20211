# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# igt's tests; see enter-igt.

# save_out DIR: copy a directory into the boot's result directory on the host. That file system is
# mounted only for the copy, because it does not survive a suspend.
save_out() {
	local module

	mkdir -p /tmp/out
	for module in virtio_pci 9pnet_virtio 9p; do
		modprobe -q $module
	done
	if mount -t 9p -o trans=virtio,msize=131072 out /tmp/out 2>/dev/null; then
		cp -r "$1" /tmp/out
		umount /tmp/out
		# virtio-9p does not survive a suspend: leave no device for one.
		modprobe -r 9p 9pnet_virtio
	else
		echo "this kernel has no 9p: $1 is not saved"
	fi
}

# watch_windows: restore the window over the VRAM (see vram-window.sh) after each suspend, and when
# devices are added or removed. Without it the tests that follow are slow.
watch_windows() {
	local stats=/sys/power/suspend_stats/success before='' now sleeps=0 events

	while usleep 200000; do
		[ ! -e $stats ] || read -r sleeps <$stats
		read -r events </sys/kernel/uevent_seqnum
		now=$sleeps,$events
		if [ "$now" != "$before" ]; then
			before=$now
			. /usr/lib/lab/vram-window.sh
		fi
	done
}

# igt_driver: the DRIVER of further expectation files. The stock driver, with or without the fixes,
# has different failures on the bare machine and under Xen.
igt_driver() {
	local where

	where=$(machine)
	case $LAB_POOL-$where in
	stock-bare | fixes-bare) echo "radeon-$LAB_POOL-bare" ;;
	stock-* | fixes-*) echo "radeon-$LAB_POOL-xen" ;;
	*) echo radeon ;;
	esac
}

# run_igt LIST: the tests of a list in igt-tests/lists on each card: a result for each test, and a
# directory CARD-igt with radeon-igt's report for each card.
run_igt() {
	local watcher card address status name found meaning seconds text

	watch_windows &
	watcher=$!
	for card in $(cards); do
		address=$(readlink -f "/sys/class/drm/card$(minor "$card")/device")
		# Tests may harm this machine, so --unsafe is right.
		# igt reports an alert in the kernel's log as a failure of its test. It has to end a
		# test that hangs before the silence ends the boot.
		LAB_KMSG_LEVEL=6 IGT_RADEON_PROBE="lab-probe $card" \
			enter-igt radeon-igt --unsafe --list "$1" --out "/tmp/$card-igt" \
			--card "${address##*/}" --gpu "$card" --driver "$(igt_driver)" \
			--timeout $((LAB_SILENCE * 3 / 4))
		status=$?
		if [ $status -gt 1 ] || [ ! -s "/lab/tmp/$card-igt/verdicts.txt" ]; then
			result fail "$card.igt" \
				"radeon-igt ended with status $status, without results: see console.log"
			continue
		fi
		# NAME RESULT MEANING SECONDS TEXT
		while read -r name found meaning seconds text; do
			case $found-$meaning in
			*-worse | *-better)
				result fail "$card.$name" "$found, $meaning than expected: $text" ;;
			Skip-*) result skip "$card.$name" "$text" ;;
			*) result pass "$card.$name" "$found in $seconds s" ;;
			esac
		done <"/lab/tmp/$card-igt/verdicts.txt"
		save_out "/lab/tmp/$card-igt"
	done
	kill $watcher 2>/dev/null
}

# igt_finds CARD TEST: does that one test fail? Sets igt_found to its outcome, and igt_stuck to y if
# the process of the failed test does not end, which a fault in the kernel may cause. The test runs
# without igt's runner, which would wait for it.
igt_finds() {
	local pattern before job grace=15 status

	pattern="\\[IGT\\] .*: finished subtest ${2#*@}, FAIL"
	before=$(dmesg | grep -c "$pattern")
	LAB_KMSG_LEVEL=6 IGT_RADEON_PROBE="lab-probe $1" IGT_FORCE_DRIVER=radeon \
		IGT_DEVICE="drm:/dev/dri/card$(minor "$1")" \
		enter-igt timeout -k 5 100 "/usr/local/libexec/igt-gpu-tools/radeon/${2%@*}" \
		--run-subtest "${2#*@}" &
	job=$!
	igt_stuck=
	while kill -0 $job 2>/dev/null; do
		sleep 1
		[ "$(dmesg | grep -c "$pattern")" -gt "$before" ] || continue
		grace=$((grace - 1))
		if [ $grace -eq 0 ]; then
			igt_stuck=y
			igt_found="Fail, and its process does not end"
			return 0
		fi
	done
	wait $job
	status=$?
	case $status in
	0) igt_found=Pass ;;
	77) igt_found=Skip ;;
	79) igt_found="no such test" ;;
	*) igt_found="Fail, status $status" ;;
	esac
	case $status in
	0 | 77 | 79) return 1 ;;
	esac
}
