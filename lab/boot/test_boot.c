// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Tests of the supervisor's parts: reading the console, checking the kernel's log, and starting
 * the models.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "card_process.h"
#include "console.h"
#include "kernel_log.h"
#include "message_log.h"

struct seen {
	unsigned int lines;
	char line[CONSOLE_LINE_MAX];
	unsigned int requests;
	char request[CONSOLE_LINE_MAX];
};

static void see_line(void *priv, const char *line)
{
	struct seen *seen = priv;

	seen->lines++;
	strcpy(seen->line, line);
}

static void see_request(void *priv, const char *text)
{
	struct seen *seen = priv;

	seen->requests++;
	strcpy(seen->request, text);
}

static const struct console_ops ops = { .line = see_line, .lab = see_request };

static void feed(struct console *con, const char *text)
{
	console_feed(con, text, strlen(text), 0);
}

/* A line that comes in pieces, after the kernel's clock. */
static void test_request(void **state)
{
	static struct seen seen;
	static struct console con = { .ops = &ops, .priv = &seen };

	(void)state;
	feed(&con, "[   12.345678] @la");
	feed(&con, "b ktap   ok 1 a.b # 3 of 3\r");
	assert_int_equal(seen.requests, 0);
	feed(&con, "\nhalf a li");
	assert_int_equal(seen.requests, 1);
	assert_string_equal(seen.request, "ktap   ok 1 a.b # 3 of 3");
	assert_int_equal(seen.lines, 1);
	console_flush(&con);
	assert_int_equal(seen.lines, 2);
	assert_string_equal(con.last, "half a li");
}

/* A line of Xen's within a line of dom0's. */
static void test_line_of_xen(void **state)
{
	static struct seen seen;
	static struct console con = { .ops = &ops, .priv = &seen };

	(void)state;
	feed(&con, "[   52.681642] @(XEN) uart interrupt taking more than 4ms\n");
	assert_string_equal(seen.line, "(XEN) uart interrupt taking more than 4ms");
	assert_int_equal(seen.requests, 0);
	feed(&con, "lab ktap ok 4 a.b\n");
	assert_int_equal(seen.lines, 2);
	assert_string_equal(seen.request, "ktap ok 4 a.b");
	feed(&con, "(XEN) a (XEN) b\nhalf a li(XEN) c");
	assert_string_equal(seen.line, "(XEN) a (XEN) b");
	console_flush(&con);
	assert_int_equal(seen.lines, 5);
	assert_string_equal(con.last, "half a li");
}

/* An endless line is split, and control characters are replaced. */
static void test_hostile_line(void **state)
{
	static struct seen seen;
	static struct console con = { .ops = &ops, .priv = &seen };

	(void)state;
	for (unsigned int i = 0; i < 3 * CONSOLE_LINE_MAX; i++)
		feed(&con, "x");
	assert_int_equal(seen.lines, 3);
	assert_int_equal(strlen(seen.line), CONSOLE_LINE_MAX - 1);
	feed(&con, "\n\033[2J\n");
	assert_string_equal(seen.line, "?[2J");
}

static void expect(struct kernel_log *log, const char *line, enum kernel_log_verdict verdict)
{
	if (kernel_log_check(log, line) != verdict)
		fail_msg("wrong verdict for: %s", line);
}

/* Lines of kernels and Xen. */
static void test_problems(void **state)
{
	static const char *const bad[] = {
		"[   10.000001] WARNING: CPU: 0 PID: 1 at drivers/gpu/drm/ttm/ttm_bo.c:1 f+0x1/0x2",
		"[   10.000001] BUG: kernel NULL pointer dereference, address: 0000000000000008",
		"[   10.000001] Oops: general protection fault, probably for non-canonical address",
		"[   10.000001] WARNING: possible circular locking dependency detected",
		"[   10.000001] INFO: task modprobe:77 blocked for more than 120 seconds.",
		"[   10.000001] radeon 0000:01:00.0: GPU lockup (current fence id 0x1 last 0x2)",
		"[   10.000001] radeon 0000:01:00.0: GPU reset succeeded, trying to resume",
		"[   10.000001] radeon 0000:01:00.0: Disabling GPU acceleration",
		"[   10.000001] [drm:r100_ring_test [radeon]] *ERROR* radeon: ring test failed",
		"[   10.000001] radeon: fence wait timed out.",
		"[   10.000001] swiotlb buffer is full (sz: 1048576 bytes), total 32768 (slots)",
		"[   10.000001] radeon 0000:00:03.0: 512 KiB cannot be mapped: no bounce buffer or I/O address is free",
		"[   10.000001] BUG: KASAN: slab-use-after-free in f+0x1/0x2 [ttm]",
		"[   10.000001] BUG: sleeping function called from invalid context at mm/x.c:1",
		"[   10.000001] WARNING: possible recursive locking detected",
		"[   10.000001] WARNING: suspicious RCU usage",
		"[   10.000001] WARNING: inconsistent lock state",
		"[   10.000001] [ BUG: Invalid wait context ]",
		"[   10.000001] INFO: trying to register non-static key.",
		"[   10.000001] turning off the locking correctness validator.",
		"[   10.000001] refcount_t: underflow; use-after-free.",
		"[   10.000001] list_del corruption. prev->next should be 1, but was 2",
		"[   10.000001] BUG kmalloc-64 (Not tainted): Right Redzone overwritten",
		"[   10.000001] pagealloc: memory corruption",
		"[   10.000001] ODEBUG: free active (active state 0) object: 1 object type: work_struct",
		"[   10.000001] DMA-API: radeon 0000:01:00.0: device driver has pending DMA allocations while released from device [count=1]",
		"[   10.000001] DMA-API: debugging out of memory - disabling",
		"[   10.000001] kmemleak: 3 new suspected memory leaks (see /sys/kernel/debug/kmemleak)",
		"[   10.000001] kmemleak: Kernel memory leak detector disabled",
		"[   10.000001] UBSAN: array-index-out-of-bounds in drivers/x.c:1:2",
		"** 17 printk messages dropped ** [   10.000001] pci 0000:00:00.0",
		"(XEN) Panic on CPU 0:",
		"(XEN) Xen call trace:",
		"login: [   10.000001] Kernel panic - not syncing: Attempted to kill init!",
	};
	static const char *const good[] = {
		"[    0.000000] Linux version 6.12.1 (x@y)",
		"[    9.000000] [drm] ring test succeeded in 1 usecs",
		"[    9.000000] [drm] ib test succeeded in 0 usecs",
		"[    0.000000] kasan: KernelAddressSanitizer initialized (generic)",
		"[    0.000000] kmemleak: Kernel memory leak detector initialized (mem pool available: 1)",
		"[    0.000000] kmemleak: Automatic memory scanning thread started",
		"[    0.000000] DMA-API: debugging enabled by kernel config",
		"(XEN) Xen version 4.20",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct kernel_log *log = kernel_log_new();

		expect(log, bad[i], KERNEL_LOG_PROBLEM);
		kernel_log_free(log);
	}
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct kernel_log *log = kernel_log_new();

		expect(log, good[i], KERNEL_LOG_FINE);
		expect(log, "WARNING: said by a program", KERNEL_LOG_OTHER);
		kernel_log_free(log);
	}
}

/* A report is one problem with its backtrace; a backtrace alone is one, too. */
static void test_backtrace(void **state)
{
	struct kernel_log *log = kernel_log_new();

	(void)state;
	expect(log, "[    1.000000] WARNING: one", KERNEL_LOG_PROBLEM);
	expect(log, "[    1.000000] RIP: 0010:f", KERNEL_LOG_FINE);
	expect(log, "[    1.000000] Call Trace:", KERNEL_LOG_FINE);
	expect(log, "[    1.000000] WARNING: two", KERNEL_LOG_PROBLEM);
	for (int i = 0; i < 100; i++)
		expect(log, "[    2.000000] all is well", KERNEL_LOG_FINE);
	expect(log, "[    3.000000] Call Trace:", KERNEL_LOG_PROBLEM);
	kernel_log_free(log);
}

/* Only expected reports are allowed. */
static void test_allow(void **state)
{
	struct kernel_log *log = kernel_log_new();

	(void)state;
	assert_true(kernel_log_allow(log, "fence wait timed out"));
	assert_false(kernel_log_allow(log, "("));
	expect(log, "[    1.000000] radeon: fence wait timed out.", KERNEL_LOG_FINE);
	expect(log, "[    1.000000] radeon: GPU lockup", KERNEL_LOG_PROBLEM);
	kernel_log_free(log);
}

/* A program that repeats a message does not fill the disk, and its first message is kept. */
static void test_message_log(void **state)
{
	static const char message[] = "vfio_user: timed out\n";
	struct message_log log = { .file = tmpfile(), .left = 1000 };

	(void)state;
	assert_non_null(log.file);
	for (int i = 0; i < 10000; i++)
		message_log_feed(&log, message, strlen(message));
	assert_in_range(ftell(log.file), 1000, 1100);
	assert_string_equal(log.line, "vfio_user: timed out");
	message_log_feed(&log, "what came of it\n", 16);
	assert_string_equal(log.line, "vfio_user: timed out");
	fclose(log.file);

	log = (struct message_log){ .file = tmpfile(), .left = 1000 };
	assert_non_null(log.file);
	message_log_feed(&log, "\nthe fi", 7);
	message_log_feed(&log, "rst line\n", 9);
	assert_string_equal(log.line, "the first line");
	fclose(log.file);

	log = (struct message_log){ .file = tmpfile(), .left = 1000 };
	assert_non_null(log.file);
	for (int i = 0; i < 1000; i++)
		message_log_feed(&log, "x", 1);
	assert_int_equal(strlen(log.line), sizeof(log.line) - 1);
	fclose(log.file);
}

/* A model that prints its arguments and ends. */
static void expect_arguments(struct boot_card *card, const char *more)
{
	char dir[] = "/tmp/test-boot.XXXXXX", file[64], want[512], why[512];

	assert_non_null(mkdtemp(dir));
	card->model = "/bin/echo";
	assert_false(card_start(card, dir, dir, why, sizeof(why)));
	snprintf(want, sizeof(want),
		 "the model of %s did not start: --socket %s/%s.sock --control %s/%s.ctl --log %s/%s.log ",
		 card->name, dir, card->name, dir, card->name, dir, card->name);
	if (strncmp(why, want, strlen(want)) || !strstr(why, more))
		fail_msg("not '%s' with '%s' but '%s'", want, more, why);
	assert_int_equal(card->pid, 0);
	assert_true(card_check(card, dir, why, sizeof(why)));
	snprintf(file, sizeof(file), "%s/%s.err", dir, card->name);
	unlink(file);
	rmdir(dir);
}

static void test_model_arguments(void **state)
{
	struct boot_card card = { .name = "rv370", .args = { "--fault", "none" }, .arg_count = 2 };
	struct boot_card pool = { .name = POOL_DEVICE_NAME, .capability = "xen,width=36" };

	(void)state;
	expect_arguments(&card, "--card rv370 --vram /tmp/");
	expect_arguments(&card, "/rv370.vram --fault none");
	expect_arguments(&pool, "/pool.log --capability xen,width=36");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_request),
		cmocka_unit_test(test_line_of_xen),
		cmocka_unit_test(test_hostile_line),
		cmocka_unit_test(test_problems),
		cmocka_unit_test(test_backtrace),
		cmocka_unit_test(test_allow),
		cmocka_unit_test(test_message_log),
		cmocka_unit_test(test_model_arguments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
