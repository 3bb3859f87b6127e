# What the options of a profile mean to the compiler. Read by the Makefile after the configuration.

# Signed overflow wraps, unless the sanitizer is to find it: with -fwrapv gcc drops that check without a word.
ifdef CONFIG_SANITIZE_TRAPS
CFLAGS += -fsanitize=bounds-strict,shift,signed-integer-overflow,object-size,return,unreachable
CFLAGS += -fsanitize-undefined-trap-on-error
else
CFLAGS += -fwrapv
endif

# The guard lies in the CPU's own structure, which gs points to.
ifdef CONFIG_STACK_PROTECTOR
CFLAGS += -fstack-protector-strong -mstack-protector-guard=tls -mstack-protector-guard-reg=gs
CFLAGS += -mstack-protector-guard-symbol=cpu_stack_guard
else
CFLAGS += -fno-stack-protector
endif

ifdef CONFIG_STACK_INIT
CFLAGS += -ftrivial-auto-var-init=zero
endif

# Thunks in assembly: __x86_indirect_thunk_<register>. A jump table would be an indirect branch around them.
ifdef CONFIG_MITIGATIONS
CFLAGS += -mindirect-branch=thunk-extern -mindirect-branch-register -fno-jump-tables
endif

ifdef CONFIG_FRAME_POINTER
CFLAGS += -fno-omit-frame-pointer -fno-optimize-sibling-calls
else
CFLAGS += -fomit-frame-pointer
endif
