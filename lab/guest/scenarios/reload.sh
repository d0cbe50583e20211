# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# Unloads and loads the driver three times, or lab.reloads= times: nothing of it is left behind. On
# a kernel with kmemleak no memory may be left either.

. /usr/lib/lab/lib.sh

check_cards
leaks_from_here
load_radeon
reload_radeon "${LAB_RELOADS:-3}"
leaks reloads
unload_radeon
leaks unload
finish
