/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * What the chunk allocator uses of the kernel, for user space. run_scale.sh makes each header that
 * the allocator includes a file that includes this one.
 *
 * Threads are simulated (simulation.c): they run one at a time, so atomic operations are plain
 * ones. Locks, visits of list entries and calls of the DMA API are counted.
 */
#ifndef KERNEL_STUBS_H
#define KERNEL_STUBS_H

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef int16_t s16;
typedef int8_t s8;
typedef uint32_t u32;
typedef uint64_t u64;
typedef uint64_t dma_addr_t;
typedef unsigned int gfp_t;

/* ---- the simulation */

struct sim_counts {
	unsigned long visits;		/* list entries looked at with a lock held */
	unsigned long hold_visits;	/* the most in one hold */
	unsigned long holds;		/* locks taken */
	unsigned long contended;	/* of these, held by another thread */
	unsigned long cpu_reads;	/* per-CPU variables of any CPU that were looked at */
	unsigned long source_calls;	/* allocations of coherent memory, failed ones included */
	unsigned long caching_changes;
	unsigned long cleared;		/* pages */
	unsigned long wrong;		/* pages that were dirty, freed twice, ... */
};

struct sim_lock {
	struct sim_thread *owner;
	unsigned int readers;
	unsigned long visits;
};

extern struct sim_counts sim_counts;
extern unsigned int sim_cpus;
extern unsigned int sim_first_cpu;	/* that of the first thread */
extern bool sim_real_memory;		/* pages have memory at their addresses */

void sim_cost(unsigned long ns);
unsigned int sim_cpu(void);
void sim_acquire(struct sim_lock *lock, bool read);
void sim_release(struct sim_lock *lock, bool read);
void sim_wrong(const char *what);
void *sim_visit(void *entry);


/* ---- compiler.h, minmax.h, log2.h, bits */

#define __percpu
#define __packed		__attribute__((packed))
#define __aligned(n)		__attribute__((aligned(n)))
#define __always_unused		__attribute__((unused))
#define __maybe_unused		__attribute__((unused))
#define __init
#define __exit
#define likely(x)		(x)
#define unlikely(x)		(x)
#define READ_ONCE(x)		(x)
#define WRITE_ONCE(x, v)	((x) = (v))
#define smp_mb()		do { } while (0)
#define smp_store_release(p, v)	(*(p) = (v))
#define smp_load_acquire(p)	(*(p))
#define barrier()		do { } while (0)
#define cond_resched()		sim_cost(0)
#define might_sleep()		do { } while (0)
#define BUILD_BUG_ON(x)		_Static_assert(!(x), #x)
#define container_of(p, type, member) \
	((type *)((char *)(p) - offsetof(type, member)))
#define ARRAY_SIZE(a)		(sizeof(a) / sizeof((a)[0]))
#define struct_size(p, member, n) \
	(sizeof(*(p)) + sizeof((p)->member[0]) * (n))
#define min(a, b)		({ __auto_type a_ = (a); __auto_type b_ = (b); \
				   a_ < b_ ? a_ : b_; })
#define max(a, b)		({ __auto_type c_ = (a); __auto_type d_ = (b); \
				   c_ > d_ ? c_ : d_; })
#define min_t(t, a, b)		min((t)(a), (t)(b))
#define max_t(t, a, b)		max((t)(a), (t)(b))
#define min3(a, b, c)		min(min(a, b), c)
#define clamp_t(t, v, a, b)	min_t(t, max_t(t, v, a), b)
#define swap(a, b)		do { __auto_type s_ = (a); (a) = (b); (b) = s_; } while (0)
#define DIV_ROUND_UP(n, d)	(((n) + (d) - 1) / (d))
#define round_up(n, d)		((((n) - 1) | ((__typeof__(n))(d) - 1)) + 1)
#define round_down(n, d)	((n) & ~((__typeof__(n))(d) - 1))
#define ALIGN(n, d)		round_up(n, d)
#define BIT(n)			(1ul << (n))
#define BITS_PER_LONG		64
#define lower_32_bits(n)	((u32)(n))
#define upper_32_bits(n)	((u32)((u64)(n) >> 32))
#define ilog2(n)		(__builtin_constant_p(n) ? 63 - __builtin_clzll((n) ?: 1) : \
				 63 - __builtin_clzll(n))
#define __fls(n)		(63 - __builtin_clzll(n))
#define __ffs(n)		__builtin_ctzll(n)
#define fls(n)			((n) ? 32 - __builtin_clz(n) : 0)
#define fls_long(n)		((n) ? 64 - __builtin_clzll(n) : 0)
#define hweight_long(n)		__builtin_popcountll(n)
#define roundup_pow_of_two(n)	((n) <= 1 ? 1ul : 1ul << (64 - __builtin_clzll((n) - 1)))
#define order_base_2(n)		((n) <= 1 ? 0 : 64 - __builtin_clzll((n) - 1))

#define WARN_ON(x)		({ bool w_ = (x); if (w_) sim_wrong(#x); w_; })
#define WARN_ON_ONCE(x)		WARN_ON(x)
#define EXPORT_SYMBOL_FOR_TESTS_ONLY(x)	_Static_assert(1, "")
#define lockdep_assert_held(l)	do { } while (0)
#define MODULE_PARM_DESC(a, b)	_Static_assert(1, "")

/* ---- bitmap.h */

#define BITS_TO_LONGS(n)	DIV_ROUND_UP(n, BITS_PER_LONG)
#define DECLARE_BITMAP(b, n)	unsigned long b[BITS_TO_LONGS(n)]

static inline bool test_bit(unsigned int i, const unsigned long *map)
{
	return map[i / 64] >> (i % 64) & 1;
}

static inline void __set_bit(unsigned int i, unsigned long *map)
{
	map[i / 64] |= 1ul << (i % 64);
}

static inline void __clear_bit(unsigned int i, unsigned long *map)
{
	map[i / 64] &= ~(1ul << (i % 64));
}

static inline bool __test_and_set_bit(unsigned int i, unsigned long *map)
{
	bool old = test_bit(i, map);

	__set_bit(i, map);
	return old;
}

static inline bool __test_and_clear_bit(unsigned int i, unsigned long *map)
{
	bool old = test_bit(i, map);

	__clear_bit(i, map);
	return old;
}

static inline unsigned long find_next(const unsigned long *map, unsigned long size,
				      unsigned long i, unsigned long flip)
{
	unsigned long word;

	while (i < size) {
		word = (map[i / 64] ^ flip) >> (i % 64);
		if (word)
			return min(size, i + __builtin_ctzl(word));
		i = (i / 64 + 1) * 64;
	}
	return size;
}

#define find_next_bit(map, size, i)		find_next(map, size, i, 0)
#define find_next_zero_bit(map, size, i)	find_next(map, size, i, ~0ul)
#define find_first_bit(map, size)		find_next(map, size, 0, 0)
#define find_first_zero_bit(map, size)		find_next(map, size, 0, ~0ul)
#define for_each_set_bit(i, map, size) \
	for ((i) = find_first_bit(map, size); (i) < (size); (i) = find_next_bit(map, size, (i) + 1))
#define for_each_clear_bit(i, map, size) \
	for ((i) = find_first_zero_bit(map, size); (i) < (size); \
	     (i) = find_next_zero_bit(map, size, (i) + 1))

static inline void bitmap_set(unsigned long *map, unsigned int i, unsigned int n)
{
	while (n--)
		__set_bit(i++, map);
}

static inline void bitmap_clear(unsigned long *map, unsigned int i, unsigned int n)
{
	while (n--)
		__clear_bit(i++, map);
}

static inline void bitmap_zero(unsigned long *map, unsigned int n)
{
	memset(map, 0, BITS_TO_LONGS(n) * sizeof(long));
}

static inline unsigned long bitmap_find_next_zero_area(unsigned long *map, unsigned long size,
						       unsigned long start, unsigned int n,
						       unsigned long mask)
{
	unsigned long end, set;

	for (;;) {
		start = find_next_zero_bit(map, size, start);
		start = (start + mask) & ~mask;
		end = start + n;
		if (end > size)
			return end;
		set = find_next_bit(map, end, start);
		if (set >= end)
			return start;
		start = set + 1;
	}
}

/* ---- list.h */

struct list_head {
	struct list_head *next, *prev;
};

#define LIST_HEAD_INIT(name)	{ &(name), &(name) }
#define LIST_HEAD(name)		struct list_head name = LIST_HEAD_INIT(name)

static inline void INIT_LIST_HEAD(struct list_head *head)
{
	head->next = head;
	head->prev = head;
}

static inline bool list_empty(const struct list_head *head)
{
	return head->next == head;
}

static inline void list_add(struct list_head *entry, struct list_head *head)
{
	entry->next = head->next;
	entry->prev = head;
	head->next->prev = entry;
	head->next = entry;
}

static inline void list_add_tail(struct list_head *entry, struct list_head *head)
{
	list_add(entry, head->prev);
}

static inline void list_del(struct list_head *entry)
{
	entry->prev->next = entry->next;
	entry->next->prev = entry->prev;
}

static inline void list_del_init(struct list_head *entry)
{
	list_del(entry);
	INIT_LIST_HEAD(entry);
}

static inline void list_move(struct list_head *entry, struct list_head *head)
{
	list_del(entry);
	list_add(entry, head);
}

static inline void list_move_tail(struct list_head *entry, struct list_head *head)
{
	list_del(entry);
	list_add_tail(entry, head);
}

static inline bool list_is_head(const struct list_head *entry, const struct list_head *head)
{
	return entry == head;
}

#define list_entry(p, type, member)	((type *)sim_visit(container_of(p, type, member)))
#define list_first_entry(head, type, member) \
	list_entry((head)->next, type, member)
#define list_last_entry(head, type, member) \
	list_entry((head)->prev, type, member)
#define list_first_entry_or_null(head, type, member) \
	(list_empty(head) ? NULL : list_first_entry(head, type, member))
#define list_for_each_entry(p, head, member) \
	for ((p) = container_of((head)->next, __typeof__(*(p)), member); \
	     &(p)->member != (head) && sim_visit(p); \
	     (p) = container_of((p)->member.next, __typeof__(*(p)), member))
#define list_for_each_entry_reverse(p, head, member) \
	for ((p) = container_of((head)->prev, __typeof__(*(p)), member); \
	     &(p)->member != (head) && sim_visit(p); \
	     (p) = container_of((p)->member.prev, __typeof__(*(p)), member))
#define list_for_each_entry_safe(p, n, head, member) \
	for ((p) = container_of((head)->next, __typeof__(*(p)), member), \
	     (n) = container_of((p)->member.next, __typeof__(*(p)), member); \
	     &(p)->member != (head) && sim_visit(p); \
	     (p) = (n), (n) = container_of((n)->member.next, __typeof__(*(p)), member))

/* ---- locks */

typedef struct sim_lock spinlock_t;
struct mutex { struct sim_lock base; };
struct rw_semaphore { struct sim_lock base; };
struct srcu_struct { int unused; };

#define DEFINE_SPINLOCK(name)	spinlock_t name
#define DEFINE_MUTEX(name)	struct mutex name
#define DECLARE_RWSEM(name)	struct rw_semaphore name
#define DEFINE_STATIC_SRCU(name) static struct srcu_struct name
#define spin_lock_init(l)	memset(l, 0, sizeof(*(l)))
#define spin_lock(l)		sim_acquire(l, false)
#define spin_unlock(l)		sim_release(l, false)
#define mutex_init(l)		memset(l, 0, sizeof(*(l)))
#define mutex_destroy(l)	do { } while (0)
#define mutex_lock(l)		sim_acquire(&(l)->base, false)
#define mutex_unlock(l)		sim_release(&(l)->base, false)
#define mutex_lock_interruptible(l)	({ mutex_lock(l); 0; })
#define mutex_lock_killable(l)	({ mutex_lock(l); 0; })
#define down_read(l)		sim_acquire(&(l)->base, true)
#define up_read(l)		sim_release(&(l)->base, true)
#define down_write(l)		sim_acquire(&(l)->base, false)
#define up_write(l)		sim_release(&(l)->base, false)
#define srcu_read_lock(s)	({ (void)(s); 0; })
#define srcu_read_unlock(s, i)	((void)(s), (void)(i))
#define synchronize_srcu(s)	((void)(s))

typedef struct { int counter; } atomic_t;
typedef struct { long counter; } atomic_long_t;

#define atomic_read(a)		((a)->counter)
#define atomic_set(a, n)	((a)->counter = (n))
#define atomic_inc(a)		((void)(a)->counter++)
#define atomic_dec(a)		((void)(a)->counter--)
#define atomic_dec_and_test(a)	(!--(a)->counter)
#define atomic_inc_return(a)	(++(a)->counter)
#define atomic_long_read(a)	((a)->counter)
#define atomic_long_set(a, n)	((a)->counter = (n))
#define atomic_long_add(n, a)	((void)((a)->counter += (n)))
#define atomic_long_sub(n, a)	((void)((a)->counter -= (n)))
#define atomic_long_inc(a)	((void)(a)->counter++)
#define atomic_long_dec(a)	((void)(a)->counter--)
#define xchg(p, v)		({ __auto_type x_ = *(p); *(p) = (v); x_; })

/* ---- percpu.h, cpumask.h */

#define alloc_percpu(type)	((type *)calloc(sim_cpus, sizeof(type)))
#define free_percpu(p)		free(p)
#define per_cpu_ptr(p, i)	(sim_counts.cpu_reads++, &(p)[i])
#define raw_cpu_ptr(p)		(&(p)[sim_cpu()])
#define for_each_possible_cpu(i)	for ((i) = 0; (i) < (int)sim_cpus; (i)++)
#define num_possible_cpus()	sim_cpus
#define raw_smp_processor_id()	sim_cpu()

/* ---- memory */

#define PAGE_SIZE		(1ul << PAGE_SHIFT)
#define PAGE_MASK		(~(PAGE_SIZE - 1))
#define PAGE_ALIGNED(n)		(!((n) & ~PAGE_MASK))
#define SZ_2M			0x200000
#define MAX_PAGE_ORDER		10
#define NUMA_NO_NODE		(-1)
#define MAX_NUMNODES		2
#define nr_node_ids		2
#define for_each_node(i)	for ((i) = 0; (i) < nr_node_ids; (i)++)

#define GFP_KERNEL		1u
#define GFP_USER		1u
#define GFP_NOWAIT		2u
#define __GFP_NOWARN		4u
#define __GFP_NORETRY		8u
#define __GFP_NOMEMALLOC	16u
#define __GFP_RETRY_MAYFAIL	32u
#define __GFP_DIRECT_RECLAIM	64u
#define __GFP_ZERO		128u
#define __GFP_THISNODE		256u
#define __GFP_COMP		512u
#define __GFP_RECLAIM		(__GFP_DIRECT_RECLAIM)

struct page {
	unsigned long private;
	u32 next;		/* of free memory of the system, in a list by order */
	u8 order;		/* of the allocation, at its first page */
	bool live;		/* allocated from the system */
	bool used;		/* of a BO */
	bool dirty;
};

extern struct page *sim_pages;
#define SIM_BASE		0x100000000000ul

#define page_to_pfn(p)		((unsigned long)((p) - sim_pages))
#define pfn_to_page(n)		(&sim_pages[n])
#define page_address(p)		((void *)(SIM_BASE + (page_to_pfn(p) << PAGE_SHIFT)))
#define virt_to_page(v)		pfn_to_page(((unsigned long)(v) - SIM_BASE) >> PAGE_SHIFT)
#define vmalloc_to_page(v)	virt_to_page(v)
#define is_vmalloc_addr(v)	((void)(v), false)
#define page_to_nid(p)		((void)(p), 0)
#define page_pgdat(p)		page_to_nid(p)
#define NODE_DATA(n)		(n)
#define page_private(p)		((p)->private)
#define set_page_private(p, n)	((p)->private = (n))
#define NR_GPU_ACTIVE		0
#define NR_GPU_RECLAIM		1
#define mod_node_page_state(node, item, n)	((void)(node), (void)(n))
#define mod_lruvec_page_state(page, item, n)	((void)(page), (void)(n))

void clear_page(void *vaddr);
void *sim_kmalloc(size_t size);

#define kmalloc(n, gfp)		({ (void)(gfp); sim_kmalloc(n); })
#define kzalloc(n, gfp)		kmalloc(n, gfp)
#define kcalloc(n, size, gfp)	kmalloc((size_t)(n) * (size), gfp)
#define kmalloc_array(n, size, gfp)	kcalloc(n, size, gfp)
#define kfree(p)		free((void *)(p))
#define kvfree(p)		kfree(p)
#define kvcalloc(n, size, gfp)	kcalloc(n, size, gfp)
#define ERR_PTR(n)		((void *)(long)(n))
#define IS_ERR(p)		((unsigned long)(p) >= -4095ul)
#define PTR_ERR(p)		((long)(p))

/* ---- device.h, dma-mapping.h, set_memory.h, seq_file.h */

struct device { const char *name; };
struct seq_file { int unused; };

#define dev_name(d)		((d)->name)
#define dev_err(d, ...)		((void)(d), fprintf(stderr, __VA_ARGS__))
#define dev_err_once(d, ...)	dev_err(d, __VA_ARGS__)
#define seq_printf(m, ...)	((void)(m), (void)printf(__VA_ARGS__))
#define DMA_ATTR_FORCE_CONTIGUOUS	1
#define DMA_ATTR_NO_WARN		2

void *dma_alloc_attrs(struct device *dev, size_t size, dma_addr_t *bus, gfp_t gfp,
		      unsigned long attrs);
void dma_free_attrs(struct device *dev, size_t size, void *vaddr, dma_addr_t bus,
		    unsigned long attrs);
int sim_set_caching(unsigned int count);

#define CONFIG_X86			1
#define set_pages_array_wb(pages, n)	((void)(pages), sim_set_caching(n))
#define set_pages_array_wc(pages, n)	((void)(pages), sim_set_caching(n))
#define set_pages_array_uc(pages, n)	((void)(pages), sim_set_caching(n))

#ifndef _TTM_CACHING_H_
#define _TTM_CACHING_H_
#define TTM_NUM_CACHING_TYPES	3
enum ttm_caching { ttm_uncached, ttm_write_combined, ttm_cached };
#endif

/* ---- tracepoint.h */

#define TP_PROTO(...)		__VA_ARGS__
#define TP_ARGS(...)		__VA_ARGS__
#define DECLARE_EVENT_CLASS(...)	_Static_assert(1, "")
#define DEFINE_EVENT(class, name, proto, args) \
	static inline void trace_##name(proto) { }	\
	_Static_assert(1, "")

#endif
