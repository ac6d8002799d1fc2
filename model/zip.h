/*
 * model/zip.h - members of a ZIP archive in memory, looked up by name.
 * Our own reader rather than libarchive: a stored member is a slice of the mapped file (an array
 * of 100 MB costs nothing to open), names are found by hash (a skops file may have 100,000
 * members), and every claim of the archive is checked before any of it is used.
 */
#ifndef PD_MODEL_ZIP_H
#define PD_MODEL_ZIP_H

#include "base/map.h"
#include "model/inflate.h"

struct pd_zip_member {
	struct pd_str name;
	size_t header_at; /* of its local header */
	size_t data_at;
	size_t packed; /* bytes in the archive */
	size_t size;   /* bytes when plain */
	uint32_t crc;
	uint16_t method; /* 0 stored, 8 deflated */
};

struct pd_zip {
	struct pd_str bytes;
	struct pd_inflate *inflate; /* kept */
	struct pd_zip_member *members;
	size_t n_members;
	struct pd_map index;
};

/*
 * Read the directory of the archive in `bytes` (kept). PD_CORRUPT: not an archive, or one whose
 * members have unsafe or equal names, overlap, or reach outside.  PD_UNSUPPORTED: encrypted, split
 * or packed by another method.
 */
PD_MUST enum pd_code pd_zip_open(struct pd_zip *z, struct pd_str bytes, struct pd_inflate *inflate,
				 struct pd_err *err);

/* NULL: no such member. */
const struct pd_zip_member *pd_zip_find(const struct pd_zip *z, struct pd_str name);

/* The plain bytes, checksum verified; a slice of the archive when stored. PD_CORRUPT,
 * PD_TOO_LARGE. */
PD_MUST enum pd_code pd_zip_read(const struct pd_zip *z, const struct pd_zip_member *m,
				 struct pd_str *out, struct pd_err *err);

#endif
