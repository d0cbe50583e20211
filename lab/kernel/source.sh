# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# Kernel sources with our changes, as git repositories; inside the lab's root.
# Sourced by what needs all of a kernel and by what needs our modules' part of it.

# The same commits from the same content, whoever makes them.
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1
export GIT_COMMITTER_NAME='Radeon TTM pool developers'
export GIT_COMMITTER_EMAIL=radeon-ttm-pool@localhost
export GIT_COMMITTER_DATE='2026-01-01T00:00:00+0000'
export GIT_AUTHOR_NAME=$GIT_COMMITTER_NAME GIT_AUTHOR_EMAIL=$GIT_COMMITTER_EMAIL
export GIT_AUTHOR_DATE=$GIT_COMMITTER_DATE

# Where a checkout may hold whole files for the kernel, below its own top and the
# kernel's alike.
new_file_dirs=(drivers/gpu/drm/ttm drivers/gpu/drm/radeon drivers/xen include/drm/ttm include/uapi/drm)

# in_new_file_dirs: a regular expression for paths in them.
in_new_file_dirs() {
	(IFS='|'; echo "^(${new_file_dirs[*]})/")
}

# source_version SERIES: of Debian's source package, e.g. 6.12.117-1.
source_version() {
	awk -v package="linux-source-$1" '$1 == package { print $2 }' /boot/lab/packages
}

# changes SERIES: a hash of all that we change in a kernel.
changes() {
	local dir

	(cd /src && for dir in "patches/$1" "${new_file_dirs[@]}"; do
		[[ ! -d $dir ]] || find "$dir" -type f -print0
	done | sort -z | xargs -0r sha256sum) | sha256sum | cut -c1-16
}

# extract_source SERIES DIR [PATH]...: Debian's source, or these files and directories
# of it, as DIR's first commit, tagged "base".
extract_source() {
	local series=$1 dir=$2

	shift 2
	mkdir -p "$dir"
	tar -xJf "/usr/src/linux-source-$series.tar.xz" -C "$dir" \
		--strip-components=1 --no-same-owner "${@/#/linux-source-$series/}"
	git -C "$dir" init -q -b radeon-ttm-pool
	# Packing is not worth its time here. Ignored files are part of the source too.
	git -C "$dir" config core.compression 1
	git -C "$dir" config gc.auto 0
	git -C "$dir" add -A -f
	git -C "$dir" commit -q -m "Debian's linux-source-$series $(source_version "$series")"
	git -C "$dir" tag base
}

# apply_changes SERIES DIR: our new files as one commit, which changes nothing by
# itself, then each patch.
apply_changes() {
	local series=$1 dir=$2 file

	while IFS= read -r file; do
		if [[ -e $dir/$file ]]; then
			echo "error: the kernel has a file $file: change it by a patch" >&2
			return 1
		fi
		mkdir -p "$dir/${file%/*}"
		cp "/src/$file" "$dir/$file"
	done < <(cd /src && for d in "${new_file_dirs[@]}"; do
		[[ ! -d $d ]] || find "$d" -type f
	done)
	git -C "$dir" add -A -f
	git -C "$dir" diff --cached --quiet ||
		git -C "$dir" commit -q -m 'drm/ttm, drm/radeon, xen: New files of the DMA-aware page pool'
	git -C "$dir" am -q --whitespace=error "/src/patches/$series"/*.patch
}
