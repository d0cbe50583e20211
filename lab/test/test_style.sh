#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# style.sh finds each kind of violation and nothing else, in a checkout that has one of each kind,
# and a similar line that is right.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd -P)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
spdx='SPDX-License-Identifier: MIT'
mkdir "$work/tree"
cd "$work/tree"
git init -q

# repeat N TEXT
repeat() {
	printf "%0.s$2" $(seq "$1")
}

mkdir a b patches
cat >../list <<'END'
word nobody: no client
word somebody: a client
word whoever: each client
word in one go: together
host lore.kernel.org
host www.kernel.org
except a/right.c spdx
except a/right.c word is for
except a/right.c word is not for
END
echo 'int nobody; /* This is for nobody. */' >a/right.c
echo 'int no_licence;' >a/spdx.c
printf '%s\n' "// $spdx" "/* $(repeat 100 x) */" "	say(\"$(repeat 100 x)\");" >a/line.c
printf '%s\n' "<!-- $spdx -->" "$(repeat 101 x)" "| $(repeat 101 x) |" \
	"https://lore.kernel.org/$(repeat 101 x)" '```' '[a](code.md)' '```' '[a](b/other.md) [b](#no-heading)' \
	'[c](b/there.md#a-heading) [d](https://www.kernel.org/)' >doc.md
printf '%s\n' "<!-- $spdx -->" '# A heading!' '[up](../doc.md) [nowhere](../a/doc.md)' >b/there.md
printf '# %s\nx=1 \n' "$spdx" >a/blank.list
printf '%s\n' "# $spdx" '# Nobody reads this; nobody_else is a name.' '# They are done in' \
	'# one go, in one' '# place.' >a/word.list
printf '%s\n' "# $spdx" 'get https://registry.example.org/x https://www.kernel.org/x' >a/host.list
printf '%s\n' "# $spdx" 'cd /home/tree' 'cd $top/home/tree' 'cd /src' >a/path.list
echo "# $spdx" | tee a/twice.list >b/twice.list
echo "# $spdx" | tee a/meson.build >b/meson.build
printf '%s\n' 'Subject: x' '' 'Whoever reads this.' '---' ' somebody' '+somebody' '-somebody' \
	'+x ' >patches/0001-x.patch
cat >a/local.sh <<'END'
# SPDX-License-Identifier: MIT
# f: sets known and the array list.
f() {
	local a b=1 IFS

	a=2 b=3
	known=1
	list=(x "y)" z)
	VARIABLE=1 command with=word
	(inside=1; b="$(other=1; echo "a=b")")
	awk '
		program = 1 {
	' <<TEXT
text=1
TEXT
	case $a in
	x | y) b=1 ;;
	(z) v1=1 ;;
	esac
	for v2 in 1 2; do :; done
	while IFS= read -r v3 v4; do :; done < <(echo)
	mapfile -t v5 < <(echo)
	printf -v v6 x
	getopts ab v7
	[[ $a =~ ^(x|y)$ ]] && v8=1
	v9+=("$a")
	{ v10[1]=x; }
	if ! v11=$(echo); then :; fi
	v12='a
	b' v13=2
	read -ra v14 -t 1 <<<"$a"
}
top=1
END

cat >../expected <<'END'
a/blank.list:2: blank
a/host.list:2: host
a/line.c:2: line
a/local.sh:18: local v1
a/local.sh:20: local v2
a/local.sh:21: local v3
a/local.sh:21: local v4
a/local.sh:22: local v5
a/local.sh:23: local v6
a/local.sh:24: local v7
a/local.sh:25: local v8
a/local.sh:26: local v9
a/local.sh:27: local v10
a/local.sh:28: local v11
a/local.sh:30: local v12
a/local.sh:30: local v13
a/local.sh:31: local v14
a/path.list:2: path
a/spdx.c:1: spdx
a/word.list:2: word 'nobody'
a/word.list:4: word 'in one go'
LIST:9: except
b/there.md:3: link '../a/doc.md'
b/twice.list:1: name
doc.md:2: line
doc.md:8: link '#no-heading'
doc.md:8: link 'b/other.md'
patches/0001-x.patch:3: word 'whoever'
patches/0001-x.patch:6: word 'somebody'
patches/0001-x.patch:8: blank
END

status=0
"$here/style.sh" . ../list >../found || status=$?
sed -nE -e "s/^([^ ]*:[0-9]+: (word|link)): ('[^']*').*/\1 \3/p; t" \
	-e 's/^([^ ]*:[0-9]+: local): .* assigns ([^ ]*) .*/\1 \2/p; t' \
	-e 's/^([^ ]*:[0-9]+: [a-z]+): .*/\1/p' ../found | sed "s,^.*/list:,LIST:," | sort >../got
if [[ $status != 1 ]] || ! diff <(sort ../expected) ../got; then
	echo "[style] error: style.sh ended with status $status, and its findings (>) differ from those expected (<)" >&2
	exit 1
fi
find a -type f ! -name meson.build -delete
rm -rf b/*.md b/*.list patches doc.md
grep -v ^except ../list >../short-list
if ! "$here/style.sh" . ../short-list; then
	echo '[style] error: style.sh finds something in a checkout without fault' >&2
	exit 1
fi
status=0
"$here/style.sh" none >../found 2>&1 || status=$?
[[ $status == 2 && $(<../found) == *'is no checkout of git: give the directory of one' ]] || {
	echo "[style] error: a directory that is not there gives status $status" >&2
	exit 1
}
