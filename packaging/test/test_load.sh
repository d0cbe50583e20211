#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# Which driver radeon-rttm-load loads in each state of a machine, what it logs, and what
# radeon-rttm-boot makes of a loading that went wrong; runs inside the lab's root. kmod, /sys, the
# kernel's log and its command line are stand-ins. Prints a line; a failure is a line and status 1.
set -euo pipefail

state=/run/state
card=/sys/bus/pci/devices/0000:01:00.0
status=0

# make_stubs: make stand-ins. kmod is what modprobe and rmmod are links to.
make_stubs() {
	cat >/run/kmod <<-'END'
	#!/bin/bash
	state=/run/state card=/sys/bus/pci/devices/0000:01:00.0
	echo "${0##*/} $*" >>$state/commands
	case ${0##*/}:$* in
	modprobe:'-qD '*)
		echo "insmod /lib/modules/1/kernel/drm.ko debug=0"
		echo "insmod /lib/modules/1/kernel/$2.ko.xz $(
			sed -n "s/^options $2 //p" $state/config)" ;;
	modprobe:-qR*) printf '%s\n' radeon radeon_rttm ;;
	modprobe:'-q rttm'*)
		[[ ! -e $state/missing ]] || exit 1
		mkdir -p /sys/module/rttm ;;
	modprobe:'-q radeon_rttm'*)
		# It is blacklisted.
		[[ ${MODPROBE_OPTIONS:-} != *b* ]] || exit 0
		sleep 0.2
		[[ ! -e $state/refused ]] || exit 1
		mkdir -p /sys/module/radeon
		[[ -e $state/probe-fails ]] || ln -sfn /sys/drivers/ours $card/driver ;;
	modprobe:'--ignore-install radeon'*)
		mkdir -p /sys/module/radeon
		ln -sfn /sys/drivers/stock $card/driver ;;
	rmmod:*)
		[[ ! -e $state/in-use || $1 != radeon ]] || exit 1
		rmdir "/sys/module/$1" || exit 1
		[[ $1 != radeon ]] || rm -f $card/driver ;;
	esac
	END
	chmod 755 /run/kmod
	busybox mount --bind /run/kmod "$(realpath /usr/sbin/modprobe)"
	busybox mount -t tmpfs sys /sys
	mkdir -p /etc/modprobe.d
	busybox mount -t tmpfs conf /etc/modprobe.d
	: >/dev/kmsg
	: >/run/cmdline
	busybox mount --bind /run/cmdline /proc/cmdline
}

# machine STATE...: make a machine with one card, and what is wrong with it.
machine() {
	local name

	rm -rf $state /sys/module /sys/bus /run/radeon-rttm
	mkdir -p $state $card /sys/module /sys/drivers/{ours,stock}
	echo 0x1002 >$card/vendor
	echo 0x030000 >$card/class
	echo pci:v00001002d00005B60 >$card/modalias
	echo 'root=/dev/vda1 quiet' >/run/cmdline
	: >/dev/kmsg
	: >$state/config
	for name; do
		: >"$state/$name"
	done
}

# fail NAME TEXT: sets status.
fail() {
	echo "$1: $2"
	status=1
}

# expect NAME ours|stock TEXT: check after a load which driver the card has, and the log.
expect() {
	local driver

	driver=$(readlink $card/driver || echo none)
	[[ ${driver##*/} == "$2" ]] || fail "$1" "the card has ${driver##*/}, not $2"
	if [[ -n $3 ]]; then
		grep -qF "$3" /dev/kmsg || fail "$1" "the log has '$(cat /dev/kmsg)', not '$3'"
	else
		[[ ! -s /dev/kmsg ]] || fail "$1" "the log has '$(cat /dev/kmsg)'"
	fi
	[[ ! -e /run/radeon-rttm/loading ]] || fail "$1" 'the lock stays'
	[[ $2 == ours || ! -e /sys/module/rttm ]] || fail "$1" 'rttm stays loaded'
}

# check_boot: run radeon-rttm-boot; its seconds take no time.
check_boot() {
	(
		printf '%s\n' '#!/bin/sh' "echo update-initramfs >>$state/commands" \
			"! rm $state/apt 2>/dev/null || : >$state/dpkg" "[ ! -e $state/full ]" \
			>$state/update-initramfs
		printf '%s\n' '#!/bin/sh' "echo sleep >>$state/seconds" "rm -f $state/dpkg" \
			>$state/sleep
		printf '%s\n' '#!/bin/sh' >$state/udevadm
		printf '%s\n' '#!/bin/sh' "[ -e $state/dpkg ]" >$state/pidof
		chmod 755 $state/{pidof,sleep,udevadm,update-initramfs}
		PATH=$state:$PATH sh /src/packaging/radeon-rttm-boot
	) || fail boot "status $?"
}

load() {
	MODPROBE_OPTIONS=-qb sh /src/packaging/radeon-rttm-load "$@" || fail load "status $?"
}

make_stubs
machine
load gartsize=64
expect ours ours ''
grep -qx 'modprobe -q radeon_rttm gartsize=64' $state/commands ||
	fail options 'options for radeon do not reach ours'

machine
echo 'root=/dev/vda1 radeon_rttm=off' >/run/cmdline
load gartsize=64
expect switched-off stock 'switched off'
grep -qx 'modprobe --ignore-install radeon gartsize=64' $state/commands ||
	fail options "options do not reach the kernel's own"

machine missing
load
expect missing stock 'our modules are missing'
machine refused
load
expect refused stock 'our modules are missing or were refused'
machine probe-fails
load
expect probe-fails stock 'our driver does not drive the card 0000:01:00.0'

machine
printf '%s\n' 'options ttm pages_limit=1' 'options radeon gartsize=32' \
	'options rttm backing=shared' >$state/config
load
expect ttm-options ours ''
grep -qx 'modprobe -q rttm pages_limit=1 backing=shared' $state/commands ||
	fail options "ttm's options do not reach rttm: $(grep rttm $state/commands)"

# Two cards at the same time.
for kind in '' probe-fails; do
	# shellcheck disable=SC2086
	machine $kind
	load &
	load &
	wait
	[[ $(grep -c -- '-q radeon_rttm' $state/commands) == 1 ]] ||
		fail twice 'two processes load it'
	expect twice "$([[ -n $kind ]] && echo stock || echo ours)" \
		"$([[ -z $kind ]] || echo 'does not drive')"
done

# Ours drives another card, and cannot be unloaded.
machine probe-fails in-use
load
grep -q 'and stays' /dev/kmsg && ! grep -q ignore-install $state/commands &&
	[[ -d /sys/module/rttm ]] ||
	fail in-use "the log has '$(cat /dev/kmsg)'"

# A machine without a card for it.
machine probe-fails
rm -r /sys/bus/pci/devices/*
load
[[ ! -s /dev/kmsg && -d /sys/module/rttm ]] || fail no-card "the log has '$(cat /dev/kmsg)'"

# After a boot: all is well, or there is no Radeon.
for kind in loaded none; do
	machine
	[[ $kind == none ]] || load
	check_boot
	[[ ! -s /dev/kmsg && ! -e $state/seconds && ! -e /etc/modprobe.d/radeon-rttm.conf ]] ||
		fail "boot-$kind" "the log has '$(cat /dev/kmsg)'"
done

# The script was killed before a driver was loaded.
machine
mkdir -p /run/radeon-rttm/loading
check_boot
expect boot-killed stock 'was interrupted'

# It was killed after it had loaded one.
machine
load
mkdir -p /run/radeon-rttm/loading
check_boot
expect boot-killed-late ours ''

# Loading hangs, in the probe or in the removal after it: the file has what makes udev ignore ours,
# and the initramfs is made anew, again if apt starts meanwhile. After a reset before that, the next
# boot does so. A file of the user stays.
for kind in coming going apt reset users; do
	machine
	rm -f /etc/modprobe.d/radeon-rttm.conf
	mkdir -p /run/radeon-rttm/loading /sys/module/{radeon,rttm}
	[[ $kind == going ]] && initstate=going || initstate=coming
	echo "$initstate" >/sys/module/radeon/initstate
	commands=update-initramfs seconds=60
	if [[ $kind == apt ]]; then
		: >$state/apt
		commands+=$'\n'update-initramfs seconds=61
	fi
	[[ $kind != users ]] || echo '# mine' >/etc/modprobe.d/radeon-rttm.conf
	[[ $kind != reset ]] ||
		echo '# radeon-rttm-boot wrote this' >/etc/modprobe.d/radeon-rttm.conf
	check_boot
	[[ $(wc -l <$state/seconds) == "$seconds" ]] ||
		fail "boot-$kind" "$(wc -l <$state/seconds) seconds"
	text=$(cat /etc/modprobe.d/radeon-rttm.conf)
	if [[ $kind == users ]]; then
		[[ $text == '# mine' && ! -s $state/commands ]] &&
			grep -q 'exists already' /dev/kmsg ||
			fail boot-users "the file is '$text', the log '$(cat /dev/kmsg)'"
	else
		[[ $text == *$'\nblacklist radeon_rttm' &&
			$(cat $state/commands) == "$commands" ]] &&
			grep -q "selects the kernel's own" /dev/kmsg ||
			fail "boot-$kind" "the file is '$text', the log '$(cat /dev/kmsg)'"
	fi
done

# It hangs, and /boot is full.
machine full
rm -f /etc/modprobe.d/radeon-rttm.conf
mkdir -p /sys/module/{radeon,rttm}
echo coming >/sys/module/radeon/initstate
check_boot
grep -q 'or the initramfs could not be written' /dev/kmsg ||
	fail boot-full "the log has '$(cat /dev/kmsg)'"

# The kernel's own hangs.
machine
rm -f /etc/modprobe.d/radeon-rttm.conf
mkdir -p /sys/module/radeon
echo coming >/sys/module/radeon/initstate
check_boot
[[ ! -s /dev/kmsg && ! -e /etc/modprobe.d/radeon-rttm.conf ]] ||
	fail boot-stock "the log has '$(cat /dev/kmsg)'"

((status)) || echo 'each state has its driver'
exit "$status"
