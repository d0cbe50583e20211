# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# The driver goes, leaves nothing behind, and comes back: three times, or lab.reloads= times. On a
# kernel with kmemleak, that is no memory either.

. /usr/lib/lab/lib.sh

check_cards
leaks_from_here
load_radeon
reload_radeon "${LAB_RELOADS:-3}"
leaks reloads
unload_radeon
leaks unload
finish
