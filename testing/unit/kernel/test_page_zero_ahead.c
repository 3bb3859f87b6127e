/*
 * test_page_zero_ahead.c - the same as test_page_alloc.c, with free pages that are cleared in idle time.
 * with: kernel/mm/page_alloc.c kernel/mm/page_verify.c kernel/mm/fault_hint.c kernel/mm/buddy.c kernel/mm/page_zero.c kernel/mm/page_init.c testing/unit/kernel/page_model.c
 * options: PAGE_ZERO_AHEAD
 */
#include "test_page_alloc.c"
