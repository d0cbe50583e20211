# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# A kernel tree in which the checks compile what the series change; inside the lab's root. Sourced,
# after source.sh.

# shellcheck source=own_kernel.sh
. "$(dirname "${BASH_SOURCE[0]}")/own_kernel.sh"

# Directories that the checks do not need, two thirds of the source. Their Kconfig files stay.
unused=(
	'Documentation/[!Kg]*' 'arch/[!x]*.[chS]' 'arch/[!x]*.dts*' 'drivers/gpu/drm/amd/include/*'
	'drivers/net/*/*.[ch]' 'drivers/media/*.[ch]' 'sound/*.[ch]' 'tools/testing/*'
)

# prepare_tree TARBALL DIR: DIR/tree is that source as a git repository with the tag "base", without
# our tags and commits; DIR/objects is for what is built from it.
prepare_tree() {
	local tarball=$1 dir=$2 stamp top

	stamp="$(stat -c '%n %s %Y' "$tarball") ${unused[*]}"
	if [[ ! -e $dir/stamp || $(<"$dir/stamp") != "$stamp" ]]; then
		echo "progress extracting ${tarball##*/}"
		find "$dir" -mindepth 1 -delete
		mkdir -p "$dir/tree" "$dir/objects"
		top=$(tar -tf "$tarball" | sed -n '1{s|/.*||; p; q}') || true
		XZ_DEFAULTS=-T0 tar -xf "$tarball" -C "$dir/tree" --strip-components=1 \
			--no-same-owner --wildcards "${unused[@]/#/--exclude=$top/}"
		make_repository "$dir/tree" "${tarball##*/}"
		echo "$stamp" >"$dir/stamp"
	fi
	# An earlier check may have been killed.
	rm -rf "$dir/tree/.git/rebase-apply" "$dir/tree/.git/index.lock"
	git -C "$dir/tree" checkout -q -f base
	git -C "$dir/tree" clean -q -d -f
	git -C "$dir/tree" tag -l | sed /^base$/d | xargs -r git -C "$dir/tree" tag -d >/dev/null
}

# build_tree KERNEL DIR: compile TTM with its KUnit tests, radeon and Xen's provider, as the tree
# is; a warning is an error. Prints the output of make and the compiler.
build_tree() {
	local kernel=$1 dir=$2 targets

	{
		config_lines /src/lab/kernel/kernel.config "$kernel" xen
		echo CONFIG_WERROR=y
		echo CONFIG_AGP=y
	} >"$dir/config"
	# The provider and radeon's KUnit tests exist only after the patches that add them.
	config_lines /src/lab/kernel/kernel.config fixes pool |
		grep -E '_TTM_POOL|_RADEON_KUNIT' >"$dir/optional"
	configure_kernel "$dir/tree" "$dir/objects" "$dir/config" "$dir/optional"
	targets=(drivers/gpu/drm/ttm/ drivers/gpu/drm/radeon/ drivers/gpu/drm/drm_gem_ttm_helper.o)
	[[ ! -e $dir/tree/drivers/xen/xen-ttm-pool.c ]] || targets+=(drivers/xen/xen-ttm-pool.o)
	make_kernel "$dir/tree" "$dir/objects" "${targets[@]}"
	check_exports "$dir/objects/drivers/gpu/drm"
}

# check_exports DIR: check that modules of TTM, its tests and radeon use only symbols of each other
# that are exported. modpost would need a whole kernel for that.
check_exports() {
	local dir=$1 module modules

	mapfile -t modules < <(cat "$dir"/{ttm,radeon}/modules.order | sed -E 's/ko?$//; s/\.o?$//')
	if ((${#modules[@]} < 3)); then
		echo "error: only these modules were built: ${modules[*]}"
		return 1
	fi
	for module in "${modules[@]##*/drm/}"; do
		nm "$dir/$module.o" | sed "s|^|$module |"
	done | awk '
		$2 == "U" { uses[$1 " " $3]; next }
		$4 ~ /^__export_symbol_/ { exported[substr($4, 17)] }
		$3 ~ /^[TDBR]$/ { home[$4] = $1 }
		END {
			for (use in uses) {
				split(use, part, " ")
				from = home[part[2]]
				if (from == "" || from == part[1] || part[2] in exported)
					continue
				print "error: " part[1] " uses " part[2] ", not exported by " from
				bad = 1
			}
			exit bad
		}'
}

# first_error LOG: the line that says why a build has failed.
first_error() {
	grep -m1 -E '(^|[ :])error:|\*\*\*' "$1" || tail -n 1 "$1"
}
