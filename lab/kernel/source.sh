# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# Kernel sources with our changes, as git repositories; inside the lab's root.
# Sourced by what needs all of a kernel and by what needs our modules' part of it.
# shellcheck source=apply.sh
. "$(dirname "${BASH_SOURCE[0]}")/apply.sh"

# The same content gives the same commits on every machine.
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1
export GIT_COMMITTER_NAME='Radeon TTM pool developers'
export GIT_COMMITTER_EMAIL=radeon-ttm-pool@localhost
export GIT_COMMITTER_DATE='2026-01-01T00:00:00+0000'
export GIT_AUTHOR_NAME=$GIT_COMMITTER_NAME GIT_AUTHOR_EMAIL=$GIT_COMMITTER_EMAIL
export GIT_AUTHOR_DATE=$GIT_COMMITTER_DATE

# The patches are made for this kernel; on others git may use less context.
home_kernel=7.3

# The directories that our modules are built from.
module_dirs=(drivers/gpu/drm/{ttm,radeon} drivers/xen include/drm/ttm include/uapi/drm)

# in_module_dirs: a regular expression for paths in them.
in_module_dirs() {
	(IFS='|'; echo "^(${module_dirs[*]})/")
}

# source_version KERNEL: the version of Debian's source package, e.g. 6.12.117-1.
source_version() {
	awk -v package="linux-source-$1" '$1 == package { print $2 }' /boot/lab/packages
}

# changes KERNEL: a hash of all our changes to a kernel, and of the scripts that make them.
changes() {
	local kernel=$1

	(
		cd /src
		find patches/[1-9]-* -name series -o -name '*.patch' -o -name "*.$kernel.diff"
		find drivers include Documentation/gpu -type f
		ls lab/kernel/{source.sh,apply.sh,compose.sh,patch_parts.awk}
	) | sort | (cd /src && xargs -d '\n' sha256sum) | sha256sum | cut -c1-16
}

# extract_source KERNEL DIR [PATH]...: extract Debian's source, or these files and directories of
# it, as DIR's first commit, tagged "base".
extract_source() {
	local kernel=$1 dir=$2

	shift 2
	mkdir -p "$dir"
	tar -xJf "/usr/src/linux-source-$kernel.tar.xz" -C "$dir" \
		--strip-components=1 --no-same-owner "${@/#/linux-source-$kernel/}"
	make_repository "$dir" "Debian's linux-source-$kernel $(source_version "$kernel")"
}

# make_repository DIR TEXT: make a repository of the files in DIR, with one commit, tagged "base".
make_repository() {
	local dir=$1 text=$2

	git -C "$dir" init -q -b radeon-ttm-pool
	# Packing would cost more time than it saves. Ignored files are part of the source too.
	git -C "$dir" config core.compression 1
	git -C "$dir" config gc.auto 0
	git -C "$dir" add -A -f
	git -C "$dir" commit -q -m "$text"
	git -C "$dir" tag base
}

# patched_files KERNEL: the kernel's own files that the patches for it change.
patched_files() {
	local patches status=0

	patches=$(mktemp -d)
	/src/lab/kernel/compose.sh "$1" "$patches" || status=$?
	((status)) || awk '
		/^--- \/dev\/null/ { from = "" }
		/^--- a\// { from = substr($2, 3) }
		/^\+\+\+ b\// && from == "" { added[substr($2, 3)] }
		/^\+\+\+ / && from != "" { changed[from] }
		END { for (file in changed) if (!(file in added)) print file }' \
		"$patches"/*/*.patch | sort
	rm -rf "$patches"
	return "$status"
}

# apply_changes KERNEL DIR [SERIES]...: make a commit of each patch of all series, or of these. The
# last commit of each series is tagged with its name.
apply_changes() {
	local kernel=$1 dir=$2 context=() patches series

	shift 2
	[[ $kernel == "$home_kernel" ]] || context=(-C1)
	patches=$(git -C "$dir" rev-parse --absolute-git-dir)/patches
	rm -rf "$patches"
	/src/lab/kernel/compose.sh "$kernel" "$patches" || return 1
	(($#)) || set -- $(ls "$patches")
	for series; do
		apply_series "$dir" "$patches" "$series" "$kernel" "${context[@]}" || return 1
	done
	rm -rf "$patches"
}
