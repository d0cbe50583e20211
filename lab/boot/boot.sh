#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# Boots the lab's machine. Variables choose it:
#
#   MACHINE=bare|xen            (xen)    the kernel on the machine, or as Xen's dom0
#   KERNEL=6.12|7.3             (6.12)   Debian 13's kernel, or its backports'
#          6.12-debug|7.3-debug          the same source with our changes and the
#                                        kernel's checkers (lab/kernel/debug_kernel.sh)
#   KERNEL_SRC=DIR              instead of KERNEL: a kernel built from this source (see
#                               lab/kernel/source_kernel.sh), with POOL=stock|fixes|new (stock): as
#                               it is, with the fixes for radeon and TTM, or with all series
#   CARD=NAME[,NAME]...|both|none        of lab/cards.list (its first); both: its first two
#   POOL=new|stock              (new)    our radeon.ko and TTM, or Debian's; a debug kernel
#                                        has ours alone
#   DOM0=pv|pvh                 (pv)     the kind of Xen's dom0; the machine of a PVH dom0 also has
#                               an IOMMU and an emulated CPU
#   POOL_DEVICE=default|xen|KEY=VALUE,...
#                               also a pool device, with the values for a Xen PV domain (default or
#                               xen) or others (lab/model/pool/pool_device.c), right or wrong
#   SECOND_DISPLAY=qxl|bochs|virtio_gpu
#                               also a display that QEMU emulates, for the driver of that name
#   EDU=yes                     also two devices that copy by bus addresses of 32 and of 40
#                               bits, for lab/guest/edu_dma; scenarios that need them say so
#                               ("# needs: edu")
#   IOMMU=yes                   bare: also an IOMMU (QEMU's intel-iommu), in front of all devices
#   HOT_MEMORY=NM               bare: room for memory, in MiB, that the guest asks the host to plug
#                               in ("lab-probe machine plug NM"); scenarios that need it say so
#                               ("# needs: hot-memory")
#   RUN=SCENARIO                run one unattended (guest/scenarios); else a shell
#   OUT=DIR                     results and logs; see supervise.c for what is there
#   LIMIT=SECONDS               longest the boot may take, with RUN (900)
#   SILENCE=SECONDS             longest it may print nothing, with RUN (240)
#   ALLOW=REGEX                 kernel messages that are expected, in addition to those that
#                               the scenario names ("# allow: REGEX", and "# allow-stock:
#                               REGEX" with that pool)
#   MODEL=PATH                  the model's program, inside the root; pool-device-model beside it
#   MODEL_ARGS='--fault NAME'   arguments for the models
#   MODEL_TIMEOUT=SECONDS       longest that QEMU waits for an answer of a model (60)
#   GUEST_ARGS='lab.KEY=VALUE'  words for the kernel command line
#   SMP=N                       virtual CPUs (2; 1 under Xen, where two emulated ones wait for
#                               each other's locks)
#   MEMORY=NM                   RAM of the machine, in MiB (6144M; 2048M with HOT_MEMORY)
#   DOM0_MEMORY=NM|-NM          what dom0 gets of it under Xen (1024M); -NM: all but N MiB
#   ACCEL=tcg|kvm               (kvm where a trial boot works, else tcg)
#   CLOCK=host|instructions     (host)   what advances the guest's clock: the host's clock, or each
#                               instruction of the guest, by a nanosecond (with ACCEL=tcg)
#   SWAP_DISK=NM                bare: also a disk of N MiB, for swap space and an image of memory.
#                               It is empty at the start, and the guest may reboot; scenarios
#                               that need it say so ("# needs: swap-disk")
#   DISK=NAME                   also a read-only disk with programs for the guest (screen:
#                               lab/image/screen.packages; enter-disk); scenarios that need it say
#                               so ("# needs: disk=screen")
#   IGT=yes                     igt and its tests in the guest (enter-igt); scenarios that need
#                               them say so ("# needs: igt")
#   BUILD=no                    use what was built before, without checking what has changed
#
# A scenario's first comment says what its boots need in addition; the variables win:
#
#   # needs: igt, edu, pool-device, hot-memory, swap-disk or disk=screen
#                                       as IGT=yes, EDU=yes, POOL_DEVICE=default, HOT_MEMORY=4096M,
#                                       SWAP_DISK=2048M and DISK=screen
#   # limit: SECONDS, # silence: SECONDS
#   # args: WORDS                       before GUEST_ARGS
#   # allow: REGEX, # allow-stock: REGEX
#
# Ends with 0 if the scenario passed, 1 if not, 2 if it could not be run.
LAB_TAG=boot LAB_DIE_STATUS=2
# shellcheck source=../common.sh
. "$(dirname "$0")/../common.sh"
# shellcheck source=../cards.sh
. "$LAB_TOP/lab/cards.sh"

POOL_DEVICE=${POOL_DEVICE:-}
RUN=${RUN:-}
DOM0_MEMORY=${DOM0_MEMORY:-1024M}

choose MACHINE xen bare xen
choose DOM0 pv pv pvh
check_seconds LIMIT SILENCE MODEL_TIMEOUT
if [[ -n ${KERNEL_SRC:-} ]]; then
	[[ ${KERNEL:-src} == src ]] ||
		die "KERNEL=$KERNEL and KERNEL_SRC=$KERNEL_SRC exclude each other: leave one of them out"
	[[ -d $KERNEL_SRC ]] || die "KERNEL_SRC=$KERNEL_SRC is not a directory: name a kernel's source"
	KERNEL=src
	choose POOL stock stock fixes new
else
	[[ ${KERNEL:-} != src ]] || die "KERNEL=src: set KERNEL_SRC to a kernel's source as well"
	choose KERNEL 6.12 6.12 7.3 6.12-debug 7.3-debug
	choose POOL new stock new
fi
[[ $KERNEL-${POOL:-} != *-debug-stock ]] ||
	die "POOL=stock: a debug kernel has no TTM but ours: leave POOL out, or choose KERNEL=${KERNEL%-debug}"
choose_cards "${CARD:-}"
choose SECOND_DISPLAY '' qxl bochs virtio_gpu

# scenario_head KEY: print the values of KEY in the scenario's first comment, a line each.
scenario_head() {
	sed -nE "s/^# $1: //p" "$LAB_TOP/lab/guest/scenarios/$RUN.sh"
}

if [[ -n $RUN ]]; then
	mapfile -t scenarios < <(cd "$LAB_TOP/lab/guest/scenarios" &&
		printf '%s\n' *.sh | sed 's/\.sh$//')
	choose RUN '' "${scenarios[@]}"
	for need in $(scenario_head needs); do
		case $need in
		igt) IGT=yes ;;
		edu) EDU=yes ;;
		pool-device) POOL_DEVICE=${POOL_DEVICE:-default} ;;
		hot-memory) HOT_MEMORY=${HOT_MEMORY:-4096M} ;;
		swap-disk) SWAP_DISK=${SWAP_DISK:-2048M} ;;
		disk=*) DISK=${need#disk=} ;;
		*) die "the scenario $RUN needs '$need', which is unknown: choose igt|edu|pool-device|hot-memory|swap-disk|disk=NAME" ;;
		esac
	done
	limit=$(scenario_head limit) silence=$(scenario_head silence)
	LIMIT=${LIMIT:-${limit:-900}} SILENCE=${SILENCE:-${silence:-240}}
	GUEST_ARGS="$(scenario_head args | paste -sd' ') ${GUEST_ARGS:-}"
fi
choose IGT '' yes
choose EDU '' yes
choose IOMMU '' yes
mapfile -t disks < <(disk_names)
choose DISK '' "${disks[@]}"
[[ $DOM0 == pv ]] || ACCEL=${ACCEL:-tcg}
choose ACCEL '' tcg kvm
choose CLOCK host host instructions
if [[ $CLOCK == instructions ]]; then
	[[ ${ACCEL:=tcg} == tcg ]] ||
		die "ACCEL=$ACCEL: the instructions of a host's CPU are not counted: leave ACCEL out, or choose CLOCK=host"
fi
# The model checks the keys and their values.
pair='[a-z]+=[^,]*'
[[ $POOL_DEVICE =~ ^((default|xen|$pair)(,$pair)*)?$ ]] ||
	die "POOL_DEVICE=$POOL_DEVICE is unknown: choose default|xen, or KEY=VALUE,... like version=2,width=36"
if [[ $MACHINE == xen ]]; then SMP=${SMP:-1}; else SMP=${SMP:-2}; fi
[[ $SMP =~ ^[1-8]$ ]] || die "SMP=$SMP is not a number from 1 to 8"
# mebibytes NAME VALUE LOW HIGH: refuse a size that is not of the form NM or out of range.
mebibytes() {
	[[ $2 =~ ^[1-9][0-9]{0,5}M$ ]] && ((${2%M} >= $3 && ${2%M} <= $4)) ||
		die "$1=$2 is not a size from ${3}M to ${4}M: write it in MiB, like ${3}M"
}
[[ $MACHINE == xen || $DOM0 == pv ]] || die "DOM0=$DOM0 with MACHINE=bare: only Xen has a dom0"
for variable in IOMMU HOT_MEMORY SWAP_DISK; do
	[[ $MACHINE == bare || -z ${!variable:-} ]] ||
		die "$variable=${!variable} with MACHINE=$MACHINE: only the bare machine has that"
done
# By default six GiB. Then half of the memory, and under Xen all of dom0's, has machine addresses
# above 4 GiB: a 32-bit card does not reach it, and a 40-bit card needs all bits of its addresses.
# Without memory that is plugged in, a machine of 2 GiB has none above 4 GiB.
if [[ -n ${HOT_MEMORY:-} ]]; then
	MEMORY=${MEMORY:-2048M}
	mebibytes HOT_MEMORY "$HOT_MEMORY" 128 65536
fi
[[ -z ${SWAP_DISK:-} ]] || mebibytes SWAP_DISK "$SWAP_DISK" 64 65536
MEMORY=${MEMORY:-6144M}
# The kernel and its first file system do not fit into less.
mebibytes MEMORY "$MEMORY" 768 65536
if [[ $MACHINE == xen ]]; then
	# Xen keeps some memory for itself.
	((${MEMORY%M} >= 1024)) ||
		die "MEMORY=$MEMORY is too little for Xen and a dom0: give it 1024M or more"
	dom0_args=dom0_mem=$DOM0_MEMORY,max:$DOM0_MEMORY
	if [[ $DOM0_MEMORY == -* ]]; then
		[[ $DOM0_MEMORY =~ ^-[1-9][0-9]?M$ ]] ||
			die "DOM0_MEMORY=$DOM0_MEMORY does not leave 1M to 99M to Xen: write it like -16M"
		dom0_args=dom0_mem=$DOM0_MEMORY
	else
		mebibytes DOM0_MEMORY "$DOM0_MEMORY" 768 "$((${MEMORY%M} - 256))"
	fi
	# The emulated CPU is AMD's, the IOMMU Intel's: they have no common format of page tables.
	[[ $DOM0 == pv ]] || dom0_args+=" dom0=pvh iommu=no-sharept"
fi

initrd=initrd-$KERNEL
case $KERNEL in
src) initrd=initrd-$(source_kernel_name) ;;
*-debug) initrd+=-$MACHINE ;;
esac
[[ -z $IGT ]] || initrd+=-igt

# update SCRIPT [NAME=VALUE]...: bring what a script of lab/ builds up to date.
update() {
	local script=$1

	shift
	sub env "$@" "$LAB_TOP/lab/$script" || exit 2
}

if [[ ${BUILD:-} != no ]]; then
	case $KERNEL-$POOL-$RUN in
	src-*) update kernel/source_kernel.sh KERNEL_SRC="$KERNEL_SRC" POOL="$POOL" ;;
	*-debug-*-mutants) update kernel/mutant_modules.sh KERNEL="${KERNEL%-debug}" ;;
	*-debug-*) update kernel/debug_kernel.sh KERNEL="${KERNEL%-debug}" MACHINE="$MACHINE" ;;
	*-new-*) update kernel/modules.sh KERNEL="$KERNEL" ;;
	esac
	sub "$LAB_TOP/lab/image/build_lab.sh" "$initrd" || exit 2
	[[ -z $DISK ]] || sub "$LAB_TOP/lab/image/make_disk.sh" "$DISK" || exit 2
fi
make_cache_dir
build=/build/$(build_name)
if [[ $KERNEL == src ]]; then
	source_build=$(build_name)-$(source_kernel_name)
	in_tree=$(cat "$LAB_CACHE/build/$source_build/out/pool" 2>/dev/null) ||
		die "KERNEL_SRC=$KERNEL_SRC is not built with POOL=$POOL: leave BUILD out"
	POOL=$in_tree
fi

if [[ -n ${OUT:-} ]]; then
	mkdir -p "$OUT" 2>/dev/null && [[ -w $OUT ]] ||
		die "cannot write to OUT=$OUT: choose a directory that you can write"
	OUT=$(cd "$OUT" && pwd -P)
else
	mkdir -p "$LAB_CACHE/results"
	find "$LAB_CACHE/results" -mindepth 1 -maxdepth 1 -mtime +7 -exec rm -rf {} +
	OUT=$(mktemp -d "$LAB_CACHE/results/$MACHINE-$KERNEL-$CARD-$POOL${RUN:+-$RUN}.XXXXXX")
fi

vmlinux=/boot/lab/vmlinux-$KERNEL debug_args=
case $KERNEL in
src) vmlinux=/build/$source_build/out/vmlinux ;;
*-debug)
	debug_args='kmemleak=on dma_debug_entries=262144 page_poison=1'
	case $MACHINE in
	bare) vmlinux=bzImage ;;
	xen) vmlinux=vmlinux debug_args+=' slab_debug=FZPU' ;;
	esac
	vmlinux=$build-debug-${KERNEL%-debug}/$MACHINE/out/$vmlinux
	;;
esac

# kernel_args: the kernel's command line. It keeps no message from the log.
kernel_args() {
	local console=ttyS0 card_list

	[[ $MACHINE == bare ]] || console=hvc0
	card_list=$(IFS=,; echo "${cards[*]:-none}")
	# Mitigations guard against other programs on a CPU, at a price under emulation;
	# an emulated clock need not be compared with others.
	echo "console=$console loglevel=7 panic=-1" \
		"mitigations=off tsc=reliable no_timer_check" \
		"$debug_args" \
		"lab.card=$card_list lab.pool=$POOL lab.clock=$CLOCK" \
		"${SECOND_DISPLAY:+lab.second_display=$SECOND_DISPLAY}" \
		"${RUN:+lab.run=$RUN lab.silence=$SILENCE}" \
		"${IOMMU:+intel_iommu=on}" \
		"${SWAP_DISK:+lab.swap_disk=/dev/vda}" \
		"${GUEST_ARGS:-}"
}

# machine ACCEL INITRD KERNEL_ARGS: sets qemu to QEMU's command line, an array.
machine() {
	local cpu=max clock=() initrd=$2 slots=

	[[ -z ${HOT_MEMORY:-} ]] ||
		slots=,slots=1,maxmem=$((${MEMORY%M} + ${HOT_MEMORY%M}))M
	[[ $1 == tcg ]] || cpu=host
	# For a short time identify_cpu() does not know that there are five levels of page tables.
	# In an interrupt at that time KASAN reports a valid address.
	cpu+=,la57=off
	# Xen traps this instruction and asks the CPU for its length, which QEMU's does not report.
	[[ $DOM0 == pv ]] || cpu+=,rdtscp=off
	# QEMU does not know the instruction count during a write to an MSR, and fails if the write
	# needs the time, so the APIC's registers are in memory. A string instruction counts once
	# for each step, so pages are cleared in steps of eight bytes, not of one.
	if [[ $CLOCK == instructions ]]; then
		clock=(-icount shift=0,sleep=on)
		cpu+=,x2apic=off,tsc-deadline=off,erms=off,fsrm=off,fsrs=off,fzrm=off
	fi
	qemu=(qemu-system-x86_64 -nodefaults -no-user-config -display none
		-machine "q35,memory-backend=mem,vmport=off,smbus=off,sata=off,usb=off"
		-accel "$1" "${clock[@]}" -cpu "$cpu" -smp "$SMP" -m "$MEMORY$slots"
		-object "memory-backend-memfd,id=mem,size=$MEMORY,share=on"
		-chardev stdio,id=console,signal=off -serial chardev:console
		-qmp unix:/run/monitor.sock,server=on,wait=off)
	[[ -n ${SWAP_DISK:-} ]] || qemu+=(-no-reboot)
	if [[ $MACHINE == bare ]]; then
		qemu+=(-kernel "$vmlinux" -append "$3")
		[[ -z $initrd ]] || qemu+=(-initrd "$initrd")
	else
		# Multiboot: the first module is dom0's kernel, with its command line.
		qemu+=(-kernel /boot/lab/xen
			-append "console=com1 com1=115200,8n1 $dom0_args dom0_max_vcpus=$SMP bootscrub=0 loglvl=info guest_loglvl=warning"
			-initrd "$vmlinux ${3//,/,,}${initrd:+,$initrd}")
	fi
}

# add_iommu: an IOMMU. QEMU needs it before the devices that it translates for. Sets qemu.
add_iommu() {
	[[ $IOMMU != yes && $DOM0 == pv ]] ||
		qemu+=(-device intel-iommu,intremap=off,caching-mode=on)
}

# add_swap_disk: a disk. QEMU keeps what is written to it in a temporary file in TMPDIR. Sets qemu.
add_swap_disk() {
	[[ -z ${SWAP_DISK:-} ]] ||
		qemu=(env TMPDIR=/dev/shm "${qemu[@]}" -device virtio-blk-pci,drive=swap -drive
			"if=none,id=swap,driver=null-co,size=$SWAP_DISK,read-zeroes=on,snapshot=on")
}

# add_second_display: a display that QEMU emulates. Sets qemu and options.
add_second_display() {
	local device

	case $SECOND_DISPLAY in
	'') return ;;
	qxl) device=qxl-vga ;;
	bochs) device=VGA ;;
	virtio_gpu) device=virtio-gpu-pci ;;
	esac
	qemu+=(-device "$device,id=$SECOND_DISPLAY")
	options+=(--display "$SECOND_DISPLAY")
}

# add_edu: the two edu devices, the narrow one first. Sets qemu.
add_edu() {
	local mask

	[[ $EDU == yes ]] || return 0
	for mask in 0xffffffff 0xffffffffff; do
		qemu+=(-device "edu,dma_mask=$mask")
	done
}

# add_out: the guest can write files to the result directory. Sets qemu.
add_out() {
	[[ $IGT == yes ]] || return 0
	qemu+=(-fsdev "local,id=out,path=/out,security_model=none"
		-device "virtio-9p-pci,fsdev=out,mount_tag=out")
}

# add_disk: the disk of DISK=, read-only. Sets qemu.
add_disk() {
	local drive

	[[ -n $DISK ]] || return 0
	drive=file=/build/$(disk_file "$DISK"),if=none,id=disk,format=raw,read-only=on
	qemu+=(-drive "$drive" -device virtio-blk-pci,drive=disk,serial=programs)
}

# add_vfio_user NAME BUS: the device of the model of that name. By default QEMU gives up if the
# model does not answer for 5 s. "lab-probe machine unplug NAME" unplugs it. Sets qemu.
add_vfio_user() {
	local socket="{\"path\":\"/run/$1.sock\",\"type\":\"unix\"}"
	local timeout=$((${MODEL_TIMEOUT:-60} * 1000))

	qemu+=(-device "{\"driver\":\"vfio-user-pci\",\"id\":\"$1\",\"bus\":\"$2\",
		\"x-msg-timeout\":$timeout,\"socket\":$socket}")
}

# add_cards: the cards, on the buses that the table of cards names. Each root port has a separate
# slot. Sets qemu.
add_cards() {
	local card bus vram slot=0

	for card in "${cards[@]}"; do
		bus=pcie.0
		# A second device with the VRAM, at the PCI address before its card's, as
		# lab/guest/vram-window.sh expects. QEMU makes devices in JSON after all others.
		if [[ $(card_field "$card" irq) == intx ]]; then
			vram="mem-path=/run/$card.vram,size=$(card_field "$card" vram)M"
			qemu+=(-object "memory-backend-file,id=$card-vram,$vram,share=on"
				-device "{\"driver\":\"ivshmem-plain\",\"memdev\":\"$card-vram\"}")
		fi
		if [[ $(card_field "$card" bus) == pcie ]]; then
			bus=root-port$((++slot))
			qemu+=(-device "pcie-root-port,id=$bus,slot=$slot,chassis=$slot")
		fi
		add_vfio_user "$card" "$bus"
	done
}

# add_pool_device: the pool device, last on the root bus, so that the addresses of other devices do
# not change. Sets qemu and options.
add_pool_device() {
	[[ -n $POOL_DEVICE ]] || return 0
	add_vfio_user pool pcie.0
	options+=(--pool-model "${model%/*}/pool-device-model" --pool-device "$POOL_DEVICE")
}

# choose_accel: sets ACCEL to kvm only if this kernel has booted on it: a host may have /dev/kvm and
# fail to run a kernel. It is tried once for each start of the host.
choose_accel() {
	local verdict trial

	ACCEL=tcg
	if [[ ! -r /dev/kvm || ! -w /dev/kvm ]]; then
		say "emulated CPU: there is no usable /dev/kvm"
		return
	fi
	verdict=$LAB_CACHE/kvm-$(cut -c1-8 /proc/sys/kernel/random/boot_id)
	verdict+=-$MACHINE-$KERNEL-$(image_key)
	if [[ ! -s $verdict ]]; then
		say "trying KVM"
		trial=$(mktemp -d "$LAB_CACHE/kvm-trial.XXXXXX")
		machine kvm "" "$(kernel_args)"
		# Without a root file system the boot ends when the kernel looks for it.
		sub "$LAB_TOP/lab/image/enter.sh" --out "$trial" "$build/boot/supervise" \
			--out /out --run /run --limit 30 --silence 15 -- "${qemu[@]}" \
			>/dev/null 2>&1 || true
		rm -f "$LAB_CACHE"/kvm-*-"$MACHINE-$KERNEL"-*
		if grep -q 'Unable to mount root fs' "$trial/kernel.log"; then
			echo kvm >"$verdict"
		else
			echo tcg >"$verdict"
		fi
		rm -rf "$trial"
	fi
	ACCEL=$(<"$verdict")
	if [[ $ACCEL == kvm ]]; then
		say "CPU: KVM (a trial boot has worked)"
	else
		say "emulated CPU: a trial boot on KVM has not worked"
	fi
}

[[ -n $ACCEL ]] || choose_accel

model=${MODEL:-$build/model/radeon-model}
options=(--out /out --run /run --model "$model")
machine "$ACCEL" "$build/initramfs/$initrd.cpio" "$(kernel_args)"
add_iommu
add_swap_disk
add_second_display
add_out
add_disk
add_cards
add_edu
add_pool_device
for card in "${cards[@]}"; do options+=(--card "$card"); done
for arg in ${MODEL_ARGS:-}; do options+=(--model-arg "$arg"); done
[[ -z ${ALLOW:-} ]] || options+=(--allow "$ALLOW")
# In all scenarios: this kernel's first switch between tasks resumes a lazy MMU mode that was not
# paused.
[[ $MACHINE-$KERNEL != xen-7.3-debug ]] ||
	options+=(--allow 'WARNING: include/linux/pgtable.h:[0-9]* at \
xen_(start|end)_context_switch\+')
if [[ -n $RUN ]]; then
	while IFS= read -r regex; do
		options+=(--allow "$regex")
	done < <(scenario_head "allow(-${POOL/fixes/stock})?")
	options+=(--limit "$LIMIT" --silence "$SILENCE")
else
	options+=(--interactive)
fi

say "$MACHINE, kernel $KERNEL, card $CARD, $POOL pool${POOL_DEVICE:+, pool device}${SECOND_DISPLAY:+, $SECOND_DISPLAY}, $ACCEL${RUN:+, scenario $RUN}; results in $OUT"
exec "$LAB_TOP/lab/image/enter.sh" --out "$OUT" \
	"$build/boot/supervise" "${options[@]}" -- "${qemu[@]}"
