// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Parses the capability of a pool device.
 */

#include <linux/ctype.h>
#include <linux/kernel.h>
#include <linux/pci_regs.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include <drm/drm_util.h>

#include "ttm_pool_cap.h"

/**
 * DOC: The capability of a pool device
 *
 * A hypervisor describes memory in a vendor-specific capability of 32 bytes, see
 * Documentation/gpu/ttm-pool-device.rst. The guest uses it to allocate memory for devices, so
 * anything unknown is rejected: a bit that a later version defines may mean that this kernel must
 * not use the memory. Each change of the format gets the next version number.
 *
 * The signature of the hypervisor is only shown to the user.
 */

/* Shorter signatures end with zeros. */
static void signature_text(const u8 *raw, char *text, size_t size)
{
	size_t i;

	for (i = 0; i < size - 1 && raw[i]; i++)
		text[i] = isascii(raw[i]) && isprint(raw[i]) ? raw[i] : '.';
	text[i] = '\0';
}

/**
 * ttm_pool_cap_parse() - parse a capability
 * @raw: its bytes, from the capability ID on
 * @cap: set to the fields of the capability
 * @why: set to the error, on failure
 * @size: size of @why in bytes
 *
 * Return: 0, or -EINVAL; @cap is not changed then.
 */
int ttm_pool_cap_parse(const u8 raw[TTM_POOL_CAP_SIZE], struct ttm_pool_cap *cap,
		       char *why, size_t size)
{
	const u32 zones = get_unaligned_le32(raw + TTM_POOL_CAP_ZONES);
	const u32 flags = get_unaligned_le32(raw + TTM_POOL_CAP_FLAGS);
	const u8 *signature = raw + TTM_POOL_CAP_SIGNATURE;
	const u8 *reserved = raw + TTM_POOL_CAP_RESERVED;
	const u8 width = raw[TTM_POOL_CAP_WIDTH];

	if (raw[TTM_POOL_CAP_ID] != PCI_CAP_ID_VNDR)
		snprintf(why, size, "capability %02xh is not vendor specific (%02xh)",
			 raw[TTM_POOL_CAP_ID], PCI_CAP_ID_VNDR);
	else if (memcmp(signature, TTM_POOL_SIGNATURE, strlen(TTM_POOL_SIGNATURE)))
		snprintf(why, size, "signature %4phN is not %4phN (%s)", signature,
			 TTM_POOL_SIGNATURE, TTM_POOL_SIGNATURE);
	else if (raw[TTM_POOL_CAP_VERSION] != TTM_POOL_VERSION)
		snprintf(why, size, "version %u is unknown, this kernel knows %u",
			 raw[TTM_POOL_CAP_VERSION], TTM_POOL_VERSION);
	else if (raw[TTM_POOL_CAP_LENGTH] != TTM_POOL_CAP_SIZE)
		snprintf(why, size, "length %u is not %u", raw[TTM_POOL_CAP_LENGTH],
			 TTM_POOL_CAP_SIZE);
	else if (zones & ~TTM_POOL_ZONES)
		snprintf(why, size, "zones %#x have reserved bits, %#x are defined", zones,
			 TTM_POOL_ZONES);
	else if (flags & ~TTM_POOL_FLAGS)
		snprintf(why, size, "flags %#x have reserved bits, %#x are defined", flags,
			 TTM_POOL_FLAGS);
	else if (width < TTM_POOL_WIDTH_MIN || width > TTM_POOL_WIDTH_MAX)
		snprintf(why, size, "bus addresses of %u bits are not within %u to %u",
			 width, TTM_POOL_WIDTH_MIN, TTM_POOL_WIDTH_MAX);
	else if (reserved[0] || reserved[1] || reserved[2])
		snprintf(why, size, "reserved bytes 17 to 19 are %3phN, not zero", reserved);
	else
		goto good;
	return -EINVAL;

good:
	cap->zones = zones;
	cap->flags = flags;
	cap->width = width;
	signature_text(raw + TTM_POOL_CAP_HYPERVISOR, cap->hypervisor,
		       sizeof(cap->hypervisor));
	return 0;
}
EXPORT_SYMBOL_FOR_TESTS_ONLY(ttm_pool_cap_parse);
