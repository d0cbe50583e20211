// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Tests of the parser of a pool device's capability: each field is parsed, and malformed
 * capabilities are rejected.
 */
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/prandom.h>
#include <linux/string.h>

#include "../ttm_pool_cap.h"

/* All fields differ, and none is at a limit of its range. */
static const u8 good_cap[TTM_POOL_CAP_SIZE] = {
	0x09, 0x80, 32, 1, 'T', 'T', 'M', 'P',
	0x02, 0, 0, 0, 0x03, 0, 0, 0,
	39, 0, 0, 0, 'X', 'e', 'n', 'V',
	'M', 'M', 'X', 'e', 'n', 'V', 'M', 'M',
};

struct cap_change {
	const char *name;
	unsigned int at;
	u8 value;
	const char *why;	/* NULL: it is valid */
};

static const struct cap_change cap_changes[] = {
	{ "another capability", TTM_POOL_CAP_ID, 0x05, "capability 05h" },
	{ "no next capability", TTM_POOL_CAP_NEXT, 0, NULL },
	{ "next capability anywhere", TTM_POOL_CAP_NEXT, 0xff, NULL },
	{ "length 0", TTM_POOL_CAP_LENGTH, 0, "length 0 is not 32" },
	{ "a byte too short", TTM_POOL_CAP_LENGTH, 31, "length 31 is not 32" },
	{ "a byte too long", TTM_POOL_CAP_LENGTH, 33, "length 33 is not 32" },
	{ "version 0", TTM_POOL_CAP_VERSION, 0, "version 0 is unknown" },
	{ "version 2", TTM_POOL_CAP_VERSION, 2, "version 2 is unknown" },
	{ "signature, first byte", TTM_POOL_CAP_SIGNATURE, 't', "signature 7454" },
	{ "signature, last byte", TTM_POOL_CAP_SIGNATURE + 3, 0, "signature 54544d00" },
	{ "no zone", TTM_POOL_CAP_ZONES, 0, NULL },
	{ "all zones", TTM_POOL_CAP_ZONES, 7, NULL },
	{ "zones, lowest reserved bit", TTM_POOL_CAP_ZONES, 0x0a, "zones 0xa have" },
	{ "zones, second byte", TTM_POOL_CAP_ZONES + 1, 1, "zones 0x102 have" },
	{ "zones, highest bit", TTM_POOL_CAP_ZONES + 3, 0x80, "zones 0x80000002 have" },
	{ "no flag", TTM_POOL_CAP_FLAGS, 0, NULL },
	{ "flags, lowest reserved bit", TTM_POOL_CAP_FLAGS, 0x07, "flags 0x7 have" },
	{ "flags, highest bit", TTM_POOL_CAP_FLAGS + 3, 0x80, "flags 0x80000003 have" },
	{ "width 0", TTM_POOL_CAP_WIDTH, 0, "addresses of 0 bits" },
	{ "width 31", TTM_POOL_CAP_WIDTH, 31, "addresses of 31 bits" },
	{ "width 32", TTM_POOL_CAP_WIDTH, 32, NULL },
	{ "width 64", TTM_POOL_CAP_WIDTH, 64, NULL },
	{ "width 65", TTM_POOL_CAP_WIDTH, 65, "addresses of 65 bits" },
	{ "width 255", TTM_POOL_CAP_WIDTH, 255, "addresses of 255 bits" },
	{ "first reserved byte", TTM_POOL_CAP_RESERVED, 1, "reserved bytes 17 to 19" },
	{ "second reserved byte", TTM_POOL_CAP_RESERVED + 1, 0x80, "reserved bytes 17 to 19" },
	{ "last reserved byte", TTM_POOL_CAP_RESERVED + 2, 1, "reserved bytes 17 to 19" },
	{ "hypervisor unprintable", TTM_POOL_CAP_HYPERVISOR, 0xff, NULL },
	{ "hypervisor ends early", TTM_POOL_CAP_HYPERVISOR + 11, 0, NULL },
};

static void change_name(const struct cap_change *c, char *name)
{
	strscpy(name, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(change, cap_changes, change_name);

static void ttm_pool_cap_fields(struct kunit *test)
{
	struct ttm_pool_cap cap;
	char why[96] = "";

	KUNIT_ASSERT_EQ_MSG(test, ttm_pool_cap_parse(good_cap, &cap, why, sizeof(why)), 0,
			    "%s", why);
	KUNIT_EXPECT_EQ(test, cap.zones, TTM_POOL_ZONE_NORMAL);
	KUNIT_EXPECT_EQ(test, cap.flags,
			TTM_POOL_FLAG_SHAREABLE | TTM_POOL_FLAG_NOT_CONTIGUOUS);
	KUNIT_EXPECT_EQ(test, cap.width, 39);
	KUNIT_EXPECT_STREQ(test, cap.hypervisor, "XenVMMXenVMM");
}

static void ttm_pool_cap_hypervisor(struct kunit *test)
{
	static const struct {
		u8 raw[12];
		const char *text;
	} cases[] = {
		{ "KVMKVMKVM", "KVMKVMKVM" },
		{ "Microsoft Hv", "Microsoft Hv" },
		{ { 0 }, "" },
		{ "ends\0early", "ends" },
		{ { 0xff, 0x1b, '[', '3', '1', 'm', '\n', 0x80, 0x9b, 0xe4, 0x7f, '~' },
		  "..[31m.....~" },
	};
	struct ttm_pool_cap cap;
	u8 raw[TTM_POOL_CAP_SIZE];
	char why[96];
	int i;

	memcpy(raw, good_cap, sizeof(raw));
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		memcpy(raw + TTM_POOL_CAP_HYPERVISOR, cases[i].raw, sizeof(cases[i].raw));
		KUNIT_ASSERT_EQ(test, ttm_pool_cap_parse(raw, &cap, why, sizeof(why)), 0);
		KUNIT_EXPECT_STREQ(test, cap.hypervisor, cases[i].text);
	}
}

static void ttm_pool_cap_change(struct kunit *test)
{
	const struct cap_change *c = test->param_value;
	struct ttm_pool_cap cap = { .width = 77 };
	u8 raw[TTM_POOL_CAP_SIZE];
	char why[96] = "";
	int ret;

	memcpy(raw, good_cap, sizeof(raw));
	raw[c->at] = c->value;
	ret = ttm_pool_cap_parse(raw, &cap, why, sizeof(why));
	if (!c->why) {
		KUNIT_EXPECT_EQ_MSG(test, ret, 0, "%s", why);
		return;
	}
	KUNIT_EXPECT_EQ(test, ret, -EINVAL);
	KUNIT_EXPECT_EQ_MSG(test, cap.width, 77, "a rejected capability was stored");
	KUNIT_EXPECT_TRUE_MSG(test, strstr(why, c->why), "'%s' lacks '%s'", why, c->why);
	KUNIT_EXPECT_LT_MSG(test, strlen(why), sizeof(why) - 1, "'%s' may be cut off", why);
}

/* Random changes: the parser and a second implementation accept the same capabilities. */
static void ttm_pool_cap_random(struct kunit *test)
{
	struct rnd_state rnd;
	struct ttm_pool_cap cap;
	u8 raw[TTM_POOL_CAP_SIZE];
	unsigned int i, n, accepted = 0;
	char why[96];
	bool good;
	u32 at;

	prandom_seed_state(&rnd, 1);
	for (i = 0; i < 20000; i++) {
		memcpy(raw, good_cap, sizeof(raw));
		for (n = prandom_u32_state(&rnd) % 4; n; n--) {
			at = prandom_u32_state(&rnd);
			raw[at % sizeof(raw)] = at >> 8 & (at & BIT(16) ? 0xff : 0x03);
		}
		good = raw[0] == 0x09 && raw[2] == 32 && raw[3] == 1 &&
		       !memcmp(raw + 4, "TTMP", 4) && raw[8] < 8 &&
		       !raw[9] && !raw[10] && !raw[11] && raw[12] < 4 &&
		       !raw[13] && !raw[14] && !raw[15] &&
		       raw[16] >= 32 && raw[16] <= 64 && !raw[17] && !raw[18] && !raw[19];
		accepted += good;
		KUNIT_ASSERT_EQ_MSG(test, !ttm_pool_cap_parse(raw, &cap, why, sizeof(why)),
				    good, "%32phN", raw);
	}
	KUNIT_EXPECT_GT(test, accepted, 1000);
	KUNIT_EXPECT_LT(test, accepted, 19000);
}

static struct kunit_case ttm_pool_cap_tests[] = {
	KUNIT_CASE(ttm_pool_cap_fields),
	KUNIT_CASE(ttm_pool_cap_hypervisor),
	KUNIT_CASE_PARAM(ttm_pool_cap_change, change_gen_params),
	KUNIT_CASE(ttm_pool_cap_random),
	{}
};

static struct kunit_suite ttm_pool_cap_suite = {
	.name = "ttm_pool_cap",
	.test_cases = ttm_pool_cap_tests,
};

kunit_test_suites(&ttm_pool_cap_suite);

MODULE_DESCRIPTION("KUnit tests of a pool device's capability");
MODULE_LICENSE("Dual MIT/GPL");
