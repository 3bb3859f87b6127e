/* The vDSO, as it is mapped into every process: a shared object, one page. */
	.section .init.data, "aw"
	.globl vdso_image_start, vdso_image_end
vdso_image_start:
	.incbin "vdso.so"
vdso_image_end:
