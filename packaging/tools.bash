# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# Completion of the commands of radeon-rttm-tools.
complete -W "--json --help" ttm-pool-info
complete -W "--help" radeon-rttm-report
_radeon_igt() {
	local word=$2 before=$3 options device

	case $before in
	--list) mapfile -t COMPREPLY < <(compgen -W 'short full two-gpus generic' -- "$word") ;;
	--out | --tests | --igt | --expect) mapfile -t COMPREPLY < <(compgen -d -- "$word") ;;
	--card)
		mapfile -t COMPREPLY < <(compgen -W "$(
			for device in /sys/bus/pci/drivers/radeon/????:*; do
				[[ ! -e $device ]] || echo "${device##*/}"
			done)" -- "$word") ;;
	--timeout | --gpu | --driver) ;;
	*)
		options='--list --out --card --unsafe --force --timeout --tests --igt --expect'
		mapfile -t COMPREPLY < <(compgen -W "$options --gpu --driver --help" -- "$word") ;;
	esac
}
complete -F _radeon_igt radeon-igt
