# lead_scoring: a PostgreSQL extension built with PGXS.
#
#   make, make install, make installcheck    as with any extension; PG_CONFIG=… picks the server
#   make help                                the targets for people who work on it
#
# The targets in `dev_goals` are scripts that may run before any PostgreSQL is installed, and PGXS brings a
# `check` target of its own (which only says that it does not exist). So they are kept apart from PGXS.

dev_goals := help deps demo demo-stop check unit asan fuzz soak torture tidy format format-check bench

ifneq ($(filter $(dev_goals),$(MAKECMDGOALS)),)

here := $(patsubst %/,%,$(dir $(abspath $(firstword $(MAKEFILE_LIST)))))

.PHONY: $(MAKECMDGOALS)
.NOTPARALLEL:

help:
	@sed -n 's/^## //p' $(here)/scripts/help.txt
deps:
	@$(here)/scripts/deps.sh check
demo:
	@$(here)/scripts/demo.sh start
demo-stop:
	@$(here)/scripts/demo.sh stop
check:
	@$(here)/scripts/check.sh
unit asan fuzz tidy:
	@$(here)/scripts/check.sh $@
soak:
	@CASES=$(CASES) SEED=$(SEED) $(here)/scripts/check.sh oracle
torture:
	@minutes=$${FUZZ_MINUTES:-10}; FUZZ_SECONDS=$$((minutes * 60)) SMITH_SECONDS=$$((minutes * 180)) $(here)/scripts/check.sh fuzz smith
format-check:
	@$(here)/scripts/check.sh format
format:
	@$(here)/scripts/format.sh write
bench:
	@$(here)/bench/run

other_goals := $(filter-out $(dev_goals),$(MAKECMDGOALS))
ifneq ($(other_goals),)
$(other_goals):
	$(MAKE) -f $(firstword $(MAKEFILE_LIST)) $@
endif

else

EXTENSION := lead_scoring
MODULE_big := lead_scoring

# Sources are named through `here`, so that a build in another directory works:
# make -C some/dir -f path/to/Makefile
here := $(patsubst %/,%,$(dir $(firstword $(MAKEFILE_LIST))))
version := $(shell sed -n "s/^default_version *= *'\(.*\)'/\1/p" $(here)/lead_scoring.control)
install_script := $(EXTENSION)--$(version).sql

# One list of translation units a layer serves this file and CMakeLists.txt.
units = $(sort $(shell sed -e 's/\#.*//' $(here)/src/$(1)/units.txt))
OBJS := $(foreach layer,core pg,$(patsubst %,obj/$(layer)/%.o,$(call units,$(layer))))

DATA_built := $(install_script)
# Scripts of earlier releases: lead_scoring--0.1.0--0.2.0.sql and so on.
DATA := $(patsubst $(here)/%,%,$(wildcard $(here)/updates/$(EXTENSION)--*--*.sql))

# Each file of sql/ and each spec stands alone; the extension is there when it begins.
REGRESS := $(sort $(notdir $(basename $(wildcard $(here)/sql/*.sql))))
REGRESS_OPTS := --load-extension=$(EXTENSION) --encoding=UTF8
ISOLATION := $(sort $(notdir $(basename $(wildcard $(here)/test/isolation/specs/*.spec))))
ISOLATION_OPTS := --inputdir=$(here)/test/isolation --outputdir=output_iso --load-extension=$(EXTENSION) \
                  --encoding=UTF8
PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs)
ifeq ($(PGXS),)
$(error $(PG_CONFIG) does not run: install the server headers (Debian: postgresql-server-dev-15) or set PG_CONFIG)
endif

# -isystem beats the -I that PGXS gives for the same directory: warnings in server headers are not ours.
PG_CPPFLAGS := -I$(here)/src -isystem $(shell $(PG_CONFIG) --includedir-server)
# Hidden visibility keeps our symbols out of the backend, which loads every module RTLD_GLOBAL; exports.map has
# the last word.
PG_CXXFLAGS := -std=c++20 -Wall -Wextra -fvisibility=hidden -fvisibility-inlines-hidden -fno-gnu-unique
ifdef WERROR
PG_CXXFLAGS += -Werror
endif
SHLIB_LINK += -lstdc++ -Wl,--exclude-libs,ALL -Wl,--version-script=$(here)/src/pg/exports.map

EXTRA_CLEAN := obj

# The bitcode step of PGXS ignores PG_CXXFLAGS and so cannot compile C++20.
override with_llvm := no
include $(PGXS)

obj/%.o: $(here)/src/%.cpp
	@$(MKDIR_P) $(@D)
	$(CXX) $(CXXFLAGS) $(CPPFLAGS) -MMD -MP -c -o $@ $<

-include $(OBJS:.o=.d)

$(shlib): $(here)/src/pg/exports.map $(here)/src/core/units.txt $(here)/src/pg/units.txt

# The pieces in name order, then the presets. The directories are prerequisites for the sake of removed files.
ddl_pieces := $(sort $(wildcard $(here)/src/ddl/*.sql))
presets := $(sort $(wildcard $(here)/examples/sheets/*.json))
$(install_script): $(ddl_pieces) $(presets) $(here)/src/ddl $(here)/examples/sheets $(here)/scripts/preset_sql.sh
	cat $(ddl_pieces) > $@.tmp
	$(here)/scripts/preset_sql.sh $(presets) >> $@.tmp
	@mv $@.tmp $@

endif
