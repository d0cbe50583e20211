# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# The driver goes, leaves nothing behind, and comes back: three times.

. /usr/lib/lab/lib.sh

check_cards
load_radeon
reload_radeon
unload_radeon
finish
