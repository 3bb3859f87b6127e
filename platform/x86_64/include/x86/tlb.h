/* Answering other CPUs' requests to forget translations. */
#pragma once

/* Handler of VECTOR_IPI_TLB. */
void tlb_ipi(void);
/* Boot CPU, after percpu_init, while there is boot memory. */
void tlb_init(void);
