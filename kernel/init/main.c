/*
 * From the platform's first call to the first program: brings up each part in the order in which they need each other, then
 * becomes the idle task, while process 1 unpacks the initramfs and runs init.
 */
#include <abi/errno.h>
#include <abi/fcntl.h>
#include <abi/stat.h>
#include <kernel/dev.h>
#include <kernel/fail_alloc.h>
#include <kernel/file.h>
#include <kernel/init.h>
#include <kernel/page.h>
#include <kernel/param.h>
#include <kernel/printk.h>
#include <kernel/procfs.h>
#include <kernel/random.h>
#include <kernel/rcu.h>
#include <kernel/sched.h>
#include <kernel/slab.h>
#include <kernel/socket.h>
#include <kernel/tty.h>
#include <kernel/vdso.h>
#include <kernel/vfs.h>
#include <kernel/vm.h>
#include <kernel/vmap.h>
#include <kernel/work.h>
#include <lib/err.h>
#include <lib/printf.h>
#include <lib/string.h>
#include <platform/boot.h>
#include <platform/power.h>
#include <platform/trap.h>
#include <profile/build.h>
#include <profile/config.h>

#define NO_INIT_EXIT_CODE 0x13 /* debug-exit port: nothing to run (0x10 would be success) */
#define BAD_INITRAMFS_EXIT_CODE 0x11

static void log_setup(void)
{
	u64 level;

	console_register(&serial_console);
	if (param_flag("quiet"))
		(void)console_level_set(LOG_WARNING);
	if (param_u64("loglevel", &level))
		(void)console_level_set((int)MIN(level, (u64)LOG_DEBUG + 1));
	if (param_flag("ignore_loglevel"))
		(void)console_level_set(LOG_DEBUG + 1);
}

/* Words that Linux obeys at run time and whose answer here is built in: said once, so that nobody measures the wrong thing. */
static void built_in_words_report(void)
{
	static const char *const words[] = { "init_on_alloc", "init_on_free", "slab_nomerge" };

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (param_get(words[i]))
			pr_notice("%s: the profile decides (this one is " BUILD_PROFILE ")",
				  words[i]);
}

static void huge_mode_set(void)
{
	const char *mode = param_get("transparent_hugepage");

	if (mode && !vm_huge_set_mode(mode))
		pr_warn("transparent_hugepage=%s: not always, madvise or never", mode);
}

/* A reason that ends the boot: one line on every console, whatever the level, then what the command line wants. */
static __noreturn void boot_stop(unsigned int code, const char *reason, const char *detail)
{
	printk(LOG_EMERG, "aramid: %s%s%s", reason, detail ? ": " : "", detail ? detail : "");
	if (param_flag("debugexit"))
		machine_debug_exit(code);
	if (param_get("panic") && param_get("panic")[0] == '-')
		machine_reboot();
	machine_power_off();
}

static void initramfs_load(void)
{
	const char *why = "unknown reason";

	if (!boot_info.initramfs_size)
		boot_stop(NO_INIT_EXIT_CODE,
			  "no initramfs: pass one with -initrd or as the first module", NULL);
	if (initramfs_unpack(paddr_to_virt(boot_info.initramfs), boot_info.initramfs_size, &why))
		boot_stop(BAD_INITRAMFS_EXIT_CODE, "initramfs is corrupt", why);
	page_free_boot_range(boot_info.initramfs,
			     paddr(boot_info.initramfs.raw + boot_info.initramfs_size));
}

/* /dev/console as descriptors 0, 1 and 2, if the initramfs has it. */
static void console_open(void)
{
	struct file *console;

	/* As Linux does for an initramfs without one. */
	(void)vfs_mkdir(AT_FDCWD, "/dev", 0755);
	(void)vfs_mknod(AT_FDCWD, "/dev/console", S_IFCHR | 0600, DEV_MAKE(5, 1));
	console = vfs_open_at(AT_FDCWD, "/dev/console", O_RDWR, 0);
	if (IS_ERR(console)) {
		pr_warn("unable to open an initial console (%ld)", PTR_ERR(console));
		return;
	}
	for (int fd = 0; fd < 3; fd++)
		(void)fd_install_new(file_get(console), 0);
	file_put(console);
}

static int init_try(const char *path)
{
	struct file *file = vfs_open_exec(AT_FDCWD, path, LOOKUP_FOLLOW);
	struct exec_request request = { .path = path };
	int error;

	if (IS_ERR(file))
		return (int)PTR_ERR(file);
	param_init_args[0] = path;
	request.file = file;
	request.kernel_argv = param_init_args;
	request.kernel_envp = param_init_env;
	pr_info("Run %s as init process", path);
	error = task_exec(&request);
	vfs_close_exec(file);
	if (error) {
		char why[96];

		scnprintf(why, sizeof(why), "%s (error %d)", path, error);
		boot_stop(NO_INIT_EXIT_CODE, "cannot run", why);
	}
	return 0;
}

/* rdinit= names the initramfs's program, /init by default; init= too, as there is no other root to change to. */
static int init_run(void)
{
	static const char *const defaults[] = { "/init", "/sbin/init", "/etc/init", "/bin/init",
						"/bin/sh" };
	const char *asked = param_get("rdinit");
	int error = -ENOENT;

	if (!asked)
		asked = param_get("init");
	if (asked && *asked)
		return init_try(asked);
	for (size_t i = 0; i < ARRAY_LEN(defaults); i++) {
		error = init_try(defaults[i]);
		if (error != -ENOENT)
			break;
	}
	return error;
}

static void init_sections_free(void)
{
	paddr_t start, end;

	kernel_image_init_range(&start, &end);
	page_free_boot_range(start, end);
}

/* Process 1, still in the kernel. */
static void init_main(void *arg)
{
	(void)arg;
	initramfs_load();
	console_open();
	if (config_on(CONFIG_FLOOR_PROBE))
		floor_report();
	kernel_image_protect();
	if (config_on(CONFIG_KERNEL_TESTS))
		kunit_run();
	init_sections_free();
	page_report();
	if (init_run())
		boot_stop(NO_INIT_EXIT_CODE,
			  "no init found: the initramfs needs an executable /init, or name one with rdinit=",
			  NULL);
	context_enter_user();
}

static unsigned int cpus_wanted(void)
{
	u64 max = ~0u;

	if (param_flag("nosmp"))
		return 1;
	(void)param_u64("nr_cpus", &max);
	(void)param_u64("maxcpus", &max);
	return (unsigned int)MAX(MIN(max, (u64)~0u), 1ULL);
}

static struct task **idle_tasks; /* [I] by CPU; made before a CPU is started */

static void *idle_stack(unsigned int cpu)
{
	idle_tasks[cpu] = task_create_idle(cpu);
	if (!idle_tasks[cpu])
		panic("no memory for the idle task of CPU %u", cpu);
	return idle_tasks[cpu]->head.kernel_stack_top;
}

static void cpus_bring_up(void)
{
	idle_tasks = kmalloc_array(cpu_count(), sizeof(*idle_tasks), SLAB_ZERO);
	if (!idle_tasks)
		panic("no memory for the idle tasks");
	pr_info("smp: %u of %u CPUs running", cpus_start(cpus_wanted(), idle_stack), cpu_count());
}

void kernel_secondary_main(void)
{
	struct task *idle = idle_tasks[this_cpu_number()];

	this_cpu(current_task) = idle;
	this_cpu(cpu_stack_guard) = idle->head.stack_guard; /* nothing above this frame returns */
	page_init_cpu();
	slab_init_cpu();
	hrtimers_init_cpu();
	sched_init_cpu(idle);
	irq_enable();
	sched_idle_loop();
}

static void memory_start(void)
{
	page_init();
	page_init_cpu();
	slab_init();
	slab_init_cpu();
	vmap_init();
	vm_init();
}

static void files_start(void)
{
	vfs_init();
	devtmpfs_init();
	procfs_init();
	fail_alloc_init();
	sysfs_init();
	vfs_mount_root();
	net_init();
	mem_devices_init();
	tty_init();
}

/* Made before any other thread, so that it gets number 1; runs when all is ready. */
static struct task *init_create(void)
{
	static const struct clone_request request = { .exit_signal = SIGCHLD,
						      .entry = init_main,
						      .name = "init" };
	struct task *init = task_clone(&request, NULL);

	if (IS_ERR(init))
		panic("no memory for process 1");
	init->process->flags |= PROCESS_UNKILLABLE;
	return init;
}

void kernel_main(void)
{
	struct task *init;

	this_cpu(current_task) = &init_task;
	param_init(boot_info.command_line);
	log_setup();
	pr_notice("%s", kernel_banner);
	pr_info("Command line: %s", boot_info.command_line);
	built_in_words_report();
	huge_mode_set();
	sched_init_early();
	memory_start();
	hrtimers_init_cpu();
	timekeeping_init();
	random_init();
	process_init();
	this_cpu(cpu_stack_guard) =
		init_task.head.stack_guard; /* nothing above this frame returns */
	files_init();
	sched_init();
	irq_enable();
	files_start();
	init = init_create();
	rcu_init();
	work_threads_init();
	vm_collapse_changed();
	printk_wake_init();
	cpus_bring_up();
	vdso_init();
	sched_start(init);
	sched_idle_loop();
}
