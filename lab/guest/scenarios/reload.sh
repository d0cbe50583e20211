# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# Unloads and loads the driver three times, or lab.reloads= times. It must leave nothing behind, and
# no memory on a kernel with kmemleak.

. /usr/lib/lab/lib.sh

check_cards
leaks_from_here
load_radeon
reload_radeon "${LAB_RELOADS:-3}"
leaks reloads
unload_radeon
leaks unload
finish
