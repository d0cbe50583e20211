# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# Fault injection: after the driver is loaded, the card's model gets a fault (lab.fault=), which an
# igt test (lab.igt_test=) has to find. Without the fault that test passes.
#
# The kernel may print any message about the fault:
#
# needs: igt
# allow: .

. /usr/lib/lab/lib.sh

check_cards
load_radeon
enter-igt true
for card in $(cards); do
	igt_finds "$card" "$LAB_IGT_TEST"
	if [ "$igt_found" != Pass ]; then
		result fail "$card.$LAB_FAULT" \
			"$LAB_IGT_TEST ($igt_found) does not pass without a fault"
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
