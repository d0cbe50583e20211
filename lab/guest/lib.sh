# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# Functions for scenarios. Each scenario sources this file first and ends with "finish". The parts:
#
#   ktap_report.sh    results for the host, in KTAP
#   hardware.sh       the cards and other devices of this machine
#   pool_state.sh     what the pool reports in debugfs, and what it should report
#   driver.sh         radeon: load, log, unload, unbind, own tests
#   memory.sh         memory of the machine, swap space
#   power.sh          suspend and resume
#   gpu_moves.sh      BOs that the GPUs move
#   kernel_checks.sh  fault injection and kmemleak
#   run_igt.sh        igt's tests
#   display_servers.sh  Xorg and weston (DISK=screen)

for lab_part in /usr/lib/lab/lib/*.sh; do
	# shellcheck source=/dev/null
	. "$lab_part"
done
