# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# The igt tests of a list in igt-tests/lists (lab.igt_list=), as they run on a real card. Debian's
# kernels clear all pages that they allocate, which would hide a pool that does not.
#
# limit: 3600
# silence: 400
# args: init_on_alloc=0
# needs: igt
#
# The driver's messages about requests that it refuses, and about a requested reset:
#
# allow: \*ERROR\* Failed to (allocate GEM object|parse relocation|initialize parser)
# allow: \*ERROR\* Failed to (get (const )?ib|pin new cursor BO)
# allow: \*ERROR\* (gem object lookup failed|RADEON_GEM_DOMAIN_CPU is not valid)
# allow: \*ERROR\* (Invalid command stream|cs IB (CONST )?too big)
# allow: \*ERROR\* (Relocs at [0-9]+ after|No reloc for ib)
# allow: \[IGT\] add ignored dmesg regex
# allow: cannot be (imported|shared with)|pin failed
#
# vgem maps its BOs for importers without regard to what they reach. radeon_prime@no-bounce checks
# that radeon's own BOs are not bounced.
#
# allow: swiotlb buffer is full
# allow: GPU reset succeeded
# allow: You may not have enough display bandwidth
#
# Debian's driver has faults that our patches fix: a client can make it warn, and each resume
# warns.
#
# allow-stock: WARNING: .*(__kvmalloc_node|drm_suballoc_new|ttm_bo_unpin|radeon_bo_pin_restricted)
# allow-stock: WARNING: .*(mm/util.c|mm/slub.c|drm_suballoc.c|ttm_bo.c|radeon_object.c)

. /usr/lib/lab/lib.sh

check_cards
load_radeon
# BOs of another driver. The expectations for igt's own tests with one card are without vgem.
case $LAB_CARD-$LAB_IGT_LIST in
*,*-*) modprobe -q vgem ;;
*-generic) ;;
*) modprobe -q vgem ;;
esac
[ -z "$LAB_SECOND_DISPLAY" ] || modprobe "$LAB_SECOND_DISPLAY"
run_igt "${LAB_IGT_LIST:-short}"
finish
