#include "registry/local_tracking.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"

/* Short ones, so that two and a number up to 1000 fit into 20 characters: 7 + 1 + 7 + 1 + 4. */
static const char *const adjectives[] = {
	"able",   "agile",  "amber",  "ample",  "azure",  "bold",    "brave",  "breezy", "bright",
	"brisk",  "calm",   "candid", "clear",  "clever", "cool",    "cosmic", "crisp",  "dapper",
	"daring", "deep",   "eager",  "early",  "exact",  "fair",    "famous", "fine",   "fleet",
	"fresh",  "gentle", "glad",   "golden", "grand",  "happy",   "hardy",  "honest", "humble",
	"jolly",  "keen",   "kind",   "lively", "loyal",  "lucid",   "lucky",  "mellow", "merry",
	"mighty", "modest", "neat",   "nimble", "noble",  "patient", "placid", "plucky", "polite",
	"proud",  "quick",  "quiet",  "rapid",  "ready",  "robust",  "serene", "sharp",  "silent",
	"silver", "smart",  "snug",   "solid",  "spry",   "steady",  "sunny",  "swift",  "tidy",
	"upbeat", "vivid",  "warm",   "wise",   "witty",  "zesty",
};

static const char *const nouns[] = {
	"acorn",  "alder",  "aspen",  "badger",  "beacon",  "birch",  "breeze", "brook",   "canyon",
	"cedar",  "cliff",  "cloud",  "comet",   "coral",   "cove",   "crane",  "creek",   "dune",
	"elm",    "falcon", "fern",   "fjord",   "forest",  "garden", "glade",  "grove",   "harbor",
	"hazel",  "heron",  "hill",   "island",  "juniper", "lagoon", "lake",   "larch",   "lark",
	"maple",  "marsh",  "meadow", "mesa",    "moon",    "moss",   "oak",    "ocean",   "olive",
	"orchid", "otter",  "peak",   "pebble",  "pine",    "plain",  "pond",   "prairie", "quartz",
	"rain",   "reef",   "ridge",  "river",   "robin",   "sage",   "shore",  "spruce",  "star",
	"stone",  "stream", "summit", "thicket", "tide",    "trail",  "valley", "willow",  "wren",
};

static uint32_t draw(const char *hex, size_t below)
{
	char digits[9];
	memcpy(digits, hex, 8);
	digits[8] = '\0';
	return (uint32_t)(strtoul(digits, NULL, 16) % below);
}

void pd_run_name(char out[PD_RUN_NAME_MAX])
{
	char hex[25];
	pd_random_hex(hex, 12);
	snprintf(out, PD_RUN_NAME_MAX, "%s-%s-%u", adjectives[draw(hex, PD_LEN(adjectives))],
		 nouns[draw(hex + 8, PD_LEN(nouns))], draw(hex + 16, 1001));
}
