/* Page-table isolation: what user mode's page tables show of the kernel. */
#pragma once

#include <platform/page_table.h>

/* Level-4 table whose kernel half each user-visible root copies; made by pti_init, before the first page_root_init. */
extern pte_t *pti_user_root;
