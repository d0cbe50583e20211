#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# Writes all series for a kernel: each as a folder for git send-email and git am, with a cover
# letter, and all patches as one quilt folder and as flat files for an RPM package (Qubes OS).
#
#   KERNEL=7.3|6.12      whose deltas to take (7.3; with SOURCE=, 6.12 for one below 7.0)
#   SOURCE=DIR|TARBALL   the kernel: a git repository (its HEAD), a directory, or a tarball
#                        (Debian's source of KERNEL)
#   OUT=DIR              where, a directory that is empty or does not exist yet (out/series-KERNEL,
#                        which is made anew)
#   SIGNOFF=yes|no       whether to sign off, as the submitter that git knows (yes)
#   SKIP='NAME...'       patches to leave out, as SOURCE does not need them
#
# A patch that SOURCE already has is left out as well. The last line names the directory.
LAB_TAG=series
# shellcheck source=../common.sh
. "$(dirname "$0")/../common.sh"
# shellcheck source=apply.sh
. "$(dirname "$0")/apply.sh"

[[ -z ${KERNEL:-} ]] || choose KERNEL 7.3 6.12 7.3
choose SIGNOFF yes yes no
need_command git git tar tar xz xz-utils

# know_submitter: find the submitter. Sets author, and GIT_COMMITTER_NAME and the like.
know_submitter() {
	local ident

	author='Radeon TTM pool developers <radeon-ttm-pool@localhost>'
	if ident=$(git -c user.useConfigOnly=true -c safe.directory='*' -C "$LAB_TOP" \
		var GIT_COMMITTER_IDENT 2>/dev/null) && [[ $ident != *' <> '* ]]; then
		author=${ident% * *}
	elif [[ $SIGNOFF == yes ]]; then
		die "git does not know who signs off: set 'git config --global user.name NAME' and user.email, or SIGNOFF=no for unsigned patches"
	fi
	ident=${author##*<}
	export GIT_COMMITTER_NAME=${author% <*} GIT_COMMITTER_EMAIL=${ident%>}
	export GIT_AUTHOR_NAME=$GIT_COMMITTER_NAME GIT_AUTHOR_EMAIL=$GIT_COMMITTER_EMAIL
	export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1
}

# take_files PATH...: copy these files of the kernel, if it has them, into the tree.
take_files() {
	local git=(git -c safe.directory='*' -C "$SOURCE") path have=()

	case $kind in
	git)
		mapfile -t have < <("${git[@]}" ls-tree -r --name-only HEAD -- "$@")
		((${#have[@]} == 0)) ||
			"${git[@]}" archive HEAD -- "${have[@]}" | tar -x -C "$work/tree" ;;
	directory)
		for path; do
			[[ ! -f $SOURCE/$path ]] ||
				(cd "$SOURCE" && cp --parents -- "$path" "$work/tree")
		done ;;
	tarball)
		XZ_DEFAULTS=-T0 tar -xf "$SOURCE" -C "$work/tree" --strip-components=1 \
			--no-same-owner --occurrence=1 "${@/#/$top/}" 2>"$work/error" ||
			! grep -qiE 'unexpected (eof|end)|corrupt|not recoverable' "$work/error" ||
			die "SOURCE=$SOURCE is damaged or incomplete: download it again" ;;
	esac
}

# know_source: sets SOURCE to its full path, kind and version, KERNEL if it is not given, for a
# tarball top, the directory in it, and for a git repository base, the commit.
know_source() {
	local no_tree="SOURCE=$SOURCE is no kernel tree: give a directory, git repository or tarball"
	local git=(git -c safe.directory='*' -C "$SOURCE")

	base='' top=''
	# tar reads "NAME:FILE" as a file of another machine, unless a slash comes before the colon.
	[[ ! -e $SOURCE ]] || SOURCE=$(realpath -- "$SOURCE")
	if [[ -d $SOURCE ]]; then
		kind=directory
		# The directory may also be part of another repository.
		if "${git[@]}" cat-file -e HEAD:Makefile 2>/dev/null &&
			[[ -z $("${git[@]}" rev-parse --show-prefix) ]]; then
			kind=git base=$("${git[@]}" rev-parse HEAD)
		fi
	elif [[ -f $SOURCE ]]; then
		kind=tarball
		top=$(tar -tf "$SOURCE" 2>/dev/null | sed -n '1{s|/.*||; p; q}') || true
		[[ -n $top ]] || die "$no_tree"
	else
		die "SOURCE=$SOURCE is not there: give the directory, git repository or tarball of a kernel"
	fi
	take_files Makefile
	version=$(awk -F ' = ' '/^(VERSION|PATCHLEVEL|SUBLEVEL) = [0-9]+$/ { print $2 }' \
		"$work/tree/Makefile" 2>/dev/null | paste -sd.) || true
	[[ $version =~ ^[0-9]+\.[0-9]+\.[0-9]+$ ]] || die "$no_tree"
	[[ $(printf '%s\n' 6.12 "$version" | sort -V | head -n 1) == 6.12 ]] ||
		die "SOURCE=$SOURCE is Linux $version: the series are for 6.12 and later"
	if [[ -z ${KERNEL:-} ]]; then
		KERNEL=7.3
		((10#${version%%.*} >= 7)) || KERNEL=6.12
	fi
}

# last_error: the error message of the last step.
last_error() {
	tail -n 1 "$work/error" | sed 's/^error: //'
}

# leave_out NAME...: remove these patches.
leave_out() {
	local name

	for name; do
		ls "$work/patches"/*/[0-9][0-9][0-9][0-9]-"${name%.patch}.patch" >/dev/null 2>&1 ||
			die "SKIP=$name is no patch for kernel $KERNEL: their names are in patches/*/series"
		rm "$work/patches"/*/[0-9][0-9][0-9][0-9]-"${name%.patch}.patch"
	done
	rmdir --ignore-fail-on-non-empty "$work/patches"/*/
}

# cover_letter SERIES: put our text into the letter that git has made.
cover_letter() {
	local series=$1

	awk '
		FNR == NR && !body {
			if (sub(/^Subject: /, ""))
				subject = $0
			body = $0 == ""
			next
		}
		FNR == NR { text = text $0 "\n"; next }
		FNR == 1 { sub(/\n$/, "", text) }
		sub(/\*\*\* SUBJECT HERE \*\*\*/, "") { $0 = $0 subject }
		$0 == "*** BLURB HERE ***" { $0 = text }
		# It would name a commit of our own repository.
		/^(base-commit|prerequisite-patch-id): / {
			if (base == "")
				next
			if (/^base/)
				$0 = "base-commit: " base
		}
		{ print }' base="$base" "$LAB_TOP/patches/$series/cover-letter.txt" \
		"$new/$series/0000-cover-letter.patch" >"$work/letter"
	mv "$work/letter" "$new/$series/0000-cover-letter.patch"
}

# write_series SERIES FROM: write the commits from FROM to the series' tag as mails.
write_series() {
	local series=$1 from=$2 prefix=PATCH count

	count=$(git -C "$work/tree" rev-list --count "$from..$series")
	if ((count == 0)); then
		say "$series: no patch for this kernel"
		return
	fi
	! grep -qx 'Prefix: RFC' "$LAB_TOP/patches/$series/cover-letter.txt" || prefix='RFC PATCH'
	[[ $KERNEL == 7.3 ]] || prefix+=" $KERNEL"
	git -C "$work/tree" format-patch -q --cover-letter -n --base=base \
		--subject-prefix="$prefix" -o "$new/$series" "$from..$series"
	cover_letter "$series"
	say "$series: patches: $count;$(git -C "$work/tree" diff --shortstat "$from" "$series")"
}

# write_rpm: write the patches of the quilt folder as flat files with their own numbers, and their
# lines for the spec file in "spec-lines".
write_rpm() {
	local name number=5000

	mkdir "$new/rpm"
	while read -r name; do
		number=$((number + 1))
		cp "$new/quilt/$name" "$new/rpm/$number-${name#*-}"
		echo "Patch$number: $number-${name#*-}"
	done <"$new/quilt/series" >"$new/spec-lines"
	mv "$new/spec-lines" "$new/rpm"
}

if [[ -n ${OUT:-} ]]; then
	mkdir -p "$(dirname "$OUT")" 2>/dev/null && [[ -w $(dirname "$OUT") && ! -e $OUT ]] ||
		[[ -d $OUT && -w $OUT && -z $(ls -A "$OUT") ]] ||
		die "OUT=$OUT is not an empty directory that you can write: choose another"
	OUT=$(realpath "$OUT")
fi
know_submitter
if [[ -z ${SOURCE:-} ]]; then
	: "${KERNEL:=7.3}"
	sub "$LAB_TOP/lab/image/make_image.sh"
	make_cache_dir
	image=$LAB_CACHE/root-$(image_key)/root
	SOURCE=$image/usr/src/linux-source-$KERNEL.tar.xz
	context=()
	[[ $KERNEL == 7.3 ]] || context=(-C1)
else
	context=(-C1)
fi
beside=${OUT:-$LAB_TOP/out/series}
mkdir -p "$(dirname "$beside")"
work=$(mktemp -d "$(dirname "$beside")/.series.XXXXXX" 2>/dev/null) ||
	die "cannot write to $(dirname "$beside"): choose another directory with OUT"
trap 'rm -rf "$work"' EXIT
trap 'exit 143' TERM
trap 'exit 130' INT
mkdir "$work/tree"
know_source
: "${OUT:=$LAB_TOP/out/series-$KERNEL}"
say "writing the series for Linux $version ($SOURCE), with the deltas of $KERNEL"

"$LAB_TOP/lab/kernel/compose.sh" "$KERNEL" "$work/patches" "$author" "$(date -R)" 2>"$work/error" ||
	die "$(last_error)"
# shellcheck disable=SC2086
leave_out ${SKIP:-}
mapfile -t files < <(sed -nE 's,^(---|\+\+\+) [ab]/,,p' "$work"/patches/*/*.patch | sort -u)
take_files "${files[@]}"
[[ -e $work/tree/drivers/gpu/drm/ttm/ttm_pool.c ]] ||
	die "SOURCE=$SOURCE is no kernel tree: it has no drivers/gpu/drm/ttm"
git -C "$work/tree" init -q -b series
git -C "$work/tree" config core.abbrev 12
git -C "$work/tree" add -A -f
git -C "$work/tree" commit -q -m "Linux $version"
git -C "$work/tree" tag base
[[ $SIGNOFF == no ]] || context+=(-s)
new=$work/new from=base
mkdir -p "$new/quilt"
for series in "$work"/patches/*/; do
	series=$(basename "$series")
	apply_series "$work/tree" "$work/patches" "$series" "$version" --skip-applied \
		"${context[@]}" 2>"$work/error" || die "$(last_error)"
	write_series "$series" "$from"
	from=$series
done
git -C "$work/tree" format-patch -q -N --no-signature -o "$new/quilt" base.."$from"
(cd "$new/quilt" && ls -- *.patch >series)
write_rpm
rm -rf "$OUT"
mv "$new" "$OUT"
echo "$OUT"
