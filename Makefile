# Aramid's build. Folders are listed here, files never: a new source is found.
# Every build has its own folder, build/<name>/, made from one configuration and never edited.
#? Start
#?   make setup run             install what is missing, build, boot to a shell
#?   make setup test            ... and run all tests
#? Build
#?   make [PROFILE=p]           p: fortress, balanced, performance, ludicrous
#?   make WITH='A B'            with side options, such as KERNEL_TESTS
#?   make menuconfig            choose a profile, or mechanisms one by one
#?   make CONFIG=file           build what menuconfig saved, in a folder named so
#?   make all-profiles          all four
#?   make iso                   an image that boots by BIOS and UEFI
#?   make clean                 remove the builds; downloads stay
#? Run
#?   make run                   a shell in QEMU; `poweroff` or Ctrl-A X ends it.
#?                              BOOT=pvh|grub UEFI=1 SMP=1 MEM=512M MACHINE=pc|q35
#?                              CPU=max ACCEL=tcg|kvm|icount ROOTFS=file.cpio
#?                              APPEND='words' QEMU_ARGS='words' GDB=1
#?   make gdb [GDB_ARGS='..']   the debugger for `make run GDB=1`, with commands of
#?                              its own: type `help user-defined`
#? Test
#?   make test [PYTEST='-k x']  what every change must pass
#?   make test-full             the same and what takes longer
#?   make unit                  libs/ on this machine, with sanitizers
#?   make contracts PROFILE=p   promises to programs; PROFILE=all: on four kernels.
#?                              SMP=1,4 CPUs, ONLY='vm/*' some of them
#?   make fuzz SECONDS=3600     random system calls on fortress, for 60 s if not said;
#?                              SEED=x again as x, FUZZ='--round N' a part of it
#?   make fail-alloc            contracts while the n-th allocation fails;
#?                              BUDGET=ms for each, ONLY=pattern
#? Measure
#?   make bench                 what each operation costs, Linux beside the four.
#?                              PROFILE=p ONLY=a,b ACCEL=icount|tcg|kvm FULL=1
#?                              KERNELS=linux,linux-thp CHECK=1 PAIRS=10 SEED=1
#?   make bench-report          the last results as build/bench/report.html;
#?                              RUN=file OLD=file compares two;
#?                              PICTURE=1 draws README's picture
#?   make bench-cost            what each mechanism costs, one by one; CHECK=1 only
#?                              compares, WRITE=1 only writes; ONLY=SYMBOL
#?                              MISSING=1 goes on after ^C
#?   make bench-budget          lowers budget.json to what is measured;
#?                              RAISE='why' ONLY=a,b raises these
#?   make bench-events          page-table-root loads, TLB flushes, exceptions of
#?                              each operation; KERNELS=linux,p ONLY=a,b.
#?                              COUNTERS=1: what the kernel counted
#?   make bench-floor           what the machine's own faults, calls and clearing
#?                              of pages cost. PROFILE=p ACCEL=a
#?   make replay TEST=x         a contract or benchmark again, bit for bit, with
#?                              gdb. PROFILE=p SMP=4 TRIES=20 GDB_ARGS='..'
#?   make profile ONLY=x        where a benchmark's instructions go, by function.
#?                              PROFILE=p or KERNEL=linux, FUNCTION=f
#? Work on the source
#?   make lint                  its rules; `make format` puts C files in order
#?   make readme                what README.md says of the four kernels
#?   make objects DIR=kernel/mm compile one folder only
#?   make flags DIR=kernel/mm   what its files are compiled with; make config
#? V=1 shows the commands, BUILD=dir puts the builds elsewhere.
VERSION  := 0.1.0
PROFILES := fortress balanced performance ludicrous

MAKEFLAGS += --no-builtin-rules --no-builtin-variables
# All CPUs, unless the user gave a number.
MAKEFLAGS += $(if $(MAKELEVEL:0=),,-j$(shell nproc))
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := all

PROFILE ?= balanced
# Whether the user chose it.
given   := $(filter command environment,$(origin PROFILE))
BUILD   ?= build
# The same folder has the same name, however it was given: it is in the flags, and other flags compile everything again.
override BUILD := $(patsubst $(CURDIR)/%,%,$(BUILD))
# Tests that run at once: each may have a machine of up to four CPUs.
TEST_JOBS ?= 2
# Another python3 may be first in PATH, one without Debian's packages.
PYTHON  := /usr/bin/python3
LD      := ld
# Where ccache is, builds share what their options do not touch: it knows a source by what the preprocessor makes of it, which
# must not name the build's folder. Its shorter way by the included files would miss those of that folder, and a .d file of another
# build names that one's: what is generated is a prerequisite of every object here.
CC      := $(if $(shell command -v ccache),ccache )gcc
export CCACHE_DIR ?= $(CURDIR)/build/ccache
export CCACHE_NODIRECT := 1
export CCACHE_PREFIX_CPP := $(CURDIR)/testing/tools/cpp_anywhere.sh
# Third-party source, unpacked once for all builds.
ZLIB    := build/third_party/zlib
Q       := $(if $(V),,@)
say      = @$(if $(V),:,printf '  %-8s %s\n')

goals := $(or $(MAKECMDGOALS),all)
rest  := $(filter-out setup,$(goals))
ifneq ($(filter setup,$(goals)),)
# ---- Tools first: the other goals are read by a second make, once the tools are there.
.PHONY: $(goals)
setup:
	@testing/setup/setup.sh
ifneq ($(rest),)
$(firstword $(rest)): setup
	@for goal in $(rest); do $(MAKE) --no-print-directory $$goal; done
$(wordlist 2,$(words $(rest)),$(rest)): $(firstword $(rest)) ; @:
endif
else

.PHONY: fuzz fail-alloc all config flags objects run iso gdb all-profiles clean help menuconfig initramfs test test-full unit contracts lint \
	format readme \
	bench bench-report bench-budget bench-cost bench-events bench-floor replay profile
all: # the first build

# ---- Goals that need no configuration.
free := fuzz fail-alloc all-profiles clean help menuconfig initramfs test test-full unit contracts lint format readme bench \
	bench-report bench-budget bench-cost bench-events bench-floor replay profile
help:
	@sed -n 's/^#? \{0,1\}//p' Makefile
clean:
	rm -rf $(dir $(wildcard $(BUILD)/*/from.stamp))
all-profiles:
	@for p in $(PROFILES); do $(MAKE) --no-print-directory PROFILE=$$p; done
menuconfig:
	@$(PYTHON) profiles/edit.py $(or $(CONFIG),$(BUILD)/custom.config) \
		$(if $(filter command line,$(origin PROFILE)),profiles/$(PROFILE).config)
initramfs: build/initramfs/busybox.cpio.gz
build/initramfs/busybox.cpio.gz: $(shell find testing/initramfs -type f) testing/qemu/cpio.py
	$(say) CPIO $@
	$(Q)testing/initramfs/build.py $@
test:
	@$(MAKE) --no-print-directory all-profiles initramfs
	@$(PYTHON) -m pytest testing $(if $(FULL),--full) -n $(TEST_JOBS) $(PYTEST)
test-full:
	@$(MAKE) --no-print-directory test FULL=1
readme: all-profiles
	@testing/tools/readme.py
unit:
	@$(PYTHON) testing/unit/run.py
contracts:
	@$(PYTHON) testing/contracts/run.py --profile $(PROFILE) --smp '$(or $(SMP),1)' $(if $(ONLY),--only '$(ONLY)')
fuzz:
	@$(MAKE) --no-print-directory $(jobs) PROFILE=fortress WITH=FAIL_ALLOC all
	@$(PYTHON) testing/fuzz/run.py --corpus --seconds $(or $(SECONDS),60) $(if $(SEED),--seed $(SEED)) $(FUZZ)
fail-alloc:
	@$(MAKE) --no-print-directory $(jobs) PROFILE=fortress WITH=FAIL_ALLOC all
	@$(PYTHON) testing/contracts/fail_alloc.py --budget $(or $(BUDGET),5000) --only '$(or $(ONLY),*)'
bench:
	@$(PYTHON) testing/bench/run.py --make $(if $(KERNELS),--kernels $(KERNELS),$(if $(given),--profile $(PROFILE))) \
		--only '$(ONLY)' --accel '$(ACCEL)' $(if $(FULL),--full) $(if $(CHECK),--check) $(if $(FRESH),--fresh) \
		$(if $(PAIRS),--pairs $(PAIRS)) $(if $(SEED),--seed $(SEED))
bench-report:
	@$(PYTHON) testing/bench/report.py $(RUN) $(if $(OLD),--old $(OLD)) $(if $(PICTURE),--picture)
bench-budget:
	@$(PYTHON) testing/bench/budget.py --make $(if $(given),--profile $(PROFILE)) --only '$(ONLY)' $(if $(RAISE),--raise '$(RAISE)')
bench-cost:
	@$(PYTHON) testing/bench/cost.py --only '$(ONLY)' $(if $(MISSING),--missing) $(if $(CHECK),--check) $(if $(WRITE),--write)
bench-events:
	@$(PYTHON) testing/bench/events.py --make $(if $(KERNELS),--kernels $(KERNELS)) --only '$(ONLY)' $(if $(COUNTERS),--counters)
bench-floor:
	@$(PYTHON) testing/bench/floor.py --make --profile $(PROFILE) --accel '$(ACCEL)'
replay: export GDB_ARGS := $(GDB_ARGS)
replay:
	@$(PYTHON) testing/bench/replay.py --make '$(TEST)' --profile $(PROFILE) --smp $(or $(SMP),1) --tries $(or $(TRIES),20)
profile:
	@$(PYTHON) testing/bench/profile.py --make --only '$(ONLY)' --kernel $(or $(KERNEL),$(PROFILE)) \
		$(if $(FUNCTION),--function $(FUNCTION)) $(if $(FULL),--full)
lint:
	@failed=0; for l in deps includes config_use sizes format; do $(PYTHON) testing/lint/$$l.py || failed=1; done; exit $$failed
format:
	@git ls-files -co --exclude-standard '*.c' '*.h' | xargs clang-format -i

ifneq ($(filter-out $(free),$(goals)),)
# ---- Which build: a configuration file, or a profile with side options.
ifdef CONFIG
ifeq ($(wildcard $(CONFIG)),)
$(error CONFIG=$(CONFIG): there is no such file. `make menuconfig CONFIG=file` makes one)
endif
fragment := $(CONFIG)
name     := $(basename $(notdir $(CONFIG)))
else
ifeq ($(filter $(PROFILE),$(PROFILES)),)
$(error PROFILE=$(PROFILE): there is no such profile. Choose one of: $(PROFILES))
endif
fragment := profiles/$(PROFILE).config
name     := $(subst $() ,+,$(strip $(PROFILE) $(WITH)))
endif
OUT := $(BUILD)/$(name)
gen := $(OUT)/generated
export CPP_OUT := $(OUT)

# Puts text $2 into file $1 if it is not its content already, so that whatever depends on the file is made again.
same  = $(and $(findstring x$1x,x$2x),$(findstring x$2x,x$1x))
stamp = $(if $(call same,$(strip $(file <$1)),$(strip $2)),,$(file >$1,$(strip $2)))

# A configuration that is refused leaves no folder.
$(shell test -d $(gen) || { $(PYTHON) profiles/configure.py --check $(fragment) $(WITH) >&2 && mkdir -p $(gen); })
$(if $(filter-out 0,$(.SHELLSTATUS)),$(error $(OUT) is not made))
$(call stamp,$(OUT)/from.stamp,$(fragment) $(WITH))
include $(gen)/config.mk
$(gen)/config.mk: $(OUT)/from.stamp $(fragment) profiles/configure.py $(wildcard Kconfig */Kconfig)
	$(Q)$(PYTHON) profiles/configure.py $(OUT) $(fragment) $(WITH)
$(gen)/autoconf.h $(gen)/config.gz: $(gen)/config.mk ;
config: $(gen)/config.mk $(gen)/version.h
# What a file in folder DIR is compiled with.
flags: config | $(ZLIB)/zlib.h
	@echo '$(CFLAGS) $(call inc,$(DIR)/)'

# ---- Flags.
CFLAGS := -std=gnu11 -O2 -g -ffreestanding -fno-pie -fno-common -fno-strict-aliasing -fno-delete-null-pointer-checks \
	-fno-asynchronous-unwind-tables -fcf-protection=none -ffile-prefix-map=$(CURDIR)=. \
	-mno-red-zone -mcmodel=kernel -mgeneral-regs-only -Wall -Wextra -Wshadow -Wstrict-prototypes \
	-Wmissing-prototypes -Wvla -Wimplicit-fallthrough -Wundef -Wframe-larger-than=1024 -Werror
include profiles/flags.mk
ASFLAGS := -g -fno-pie -ffile-prefix-map=$(CURDIR)=. -Wundef -Werror -Wa,--noexecstack
# The vDSO runs in user mode: code of its own, which a debugger must be able to unwind.
VDSO_CFLAGS := -std=gnu11 -O2 -g -ffreestanding -fPIC -fno-common -fno-strict-aliasing -fno-stack-protector \
	-fasynchronous-unwind-tables -fcf-protection=none -ffile-prefix-map=$(CURDIR)=. -mgeneral-regs-only \
	-Wall -Wextra -Wshadow -Wundef -Werror
VDSO_LDFLAGS := -shared -nostdlib -soname linux-vdso.so.1 --hash-style=both --eh-frame-hdr --build-id=none -Bsymbolic \
	--no-undefined --orphan-handling=error -z max-page-size=4096 -z noexecstack -z norelro --strip-all
LDFLAGS := -nostdlib -static --orphan-handling=error --build-id=none -z max-page-size=4096 -z noexecstack

# What a folder may include: a list for each level of the source, each the one above and more.
inc_libs     := -Iprofiles/include -I$(OUT) -Ilibs/include -Ilibs/abi/include -isystem $(ZLIB)
inc_platform := $(inc_libs) -Iplatform/include -Iplatform/x86_64/include -Iplatform/x86_64 -Itesting/kunit/include
inc_drivers  := $(inc_libs) -Iplatform/include -Iplatform/drivers -Ikernel/include
inc_kernel   := $(inc_libs) -Iplatform/include -Ikernel/include -Itesting/kunit/include
inc_testing  := $(inc_kernel)
inc_profiles := -Iprofiles/include -I$(OUT)
inc = $(inc_$(if $(filter platform/drivers/%,$1),drivers,$(firstword $(subst /, ,$1))))

# ---- Sources. Tests on the host (libs/*/test_*.c) are none of them.
folders := $(filter-out platform/x86_64/vdso/,$(wildcard libs/*/ platform/x86_64/*/ platform/drivers/*/ kernel/*/))
folders += $(filter-out %/test/ %/inject/ %/floor/ %/verify/ %/recheck/,$(wildcard kernel/*/*/))
folders += $(if $(CONFIG_KERNEL_TESTS),$(wildcard kernel/*/test/ platform/x86_64/*/test/ testing/kunit/))
folders += $(if $(CONFIG_FAIL_ALLOC),$(wildcard kernel/*/inject/))
folders += $(if $(CONFIG_PTE_VERIFY),$(wildcard kernel/*/verify/))
folders += $(if $(CONFIG_FAULT_FASTPATH_CHECK),$(wildcard kernel/*/recheck/))
folders += $(if $(CONFIG_FLOOR_PROBE),$(wildcard kernel/*/floor/ platform/x86_64/*/floor/))
found   := $(wildcard $(folders:%=%*.c) $(folders:%=%*.S)) platform/x86_64/config_gz.S platform/x86_64/vdso_image.S
sources := $(filter-out $(wildcard libs/*/test_*.c),$(found))
zlib    := $(patsubst %,$(OUT)/zlib/%.o,inflate inffast inftrees zutil adler32 crc32)
objects := $(sources:%=$(OUT)/%.o) $(zlib)
$(if $(wildcard $(gen)/config.mk),$(call stamp,$(OUT)/flags.stamp,$(CFLAGS) $(ASFLAGS) $(VDSO_CFLAGS) $(inc_kernel))\
	$(call stamp,$(OUT)/objects.stamp,$(objects)))
$(shell mkdir -p $(sort $(dir $(objects))))
-include $(objects:.o=.d) $(OUT)/vdso.d $(OUT)/offsets.d $(OUT)/kernel.lds.d

$(foreach d,$(DIR),$(if $(wildcard $d/),,$(error DIR=$d: there is no such folder)))

# ---- Rules.
all: $(OUT)/aramid.elf
objects: $(filter $(patsubst %,$(OUT)/%/%,$(patsubst %/,%,$(or $(DIR),libs platform kernel testing))),$(objects))

$(OUT)/%.c.o: %.c $(OUT)/flags.stamp $(gen)/autoconf.h $(gen)/version.h | $(ZLIB)/zlib.h
	$(say) CC $<
	$(Q)$(CC) $(CFLAGS) $(call inc,$<) -MMD -MP -c -o $@ $<
$(OUT)/%.S.o: %.S $(OUT)/flags.stamp $(gen)/autoconf.h $(gen)/version.h $(gen)/offsets.h
	$(say) AS $<
	$(Q)$(CC) $(ASFLAGS) $(call inc,$<) -MMD -MP -c -o $@ $<
$(OUT)/platform/x86_64/config_gz.S.o: ASFLAGS += -Wa,-I$(gen)
$(OUT)/platform/x86_64/config_gz.S.o: $(gen)/config.gz
$(OUT)/platform/x86_64/vdso_image.S.o: ASFLAGS += -Wa,-I$(gen)
$(OUT)/platform/x86_64/vdso_image.S.o: $(gen)/vdso.so
$(OUT)/vdso.o: platform/x86_64/vdso/vdso.c $(OUT)/flags.stamp $(gen)/autoconf.h $(gen)/version.h
	$(say) CC $<
	$(Q)$(CC) $(VDSO_CFLAGS) $(inc_platform) -MMD -MP -c -o $@ $<
$(gen)/vdso.so: $(OUT)/vdso.o platform/x86_64/vdso/vdso.lds
	$(say) LD $@
	$(Q)$(LD) $(VDSO_LDFLAGS) -T platform/x86_64/vdso/vdso.lds -o $@ $<
$(OUT)/zlib/%.o: $(ZLIB)/%.c $(OUT)/flags.stamp | $(ZLIB)/zlib.h
	$(say) CC $<
	$(Q)$(CC) $(filter-out -W% -std=%,$(CFLAGS)) -std=gnu11 -w -DZ_SOLO -MMD -MP -c -o $@ $<
$(ZLIB)/zlib.h:
	@testing/setup/fetch_zlib.sh $(ZLIB)
$(ZLIB)/%.c: | $(ZLIB)/zlib.h ;

$(gen)/version.h: Makefile
	$(Q)printf '/* Generated. */\n#pragma once\n#define ARAMID_VERSION "%s"\n' $(VERSION) > $@.new
	$(Q)cmp -s $@.new $@ || mv $@.new $@
$(gen)/offsets.h: platform/x86_64/offsets.c $(OUT)/flags.stamp $(gen)/autoconf.h
	$(say) OFFSETS $@
	$(Q)$(CC) $(CFLAGS) -fno-lto $(inc_platform) -MD -MF $(OUT)/offsets.d -MT $@ -S -o $(OUT)/offsets.s $<
	$(Q)sed -n 's/.*"->\([A-Za-z0-9_]*\) \$$\(-\{0,1\}[0-9]*\)".*/#define \1 \2/p' $(OUT)/offsets.s > $@
$(OUT)/kernel.lds: platform/x86_64/kernel.lds $(OUT)/flags.stamp $(gen)/offsets.h $(gen)/autoconf.h
	$(Q)$(CC) -E -P -x assembler-with-cpp $(inc_platform) -D__LINKER__ -MMD -MF $@.d -MT $@ -o $@ $<
$(OUT)/aramid.elf: $(OUT)/kernel.lds $(OUT)/objects.stamp $(objects) platform/x86_64/link.sh platform/x86_64/kallsyms.py
	$(say) LD $@
	$(Q)platform/x86_64/link.sh $(OUT) $(LD) $(LDFLAGS)

# ---- Running it. What testing/tools/run.sh says about its variables holds here.
export BOOT UEFI SMP MEM MACHINE CPU ACCEL GDB GDBPORT ROOTFS APPEND QEMU_ARGS
rootfs := $(or $(ROOTFS),build/initramfs/busybox.cpio.gz)
run: $(if $(filter grub,$(BOOT)),$(OUT)/aramid.iso) $(OUT)/aramid.elf $(rootfs)
	@OUT=$(OUT) testing/tools/run.sh
iso: $(OUT)/aramid.iso
	@echo "iso: $<"
$(call stamp,$(OUT)/iso.stamp,$(rootfs) $(APPEND))
$(OUT)/aramid.iso: $(OUT)/aramid.elf $(rootfs) testing/tools/iso.sh $(OUT)/iso.stamp
	$(say) ISO $@
	$(Q)testing/tools/iso.sh $@ $(OUT)/aramid.elf $(rootfs) '$(APPEND)'
gdb: $(OUT)/aramid.elf
	@echo "gdb: \`break FUNCTION\` (kernel_main is the first), then \`continue\`; Ctrl-C stops it; \`help user-defined\`"
	@gdb -q $(OUT)/aramid.debug -x testing/gdb/aramid.py -ex 'target remote 127.0.0.1:$(or $(GDBPORT),1234)' $(GDB_ARGS)
endif
endif
