/* SPDX-License-Identifier: MIT */
/*
 * Declarations of igt's framework in Debian's libigt.so.0. Debian has no headers of igt. These
 * declare what the tests use, so that the same files build here and in igt's own tree (IGT_SRC),
 * which has igt's headers instead.
 *
 * The macros have the form of igt 2.4 and later: int igt_main(), igt_fixture().
 */
#ifndef ABI_IGT_CORE_H
#define ABI_IGT_CORE_H

#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

struct option;

typedef int (*igt_opt_handler_t)(int opt, int opt_index, void *data);
typedef void (*igt_exit_handler_t)(int sig);

enum igt_log_level {
	IGT_LOG_DEBUG,
	IGT_LOG_INFO,
	IGT_LOG_WARN,
	IGT_LOG_CRITICAL,
	IGT_LOG_NONE,
};

/* A helper process; tests set only use_SIGKILL. */
struct igt_helper_process {
	bool running;
	bool use_SIGKILL;
	pid_t pid;
	int id;
};

extern jmp_buf igt_subtest_jmpbuf;

#define ABI_PRINTF(fmt, args)	__attribute__((format(printf, fmt, args)))
#define ABI_NORETURN		__attribute__((noreturn))

int igt_subtest_init_parse_opts(int *argc, char **argv, const char *extra_short_opts,
				const struct option *extra_long_opts, const char *help_str,
				igt_opt_handler_t extra_opt_handler, void *handler_data);
ABI_NORETURN void igt_exit(void);
bool __igt_fixture(void);
void __igt_fixture_complete(void);
bool __igt_run_subtest(const char *subtest_name, const char *file, const int line);
void __igt_subtest_group_save(int *save, int *desc);
void __igt_subtest_group_restore(int save, int desc);
void igt_success(void);
void igt_describe_f(const char *fmt, ...) ABI_PRINTF(1, 2);
void igt_log(const char *domain, enum igt_log_level level, const char *format, ...)
	ABI_PRINTF(3, 4);
ABI_NORETURN void igt_skip(const char *f, ...) ABI_PRINTF(1, 2);
ABI_NORETURN void __igt_skip_check(const char *file, const int line, const char *func,
				   const char *check, const char *format, ...)
	ABI_PRINTF(5, 6);
ABI_NORETURN void __igt_fail_assert(const char *domain, const char *file, const int line,
				    const char *func, const char *assertion,
				    const char *format, ...)
	ABI_PRINTF(6, 7);
bool __igt_fork(void);
void igt_waitchildren(void);
bool __igt_fork_helper(struct igt_helper_process *proc);
int igt_wait_helper(struct igt_helper_process *proc);
void igt_stop_helper(struct igt_helper_process *proc);
void igt_install_exit_handler(igt_exit_handler_t fn);
void igt_emit_ignore_dmesg_regex(const char *ignore_dmesg_regex);

#define abi_token(a, b)		a##b
#define abi_unique(prefix, line) abi_token(prefix, line)

#define IGT_TEST_DESCRIPTION(str) const char *__igt_test_description = str

/* "int igt_main()" starts the body of the test; its "int" belongs to the declaration of main(). */
#define igt_main()							\
	main(int argc, char **argv);					\
	static void abi_test(void);					\
	int main(int argc, char **argv)					\
	{								\
		igt_subtest_init_parse_opts(&argc, argv, NULL, NULL,	\
					    NULL, NULL, NULL);		\
		abi_test();						\
		igt_exit();						\
	}								\
	static void abi_test(void)

/* A block; a check in it that fails or skips leaves it by a long jump. */
#define abi_block(run, finish)						\
	for (volatile int abi_unique(abi_once, __LINE__) = 1;		\
	     abi_unique(abi_once, __LINE__) && (run) &&			\
	     sigsetjmp(igt_subtest_jmpbuf, 1) == 0;			\
	     abi_unique(abi_once, __LINE__) = 0, (finish))

#define igt_fixture()	abi_block(__igt_fixture(), __igt_fixture_complete())
#define igt_subtest(name)						\
	for (; __igt_run_subtest((name), __FILE__, __LINE__) &&		\
	       sigsetjmp(igt_subtest_jmpbuf, 1) == 0;			\
	     igt_success())
#define igt_subtest_f(...)						\
	for (char abi_unique(abi_name, __LINE__)[256];			\
	     snprintf(abi_unique(abi_name, __LINE__),			\
		      sizeof(abi_unique(abi_name, __LINE__)), __VA_ARGS__), \
	     __igt_run_subtest(abi_unique(abi_name, __LINE__), __FILE__, __LINE__) && \
	     sigsetjmp(igt_subtest_jmpbuf, 1) == 0;			\
	     igt_success())
#define igt_subtest_group()						\
	for (int abi_unique(abi_once, __LINE__) = 1,			\
		 abi_unique(abi_save, __LINE__) = 0,			\
		 abi_unique(abi_desc, __LINE__) = 0;			\
	     abi_unique(abi_once, __LINE__) &&				\
	     (__igt_subtest_group_save(&abi_unique(abi_save, __LINE__),	\
				       &abi_unique(abi_desc, __LINE__)), true); \
	     abi_unique(abi_once, __LINE__) = 0,			\
	     __igt_subtest_group_restore(abi_unique(abi_save, __LINE__), \
					 abi_unique(abi_desc, __LINE__)))

#define igt_describe(text)	igt_describe_f("%s", text)

#define igt_fork(child, num_children)					\
	for (int child = 0; child < (num_children); child++)		\
		for (; __igt_fork(); exit(0))
#define igt_fork_helper(proc)						\
	for (; __igt_fork_helper(proc); exit(0))

#define igt_debug(f...)		igt_log(NULL, IGT_LOG_DEBUG, f)
#define igt_info(f...)		igt_log(NULL, IGT_LOG_INFO, f)
#define igt_warn(f...)		igt_log(NULL, IGT_LOG_WARN, f)

#define abi_fail(expr, f...)						\
	__igt_fail_assert(NULL, __FILE__, __LINE__, __func__, expr, f)
#define igt_assert(expr)						\
	do {								\
		if (!(expr))						\
			abi_fail(#expr, NULL);				\
	} while (0)
#define igt_assert_f(expr, f...)					\
	do {								\
		if (!(expr))						\
			abi_fail(#expr, f);				\
	} while (0)
#define abi_compare(type, format, a, op, b)				\
	do {								\
		type abi_a = (a), abi_b = (b);				\
									\
		if (!(abi_a op abi_b))					\
			abi_fail(#a " " #op " " #b, "error: " format " " #op " " format \
				 " is not so\n", abi_a, abi_b);		\
	} while (0)
#define igt_assert_eq(a, b)	abi_compare(int, "%d", a, ==, b)
#define igt_assert_neq(a, b)	abi_compare(int, "%d", a, !=, b)
#define igt_assert_eq_u32(a, b)	abi_compare(uint32_t, "%#x", a, ==, b)
#define igt_assert_eq_u64(a, b)	abi_compare(unsigned long long, "%#llx", a, ==, b)
#define igt_assert_lte(a, b)	abi_compare(int, "%d", a, <=, b)
#define igt_assert_lte_u64(a, b) abi_compare(unsigned long long, "%#llx", a, <=, b)
#define igt_assert_fd(fd)	igt_assert_f((fd) >= 0, "file descriptor " #fd " failed\n")

#define igt_skip_on_f(expr, f...)					\
	do {								\
		if (expr)						\
			__igt_skip_check(__FILE__, __LINE__, __func__, #expr, f); \
	} while (0)
#define igt_require(expr)						\
	do {								\
		if (!(expr))						\
			__igt_skip_check(__FILE__, __LINE__, __func__, #expr, NULL); \
	} while (0)
#define igt_require_f(expr, f...)					\
	do {								\
		if (!(expr))						\
			__igt_skip_check(__FILE__, __LINE__, __func__, #expr, f); \
	} while (0)

#endif
