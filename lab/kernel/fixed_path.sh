# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# One path for the build directories of all checkouts; inside the lab's root. Sourced.

# at_fixed_path NAME DIR: show DIR at /run/NAME as well. Compilers are given absolute paths:
# ccache finds what another checkout has compiled only if those are the same.
at_fixed_path() {
	mkdir "/run/$1"
	busybox mount --bind "$2" "/run/$1"
}
