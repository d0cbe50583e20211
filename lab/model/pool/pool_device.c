// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * The pool device, with valid or invalid contents.
 *
 * A function with config space alone. Its contents are a list of fields, from the command
 * line or the control socket:
 *
 *   KEY=VALUE,...          from left to right; other fields as in a Xen PV domain
 *   default, xen           the values of a Xen PV domain; KEY=VALUE,... may follow
 *
 * A number is decimal or 0x hexadecimal. Every value that fits into the field is accepted:
 * the guest has to validate it. In text, \xNN is a byte; commas, backslashes and bytes that
 * cannot be typed must be written so. A shorter text is padded with zeros. raw=HEX is the
 * whole capability, 64 digits, except for its link to the next one.
 *
 * The control socket takes (line_server.c):
 *
 *   set LIST               set these fields, and all others to their defaults
 *   show                   all fields, and the capability's bytes
 *   stats                  the counters
 *
 * QEMU emulates the links between capabilities and forwards all other reads, so the guest's
 * next read sees a new capability. The guest's kernel caches vendor, device and class until
 * it scans the bus again. At QEMU's start there must be no capability with an ID that QEMU
 * knows (MSI, PCIe, MSI-X): it would emulate that one, or refuse the device.
 */
#include "pool/pool_device.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <drm/ttm_pool_device.h>
#include <linux/pci_regs.h>

#define LIST_MAX	1024
#define RAW_DIGITS	(2 * TTM_POOL_CAP_SIZE)

/**
 * struct field - a field that can be set.
 * @name: its key
 * @offset: in the capability, or in the header
 * @size: bytes
 * @in_header: @offset is in the header
 * @number: default of a field that is a number, little endian
 * @text: default of a field that is text
 */
struct field {
	const char *name;
	unsigned int offset;
	unsigned int size;
	bool in_header;
	uint32_t number;
	const char *text;
};

static const struct field fields[] = {
	{ "vendor", PCI_VENDOR_ID, 2, true, .number = TTM_POOL_PCI_VENDOR },
	{ "device", PCI_DEVICE_ID, 2, true, .number = TTM_POOL_PCI_DEVICE },
	{ "class", PCI_CLASS_PROG, 3, true, .number = TTM_POOL_PCI_CLASS },
	{ "id", TTM_POOL_CAP_ID, 1, false, .number = PCI_CAP_ID_VNDR },
	{ "length", TTM_POOL_CAP_LENGTH, 1, false, .number = TTM_POOL_CAP_SIZE },
	{ "version", TTM_POOL_CAP_VERSION, 1, false, .number = TTM_POOL_VERSION },
	{ "signature", TTM_POOL_CAP_SIGNATURE, 4, false, .text = TTM_POOL_SIGNATURE },
	{ "zones", TTM_POOL_CAP_ZONES, 4, false,
	  .number = TTM_POOL_ZONE_DMA32 | TTM_POOL_ZONE_NORMAL },
	{ "flags", TTM_POOL_CAP_FLAGS, 4, false,
	  .number = TTM_POOL_FLAG_SHAREABLE | TTM_POOL_FLAG_NOT_CONTIGUOUS },
	{ "width", TTM_POOL_CAP_WIDTH, 1, false, .number = 40 },
	{ "reserved", TTM_POOL_CAP_RESERVED, 3, false, .number = 0 },
	{ "hypervisor", TTM_POOL_CAP_HYPERVISOR, 12, false, .text = "XenVMMXenVMM" },
};

#define FIELD_COUNT	(sizeof(fields) / sizeof(fields[0]))

static uint8_t *field_bytes(const struct pool_device *pool, const struct field *field,
			    uint8_t *config)
{
	return config + (field->in_header ? 0 : pool->cap) + field->offset;
}

static void put_number(uint8_t *bytes, unsigned int size, uint32_t val)
{
	for (unsigned int i = 0; i < size; i++)
		bytes[i] = (uint8_t)(val >> (8 * i));
}

static uint32_t get_number(const uint8_t *bytes, unsigned int size)
{
	uint32_t val = 0;

	for (unsigned int i = 0; i < size; i++)
		val |= (uint32_t)bytes[i] << (8 * i);
	return val;
}

static void put_defaults(const struct pool_device *pool, uint8_t *config)
{
	for (size_t i = 0; i < FIELD_COUNT; i++) {
		const struct field *field = &fields[i];
		uint8_t *bytes = field_bytes(pool, field, config);

		if (field->text)
			memcpy(bytes, field->text, field->size);
		else
			put_number(bytes, field->size, field->number);
	}
}

/* The value of two hexadecimal digits, or -1. */
static int hex_byte(const char *text)
{
	static const char digits[] = "0123456789abcdefABCDEF";
	int val = 0;

	for (int i = 0; i < 2; i++) {
		const char *digit = text[i] ? strchr(digits, text[i]) : NULL;

		if (!digit)
			return -1;
		val = val * 16 + (int)(digit - digits) - (digit - digits > 15 ? 6 : 0);
	}
	return val;
}

static int parse_number(const struct field *field, const char *text, uint8_t *bytes,
			char *err, size_t err_size)
{
	uint32_t max = UINT32_MAX >> (32 - 8 * field->size);
	bool hex = !strncmp(text, "0x", 2);
	const char *digits = hex ? text + 2 : text;
	unsigned long long val;

	/* strtoull() would take a sign, spaces, and octal numbers as well. */
	if (!*digits || digits[strspn(digits, hex ? "0123456789abcdefABCDEF" : "0123456789")]) {
		snprintf(err, err_size, "%s='%.40s' is not a number: write it from 0 to %u (0x%x)",
			 field->name, text, max, max);
		return -EINVAL;
	}
	errno = 0;
	val = strtoull(digits, NULL, hex ? 16 : 10);
	if (errno || val > max) {
		snprintf(err, err_size, "%s=%.40s is over the limit of %u (0x%x): the field has %u bits",
			 field->name, text, max, max, 8 * field->size);
		return -ERANGE;
	}
	put_number(bytes, field->size, (uint32_t)val);
	return 0;
}

static int parse_text(const struct field *field, const char *text, uint8_t *bytes,
		      char *err, size_t err_size)
{
	uint8_t val[16] = { 0 };
	unsigned int len = 0;
	const char *p = text;

	while (*p && len <= field->size) {
		int byte = (uint8_t)*p;

		if (byte == '\\') {
			byte = p[1] == 'x' ? hex_byte(p + 2) : -1;
			if (byte < 0) {
				snprintf(err, err_size,
					 "%s='%.60s': after a backslash x and two hexadecimal digits are needed, as in \\x00",
					 field->name, text);
				return -EINVAL;
			}
			p += 3;
		}
		p++;
		val[len++] = (uint8_t)byte;
	}
	if (len > field->size) {
		snprintf(err, err_size, "%s='%.60s' is too long: the field has %u bytes",
			 field->name, text, field->size);
		return -ERANGE;
	}
	memcpy(bytes, val, field->size);
	return 0;
}

static int parse_raw(const char *text, uint8_t *cap, char *err, size_t err_size)
{
	uint8_t val[TTM_POOL_CAP_SIZE];
	bool good = strlen(text) == RAW_DIGITS;

	for (unsigned int i = 0; good && i < TTM_POOL_CAP_SIZE; i++) {
		int byte = hex_byte(text + 2 * i);

		good = byte >= 0;
		val[i] = (uint8_t)byte;
	}
	if (!good) {
		snprintf(err, err_size,
			 "raw='%.70s' is not the capability's %u bytes: write them as %u hexadecimal digits",
			 text, TTM_POOL_CAP_SIZE, RAW_DIGITS);
		return -EINVAL;
	}
	val[TTM_POOL_CAP_NEXT] = cap[TTM_POOL_CAP_NEXT];
	memcpy(cap, val, sizeof(val));
	return 0;
}

/**
 * pool_device_keys() - names of all fields.
 * @out: takes the names with commas between them
 * @size: bytes in @out
 *
 * Return: length of the text, without the end.
 */
size_t pool_device_keys(char *out, size_t size)
{
	size_t used = 0;

	for (size_t i = 0; i < FIELD_COUNT && used < size; i++)
		used += (size_t)snprintf(out + used, size - used, "%s, ", fields[i].name);
	if (used < size)
		used += (size_t)snprintf(out + used, size - used, "raw");
	return used;
}

/* One KEY=VALUE, which is cut in two. */
static int parse_item(const struct pool_device *pool, char *item, uint8_t *config,
		      char *err, size_t err_size)
{
	char *value = strchr(item, '=');
	char keys[200];

	if (!value) {
		snprintf(err, err_size, "'%.40s' is not KEY=VALUE: write default or xen first, or KEY=VALUE,...",
			 item);
		return -EINVAL;
	}
	*value++ = '\0';
	if (!strcmp(item, "raw"))
		return parse_raw(value, config + pool->cap, err, err_size);
	for (size_t i = 0; i < FIELD_COUNT; i++) {
		const struct field *field = &fields[i];
		uint8_t *bytes = field_bytes(pool, field, config);

		if (strcmp(field->name, item))
			continue;
		return field->text ? parse_text(field, value, bytes, err, err_size) :
				     parse_number(field, value, bytes, err, err_size);
	}
	pool_device_keys(keys, sizeof(keys));
	snprintf(err, err_size, "there is no key '%.40s': choose from %s", item, keys);
	return -EINVAL;
}

/**
 * pool_device_set() - set the fields.
 * @pool: pool device
 * @list: KEY=VALUE,...; other fields get their defaults
 * @err: takes a line that names what is wrong and what to do
 * @err_size: bytes in @err
 *
 * Return: 0, or a negative errno with @err, and then nothing has changed.
 */
int pool_device_set(struct pool_device *pool, const char *list, char *err, size_t err_size)
{
	uint8_t config[PCI_CONFIG_SIZE];
	char copy[LIST_MAX], *rest = copy, *item;
	int ret;

	if (strlen(list) >= sizeof(copy)) {
		snprintf(err, err_size, "the list has %zu characters, over the limit of %zu: name fewer keys",
			 strlen(list), sizeof(copy) - 1);
		return -E2BIG;
	}
	strcpy(copy, list);
	memcpy(config, pool->pci.config, sizeof(config));
	put_defaults(pool, config);
	item = strsep(&rest, ",");
	if (!*item || !strcmp(item, "default") || !strcmp(item, "xen"))
		item = rest ? strsep(&rest, ",") : NULL;
	for (; item; item = strsep(&rest, ",")) {
		ret = parse_item(pool, item, config, err, err_size);
		if (ret)
			return ret;
	}
	memcpy(pool->pci.config, config, sizeof(config));
	return 0;
}

static void do_show(struct pool_device *pool, char *out, size_t size)
{
	size_t used = (size_t)snprintf(out, size, "ok");

#define ADD(...) do { \
	if (used < size) \
		used += (size_t)snprintf(out + used, size - used, __VA_ARGS__); \
} while (0)
	for (size_t i = 0; i < FIELD_COUNT; i++) {
		const struct field *field = &fields[i];
		const uint8_t *bytes = field_bytes(pool, field, pool->pci.config);

		ADD(" %s=", field->name);
		if (!field->text) {
			ADD("0x%0*x", (int)(2 * field->size), get_number(bytes, field->size));
			continue;
		}
		for (unsigned int b = 0; b < field->size; b++) {
			bool plain = bytes[b] > ' ' && bytes[b] < 0x7f &&
				     bytes[b] != ',' && bytes[b] != '\\';

			ADD(plain ? "%c" : "\\x%02x", bytes[b]);
		}
	}
	ADD(" raw=");
	for (unsigned int i = 0; i < TTM_POOL_CAP_SIZE; i++)
		ADD("%02x", pool->pci.config[pool->cap + i]);
#undef ADD
}

static void do_stats(struct pool_device *pool, char *out, size_t size)
{
	size_t used = (size_t)snprintf(out, size, "ok");

#define X(name) \
	if (used < size) \
		used += (size_t)snprintf(out + used, size - used, " %s=%llu", #name, \
					 (unsigned long long)pool->stats.name);
	POOL_DEVICE_STATS(X)
#undef X
}

/**
 * pool_device_command() - carry out a line of the control socket.
 * @priv: the pool device
 * @line: the line
 * @out: takes the answer
 * @size: bytes in @out
 */
void pool_device_command(void *priv, char *line, char *out, size_t size)
{
	struct pool_device *pool = priv;
	char err[400];

	if (!strncmp(line, "set", 3) && (!line[3] || line[3] == ' ')) {
		if (pool_device_set(pool, line[3] ? line + 4 : "", err, sizeof(err)))
			snprintf(out, size, "error %s", err);
		else
			snprintf(out, size, "ok");
	} else if (!strcmp(line, "show")) {
		do_show(pool, out, size);
	} else if (!strcmp(line, "stats")) {
		do_stats(pool, out, size);
	} else {
		snprintf(out, size, "error unknown command '%.100s': choose set KEY=VALUE,..., show, stats",
			 line);
	}
}

static int region_read(void *priv, unsigned int region, uint64_t off, void *buf, uint32_t len)
{
	struct pool_device *pool = priv;

	(void)region;
	pool->stats.config_reads++;
	pool->stats.capability_reads += off < pool->cap + TTM_POOL_CAP_SIZE &&
					off + len > pool->cap;
	return pci_config_read(&pool->pci, off, buf, len);
}

static int region_write(void *priv, unsigned int region, uint64_t off, const void *buf,
			uint32_t len)
{
	struct pool_device *pool = priv;

	(void)region;
	pool->stats.config_writes++;
	return pci_config_write(&pool->pci, off, buf, len);
}

static void device_reset(void *priv)
{
	struct pool_device *pool = priv;

	pool->stats.resets++;
	pci_reset(&pool->pci);
}

/**
 * pool_device_describe() - describe the device to the vfio-user server: config space alone.
 * @pool: pool device
 * @dev: takes the description
 */
void pool_device_describe(struct pool_device *pool, struct vu_device *dev)
{
	*dev = (struct vu_device){
		.priv = pool,
		.ram = &pool->ram,
		.pci = &pool->pci,
		.region_read = region_read,
		.region_write = region_write,
		.reset = device_reset,
	};
	dev->region[VU_REGION_CONFIG] = (struct vu_region){ PCI_CONFIG_SIZE, true, true, -1 };
	dev->irq_count[VU_IRQ_ERR] = 1;	/* QEMU warns without it; never used */
}

/**
 * pool_device_init() - make the device, as a Xen PV domain sees it.
 * @pool: pool device
 */
void pool_device_init(struct pool_device *pool)
{
	*pool = (struct pool_device){ 0 };
	guest_ram_init(&pool->ram);
	pci_init(&pool->pci, TTM_POOL_PCI_VENDOR, TTM_POOL_PCI_DEVICE, TTM_POOL_PCI_CLASS << 8,
		 TTM_POOL_PCI_VENDOR, TTM_POOL_PCI_DEVICE);
	/* It decodes no address, does no DMA and has no interrupt: nothing is to be enabled. */
	memset(pool->pci.writable, 0, sizeof(pool->pci.writable));
	pool->cap = pci_add_capability(&pool->pci, PCI_CAP_ID_VNDR, TTM_POOL_CAP_SIZE);
	put_defaults(pool, pool->pci.config);
}

/**
 * pool_device_fini() - free what pool_device_init() made.
 * @pool: pool device
 */
void pool_device_fini(struct pool_device *pool)
{
	guest_ram_fini(&pool->ram);
	pci_fini(&pool->pci);
}
