# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# For programs that run in a separate root. Sourced by enter-igt and enter-disk.

# mount_devices ROOT: what programs expect to be mounted in a root.
mount_devices() {
	ln -sfn /proc/self/fd /dev/fd
	mkdir -p /dev/shm
	grep -q "^[^ ]* /dev/shm " /proc/mounts || mount -t tmpfs shm /dev/shm
	mount -o rbind /dev "$1/dev"
	mount -o rbind /proc "$1/proc"
	mount -t sysfs sys "$1/sys"
	mount -t debugfs debug "$1/sys/kernel/debug"
	mount -t tmpfs tmp "$1/tmp"
	mount -t tmpfs run "$1/run"
}
