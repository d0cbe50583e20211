# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# Suspend and resume of the machine, and BOs that have to keep their contents.

# suspend_machine STATE [LEVEL]: suspend and resume; STATE is a word of /sys/power/state. With a
# LEVEL of /sys/power/pm_test the kernel suspends only up to that level, waits a second and resumes.
# "platform" is all of "freeze" except the wait for an interrupt that wakes the machine, which QEMU
# does not have. Sets suspend_error to what the kernel says if it refuses.
suspend_machine() {
	local status=0

	echo "${2:-none}" >/sys/power/pm_test
	echo 1 >/sys/module/suspend/parameters/pm_test_delay
	suspend_error=$( (echo "$1" >/sys/power/state) 2>&1) || status=$?
	# Return the memory of take_memory without a new process, for which there may be no memory.
	[ ! -e /mnt/taken ] || : >/mnt/taken
	# The kernel has restored all BARs.
	. /usr/lib/lab/vram-window.sh
	return $status
}

# suspend_result NAME STATE [LEVEL]: a result: the machine suspends and resumes.
suspend_result() {
	local name=$1

	shift
	if suspend_machine "$@"; then
		result pass "$name" "$*"
	else
		result fail "$name" "$*: $suspend_error"
	fi
}

# keep_bos ARGUMENT...: start a process for each card that fills BOs and keeps them. Sets jobs to
# CARD:PID for each.
keep_bos() {
	local card

	jobs=
	rm -rf /tmp/keep && mkdir /tmp/keep
	for card in $(cards); do
		mkfifo "/tmp/keep/$card.fifo"
		keep-bos --card "$card" --ready "/tmp/keep/$card.ready" "$@" \
			<"/tmp/keep/$card.fifo" >"/tmp/keep/$card.ktap" &
		jobs="$jobs $card:$!"
		# Its input ends when this process ends.
		sleep 100000 >"/tmp/keep/$card.fifo" &
		echo $! >"/tmp/keep/$card.holder"
		while [ ! -e "/tmp/keep/$card.ready" ] && kill -0 "${jobs##*:}" 2>/dev/null; do
			usleep 100000
		done
	done
}

# kept_bos: a result for each card: the BOs of keep_bos have their contents.
kept_bos() {
	local job card status

	for job in $jobs; do
		card=${job%:*}
		kill "$(cat "/tmp/keep/$card.holder")"
		wait "${job#*:}"
		status=$?
		nest <"/tmp/keep/$card.ktap"
		program_result $status keep-bos --card "$card"
	done
}

# forget_vram: from now on the cards lose the contents of VRAM in D3, and at a reset of the machine.
forget_vram() {
	local card answer

	for card in $(cards); do
		if ! answer=$(lab-probe "$card" fault vram-forgotten); then
			result fail "$card.fault" "$answer"
		fi
	done
}

# take_memory MIB: leave that much memory free until the next suspend_machine. A file takes the
# rest; it is swapped out if there is swap space. A dd holds another 48 MiB: processes run again
# before the file is emptied, and if memory is short then, the OOM killer ends this dd first. The
# lists of free pages of a CPU may keep 30 MiB of that. Sets memory_holder.
take_memory() {
	local available

	# It waits for a reader of the pipe.
	# shellcheck disable=SC2216
	(echo 1000 >/proc/self/oom_score_adj; exec dd if=/dev/zero bs=48M count=1 2>/dev/null) |
		sleep 100000 &
	memory_holder=$!
	until [ "$(awk '/^VmRSS:/ { print $2 }' "/proc/$(pidof dd)/status")" -ge 49152 ]; do
		usleep 100000
	done
	mkdir -p /mnt
	mount -t tmpfs -o size=100% taken /mnt
	available=$(awk '$1 == "MemAvailable:" { print int($2 / 1024) }' /proc/meminfo)
	dd if=/dev/zero of=/mnt/taken bs=1M count=$((available - $1)) 2>/dev/null
}

# return_memory: free what take_memory has taken.
return_memory() {
	kill "$memory_holder"
	wait "$memory_holder"
	umount /mnt
}
