// SPDX-License-Identifier: GPL-2.0 OR MIT
/* The control socket: commands, refusals, and clients that misbehave. */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "control.h"
#include "cp/cp.h"
#include "bus/line_server.h"
#include "core/fault.h"
#include "core/regs.h"

struct fixture {
	char dir[32];
	char path[64];
	struct card *card;
	struct line_server *ctl;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	char err[200];

	assert_non_null(f);
	strcpy(f->dir, "/tmp/test-control.XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->path, sizeof(f->path), "%s/ctl", f->dir);
	f->card = card_new(card_info_find("rv370"), -1);
	assert_non_null(f->card);
	f->ctl = line_server_listen(f->path, control_command, f->card, err, sizeof(err));
	assert_non_null(f->ctl);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	line_server_close(f->ctl);
	assert_int_equal(access(f->path, F_OK), -1);
	card_free(f->card);
	rmdir(f->dir);
	free(f);
	return 0;
}

/* Let the server handle everything that is there. */
static void serve(struct fixture *f)
{
	struct pollfd fds[LINE_SERVER_FDS];
	int count;

	do {
		count = line_server_poll_fds(f->ctl, fds, LINE_SERVER_FDS);
		if (poll(fds, (nfds_t)count, 0) <= 0)
			return;
		line_server_serve(f->ctl, fds, count);
	} while (true);
}

static int client(struct fixture *f)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	strcpy(addr.sun_path, f->path);
	assert_int_equal(connect(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	serve(f);
	return fd;
}

static void say(struct fixture *f, int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
	serve(f);
}

static const char *heard(int fd)
{
	static char buf[8192];
	ssize_t n = recv(fd, buf, sizeof(buf) - 1, 0);

	buf[n > 0 ? n : 0] = '\0';
	return buf;
}

static void test_stats_has_every_counter(void **state)
{
	struct fixture *f = *state;
	int fd = client(f);
	const char *reply;

	stat_add(f->card, ddc_bytes, 42);
	say(f, fd, "stats\n");
	reply = heard(fd);
	assert_ptr_equal(strstr(reply, "ok "), reply);
#define X(name) assert_non_null(strstr(reply, " " #name "="));
	CARD_STATS(X)
#undef X
	assert_non_null(strstr(reply, " ddc_bytes=42"));
	close(fd);
}

static void test_ring_tells_where_it_is(void **state)
{
	struct fixture *f = *state;
	int fd = client(f);
	const char *reply;

	f->card->regs[REG_CP_RB_RPTR / 4] = 12;
	f->card->regs[REG_CP_RB_WPTR / 4] = 13;
	f->card->regs[REG_SCRATCH_REG7 / 4] = 4711;
	say(f, fd, "ring\n");
	reply = heard(fd);
	/* The ring is off. */
	assert_ptr_equal(strstr(reply, "ok rptr=12 wptr=13 busy=0 hung=0 scratch0=0 "), reply);
	assert_non_null(strstr(reply, " scratch7=4711\n"));
	pthread_mutex_lock(&f->card->lock);
	f->card->regs[REG_CP_CSQ_CNTL / 4] = 2u << 28;
	pthread_mutex_unlock(&f->card->lock);
	say(f, fd, "ring\n");
	assert_non_null(strstr(heard(fd), " busy=1 "));
	close(fd);
}

static void test_latency_is_set_and_limited(void **state)
{
	struct fixture *f = *state;
	int fd = client(f);

	say(f, fd, "latency 1234\n");
	assert_string_equal(heard(fd), "ok\n");
	assert_int_equal(f->card->latency_us, 1234);
	say(f, fd, "latency 1000001\n");
	assert_non_null(strstr(heard(fd), "over the limit of 1000000"));
	assert_int_equal(f->card->latency_us, 1234);
	close(fd);
}

static void test_pace_is_set_and_limited(void **state)
{
	struct fixture *f = *state;
	int fd = client(f);

	say(f, fd, "pace 500\n");
	assert_string_equal(heard(fd), "ok\n");
	assert_int_equal(f->card->pace_us, 500);
	say(f, fd, "pace 10001\n");
	assert_non_null(strstr(heard(fd), "over the limit of 10000"));
	assert_int_equal(f->card->pace_us, 500);
	close(fd);
}

static void test_crtc_that_is_off(void **state)
{
	struct fixture *f = *state;
	int fd = client(f);

	say(f, fd, "crc 0\n");
	assert_int_equal(strncmp(heard(fd), "error crtc 0: ", strlen("error crtc 0: ")), 0);
	say(f, fd, "crc 7\n");
	assert_int_equal(strncmp(heard(fd), "error crtc 7: ", strlen("error crtc 7: ")), 0);
	say(f, fd, "screenshot 1 /tmp/none.png\n");
	assert_memory_equal(heard(fd), "error screenshot of crtc 1 ",
			    strlen("error screenshot of crtc 1 "));
	assert_int_equal(access("/tmp/none.png", F_OK), -1);
	close(fd);
}

static void test_read_sees_vram_and_is_limited(void **state)
{
	struct fixture *f = *state;
	int fd = client(f);

	memcpy(f->card->vram + 16, "\xde\xad\xbe\xef", 4);
	say(f, fd, "read 10 4\n");
	assert_string_equal(heard(fd), "ok answered deadbeef\n");
	say(f, fd, "read 10 257\n");
	assert_non_null(strstr(heard(fd), "over the limit of 256"));
	close(fd);
}

static void test_fault_is_set_and_taken_back(void **state)
{
	struct fixture *f = *state;
	int fd = client(f);

	say(f, fd, "fault gart-stale\n");
	assert_string_equal(heard(fd), "ok\n");
	assert_int_equal(f->card->faults, 1u << FAULT_INDEX_GART_STALE);
	say(f, fd, "fault gart\n");
	assert_string_equal(heard(fd), "error there is no fault 'gart'\n");
	assert_int_equal(f->card->faults, 1u << FAULT_INDEX_GART_STALE);
	say(f, fd, "fault none\n");
	assert_string_equal(heard(fd), "ok\n");
	assert_int_equal(f->card->faults, 0);
	close(fd);
}

/* Without a GART an address is the bus's own, and no page is found. */
static void test_translate_without_gart(void **state)
{
	struct fixture *f = *state;
	int fd = client(f);

	say(f, fd, "translate f4000000 f4001000\n");
	assert_string_equal(heard(fd), "ok f4000000 f4001000\n");
	say(f, fd, "translate 10\n");	/* VRAM */
	assert_string_equal(heard(fd), "ok none\n");
	say(f, fd, "translate f4000000 100000000\n");
	assert_non_null(strstr(heard(fd), "error '100000000' is not an address of 32 bits"));
	say(f, fd, "translate page\n");
	assert_non_null(strstr(heard(fd), "error 'page' is not an address"));
	say(f, fd, "find 123456789abcdef0\n");
	assert_string_equal(heard(fd), "ok 0\n");
	close(fd);
}

static void test_unknown_command_lists_those_there_are(void **state)
{
	struct fixture *f = *state;
	int fd = client(f);
	const char *reply;

	say(f, fd, "reboot\n");
	reply = heard(fd);
	assert_non_null(strstr(reply, "error unknown command 'reboot'"));
	assert_non_null(strstr(reply, "screenshot CRTC PATH"));
	close(fd);
}

static void test_line_in_pieces(void **state)
{
	struct fixture *f = *state;
	int fd = client(f);

	say(f, fd, "late");
	assert_string_equal(heard(fd), "");
	say(f, fd, "ncy 7\nlatency 8\n");
	assert_string_equal(heard(fd), "ok\nok\n");
	assert_int_equal(f->card->latency_us, 8);
	close(fd);
}

static void test_line_without_end_is_dropped(void **state)
{
	struct fixture *f = *state;
	int fd = client(f), other;
	char chunk[2048];

	memset(chunk, 'x', sizeof(chunk) - 1);
	chunk[sizeof(chunk) - 1] = '\0';
	say(f, fd, chunk);
	assert_int_equal(send(fd, "x", 1, MSG_NOSIGNAL), -1);
	close(fd);
	other = client(f);
	say(f, other, "latency 3\n");
	assert_string_equal(heard(other), "ok\n");
	close(other);
}

static void test_more_clients_than_places(void **state)
{
	struct fixture *f = *state;
	int fds[6];
	char byte;

	for (int i = 0; i < 6; i++)
		fds[i] = client(f);
	say(f, fds[0], "latency 5\n");
	assert_string_equal(heard(fds[0]), "ok\n");
	assert_int_equal(recv(fds[3], &byte, 1, 0), -1);
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(recv(fds[4], &byte, 1, 0), 0);
	assert_int_equal(recv(fds[5], &byte, 1, 0), 0);
	for (int i = 0; i < 6; i++)
		close(fds[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_stats_has_every_counter, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ring_tells_where_it_is, setup, teardown),
		cmocka_unit_test_setup_teardown(test_latency_is_set_and_limited, setup, teardown),
		cmocka_unit_test_setup_teardown(test_pace_is_set_and_limited, setup, teardown),
		cmocka_unit_test_setup_teardown(test_crtc_that_is_off, setup, teardown),
		cmocka_unit_test_setup_teardown(test_read_sees_vram_and_is_limited, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_fault_is_set_and_taken_back, setup, teardown),
		cmocka_unit_test_setup_teardown(test_translate_without_gart, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unknown_command_lists_those_there_are, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_line_in_pieces, setup, teardown),
		cmocka_unit_test_setup_teardown(test_line_without_end_is_dropped, setup, teardown),
		cmocka_unit_test_setup_teardown(test_more_clients_than_places, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
