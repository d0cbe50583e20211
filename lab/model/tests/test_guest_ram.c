// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Guest memory: what may be mapped, and that an access stays inside of it. A wrong check would give
 * a guest memory of this process, or a SIGBUS.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bus/guest_ram.h"

#define PAGE	4096u
#define PAGES	8u
#define RW	((unsigned int)(PROT_READ | PROT_WRITE))

struct fixture {
	struct guest_ram ram;
	int fd;
	uint8_t *file;	/* the client's view */
};

static int setup(void **state)
{
	static struct fixture f;

	guest_ram_init(&f.ram);
	f.fd = memfd_create("ram", MFD_CLOEXEC);
	if (f.fd < 0 || ftruncate(f.fd, PAGES * PAGE))
		return -1;
	f.file = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED,
		      f.fd, 0);
	for (unsigned int i = 0; i < PAGES; i++)
		memset(f.file + i * PAGE, (int)(0xa0 + i), PAGE);
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	guest_ram_fini(&f->ram);
	munmap(f->file, PAGES * PAGE);
	close(f->fd);
	return 0;
}

static int map(struct fixture *f, uint64_t addr, uint64_t size, uint64_t offset)
{
	return guest_ram_map(&f->ram, addr, size, RW, f->fd, offset);
}

static int read_byte(struct fixture *f, uint64_t addr)
{
	uint8_t val;
	int ret = guest_ram_read(&f->ram, addr, &val, 1);

	return ret ? ret : val;
}

static void map_refuses_bad_ranges(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(map(f, 0, 0, 0), -EINVAL);
	assert_int_equal(map(f, 0x800, PAGE, 0), -EINVAL);
	assert_int_equal(map(f, 0, PAGE + 8, 0), -EINVAL);
	assert_int_equal(map(f, 0, PAGE, 8), -EINVAL);
	assert_int_equal(map(f, UINT64_MAX - PAGE + 1, PAGE, 0), -EINVAL);
	assert_int_equal(map(f, 0, UINT64_MAX - PAGE + 1, PAGE), -EINVAL);
	assert_int_equal(guest_ram_map(&f->ram, 0, PAGE, 8, f->fd, 0), -EINVAL);
	/* Beyond the end of the file: a later access would be SIGBUS. */
	assert_int_equal(map(f, 0, (PAGES + 1) * PAGE, 0), -EINVAL);
	assert_int_equal(map(f, 0, PAGE, PAGES * PAGE), -EINVAL);
	assert_int_equal(map(f, 0, PAGE, UINT64_MAX - PAGE + 1), -EINVAL);
	assert_int_equal(map(f, 0, PAGE, (PAGES - 1) * PAGE), 0);
	assert_int_equal(f->ram.count, 1);
}

static void map_refuses_overlap(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(map(f, 4 * PAGE, 2 * PAGE, 0), 0);
	assert_int_equal(map(f, 4 * PAGE, 2 * PAGE, 0), -EEXIST);
	assert_int_equal(map(f, 3 * PAGE, 2 * PAGE, 0), -EEXIST);
	assert_int_equal(map(f, 5 * PAGE, PAGE, 0), -EEXIST);
	assert_int_equal(map(f, 0, 8 * PAGE, 0), -EEXIST);
	assert_int_equal(guest_ram_map(&f->ram, 5 * PAGE, PAGE, RW, -1, 0),
			 -EEXIST);
	assert_int_equal(map(f, 6 * PAGE, PAGE, 0), 0);
	assert_int_equal(map(f, 3 * PAGE, PAGE, 0), 0);
	assert_int_equal(f->ram.count, 3);
}

static void map_has_a_limit(void **state)
{
	struct fixture *f = *state;

	/* From the top down, so that every insertion moves the others. */
	for (uint64_t i = GUEST_RAM_MAX_RANGES; i; i--)
		assert_int_equal(map(f, i * 2 * PAGE, PAGE, i % PAGES * PAGE), 0);
	assert_int_equal(map(f, 0, PAGE, 0), -ENOSPC);
	for (uint64_t i = 1; i <= GUEST_RAM_MAX_RANGES; i++) {
		assert_int_equal(read_byte(f, i * 2 * PAGE), 0xa0 + i % PAGES);
		assert_int_equal(read_byte(f, (i * 2 + 1) * PAGE), -EFAULT);
	}
}

static void access_spans_neighbours(void **state)
{
	struct fixture *f = *state;
	uint8_t buf[3 * PAGE];

	/* On the bus in another order than in the file. */
	assert_int_equal(map(f, 0x100001000, PAGE, 5 * PAGE), 0);
	assert_int_equal(map(f, 0x100000000, PAGE, 3 * PAGE), 0);
	assert_int_equal(map(f, 0x100002000, PAGE, 1 * PAGE), 0);
	assert_int_equal(guest_ram_read(&f->ram, 0x100000ffe, buf, PAGE + 4), 0);
	assert_int_equal(buf[1], 0xa3);
	assert_int_equal(buf[2], 0xa5);
	assert_int_equal(buf[PAGE + 1], 0xa5);
	assert_int_equal(buf[PAGE + 2], 0xa1);

	memset(buf, 0x11, sizeof(buf));
	assert_int_equal(guest_ram_write(&f->ram, 0x100000fff, buf, PAGE + 2), 0);
	assert_int_equal(f->file[4 * PAGE - 2], 0xa3);
	assert_int_equal(f->file[4 * PAGE - 1], 0x11);
	assert_int_equal(f->file[5 * PAGE], 0x11);
	assert_int_equal(f->file[6 * PAGE - 1], 0x11);
	assert_int_equal(f->file[1 * PAGE], 0x11);
	assert_int_equal(f->file[1 * PAGE + 1], 0xa1);
}

static void access_is_all_or_nothing(void **state)
{
	struct fixture *f = *state;
	uint8_t buf[2 * PAGE];

	assert_int_equal(map(f, 0x1000, PAGE, 0), 0);
	assert_int_equal(map(f, 0x3000, PAGE, PAGE), 0);
	memset(buf, 0x11, sizeof(buf));
	assert_int_equal(guest_ram_write(&f->ram, 0x1ffe, buf, 4), -EFAULT);
	assert_int_equal(f->file[PAGE - 2], 0xa0);
	assert_int_equal(guest_ram_read(&f->ram, 0x1ffe, buf, 4), -EFAULT);
	assert_int_equal(buf[0], 0x11);
	assert_int_equal(guest_ram_read(&f->ram, 0xfff, buf, 2), -EFAULT);
	assert_int_equal(guest_ram_read(&f->ram, UINT64_MAX, buf, 2), -EFAULT);
	assert_int_equal(guest_ram_read(&f->ram, 0x5000, buf, 1), -EFAULT);
	assert_int_equal(guest_ram_read(&f->ram, 0x5000, buf, 0), 0);
}

static void permissions_and_unreachable(void **state)
{
	struct fixture *f = *state;
	uint32_t val = 0;

	assert_int_equal(guest_ram_map(&f->ram, 0x1000, PAGE, PROT_READ, f->fd,
				       0), 0);
	assert_int_equal(guest_ram_map(&f->ram, 0x2000, PAGE, PROT_WRITE, f->fd,
				       0), 0);
	assert_int_equal(guest_ram_map(&f->ram, 0x3000, PAGE, RW, -1, 0), 0);
	assert_int_equal(guest_ram_read(&f->ram, 0x1000, &val, 4), 0);
	assert_int_equal(val, 0xa0a0a0a0);
	assert_int_equal(guest_ram_write(&f->ram, 0x1000, &val, 4), -EFAULT);
	assert_int_equal(guest_ram_write(&f->ram, 0x2000, &val, 4), 0);
	assert_int_equal(guest_ram_read(&f->ram, 0x2000, &val, 4), -EFAULT);
	assert_int_equal(guest_ram_read(&f->ram, 0x3000, &val, 4), -EFAULT);
	assert_int_equal(guest_ram_write(&f->ram, 0x3000, &val, 4), -EFAULT);
}

static void unmap_removes_whole_ranges(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(map(f, 0x1000, PAGE, 0), 0);
	assert_int_equal(map(f, 0x2000, 2 * PAGE, PAGE), 0);
	assert_int_equal(map(f, 0x5000, PAGE, 4 * PAGE), 0);
	assert_int_equal(guest_ram_unmap(&f->ram, 0x1000, 0), -EINVAL);
	assert_int_equal(guest_ram_unmap(&f->ram, 0x1000, UINT64_MAX), -EINVAL);
	assert_int_equal(guest_ram_unmap(&f->ram, 0x6000, PAGE), -ENOENT);
	/* Cutting the second in two: the first must stay as well. */
	assert_int_equal(guest_ram_unmap(&f->ram, 0x1000, 2 * PAGE), -EINVAL);
	assert_int_equal(guest_ram_unmap(&f->ram, 0x3000, 4 * PAGE), -EINVAL);
	assert_int_equal(f->ram.count, 3);
	assert_int_equal(guest_ram_unmap(&f->ram, 0x1000, 3 * PAGE), 0);
	assert_int_equal(read_byte(f, 0x1000), -EFAULT);
	assert_int_equal(read_byte(f, 0x2000), -EFAULT);
	assert_int_equal(read_byte(f, 0x5000), 0xa4);
	assert_int_equal(map(f, 0x2000, PAGE, 0), 0);
	guest_ram_unmap_all(&f->ram);
	assert_int_equal(f->ram.count, 0);
	assert_int_equal(read_byte(f, 0x5000), -EFAULT);
}

struct reader {
	struct fixture *f;
	atomic_bool stop;
	atomic_uint reads;
};

static void *reader_thread(void *arg)
{
	struct reader *r = arg;
	uint8_t buf[2 * PAGE];

	while (!atomic_load(&r->stop)) {
		if (!guest_ram_read(&r->f->ram, 0x10000, buf, sizeof(buf)))
			atomic_fetch_add(&r->reads, 1);
	}
	return NULL;
}

/* An access that outlives its mapping would be a fault in the reader. */
static void unmap_while_reading(void **state)
{
	struct reader r = { .f = *state };
	pthread_t threads[2];

	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&threads[i], NULL,
						reader_thread, &r), 0);
	for (unsigned int i = 0; i < 300 || !atomic_load(&r.reads); i++) {
		assert_int_equal(map(r.f, 0x10000, 2 * PAGE, 0), 0);
		usleep(50);
		assert_int_equal(guest_ram_unmap(&r.f->ram, 0x10000, 2 * PAGE), 0);
	}
	atomic_store(&r.stop, true);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(map_refuses_bad_ranges),
		TEST(map_refuses_overlap),
		TEST(map_has_a_limit),
		TEST(access_spans_neighbours),
		TEST(access_is_all_or_nothing),
		TEST(permissions_and_unreachable),
		TEST(unmap_removes_whole_ranges),
		TEST(unmap_while_reading),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
