#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# make test-package: installs, upgrades and removes the packages on a Debian 13 disk, and boots it.
#
#   ONLY=REGEX    of the cases below, those whose name matches
#   BOOT=no       only what apt does
#   BOOT=all      also the boots that "more" names below
#   LIMIT=SECONDS, SILENCE=SECONDS   for each boot (900, 300)
#
# Each case runs in a chroot of the disk, at the host's speed, on the disk that the case which it
# needs has left (disk_cases.sh). Then that disk boots in the lab's machine, from GRUB on, with the
# card rv370, and reports which driver the card has, and whether the console is on its screen.
# Prints a line for each case and boot; logs are in out/test-package. Ends with 0 if none failed, 1
# if one did, 2 if the run could not be started.
LAB_TAG=test-package LAB_DIE_STATUS=2
# shellcheck source=../../lab/common.sh
. "$(dirname "$0")/../../lab/common.sh"

choose BOOT yes yes no all
check_seconds LIMIT SILENCE
here=$LAB_TOP/packaging/test
out=$LAB_TOP/out/test-package
rows=boot
[[ $BOOT != all ]] || rows='boot|more'
ONLY=${ONLY:-.}
status=0
# shellcheck disable=SC2319 # 2, if it cannot be compiled
[[ "" =~ $ONLY ]] || status=$?
((status < 2)) || die "ONLY=$ONLY is no regular expression: see regex(7)"
mapfile -t cases < <(grep -E '^case ' "$here/package-cases.list" | cut -d' ' -f2-)
mapfile -t chosen < <(printf '%s\n' "${cases[@]}" | awk -v only="$ONLY" '$1 ~ only')
((${#chosen[@]})) ||
	die "ONLY=$ONLY matches no case: choose of ${cases[*]%% *}"
sub "$LAB_TOP/packaging/make_deb.sh" || exit 2
disk=$(sub "$here/make_debian_disk.sh") || exit 2
[[ $BOOT == no ]] || sub "$LAB_TOP/lab/image/build_lab.sh" programs || exit 2
make_cache_dir
check_rights
build=$(build_name)
need_space 8000
lock_build "$LAB_TOP/out/test-package.lock"
rm -rf "$out"
mkdir -p "$out"
layers=$(mktemp -d "$LAB_CACHE/test-package.XXXXXX")
finish() {
	local jobs

	trap '' INT TERM HUP
	kill_ns
	mapfile -t jobs < <(jobs -p)
	((!${#jobs[@]})) || kill "${jobs[@]}" 2>/dev/null || true
	wait
	remove_tree "$layers" 9>&-
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# verdict NAME pass|fail SECONDS TEXT
verdict() {
	printf '%-28s %s %5ds  %s\n' "$@" | tee -a "$out/verdicts"
}

# inside LAYER[:LAYER]... COMMAND...: run it in the disk with these layers; the first can be
# written. Sets LAB_NS_PID.
inside() {
	local stack=$1 status=0

	shift
	in_ns "$BASH" "$here/enter_disk.sh" "$disk/root" "$stack" "$LAB_TOP" "$LAB_CACHE" "$@" \
		</dev/null 9>&-
	wait "$LAB_NS_PID" || status=$?
	LAB_NS_PID=
	return "$status"
}

# stack CASE: print its layer and those of the cases that it needs.
stack() {
	local name=$1 needs
	needs=$(printf '%s\n' "${cases[@]}" | awk -v name="$name" '$1 == name { print $2 }')
	echo -n "$layers/$name"
	[[ $needs == - ]] || { echo -n :; stack "$needs"; }
}

# run_case NAME NEEDS: run it once; those that it needs first.
run_case() {
	local name=$1 needs=$2 text start

	[[ ! -e $layers/$name ]] || return 0
	if [[ $needs != - ]]; then
		run_case "$needs" "$(printf '%s\n' "${cases[@]}" |
			awk -v name="$needs" '$1 == name { print $2 }')"
	fi
	start=$SECONDS
	mkdir -p "$layers/$name"/{upper,work}
	if inside "$(stack "$name")" bash /src/packaging/test/disk_cases.sh "$name" \
		>"$out/$name.log" 2>&1; then
		verdict "$name" pass $((SECONDS - start)) "$(tail -n 1 "$out/$name.log")"
	else
		text=$(grep -E '^(FAIL|E:|error:)' "$out/$name.log" | head -n 1) || true
		verdict "$name" fail $((SECONDS - start)) "${text:-see $out/$name.log}"
	fi
	: >"$layers/$name/done"
}

# start_machine DIR MACHINE WORD...: boot DIR/disk.img, with the results in DIR. The array allow has
# options for the kernel's messages.
start_machine() {
	local dir=$1 machine=$2 memory=3072M options socket device

	shift 2
	[[ $machine != xen ]] || memory=6144M
	options=(--out /out --run /run --model "/build/$build/model/radeon-model" --card rv370
		--limit "${LIMIT:-900}" --silence "${SILENCE:-300}" "${allow[@]}")
	[[ " $* " != *' lab.display=qxl '* ]] || options+=(--display qxl)
	socket="{\"path\":\"/run/rv370.sock\",\"type\":\"unix\"}"
	device="{\"driver\":\"vfio-user-pci\",\"bus\":\"root-port1\",\"x-msg-timeout\":60000,
		\"socket\":$socket}"
	sub "$LAB_TOP/lab/image/enter.sh" --out "$dir" \
		"/build/$build/boot/supervise" "${options[@]}" -- \
		qemu-system-x86_64 -nodefaults -no-user-config -display none -no-reboot \
		-machine q35,memory-backend=mem,vmport=off,smbus=off,sata=off,usb=off \
		-accel tcg -cpu max -smp 1 -m "$memory" \
		-object "memory-backend-memfd,id=mem,size=$memory,share=on" \
		-chardev stdio,id=console,signal=off -serial chardev:console \
		-qmp unix:/run/monitor.sock,server=on,wait=off \
		-drive file=/out/disk.img,if=none,id=disk,format=raw,cache=unsafe \
		-device virtio-blk-pci,drive=disk,bootindex=0 \
		$([[ " $* " != *' lab.display=qxl '* ]] || echo -device qxl-vga,id=qxl) \
		-device pcie-root-port,id=root-port1,slot=1,chassis=1 \
		-device "$device" \
		>"$dir/supervise.log" 2>&1 9>&-
}

# boot NAME MACHINE EXPECT WORD...: boot the disk as this case has left it; the cases do not see
# what this changes. After "hang" the disk boots again.
boot() {
	local name=$1 machine=$2 expect=$3 status=0 start=$SECONDS label dir allow=()

	shift 3
	[[ $expect != hang ]] || allow=(--allow 'task modprobe:.* blocked for more than')
	label=$name-$machine
	dir=$out/$label
	mkdir -p "$dir" "$layers/$label"/{upper,work}
	inside "$layers/$label:$(stack "$name")" bash /src/packaging/test/pack_disk.sh \
		"/build/$build" "$expect" "$machine" "$*" >"$dir/pack.log" 2>&1 || {
		verdict "boot $label" fail $((SECONDS - start)) \
			"the disk could not be packed: see $dir/pack.log"
		return
	}
	mv "$layers/$label/image/disk.img" "$dir/disk.img"
	start_machine "$dir" "$machine" "$@" || status=$?
	if [[ $expect == hang ]] && ((status == 0)); then
		mkdir "$dir/again"
		mv "$dir/disk.img" "$dir/again"
		dir+=/again
		start_machine "$dir" "$machine" "$@" || status=$?
	fi
	rm -f "$dir/disk.img"
	if ((status == 0)); then
		verdict "boot $label" pass $((SECONDS - start)) "$(
			sed -nE 's/^(driver pass|log) //p' "$dir/results.txt" "$dir/rows.txt" |
				paste -sd'|' | sed 's:|:; :g')"
	else
		status=$(cat "$dir"/{problems.txt,supervise.log} 2>/dev/null | head -n 1)
		verdict "boot $label" fail $((SECONDS - start)) "$status (see $dir)"
	fi
}

run_cases() {
	local line name needs

	for line in "${chosen[@]}"; do
		read -r name needs <<<"$line"
		run_case "$name" "$needs"
	done
}

# The boots run beside the cases, two of all these at a time.
run_cases &
cases_pid=$!
if [[ $BOOT != no ]]; then
	for line in "${chosen[@]}"; do
		read -r name _ <<<"$line"
		until [[ -e $layers/$name/done ]]; do
			kill -0 "$cases_pid" 2>/dev/null || [[ -e $layers/$name/done ]] ||
				die "the cases ended early: see $out"
			sleep 1
		done
		while read -r _ of machine expect words; do
			[[ $of == "$name" ]] || continue
			while (($(jobs -rp | wc -l) >= 2)); do wait -n || true; done
			# shellcheck disable=SC2086
			boot "$name" "$machine" "$expect" $words &
		done < <(grep -E "^($rows) " "$here/package-cases.list")
	done
fi
wait
failed=$(grep -c '^.\{28\} fail ' "$out/verdicts") || true
echo "$(($(wc -l <"$out/verdicts") - failed)) passed, $failed failed"
((failed == 0))
