#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# What ttm-pool-info --json and radeon-rttm-report print on a made-up machine; runs inside the lab's
# root. Prints a line; a failure is a line and status 1.
set -euo pipefail

tools=/src/tools
status=0

# fail NAME TEXT: sets status.
fail() {
	echo "$1: $2"
	status=1
}

# make_machine: make a Radeon with our driver, and a log with what a report must not have.
make_machine() {
	local device=/sys/bus/pci/devices/0000:01:00.0 gpu=/sys/kernel/debug/dri/0000:01:00.0

	busybox mount -t tmpfs sys /sys
	mkdir -p $device $gpu /sys/drivers/radeon
	mkdir -p /sys/module/{radeon,rttm/parameters,module/parameters}
	echo 0x1002 >$device/vendor
	echo 0x5b60 >$device/device
	echo 0x030000 >$device/class
	echo pci:v00001002d00005B60 >$device/modalias
	echo 40 >$device/dma_mask_bits
	ln -s ../../../../drivers/radeon $device/driver
	echo 'radeon dev=0000:01:00.0 unique=0000:01:00.0' >$gpu/name
	printf '%s\n' 'backing  device: Xen PV domain' 'pages of BOs  513' >$gpu/ttm_backing
	echo auto >/sys/module/rttm/parameters/backing
	echo 0~git1 >/sys/module/radeon/version
	echo N >/sys/module/module/parameters/sig_enforce
	echo 'root=/dev/sda1 secret=hunter2 radeon.modeset=1 radeon_rttm=off' >/run/cmdline
	busybox mount --bind /run/cmdline /proc/cmdline
	cat >/run/log <<-'END'
	[    0.0] Command line: root=/dev/sda1 secret=hunter2
	[    1.0] radeon 0000:01:00.0: BO pages: device (Xen PV domain)
	[    2.0] [TTM] a "quoted" word, a back\slash and a	tab
	[    3.0] radeon 0000:01:00.0: process Xorg-of-alice is refused
	[    4.0] [drm] EDID of monitor SN-4711
	[    5.0] audit: comm="mail-of-alice" radeon
	[    6.0] usb 1-1: SerialNumber: SN-4711
	END
	mkdir -p /run/bin
	printf '#!/bin/sh\ncat /run/log\n' >/run/bin/dmesg
	printf '#!/bin/sh\n[ "$1" != -c ] || echo "options radeon gartsize=64"\n' >/run/bin/modprobe
	chmod 755 /run/bin/*
}

# holds FILTER: check that it is true of the JSON in /run/json.
holds() {
	jq -e "$1" /run/json >/dev/null || fail json "not '$1': $(tr '\n' ' ' </run/json)"
}

make_machine
PATH=/run/bin:$PATH
"$tools/ttm-pool-info" --json >/run/json || fail json "status $? with a GPU"
holds '.radeon == "radeon-rttm 0~git1" and .TTM == "rttm, backing=auto"'
holds '.gpus[0].device == "0000:01:00.0 [1002:5b60], radeon"'
holds '.gpus[0].backing == "device: Xen PV domain" and .gpus[0]["pages of BOs"] == "513"'
holds '.log[1] | endswith("a \"quoted\" word, a back\\slash and a\ttab")'
rm -r /sys/kernel/debug/dri/*
! "$tools/ttm-pool-info" --json >/run/json || fail json 'status 0 without a GPU'
holds '.gpus == null and (.log | length) == 2'
"$tools/ttm-pool-info" --jsn >/run/out 2>&1 && fail json 'it takes --jsn' ||
	(($? == 2)) || fail json 'a wrong argument is not status 2'

"$tools/radeon-rttm-report" >/run/report || fail report "status $?"
for text in '0000:01:00.0 0x1002:0x5b60 driver radeon' 'radeon.modeset=1' 'radeon_rttm=off' \
	'options radeon gartsize=64' 'BO pages: device (Xen PV domain)'; do
	grep -qF "$text" /run/report || fail report "it lacks '$text'"
done
for text in hunter2 alice SN-4711; do
	! grep -qF "$text" /run/report || fail report "it has '$(grep -F "$text" /run/report)'"
done
printf '#!/bin/sh\necho 1000\n' >/run/bin/id
chmod 755 /run/bin/id
"$tools/radeon-rttm-report" >/run/out 2>&1 && fail report 'it runs without rights' ||
	(($? == 2)) || fail report 'without rights its status is not 2'
[[ $(wc -l </run/out) == 1 ]] || fail report "without rights it prints $(wc -l </run/out) lines"

((status)) || echo 'each has what it should, and nothing private'
exit "$status"
