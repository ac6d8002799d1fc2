/*
 * registry/page.h - MLflow's page tokens: base64 of {"offset": N}, so that a token from one server
 * works at the other. Source: mlflow/utils/search_utils.py.
 */
#ifndef PD_REGISTRY_PAGE_H
#define PD_REGISTRY_PAGE_H

#include <jansson.h>

#include "base/buf.h"

#define PD_PAGE_TOKEN_MAX 4096 /* bytes of a token that is looked at */

/* An empty token is offset 0. PD_INVALID in MLflow's words. */
PD_MUST enum pd_code pd_page_offset(struct pd_str token, int64_t *out, struct pd_err *err);

json_t *pd_page_token(int64_t offset); /* given */

/* Any text as a token (given), and back: false when it is not base64. */
json_t *pd_page_token_of(struct pd_str text);
PD_MUST bool pd_page_token_text(struct pd_str token, struct pd_buf *out);

#endif
