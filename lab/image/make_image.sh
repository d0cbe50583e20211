#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# Makes the lab's root, a Debian 13 with compilers, QEMU, Xen and two kernels, once,
# in the cache:
#
#   root-KEY/root       the file system; enter.sh shows it read-only
#   root-KEY/manifest   packages and versions in it
#   root-KEY/complete   written last: a hash of the manifest
#   root-KEY/use.lock   held by each command inside
#   debs/               packages as downloaded, for the next time
#
# KEY is a hash of these scripts and the package list, so a changed list makes a new
# root, and an unchanged one is used without asking the network. With "refresh" as
# argument it is made anew from what the mirror offers today.
LAB_TAG=image
# shellcheck source=../common.sh
. "$(dirname "$0")/../common.sh"

# Measured: 1.9 GiB for the root, 0.8 GiB of packages, which are there twice while it
# is made.
NEED_MIB=4200
NEED_MIB_DEBS_CACHED=3400
SUITE=trixie

refresh=
case ${1-} in
'') ;;
refresh) refresh=y ;;
*) die "unknown argument '$1': use none, or 'refresh'" ;;
esac

make_cache_dir
key=$(image_key)
final=$LAB_CACHE/root-$key
if [[ -z $refresh ]] && image_valid "$final"; then
	exit 0
fi
[[ $(dpkg --print-architecture 2>/dev/null) == amd64 ]] ||
	die "the lab's root is amd64 and made by apt: run it on an amd64 Debian-family machine"
check_rights

work=
finish() {
	trap '' INT TERM HUP
	kill_ns
	[[ -z $work ]] || remove_tree "$work"
}
trap finish EXIT
trap 'die "interrupted: nothing was kept; run it again"' INT TERM HUP

exec 9>"$LAB_CACHE/image.lock"
if ! flock -n 9; then
	say "another build of the image is running: waiting for it"
	flock 9
	if [[ -z $refresh ]] && image_valid "$final"; then
		exit 0
	fi
fi

# in_use DIR: is the root open in some boot or build?
in_use() {
	[[ -e $1/use.lock ]] && ! flock -n -x "$1/use.lock" true
}

# What was left by a build that was killed, and roots of other lists.
for old in "$LAB_CACHE"/root-*; do
	[[ -d $old ]] || continue
	case $old in
	"$final") [[ -n $refresh ]] || say "the image in the cache is damaged: making it anew" ;;
	*.tmp.*) say "removing an unfinished image" ;;
	*)
		in_use "$old" && continue
		say "removing an image that is out of date" ;;
	esac
	[[ $old == "$final" && -n $refresh ]] || remove_tree "$old" 9>&-
done
if in_use "$final"; then
	die "the image is in use by a boot or a build: end that first"
fi

if compgen -G "$LAB_CACHE/debs/*.deb" >/dev/null; then
	need_space "$NEED_MIB_DEBS_CACHED"
else
	need_space "$NEED_MIB"
fi
need_command mmdebstrap mmdebstrap \
	/usr/share/keyrings/debian-archive-keyring.gpg debian-archive-keyring

# find_mirrors: Debian's archive as this host's apt knows it, so that the lab works
# where the host's own updates work. Sets DEBIAN_MIRROR and DEBIAN_SECURITY_MIRROR.
find_mirrors() {
	local uri origin label component

	while IFS='|' read -r uri origin label component; do
		[[ $component == main ]] || continue
		# Without downloaded lists, apt knows addresses only.
		case $origin/$label/${uri%/} in
		Debian/Debian/*) : "${DEBIAN_MIRROR:=$uri}" ;;
		Debian/Debian-Security/*) : "${DEBIAN_SECURITY_MIRROR:=$uri}" ;;
		//*/debian-security | //*security*/debian) : "${DEBIAN_SECURITY_MIRROR:=$uri}" ;;
		//*/debian) : "${DEBIAN_MIRROR:=$uri}" ;;
		esac
	done < <(apt-get indextargets --format \
		'$(REPO_URI)|$(ORIGIN)|$(LABEL)|$(COMPONENT)' 'Created-By: Packages' 2>/dev/null)
	: "${DEBIAN_MIRROR:=}" "${DEBIAN_SECURITY_MIRROR:=}"
	[[ -n $DEBIAN_MIRROR ]] ||
		die "this host's apt sources name no Debian archive: set DEBIAN_MIRROR to the address of one (what stands before 'trixie main')"
	DEBIAN_MIRROR=${DEBIAN_MIRROR%/}
	[[ -n $DEBIAN_SECURITY_MIRROR ]] ||
		DEBIAN_SECURITY_MIRROR=${DEBIAN_MIRROR%/debian}/debian-security
	DEBIAN_SECURITY_MIRROR=${DEBIAN_SECURITY_MIRROR%/}
}

# host_apt_options: how this host reaches its mirrors (proxies) and what it thinks of
# dates; without them a mirror that works for the host may not work for the root.
host_apt_options() {
	apt-config dump --format '%F "%v";%n' Acquire |
		grep -E '^Acquire::(https?::(Proxy|Verify|CaInfo)|Check-|Retries)[^ ]* "[^"]'
}

# progress: mmdebstrap's and apt's output, told in a few lines.
progress() {
	local line got=0 unpacked=0 configured=0 next=20

	while IFS= read -r line; do
		printf '%s\n' "$line" >>"$log"
		case $line in
		I:\ main\(\)*) ;; # how mmdebstrap says that it has failed
		I:\ running*hook*) ;;
		I:*) say "${line#I: }" ;;
		Get:*) got=$((got + 1)) ;;
		Unpacking\ *) unpacked=$((unpacked + 1)) ;;
		Setting\ up\ *) configured=$((configured + 1)) ;;
		esac
		if ((SECONDS >= next)); then
			say "fetched $got, unpacked $unpacked, configured $configured"
			next=$((SECONDS + 10))
		fi
	done
}

# explain: why mmdebstrap failed, as the one thing to do about it.
explain() {
	local unreachable='Could not (resolve|connect)|Failed to fetch|Unable to connect|No route'

	unreachable+='|Connection (failed|timed)|Temporary failure'
	if grep -q 'No space left on device' "$log"; then
		die "the disk under $LAB_CACHE is full: free some space and run it again"
	elif grep -qE 'NO_PUBKEY|not signed|EXPKEYSIG' "$log"; then
		die "the archive's signature was not accepted: update debian-archive-keyring on this machine"
	elif grep -qE "$unreachable" "$log"; then
		die "the mirror $DEBIAN_MIRROR could not be reached: check the network, or set DEBIAN_MIRROR and DEBIAN_SECURITY_MIRROR"
	fi
	grep -E '^(E:|dpkg: error|error:)' "$log" | tail -n5 >&2 || true
	die "making the image failed: see $log"
}

find_mirrors
mapfile -t packages < <(sed -E 's/#.*//; s/[[:space:]]+$//; /^$/d' "$LAB_TOP/lab/image/packages")
mapfile -t aptopts < <(host_apt_options | sed 's/^/--aptopt=/')
log=$LAB_CACHE/image.log
: >"$log"
mkdir -p "$LAB_CACHE/debs"
work=$(mktemp -d "$final.tmp.XXXXXX")
chmod 755 "$work"
mkdir "$work/root" "$work/debs"
say "making the lab's Debian 13 root in $final (about 3 minutes; log: $log)"

# Packages that the mirror no longer has leave the cache first, so that kernels.sh finds
# one version of each. Fixed choices: no recommended packages, no documentation, no fsync per file
# (the whole is synced at the end), nothing started.
in_ns --mount-proc mmdebstrap --verbose --mode=root --variant=apt --architectures=amd64 \
	--keyring=/usr/share/keyrings/debian-archive-keyring.gpg \
	"${aptopts[@]}" \
	--aptopt='Apt::Install-Recommends "false"' \
	--aptopt='Acquire::Languages "none"' \
	--dpkgopt=force-unsafe-io \
	--dpkgopt='path-exclude=/usr/share/doc/*' \
	--dpkgopt='path-exclude=/usr/share/man/*' \
	--dpkgopt='path-exclude=/usr/share/locale/*' \
	--include="$(IFS=,; echo "${packages[*]}")" \
	--skip=download/empty --skip=essential/unlink \
	--setup-hook='mkdir -p "$1/var/cache/apt/archives"' \
	--setup-hook="sync-in '$LAB_CACHE/debs' /var/cache/apt/archives" \
	--setup-hook="copy-in '$LAB_TOP/lab/image/preferences' /etc/apt/preferences.d" \
	--customize-hook='APT_CONFIG=$MMDEBSTRAP_APT_CONFIG apt-get -q autoclean' \
	--customize-hook="bash '$LAB_TOP/lab/image/kernels.sh' \"\$1\"" \
	--customize-hook="sync-out /var/cache/apt/archives '$work/debs'" \
	"$SUITE" "$work/root" \
	"deb $DEBIAN_MIRROR $SUITE main" \
	"deb $DEBIAN_MIRROR $SUITE-updates main" \
	"deb $DEBIAN_MIRROR $SUITE-backports main" \
	"deb $DEBIAN_SECURITY_MIRROR $SUITE-security main" \
	"deb $DEBIAN_MIRROR sid main" \
	</dev/null > >(progress) 2>&1 9>&-
wait "$LAB_NS_PID" || { LAB_NS_PID=; explain; }
LAB_NS_PID=

{
	cat "$work/root/boot/lab/packages"
	sed -nE 's/^(Package|Version): //p' "$work/root/var/lib/dpkg/status" | paste - -
} | sort >"$work/manifest"
: >"$work/use.lock"
say "writing it to disk"
sync -f "$work" || explain
sha256sum <"$work/manifest" | cut -c1-16 >"$work/complete"
image_valid "$work" || die "the image came out incomplete: see $log"
rm -rf "$LAB_CACHE/debs"
mv "$work/debs" "$LAB_CACHE/debs"
remove_tree "$final" 9>&-
mv "$work" "$final"
work=
size=$(du -sm "$final" 2>/dev/null | cut -f1) || true
say "the image is ready: $(wc -l <"$final/manifest") packages, $size MiB"
