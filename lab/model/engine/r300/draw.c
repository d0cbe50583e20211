// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Draws: the packets of the 3D engine, and the way of a draw through its blocks.
 *
 * Not modelled: textures but plain ones (tx.c), loops in vertex programs, more than one colour
 * buffer, colours of 16 and 32 bits for a component, and multisampling. A draw that needs one of
 * them is skipped and counted.
 */
#include "engine/r300/draw.h"

#include <errno.h>
#include <stdlib.h>

#include "core/regs.h"
#include "core/trace.h"
#include "core/work.h"
#include "engine/r300/r300.h"
#include "mem/mc.h"

/* VF_CNTL */
#define VF_KIND(cntl)		((cntl) & 15)
#define VF_WALK(cntl)		((cntl) >> 4 & 3)
#define VF_INDICES_32		(1u << 11)
#define VF_COUNT(cntl)		((cntl) >> 16)

enum { WALK_INDICES = 1, WALK_LIST, WALK_EMBEDDED };

#define ARRAY_COUNT(v)		((v) & 0x1f)	/* 3D_LOAD_VBPNTR */
#define INDEX_DWORDS(v)		((v) & 0x7fffff)	/* INDX_BUFFER */
#define VECTOR_MASK		0x7ffu		/* VAP_PVS_VECTOR_INDX_REG */
#define DRAW_COST		64u		/* units of work to copy and decode the state */

/**
 * struct r300 - state of the engine between draws.
 * @pvs: memory of the vertex programs; &card.lock protects it
 * @pvs_at: dword that the next upload goes to; likewise
 * @array: vertex arrays; engine thread only, as all that follows
 * @arrays: number of them
 * @indexed: a draw waits for its index buffer
 * @vf_cntl: that draw's VF_CNTL
 * @passed: pixels that have passed the depth test, for occlusion queries
 * @draw: draw at hand
 */
struct r300 {
	uint32_t pvs[PVS_VECTORS][4];
	uint32_t pvs_at;
	struct vertex_array array[MAX_ARRAYS];
	unsigned int arrays;
	atomic_bool indexed;
	uint32_t vf_cntl;
	uint32_t passed;
	struct draw draw;
};

/**
 * struct words - dwords of indices or vertices, out of a packet or out of memory.
 * @p: packet, or NULL
 * @addr: MC address of the next dword in memory
 * @left: dwords in memory from there on
 * @buf: dwords read from memory
 * @next: the next one in @buf
 * @have: dwords in @buf
 */
struct words {
	struct packet *p;
	uint32_t addr, left;
	uint32_t buf[256];
	unsigned int next, have;
};

static bool next_word(struct card *card, struct words *w, uint32_t *val)
{
	if (w->p)
		return packet_pull(card, w->p, val);
	if (w->next == w->have) {
		if (!w->left)
			return false;
		w->have = w->left < 256 ? w->left : 256;
		w->next = 0;
		mc_read(card, w->addr, w->buf, w->have * 4);
		w->addr += w->have * 4;
		w->left -= w->have;
	}
	*val = w->buf[w->next++];
	return true;
}

/* Copy the state and decode it. Returns false if the draw needs what is not modelled. */
static bool begin(struct card *card)
{
	struct r300 *r300 = card->r300;
	struct draw *d = &r300->draw;

	d->card = card;
	pthread_mutex_lock(&card->lock);
	memcpy(d->vport, &card->regs[REGS_VPORT / 4], sizeof(d->vport));
	memcpy(d->vap, &card->regs[REGS_VAP / 4], sizeof(d->vap));
	memcpy(d->regs, &card->regs[REGS_3D / 4], sizeof(d->regs));
	memcpy(d->pvs, r300->pvs, sizeof(d->pvs));
	pthread_mutex_unlock(&card->lock);
	memcpy(d->array, r300->array, sizeof(d->array));
	d->arrays = r300->arrays;
	d->passed = 0;
	zb_begin(d);
	rs_begin(d);
	return vap_begin(d) && cb_begin(d) && us_begin(d);
}

/* The stream of vertex number @n. Returns false if there is none. */
static bool get_stream(struct card *card, uint32_t cntl, uint32_t n, struct words *w,
		       uint32_t *word, uint32_t *stream)
{
	const struct draw *d = &card->r300->draw;

	switch (VF_WALK(cntl)) {
	case WALK_INDICES:
		if (cntl & VF_INDICES_32) {
			if (!next_word(card, w, word))
				return false;
			vap_fetch(d, *word, stream);
			return true;
		}
		if (!(n & 1) && !next_word(card, w, word))
			return false;
		vap_fetch(d, n & 1 ? *word >> 16 : *word & 0xffff, stream);
		return true;
	case WALK_LIST:
		vap_fetch(d, n, stream);
		return true;
	case WALK_EMBEDDED:
		memset(stream, 0, STREAM_DWORDS * 4);
		for (unsigned int i = 0; i < d->vertex_dwords; i++)
			if (!next_word(card, w, &stream[i]))
				return false;
		return true;
	}
	return false;
}

static void draw(struct card *card, uint32_t cntl, struct words *w)
{
	struct r300 *r300 = card->r300;
	struct assembler a = { .d = &r300->draw, .kind = VF_KIND(cntl) };
	uint32_t stream[STREAM_DWORDS], word = 0;

	if (!prim_known(a.kind)) {
		packet_bad(card, "kind of primitive", cntl);
		return;
	}
	if (!work_continue(card, DRAW_COST))
		return;
	if (!begin(card)) {
		stat_inc(card, draws_skipped);
		stat_add(card, vertices_skipped, VF_COUNT(cntl));
		return;
	}
	for (uint32_t n = 0; n < VF_COUNT(cntl); n++) {
		struct vertex v;

		if (!work_continue(card, a.d->vertex_cost) ||
		    !get_stream(card, cntl, n, w, &word, stream))
			break;
		vap_shade(a.d, stream, &v);
		prim_add(&a, &v);
	}
	prim_end(&a);
	r300->passed += a.d->passed;
	stat_inc(card, draws);
	stat_add(card, draw_vertices, a.count);
	stat_add(card, draw_pixels, a.d->passed);
	trace(TRACE_3D, "draw %08x: %u vertices, %u pixels passed", cntl, a.count, a.d->passed);
}

/**
 * r300_load_arrays() - packet 3D_LOAD_VBPNTR: where the vertices are
 * @card: card; engine thread, &card.lock not held
 * @p: packet
 * @op: its opcode
 */
void r300_load_arrays(struct card *card, struct packet *p, unsigned int op)
{
	struct r300 *r300 = card->r300;
	uint32_t count, format, addr;

	(void)op;
	stat_inc(card, packets_3d);
	r300->arrays = 0;
	if (!packet_pull(card, p, &count))
		return;
	count = ARRAY_COUNT(count);
	if (count > MAX_ARRAYS)
		count = MAX_ARRAYS;
	/* A dword describes two arrays, whose addresses follow. */
	for (uint32_t i = 0; i < count; i++) {
		if (!(i & 1) && !packet_pull(card, p, &format))
			return;
		if (!packet_pull(card, p, &addr))
			return;
		r300->array[i] = (struct vertex_array){
			.addr = addr,
			.size = format & 0xff,
			.stride = format >> 8 & 0xff,
		};
		format >>= 16;
		r300->arrays = i + 1;
	}
}

/**
 * r300_draw() - packets 3D_DRAW_VBUF_2, 3D_DRAW_IMMD_2, 3D_DRAW_INDX_2
 * @card: card; engine thread, &card.lock not held
 * @p: packet
 * @op: its opcode
 */
void r300_draw(struct card *card, struct packet *p, unsigned int op)
{
	struct r300 *r300 = card->r300;
	struct words words = { .p = p };
	uint32_t cntl;

	stat_inc(card, packets_3d);
	atomic_store(&r300->indexed, false);
	if (!packet_pull(card, p, &cntl))
		return;
	/* Without indices they come with INDX_BUFFER. */
	if (op == PACKET3_3D_DRAW_INDX_2 && !p->left) {
		r300->vf_cntl = cntl;
		atomic_store(&r300->indexed, true);
		return;
	}
	draw(card, cntl, &words);
}

/**
 * r300_index_buffer() - packet INDX_BUFFER: where the indices of a draw are
 * @card: card; engine thread, &card.lock not held
 * @p: packet
 * @op: its opcode
 */
void r300_index_buffer(struct card *card, struct packet *p, unsigned int op)
{
	struct r300 *r300 = card->r300;
	struct words words = { 0 };
	uint32_t where;

	(void)op;
	stat_inc(card, packets_3d);
	if (!packet_pull(card, p, &where) || !packet_pull(card, p, &words.addr) ||
	    !packet_pull(card, p, &words.left) || !atomic_exchange(&r300->indexed, false))
		return;
	words.left = INDEX_DWORDS(words.left);
	draw(card, r300->vf_cntl, &words);
}

static void pvs_write(struct card *card, uint32_t off, uint32_t val, enum reg_source source)
{
	struct r300 *r300 = card->r300;

	(void)source;
	card->regs[off / 4] = val;
	if (off == REG_R300_VAP_PVS_VECTOR_INDX_REG) {
		r300->pvs_at = (val & VECTOR_MASK) * 4;
	} else if (r300->pvs_at < PVS_VECTORS * 4) {
		r300->pvs[r300->pvs_at / 4][r300->pvs_at % 4] = val;
		r300->pvs_at++;
	}
}

static const struct reg_ops pvs_ops = {
	.write = pvs_write,
};

/* Occlusion queries: one register sets the count, the other has it written to memory. */
struct query {
	uint32_t off, val;
};

static void run_query(struct card *card, const void *data)
{
	const struct query *query = data;

	if (query->off == REG_R300_ZB_ZPASS_DATA)
		card->r300->passed = query->val;
	else
		mc_write(card, query->val & ~3u, &card->r300->passed,
			 sizeof(card->r300->passed));
}

static void query_write(struct card *card, uint32_t off, uint32_t val, enum reg_source source)
{
	struct query query = { off, val };
	struct command cmd;

	card->regs[off / 4] = val;
	command_set(&cmd, run_query, &query);
	work_post(card, &cmd, source);
}

static const struct reg_ops query_ops = {
	.write = query_write,
};

static int init(struct card *card)
{
	card->r300 = calloc(1, sizeof(*card->r300));
	if (!card->r300)
		return -ENOMEM;
	card_claim_regs(card, REG_R300_VAP_PVS_VECTOR_INDX_REG, REG_R300_VAP_PVS_VECTOR_INDX_REG,
			&pvs_ops);
	card_claim_regs(card, REG_R300_VAP_PVS_UPLOAD_DATA, REG_R300_VAP_PVS_UPLOAD_DATA, &pvs_ops);
	card_claim_regs(card, REG_R300_ZB_ZPASS_DATA, REG_R300_ZB_ZPASS_ADDR, &query_ops);
	return 0;
}

static void cancel(struct card *card)
{
	atomic_store(&card->r300->indexed, false);
}

static void reset(struct card *card)
{
	memset(card->r300->pvs, 0, sizeof(card->r300->pvs));
	card->r300->pvs_at = 0;
	cancel(card);
}

static void fini(struct card *card)
{
	free(card->r300);
	card->r300 = NULL;
}

const struct block r300_block = {
	.init = init, .reset = reset, .fini = fini, .cancel = cancel,
};
