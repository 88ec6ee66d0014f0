/* SPDX-License-Identifier: BSD-3-Clause */
#include "input/input.h"

#include <stdlib.h>

#include "base/file.h"
#include "input/bom.h"

bool
input_read(const char *path, size_t max, struct input *input, struct error *err)
{
	const char *encoding;
	size_t skip;

	if (!file_read(path, max, &input->octets, &input->size, err))
		return false;
	encoding = bom_encoding(input->octets, input->size);
	if (encoding != NULL) {
		free(input->octets);
		return error_set(
		    err, "%s: is %s: save it as UTF-8", path, encoding);
	}
	skip = bom_len(input->octets, input->size);
	input->text = input->octets + skip;
	input->len = input->size - skip;
	return true;
}

const char *
input_control(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if ((c >= ' ' && c != 0x7f) || c == '\t' || c == '\n')
			continue;
		if (c != '\r' || (i + 1 < len && text[i + 1] != '\n'))
			return &text[i];
	}
	return NULL;
}
