// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * fence-wait: does the GPU's interrupt end each wait for the GPU?
 *
 * A lost fence interrupt is hard to see from outside: the driver checks the fence itself twice a
 * second (radeon_fence_check_lockup()), so the wait ends anyway, only late. The kernel's trace
 * tells the two apart without a clock: it names the context in which a fence was signaled, and
 * an interrupt is not a kworker.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lab_console.h"
#include "lab_drm.h"
#include "lab_options.h"

#define WAITS		32u
#define ATTEMPTS	(4 * WAITS)
#define LATENCY_US	20000u
#define TRACE		"/sys/kernel/tracing/instances/fence-wait"

/*
 * The driver's own check may run between the GPU's write of the fence and the interrupt. That is
 * rare; losing every second interrupt is not.
 */
#define BY_OTHERS_MAX	(WAITS / 8)

/** enum signaled_by - what signaled a fence. */
enum signaled_by {
	BY_INTERRUPT,
	BY_WAITER,	/* passed before the wait began */
	BY_OTHER,	/* a kworker: the driver's check for lockups */
};

static struct lab_card card;

static void write_file(const char *path, const char *text, int flags)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC | flags);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		lab_die("fence-wait", "%s: %s", path, strerror(errno));
	close(fd);
}

static void trace_start(void)
{
	if (mkdir(TRACE, 0700) && errno != EEXIST)
		lab_die("fence-wait", TRACE ": %s (tracefs mounted?)", strerror(errno));
	write_file(TRACE "/events/dma_fence/dma_fence_init/enable", "1", 0);
	write_file(TRACE "/events/dma_fence/dma_fence_signaled/enable", "1", 0);
}

static void trace_stop(void)
{
	rmdir(TRACE);
}

/**
 * struct event - a line of the trace, e.g.
 * "fence-wait-70 [001] d.h1. 5.1: dma_fence_signaled: driver=... context=3 seqno=9"
 */
struct event {
	bool init;		/* dma_fence_init, otherwise dma_fence_signaled */
	bool in_interrupt;
	bool ours;		/* in this process */
	unsigned long context;
	unsigned long seqno;
};

static bool parse_event(const char *line, struct event *event)
{
	const char *cpu = strstr(line, " ["), *init, *signaled, *at, *dash;
	char flags[16];

	init = strstr(line, ": dma_fence_init: ");
	signaled = strstr(line, ": dma_fence_signaled: ");
	at = strstr(line, " context=");
	if (line[0] == '#' || !cpu || (!init && !signaled) || !at)
		return false;
	/* The command may contain a dash: the PID is after the last one. */
	for (dash = cpu; dash > line && *dash != '-'; dash--)
		;
	if (sscanf(cpu, " [%*u] %15s", flags) != 1 || strlen(flags) < 4 ||
	    sscanf(at, " context=%lu seqno=%lu", &event->context, &event->seqno) != 2)
		return false;
	event->init = init != NULL;
	/* Third: h, H (in a softirq), s (softirq), . (none) */
	event->in_interrupt = flags[2] == 'h' || flags[2] == 'H';
	event->ours = strtol(dash + 1, NULL, 10) == getpid();
	return true;
}

/* What signaled the fence that this process has made since the trace was emptied? */
static enum signaled_by fence_signaled_by(void)
{
	struct event event, fence = { 0 };
	enum signaled_by by = BY_WAITER;
	bool signaled = false;
	char line[512];
	FILE *trace = fopen(TRACE "/trace", "re");

	if (!trace)
		lab_die("fence-wait", TRACE "/trace: %s", strerror(errno));
	while (fgets(line, sizeof(line), trace)) {
		if (!parse_event(line, &event))
			continue;
		if (event.init && event.ours) {
			fence = event;
		} else if (!event.init && event.context == fence.context &&
			   event.seqno == fence.seqno) {
			signaled = true;
			if (event.in_interrupt)
				by = BY_INTERRUPT;
			else
				by = event.ours ? BY_WAITER : BY_OTHER;
		}
	}
	fclose(trace);
	if (!signaled)
		lab_die("fence-wait", "the trace does not show the stream's fence: %s",
			fence.seqno ? "not signaled" : "not made");
	return by;
}

/* The card's interrupts so far, of all CPUs, from /proc/interrupts. */
static uint64_t interrupts(void)
{
	unsigned int irq = 0, n;
	char path[80], line[4096], *at, *end;
	uint64_t sum = 0;
	bool found = false;
	FILE *file;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/irq", card.pci);
	file = fopen(path, "re");
	if (!file || fscanf(file, "%u", &irq) != 1)
		lab_die("fence-wait", "%s: cannot be read", path);
	fclose(file);
	file = fopen("/proc/interrupts", "re");
	if (!file)
		lab_die("fence-wait", "/proc/interrupts: %s", strerror(errno));
	while (!found && fgets(line, sizeof(line), file)) {
		n = strtoul(line, &end, 10);
		if (*end != ':' || n != irq)
			continue;
		found = true;
		for (at = end + 1;; at = end) {
			uint64_t count = strtoull(at, &end, 10);

			if (end == at || *end != ' ')
				break;
			sum += count;
		}
	}
	fclose(file);
	if (!found)
		lab_die("fence-wait", "interrupt %u is not in /proc/interrupts", irq);
	return sum;
}

/*
 * Submits a stream that moves nothing, and waits for it: there is one fence and one interrupt, and
 * no other waiter. The latency that was set in the model keeps the GPU busy.
 */
static enum signaled_by submit_and_wait(struct lab_bo *bo, bool *was_busy)
{
	int ret;

	write_file(TRACE "/trace", "", O_TRUNC);
	ret = lab_move(&card, &bo, 1, RADEON_GEM_DOMAIN_GTT);
	if (ret)
		lab_die("fence-wait", "command stream: %s", strerror(-ret));
	ret = lab_bo_busy(&card, bo, NULL);
	if (ret < 0)
		lab_die("fence-wait", "GEM_BUSY: %s", strerror(-ret));
	*was_busy = ret;
	lab_bo_wait_or_die(&card, bo, "fence-wait");
	return fence_signaled_by();
}

static void report(unsigned int waits, unsigned int by_interrupt, unsigned int by_others,
		   uint64_t irqs)
{
	enum lab_outcome outcome = LAB_PASS;
	char name[48];

	snprintf(name, sizeof(name), "%s.fence-wait", card.name);
	if (waits < WAITS) {
		/* Without the model's latency the GPU may be faster than this program. */
		lab_result(lab_supervised() ? LAB_FAIL : LAB_SKIP, name,
			   "only %u of %u waits found the GPU busy", waits, WAITS);
		return;
	}
	if (by_others > BY_OTHERS_MAX || irqs < by_interrupt)
		outcome = LAB_FAIL;
	lab_result(outcome, name,
		   "%u waits: %u ended by an interrupt, %u by the driver's own check (at most %u); %llu interrupts",
		   waits, by_interrupt, by_others, BY_OTHERS_MAX, (unsigned long long)irqs);
}

int main(int argc, char **argv)
{
	const char *name = NULL;
	const struct lab_option option_table[] = { LAB_OPTION_CARD(&name), { 0 } };
	const struct lab_program program = {
		.name = "fence-wait",
		.purpose = "Checks that the card's interrupt ends each wait for the GPU.",
		.options = option_table,
	};
	unsigned int attempt, waits = 0, by_interrupt = 0, by_others = 0;
	struct lab_bo bo;
	uint64_t irqs;
	int ret;

	lab_parse_options(&program, argc, argv);
	lab_card_open_or_die(&card, name, true, "fence-wait");
	ret = lab_bo_create(&card, LAB_PAGE_SIZE, RADEON_GEM_DOMAIN_GTT, &bo);
	if (ret)
		lab_die("fence-wait", "BO: %s", strerror(-ret));
	trace_start();
	lab_slow_down(card.name, "fence-wait", "latency", LATENCY_US);
	irqs = interrupts();
	for (attempt = 0; waits < WAITS && attempt < ATTEMPTS; attempt++) {
		bool was_busy;
		enum signaled_by by = submit_and_wait(&bo, &was_busy);

		if (!was_busy || by == BY_WAITER)
			continue;
		waits++;
		if (by == BY_INTERRUPT)
			by_interrupt++;
		else
			by_others++;
	}
	irqs = interrupts() - irqs;
	lab_slow_down(card.name, "fence-wait", "latency", 0);
	trace_stop();
	report(waits, by_interrupt, by_others, irqs);
	lab_bo_close(&card, &bo);
	close(card.fd);
	return lab_finish();
}
