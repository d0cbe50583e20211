// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * The table of the policy: where BO pages are allocated on each kind of machine.
 */
#include <kunit/device.h>
#include <kunit/test.h>
#include <linux/dma-mapping.h>
#include <linux/module.h>
#include <linux/swiotlb.h>

#include <drm/ttm/ttm_backing.h>

/**
 * struct backing_case - a row of the table
 * @name: machine and device
 * @facts: facts about them
 * @force: the user's choice
 * @expect: the choice; @reason and @harm are not compared
 * @harm: shared pages would have wrong contents
 */
struct backing_case {
	const char *name;
	struct ttm_backing_facts facts;
	enum ttm_backing_force force;
	struct ttm_backing expect;
	bool harm;
};

#define GIB(n)		((u64)(n) << 30)
#define BITS(n)		.reach = DMA_BIT_MASK(n), .bus_end = U64_MAX

/* Machines of 2 GiB and 16 GiB, with cards of 32 and 40 address bits. */
static const struct backing_case backing_cases[] = {
	{
		.name = "bare, 2 GiB, 32 bits: shared, any zone",
		.facts = { BITS(32) },
		.expect = { .kind = TTM_BACKING_SHARED },
	}, {
		.name = "bare, 16 GiB, 32 bits: shared, below 4 GiB",
		.facts = { .limited = true, BITS(32) },
		.expect = { .kind = TTM_BACKING_SHARED, .dma32 = true },
	}, {
		.name = "bare, 16 GiB, 40 bits: shared, any zone",
		.facts = { .hotplug = true, BITS(40) },
		.expect = { .kind = TTM_BACKING_SHARED },
	}, {
		.name = "2 GiB, more may come, 32 bits: below 4 GiB",
		.facts = { .hotplug = true, BITS(32) },
		.expect = { .kind = TTM_BACKING_SHARED, .dma32 = true },
	}, {
		.name = "2 GiB, more has come, 32 bits: below 4 GiB",
		.facts = { .hotplug = true, .outgrown = true, BITS(32) },
		.expect = { .kind = TTM_BACKING_SHARED, .dma32 = true },
	}, {
		.name = "more than 1 TiB has come, 40 bits: chunks",
		.facts = { .hotplug = true, .outgrown = true, BITS(40) },
		.expect = { .kind = TTM_BACKING_DEVICE },
		.harm = true,
	}, {
		.name = "more than 1 TiB at bind, 40 bits: below 4 GiB",
		.facts = { .hotplug = true, .limited = true, BITS(40) },
		.expect = { .kind = TTM_BACKING_SHARED, .dma32 = true },
	}, {
		.name = "1 GiB, 31 bits: shared",
		.facts = { BITS(31) },
		.expect = { .kind = TTM_BACKING_SHARED },
	}, {
		.name = "16 GiB, 31 bits: no zone, chunks",
		.facts = { .limited = true, BITS(31) },
		.expect = { .kind = TTM_BACKING_DEVICE, .dma32 = true },
		.harm = true,
	}, {
		.name = "no zone below 4 GiB, 32 bits: chunks",
		.facts = { .limited = true, .no_zone = true, BITS(32) },
		.expect = { .kind = TTM_BACKING_DEVICE, .dma32 = true },
		.harm = true,
	}, {
		.name = "bouncing is forced, 40 bits: chunks",
		.facts = { .bounced = true, BITS(40) },
		.expect = { .kind = TTM_BACKING_DEVICE },
		.harm = true,
	}, {
		.name = "restricted DMA pool, 32 bits: chunks",
		.facts = { .bounced = true, .limited = true, BITS(32) },
		.expect = { .kind = TTM_BACKING_DEVICE, .dma32 = true },
		.harm = true,
	}, {
		.name = "SME, mask includes the encryption bit: shared",
		.facts = { .hotplug = true, BITS(48) },
		.expect = { .kind = TTM_BACKING_SHARED },
	}, {
		.name = "SME, 40 bits, no encryption bit: chunks",
		.facts = { .bounced = true, .hotplug = true, BITS(40) },
		.expect = { .kind = TTM_BACKING_DEVICE },
		.harm = true,
	}, {
		.name = "IOMMU, 16 GiB, 32 bits: shared, any zone",
		.facts = { .iommu = true, .hotplug = true, BITS(32) },
		.expect = { .kind = TTM_BACKING_SHARED },
	}, {
		.name = "IOMMU in a Xen PV domain: shared, any order",
		.facts = { .xen_pv = true, .iommu = true, .hotplug = true,
			   .reach = DMA_BIT_MASK(32), .bus_end = GIB(16) },
		.expect = { .kind = TTM_BACKING_SHARED },
	}, {
		.name = "not DMA coherent, 32 bits: chunks",
		.facts = { .noncoherent = true, BITS(32) },
		.expect = { .kind = TTM_BACKING_DEVICE },
		.harm = true,
	}, {
		.name = "not DMA coherent, IOMMU, 32 bits: chunks",
		.facts = { .noncoherent = true, .iommu = true, BITS(32) },
		.expect = { .kind = TTM_BACKING_DEVICE },
		.harm = true,
	}, {
		.name = "not DMA coherent, 40 bits: shared",
		.facts = { .noncoherent = true, BITS(40) },
		.expect = { .kind = TTM_BACKING_SHARED },
	}, {
		.name = "Xen PVH dom0, 32 bits: as bare metal",
		.facts = { .hotplug = true, .limited = true, BITS(32) },
		.expect = { .kind = TTM_BACKING_SHARED, .dma32 = true },
	}, {
		.name = "Xen PV, 16 GiB, 32 bits: chunks, contiguous",
		.facts = { .xen_pv = true, .bounced = true, .hotplug = true,
			   .reach = DMA_BIT_MASK(32), .bus_end = GIB(16) },
		.expect = { .kind = TTM_BACKING_DEVICE, .single = true },
		.harm = true,
	}, {
		.name = "Xen PV, 16 GiB, 40 bits: chunks, scattered",
		.facts = { .xen_pv = true, .hotplug = true,
			   .reach = DMA_BIT_MASK(40), .bus_end = GIB(16) },
		.expect = { .kind = TTM_BACKING_DEVICE, .single = true, .reaches_all = true },
	}, {
		/* A balloon changes the domain's memory, not the machine's. */
		.name = "Xen PV, ballooned, grown since: the same",
		.facts = { .xen_pv = true, .outgrown = true, .hotplug = true,
			   .reach = DMA_BIT_MASK(40), .bus_end = GIB(16) },
		.expect = { .kind = TTM_BACKING_DEVICE, .single = true, .reaches_all = true },
	}, {
		.name = "Xen PV, 4 GiB exactly, 32 bits: scattered",
		.facts = { .xen_pv = true, .reach = DMA_BIT_MASK(32), .bus_end = GIB(4) },
		.expect = { .kind = TTM_BACKING_DEVICE, .single = true, .reaches_all = true },
	}, {
		.name = "Xen PV, 4 GiB and a page, 32 bits: contiguous",
		.facts = { .xen_pv = true, .reach = DMA_BIT_MASK(32),
			   .bus_end = GIB(4) + PAGE_SIZE },
		.expect = { .kind = TTM_BACKING_DEVICE, .single = true },
		.harm = true,
	}, {
		.name = "Xen PV, unknown memory, 40 bits: contiguous",
		.facts = { .xen_pv = true, BITS(40) },
		.expect = { .kind = TTM_BACKING_DEVICE, .single = true },
		.harm = true,
	}, {
		.name = "bare metal, forced to chunks",
		.facts = { BITS(40) },
		.force = TTM_BACKING_FORCE_DEVICE,
		.expect = { .kind = TTM_BACKING_DEVICE },
	}, {
		.name = "Xen PV, 40 bits, forced to shared: one by one",
		.facts = { .xen_pv = true, .reach = DMA_BIT_MASK(40), .bus_end = GIB(16) },
		.force = TTM_BACKING_FORCE_SHARED,
		.expect = { .kind = TTM_BACKING_SHARED, .single = true, .reaches_all = true },
	}, {
		.name = "Xen PV, 32 bits, forced to shared: wrong",
		.facts = { .xen_pv = true, .reach = DMA_BIT_MASK(32), .bus_end = GIB(16) },
		.force = TTM_BACKING_FORCE_SHARED,
		.expect = { .kind = TTM_BACKING_SHARED, .single = true },
		.harm = true,
	}, {
		.name = "Xen PV, forced bouncing and shared: wrong",
		.facts = { .xen_pv = true, .bounced = true,
			   .reach = DMA_BIT_MASK(40), .bus_end = GIB(16) },
		.force = TTM_BACKING_FORCE_SHARED,
		.expect = { .kind = TTM_BACKING_SHARED, .single = true, .reaches_all = true },
		.harm = true,
	}, {
		.name = "bouncing is forced, forced to shared: wrong",
		.facts = { .bounced = true, .limited = true, BITS(32) },
		.force = TTM_BACKING_FORCE_SHARED,
		.expect = { .kind = TTM_BACKING_SHARED, .dma32 = true },
		.harm = true,
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
	KUNIT_EXPECT_EQ(test, backing.reaches_all, c->expect.reaches_all);
	KUNIT_EXPECT_EQ(test, !!backing.harm, c->harm);
	KUNIT_ASSERT_NOT_NULL(test, backing.reason);
	KUNIT_EXPECT_EQ(test, !c->force,
			!strstr(backing.reason, "forced by the parameter"));
	/* Only the user may choose pages whose contents will be wrong. */
	if (!c->force && backing.harm)
		KUNIT_EXPECT_NE(test, backing.kind, TTM_BACKING_SHARED);
}

/* One set of facts for each reason. */
static const struct ttm_backing_facts rows[] = {
	{ .reach = U64_MAX }, { .limited = true, .reach = U64_MAX }, { .xen_pv = true },
	{ .iommu = true, .reach = U64_MAX }, { .bounced = true, .reach = U64_MAX },
	{ .hotplug = true, .reach = DMA_BIT_MASK(32) }, { .noncoherent = true },
	{ .limited = true, .reach = DMA_BIT_MASK(31) },
	{ .outgrown = true, .reach = DMA_BIT_MASK(40) },
};

/* Reasons differ, so that the log says which row of the policy was used. */
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

/* A device with this number of address bits. */
static struct device *test_device(struct kunit *test, unsigned int bits)
{
	struct device *dev = kunit_device_register(test, "ttm-backing-test");

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, dev);
	KUNIT_ASSERT_EQ(test, dma_set_mask_and_coherent(dev, DMA_BIT_MASK(bits)), 0);
	return dev;
}

/* What the DMA API says about a device that reaches all memory. */
static void ttm_backing_facts_of_device(struct kunit *test)
{
	struct device *dev = test_device(test, 64);
	struct ttm_backing_facts facts;

	KUNIT_ASSERT_EQ(test, ttm_backing_facts_get(dev, &facts), 0);
	KUNIT_EXPECT_EQ(test, facts.reach, U64_MAX);
	KUNIT_EXPECT_FALSE(test, facts.iommu);
	KUNIT_EXPECT_FALSE(test, facts.bounced);
	KUNIT_EXPECT_FALSE(test, facts.limited);
	KUNIT_EXPECT_FALSE(test, facts.outgrown);

	dev->bus_dma_limit = DMA_BIT_MASK(40);
	KUNIT_ASSERT_EQ(test, ttm_backing_facts_get(dev, &facts), 0);
	KUNIT_EXPECT_EQ(test, facts.reach, DMA_BIT_MASK(40));
	dev->bus_dma_limit = 0;
	dev->coherent_dma_mask = DMA_BIT_MASK(36);
	KUNIT_ASSERT_EQ(test, ttm_backing_facts_get(dev, &facts), 0);
	KUNIT_EXPECT_EQ(test, facts.reach, DMA_BIT_MASK(36));
}

#ifdef CONFIG_SWIOTLB
/* Force bouncing for this device only; swiotlb=force does it for all devices. */
static void ttm_backing_facts_bounced(struct kunit *test)
{
	struct device *dev = test_device(test, 64);
	struct io_tlb_mem *mem = dev->dma_io_tlb_mem, *forced;
	struct ttm_backing_facts facts;

	KUNIT_ASSERT_NOT_NULL(test, mem);
	forced = kunit_kmalloc(test, sizeof(*forced), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, forced);
	*forced = *mem;
	forced->force_bounce = true;
	dev->dma_io_tlb_mem = forced;
	KUNIT_EXPECT_EQ(test, ttm_backing_facts_get(dev, &facts), 0);
	KUNIT_EXPECT_TRUE(test, facts.bounced);
	dev->dma_io_tlb_mem = mem;
	KUNIT_EXPECT_EQ(test, ttm_backing_facts_get(dev, &facts), 0);
	KUNIT_EXPECT_FALSE(test, facts.bounced);
}
#endif

/* Memory cannot be plugged in here; instead the device reaches less of it. */
static void ttm_backing_facts_outgrown(struct kunit *test)
{
	struct device *dev = test_device(test, 64);
	struct ttm_backing_facts facts;

	KUNIT_ASSERT_EQ(test, ttm_backing_facts_get(dev, &facts), 0);
	KUNIT_EXPECT_FALSE(test, ttm_backing_outgrown(dev, &facts));
	dev->bus_dma_limit = DMA_BIT_MASK(24);
	KUNIT_EXPECT_TRUE(test, ttm_backing_outgrown(dev, &facts));
	facts.outgrown = true;
	KUNIT_EXPECT_FALSE_MSG(test, ttm_backing_outgrown(dev, &facts), "it is known");
	KUNIT_ASSERT_EQ(test, ttm_backing_facts_get(dev, &facts), 0);
	KUNIT_EXPECT_TRUE(test, facts.limited);
	KUNIT_EXPECT_FALSE_MSG(test, ttm_backing_outgrown(dev, &facts),
			       "it was so when the device was bound");
	dev->bus_dma_limit = 0;
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
	/* echo adds a newline to the value in sysfs. */
	KUNIT_EXPECT_EQ(test, ttm_backing_parse("shared\n", &force), 0);
	KUNIT_EXPECT_EQ(test, force, TTM_BACKING_FORCE_SHARED);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		KUNIT_EXPECT_EQ_MSG(test, ttm_backing_parse(bad[i], &force), -EINVAL,
				    "'%s'", bad[i]);
	KUNIT_EXPECT_EQ(test, force, TTM_BACKING_FORCE_SHARED);
}

static struct kunit_case ttm_backing_tests[] = {
	KUNIT_CASE_PARAM(ttm_backing_choice, backing_gen_params),
	KUNIT_CASE(ttm_backing_reasons),
	KUNIT_CASE(ttm_backing_facts_of_device),
#ifdef CONFIG_SWIOTLB
	KUNIT_CASE(ttm_backing_facts_bounced),
#endif
	KUNIT_CASE(ttm_backing_facts_outgrown),
	KUNIT_CASE(ttm_backing_names),
	{}
};

static struct kunit_suite ttm_backing_suite = {
	.name = "ttm_backing",
	.test_cases = ttm_backing_tests,
};

kunit_test_suites(&ttm_backing_suite);

MODULE_DESCRIPTION("KUnit tests of the policy for BO pages");
MODULE_LICENSE("Dual MIT/GPL");
