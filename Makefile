# podium - one file, not recursive. `make help` lists the targets.
#
# Knobs (make NAME=VALUE, or in the environment):
#   CC           compiler, gcc or clang            (gcc)
#   OPT          optimisation flags                (-O2)
#   DEVELOPER=1  all warnings, as errors
#   SAN=LIST     sanitizers: address,undefined or thread
#   FUZZER=1     with clang's libFuzzer (the `fuzz` target sets it)
#   V=1          show the commands
#   prefix       where `install` puts things       (/usr/local); DESTDIR before it
#   NPROC        jobs used by the test targets     (all cores)
#   PYTHON       interpreter the private venv is made from (/usr/bin/python3)
#   VENV         a ready venv with tests/deps/requirements.txt in it (build/venv)
#   FUZZ_SECONDS how long `fuzz` runs each target  (60)
#   TESTS        what `check-e2e` hands to pytest  (tests/e2e)

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
PYTHON = /usr/bin/python3
VENV = build/venv
FUZZ_SECONDS = 60
TESTS = tests/e2e
Q = $(if $(V),,@)
say = $(if $(V),,@printf '  %-7s %s\n' $(1) $(2);)

# A build of its own for every compiler and sanitizer.
comma = ,
VARIANT := $(notdir $(CC))$(if $(SAN),-$(subst $(comma),-,$(SAN)))$(if $(FUZZER),-fuzzer)
B := build/$(VARIANT)

PKGS = sqlite3 jansson libcrypto libmicrohttpd yaml-0.1 zlib libarchive
PKG_CFLAGS := $(shell $(PKG_CONFIG) --cflags $(PKGS) libcurl 2>/dev/null)
PKG_LIBS := $(shell $(PKG_CONFIG) --libs $(PKGS) 2>/dev/null)

WARN = -Wall -Wextra -Werror=implicit-function-declaration -Werror=incompatible-pointer-types
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
ifdef FUZZER
CFLAGS += -fsanitize=fuzzer-no-link
endif

# ---------------------------------------------------------------- sources, one a line, by room

SRC_base = \
	base/arena.c \
	base/buf.c \
	base/curl.c \
	base/env.c \
	base/err.c \
	base/file.c \
	base/http_client.c \
	base/json.c \
	base/lib.c \
	base/map.c \
	base/mem.c \
	base/num.c \
	base/reader.c \
	base/str.c \
	base/url.c \
	base/word.c \

SRC_schema = \
	schema/errors.c \
	schema/methods.c \
	schema/request.c \
	schema/revisions.c \
	schema/route.c \
	schema/tables.c \
	schema/tables_gateway.c \
	schema/tables_traces.c \

SRC_store = \
	store/artifact.c \
	store/artifact_file.c \
	store/artifact_http.c \
	store/db.c \
	store/host.c \
	store/host_policy.c \
	store/tree.c \
	store/tree_copy.c \

SRC_model = \
	model/array.c \
	model/attr.c \
	model/bigint.c \
	model/bundle.c \
	model/chain.c \
	model/convert.c \
	model/dir.c \
	model/dtype.c \
	model/enforce.c \
	model/file.c \
	model/flow.c \
	model/frame.c \
	model/inflate.c \
	model/inspect.c \
	model/joblib.c \
	model/kernel/boost.c \
	model/kernel/forest.c \
	model/kernel/forest_build.c \
	model/kernel/sums.c \
	model/lightgbm/booster.c \
	model/lightgbm/text.c \
	model/literal.c \
	model/mlmodel.c \
	model/model.c \
	model/node.c \
	model/npy.c \
	model/pickle.c \
	model/pickle_call.c \
	model/pickle_numpy.c \
	model/pickle_value.c \
	model/recognise.c \
	model/repickle.c \
	model/signature.c \
	model/sklearn/adaboost.c \
	model/sklearn/bagging.c \
	model/sklearn/boosting.c \
	model/sklearn/categories.c \
	model/sklearn/column_scalers.c \
	model/sklearn/column_transformer.c \
	model/sklearn/dict_vectorizer.c \
	model/sklearn/dummy.c \
	model/sklearn/feature_union.c \
	model/sklearn/forest.c \
	model/sklearn/function_transformer.c \
	model/sklearn/gradient_boosting.c \
	model/sklearn/hist_boosting.c \
	model/sklearn/isolation_forest.c \
	model/sklearn/kmeans.c \
	model/sklearn/linear.c \
	model/sklearn/linear_classifier.c \
	model/sklearn/linear_form.c \
	model/sklearn/logistic.c \
	model/sklearn/missing.c \
	model/sklearn/naive_bayes.c \
	model/sklearn/nested.c \
	model/sklearn/normalizer.c \
	model/sklearn/one_hot_encoder.c \
	model/sklearn/ordinal_encoder.c \
	model/sklearn/polynomial.c \
	model/sklearn/power_transformer.c \
	model/sklearn/projection.c \
	model/sklearn/select.c \
	model/sklearn/nested.c \
	model/sklearn/one_hot_encoder.c \
	model/sklearn/ordinal_encoder.c \
	model/sklearn/simple_imputer.c \
	model/sklearn/standard_scaler.c \
	model/sklearn/target_encoder.c \
	model/sklearn/transformed_target.c \
	model/sklearn/tree.c \
	model/sklearn/tree_read.c \
	model/sklearn/voting.c \
	model/skops.c \
	model/skops_array.c \
	model/step.c \
	model/text.c \
	model/xgboost/booster.c \
	model/xgboost/learner.c \
	model/xgboost/predict.c \
	model/xgboost/ubjson.c \
	model/zip.c \

SRC_registry = \
	registry/batch.c \
	registry/check.c \
	registry/filter_check.c \
	registry/filter_group.c \
	registry/filter_lex.c \
	registry/filter_list.c \
	registry/filter_logged.c \
	registry/filter_order.c \
	registry/filter_parse.c \
	registry/filter_text.c \
	registry/local.c \
	registry/local_aliases.c \
	registry/local_artifacts.c \
	registry/local_experiments.c \
	registry/local_inputs.c \
	registry/local_logged_models.c \
	registry/local_metrics.c \
	registry/local_models.c \
	registry/local_open.c \
	registry/local_run_data.c \
	registry/local_runs.c \
	registry/local_search.c \
	registry/local_search_logged.c \
	registry/local_search_models.c \
	registry/local_search_runs.c \
	registry/local_version_source.c \
	registry/local_versions.c \
	registry/page.c \
	registry/registry.c \
	registry/remote.c \
	registry/resolve.c \
	registry/run_name.c \
	registry/search_sql.c \
	registry/uri.c \
	registry/writer.c \

SRC_serve = \
	serve/bulk.c \
	serve/bulk_csv.c \
	serve/bulk_jsonl.c \
	serve/csv_in.c \
	serve/events.c \
	serve/http.c \
	serve/http_answer.c \
	serve/http_conn.c \
	serve/http_log.c \
	serve/json_in.c \
	serve/metrics.c \
	serve/mhd.c \
	serve/read_json.c \
	serve/recipe.c \
	serve/rows.c \
	serve/score.c \
	serve/service.c \
	serve/tracking.c \
	serve/tracking_file.c \
	serve/tracking_guard.c \
	serve/tracking_reply.c \
	serve/tracking_rest.c \
	serve/tracking_store.c \
	serve/write_json.c \

SRC_cmd = \
	cmd/alias.c \
	cmd/api.c \
	cmd/artifacts.c \
	cmd/child.c \
	cmd/complete.c \
	cmd/completion.c \
	cmd/ctx.c \
	cmd/dispatch.c \
	cmd/dump.c \
	cmd/dump_bash.c \
	cmd/dump_fish.c \
	cmd/dump_man.c \
	cmd/dump_methods.c \
	cmd/dump_zsh.c \
	cmd/experiments.c \
	cmd/fetch.c \
	cmd/find.c \
	cmd/git.c \
	cmd/help.c \
	cmd/inspect.c \
	cmd/locate.c \
	cmd/log.c \
	cmd/log_data.c \
	cmd/log_model.c \
	cmd/models.c \
	cmd/models_versions.c \
	cmd/noun.c \
	cmd/opt.c \
	cmd/out.c \
	cmd/predict.c \
	cmd/publish.c \
	cmd/register.c \
	cmd/rest.c \
	cmd/run.c \
	cmd/runs.c \
	cmd/serve.c \
	cmd/server.c \
	cmd/start.c \
	cmd/stay.c \
	cmd/stop.c \
	cmd/transfer.c \
	cmd/version.c \

UNIT = \
	tests/unit/base/test_arena.c \
	tests/unit/base/test_buf.c \
	tests/unit/base/test_err.c \
	tests/unit/base/test_file.c \
	tests/unit/base/test_json.c \
	tests/unit/base/test_lib.c \
	tests/unit/base/test_map.c \
	tests/unit/base/test_num.c \
	tests/unit/base/test_str.c \
	tests/unit/base/test_url.c \
	tests/unit/cmd/test_git.c \
	tests/unit/cmd/test_opt.c \
	tests/unit/model/test_bundle.c \
	tests/unit/model/test_forest.c \
	tests/unit/model/test_frame.c \
	tests/unit/model/test_literal.c \
	tests/unit/model/test_mlmodel.c \
	tests/unit/model/test_node.c \
	tests/unit/model/test_pickle.c \
	tests/unit/model/test_signature.c \
	tests/unit/model/test_sums.c \
	tests/unit/model/test_zip.c \
	tests/unit/registry/test_check.c \
	tests/unit/registry/test_filter.c \
	tests/unit/registry/test_local.c \
	tests/unit/registry/test_uri.c \
	tests/unit/registry/test_writer.c \
	tests/unit/schema/test_request.c \
	tests/unit/serve/test_csv.c \
	tests/unit/serve/test_read_json.c \
	tests/unit/serve/test_recipe.c \
	tests/unit/serve/test_write_json.c \
	tests/unit/store/test_artifact.c \
	tests/unit/store/test_db.c \

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

# Small programs that tests drive; not installed.
TOOLS := $(patsubst tests/tools/%.c,$(B)/tools/%,$(wildcard tests/tools/*.c))

.PHONY: tools
tools: $(TOOLS) ## the small programs in tests/tools
	@mkdir -p build && ln -sfn $(VARIANT)/tools build/tools

$(B)/tools/%: $(B)/tests/tools/%.o $(B)/libpodium.a
	@mkdir -p $(@D)
	$(call say,LD,$@)$(CC) $(LDFLAGS) -o $@ $^ $(LIBS)

.PRECIOUS: $(B)/%.o
-include $(shell find $(B) -name '*.d' 2>/dev/null)

# ---------------------------------------------------------------- what the machine needs

# Debian packages of tests/deps/apt.txt that are missing, as root or through sudo.
.PHONY: deps
deps: build/.deps ## install the Debian packages that are missing
build/.deps: tests/deps/apt.txt tests/deps/install.sh
	$(Q)tests/deps/install.sh tests/deps/apt.txt
	@mkdir -p build && touch $@

# The real MLflow, scikit-learn and pytest, in a place of their own.
.PHONY: venv
venv: $(VENV)/.ready ## the private Python for tests and the demo
$(VENV)/.ready: tests/deps/requirements.txt
	$(call say,VENV,$(VENV))$(PYTHON) -m venv $(VENV)
	$(Q)$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@

# A debugging aid, also for tests: what a model file says, as text.
$(B)/tree-dump: $(B)/tests/tools/tree_dump.o $(B)/libpodium.a
	$(call say,LD,$@)$(CC) $(LDFLAGS) -o $@ $^ $(LIBS)
	@ln -sfn $(VARIANT)/tree-dump build/tree-dump

-include $(B)/tests/tools/tree_dump.d $(LIB_OBJ:.o=.d) $(UNIT_OBJ:.o=.d) $(B)/cmd/main.d

# ---------------------------------------------------------------- tests

.PHONY: test
test: deps ## everything: lint, units in four builds, fuzz corpora, end to end
	$(Q)NPROC=$(NPROC) VENV=$(VENV) PYTHON=$(PYTHON) tests/run.sh

.PHONY: unit
unit: $(B)/unit-tests ## unit tests of this variant
	$(Q)$(B)/unit-tests

# The units with each allocation and system call of our own objects failing in turn.
WRAPPED = malloc calloc realloc mmap read pread write fstat fsync rename mkdir unlink opendir mkstemp
$(B)/libtorture.a: $(B)/libpodium.a
	$(call say,AR,$@)objcopy $(foreach f,$(WRAPPED),--redefine-sym $(f)=torture_$(f)) $< $@
$(B)/torture-tests: $(UNIT_OBJ) $(B)/tests/unit/torture.o $(B)/libtorture.a
	$(call say,LD,$@)$(CC) $(LDFLAGS) -o $@ $^ $(LIBS) -lcmocka

.PHONY: check-torture
check-torture: ## units under ASan with each allocation and system call failing in turn
	$(Q)$(MAKE) --no-print-directory SAN=address,undefined torture

.PHONY: torture
torture: $(B)/torture-tests
	$(Q)ASAN_OPTIONS=exitcode=99:detect_leaks=0:allocator_may_return_null=1 \
		UBSAN_OPTIONS=exitcode=99 $(B)/torture-tests $(TEST)

.PHONY: check
check: all unit fuzz-replay check-generated ## the fast loop: units, a smoke test, corpora
	$(Q)PODIUM=$(B)/podium tests/smoke.sh

.PHONY: check-generated
check-generated: all ## committed completions are what the program prints
	$(Q)tests/lint/generated.sh $(B)/podium

.PHONY: generate
generate: all ## write completions and docs/methods.md anew from the tables
	$(Q)tests/lint/generated.sh $(B)/podium --write

.PHONY: check-e2e
check-e2e: all tools venv ## end to end, against the real MLflow and scikit-learn
	$(Q)PODIUM=$(CURDIR)/$(B)/podium PODIUM_TOOLS=$(CURDIR)/$(B)/tools \
		$(VENV)/bin/python -m pytest -q $(TESTS)

.PHONY: lint
lint: ## formatting, analysers, function length, includes; prints failures only
	$(Q)NPROC=$(NPROC) tests/lint/run.sh

# A fuzz target is tests/fuzz/fuzz_NAME.c with LLVMFuzzerTestOneInput; its corpus lies in
# tests/fuzz/corpus/NAME. Without libFuzzer the small driver replays files.
FUZZ := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_BIN = $(FUZZ:%=$(B)/fuzz/%)

$(B)/fuzz/%: $(B)/tests/fuzz/fuzz_%.o $(if $(FUZZER),,$(B)/tests/fuzz/driver.o) $(B)/libpodium.a
	@mkdir -p $(@D)
	$(call say,LD,$@)$(CC) $(LDFLAGS) $(if $(FUZZER),-fsanitize=fuzzer) -o $@ $^ $(LIBS)

.PHONY: fuzz-bin
fuzz-bin: $(FUZZ_BIN)

.PHONY: fuzz-replay
fuzz-replay: $(FUZZ_BIN) ## every committed input through every fuzz target, any compiler
	$(Q)tests/fuzz/replay.sh $(B)/fuzz $(FUZZ)

.PHONY: fuzz
fuzz: ## a minute of libFuzzer for every target, with clang
	$(Q)$(MAKE) --no-print-directory CC=clang SAN=address,undefined FUZZER=1 OPT=-O1 fuzz-bin
	$(Q)tests/fuzz/run.sh build/clang-address-undefined-fuzzer/fuzz $(FUZZ_SECONDS) $(FUZZ)

# ---------------------------------------------------------------- demo and measurements

.PHONY: demo
demo: deps ## train, log, register, serve, compare: the tour on real data
	$(Q)$(MAKE) --no-print-directory -s -j$(NPROC) all venv
	$(Q)PODIUM=$(CURDIR)/$(B)/podium $(VENV)/bin/python tests/demo/demo.py

.PHONY: bench
bench: deps ## measure against MLflow, nginx and Flask; writes docs/benchmarks.md
	$(Q)$(MAKE) --no-print-directory -s -j$(NPROC) all tools venv
	$(Q)PODIUM=$(CURDIR)/$(B)/podium PODIUM_TOOLS=$(CURDIR)/$(B)/tools \
		$(VENV)/bin/python tests/bench/bench.py

# ---------------------------------------------------------------- install

.PHONY: man
man: all ## man pages, from the option tables and docs/man
	$(Q)tests/deps/man.sh $(B)/podium build/man

.PHONY: install
install: all man ## program, man pages and completions below $(DESTDIR)$(prefix)
	install -D -m 755 $(B)/podium $(DESTDIR)$(prefix)/bin/podium
	install -d $(DESTDIR)$(prefix)/share/man/man1
	install -m 644 build/man/*.1 $(DESTDIR)$(prefix)/share/man/man1
	install -D -m 644 completions/podium.bash \
		$(DESTDIR)$(prefix)/share/bash-completion/completions/podium
	install -D -m 644 completions/_podium \
		$(DESTDIR)$(prefix)/share/zsh/site-functions/_podium
	install -D -m 644 completions/podium.fish \
		$(DESTDIR)$(prefix)/share/fish/vendor_completions.d/podium.fish
check: all tools unit ## the fast loop: units and a smoke test

.PHONY: clean
clean: ## remove what was built, keep the private venv
	$(Q)rm -rf build/gcc* build/clang* build/podium build/tools build/man build/test-logs

.PHONY: help
help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 16
