# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# The driver's own tests: ring, indirect buffer, and its move of the whole GTT.

. /usr/lib/lab/lib.sh

check_cards
driver_selftest
finish
