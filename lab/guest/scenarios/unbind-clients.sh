# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# Each card is taken away while programs use it, and comes back: each case of unbind-clients runs
# with an unbind and with a removal from the PCI bus. With lab.second_display= that driver imports
# BOs; with two cards each imports those of the other. The module is unloaded while only a fence is
# left. Then a card is unbound or removed while the driver is being bound to it, and two processes
# bind and unbind it while a third one opens its node. At last a PCI Express card is unplugged.
#
#   lab.rounds=N        repeat the cases until cards have been taken away N times
#   lab.cases=CASE,...  these cases alone
#   lab.ways=WAY,...    of unbind, remove, unload, bind and unplug, these alone
#
# limit: 2400
# silence: 300

. /usr/lib/lab/lib.sh

# chosen WORD LIST: is the word in the list, or is the list empty?
chosen() {
	[ -z "$2" ] || case ,$2, in *,"$1",*) ;; *) return 1 ;; esac
}

# cases CARD: its cases, each a line "CASE [OPTION]...".
cases() {
	local case other

	for case in console framebuffer ioctls dma-buf; do
		echo $case
	done
	for case in ${LAB_SECOND_DISPLAY:+importer orphan}; do
		echo "$case --importer $LAB_SECOND_DISPLAY"
	done
	for other in $(cards); do
		[ "$other" != "$1" ] || continue
		echo "exporter --importer $other"
		echo "peer --importer $other"
	done
}

# come_back ADDRESS: a card that was taken away is found by the kernel and bound to the driver.
come_back() {
	if [ ! -d "/sys/bus/pci/devices/$1" ]; then
		echo 1 >/sys/bus/pci/rescan
		. /usr/lib/lab/vram-window.sh
	fi
	bind_radeon "$1"
}

# take_away WAY CARD CASE [OPTION]...: one cell of the matrix. The card works afterwards.
take_away() {
	local way=$1 card=$2 bdf

	shift 2
	bdf=$(pci_address "$card")
	# Only the case "console" uses the console.
	[ "$1" = console ] || consoles_off
	case $way in
	unbind) run unbind-clients --card "$card" --case "$@" ;;
	remove) run unbind-clients --card "$card" --case "$@" \
		--by "echo 1 >/sys/bus/pci/devices/$bdf/remove" ;;
	esac
	come_back "$bdf"
	run gtt-move --card "$card" --rounds 1 --limit-mib 4
}

# matrix: run each cell once, or lab.rounds= cells.
matrix() {
	local way card case round=0

	while :; do
		for way in unbind remove; do
			chosen $way "$LAB_WAYS" || continue
			for card in $(cards); do
				cases "$card" >/tmp/cases
				while read -r case; do
					chosen "${case%% *}" "$LAB_CASES" || continue
					# shellcheck disable=SC2086 # words
					take_away $way "$card" $case </dev/null
					round=$((round + 1))
					[ $round -ne "${LAB_ROUNDS:-0}" ] || return 0
				done </tmp/cases
			done
		done
		[ $round -gt 0 ] && [ $round -lt "${LAB_ROUNDS:-0}" ] || return 0
	done
}

# bind_race CARD WAY FILE: the card is unbound or removed while the driver is being bound. Either
# may come first; neither may wait for ever.
bind_race() {
	local card=$1 bdf driver=/sys/bus/pci/drivers/radeon pid

	bdf=$(pci_address "$card")
	consoles_off
	echo "$bdf" >$driver/unbind
	echo "$bdf" >$driver/bind &
	pid=$!
	# The bind has the device's lock by now.
	while [ ! -e "/sys/bus/pci/devices/$bdf/driver" ] && kill -0 $pid 2>/dev/null; do
		:
	done
	echo "$2" >"$3"
	wait $pid
	come_back "$bdf"
	if [ -n "$(minor "$card")" ]; then
		result pass "$card.bind-race" "unbound while it was bound, then bound again: $3"
	else
		result fail "$card.bind-race" "it is not bound after $3"
	fi
	run gtt-move --card "$card" --rounds 1 --limit-mib 4
}

# bind_races CARD: two processes bind and unbind the driver, each as fast as it can, and a third one
# opens the card's node. In the end the card can be bound.
bind_races() {
	local card=$1 bdf driver=/sys/bus/pci/drivers/radeon node binder opener opened

	bdf=$(pci_address "$card")
	consoles_off
	: >/tmp/racing
	: >/tmp/opened
	while [ -e /tmp/racing ]; do
		for node in "/sys/bus/pci/devices/$bdf/drm"/card*; do
			! true <"/dev/dri/${node##*/}" || echo "$node" >>/tmp/opened
		done
	done 2>/dev/null &
	opener=$!
	while [ -e /tmp/racing ]; do
		echo "$bdf" >$driver/bind
	done 2>/dev/null &
	binder=$!
	for _ in 1 2 3 4 5 6; do
		# It fails until the bind has begun.
		until echo "$bdf" >$driver/unbind; do
			:
		done 2>/dev/null
	done
	rm /tmp/racing
	wait $binder $opener
	come_back "$bdf"
	opened=$(wc -l </tmp/opened)
	if [ -n "$(minor "$card")" ] && [ "$opened" -gt 0 ]; then
		result pass "$card.bind-races" "6 unbinds; the node was opened $opened times"
	else
		result fail "$card.bind-races" "it is not bound, or not opened ($opened times)"
	fi
	run gtt-move --card "$card" --rounds 1 --limit-mib 4
}

# unplug CARD: QEMU unplugs the card while a client uses the GPU. It does not come back.
unplug() {
	local bdf way

	bdf=$(pci_address "$1")
	consoles_off
	way="lab-probe machine unplug $1 >/dev/null &&
		while [ -e /sys/bus/pci/devices/$bdf ]; do sleep 1; done"
	run unbind-clients --card "$1" --case ioctls --by "$way"
}

check_cards
leaks_from_here
[ -z "$LAB_SECOND_DISPLAY" ] || modprobe "$LAB_SECOND_DISPLAY"
load_radeon
matrix
leaks matrix
if chosen unload "$LAB_WAYS"; then
	for card in $(cards); do
		consoles_off
		run unbind-clients --card "$card" --case unload
		load_radeon
	done
	leaks unload
fi
if chosen bind "$LAB_WAYS"; then
	for card in $(cards); do
		bdf=$(pci_address "$card")
		bind_race "$card" "$bdf" /sys/bus/pci/drivers/radeon/unbind
		bind_race "$card" 1 "/sys/bus/pci/devices/$bdf/remove"
		bind_races "$card"
	done
	leaks bind
fi
if chosen unplug "$LAB_WAYS"; then
	for card in $(cards); do
		[ "$(card_field "$card" bus)" != pcie ] || unplug "$card"
	done
	leaks unplug
fi
unload_radeon
finish
