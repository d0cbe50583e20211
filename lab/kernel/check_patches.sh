#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# The inner half of check_kernel.sh patches: what a reviewer's scripts find in our patches and
# new files; runs inside the lab's root.
#
#   check_patches.sh KERNEL MODULES CACHE all|ours
#
# MODULES is where our modules were built (compile_modules.sh). With "ours" coccicheck sees the new
# files alone, and sparse the new and the changed ones. Each check leaves its output in
# /out/CHECK-KERNEL.log. A finding in a file of the kernel counts if the stock file does not have
# it.
set -euo pipefail
# shellcheck source=source.sh
. "$(dirname "$0")/source.sh"
# shellcheck source=external.sh
. "$(dirname "$0")/external.sh"
# shellcheck source=findings.sh
. "$(dirname "$0")/findings.sh"
# shellcheck source=fixed_path.sh
. "$(dirname "$0")/fixed_path.sh"

kernel=$1 modules=/run/modules cache=$3 scope=$4
at_fixed_path modules "$2"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
out=/out

# extract_scripts: sets scripts to the kernel's own checkers, with what they look into.
extract_scripts() {
	local key paths=(scripts include COPYING CREDITS Kbuild MAINTAINERS Makefile README)

	# Where 7.3 has kernel-doc.
	[[ $kernel == 6.12 ]] || paths+=(tools/docs tools/lib/python)
	key=$( (source_version "$kernel"; echo "${paths[@]}") | sha256sum | cut -c1-16)
	scripts=$cache/scripts-$kernel-$key
	exec 8>"$cache/scripts-$kernel.lock"
	flock 8
	if [[ ! -e $scripts ]]; then
		rm -rf "$cache/scripts-$kernel-"*
		mkdir "$scripts.tmp"
		tar -xJf "/usr/src/linux-source-$kernel.tar.xz" -C "$scripts.tmp" \
			--strip-components=1 --no-same-owner "${paths[@]/#/linux-source-$kernel/}"
		# By these checkpatch.pl knows the top of a kernel.
		mkdir -p "$scripts.tmp"/{Documentation,arch,drivers,fs,init,ipc,kernel,lib}
		mv "$scripts.tmp" "$scripts"
	fi
	exec 8>&-
}

extract_scripts
clone_stock "$kernel" "$cache" "$work/ours"
cp -r "$work/ours" "$work/stock"
apply_changes "$kernel" "$work/ours"
mapfile -t new < <(git -C "$work/ours" diff --name-only --diff-filter=A base -- '*.[ch]')
mapfile -t changed < <(git -C "$work/ours" diff --name-only --diff-filter=M base -- '*.[ch]')
/src/lab/kernel/compose.sh "$kernel" "$work/patches"
patches=("$work"/patches/*/*.patch)
what="patches: ${#patches[@]}, new files: ${#new[@]}, changed: ${#changed[@]}"

checkpatch() {
	run_checkpatch "$scripts" "${patches[@]}" |
		findings checkpatch "$out/checkpatch-$kernel.log" "$what"
}

# kernel_doc TREE FILE...: its warnings, each with the line that it is about, as one line.
kernel_doc() {
	local tree=$1

	shift
	(($#)) || return 0
	(cd "$tree" && "$scripts/scripts/kernel-doc" -none -Wall "$@" 2>&1 || true) |
		awk '
			/^[^ ]/ && text != "" { print text; text = "" }
			{ text = text $0 }
			END { if (text != "") print text }' |
		sort -u
}

# igt_style: the igt tests have the kernel's style, with igt's exceptions (PRIu64, "int igt_main()",
# types of user space); and each subtest has a description.
igt_style() {
	local options=(--strict --terse --show-types --no-summary --max-line-length=100
		--ignore "BIT_MACRO,SPLIT_STRING,LONG_LINE_STRING,BOOL_MEMBER,PREFER_KERNEL_TYPES,CAMELCASE,FUNCTION_WITHOUT_ARGS,MISSING_SIGN_OFF,NO_AUTHOR_SIGN_OFF,FILE_PATH_CHANGES,COMPLEX_MACRO")
	local files patches=(/src/patches/igt{,-pool}/*.patch)

	# checkpatch writes where it is started.
	cp -r /src/igt-tests "$work/igt"
	mapfile -t files < <(cd "$work/igt" && find lib tests -name '*.[ch]' | sort)
	export GIT_DIR=/nowhere
	{
		(cd "$scripts" && perl scripts/checkpatch.pl "${options[@]}" "${patches[@]}") ||
			true
		cd "$work/igt"
		perl "$scripts/scripts/checkpatch.pl" --root="$scripts" --no-tree "${options[@]}" \
			-f "${files[@]}" || true
		awk '
		/igt_describe\(/ { described = 1 }
		/igt_subtest(_f)?\(/ {
			if (!described)
				print FILENAME ":" FNR ": a subtest without igt_describe()"
			described = 0
		}' "${files[@]}"
	} 2>&1 | findings igt-style "$out/igt-style-$kernel.log" \
		"patches: ${#patches[@]}, files: ${#files[@]}"
	unset GIT_DIR
}

# mutants: those that do not apply to our files.
mutants() {
	local mutant only

	for mutant in /src/lab/test/mutants/*.patch; do
		only=$(sed -n 's/^Only: //p' "$mutant")
		[[ -z $only || $only == "$kernel" ]] || continue
		git -C "$work/ours" apply --check -p0 "$mutant" 2>&1 |
			sed "s|^|${mutant##*/}: |" || true
	done | findings mutants "$out/mutants-$kernel.log" "all apply"
}

kernel_docs() {
	# A checker that does not run finds nothing: here it has to find something.
	mkdir "$work/doc"
	printf '/**\n * f() - a function\n */\nint f(int x);\n' >"$work/doc/undescribed.h"
	if ! kernel_doc "$work/doc" undescribed.h | grep -q 'undescribed.h:'; then
		echo "error: kernel-doc does not run" >&2
		exit 1
	fi
	kernel_doc "$work/stock" "${changed[@]}" >"$work/doc.stock"
	kernel_doc "$work/ours" "${new[@]}" "${changed[@]}" >"$work/doc.ours"
	new_findings "$work/doc.stock" "$work/doc.ours" |
		findings kernel-doc "$out/kernel-doc-$kernel.log" "$what"
}

# kept CHECK: the file in which the findings of CHECK in the stock files are kept for the next run.
kept() {
	local key

	key=$(
		{
			git -C "$work/stock" rev-parse 'HEAD^{tree}'
			echo "$scope ${changed[*]}"
			cat "$0"
		} | sha256sum | cut -c1-16
	)
	echo "$scripts/$1-$key"
}

# run_sparse TREE: run sparse on the files of TREE as C=2 does, with the options by which the files
# of our modules were compiled: so the stock files need not be compiled. Debian's headers for 7.3
# skip sparse 0.6.4 because it does not know __typeof_unqual__, which is defined away here. sparse
# cannot evaluate the assertion in that kernel's MODULE_INFO(); its message at the first column is
# dropped.
run_sparse() {
	local drivers=$modules/tree/drivers headers file dir options number=0
	local ours=" ${new[*]} ${changed[*]} "
	local checkflags='-D__linux__ -Dlinux -D__STDC__ -Dunix -D__unix__ -Wbitwise
		-Wno-return-void -Wno-unknown-attribute --arch=x86 -mlittle-endian -m64 -D__x86_64__
		-D__typeof_unqual__=__typeof__'

	headers=/usr/lib/modules/$(<"/boot/lab/version-$kernel")/build
	rm -rf "$work/sparse"
	mkdir "$work/sparse"
	find "$drivers" -name '.*.o.cmd' ! -name '.*.mod.o.cmd' ! -name '.module-common.o.cmd' \
		-exec sed -nE 's/^savedcmd_\S+ := +\S+ (.*) -c -o \S+ (\S+\.c)\b.*/\2 \1/p' {} + |
		sort |
		while read -r file options; do
			# 6.12 compiles in the headers, 7.3 in the modules' directory.
			dir=$headers
			[[ $file == /* ]] || dir=$drivers file=$drivers/$file
			[[ -e $1${file#"$modules/tree"} ]] || continue
			[[ $scope == all || $ours == *" ${file#"$modules/tree/"} "* ]] || continue
			# radeon's generated headers are where it was built. One output each, as
			# parallel ones would mix within a line.
			number=$((number + 1))
			echo "cd $dir; sparse ${checkflags//[$'\n\t']/ } $options $file" |
				sed "s|$modules/tree|$1|g; s|$| -I$drivers/gpu/drm/radeon >$work/sparse/$number 2>\&1|"
		done | xargs -d '\n' -P "$(nproc)" -I COMMAND sh -c 'COMMAND || true'
	find "$work/sparse" -type f -exec sed "s|$1/||g" {} + |
		grep -vE ':1: error: bad constant expression$' || true
}

sparse_modules() {
	local stock

	(rename_ttm "$work/stock")
	(rename_ttm "$work/ours")
	stock=$(kept sparse)
	if [[ ! -e $stock ]]; then
		run_sparse "$work/stock" >"$stock.$$"
		mv "$stock.$$" "$stock"
	fi
	run_sparse "$work/ours" >"$out/sparse-$kernel-all.log"
	grep -E ': (warning|error): ' "$stock" >"$work/sparse.stock" || true
	grep -E ': (warning|error): ' "$out/sparse-$kernel-all.log" >"$work/sparse.ours" || true
	if [[ ! -s $work/sparse.stock ]]; then
		echo "error: sparse has not looked at radeon" >&2
		exit 1
	fi
	new_findings "$work/sparse.stock" "$work/sparse.ours" |
		findings sparse "$out/sparse-$kernel.log" \
			"nothing new; stock has $(wc -l <"$work/sparse.stock")"
}

# run_coccicheck DIR TREE...: on the files of each TREE in DIR, with each of the kernel's semantic
# patches that can report, except two that need an OCaml compiler. Several semantic patches run at a
# time, because there are more of them than files. Those in tests/ start first, because one of them
# takes minutes.
run_coccicheck() {
	local dir=$1 drm=$work/ours/drivers/gpu/drm
	local include="-I$drm/ttm -I$drm/radeon
		-I$work/ours/include -I$scripts/include"

	shift
	grep -rlE 'virtual[[:space:]]+report' "$scripts/scripts/coccinelle" | sort -r |
		{ xargs grep -LE '(script|initialize):ocaml' || true; } |
		awk -v trees="$*" '{for (i = split(trees, tree, " "); i; i--) print $0, tree[i]}' |
		LINUXINCLUDE=${include//$'\n\t\t'/ } MODE=report J=1 \
			srctree=$scripts dir=$dir xargs -P "$(nproc)" -L 1 sh -c \
			'export COCCI="$0" srcroot="$dir/$1" KBUILD_EXTMOD="$dir/$1"
			"$srctree/scripts/coccicheck" 2>&1 || echo "$0:1:1: broke off"' |
		sed "s|$dir/||; s|^$scripts/||"
}

# coccicheck: on our files, and on the stock copies of the changed ones.
coccicheck() {
	local dir=$work/cocci log=$out/coccicheck-$kernel-all.log changed=("${changed[@]}")
	local stock trees=(ours)

	stock=$(kept coccicheck)
	[[ -e $stock ]] || trees+=(stock)
	[[ $scope == all ]] || changed=()
	mkdir -p "$dir"/{stock,ours}
	((${#changed[@]} == 0)) || (cd "$work/stock" && cp --parents "${changed[@]}" "$dir/stock")
	((${#changed[@]} + ${#new[@]} == 0)) ||
		(cd "$work/ours" && cp --parents "${changed[@]}" "${new[@]}" "$dir/ours")
	run_coccicheck "$dir" "${trees[@]}" >"$log"
	if [[ ! -e $stock ]] && ! grep -q ': broke off$' "$log"; then
		sed -nE 's,^stock/(.*:[0-9]+:[0-9-]+: ),\1,p' "$log" | sort -u >"$stock.$$"
		mv "$stock.$$" "$stock"
	fi
	sed -nE 's,^(ours/)?((drivers|include|scripts)/.*:[0-9]+:[0-9-]+: ),\2,p' "$log" |
		sort -u >"$work/cocci.ours"
	touch "$work/cocci.stock"
	[[ ! -e $stock ]] || cp "$stock" "$work/cocci.stock"
	new_findings "$work/cocci.stock" "$work/cocci.ours" |
		findings coccicheck "$out/coccicheck-$kernel.log" \
			"nothing new; stock has $(wc -l <"$work/cocci.stock")"
}

checkpatch
igt_style
mutants
kernel_docs
coccicheck
sparse_modules
