/* The configuration of this kernel, compressed, for /proc/config.gz. */
	.section .rodata, "a"
	.globl config_gz_start, config_gz_end
config_gz_start:
	.incbin "config.gz"
config_gz_end:
