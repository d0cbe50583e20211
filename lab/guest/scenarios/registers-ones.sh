# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# Each card in turn is gone: its registers read ones (a fault of the model) while all GPUs move
# BOs. Its clients get errors. The card is unbound, and cannot be bound as long as it is gone. The
# other cards continue to work. When the card comes back, it can be bound and works.
#
# limit: 1500
# allow: Wait for CP idle timeout
#
# A client that comes after the failed reset, and before it finds out that the card is gone:
#
# allow: Failed to schedule IB

. /usr/lib/lab/lib.sh

# set_fault CARD FAULT: has the card's model get the fault.
set_fault() {
	lab-probe "$1" fault "$2" || result fail "$1.fault" "the model does not take '$2'"
}

# come_back CARD ADDRESS: the driver refuses the card as long as it is gone, and then binds it.
come_back() {
	local refusal="$2: .*the card does not answer" before

	before=$(dmesg | grep -c "$refusal")
	if bind_radeon "$2" 2>/dev/null || [ -d "/sys/bus/pci/drivers/radeon/$2" ]; then
		result fail "$1.refused" "the driver is bound to a card that is gone"
	fi
	if [ "$(dmesg | grep -c "$refusal")" -gt "$before" ]; then
		result pass "$1.refused" "$(dmesg | grep "$refusal" | tail -n 1 | without_time)"
	else
		result fail "$1.refused" "the driver does not say that the card is gone"
	fi
	set_fault "$1" none
	bind_radeon "$2"
	run gtt-move --card "$1" --limit-mib 8
}

check_cards
load_radeon
for card in $(cards); do
	bdf=$(pci_address "$card")
	consoles_off
	start_moves --rounds 1 --seed 77 --limit-mib 16
	run registers-ones --card "$card"
	wait_for_moves "$card"
	come_back "$card" "$bdf"
	# No client has noticed before that the card is gone.
	consoles_off
	set_fault "$card" registers-ones
	echo "$bdf" >/sys/bus/pci/drivers/radeon/unbind
	come_back "$card" "$bdf"
done
unload_radeon
finish
