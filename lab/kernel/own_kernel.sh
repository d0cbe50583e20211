# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# Kernels that the lab builds itself; inside the lab's root. Sourced.

# config_lines FILE MARK...: the lines of kernel.config or debug.config that have no mark or
# one of these.
config_lines() {
	local file=$1 marks

	shift
	marks=$(IFS='|'; echo "$*")
	sed -E "s/ +# ($marks)\$//; / # /d" "$file"
}

# make_kernel TREE OBJECTS TARGET...: run make. With an empty LOCALVERSION the release has no "+" of
# a git tree.
make_kernel() {
	local tree=$1 objects=$2

	shift 2
	nice -n 5 make -C "$tree" O="$objects" ARCH=x86_64 LOCALVERSION= KBUILD_BUILD_USER=lab \
		KBUILD_BUILD_HOST=lab KBUILD_BUILD_TIMESTAMP='2026-01-01T00:00:00+0000' \
		-j"$(nproc)" "$@"
}

# configure_kernel TREE OBJECTS LINES OPTIONAL: turn on the options of both files, and no others.
# The kernel may lack those of OPTIONAL.
configure_kernel() {
	local tree=$1 objects=$2 lines=$3 optional=$4 refused

	cat "$lines" "$optional" >"$objects/allconfig"
	make_kernel "$tree" "$objects" -s KCONFIG_ALLCONFIG="$objects/allconfig" allnoconfig
	refused=$(grep '^CONFIG_' "$lines" | grep -vxFf "$objects/.config") || return 0
	refused=$(paste -sd' ' <<<"$refused")
	echo "error: the kernel's Kconfig does not take $refused (lab/kernel/kernel.config)"
	return 1
}

# install_kernel TREE OBJECTS OUT: all modules below OUT/lib, and the kernel's release as
# OUT/version.
install_kernel() {
	local tree=$1 objects=$2 out=$3

	make_kernel "$tree" "$objects" -s INSTALL_MOD_PATH="$out" INSTALL_MOD_STRIP=1 \
		modules_install
	rm -f "$out"/lib/modules/*/{build,source}
	make_kernel "$tree" "$objects" -s kernelrelease >"$out/version"
}
