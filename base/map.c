#include "base/map.h"

/* FNV-1a with a final mix. An enemy who picks keys can only slow down his own model. */
static uint32_t hash_end(uint64_t h)
{
	h ^= h >> 32;
	h *= 0x9e3779b97f4a7c15u;
	uint32_t folded = (uint32_t)(h >> 32);
	return folded ? folded : 1;
}

uint32_t pd_map_hash(struct pd_str key)
{
	return hash_end(pd_map_hash_more(pd_map_hash_begin(), key));
}

void pd_map_init(struct pd_map *m, struct pd_arena *arena)
{
	*m = (struct pd_map){ .arena = arena };
}

static struct pd_map_slot *slot_for(const struct pd_map *m, struct pd_str key, uint32_t hash)
{
	size_t mask = m->n_slots - 1;
	for (size_t i = hash & mask;; i = (i + 1) & mask) {
		struct pd_map_slot *s = &m->slots[i];
		if (!s->hash)
			return s;
		if (s->hash == hash && pd_str_eq(pd_str_of(s->p, s->n), key))
			return s;
	}
}

static enum pd_code grow(struct pd_map *m, struct pd_err *err)
{
	struct pd_map bigger = { .arena = m->arena, .n_slots = m->n_slots ? m->n_slots * 2 : 16 };
	PD_TRY(pd_arena_try(m->arena, bigger.n_slots, sizeof(*m->slots), &bigger.slots, err));
	for (size_t i = 0; i < m->n_slots; i++) {
		const struct pd_map_slot *s = &m->slots[i];
		if (s->hash)
			*slot_for(&bigger, pd_str_of(s->p, s->n), s->hash) = *s;
	}
	bigger.n = m->n;
	*m = bigger;
	return PD_OK;
}

enum pd_code pd_map_put(struct pd_map *m, struct pd_str key, uint32_t value, struct pd_err *err)
{
	if (key.n > UINT32_MAX)
		return pd_fail(err, PD_TOO_LARGE, "a key of %zu bytes", key.n);
	if (m->n * 4 >= m->n_slots * 3)
		PD_TRY(grow(m, err));
	uint32_t hash = pd_map_hash(key);
	struct pd_map_slot *s = slot_for(m, key, hash);
	if (!s->hash)
		m->n++;
	*s = (struct pd_map_slot){ key.p, (uint32_t)key.n, hash, value };
	return PD_OK;
}

bool pd_map_find(const struct pd_map *m, struct pd_str key, uint32_t *out_value)
{
	if (!m->n_slots || key.n > UINT32_MAX)
		return false;
	const struct pd_map_slot *s = slot_for(m, key, pd_map_hash(key));
	if (!s->hash)
		return false;
	*out_value = s->value;
	return true;
}

static bool parts_eq(const struct pd_map_slot *s, const struct pd_str *parts, size_t n_parts)
{
	struct pd_str rest = pd_str_of(s->p, s->n);
	for (size_t i = 0; i < n_parts; i++) {
		if (!pd_str_starts(rest, parts[i]))
			return false;
		rest = pd_str_skip(rest, parts[i].n);
	}
	return rest.n == 0;
}

bool pd_map_find_parts(const struct pd_map *m, const struct pd_str *parts, size_t n_parts,
		       uint64_t h, uint32_t *out_value)
{
	if (!m->n_slots)
		return false;
	uint32_t hash = hash_end(h);
	size_t mask = m->n_slots - 1;
	for (size_t i = hash & mask; m->slots[i].hash; i = (i + 1) & mask) {
		if (m->slots[i].hash == hash && parts_eq(&m->slots[i], parts, n_parts)) {
			*out_value = m->slots[i].value;
			return true;
		}
	}
	return false;
}
