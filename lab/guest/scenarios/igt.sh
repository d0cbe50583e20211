# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# igt's tests by a list of igt-tests/lists (lab.igt_list=), as they run on a real card.
#
# limit: 3600
# silence: 400
# args: init_on_alloc=0
# needs: igt
#
# What the driver says of requests that it refuses, and of a reset that was asked for, is
# expected:
#
# allow: \*ERROR\* (Failed to (allocate GEM object|parse relocation|initialize parser|get (const )?ib|pin new cursor BO)|gem object lookup failed|RADEON_GEM_DOMAIN_CPU is not valid|Invalid command stream|cs IB (CONST )?too big)
# allow: \[IGT\] add ignored dmesg regex
# allow: cannot be (imported|shared with)|pin failed
#
# vgem maps its BOs for whoever imports them, whether it reaches them or not. That radeon's never
# need it, radeon_prime@no-bounce says.
#
# allow: swiotlb buffer is full
# allow: GPU reset succeeded
# allow: You may not have enough display bandwidth
#
# Debian's driver has faults that our patches mend: a client can make it warn, and so does each
# resume.
#
# allow-stock: WARNING: .*(__kvmalloc_node|drm_suballoc_new|ttm_bo_unpin)
# allow-stock: WARNING: .*(mm/util.c|mm/slub.c|drm_suballoc.c|ttm_bo.c)

. /usr/lib/lab/lib.sh

check_cards
load_radeon
# Somebody else's BOs. What is expected of igt's own tests with one card is expected without them.
case $LAB_CARD-$LAB_IGT_LIST in
*,*-*) modprobe -q vgem ;;
*-generic) ;;
*) modprobe -q vgem ;;
esac
[ -z "$LAB_SECOND_DISPLAY" ] || modprobe "$LAB_SECOND_DISPLAY"
run_igt "${LAB_IGT_LIST:-short}"
finish
