# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# BOs are evicted from VRAM while the GPU hangs: an eviction fails, the driver resets the GPU, the
# client asks again, and no BO loses its contents.
#
# args: lab.gartsize=-1
# limit: 1200
# allow: ring [0-9]+ stalled for more than
# allow: GPU lockup
# allow: GPU reset succeeded
# allow: GPU softreset
# allow: Buffer eviction failed
# allow: Failed to allocate GEM object .* -35
# allow: Wait for CP idle timeout

. /usr/lib/lab/lib.sh

check_cards
load_radeon lockup_timeout=4000
for card in $(cards); do
	run evict-hung --card "$card" --vram-mib "$(card_field "$card" vram)"
	run gtt-move --card "$card" --rounds 1 --limit-mib 8
done
unload_radeon
finish
