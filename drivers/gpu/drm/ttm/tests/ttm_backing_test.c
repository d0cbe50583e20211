// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Where pages come from: the table of the policy, row by row.
 */
#include <kunit/test.h>
#include <linux/dma-mapping.h>
#include <linux/module.h>

#include <drm/ttm/ttm_backing.h>

#include "../ttm_pool_cap.h"

struct backing_case {
	const char *name;
	struct ttm_backing_facts facts;
	enum ttm_backing_force force;
	struct ttm_backing expect;
};

#define GIB(n)		((u64)(n) << 30)

#define CAP(z, f, w)	(&(const struct ttm_pool_cap) { .zones = (z), .flags = (f), .width = (w) })
#define DMA32		TTM_POOL_ZONE_DMA32
#define NORMAL		TTM_POOL_ZONE_NORMAL
#define SHAREABLE	TTM_POOL_FLAG_SHAREABLE
#define SCATTERED	TTM_POOL_FLAG_NOT_CONTIGUOUS

/* A machine of 2 GiB and one of 16 GiB, seen by cards with 32 and 40 bits. */
static const struct backing_case backing_cases[] = {
	{
		.name = "bare metal, 2 GiB, 32 bits: shared, any zone",
		.facts = { .reach = DMA_BIT_MASK(32), .bus_end = U64_MAX },
		.expect = { .kind = TTM_BACKING_SHARED },
	}, {
		.name = "bare metal, 16 GiB, 32 bits: shared, below 4 GiB",
		.facts = { .limited = true, .reach = DMA_BIT_MASK(32), .bus_end = U64_MAX },
		.expect = { .kind = TTM_BACKING_SHARED, .dma32 = true },
	}, {
		.name = "bare metal, 16 GiB, 40 bits: shared, any zone",
		.facts = { .reach = DMA_BIT_MASK(40), .bus_end = U64_MAX },
		.expect = { .kind = TTM_BACKING_SHARED },
	}, {
		.name = "Xen PV, 16 GiB, 32 bits: chunks, contiguous",
		.facts = { .xen_pv = true, .reach = DMA_BIT_MASK(32), .bus_end = GIB(16) },
		.expect = { .kind = TTM_BACKING_DEVICE, .single = true },
	}, {
		.name = "Xen PV, 16 GiB, 40 bits: chunks, of any pages",
		.facts = { .xen_pv = true, .reach = DMA_BIT_MASK(40), .bus_end = GIB(16) },
		.expect = { .kind = TTM_BACKING_DEVICE, .single = true, .reaches_all = true },
	}, {
		.name = "Xen PV, 4 GiB exactly, 32 bits: any pages",
		.facts = { .xen_pv = true, .reach = DMA_BIT_MASK(32), .bus_end = GIB(4) },
		.expect = { .kind = TTM_BACKING_DEVICE, .single = true, .reaches_all = true },
	}, {
		.name = "Xen PV, 4 GiB and a page, 32 bits: contiguous",
		.facts = { .xen_pv = true, .reach = DMA_BIT_MASK(32),
			   .bus_end = GIB(4) + PAGE_SIZE },
		.expect = { .kind = TTM_BACKING_DEVICE, .single = true },
	}, {
		.name = "Xen PV, unknown memory, 40 bits: contiguous",
		.facts = { .xen_pv = true, .reach = DMA_BIT_MASK(40), .bus_end = U64_MAX },
		.expect = { .kind = TTM_BACKING_DEVICE, .single = true },
	}, {
		.name = "memory encryption: chunks, contiguous",
		.facts = { .mem_encrypt = true, .reach = DMA_BIT_MASK(40), .bus_end = U64_MAX },
		.expect = { .kind = TTM_BACKING_DEVICE },
	}, {
		.name = "memory encryption under Xen PV: Xen's rules",
		.facts = { .xen_pv = true, .mem_encrypt = true,
			   .reach = DMA_BIT_MASK(40), .bus_end = GIB(16) },
		.expect = { .kind = TTM_BACKING_DEVICE, .single = true, .reaches_all = true },
	}, {
		.name = "bare metal, forced to chunks",
		.facts = { .reach = DMA_BIT_MASK(40), .bus_end = U64_MAX },
		.force = TTM_BACKING_FORCE_DEVICE,
		.expect = { .kind = TTM_BACKING_DEVICE },
	}, {
		.name = "Xen PV, forced to shared pages: one by one",
		.facts = { .xen_pv = true, .reach = DMA_BIT_MASK(40), .bus_end = GIB(16) },
		.force = TTM_BACKING_FORCE_SHARED,
		.expect = { .kind = TTM_BACKING_SHARED, .single = true, .reaches_all = true },
	}, {
		.name = "memory encryption, forced to shared pages",
		.facts = { .mem_encrypt = true, .limited = true, .reach = DMA_BIT_MASK(32),
			   .bus_end = U64_MAX },
		.force = TTM_BACKING_FORCE_SHARED,
		.expect = { .kind = TTM_BACKING_SHARED, .dma32 = true },
	}, {
		.name = "pool device, both zones, 32 bits: nobody's pages of 32 bits",
		.facts = { .xen_pv = true, .reach = DMA_BIT_MASK(32), .bus_end = GIB(16),
			   .cap = CAP(DMA32 | NORMAL, SHAREABLE | SCATTERED, 34) },
		.expect = { .kind = TTM_BACKING_HYPERVISOR, .single = true, .width = 32,
			    .coherent32 = true },
	}, {
		.name = "pool device, both zones, 40 bits: no wider than the bus",
		.facts = { .xen_pv = true, .reach = DMA_BIT_MASK(40), .bus_end = GIB(16),
			   .cap = CAP(DMA32 | NORMAL, SHAREABLE | SCATTERED, 34) },
		.expect = { .kind = TTM_BACKING_HYPERVISOR, .single = true,
			    .reaches_all = true, .width = 34,
			    .coherent32 = true },
	}, {
		.name = "pool device, 64 bits of everything",
		.facts = { .reach = U64_MAX, .bus_end = U64_MAX,
			   .cap = CAP(NORMAL, SHAREABLE, 64) },
		.expect = { .kind = TTM_BACKING_HYPERVISOR, .width = 64 },
	}, {
		.name = "pool device, reach of no whole bits: the bits below",
		.facts = { .limited = true, .reach = GIB(24) - 1, .bus_end = U64_MAX,
			   .cap = CAP(DMA32, SHAREABLE, 40) },
		.expect = { .kind = TTM_BACKING_HYPERVISOR, .dma32 = true, .width = 34,
			    .coherent32 = true },
	}, {
		.name = "pool device, 31 bits: the device's own",
		.facts = { .limited = true, .reach = DMA_BIT_MASK(31), .bus_end = U64_MAX,
			   .cap = CAP(DMA32, SHAREABLE, 40) },
		.expect = { .kind = TTM_BACKING_DEVICE, .dma32 = true,
			    .coherent32 = true },
	}, {
		.name = "pool device, not shareable: the device's own",
		.facts = { .reach = DMA_BIT_MASK(40), .bus_end = U64_MAX,
			   .cap = CAP(DMA32 | NORMAL, SCATTERED, 40) },
		.expect = { .kind = TTM_BACKING_DEVICE, .single = true, .private = true,
			    .coherent32 = true },
	}, {
		.name = "pool device, not shareable, no zone: shared pages",
		.facts = { .reach = DMA_BIT_MASK(40), .bus_end = U64_MAX, .cap = CAP(0, 0, 40) },
		.expect = { .kind = TTM_BACKING_SHARED, .private = true },
	}, {
		.name = "pool device, DMA32 alone, 40 bits, Xen: shared, one by one",
		.facts = { .xen_pv = true, .reach = DMA_BIT_MASK(40), .bus_end = GIB(16),
			   .cap = CAP(DMA32, SHAREABLE | SCATTERED, 40) },
		.expect = { .kind = TTM_BACKING_SHARED, .single = true, .reaches_all = true,
			    .coherent32 = true },
	}, {
		.name = "pool device, DMA32 alone, 40 bits, bare: shared, one by one",
		.facts = { .reach = DMA_BIT_MASK(40), .bus_end = U64_MAX,
			   .cap = CAP(DMA32, SHAREABLE | SCATTERED, 40) },
		.expect = { .kind = TTM_BACKING_SHARED, .single = true,
			    .coherent32 = true },
	}, {
		.name = "pool device, DMA32 alone, contiguous bus: shared, any order",
		.facts = { .reach = DMA_BIT_MASK(40), .bus_end = U64_MAX,
			   .cap = CAP(DMA32, SHAREABLE, 44) },
		.expect = { .kind = TTM_BACKING_SHARED,
			    .coherent32 = true },
	}, {
		.name = "pool device, NORMAL alone, 32 bits, all in reach: shared",
		.facts = { .xen_pv = true, .reach = DMA_BIT_MASK(32), .bus_end = GIB(4),
			   .cap = CAP(NORMAL, SHAREABLE | SCATTERED, 32) },
		.expect = { .kind = TTM_BACKING_SHARED, .single = true, .reaches_all = true },
	}, {
		.name = "pool device, NORMAL alone, 32 bits, Xen: not believed",
		.facts = { .xen_pv = true, .reach = DMA_BIT_MASK(32), .bus_end = GIB(16),
			   .cap = CAP(NORMAL, SHAREABLE | SCATTERED, 40) },
		.expect = { .kind = TTM_BACKING_DEVICE, .single = true },
	}, {
		.name = "pool device, no zone, 40 of 44 bits: not believed",
		.facts = { .reach = DMA_BIT_MASK(40), .bus_end = U64_MAX,
			   .cap = CAP(0, SHAREABLE | SCATTERED, 44) },
		.expect = { .kind = TTM_BACKING_DEVICE, .single = true },
	}, {
		.name = "pool device, no zone, memory encryption: not believed",
		.facts = { .mem_encrypt = true, .reach = DMA_BIT_MASK(40), .bus_end = U64_MAX,
			   .cap = CAP(0, SHAREABLE, 40) },
		.expect = { .kind = TTM_BACKING_DEVICE },
	}, {
		.name = "pool device, device behind an IOMMU: as without",
		.facts = { .translated = true, .reach = DMA_BIT_MASK(40), .bus_end = U64_MAX,
			   .cap = CAP(DMA32 | NORMAL, SHAREABLE | SCATTERED, 40) },
		.expect = { .kind = TTM_BACKING_SHARED },
	}, {
		.name = "pool device, no zone, forced: nobody's pages",
		.facts = { .reach = DMA_BIT_MASK(40), .bus_end = U64_MAX,
			   .cap = CAP(0, SHAREABLE, 44) },
		.force = TTM_BACKING_FORCE_HYPERVISOR,
		.expect = { .kind = TTM_BACKING_HYPERVISOR, .width = 40 },
	}, {
		.name = "pool device, both zones, forced to shared pages",
		.facts = { .reach = DMA_BIT_MASK(40), .bus_end = U64_MAX,
			   .cap = CAP(DMA32 | NORMAL, SHAREABLE, 40) },
		.force = TTM_BACKING_FORCE_SHARED,
		.expect = { .kind = TTM_BACKING_SHARED,
			    .coherent32 = true },
	},
};

static void backing_case_name(const struct backing_case *c, char *name)
{
	strscpy(name, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(backing, backing_cases, backing_case_name);

static void ttm_backing_choice(struct kunit *test)
{
	const struct backing_case *c = test->param_value;
	struct ttm_backing backing;

	ttm_backing_choose(&c->facts, c->force, &backing);
	KUNIT_EXPECT_EQ(test, backing.kind, c->expect.kind);
	KUNIT_EXPECT_EQ(test, backing.dma32, c->expect.dma32);
	KUNIT_EXPECT_EQ(test, backing.single, c->expect.single);
	KUNIT_EXPECT_EQ(test, backing.private, c->expect.private);
	KUNIT_EXPECT_EQ(test, backing.coherent32, c->expect.coherent32);
	KUNIT_EXPECT_EQ(test, backing.reaches_all, c->expect.reaches_all);
	KUNIT_EXPECT_EQ(test, backing.width, c->expect.width);
	KUNIT_ASSERT_NOT_NULL(test, backing.reason);
	KUNIT_EXPECT_EQ(test, !c->force,
			!strstr(backing.reason, "forced by the parameter"));
}

/* There is no pool device to force: the facts decide, and say so. */
static void ttm_backing_force_without(struct kunit *test)
{
	static const struct ttm_backing_facts facts = { .reach = DMA_BIT_MASK(40) };
	struct ttm_backing backing;

	ttm_backing_choose(&facts, TTM_BACKING_FORCE_HYPERVISOR, &backing);
	KUNIT_EXPECT_EQ(test, backing.kind, TTM_BACKING_SHARED);
	KUNIT_EXPECT_STREQ(test, backing.reason, "device reaches all memory");
}

/* What leads to a row of its own. */
static const struct ttm_backing_facts rows[] = {
	{ }, { .limited = true }, { .xen_pv = true }, { .mem_encrypt = true },
	{ .reach = U64_MAX, .cap = CAP(NORMAL, SHAREABLE, 40) },
	{ .reach = DMA_BIT_MASK(32), .cap = CAP(DMA32, SHAREABLE, 40) },
	{ .reach = DMA_BIT_MASK(31), .cap = CAP(DMA32, SHAREABLE, 40) },
	{ .reach = U64_MAX, .cap = CAP(NORMAL, 0, 40) },
	{ .reach = U64_MAX, .cap = CAP(DMA32, SHAREABLE, 40) },
	{ .reach = DMA_BIT_MASK(32), .cap = CAP(NORMAL, SHAREABLE, 40) },
	{ .mem_encrypt = true, .reach = U64_MAX, .cap = CAP(0, 0, 40) },
	{ .mem_encrypt = true, .reach = DMA_BIT_MASK(32), .cap = CAP(0, 0, 40) },
};

/* A reason for each row, so that a log tells which it was. */
static void ttm_backing_reasons(struct kunit *test)
{
	struct ttm_backing backing[ARRAY_SIZE(rows)];
	int i, j;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		ttm_backing_choose(&rows[i], TTM_BACKING_AUTO, &backing[i]);
		for (j = 0; j < i; j++)
			KUNIT_EXPECT_STRNEQ(test, backing[i].reason, backing[j].reason);
	}
}

static void ttm_backing_names(struct kunit *test)
{
	static const char * const bad[] = { "", "\n", "Auto", "shared,", "devices", "dev", "2" };
	enum ttm_backing_force force = TTM_BACKING_FORCE_DEVICE;
	int i;

	KUNIT_EXPECT_EQ(test, ttm_backing_parse("auto", &force), 0);
	KUNIT_EXPECT_EQ(test, force, TTM_BACKING_AUTO);
	KUNIT_EXPECT_EQ(test, ttm_backing_parse("device", &force), 0);
	KUNIT_EXPECT_EQ(test, force, TTM_BACKING_FORCE_DEVICE);
	KUNIT_EXPECT_EQ(test, ttm_backing_parse("hypervisor", &force), 0);
	KUNIT_EXPECT_EQ(test, force, TTM_BACKING_FORCE_HYPERVISOR);
	/* As echo writes it into sysfs. */
	KUNIT_EXPECT_EQ(test, ttm_backing_parse("shared\n", &force), 0);
	KUNIT_EXPECT_EQ(test, force, TTM_BACKING_FORCE_SHARED);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		KUNIT_EXPECT_EQ_MSG(test, ttm_backing_parse(bad[i], &force), -EINVAL,
				    "'%s'", bad[i]);
	KUNIT_EXPECT_EQ(test, force, TTM_BACKING_FORCE_SHARED);
}

static struct kunit_case ttm_backing_tests[] = {
	KUNIT_CASE_PARAM(ttm_backing_choice, backing_gen_params),
	KUNIT_CASE(ttm_backing_force_without),
	KUNIT_CASE(ttm_backing_reasons),
	KUNIT_CASE(ttm_backing_names),
	{}
};

static struct kunit_suite ttm_backing_suite = {
	.name = "ttm_backing",
	.test_cases = ttm_backing_tests,
};

kunit_test_suites(&ttm_backing_suite);

MODULE_DESCRIPTION("KUnit tests of the choice of a backing");
MODULE_LICENSE("Dual MIT/GPL");
