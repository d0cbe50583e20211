#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# Boots the lab's machine. All is said by variables:
#
#   MACHINE=bare|xen            (xen)    the kernel on the machine, or as Xen's dom0
#   KERNEL=6.12|7.3             (6.12)   Debian 13's kernel, or its backports'
#   CARD=rv370|rv100|both|none  (rv370)
#   POOL=stock|new              (stock)  Debian's radeon.ko and TTM, or ours
#   RUN=SCENARIO                run one unattended (guest/scenarios); else a shell
#   OUT=DIR                     results and logs; see supervise.c for what is there
#   LIMIT=SECONDS               longest the boot may take, with RUN (600)
#   SILENCE=SECONDS             longest it may print nothing, with RUN (90)
#   ALLOW=REGEX                 kernel messages that are expected
#   MODEL=PATH                  the model's program, inside the root
#   MODEL_ARGS='--mutate NAME'  arguments for the models
#   GUEST_ARGS='lab.KEY=VALUE'  words for the kernel command line
#   SMP=N                       virtual CPUs (2)
#   ACCEL=tcg|kvm               (kvm where a trial boot works, else tcg)
#   BUILD=no                    do not look whether something has to be built
#
# Ends with 0 if the scenario passed, 1 if not, 2 if it could not be run.
LAB_TAG=boot LAB_DIE_STATUS=2
# shellcheck source=../common.sh
. "$(dirname "$0")/../common.sh"

MACHINE=${MACHINE:-xen}
KERNEL=${KERNEL:-6.12}
CARD=${CARD:-rv370}
POOL=${POOL:-stock}
RUN=${RUN:-}
ACCEL=${ACCEL:-}
SMP=${SMP:-2}

# choose NAME VALUE CHOICE...: refuse a value that is none of the choices.
choose() {
	local name=$1 value=$2 choice

	shift 2
	for choice; do
		[[ $value != "$choice" ]] || return 0
	done
	die "$name=$value is unknown: choose $(printf '%s\n' "$@" | paste -sd'|')"
}

choose MACHINE "$MACHINE" bare xen
choose KERNEL "$KERNEL" 6.12 7.3
choose CARD "$CARD" rv370 rv100 both none
choose POOL "$POOL" stock new
if [[ -n $RUN ]]; then
	mapfile -t scenarios < <(cd "$LAB_TOP/lab/guest/scenarios" && printf '%s\n' *.sh | sed 's/\.sh$//')
	choose RUN "$RUN" "${scenarios[@]}"
fi
[[ -z $ACCEL ]] || choose ACCEL "$ACCEL" tcg kvm
[[ $SMP =~ ^[1-8]$ ]] || die "SMP=$SMP is not a number from 1 to 8"
case $CARD in
both) cards=(rv370 rv100) ;;
none) cards=() ;;
*) cards=("$CARD") ;;
esac

if [[ ${BUILD:-} != no ]]; then
	[[ $POOL == stock ]] || sub "$LAB_TOP/lab/kernel/modules.sh" || exit 2
	sub "$LAB_TOP/lab/image/build.sh" || exit 2
fi
make_cache_dir
build=/build/$(build_name)

if [[ -n ${OUT:-} ]]; then
	mkdir -p "$OUT" 2>/dev/null && [[ -w $OUT ]] ||
		die "cannot write to OUT=$OUT: choose a directory that you can write"
	OUT=$(cd "$OUT" && pwd -P)
else
	mkdir -p "$LAB_CACHE/results"
	find "$LAB_CACHE/results" -mindepth 1 -maxdepth 1 -mtime +7 -exec rm -rf {} +
	OUT=$(mktemp -d "$LAB_CACHE/results/$MACHINE-$KERNEL-$CARD-$POOL${RUN:+-$RUN}.XXXXXX")
fi

# Six GiB: half of the memory, and under Xen all that dom0 gets, has machine addresses
# above 4 GiB, where a 32-bit card cannot reach and a 40-bit card has to be told in full.
memory=6144M
dom0_memory=1024M

# Taken by the kernel as one argument; "quiet" in meaning, not in what is logged:
# nothing here keeps a message from the log.
kernel_args() {
	local console=ttyS0

	[[ $MACHINE == bare ]] || console=hvc0
	# Mitigations guard against other programs on a CPU, at a price under emulation;
	# an emulated clock need not be compared with others.
	echo "console=$console loglevel=7 panic=-1" \
		"mitigations=off tsc=reliable no_timer_check" \
		"lab.card=$CARD lab.pool=$POOL ${RUN:+lab.run=$RUN} ${GUEST_ARGS:-}"
}

# machine ACCEL INITRD KERNEL_ARGS: QEMU's command line, into the array qemu.
machine() {
	local cpu=max initrd=$2

	[[ $1 == tcg ]] || cpu=host
	qemu=(qemu-system-x86_64 -nodefaults -no-user-config -display none -no-reboot
		-machine "q35,memory-backend=mem,vmport=off,smbus=off,sata=off,usb=off"
		-accel "$1" -cpu "$cpu" -smp "$SMP" -m "$memory"
		-object "memory-backend-memfd,id=mem,size=$memory,share=on"
		-chardev stdio,id=console,signal=off -serial chardev:console)
	if [[ $MACHINE == bare ]]; then
		qemu+=(-kernel "/boot/lab/vmlinux-$KERNEL" -append "$3")
		[[ -z $initrd ]] || qemu+=(-initrd "$initrd")
	else
		# Multiboot: the first module is dom0's kernel, with its command line.
		qemu+=(-kernel /boot/lab/xen
			-append "console=com1 com1=115200,8n1 dom0_mem=$dom0_memory,max:$dom0_memory dom0_max_vcpus=$SMP bootscrub=0 loglvl=info guest_loglvl=warning"
			-initrd "/boot/lab/vmlinux-$KERNEL ${3//,/,,}${initrd:+,$initrd}")
	fi
}

# add_cards: RV370 is behind a root port, or its PCIe capability does not reach the
# guest and the driver takes it for a PCI card; RV100 is a PCI card on the root bus.
add_cards() {
	local card bus

	for card in "${cards[@]}"; do
		bus=pcie.0
		# A card with INTx alone: the first interrupt makes QEMU trap every access
		# to its BARs for good. init lays this RAM, which is its VRAM, over BAR0.
		if [[ $card == rv100 ]]; then
			qemu+=(-object "memory-backend-file,id=$card-vram,mem-path=/run/$card.vram,size=64M,share=on"
				-device "ivshmem-plain,memdev=$card-vram")
		fi
		if [[ $card == rv370 ]]; then
			bus=root-port
			qemu+=(-device pcie-root-port,id=root-port,slot=1,chassis=1)
		fi
		qemu+=(-device "{\"driver\":\"vfio-user-pci\",\"bus\":\"$bus\",\"socket\":{\"path\":\"/run/$card.sock\",\"type\":\"unix\"}}")
	done
}

# choose_accel: KVM only where this very kernel has come up on it: a host may have
# /dev/kvm and fail to run one. Tried once for each start of the host.
choose_accel() {
	local verdict trial

	ACCEL=tcg
	if [[ ! -r /dev/kvm || ! -w /dev/kvm ]]; then
		say "emulated CPU: there is no usable /dev/kvm"
		return
	fi
	verdict=$LAB_CACHE/kvm-$(cut -c1-8 /proc/sys/kernel/random/boot_id)-$MACHINE-$KERNEL-$(image_key)
	if [[ ! -s $verdict ]]; then
		say "trying KVM"
		trial=$(mktemp -d "$LAB_CACHE/kvm-trial.XXXXXX")
		machine kvm "" "$(kernel_args)"
		# Without a root file system the kernel comes as far as to miss it.
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

machine "$ACCEL" "$build/initramfs/initrd-$KERNEL.cpio" "$(kernel_args)"
add_cards
options=(--out /out --run /run --model "${MODEL:-$build/model/radeon-model}")
for card in "${cards[@]}"; do options+=(--card "$card"); done
for arg in ${MODEL_ARGS:-}; do options+=(--model-arg "$arg"); done
[[ -z ${ALLOW:-} ]] || options+=(--allow "$ALLOW")
if [[ -n $RUN ]]; then
	options+=(--limit "${LIMIT:-600}" --silence "${SILENCE:-90}")
else
	options+=(--interactive)
fi

say "$MACHINE, kernel $KERNEL, card $CARD, $POOL pool, $ACCEL${RUN:+, scenario $RUN}; results in $OUT"
exec "$LAB_TOP/lab/image/enter.sh" --out "$OUT" \
	"$build/boot/supervise" "${options[@]}" -- "${qemu[@]}"
