// SPDX-License-Identifier: GPL-2.0 OR MIT
/* The pool device: each field at its place with any value, and no bit writable. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <drm/ttm_pool_device.h>
#include <linux/pci_regs.h>

#include "pool/pool_device.h"

static int setup(void **state)
{
	static struct pool_device pool;

	pool_device_init(&pool);
	*state = &pool;
	return 0;
}

static int teardown(void **state)
{
	pool_device_fini(*state);
	return 0;
}

/* What the client reads. */
static void read_config(struct pool_device *pool, unsigned int off, void *buf, unsigned int len)
{
	struct vu_device dev;

	pool_device_describe(pool, &dev);
	assert_int_equal(dev.region_read(dev.priv, VU_REGION_CONFIG, off, buf, len), 0);
}

static uint32_t get(struct pool_device *pool, unsigned int off, unsigned int len)
{
	uint8_t buf[4] = { 0 };

	read_config(pool, off, buf, len);
	return buf[0] | (uint32_t)buf[1] << 8 | (uint32_t)buf[2] << 16 |
	       (uint32_t)buf[3] << 24;
}

static const char *say(struct pool_device *pool, const char *text)
{
	static char out[4096];
	char line[1100];

	snprintf(line, sizeof(line), "%s", text);
	pool_device_command(pool, line, out, sizeof(out));
	return out;
}

static void good(struct pool_device *pool, const char *list)
{
	char line[1100];

	snprintf(line, sizeof(line), "set %s", list);
	assert_string_equal(say(pool, line), "ok");
}

/* It is refused with this message, and no field changes. */
static void bad(struct pool_device *pool, const char *list, const char *words)
{
	uint8_t before[PCI_CONFIG_SIZE], after[PCI_CONFIG_SIZE];
	char line[1100];
	const char *reply;

	read_config(pool, 0, before, sizeof(before));
	snprintf(line, sizeof(line), "set %s", list);
	reply = say(pool, line);
	if (strncmp(reply, "error ", 6) || !strstr(reply, words))
		fail_msg("set %s: not '%s' but '%s'", list, words, reply);
	read_config(pool, 0, after, sizeof(after));
	assert_memory_equal(before, after, sizeof(before));
}

static void assert_capability(struct pool_device *pool, const char *bytes)
{
	uint8_t cap[TTM_POOL_CAP_SIZE];

	read_config(pool, pool->cap, cap, sizeof(cap));
	assert_memory_equal(cap, bytes, sizeof(cap));
}

#define XEN	"\x09\x00\x20\x01" "TTMP" "\x03\0\0\0" "\x03\0\0\0" "\x28\0\0\0" "XenVMMXenVMM"

static void says_what_xen_would(void **state)
{
	struct pool_device *pool = *state;

	assert_int_equal(get(pool, PCI_VENDOR_ID, 4), 0x10f01af4);
	assert_int_equal(get(pool, PCI_CLASS_REVISION, 4), 0x05800000);
	assert_int_equal(get(pool, PCI_HEADER_TYPE, 1), 0);
	assert_int_equal(get(pool, PCI_INTERRUPT_PIN, 1), 0);
	assert_int_equal(get(pool, PCI_STATUS, 2), PCI_STATUS_CAP_LIST);
	assert_int_equal(get(pool, PCI_CAPABILITY_LIST, 1), pool->cap);
	assert_capability(pool, XEN);
}

static void has_config_space_alone(void **state)
{
	struct pool_device *pool = *state;
	struct vu_device dev;

	pool_device_describe(pool, &dev);
	for (unsigned int i = 0; i < VU_NUM_REGIONS; i++)
		assert_int_equal(dev.region[i].size, i == VU_REGION_CONFIG ? PCI_CONFIG_SIZE : 0);
	for (unsigned int i = 0; i < VU_NUM_IRQS; i++)
		assert_int_equal(dev.irq_count[i], i == VU_IRQ_ERR);
	for (unsigned int off = PCI_BASE_ADDRESS_0; off < PCI_CARDBUS_CIS; off += 4)
		assert_int_equal(get(pool, off, 4), 0);
	assert_int_equal(get(pool, PCI_ROM_ADDRESS, 4), 0);
}

static void has_nothing_to_write(void **state)
{
	struct pool_device *pool = *state;
	uint8_t before[PCI_CONFIG_SIZE], after[PCI_CONFIG_SIZE], val[PCI_CONFIG_SIZE];
	struct vu_device dev;

	pool_device_describe(pool, &dev);
	good(pool, "width=64");
	read_config(pool, 0, before, sizeof(before));
	for (int i = 0; i < 2; i++) {
		memset(val, i ? 0xff : 0, sizeof(val));
		assert_int_equal(dev.region_write(pool, VU_REGION_CONFIG, 0, val, sizeof(val)), 0);
		read_config(pool, 0, after, sizeof(after));
		assert_memory_equal(before, after, sizeof(before));
	}
	assert_int_not_equal(dev.region_write(pool, VU_REGION_CONFIG, PCI_CONFIG_SIZE, val, 1), 0);
	/* A reset keeps the contents. */
	dev.reset(pool);
	read_config(pool, 0, after, sizeof(after));
	assert_memory_equal(before, after, sizeof(before));
}

/* Each field changes its own bytes and no others, to the least and the greatest number. */
static void each_number_is_at_its_place(void **state)
{
	static const struct {
		const char *key;
		unsigned int off, size;
		bool in_header;
	} numbers[] = {
		{ "vendor", 0, 2, true },
		{ "device", 2, 2, true },
		{ "class", 9, 3, true },
		{ "id", 0, 1, false },
		{ "length", 2, 1, false },
		{ "version", 3, 1, false },
		{ "zones", 8, 4, false },
		{ "flags", 12, 4, false },
		{ "width", 16, 1, false },
		{ "reserved", 17, 3, false },
	};
	struct pool_device *pool = *state;
	uint8_t before[PCI_CONFIG_SIZE], after[PCI_CONFIG_SIZE];

	read_config(pool, 0, before, sizeof(before));
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		unsigned int size = numbers[i].size;
		unsigned int off = numbers[i].off + (numbers[i].in_header ? 0 : pool->cap);
		uint32_t max = UINT32_MAX >> (32 - 8 * size);
		const uint32_t vals[] = { 0, 1, 0x12345678 & max, max };
		char text[64];

		for (size_t v = 0; v < 4; v++) {
			snprintf(text, sizeof(text), v & 1 ? "%s=%u" : "%s=0x%X", numbers[i].key,
				 vals[v]);
			good(pool, text);
			assert_int_equal(get(pool, off, size), vals[v]);
			read_config(pool, 0, after, sizeof(after));
			memcpy(after + off, before + off, size);
			assert_memory_equal(before, after, sizeof(before));
		}
		snprintf(text, sizeof(text), "%s=%llu", numbers[i].key, max + 1ull);
		bad(pool, text, "is over the limit of");
		snprintf(text, sizeof(text), "%s=99999999999999999999999", numbers[i].key);
		bad(pool, text, "is over the limit of");
		snprintf(text, sizeof(text), "%s=", numbers[i].key);
		bad(pool, text, "is not a number");
	}
}

static void text_is_bytes(void **state)
{
	struct pool_device *pool = *state;
	char bytes[12];

	good(pool, "signature=ABCD,hypervisor=KVMKVMKVM");
	read_config(pool, pool->cap + TTM_POOL_CAP_SIGNATURE, bytes, 4);
	assert_memory_equal(bytes, "ABCD", 4);
	read_config(pool, pool->cap + TTM_POOL_CAP_HYPERVISOR, bytes, 12);
	assert_memory_equal(bytes, "KVMKVMKVM\0\0\0", 12);
	good(pool, "hypervisor=Microsoft Hv");
	read_config(pool, pool->cap + TTM_POOL_CAP_HYPERVISOR, bytes, 12);
	assert_memory_equal(bytes, "Microsoft Hv", 12);
	good(pool, "signature=,hypervisor=\\x00\\xff\\x2C\\x5c\\x0a=%s\xc3\xa9z");
	assert_int_equal(get(pool, pool->cap + TTM_POOL_CAP_SIGNATURE, 4), 0);
	read_config(pool, pool->cap + TTM_POOL_CAP_HYPERVISOR, bytes, 12);
	assert_memory_equal(bytes, "\0\xff,\\\n=%s\xc3\xa9z\0", 12);
	assert_non_null(strstr(say(pool, "show"),
			       " hypervisor=\\x00\\xff\\x2c\\x5c\\x0a=%s\\xc3\\xa9z\\x00 raw="));
	bad(pool, "signature=TTMPX", "signature='TTMPX' is too long: the field has 4 bytes");
	bad(pool, "hypervisor=1234567890123", "is too long: the field has 12 bytes");
	bad(pool, "hypervisor=\\", "two hexadecimal digits");
	bad(pool, "hypervisor=\\n", "two hexadecimal digits");
	bad(pool, "hypervisor=\\x", "two hexadecimal digits");
	bad(pool, "hypervisor=\\x1", "two hexadecimal digits");
	bad(pool, "hypervisor=\\x1g", "two hexadecimal digits");
}

static void raw_is_everything_but_the_link(void **state)
{
	struct pool_device *pool = *state;

	good(pool, "raw=000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F");
	assert_capability(pool, "\0\0\2\3\4\5\6\7\10\11\12\13\14\15\16\17"
			  "\20\21\22\23\24\25\26\27\30\31\32\33\34\35\36\37");
	/* From left to right. */
	good(pool, "raw=ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff,id=9,length=32,version=1");
	assert_int_equal(get(pool, pool->cap, 4), 0x01200009);
	assert_int_equal(get(pool, pool->cap + TTM_POOL_CAP_ZONES, 4), 0xffffffff);
	bad(pool, "raw=", "64 hexadecimal digits");
	bad(pool, "raw=ff", "64 hexadecimal digits");
	bad(pool, "raw=fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	    "64 hexadecimal");
	bad(pool, "raw=fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	    "64 hexadecimal");
	bad(pool, "raw=ffffffffffffffffffffffffffffffgfffffffffffffffffffffffffffffffff",
	    "64 hexadecimal");
}

static void set_is_complete(void **state)
{
	struct pool_device *pool = *state;

	good(pool, "version=2,zones=0,vendor=1");
	good(pool, "flags=1");
	assert_capability(pool, "\x09\x00\x20\x01" "TTMP" "\x03\0\0\0" "\x01\0\0\0" "\x28\0\0\0"
			  "XenVMMXenVMM");
	assert_int_equal(get(pool, PCI_VENDOR_ID, 2), TTM_POOL_PCI_VENDOR);
	good(pool, "xen,width=36,width=37");
	assert_int_equal(get(pool, pool->cap + TTM_POOL_CAP_WIDTH, 1), 37);
	good(pool, "default");
	assert_capability(pool, XEN);
	good(pool, "xen,version=0");
	assert_string_equal(say(pool, "set"), "ok");
	assert_capability(pool, XEN);
}

static void what_is_wrong_is_named(void **state)
{
	struct pool_device *pool = *state;
	char list[1030];

	good(pool, "version=7");
	bad(pool, "colour=3", "there is no key 'colour': choose from vendor, ");
	bad(pool, "version", "'version' is not KEY=VALUE");
	bad(pool, "width=36,xen", "'xen' is not KEY=VALUE");
	bad(pool, "width=36,", "'' is not KEY=VALUE");
	bad(pool, "=3", "there is no key ''");
	bad(pool, "kvm", "'kvm' is not KEY=VALUE");
	bad(pool, "width=300", "width=300 is over the limit of 255 (0xff): the field has 8 bits");
	bad(pool, "width=-1", "width='-1' is not a number");
	bad(pool, "width=+1", "is not a number");
	bad(pool, "width= 1", "is not a number");
	bad(pool, "width=1 ", "is not a number");
	bad(pool, "width=0x", "is not a number");
	bad(pool, "width=0x-1", "is not a number");
	bad(pool, "width=1f", "is not a number");
	/* The field before it does not change either. */
	bad(pool, "zones=7,flags=many", "flags='many' is not a number");
	memset(list, 'x', sizeof(list));
	list[sizeof(list) - 1] = '\0';
	bad(pool, list, "over the limit of 1023");
	assert_int_equal(get(pool, pool->cap + TTM_POOL_CAP_VERSION, 1), 7);
	assert_non_null(strstr(say(pool, "settle"), "unknown command 'settle': choose set"));
	assert_non_null(strstr(say(pool, ""), "unknown command ''"));
}

static void shows_fields_and_bytes(void **state)
{
	struct pool_device *pool = *state;

	assert_string_equal(say(pool, "show"),
			    "ok vendor=0x1af4 device=0x10f0 class=0x058000 id=0x09 length=0x20"
			    " version=0x01 signature=TTMP zones=0x00000003 flags=0x00000003"
			    " width=0x28 reserved=0x000000 hypervisor=XenVMMXenVMM"
			    " raw=0900200154544d500300000003000000280000005865"
			    "6e564d4d58656e564d4d");
}

static void counts(void **state)
{
	struct pool_device *pool = *state;
	struct vu_device dev;
	uint8_t buf[8] = { 0 };

	pool_device_describe(pool, &dev);
	read_config(pool, 0, buf, 4);
	read_config(pool, pool->cap - 4, buf, 4);
	read_config(pool, pool->cap - 4, buf, 5);
	read_config(pool, pool->cap + TTM_POOL_CAP_SIZE - 1, buf, 4);
	read_config(pool, pool->cap + TTM_POOL_CAP_SIZE, buf, 4);
	dev.region_write(pool, VU_REGION_CONFIG, PCI_COMMAND, buf, 2);
	dev.reset(pool);
	assert_string_equal(say(pool, "stats"),
			    "ok config_reads=5 capability_reads=2 config_writes=1 resets=1");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(says_what_xen_would),
		TEST(has_config_space_alone),
		TEST(has_nothing_to_write),
		TEST(each_number_is_at_its_place),
		TEST(text_is_bytes),
		TEST(raw_is_everything_but_the_link),
		TEST(set_is_complete),
		TEST(what_is_wrong_is_named),
		TEST(shows_fields_and_bytes),
		TEST(counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
