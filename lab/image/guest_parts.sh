# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# Parts of the guest's first file system; inside the lab's root. Sourced.

# pack DIR FILE: write an archive of DIR, whole or not at all, owned by root. The same content gives
# the same archive.
pack() {
	local dir=$1 file=$2

	find "$dir" -exec touch -hd @0 {} +
	(cd "$dir" && find . -mindepth 1 | LC_ALL=C sort |
		cpio --quiet -o -H newc -R 0:0 --reproducible) >"$file.tmp"
	mv "$file.tmp" "$file"
}

# build_guest_module NAME DIR KERNEL [VARIABLE]...: a module of the guest's own, into DIR; KERNEL
# is where that kernel's build files are.
build_guest_module() {
	local name=$1 dir=$2 kernel=$3 tree

	shift 3
	tree=$(mktemp -d "/tmp/$name.XXXXXX")
	mkdir -p "$dir"
	cp -r "/src/lab/guest/$name/." "$tree"
	make -s -C "$kernel" M="$tree" "$@" modules
	cp "$tree/$name.ko" "$dir"
	rm -rf "$tree"
}
