# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# The driver goes, leaves nothing behind, and comes back: three times, or lab.reloads= times. On a
# kernel with kmemleak no memory that is lost either.

. /usr/lib/lab/lib.sh

check_cards
[ ! -e /sys/kernel/debug/kmemleak ] || leaks_from_here
load_radeon
reload_radeon "${LAB_RELOADS:-3}"
[ ! -e /sys/kernel/debug/kmemleak ] || leaks reloads
unload_radeon
[ ! -e /sys/kernel/debug/kmemleak ] || leaks unload
finish
