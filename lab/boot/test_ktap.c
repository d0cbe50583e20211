// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Tests of the KTAP reader: documents of KUnit and of the lab's guest, and documents that are
 * incomplete, malformed or random and must not pass.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ktap.h"

#define SEEN_SIZE	8192u

/** struct seen - what was reported, as in results.txt; errors begin with "!". */
struct seen {
	unsigned int results, bad;
	char text[SEEN_SIZE];
};

static void see(struct seen *seen, const char *name, const char *outcome, const char *text)
{
	size_t used = strlen(seen->text);

	snprintf(seen->text + used, sizeof(seen->text) - used, "%s %s%s%s\n", name, outcome,
		 *text ? " " : "", text);
}

static void see_result(void *priv, const char *name, enum ktap_outcome outcome, const char *text)
{
	static const char *const words[] = { "pass", "fail", "skip" };
	struct seen *seen = priv;

	assert_null(strchr(name, ' '));
	assert_true(*name);
	seen->results++;
	seen->bad += outcome == KTAP_FAIL;
	see(seen, name, words[outcome], text);
}

static void see_error(void *priv, const char *text)
{
	struct seen *seen = priv;

	seen->bad++;
	see(seen, "!", text, "");
}

static const struct ktap_ops ops = { .result = see_result, .error = see_error };

/* Reads a document of @size bytes, which may be cut anywhere. */
static void read_document(const char *document, size_t size, struct seen *seen)
{
	static struct ktap ktap;
	char line[512];
	size_t at = 0;

	memset(&ktap, 0, sizeof(ktap));
	memset(seen, 0, sizeof(*seen));
	ktap.ops = &ops;
	ktap.priv = seen;
	while (at < size) {
		const char *end = memchr(document + at, '\n', size - at);
		size_t len = end ? (size_t)(end - document) - at : size - at;

		assert_true(len < sizeof(line));
		memcpy(line, document + at, len);
		line[len] = '\0';
		ktap_line(&ktap, line);
		at += len + 1;
	}
	ktap_end(&ktap);
}

static void expect(const char *document, const char *want)
{
	static struct seen seen;

	read_document(document, strlen(document), &seen);
	if (strcmp(seen.text, want))
		fail_msg("for\n%s\nnot\n%s\nbut\n%s", document, want, seen.text);
}

/* A scenario: its own results and those of programs, plans last. */
static const char scenario[] =
	"KTAP version 1\n"
	"ok 1 rv370.ring-test # [drm] ring test succeeded in 1 usecs\n"
	"  KTAP version 1\n"
	"  # BO 17 is moved again\n"
	"  ok 1 rv370.gtt-move # 15871 pages checked, 0 wrong\n"
	"  ok 2 rv370.gtt-move.by-gpu # SKIP no lab to ask\n"
	"  1..2\n"
	"ok 2 gtt-move\n"
	"ok 3 cards\n"
	"1..3\n";

/* /sys/kernel/debug/kunit/ttm_pool/results, nested as the scenario kunit does. */
static const char kunit[] =
	"KTAP version 1\n"
	"  KTAP version 1\n"
	"  1..1\n"
	"      KTAP version 1\n"
	"      # Subtest: ttm_pool\n"
	"      # module: ttm_pool_test\n"
	"      1..3\n"
	"          KTAP version 1\n"
	"          # Subtest: ttm_pool_alloc_basic\n"
	"          ok 1 One page\n"
	"          ok 2 More than one page\n"
	"      # ttm_pool_alloc_basic: pass:2 fail:0 skip:0 total:2\n"
	"      ok 1 ttm_pool_alloc_basic\n"
	"      ok 2 ttm_pool_alloc_order_caching_match\n"
	"      ok 3 ttm_pool_mappings # SKIP no device\n"
	"  ok 1 ttm_pool\n"
	"ok 1 ttm_pool_test\n"
	"1..1\n";

static void test_scenario(void **state)
{
	(void)state;
	expect(scenario,
	       "rv370.ring-test pass [drm] ring test succeeded in 1 usecs\n"
	       "rv370.gtt-move pass 15871 pages checked, 0 wrong\n"
	       "rv370.gtt-move.by-gpu skip no lab to ask\n"
	       "cards pass\n");
}

static void test_kunit(void **state)
{
	(void)state;
	expect(kunit,
	       "ttm_pool.ttm_pool_alloc_basic pass 2 parameters\n"
	       "ttm_pool.ttm_pool_alloc_order_caching_match pass\n"
	       "ttm_pool.ttm_pool_mappings skip no device\n");
}

/* The case says which of its parameters failed, and where. */
static void test_kunit_failure(void **state)
{
	(void)state;
	expect("KTAP version 1\n"
	       "1..1\n"
	       "    KTAP version 1\n"
	       "    # Subtest: ttm_pool\n"
	       "    1..2\n"
	       "        KTAP version 1\n"
	       "        # Subtest: basic\n"
	       "        ok 1 One page\n"
	       "    # basic: EXPECTATION FAILED at ttm_pool_test.c:190\n"
	       "    Expected pages == 2, but\n"
	       "        not ok 2 Two pages\n"
	       "    # basic: pass:1 fail:1 skip:0 total:2\n"
	       "    not ok 1 basic\n"
	       "    # other: ASSERTION FAILED at ttm_pool_test.c:290\n"
	       "    not ok 2 other\n"
	       "not ok 1 ttm_pool\n",
	       "ttm_pool.basic fail 2 parameters, failed: Two_pages: "
	       "basic: EXPECTATION FAILED at ttm_pool_test.c:190\n"
	       "ttm_pool.other fail other: ASSERTION FAILED at ttm_pool_test.c:290\n");
}

/* A case that says "ok" although a parameter has failed. */
static void test_kunit_failure_denied(void **state)
{
	(void)state;
	expect("KTAP version 1\n"
	       "1..1\n"
	       "    KTAP version 1\n"
	       "    # Subtest: ttm_pool\n"
	       "    1..1\n"
	       "        KTAP version 1\n"
	       "        # Subtest: basic\n"
	       "        not ok 1 One page\n"
	       "    ok 1 basic\n"
	       "ok 1 ttm_pool\n",
	       "ttm_pool.basic fail 1 parameters, failed: One_page\n");
}

/* A test with subtests is a result if it has a text, or a failure that none of them has. */
static void test_parents(void **state)
{
	(void)state;
	expect("KTAP version 1\n"
	       "  KTAP version 1\n"
	       "  not ok 1 inner # wrong\n"
	       "  1..1\n"
	       "not ok 1 outer\n"
	       "  KTAP version 1\n"
	       "  ok 1 inner\n"
	       "  1..1\n"
	       "not ok 2 outer\n"
	       "  KTAP version 1\n"
	       "  ok 1 inner\n"
	       "  1..1\n"
	       "ok 3 outer # 7 pages\n"
	       "1..3\n",
	       "inner fail wrong\ninner pass\nouter fail\ninner pass\nouter pass 7 pages\n");
}

/* A program that crashes prints no plan, nor does a scenario that stops early. */
static void test_incomplete(void **state)
{
	(void)state;
	expect("KTAP version 1\n"
	       "  KTAP version 1\n"
	       "  ok 1 a\n"
	       "not ok 1 program # ended with status 139\n"
	       "1..1\n",
	       "a pass\nprogram fail ended early, after 1 tests and without a plan: ended with status 139\n");
	expect("KTAP version 1\n"
	       "  KTAP version 1\n"
	       "  ok 1 a\n"
	       "ok 1 program\n"
	       "1..1\n",
	       "a pass\nprogram fail ended early, after 1 tests and without a plan\n");
	expect("KTAP version 1\nok 1 a\n",
	       "a pass\n! test results: ended early, after 1 tests and without a plan\n");
	expect("KTAP version 1\nok 1 a\n  KTAP version 1\n  ok 1 b\n  1..1\n",
	       "a pass\nb pass\n! test results: a test ended without a result, after 1 others\n");
	expect("KTAP version 1\n"
	       "  KTAP version 1\n"
	       "  1..0\n"
	       "    KTAP version 1\n"
	       "    1..1\n"
	       "    ok 1 a\n"
	       "ok 1 outer\n"
	       "1..1\n",
	       "a pass\nouter fail a subtest ended without a result\n");
	expect("", "! no test results\n");
}

static void test_wrong_plan(void **state)
{
	(void)state;
	expect("KTAP version 1\n1..3\nok 1 a\nok 2 b\n",
	       "a pass\nb pass\n! test results: 2 of 3 tests have run\n");
	expect("KTAP version 1\n1..1\nok 1 a\nok 2 b\n",
	       "a pass\nb pass\n! test results: 2 of 1 tests have run\n");
	expect("KTAP version 1\n1..1\nok 1 a\n1..1\n",
	       "a pass\n! test results: a second plan\n");
	expect("KTAP version 1\n1..1\n    KTAP version 1\n    # Subtest: s\n    1..2\n"
	       "    ok 1 a\nok 1 s\n",
	       "s.a pass\ns fail 1 of 2 tests have run\n");
	/* A plan may have no tests. */
	expect("KTAP version 1\n1..0 # SKIP no card\n", "");
}

static void test_numbers(void **state)
{
	(void)state;
	expect("KTAP version 1\nok 1 a\nok 1 b\n1..2\n",
	       "a pass\nb pass\n! test results: number 1 where 2 was due\n");
	expect("KTAP version 1\nok 1 a\nok 3 b\n1..2\n",
	       "a pass\nb pass\n! test results: number 3 where 2 was due\n");
	expect("KTAP version 1\nok 99999999999999999999 a\n1..1\n",
	       "! test results: a malformed result: ok 99999999999999999999 a\n");
}

/* Directives are in capitals, as for the kernel's own parser. */
static void test_directives(void **state)
{
	(void)state;
	expect("KTAP version 1\n"
	       "ok 1 a # SKIP\n"
	       "not ok 2 b # SKIP no card\n"
	       "ok 3 c # Timeout in 30 s, as expected\n"
	       "ok 4 d # TIMEOUT 30 s\n"
	       "ok 5 e # SKIPPED 3 pages\n"
	       "not ok 6 f # TODO later\n"
	       "1..6\n",
	       "a skip\nb skip no card\nc pass Timeout in 30 s, as expected\nd fail 30 s\n"
	       "e pass SKIPPED 3 pages\nf fail TODO later\n");
}

/* Lines that are cut, or in the wrong place. */
static void test_malformed(void **state)
{
	(void)state;
	expect("KTAP version 1\nnot ok\n1..0\n", "! test results: a malformed result: not ok\n");
	expect("KTAP version 1\nnot ok 1\n1..1\n", "test-1 fail\n");
	expect("KTAP version 1\nok 1x a\n1..0\n", "! test results: a malformed result: ok 1x a\n");
	expect("KTAP version 1\n ok 1 a\n1..0\n",
	       "! test results: a line at the indentation of no test: ok 1 a\n");
	expect("not ok 1 a\nKTAP version 1\n1..0\n",
	       "! KTAP line before the version line: not ok 1 a\n");
	expect("KTAP version 2\nok 1 a\n1..1\n",
	       "! KTAP line before the version line: ok 1 a\n! no test results\n");
	expect("KTAP version 1\nKTAP version 1\nok 1 a\n1..1\n",
	       "a pass\n! test results: a second version line\n");
	expect("KTAP version 1\nokay\nnotok 1 b\n1..\nok 1 a b  # ERROR at c # d\n1..1\n",
	       "a_b fail at c # d\n");
}

/* Longer than all buffers of names and texts. */
static void test_long(void **state)
{
	char document[8192], name[300], want[600];

	(void)state;
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	snprintf(document, sizeof(document), "KTAP version 1\nok 1 %s\n1..1\n", name);
	snprintf(want, sizeof(want), "%.*s pass\n", (int)KTAP_NAME_MAX - 1, name);
	expect(document, want);
}

static void test_depth(void **state)
{
	char document[2048] = "";
	static struct seen seen;
	size_t used = 0;

	(void)state;
	for (int i = 0; i < 20; i++)
		used += (size_t)snprintf(document + used, sizeof(document) - used,
					 "%*sKTAP version 1\n", 2 * i, "");
	snprintf(document + used, sizeof(document) - used, "ok 1 a\n1..1\n");
	read_document(document, strlen(document), &seen);
	assert_true(seen.bad);
}

/* A document that lacks lines at its end does not pass. */
static void expect_cut_fails(const char *document)
{
	static struct seen seen;
	const char *end = document + strlen(document) - 1;

	read_document(document, strlen(document), &seen);
	assert_int_equal(seen.bad, 0);
	for (const char *at = document; at < end; at++) {
		if (*at != '\n')
			continue;
		read_document(document, (size_t)(at - document), &seen);
		if (!seen.bad)
			fail_msg("passes when it is cut before%s", at);
	}
}

static void test_cut(void **state)
{
	(void)state;
	expect_cut_fails(scenario);
	expect_cut_fails(kunit);
}

/* Documents with random changes: no crash, and nothing that the sanitizers report. */
static void test_garbage(void **state)
{
	static const char *const documents[] = { scenario, kunit };
	static const char pieces[] = "ok not 1..#\n KTAP version 1\n\377\001\t  -# Subtest: x";
	uint32_t random = 1;

	(void)state;
	for (int turn = 0; turn < 20000; turn++) {
		static struct seen seen;
		char document[1024];
		size_t size = strlen(documents[turn % 2]);

		memcpy(document, documents[turn % 2], size);
		for (int changes = 1 + turn % 8; changes; changes--) {
			random = random * 1664525u + 1013904223u;
			document[(random >> 8) % size] =
				pieces[(random >> 20) % (sizeof(pieces) - 1)];
		}
		read_document(document, size, &seen);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scenario),
		cmocka_unit_test(test_kunit),
		cmocka_unit_test(test_kunit_failure),
		cmocka_unit_test(test_kunit_failure_denied),
		cmocka_unit_test(test_parents),
		cmocka_unit_test(test_incomplete),
		cmocka_unit_test(test_wrong_plan),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_directives),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_garbage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
