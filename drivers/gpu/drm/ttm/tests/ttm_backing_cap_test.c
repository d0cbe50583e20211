// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * The table of the policy with a pool device.
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

/* Cards of 31, 32, 40 and 64 address bits. */
static const struct backing_case backing_cases[] = {
	{
		.name = "both zones, 32 bits: global pool of 32 bits",
		.facts = { .xen_pv = true, .reach = DMA_BIT_MASK(32), .bus_end = GIB(16),
			   .cap = CAP(DMA32 | NORMAL, SHAREABLE | SCATTERED, 34) },
		.expect = { .kind = TTM_BACKING_HYPERVISOR, .single = true,
			    .coherent32 = true },
	}, {
		.name = "both zones, 40 bits: global pool as wide as the bus",
		.facts = { .xen_pv = true, .reach = DMA_BIT_MASK(40), .bus_end = GIB(16),
			   .cap = CAP(DMA32 | NORMAL, SHAREABLE | SCATTERED, 34) },
		.expect = { .kind = TTM_BACKING_HYPERVISOR, .single = true,
			    .reaches_all = true,
			    .coherent32 = true },
	}, {
		.name = "64 bits: global pool of 64 bits",
		.facts = { .reach = U64_MAX, .bus_end = U64_MAX,
			   .cap = CAP(NORMAL, SHAREABLE, 64) },
		.expect = { .kind = TTM_BACKING_HYPERVISOR },
	}, {
		.name = "reach of 24 GiB: global pool of 34 bits",
		.facts = { .limited = true, .reach = GIB(24) - 1, .bus_end = U64_MAX,
			   .cap = CAP(DMA32, SHAREABLE, 40) },
		.expect = { .kind = TTM_BACKING_HYPERVISOR, .dma32 = true,
			    .coherent32 = true },
	}, {
		.name = "31 bits: coherent memory of the device",
		.facts = { .limited = true, .reach = DMA_BIT_MASK(31), .bus_end = U64_MAX,
			   .cap = CAP(DMA32, SHAREABLE, 40) },
		.expect = { .kind = TTM_BACKING_DEVICE, .dma32 = true,
			    .coherent32 = true },
	}, {
		.name = "not shareable: coherent memory of the device",
		.facts = { .reach = DMA_BIT_MASK(40), .bus_end = U64_MAX,
			   .cap = CAP(DMA32 | NORMAL, SCATTERED, 40) },
		.expect = { .kind = TTM_BACKING_DEVICE, .single = true, .private = true,
			    .coherent32 = true },
	}, {
		.name = "not shareable, no zone: shared pages",
		.facts = { .reach = DMA_BIT_MASK(40), .bus_end = U64_MAX, .cap = CAP(0, 0, 40) },
		.expect = { .kind = TTM_BACKING_SHARED, .private = true },
	}, {
		.name = "DMA32 alone, 40 bits, Xen: shared, single pages",
		.facts = { .xen_pv = true, .reach = DMA_BIT_MASK(40), .bus_end = GIB(16),
			   .cap = CAP(DMA32, SHAREABLE | SCATTERED, 40) },
		.expect = { .kind = TTM_BACKING_SHARED, .single = true, .reaches_all = true,
			    .coherent32 = true },
	}, {
		.name = "DMA32 alone, 40 bits, bare: shared, single pages",
		.facts = { .reach = DMA_BIT_MASK(40), .bus_end = U64_MAX,
			   .cap = CAP(DMA32, SHAREABLE | SCATTERED, 40) },
		.expect = { .kind = TTM_BACKING_SHARED, .single = true,
			    .coherent32 = true },
	}, {
		.name = "DMA32 alone, contiguous bus: shared, any order",
		.facts = { .reach = DMA_BIT_MASK(40), .bus_end = U64_MAX,
			   .cap = CAP(DMA32, SHAREABLE, 44) },
		.expect = { .kind = TTM_BACKING_SHARED,
			    .coherent32 = true },
	}, {
		.name = "NORMAL alone, 32 bits, all in reach: shared",
		.facts = { .xen_pv = true, .reach = DMA_BIT_MASK(32), .bus_end = GIB(4),
			   .cap = CAP(NORMAL, SHAREABLE | SCATTERED, 32) },
		.expect = { .kind = TTM_BACKING_SHARED, .single = true, .reaches_all = true },
	}, {
		.name = "NORMAL alone, 32 bits, Xen: coherent, pages may bounce",
		.facts = { .xen_pv = true, .reach = DMA_BIT_MASK(32), .bus_end = GIB(16),
			   .cap = CAP(NORMAL, SHAREABLE | SCATTERED, 40) },
		.expect = { .kind = TTM_BACKING_DEVICE, .single = true },
	}, {
		.name = "no zone, 40 of 44 bits: coherent, pages may bounce",
		.facts = { .reach = DMA_BIT_MASK(40), .bus_end = U64_MAX,
			   .cap = CAP(0, SHAREABLE | SCATTERED, 44) },
		.expect = { .kind = TTM_BACKING_DEVICE, .single = true },
	}, {
		.name = "no zone, bouncing is forced: coherent",
		.facts = { .bounced = true, .reach = DMA_BIT_MASK(40), .bus_end = U64_MAX,
			   .cap = CAP(0, SHAREABLE, 40) },
		.expect = { .kind = TTM_BACKING_DEVICE },
	}, {
		.name = "no zone, 32 bits, more may be plugged in: shared",
		.facts = { .hotplug = true, .reach = DMA_BIT_MASK(32), .bus_end = U64_MAX,
			   .cap = CAP(0, SHAREABLE, 40) },
		.expect = { .kind = TTM_BACKING_SHARED, .dma32 = true },
	}, {
		.name = "no zone, more has come, 40 bits: coherent",
		.facts = { .outgrown = true, .reach = DMA_BIT_MASK(40), .bus_end = U64_MAX,
			   .cap = CAP(0, SHAREABLE, 40) },
		.expect = { .kind = TTM_BACKING_DEVICE },
	}, {
		.name = "bouncing is forced, both zones: global pool",
		.facts = { .bounced = true, .reach = DMA_BIT_MASK(40), .bus_end = U64_MAX,
			   .cap = CAP(DMA32 | NORMAL, SHAREABLE, 40) },
		.expect = { .kind = TTM_BACKING_HYPERVISOR, .coherent32 = true },
	}, {
		.name = "device not DMA coherent: its own memory",
		.facts = { .noncoherent = true, .reach = DMA_BIT_MASK(40), .bus_end = U64_MAX,
			   .cap = CAP(DMA32 | NORMAL, SHAREABLE, 40) },
		.expect = { .kind = TTM_BACKING_DEVICE, .coherent32 = true },
	}, {
		.name = "pool's devices not DMA coherent: device's memory",
		.facts = { .no_global = true, .reach = DMA_BIT_MASK(40), .bus_end = U64_MAX,
			   .cap = CAP(DMA32 | NORMAL, SHAREABLE, 40) },
		.expect = { .kind = TTM_BACKING_DEVICE, .coherent32 = true },
	}, {
		.name = "offset to the bus: as without a pool device",
		.facts = { .translated = true, .limited = true,
			   .reach = DMA_BIT_MASK(32), .bus_end = U64_MAX,
			   .cap = CAP(DMA32 | NORMAL, SHAREABLE, 40) },
		.expect = { .kind = TTM_BACKING_SHARED, .dma32 = true },
	}, {
		.name = "device behind an IOMMU: as without a pool device",
		.facts = { .iommu = true, .translated = true,
			   .reach = DMA_BIT_MASK(40), .bus_end = U64_MAX,
			   .cap = CAP(DMA32 | NORMAL, SHAREABLE | SCATTERED, 40) },
		.expect = { .kind = TTM_BACKING_SHARED },
	}, {
		.name = "no zone, forced to global pool",
		.facts = { .reach = DMA_BIT_MASK(40), .bus_end = U64_MAX,
			   .cap = CAP(0, SHAREABLE, 44) },
		.force = TTM_BACKING_FORCE_HYPERVISOR,
		.expect = { .kind = TTM_BACKING_HYPERVISOR },
	}, {
		.name = "both zones, forced to shared pages",
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

static void ttm_backing_cap_choice(struct kunit *test)
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
	KUNIT_ASSERT_NOT_NULL(test, backing.reason);
	KUNIT_EXPECT_EQ(test, !c->force,
			!strstr(backing.reason, "forced by the parameter"));
}

/* Without a pool device the machine decides. */
static void ttm_backing_cap_force_without(struct kunit *test)
{
	static const struct ttm_backing_facts facts = { .reach = DMA_BIT_MASK(40) };
	struct ttm_backing backing;

	ttm_backing_choose(&facts, TTM_BACKING_FORCE_HYPERVISOR, &backing);
	KUNIT_EXPECT_EQ(test, backing.kind, TTM_BACKING_SHARED);
	KUNIT_EXPECT_STREQ(test, backing.reason, "device reaches all memory");
}

/* One set of facts for each reason. */
static const struct ttm_backing_facts rows[] = {
	{ .reach = U64_MAX }, { .limited = true, .reach = U64_MAX }, { .xen_pv = true },
	{ .bounced = true, .reach = U64_MAX },
	{ .reach = U64_MAX, .cap = CAP(NORMAL, SHAREABLE, 40) },
	{ .reach = DMA_BIT_MASK(32), .cap = CAP(DMA32, SHAREABLE, 40) },
	{ .reach = DMA_BIT_MASK(31), .cap = CAP(DMA32, SHAREABLE, 40) },
	{ .reach = U64_MAX, .cap = CAP(NORMAL, 0, 40) },
	{ .no_global = true, .reach = U64_MAX, .cap = CAP(NORMAL, SHAREABLE, 40) },
	{ .reach = U64_MAX, .cap = CAP(DMA32, SHAREABLE, 40) },
	{ .reach = DMA_BIT_MASK(32), .cap = CAP(NORMAL, SHAREABLE, 40) },
	{ .bounced = true, .reach = U64_MAX, .cap = CAP(0, 0, 40) },
	{ .bounced = true, .reach = DMA_BIT_MASK(32), .cap = CAP(0, 0, 40) },
};

/* Reasons differ, so that the log says which row of the policy was used. */
static void ttm_backing_cap_reasons(struct kunit *test)
{
	struct ttm_backing backing[ARRAY_SIZE(rows)];
	int i, j;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		ttm_backing_choose(&rows[i], TTM_BACKING_AUTO, &backing[i]);
		for (j = 0; j < i; j++)
			KUNIT_EXPECT_STRNEQ(test, backing[i].reason, backing[j].reason);
	}
}

static void ttm_backing_cap_name(struct kunit *test)
{
	enum ttm_backing_force force = TTM_BACKING_AUTO;

	KUNIT_EXPECT_EQ(test, ttm_backing_parse("hypervisor", &force), 0);
	KUNIT_EXPECT_EQ(test, force, TTM_BACKING_FORCE_HYPERVISOR);
}

static struct kunit_case ttm_backing_cap_tests[] = {
	KUNIT_CASE_PARAM(ttm_backing_cap_choice, backing_gen_params),
	KUNIT_CASE(ttm_backing_cap_force_without),
	KUNIT_CASE(ttm_backing_cap_reasons),
	KUNIT_CASE(ttm_backing_cap_name),
	{}
};

static struct kunit_suite ttm_backing_cap_suite = {
	.name = "ttm_backing_cap",
	.test_cases = ttm_backing_cap_tests,
};

kunit_test_suites(&ttm_backing_cap_suite);

MODULE_DESCRIPTION("KUnit tests of the policy for BO pages with a pool device");
MODULE_LICENSE("Dual MIT/GPL");
