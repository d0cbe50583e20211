#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# Tests compose.sh, apply.sh and series.sh on a kernel of two files: their output, and each mistake
# that they have to find. Needs bash, awk, git, patch and tar, and no image.
LAB_TAG=compose
# shellcheck source=../common.sh
. "$(dirname "$0")/../common.sh"

here=$(cd "$(dirname "$0")" && pwd -P)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
top=$work/checkout
out=$work/out
failures=0

# fail TEXT: sets failures.
fail() {
	echo "[compose] error: $*" >&2
	failures=$((failures + 1))
}

# numbers FROM TO: a file of lines.
numbers() {
	seq -f 'line %g' "$1" "$2"
}

# section PATH OLD NEW: of a patch, between these files.
section() {
	echo "diff --git a/$1 b/$1"
	diff -u --label "a/$1" --label "b/$1" "$2" "$3" || true
}

# make_checkout: three patches in two series. The first one adds a file of ours and changes one of
# the kernel, the second changes ours, the third is for 6.12 alone. On 6.12 the first differs.
make_checkout() {
	local series=$top/patches/1-first

	rm -rf "$top" "$work/kernel"
	mkdir -p "$top"/{lab/kernel,drivers/gpu/drm/ttm,include,patches/{1-first,2-second}}
	cp "$here"/../common.sh "$top/lab"
	cp "$here"/../kernel/{compose.sh,apply.sh,series.sh,import_patch.sh,patch_parts.awk} \
		"$top/lab/kernel"
	mkdir -p "$work/kernel/drivers/gpu/drm/ttm"
	printf '%s\n' 'VERSION = 7' 'PATCHLEVEL = 3' 'SUBLEVEL = 1' >"$work/kernel/Makefile"
	numbers 1 40 >"$work/kernel/drivers/gpu/drm/ttm/ttm_pool.c"
	cd "$work"
	numbers 1 40 >old
	sed 's/^line 9$/line nine/' old >new
	numbers 1 20 >ours
	sed 's/^line 5$/line five/' ours >ours-final
	cp ours-final "$top/drivers/gpu/drm/ttm/ours.c"
	{
		printf '%s\n' 'Subject: [PATCH] drm/ttm: One' '' 'Why.' --- \
			'New-file: drivers/gpu/drm/ttm/ours.c' ''
		section drivers/gpu/drm/ttm/ttm_pool.c old new
	} >"$series/one.patch"
	{
		printf '%s\n' 'Reason: it counts as this line is' \
			'  so long that it needs a second one, which it has' ''
		section drivers/gpu/drm/ttm/ttm_pool.c old <(sed 's/^line 9$/line IX/' old)
	} >"$series/one.6.12.diff"
	{
		printf '%s\n' 'From: Another <another@localhost>' \
			'Subject: [PATCH] drm/ttm: Two' '' 'Why.' --- ' ours.c | 2 +-' ''
		section drivers/gpu/drm/ttm/ours.c ours ours-final
		echo '-- '
		echo 2.39.5
	} >"$series/two.patch"
	printf '%s\n' '# in order' one.patch 'two.patch # changes ours' >"$series/series"
	{
		printf '%s\n' 'Subject: [PATCH] drm/ttm: Three' '' 'Why.' --- 'Only: 6.12' \
			'Reason: only there' ''
		section drivers/gpu/drm/ttm/ttm_pool.c old <(sed 's/^line 30$/line XXX/' old)
	} >"$top/patches/2-second/three.patch"
	# An editor may leave out the newline at the end of the last line.
	printf three.patch >"$top/patches/2-second/series"
	for series in 1-first 2-second; do
		printf '%s\n' "Subject: drm/ttm: The $series" '' 'A letter.' \
			>"$top/patches/$series/cover-letter.txt"
	done
}

# composed KERNEL: do the patches for it change our file and the kernel's as they should?
composed() {
	local kernel=$1 tree=$work/tree pool

	rm -rf "$out" "$tree"
	if ! "$top/lab/kernel/compose.sh" "$kernel" "$out"; then
		fail "compose.sh fails for $kernel"
		return
	fi
	cp -r "$work/kernel" "$tree"
	pool=$tree/drivers/gpu/drm/ttm/ttm_pool.c
	patch -s -d "$tree" -p1 --fuzz=0 <"$out/1-first/0001-one.patch"
	cmp "$work/ours" "$tree/drivers/gpu/drm/ttm/ours.c" ||
		fail "$kernel: the first patch does not add our file as it was before the second"
	patch -s -d "$tree" -p1 --fuzz=0 <"$out/1-first/0002-two.patch"
	cmp "$work/ours-final" "$tree/drivers/gpu/drm/ttm/ours.c" ||
		fail "$kernel: our file is not that of the checkout in the end"
	case $kernel in
	7.3)
		grep -qx 'line nine' "$pool" || fail "7.3 lacks the patch's own section"
		[[ ! -e $out/2-second ]] || fail "7.3 has a patch that is only for 6.12" ;;
	6.12)
		patch -s -d "$tree" -p1 --fuzz=0 <"$out/2-second/0001-three.patch"
		grep -qx 'line IX' "$pool" && grep -qx 'line XXX' "$pool" ||
			fail "6.12 lacks its own sections"
		grep -A 1 '^\[ 6.12: it counts as .* one, which$' "$out/1-first/0001-one.patch" |
			grep -qFx '  it has ]' ||
			fail "the message does not say why 6.12 differs, in lines of 75 columns" ;;
	esac
	grep -qx 'From: Another <another@localhost>' "$out/1-first/0002-two.patch" ||
		fail "the author is lost"
}

# mistake NAME PATTERN COMMAND: in a checkout that COMMAND has changed, compose.sh prints one line
# of that pattern and fails.
mistake() {
	local name=$1 pattern=$2 status=0

	make_checkout
	cd "$top/patches/1-first"
	eval "$3"
	"$top/lab/kernel/compose.sh" 6.12 "$work/out-$name" >"$work/said" 2>&1 || status=$?
	if ((status != 1)) || (($(wc -l <"$work/said") != 1)) ||
		! grep -qE "^error: $pattern" "$work/said"; then
		fail "$name: status $status, and: $(<"$work/said")"
	fi
	[[ ! -e $work/out-$name ]] || fail "$name: something is left"
}

# refused NAME PATTERN [VARIABLE=VALUE]...: series.sh prints one error of that pattern, and fails.
refused() {
	local name=$1 pattern=$2 status=0

	shift 2
	env -u GIT_COMMITTER_NAME -u GIT_COMMITTER_EMAIL -u EMAIL HOME="$work" \
		SOURCE="$work/kernel" OUT="$work/written" "$@" \
		"$top/lab/kernel/series.sh" >"$work/said" 2>&1 || status=$?
	if ((status != 1)) || (($(grep -c error "$work/said") != 1)) ||
		! grep -qE "^\[series\] error: $pattern" "$work/said"; then
		fail "$name: status $status, and: $(<"$work/said")"
	fi
	[[ ! -e $work/written && -z $(find "$work" -maxdepth 1 -name '.series.*') ]] ||
		fail "$name: something is left"
}

make_checkout
composed 7.3
composed 6.12

# The checkout has what a patch for 7.3 alone changes in our file.
sed 's/^line 15$/line XV/' "$work/ours-final" >"$top/drivers/gpu/drm/ttm/ours.c"
{
	printf '%s\n' 'Subject: [PATCH] drm/ttm: Only' '' 'Why.' --- 'Only: 7.3' \
		'Reason: only there' ''
	section drivers/gpu/drm/ttm/ours.c "$work/ours-final" "$top/drivers/gpu/drm/ttm/ours.c"
} >"$top/patches/1-first/only.patch"
echo only.patch >>"$top/patches/1-first/series"
composed 6.12

mistake unlisted 'patches/1-first/four.patch belongs to no patch in patches/1-first/series' \
	'cp one.patch four.patch'
mistake missing 'patches/1-first/series names five.patch, which is not there' \
	'echo five.patch >>series'
mistake twice-listed 'patches/1-first/series has one.patch twice' 'echo one.patch >>series'
mistake no-list 'patches/1-first has no file .series.' 'rm series'
mistake orphan 'patches/1-first/six.6.12.diff belongs to no patch' 'cp one.6.12.diff six.6.12.diff'
mistake not-added 'no patch adds drivers/gpu/drm/ttm/ours.h: add the line' \
	'touch "$top/drivers/gpu/drm/ttm/ours.h"'
mistake not-there 'patches/1-first/two.patch: there is no new file a.c in the checkout' \
	'sed -i "s/^---$/---\nNew-file: a.c/" two.patch'
mistake added-twice '.*/ours.c is a new file of patches/1-first/one.patch and of .*/three.patch' \
	'sed -i "s,^---$,---\nNew-file: drivers/gpu/drm/ttm/ours.c," ../2-second/three.patch'
mistake too-early '.*/two.patch changes .*/ours.c before patches/1-first/one.patch adds it' \
	'printf "%s\n" two.patch one.patch >series'
mistake not-taken-back '.*/two.patch: its hunk at line 2 of .*/ours.c cannot be taken back' \
	'sed -i "s/^ line 3/ line three/" two.patch'
mistake long-hunk '.*/one.patch:[0-9]+: the hunk of line 10 is longer' \
	'sed -i "s/^+line nine/&\n&/" one.patch'
mistake short-hunk '.*/one.patch: the hunk of line 10 is shorter' \
	'sed -i "/^+line nine/d" one.patch'
mistake field '.*/one.patch:5: .New-flie: .* is no field' 'sed -i s/^New-file/New-flie/ one.patch'
mistake no-reason '.*/one.6.12.diff: no line .Reason' 'sed -i 1,3d one.6.12.diff'
mistake only-no-reason '.*/three.patch: no line .Reason' 'sed -i /^Reason/d ../2-second/three.patch'
mistake without '.*/one.6.12.diff:2: the patch has no section of b.c' \
	'sed -i "1s/$/\nWithout: b.c/" one.6.12.diff'
mistake no-end '.*/two.patch: no line .---.' 'sed -i /^---$/d two.patch'
mistake no-subject '.*/two.patch:2: the mail has no Subject' 'sed -i /^Subject/d two.patch'
mistake whole-file '.*/two.patch:[0-9]+: the new file .* is kept whole' \
	'sed -i "s/^diff .*/&\nnew file mode 100644/" two.patch'

make_checkout
git -C "$work/kernel" init -q
refused no-name 'git does not know who signs off'
refused no-tree 'SOURCE=.* is no kernel tree' SIGNOFF=no SOURCE="$work/checkout"
refused nowhere 'SOURCE=.* is not there' SIGNOFF=no SOURCE="$work/nowhere"
refused no-tarball 'SOURCE=.* is no kernel tree' SIGNOFF=no SOURCE="$work/old"
tar -C "$work" -cJf "$work/whole.tar.xz" kernel
head -c -100 "$work/whole.tar.xz" >"$work/cut.tar.xz"
refused cut-off 'SOURCE=.* is damaged' SIGNOFF=no SOURCE="$work/cut.tar.xz"
refused no-address 'git does not know who signs off' GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=
refused skip 'SKIP=seven is no patch for kernel 7.3' SIGNOFF=no SKIP=seven
sed -i 's/^PATCHLEVEL.*/PATCHLEVEL = 6/; s/^VERSION.*/VERSION = 6/' "$work/kernel/Makefile"
refused old 'SOURCE=.* is Linux 6.6.1: the series are for 6.12 and later' SIGNOFF=no
make_checkout
sed -i 's/^line 8$/line eight/; s/^line 10$/line ten/' "$work/kernel/drivers/gpu/drm/ttm/ttm_pool.c"
refused context '.*/one.patch does not apply to kernel 7.3.1: the hunk at line 6 of .*/ttm_pool.c' \
	SIGNOFF=no
mkdir "$work/full"
touch "$work/full/file"
make_checkout
OUT=$work/full SIGNOFF=no SOURCE=$work/kernel \
	"$top/lab/kernel/series.sh" >"$work/said" 2>&1 &&
	fail 'a directory with something in it is written to'
[[ $(ls "$work/full") == file ]] || fail 'a directory that is refused is not left as it was'

# The mails are signed off by the submitter, name their base commit, and apply without fuzz.
git -C "$work/kernel" init -q
git -C "$work/kernel" add -A
git -C "$work/kernel" -c user.name=x -c user.email=x commit -q -m x
tar -C "$work" -cf "$work/kernel.tar" kernel
for source in "$work/kernel" "$work/kernel.tar"; do
	rm -rf "$work/written"
	# As in a hook of the repository that is the source.
	HOME=$work GIT_COMMITTER_NAME='A Submitter' GIT_COMMITTER_EMAIL=submitter@localhost \
		GIT_DIR=$work/kernel/.git GIT_INDEX_FILE=$work/kernel/.git/index \
		SOURCE=$source OUT=$work/written "$top/lab/kernel/series.sh" >"$work/said" ||
		fail "$source: $(tail -n 1 "$work/said")"
	for patch in "$work"/written/1-first/000[12]-*.patch; do
		grep -qx 'Signed-off-by: A Submitter <submitter@localhost>' "$patch" ||
			fail "$patch is not signed"
	done
	letter=$work/written/1-first/0000-cover-letter.patch
	grep -q '^Subject: \[PATCH 0/2\] drm/ttm: The 1-first$' "$letter" ||
		fail 'the cover letter lacks its subject'
	(($(wc -l <"$work/written/quilt/series") == 2)) ||
		fail 'the quilt folder has not two patches'
	[[ $(<"$work/written/rpm/spec-lines") == $'Patch5001: 5001-drm-ttm-One.patch\n'\
'Patch5002: 5002-drm-ttm-Two.patch' ]] &&
		cmp "$work"/written/{quilt/0002,rpm/5002}-drm-ttm-Two.patch ||
		fail 'the flat files are not those of the quilt folder'
	if [[ $source == *.tar ]]; then
		! grep -q '^base-commit: ' "$letter" || fail 'a tarball has a base commit'
	else
		grep -q "^base-commit: $(git -C "$source" rev-parse HEAD)" "$letter" ||
			fail 'the base commit is missing'
	fi
	rm -rf "$work/tree"
	cp -r "$work/kernel" "$work/tree"
	cat "$work"/written/quilt/*.patch | patch -s -d "$work/tree" -p1 --fuzz=0
	cmp "$work/ours-final" "$work/tree/drivers/gpu/drm/ttm/ours.c" ||
		fail 'our file is not as it should be'
done

# A patch that the tree already has is left out, with a message.
patch -s -d "$work/kernel" -p1 <"$work/written/1-first/0001-drm-ttm-One.patch"
rm -rf "$work/kernel/.git" "$work/written"
SIGNOFF=no SOURCE=$work/kernel OUT=$work/written \
	"$top/lab/kernel/series.sh" >"$work/said" ||
	fail "with a patch in the tree: $(tail -n 1 "$work/said")"
grep -q 'left out, as the tree has it already: 1-first/one.patch' "$work/said" &&
	[[ $(<"$work/written/quilt/series") == 0001-drm-ttm-Two.patch ]] ||
	fail 'a patch that the tree has is not left out'

# make_tree: as "make tree" does. Sets tree.
make_tree() {
	tree=$work/tree
	rm -rf "$tree" "$out"
	make_checkout
	mkdir -p "$top/Documentation/gpu"
	"$top/lab/kernel/compose.sh" 7.3 "$out"
	cp -r "$work/kernel" "$tree"
	git -C "$tree" init -q
	git -C "$tree" config user.name x
	git -C "$tree" config user.email x
	git -C "$tree" add -A
	git -C "$tree" commit -q -m base
	git -C "$tree" tag base
	git -C "$tree" am -q "$out"/*/*.patch
}

# not_imported NAME PATTERN COMMAND [COMMIT]: a commit that COMMAND makes in the tree, or COMMIT, is
# refused, and the checkout stays as it is.
not_imported() {
	local name=$1 pattern=$2 status=0

	make_tree
	cp -r "$top" "$work/before"
	(cd "$tree" && eval "$3" && git add -A && git commit -q --allow-empty -m "$name")
	TREE=$tree SERIES=1-first COMMIT=${4:-HEAD} "$top/lab/kernel/import_patch.sh" \
		>"$work/said" 2>&1 || status=$?
	((status == 1)) && grep -qE "^\[import\] error: COMMIT=.*$pattern" "$work/said" ||
		fail "import $name: status $status, and: $(<"$work/said")"
	diff -r "$work/before" "$top" || fail "import $name: something is left"
	rm -rf "$work/before"
}

not_imported base 'is part of base, or a merge' : base
not_imported empty 'it changes no file' :
not_imported top-folder 'a.c is new, and not in drivers' 'touch a.c'
not_imported binary 'x.c is binary' 'printf "\0" >drivers/x.c'
not_imported link 'x.c is no plain file' 'ln -s Makefile drivers/x.c'
not_imported space 'a b.c has an odd name' 'touch "drivers/a b.c"'
not_imported 'drm/ttm: Three' 'of patches/2-second/three.patch: choose SERIES=2-second' \
	'touch drivers/x.c'

# A patch that is imported again keeps its one line in the series, one without a text gets its own.
make_tree
sed -i 's/^line 20$/line twenty/' "$tree/drivers/gpu/drm/ttm/ttm_pool.c"
git -C "$tree" commit -q -a -m 'drm/ttm: Four'
for commit in HEAD~1 HEAD; do
	TREE=$tree SERIES=1-first COMMIT=$commit "$top/lab/kernel/import_patch.sh" \
		>"$work/said" 2>&1 || fail "import of $commit: $(<"$work/said")"
done
[[ $(tail -n 2 "$top/patches/1-first/series") == 'two.patch # changes ours'$'\nttm-four.patch' ]] ||
	fail 'the series is not as it should be after an import'

((failures == 0)) || exit 1
echo "what they write, apply, import and refuse is right"
