# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# A suspend needs memory for the contents of VRAM. VRAM is full, and less memory than that is free.
# Without swap space the kernel has to refuse, and the cards keep working; with swap space the
# machine suspends. The OOM killer ends at most the dd of take_memory, and the BOs keep their
# contents. In Linux 6.12 swap space helps only hibernation.
#
# args: lab.gartsize=-1
# limit: 1200
# needs: swap-disk
# allow: Buffer eviction failed
# allow: Failed to find memory space for buffer
# allow: VRAM cannot be evicted \(-12\)
# allow: page allocation failure: order:0,
# allow: invoked oom-killer
# allow: Out of memory: Killed process [0-9]+ \(dd\)

. /usr/lib/lab/lib.sh

check_cards
load_radeon
forget_vram

keep_bos --vram-mib 56 --gtt-mib 4
take_memory 8
if suspend_machine freeze devices; then
	result fail refused "the machine has suspended with 8 MiB of free memory"
elif [ "${suspend_error%annot allocate memory}" = "$suspend_error" ]; then
	result fail refused "not refused with ENOMEM: $suspend_error"
elif ! dmesg | grep -q "not prepared for power transition: code -12"; then
	result fail refused "devices were suspended before the refusal"
else
	result pass refused "$suspend_error"
fi
return_memory
kept_bos

keep_bos --vram-mib 56 --gtt-mib 4
take_memory 8
if swap_on_disk; then
	case $(uname -r) in
	6.12*) suspend_result with-swap disk devices ;;
	*) suspend_result with-swap freeze devices ;;
	esac
else
	result fail with-swap "$LAB_SWAP_DISK cannot be used for swap space"
fi
return_memory
kept_bos
unload_radeon
finish
