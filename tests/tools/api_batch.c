/*
 * tests/tools/api_batch.c - drives the registry for tests: api-batch URI [ARTIFACT_ROOT], then
 * registry/batch.h's lines on stdin and stdout. Makes the database when it is not there.
 */
#include <stdio.h>

#include "registry/batch.h"

int main(int argc, char **argv)
{
	struct pd_env env;
	struct pd_err err = { 0 };
	struct pd_registry *r = NULL;
	struct pd_registry_opts opts = {
		.tracking_uri = argc > 1 ? argv[1] : NULL,
		.artifact_root = argc > 2 ? argv[2] : NULL,
		.create = true,
		.for_clients = true,
	};
	pd_env_init(&env);
	enum pd_code code = pd_registry_open(&env, &opts, &r, &err);
	if (code == PD_OK)
		code = pd_batch_run(r, stdin, stdout, &err);
	pd_registry_close(r);
	if (code != PD_OK)
		fprintf(stderr, "api-batch: %s: %s\n", pd_code_name(code), err.text);
	return code != PD_OK;
}
