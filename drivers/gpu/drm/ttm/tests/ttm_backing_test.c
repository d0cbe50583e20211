// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * The table of the policy: where BO pages are allocated on each kind of machine.
 */
#include <kunit/test.h>
#include <linux/dma-mapping.h>
#include <linux/module.h>

#include <drm/ttm/ttm_backing.h>

struct backing_case {
	const char *name;
	struct ttm_backing_facts facts;
	enum ttm_backing_force force;
	struct ttm_backing expect;
};

#define GIB(n)		((u64)(n) << 30)

/* Machines of 2 GiB and 16 GiB, with cards of 32 and 40 address bits. */
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
		.name = "Xen PV, 16 GiB, 40 bits: chunks, scattered",
		.facts = { .xen_pv = true, .reach = DMA_BIT_MASK(40), .bus_end = GIB(16) },
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
	}, {
		.name = "Xen PV, unknown memory, 40 bits: contiguous",
		.facts = { .xen_pv = true, .reach = DMA_BIT_MASK(40), .bus_end = U64_MAX },
		.expect = { .kind = TTM_BACKING_DEVICE, .single = true },
	}, {
		.name = "memory encryption: chunks, contiguous",
		.facts = { .mem_encrypt = true, .reach = DMA_BIT_MASK(40), .bus_end = U64_MAX },
		.expect = { .kind = TTM_BACKING_DEVICE },
	}, {
		.name = "memory encryption under Xen PV: as Xen PV",
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
	KUNIT_ASSERT_NOT_NULL(test, backing.reason);
	KUNIT_EXPECT_EQ(test, !c->force,
			!strstr(backing.reason, "forced by the parameter"));
}

/* One set of facts for each reason. */
static const struct ttm_backing_facts rows[] = {
	{ }, { .limited = true }, { .xen_pv = true }, { .mem_encrypt = true },
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

static void ttm_backing_names(struct kunit *test)
{
	static const char * const bad[] = { "", "\n", "Auto", "shared,", "devices", "dev", "2" };
	enum ttm_backing_force force = TTM_BACKING_FORCE_DEVICE;
	int i;

	KUNIT_EXPECT_EQ(test, ttm_backing_parse("auto", &force), 0);
	KUNIT_EXPECT_EQ(test, force, TTM_BACKING_AUTO);
	KUNIT_EXPECT_EQ(test, ttm_backing_parse("device", &force), 0);
	KUNIT_EXPECT_EQ(test, force, TTM_BACKING_FORCE_DEVICE);
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
	KUNIT_CASE(ttm_backing_reasons),
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
