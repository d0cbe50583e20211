#!/bin/sh
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# Prints a header that is included first everywhere. It renames the exported symbols of a TTM, and
# those that radeon uses of drm_ttm_helper, so that they differ from the kernel's:
#
#   rename_symbols.sh TREE >rename.h
#
# Also makes TREE's TTM use its module's name for its debugfs directory, because debugfs can have
# only one directory of a name. Fails if ttm_device.c has changed so that this is not possible.
set -e

drm=$1/drivers/gpu/drm
sed -i 's/debugfs_create_dir("ttm", NULL)/debugfs_create_dir(KBUILD_MODNAME, NULL)/' \
	"$drm/ttm/ttm_device.c"
if ! grep -q 'debugfs_create_dir(KBUILD_MODNAME, NULL)' "$drm/ttm/ttm_device.c"; then
	echo "error: ttm_device.c no longer makes its debugfs directory as expected" >&2
	exit 1
fi
echo '/* Made from the EXPORT_SYMBOL()s: names of our own TTM. */'
sed -nE 's/^EXPORT_SYMBOL(_GPL|_FOR_TESTS_ONLY)?\((\w+)\);.*/#define \2 r\2/p' \
	"$drm"/ttm/*.c "$drm/drm_gem_ttm_helper.c" | sort -u
