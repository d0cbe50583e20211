# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# Shared by all scripts of the lab: paths, progress and error messages, and the rights to make and
# enter the lab's root. Sourced.

set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin
export LC_ALL=C.UTF-8
# With CDPATH, cd may change to another directory, and prints it.
unset CDPATH
# In a hook, and in the commands of some rebases, these name git's current repository. git would use
# that for each of ours.
unset GIT_DIR GIT_WORK_TREE GIT_COMMON_DIR GIT_INDEX_FILE GIT_OBJECT_DIRECTORY GIT_PREFIX

LAB_TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
LAB_CACHE=${LAB_CACHE:-${XDG_CACHE_HOME:-${HOME:?HOME is not set}/.cache}/radeon-ttm-pool}
LAB_TAG=${LAB_TAG:-lab}

# say TEXT: one line of progress, with the seconds since this script began.
say() {
	printf '[%s] %4ds  %s\n' "$LAB_TAG" "$SECONDS" "$*"
}

# die TEXT: the one line a user needs, which says what to do; then give up. A script
# whose status 1 means something else sets LAB_DIE_STATUS.
die() {
	printf '[%s] error: %s\n' "$LAB_TAG" "$*" >&2
	exit "${LAB_DIE_STATUS:-1}"
}

# choose NAME DEFAULT CHOICE...: set the variable NAME to DEFAULT if it is unset or empty; refuse a
# value that is neither DEFAULT nor one of the choices.
choose() {
	local -n chosen=$1
	local choice

	chosen=${chosen:-$2}
	for choice in "${@:2}"; do
		[[ $chosen != "$choice" ]] || return 0
	done
	shift 2
	die "${!chosen}=$chosen is unknown: choose $(printf '%s\n' "$@" | paste -sd'|')"
}

# check_seconds NAME...: refuse a value of these variables that is not a number; they may be empty.
check_seconds() {
	local name

	for name; do
		[[ -z ${!name:-} || ${!name} =~ ^[1-9][0-9]{0,5}$ ]] ||
			die "$name=${!name} is not a number of seconds from 1 to 999999"
	done
}

# make_cache_dir: make the cache, and its path absolute, because it is bind-mounted later. Sets
# LAB_CACHE.
make_cache_dir() {
	mkdir -p "$LAB_CACHE" 2>/dev/null && [[ -w $LAB_CACHE ]] ||
		die "cannot write to $LAB_CACHE: set XDG_CACHE_HOME to a directory that you can write"
	LAB_CACHE=$(cd "$LAB_CACHE" && pwd -P)
	case $LAB_CACHE in
	*[$' \t\n,:']*)
		die "the cache's path '$LAB_CACHE' holds a space, comma or colon: set XDG_CACHE_HOME to a plainer path" ;;
	esac
}

# need_space MIB: fail if the disk has less free space.
need_space() {
	local have
	have=$(df -Pm "$LAB_CACHE" | awk 'NR == 2 { print $4 }')
	((have >= $1)) ||
		die "$LAB_CACHE needs $1 MiB of free disk space and has $have MiB: free some, or set XDG_CACHE_HOME to another disk"
}

# need_command COMMAND PACKAGE [COMMAND PACKAGE]...: install missing packages as root; otherwise
# print one error that names all of them.
need_command() {
	local missing=()

	while (($# >= 2)); do
		# A leading slash asks for a file, anything else for a command.
		if [[ $1 == /* ]]; then
			[[ -e $1 ]] || missing+=("$2")
		else
			command -v "$1" >/dev/null || missing+=("$2")
		fi
		shift 2
	done
	((${#missing[@]})) || return 0
	((EUID == 0)) ||
		die "this machine lacks ${missing[*]}: run 'sudo apt-get install ${missing[*]}'"
	command -v apt-get >/dev/null ||
		die "this machine lacks ${missing[*]}, and has no apt-get to install them with: the lab needs a Debian-family machine"
	say "installing on this machine: ${missing[*]}"
	local try
	for try in first second; do
		if DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
			--no-install-recommends "${missing[@]}" \
			>"$LAB_CACHE/apt.log" 2>&1 </dev/null; then
			return 0
		fi
		# Perhaps the host's package lists are old or absent.
		[[ $try == second ]] || apt-get update -qq >>"$LAB_CACHE/apt.log" 2>&1 || true
	done
	die "apt-get could not install ${missing[*]}: see $LAB_CACHE/apt.log"
}

# sub SCRIPT [ARGUMENT]...: run another script of the lab as a step of this one. It gets SIGTERM
# when this one is killed.
sub() {
	need_command setpriv util-linux
	# This script may have ended before its step asked for the signal.
	# Expanded by the shell inside.
	# shellcheck disable=SC2016
	setpriv --pdeathsig TERM sh -c '
		[ "$PPID" = "$1" ] || [ $$ = "$1" ] || exit 143
		shift
		exec "$@"' - "$BASHPID" "$@"
}

# check_rights: set LAB_NS to the unshare(1) options for own mount and PID namespaces; a normal user
# also gets a user namespace.
check_rights() {
	local why

	need_command unshare util-linux setpriv util-linux findmnt util-linux
	LAB_NS=(--mount --propagation private --pid --fork --kill-child=KILL)
	if ((EUID == 0)); then
		why=$(unshare "${LAB_NS[@]}" true 2>&1) ||
			die "this root may not make namespaces (${why#unshare: }): run the lab on a host or in a container that allows them (e.g. --privileged)"
		return 0
	fi
	need_command newuidmap uidmap
	grep -q "^$(id -un):\|^$(id -u):" /etc/subuid 2>/dev/null &&
		grep -q "^$(id -un):\|^$(id -u):" /etc/subgid 2>/dev/null ||
		die "user $(id -un) has no subordinate IDs: run 'sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 $(id -un)', or run as root"
	unshare --help | grep -q -- --map-auto ||
		die "unshare is too old to map user IDs (util-linux 2.38 or newer is needed): run as root"
	LAB_NS=(--user --map-auto --map-root-user "${LAB_NS[@]}")
	why=$(unshare "${LAB_NS[@]}" mount -t tmpfs none /mnt 2>&1) ||
		die "this host does not let user $(id -un) make user namespaces (${why#unshare: }): run as root, or allow them (sysctl kernel.unprivileged_userns_clone=1, kernel.apparmor_restrict_unprivileged_userns=0)"
}

# in_ns COMMAND...: run with those rights, in the background, as $LAB_NS_PID.
# When this script ends, the first process of the namespace ends, and all others with it. Sets
# LAB_NS_PID.
in_ns() {
	# A background command of a script gets no stdin unless told.
	setpriv --pdeathsig KILL unshare "${LAB_NS[@]}" "$@" <&0 &
	LAB_NS_PID=$!
}

# kill_ns: end that command and all processes that it started. Its mounts end with its last process.
# Sets LAB_NS_PID.
kill_ns() {
	[[ -n ${LAB_NS_PID:-} ]] || return 0
	kill -KILL "$LAB_NS_PID" 2>/dev/null || true
	wait "$LAB_NS_PID" 2>/dev/null || true
	LAB_NS_PID=
}

# remove_tree DIR: in the namespace, because files may belong to a mapped user.
remove_tree() {
	[[ ! -e $1 ]] || unshare "${LAB_NS[@]}" rm -rf -- "$1"
}

# image_key: the image's name is a hash of the files that determine its contents. The mirror's
# packages are not part of it, so that an existing image needs no network.
image_key() {
	(cd "$LAB_TOP/lab/image" && sha256sum packages preferences kernels.sh make_image.sh) |
		sha256sum | cut -c1-16
}

# image_valid DIR: is the image complete? The marker is written last and has the hash of the image's
# manifest. Of the files, a few large ones are checked.
image_valid() {
	local f

	[[ -s $1/complete && -s $1/manifest ]] || return 1
	[[ $(<"$1/complete") == $(sha256sum <"$1/manifest" | cut -c1-16) ]] || return 1
	for f in usr/bin/qemu-system-x86_64 usr/bin/gcc boot/lab/xen \
		boot/lab/vmlinux-6.12 boot/lab/vmlinux-7.3; do
		[[ -s $1/root/$f ]] || return 1
	done
}

# build_name: the build directory's name, one for each checkout and image.
build_name() {
	local image

	image=$LAB_CACHE/root-$(image_key)
	image_valid "$image" || die "there is no image yet: run 'make image' first"
	(echo "$LAB_TOP"; cat "$image/complete") | sha256sum | cut -c1-16
}

# disk_names: the guest's disks that make_disk.sh can make, a line each.
disk_names() {
	(cd "$LAB_TOP/lab/image" && printf '%s\n' *.packages | sed 's/\.packages$//')
}

# disk_file NAME: the file of that disk in the cache's build directory. The image's manifest stands
# for what the mirrors offer.
disk_file() {
	echo "disk-$1-$(cd "$LAB_TOP/lab/image" &&
		cat "$1.packages" make_disk.sh "$LAB_CACHE/root-$(image_key)/complete" |
		sha256sum | cut -c1-16).erofs"
}

# source_kernel_name: the second part of the build directory's name, for the kernel of KERNEL_SRC
# with POOL.
source_kernel_name() {
	echo "src-$(cd "$KERNEL_SRC" && pwd -P | sha256sum | cut -c1-8)-$POOL"
}

# lock_build FILE: hold this lock, as file descriptor 9, until the script ends.
lock_build() {
	exec 9>"$1"
	flock -n 9 || { say "another build of this is running: waiting for it"; flock 9; }
}

# build_failed LOG TEXT: give up, with the first errors of a build and the one line that a user
# needs.
build_failed() {
	grep -q 'No space left on device' "$1" &&
		die "the disk under $LAB_CACHE is full: free some space and run it again"
	grep -E 'error|Error|ERROR|FAILED|Patch failed' "$1" | head -n 20 >&2 || true
	die "$2: see $1"
}

# show_progress LOG TEXT: print the progress of a kernel's build, in the background. Prints TEXT
# after five seconds, because the build may have nothing to do, then the progress every half minute.
# Ends with the script.
show_progress() {
	# A sleep outlives the script, and must not keep the script's output open.
	sleep 5 >&- 2>&-
	say "$2"
	while sleep 30 >&- 2>&- && kill -0 $$ 2>/dev/null; do
		say "$(awk '
			/^  (CC|AS) / { files++ }
			/^  [A-Z]/ { last = $1 " " $NF }
			END { print files + 0 " files compiled: " last }' "$1")"
	done
}
