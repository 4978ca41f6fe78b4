# SPDX-License-Identifier: MIT
# A thin front: installs what is missing, calls Meson. The build proper is meson.build.

BUILD  ?= build
PREFIX ?= /usr/local
JOBS   ?= $(shell nproc)
# Optimised, with debug information, without the assertions about our own invariants.
SETUP  ?= -Dbuildtype=debugoptimized -Db_ndebug=true

.PHONY: all run test bench soak fuzz torture install format check clean

all: $(BUILD)/build.ninja
	@ninja -j $(JOBS) -C $(BUILD)

$(BUILD)/build.ninja:
	@tools/install-packages tools/packages-build.txt
	@meson setup $(BUILD) --prefix=$(PREFIX) $(SETUP)

run: all
	@$(BUILD)/trine compare

test:
	@tools/install-packages tools/packages-build.txt tools/packages-test.txt
	@$(MAKE) --no-print-directory all
	@tools/run-tests $(BUILD)

bench:
	@tools/install-packages tools/packages-build.txt
	@tools/install-packages bench/packages.txt || echo "Some peers are missing; their lines are left out."
	@bench/run

# The tests again, many times over, for what happens rarely. COUNT=100 for a night.
COUNT ?= 10
soak: all
	@tools/run-tests $(BUILD) --repeat=$(COUNT) --suite=unit --suite=races --suite=faults

# Inputs made to break the parsers, for so many seconds each.
SECONDS ?= 60
fuzz:
	@tools/install-packages tools/packages-fuzz.txt
	@fuzz/run $(SECONDS)

# Every allocation fails in turn, every wait is cancelled in turn.
torture: all
	@TRINE_TORTURE=all tools/run-tests $(BUILD) --suite=faults

install: $(BUILD)/build.ninja
	@meson configure $(BUILD) -Dprefix=$(PREFIX)
	@ninja -j $(JOBS) -C $(BUILD)
	@DESTDIR=$(DESTDIR) meson install -C $(BUILD) --no-rebuild --quiet

format:
	@tools/format

check:
	@tools/check-floors
	@tools/check-style

clean:
	@rm -rf $(BUILD)
