/*
 * Runs a fuzz target over files, without a fuzzing engine: every argument is a file, or a folder
 * whose files are run. With no argument the one input is empty. Any compiler will do; crashes are
 * what is looked for, so there is nothing to print but a count.
 */
#include <dirent.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/file.h"
#include "base/mem.h"

#define INPUT_MAX_BYTES (64u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t n_inputs;

static enum pd_code run_file(const char *path, struct pd_err *err)
{
	PD_AUTO(pd_buf) bytes = { 0 };
	pd_buf_init(&bytes, INPUT_MAX_BYTES);
	PD_TRY(pd_file_read(&bytes, path, err));
	PD_TRY(pd_buf_check(&bytes, path, err));
	/* An exact heap copy, so that a memory checker sees one byte read too far. */
	PD_AUTO_FREE uint8_t *copy = pd_xmalloc(bytes.n);
	if (bytes.n)
		memcpy(copy, bytes.p, bytes.n);
	LLVMFuzzerTestOneInput(copy, bytes.n);
	n_inputs++;
	return PD_OK;
}

static enum pd_code run_dir(const char *path, struct pd_err *err)
{
	PD_AUTO_DIR DIR *dir = opendir(path);
	if (!dir)
		return pd_fail(err, PD_IO, "cannot open %s", path);
	const struct dirent *entry;
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		PD_AUTO_FREE char *file = pd_path_join(path, entry->d_name);
		PD_TRY(run_file(file, err));
	}
	return PD_OK;
}

int main(int argc, char **argv)
{
	struct pd_err err = { 0 };
	static const uint8_t nothing[1];
	LLVMFuzzerTestOneInput(nothing, 0);
	for (int i = 1; i < argc; i++) {
		enum pd_code code = pd_path_is_dir(argv[i]) ? run_dir(argv[i], &err)
							    : run_file(argv[i], &err);
		if (code != PD_OK) {
			fprintf(stderr, "%s\n", err.text);
			return 1;
		}
	}
	printf("%zu inputs\n", n_inputs);
	return 0;
}
