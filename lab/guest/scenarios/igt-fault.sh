# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# The model gets a fault (lab.fault=) when the driver is there, and a test of igt's
# (lab.igt_test=) has to find it. Without the fault it passes.
#
# The kernel may say anything about it:
#
# limit: 400
# silence: 240
# needs: igt
# allow: .

. /usr/lib/lab/lib.sh

check_cards
load_radeon
enter-igt true
for card in $(cards); do
	igt_finds "$card" "$LAB_IGT_TEST"
	if [ "$igt_found" != Pass ]; then
		result fail "$card.$LAB_FAULT" "$LAB_IGT_TEST ($igt_found) does not pass without a fault"
		finish
	fi
	enter-igt lab-probe "$card" fault "$LAB_FAULT"
	if igt_finds "$card" "$LAB_IGT_TEST"; then
		result pass "$card.$LAB_FAULT" "found by $LAB_IGT_TEST ($igt_found)"
	else
		result fail "$card.$LAB_FAULT" "not found by $LAB_IGT_TEST ($igt_found)"
	fi
done
finish
