// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Guest memory: the one place where a bus address becomes bytes.
 *
 * The client hands over its RAM as file descriptors, each for a range of bus
 * addresses. A card's DMA may name any address, so everything is checked
 * here: an access that is not wholly inside mapped ranges that permit it does
 * nothing. Ranges without a descriptor (a ROM, another device's BAR) are kept
 * so that the client can remove them again, but no byte of them is reachable.
 */
#define _GNU_SOURCE
#include "bus/guest_ram.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/**
 * struct guest_ram_range - one mapped range.
 * @addr: first bus address
 * @size: bytes; @addr + @size does not wrap
 * @map: our mapping of it, NULL if the range is not reachable
 * @prot: PROT_READ and PROT_WRITE as the client permits
 */
struct guest_ram_range {
	uint64_t addr;
	uint64_t size;
	uint8_t *map;
	unsigned int prot;
};

/**
 * guest_ram_init() - make an empty table.
 * @ram: table
 */
void guest_ram_init(struct guest_ram *ram)
{
	pthread_rwlockattr_t attr;

	/*
	 * By default glibc lets readers pass a waiting writer: an engine that
	 * copies all the time could keep the front from unmapping.
	 */
	pthread_rwlockattr_init(&attr);
	pthread_rwlockattr_setkind_np(&attr,
			PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	pthread_rwlock_init(&ram->lock, &attr);
	pthread_rwlockattr_destroy(&attr);
	ram->ranges = NULL;
	ram->count = 0;
}

/**
 * guest_ram_fini() - unmap everything and free the table.
 * @ram: table that no thread uses any more
 */
void guest_ram_fini(struct guest_ram *ram)
{
	guest_ram_unmap_all(ram);
	pthread_rwlock_destroy(&ram->lock);
}

/* Index of the first range that ends after addr; ram->count if there is none. */
static size_t first_after(const struct guest_ram *ram, uint64_t addr)
{
	size_t low = 0, high = ram->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		const struct guest_ram_range *r = &ram->ranges[mid];

		if (r->addr + r->size <= addr)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static int insert(struct guest_ram *ram, const struct guest_ram_range *new)
{
	struct guest_ram_range *ranges;
	size_t at = first_after(ram, new->addr);

	if (at < ram->count && ram->ranges[at].addr < new->addr + new->size)
		return -EEXIST;
	if (ram->count == GUEST_RAM_MAX_RANGES)
		return -ENOSPC;
	ranges = realloc(ram->ranges, (ram->count + 1) * sizeof(*ranges));
	if (!ranges)
		return -ENOMEM;
	memmove(&ranges[at + 1], &ranges[at],
		(ram->count - at) * sizeof(*ranges));
	ranges[at] = *new;
	ram->ranges = ranges;
	ram->count++;
	return 0;
}

/* A page beyond the end of the file would raise SIGBUS when touched. */
static int check_file(int fd, uint64_t offset, uint64_t size)
{
	struct stat st;

	if (fstat(fd, &st))
		return -errno;
	if (st.st_size < 0 || offset > (uint64_t)st.st_size ||
	    size > (uint64_t)st.st_size - offset)
		return -EINVAL;
	return 0;
}

/**
 * guest_ram_map() - add a range.
 * @ram: table
 * @addr: first bus address, page aligned
 * @size: bytes, a multiple of the page size, not 0
 * @prot: PROT_READ and PROT_WRITE: what the card may do
 * @fd: file with the contents, or -1: the range is not reachable. The caller
 *	keeps the descriptor and may close it. The client must not truncate the
 *	file (QEMU seals its memfds against that).
 * @fd_offset: where in @fd the range begins, bytes, page aligned
 *
 * Takes the table's lock for writing; runs on the front thread.
 *
 * Return: 0; -EINVAL if a number is not aligned, wraps, or lies beyond the end
 * of the file; -EEXIST if it overlaps a range; -ENOSPC at GUEST_RAM_MAX_RANGES;
 * -ENOMEM, or the error of mmap().
 */
int guest_ram_map(struct guest_ram *ram, uint64_t addr, uint64_t size,
		  unsigned int prot, int fd, uint64_t fd_offset)
{
	const uint64_t page_mask = (uint64_t)sysconf(_SC_PAGESIZE) - 1;
	struct guest_ram_range new = { .addr = addr, .size = size, .prot = prot };
	int ret;

	if (!size || ((addr | size) & page_mask) || addr > UINT64_MAX - size ||
	    (prot & ~(unsigned int)(PROT_READ | PROT_WRITE)))
		return -EINVAL;
	if (fd >= 0) {
		if (fd_offset & page_mask)
			return -EINVAL;
		ret = check_file(fd, fd_offset, size);
		if (ret)
			return ret;
		new.map = mmap(NULL, size, (int)prot, MAP_SHARED, fd,
			       (off_t)fd_offset);
		if (new.map == MAP_FAILED)
			return -errno;
	}

	pthread_rwlock_wrlock(&ram->lock);
	ret = insert(ram, &new);
	pthread_rwlock_unlock(&ram->lock);
	if (ret && new.map)
		munmap(new.map, size);
	return ret;
}

/* Remove ranges[first..end), &ram->lock held for writing. */
static void remove_ranges(struct guest_ram *ram, size_t first, size_t end)
{
	for (size_t i = first; i < end; i++)
		if (ram->ranges[i].map)
			munmap(ram->ranges[i].map, ram->ranges[i].size);
	if (end < ram->count)
		memmove(&ram->ranges[first], &ram->ranges[end],
			(ram->count - end) * sizeof(*ram->ranges));
	ram->count -= end - first;
	if (!ram->count) {
		free(ram->ranges);
		ram->ranges = NULL;
	}
}

/**
 * guest_ram_unmap() - remove the ranges inside an interval.
 * @ram: table
 * @addr: first bus address
 * @size: bytes
 *
 * Takes the table's lock for writing: when it returns no access to these
 * ranges is under way.
 *
 * Return: 0; -ENOENT if no range lies there; -EINVAL if the interval is empty,
 * wraps, or cuts a range in two (then nothing is removed).
 */
int guest_ram_unmap(struct guest_ram *ram, uint64_t addr, uint64_t size)
{
	size_t first, end;
	int ret = 0;

	if (!size || addr > UINT64_MAX - size)
		return -EINVAL;

	pthread_rwlock_wrlock(&ram->lock);
	first = first_after(ram, addr);
	for (end = first; end < ram->count; end++) {
		const struct guest_ram_range *r = &ram->ranges[end];

		if (r->addr >= addr + size)
			break;
		if (r->addr < addr || r->addr + r->size > addr + size) {
			ret = -EINVAL;
			break;
		}
	}
	if (!ret && first == end)
		ret = -ENOENT;
	if (!ret)
		remove_ranges(ram, first, end);
	pthread_rwlock_unlock(&ram->lock);
	return ret;
}

/**
 * guest_ram_unmap_all() - remove every range.
 * @ram: table
 *
 * Takes the table's lock for writing, as guest_ram_unmap().
 */
void guest_ram_unmap_all(struct guest_ram *ram)
{
	pthread_rwlock_wrlock(&ram->lock);
	remove_ranges(ram, 0, ram->count);
	pthread_rwlock_unlock(&ram->lock);
}

/*
 * The guest polls fences and read pointers in memory, so an aligned dword is
 * one access and becomes visible after everything written before it.
 */
static void copy(uint8_t *map, void *buf, size_t len, bool write)
{
	uint32_t val;

	if (len == sizeof(val) && !((uintptr_t)map % sizeof(val))) {
		if (write) {
			memcpy(&val, buf, sizeof(val));
			__atomic_store_n((uint32_t *)map, val, __ATOMIC_RELEASE);
		} else {
			val = __atomic_load_n((uint32_t *)map, __ATOMIC_ACQUIRE);
			memcpy(buf, &val, sizeof(val));
		}
	} else if (write) {
		memcpy(map, buf, len);
	} else {
		memcpy(buf, map, len);
	}
}

/* Bytes from addr to the end of its range, 0 if it may not be accessed. */
static uint64_t reach(const struct guest_ram *ram, size_t i, uint64_t addr,
		      unsigned int prot)
{
	const struct guest_ram_range *r;

	if (i >= ram->count)
		return 0;
	r = &ram->ranges[i];
	if (addr < r->addr || !r->map || !(r->prot & prot))
		return 0;
	return r->addr + r->size - addr;
}

static int access_ram(struct guest_ram *ram, uint64_t addr, uint8_t *buf,
		      size_t len, bool write)
{
	unsigned int prot = write ? PROT_WRITE : PROT_READ;
	uint64_t pos, left, n;
	size_t first, i;
	int ret = 0;

	if (!len)
		return 0;

	/* No range reaches the top of the address space: pos cannot wrap. */
	pthread_rwlock_rdlock(&ram->lock);
	first = first_after(ram, addr);
	for (i = first, pos = addr, left = len; left; i++, pos += n, left -= n) {
		n = reach(ram, i, pos, prot);
		if (!n) {
			ret = -EFAULT;
			break;
		}
		if (n > left)
			n = left;
	}
	for (i = first, pos = addr, left = len; !ret && left;
	     i++, pos += n, buf += n, left -= n) {
		n = reach(ram, i, pos, prot);
		if (n > left)
			n = left;
		copy(ram->ranges[i].map + (pos - ram->ranges[i].addr), buf, n,
		     write);
	}
	pthread_rwlock_unlock(&ram->lock);
	return ret;
}

/**
 * guest_ram_read() - read guest memory.
 * @ram: table
 * @addr: bus address
 * @buf: takes the bytes
 * @len: bytes; may span ranges that follow one another
 *
 * Any thread; takes the table's lock for reading.
 *
 * Return: 0, or -EFAULT if a part is not mapped, not reachable or not readable:
 * then @buf is unchanged.
 */
int guest_ram_read(struct guest_ram *ram, uint64_t addr, void *buf, size_t len)
{
	return access_ram(ram, addr, buf, len, false);
}

/**
 * guest_ram_write() - write guest memory.
 * @ram: table
 * @addr: bus address
 * @buf: the bytes
 * @len: bytes; may span ranges that follow one another
 *
 * Any thread; takes the table's lock for reading. An aligned write of four
 * bytes is a single store, ordered after earlier writes.
 *
 * Return: 0, or -EFAULT if a part is not mapped, not reachable or not
 * writable: then nothing has been written.
 */
int guest_ram_write(struct guest_ram *ram, uint64_t addr, const void *buf,
		    size_t len)
{
	/* access_ram() does not write to the buffer when it writes to memory. */
	return access_ram(ram, addr, (uint8_t *)buf, len, true);
}
