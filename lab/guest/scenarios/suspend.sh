# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# The machine is suspended and resumed with the console on the cards: to idle and, on the bare
# machine, as for S3. The cards lose the contents of VRAM. BOs have to keep their contents, and
# nothing may be pinned when the driver is unloaded, also after a reset of the GPU.
#
# args: lab.gartsize=-1
# limit: 1200
# allow: GPU softreset
# allow: GPU reset succeeded

. /usr/lib/lab/lib.sh

# resets: a result for each card: its GPU is reset, and works.
resets() {
	local card

	for card in $(cards); do
		cat "/sys/kernel/debug/dri/$(minor "$card")/radeon_gpu_reset" >/dev/null
		run gtt-move --card "$card" --rounds 1 --limit-mib 8
	done
}

check_cards
load_radeon
forget_vram
keep_bos
if [ "$(machine)" = bare ]; then
	suspend_result to-idle freeze platform
	suspend_result s3 mem core
else
	# With "platform" the kernel warns of an unbalanced wake-up of ACPI's interrupt.
	suspend_result to-idle freeze devices
fi
kept_bos
resets
unload_radeon
finish
