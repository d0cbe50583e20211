# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# Display servers of the disk "screen" (enter-disk), and their clients: Xorg on one card and weston
# on one.

# start_seat: what tells the servers of devices, and what opens them for weston.
start_seat() {
	enter-disk /usr/lib/systemd/systemd-udevd --daemon &&
		enter-disk udevadm trigger --subsystem-match=drm &&
		enter-disk udevadm settle || {
		result fail seat "systemd-udevd does not start"
		finish
	}
	enter-disk env SEATD_VTBOUND=0 seatd >/disk/tmp/seatd.out 2>&1 &
}

# make_picture CARD NUMBER: the picture, of the size of this card's monitor, as /tmp/CARD.xwd and
# /tmp/CARD.png of the disk.
make_picture() {
	local ppm=/tmp/$1.ppm

	screen-picture --card "$1" --number "$2" --write "/disk$ppm" &&
		enter-disk pnmtoxwd -quiet "$ppm" >"/disk/tmp/$1.xwd" &&
		enter-disk pnmtopng -quiet "$ppm" >"/disk/tmp/$1.png" && return
	result fail "$1.picture" "the picture cannot be made"
	finish
}

# bus_id CARD: its address as Xorg's configuration has it, in decimal.
bus_id() {
	pci_address "$1" | sed 's/[:.]/ /g' | (
		read -r domain bus device function
		echo "PCI:$((0x$bus))@$((0x$domain)):$((0x$device)):$((0x$function))"
	)
}

# run_xorg CARD: its driver draws straight into the buffer that the card shows. Sets server_pid and
# server_socket.
run_xorg() {
	local display

	display=$(minor "$1")
	cat >"/disk/tmp/$1.conf" <<-END
	Section "ServerFlags"
		Option "AutoAddDevices" "off"
		Option "AutoAddGPU" "off"
		Option "BlankTime" "0"
	EndSection
	Section "Device"
		Identifier "card"
		Driver "modesetting"
		BusID "$(bus_id "$1")"
		Option "AccelMethod" "none"
		Option "ShadowFB" "off"
	EndSection
	END
	server_socket=/disk/tmp/.X11-unix/X$display
	rm -f "$server_socket" "/disk/tmp/.X$display-lock"
	enter-disk Xorg ":$display" -config "/tmp/$1.conf" -logfile "/tmp/$1.log" -nolisten tcp \
		-noreset -novtswitch -sharevts >"/disk/tmp/$1.out" 2>&1 &
	server_pid=$!
}

# run_weston CARD: the picture is its background. Sets server_pid and server_socket.
run_weston() {
	cat >"/disk/tmp/$1.ini" <<-END
	[core]
	idle-time=0
	require-input=false
	[shell]
	background-image=/tmp/$1.png
	background-type=tile
	panel-position=none
	startup-animation=none
	locking=false
	END
	server_socket=/disk/run/$1/wayland-1
	rm -rf "/disk/run/$1"
	mkdir -m 700 "/disk/run/$1"
	enter-disk env XDG_RUNTIME_DIR="/run/$1" LIBSEAT_BACKEND=seatd weston \
		--config="/tmp/$1.ini" --backend=drm --renderer=pixman \
		--drm-device="card$(minor "$1")" --log="/tmp/$1.log" >"/disk/tmp/$1.out" 2>&1 &
	server_pid=$!
}

# start_server SERVER CARD: Xorg or weston on that card, with the card's picture on the screen.
# Leaves its name and its process in /tmp/CARD.server.
start_server() {
	local turn server_pid server_socket

	"run_$1" "$2"
	echo "$1 $server_pid" >"/tmp/$2.server"
	for turn in $(seq 240); do
		[ ! -e "$server_socket" ] || break
		server_runs "$2" || break
		sleep 0.5
	done
	if [ ! -e "$server_socket" ]; then
		result fail "$2.$1" "no socket after $turn turns: $(
			cat "/disk/tmp/$2.log" "/disk/tmp/$2.out" | tail -n 5)"
		return 1
	fi
	result pass "$2.$1" "it has started"
	[ "$1" != xorg ] || enter-disk xwud -display ":$(minor "$2")" -geometry +0+0 \
		-in "/tmp/$2.xwd" >"/disk/tmp/$2.xwud" 2>&1 &
}

# start_client CARD: it keeps drawing, and ends with its server.
start_client() {
	local server

	read -r server _ <"/tmp/$1.server"
	case $server in
	xorg) enter-disk ico -display ":$(minor "$1")" ;;
	weston) enter-disk env XDG_RUNTIME_DIR="/run/$1" WAYLAND_DISPLAY=wayland-1 \
		weston-simple-shm ;;
	esac >"/disk/tmp/$1.client" 2>&1 &
}

# shows CARD ARGUMENT...: results: screen-picture waits for what the server of the card draws. If it
# does not come, the console has the end of the log of the server.
shows() {
	local card=$1 line

	shift
	run screen-picture --card "$card" "$@" && return 0
	cat "/disk/tmp/$card.log" "/disk/tmp/$card.out" | tail -n 40 | while read -r line; do
		host "progress $card: $line"
	done
}

# server_runs CARD
server_runs() {
	local pid

	read -r _ pid <"/tmp/$1.server"
	kill -0 "$pid" 2>/dev/null
}

# end_server CARD: a result: its server has ended, or does when it is told to.
end_server() {
	local server pid turn ended="it had ended"

	read -r server pid <"/tmp/$1.server"
	if kill "$pid" 2>/dev/null; then
		ended="it ends when it is told to"
		for turn in $(seq 120); do
			server_runs "$1" || break
			sleep 0.5
		done
	fi
	if server_runs "$1"; then
		result fail "$1.$server-end" \
			"it does not end: $(head -n 3 "/proc/$pid/stack" 2>&1)"
		return 1
	fi
	wait "$pid"
	result pass "$1.$server-end" "$ended, with status $?"
}
