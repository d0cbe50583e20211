// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * bench-chart: the picture of "make bench": what a BO costs, cold against warm, stock
 * beside new.
 *
 *   bench-chart PNG TITLE <LINES
 *
 * A line is a group of bars: LABEL STOCK_COLD STOCK_WARM NEW_COLD NEW_WARM, in
 * microseconds; an underscore in the label is shown as a space.
 */
#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lab/guest/lab_font.h"
#include "../lab/guest/lab_image.h"

#define WIDTH		960u
#define HEIGHT		540u
#define LEFT		24u
#define TOP		120u		/* of the tallest bar */
#define BOTTOM		460u
#define BAR		42u
#define GAP		8u
#define GROUPS_MAX	4u
#define BARS		4u

#define PAPER		0xffffff
#define INK		0x202830
#define FAINT		0xd8dce0

static const struct {
	const char *name;
	uint32_t color;
} bars[BARS] = {
	{ "stock, cold", 0xc04020 },
	{ "stock, warm", 0xf0b0a0 },
	{ "new, cold", 0x2060b0 },
	{ "new, warm", 0xa8c8f0 },
};

struct group {
	char label[64];
	double value[BARS];
};

static void centered(struct lab_image *image, unsigned int x, unsigned int y, const char *text,
		     unsigned int scale)
{
	unsigned int width = lab_image_text_width(text, scale);

	lab_image_text(image, x > width / 2 ? x - width / 2 : 0, y, text, scale, INK);
}

static size_t read_groups(struct group *groups)
{
	size_t n = 0;
	char *c;

	while (n < GROUPS_MAX) {
		struct group *g = &groups[n];

		if (scanf("%63s %lf %lf %lf %lf", g->label, &g->value[0], &g->value[1],
			  &g->value[2], &g->value[3]) != 5)
			break;
		for (c = g->label; *c; c++)
			if (*c == '_')
				*c = ' ';
		n++;
	}
	return n;
}

static void legend(struct lab_image *image)
{
	unsigned int i, x = LEFT, y = 64;

	for (i = 0; i < BARS; i++) {
		lab_image_rect(image, x, y, 14, 14, bars[i].color);
		lab_image_text(image, x + 20, y, bars[i].name, 2, INK);
		x += 40 + lab_image_text_width(bars[i].name, 2);
	}
}

static void draw(struct lab_image *image, const struct group *groups, size_t count,
		 const char *title)
{
	unsigned int step = (WIDTH - 2 * LEFT) / count;
	unsigned int first = (step - BARS * BAR - (BARS - 1) * GAP) / 2;
	double max = 0;
	size_t g, i;

	for (g = 0; g < count; g++)
		for (i = 0; i < BARS; i++)
			if (groups[g].value[i] > max)
				max = groups[g].value[i];
	if (max <= 0)
		max = 1;

	lab_image_rect(image, 0, 0, WIDTH, HEIGHT, PAPER);
	lab_image_text(image, LEFT, 24, title, 2, INK);
	legend(image);
	for (i = 0; i <= 4; i++)
		lab_image_rect(image, LEFT, BOTTOM - i * (BOTTOM - TOP) / 4, WIDTH - 2 * LEFT, 1,
			       i ? FAINT : INK);
	for (g = 0; g < count; g++) {
		unsigned int x = LEFT + g * step + first;

		for (i = 0; i < BARS; i++, x += BAR + GAP) {
			unsigned int height = groups[g].value[i] / max * (BOTTOM - TOP);
			char text[16];

			lab_image_rect(image, x, BOTTOM - height, BAR, height, bars[i].color);
			snprintf(text, sizeof(text), "%.0f", groups[g].value[i]);
			centered(image, x + BAR / 2, BOTTOM - height - 18, text, 2);
		}
		centered(image, LEFT + g * step + step / 2, BOTTOM + 16, groups[g].label, 2);
	}
	lab_image_text(image, LEFT, HEIGHT - 28,
		       "CPU time per BO in microseconds: create, map, write", 2, INK);
}

static int write_png(const struct lab_image *image, const char *path)
{
	size_t i, count = (size_t)image->width * image->height;
	png_image png = {
		.version = PNG_IMAGE_VERSION,
		.width = image->width,
		.height = image->height,
		.format = PNG_FORMAT_RGB,
	};
	uint8_t *rgb = malloc(count * 3);
	int ok;

	if (!rgb)
		return -1;
	for (i = 0; i < count; i++) {
		rgb[i * 3] = image->pixels[i] >> 16;
		rgb[i * 3 + 1] = image->pixels[i] >> 8;
		rgb[i * 3 + 2] = image->pixels[i];
	}
	ok = png_image_write_to_file(&png, path, 0, rgb, 0, NULL);
	free(rgb);
	return ok ? 0 : -1;
}

int main(int argc, char **argv)
{
	struct group groups[GROUPS_MAX];
	struct lab_image image;
	size_t count;

	if (argc != 3) {
		fprintf(stderr, "usage: bench-chart PNG TITLE <LINES\n");
		return 2;
	}
	count = read_groups(groups);
	if (!count) {
		fprintf(stderr, "bench-chart: no line 'LABEL N N N N' to draw\n");
		return 1;
	}
	image = lab_image_new(WIDTH, HEIGHT);
	draw(&image, groups, count, argv[2]);
	if (write_png(&image, argv[1])) {
		fprintf(stderr, "bench-chart: cannot write %s\n", argv[1]);
		return 1;
	}
	lab_image_free(&image);
	return 0;
}
