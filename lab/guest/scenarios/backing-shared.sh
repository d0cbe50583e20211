# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# backing=shared in a Xen PV domain, for a card that reaches every page of the machine: pages are
# mapped one by one, none is bounced, and the log says that this is right. It would be wrong for
# a card of 32 bits.

. /usr/lib/lab/lib.sh

modules=/usr/lib/lab/modules/$(uname -r)/new

check_cards
while read -r module; do
	modprobe "$module"
done <"$modules/depends"
insmod "$modules/rttm.ko" backing=shared || result fail backing.shared "it was refused"
expect_backing="shared -"
load_radeon
for card in $(cards); do
	log_has right "$card" "forced by the parameter backing; device reaches every page"
	log_lacks warned "$card" "contents will be wrong"
	move_whole_gtt "$card"
	check_choice "$card"
done
unload_radeon
finish
