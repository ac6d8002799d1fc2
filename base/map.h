/*
 * base/map.h - a hash table from text to a 32-bit number: vocabularies, attribute names, archive
 * members. Keys are borrowed and must live as long as the map; memory comes from the arena.
 * Reading is safe from many threads once building is over.
 */
#ifndef PD_BASE_MAP_H
#define PD_BASE_MAP_H

#include "base/arena.h"

struct pd_map_slot {
	const char *p;
	uint32_t n;    /* key bytes */
	uint32_t hash; /* never 0 in a used slot */
	uint32_t value;
};

struct pd_map {
	struct pd_arena *arena; /* kept */
	struct pd_map_slot *slots;
	size_t n_slots; /* a power of two, or 0 */
	size_t n;       /* keys */
};

void pd_map_init(struct pd_map *m, struct pd_arena *arena);

/* Set key to value; the last one wins. PD_TOO_LARGE: key over 4 GiB, or no room in the arena. */
PD_MUST enum pd_code pd_map_put(struct pd_map *m, struct pd_str key, uint32_t value,
				struct pd_err *err);

bool pd_map_find(const struct pd_map *m, struct pd_str key, uint32_t *out_value);

/* Never 0. */
uint32_t pd_map_hash(struct pd_str key);

/* The same hash of a key that lies in pieces, as "name", "=", "value": begin, then more for each
 * piece; pd_map_find_parts looks up their concatenation without building it. */
static inline uint64_t pd_map_hash_begin(void)
{
	return 0xcbf29ce484222325u;
}

static inline uint64_t pd_map_hash_more(uint64_t h, struct pd_str piece)
{
	for (size_t i = 0; i < piece.n; i++)
		h = (h ^ (unsigned char)piece.p[i]) * 0x100000001b3u;
	return h;
}

/* h: of all the parts in order. */
bool pd_map_find_parts(const struct pd_map *m, const struct pd_str *parts, size_t n_parts,
		       uint64_t h, uint32_t *out_value);

#endif
