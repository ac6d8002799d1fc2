# podium - one file, not recursive. `make help` lists the targets.
#
# Knobs (make NAME=VALUE, or in the environment):
#   CC           compiler, gcc or clang            (gcc)
#   OPT          optimisation flags                (-O2)
#   DEVELOPER=1  all warnings, as errors
#   SAN=LIST     sanitizers: address,undefined or thread
#   V=1          show the commands
#   prefix       where `install` puts things       (/usr/local); DESTDIR before it
#   NPROC        jobs used by the test targets     (all cores)

MAKEFLAGS += --no-builtin-rules --no-builtin-variables
.SUFFIXES:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := all
SHELL = /bin/bash

CC = gcc
OPT = -O2
PKG_CONFIG = pkg-config
prefix = /usr/local
NPROC := $(shell nproc)
Q = $(if $(V),,@)
say = $(if $(V),,@printf '  %-7s %s\n' $(1) $(2);)

# A build of its own for every compiler and sanitizer.
comma = ,
VARIANT := $(notdir $(CC))$(if $(SAN),-$(subst $(comma),-,$(SAN)))
B := build/$(VARIANT)

PKGS = sqlite3 jansson libcrypto libmicrohttpd yaml-0.1 zlib libarchive
PKG_CFLAGS := $(shell $(PKG_CONFIG) --cflags $(PKGS) 2>/dev/null)
PKG_LIBS := $(shell $(PKG_CONFIG) --libs $(PKGS) 2>/dev/null)

WARN = -Wall -Wextra
ifdef DEVELOPER
WARN += -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wformat=2 \
	-Wimplicit-fallthrough -Werror
endif
# Predictions must not depend on a compiler's choice to fuse: no contraction, no fast math.
CFLAGS = -std=c17 -D_GNU_SOURCE $(OPT) -g -fno-omit-frame-pointer -ffp-contract=off \
	-fno-fast-math -fstack-protector-strong -fPIE -pthread $(WARN) -I. -include base/banned.h \
	$(PKG_CFLAGS)
LDFLAGS = -pie -pthread -Wl,-z,relro,-z,now -Wl,--as-needed
LIBS = $(PKG_LIBS) -lm
ifdef SAN
CFLAGS += -fsanitize=$(SAN) -fno-sanitize-recover=all
LDFLAGS += -fsanitize=$(SAN)
ifneq ($(findstring address,$(SAN)),)
CFLAGS += -DPD_ARENA_DEBUG
endif
else
CFLAGS += -D_FORTIFY_SOURCE=2
endif

# ---------------------------------------------------------------- sources, one a line, by room

SRC_base = \
	base/arena.c \
	base/buf.c \
	base/env.c \
	base/err.c \
	base/file.c \
	base/json.c \
	base/map.c \
	base/mem.c \
	base/reader.c \
	base/str.c

SRC_schema = \
	schema/errors.c

SRC_store = \
	store/db.c

SRC_model = \
	model/frame.c \
	model/text.c

SRC_registry = \
	# registry/

SRC_serve = \
	# serve/

SRC_cmd = \
	# cmd/

UNIT = \
	tests/unit/base/test_arena.c \
	tests/unit/base/test_buf.c \
	tests/unit/base/test_err.c \
	tests/unit/base/test_file.c \
	tests/unit/base/test_str.c \
	tests/unit/model/test_frame.c \
	tests/unit/store/test_db.c

LIB_SRC = $(SRC_base) $(SRC_schema) $(SRC_store) $(SRC_model) $(SRC_registry) $(SRC_serve) \
	$(SRC_cmd)
LIB_OBJ = $(LIB_SRC:%.c=$(B)/%.o)
UNIT_OBJ = $(UNIT:%.c=$(B)/%.o) $(B)/tests/unit/main.o

# ---------------------------------------------------------------- build

.PHONY: all
all: $(B)/podium ## build the program

$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(CFLAGS) -MMD -MP -c -o $@ $<

$(B)/libpodium.a: $(LIB_OBJ)
	@rm -f $@
	$(call say,AR,$@)ar rcs $@ $^

$(B)/podium: $(B)/cmd/main.o $(B)/libpodium.a
	$(call say,LD,$@)$(CC) $(LDFLAGS) -o $@ $^ $(LIBS)
	@ln -sfn $(VARIANT)/podium build/podium

$(B)/unit-tests: $(UNIT_OBJ) $(B)/libpodium.a
	$(call say,LD,$@)$(CC) $(LDFLAGS) -o $@ $^ $(LIBS) -lcmocka

-include $(LIB_OBJ:.o=.d) $(UNIT_OBJ:.o=.d) $(B)/cmd/main.d

# ---------------------------------------------------------------- tests

.PHONY: unit
unit: $(B)/unit-tests ## unit tests of this variant
	$(Q)$(B)/unit-tests

.PHONY: check
check: all unit ## the fast loop: units and a smoke test

.PHONY: clean
clean: ## remove what was built, keep the private venv
	$(Q)rm -rf build/gcc* build/clang* build/podium

.PHONY: help
help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 16
