/* The kernel command line, split once at boot: see kernel/param.h. */
#include <kernel/param.h>
#include <lib/cmdline.h>
#include <lib/parse.h>
#include <lib/string.h>
#include <platform/memory.h>

#define INIT_WORDS_MAX 64

/* Words that mean something to this kernel, or that Linux's users pass and that need no action here. */
static const char *const known_words[] = {
	"console",
	"quiet",
	"debug",
	"init",
	"rdinit",
	"root",
	"ro",
	"rw",
	"rootfstype",
	"rootflags",
	"rootwait",
	"panic",
	"loglevel",
	"ignore_loglevel",
	"mitigations",
	"pti",
	"nopti",
	"norandmaps",
	"nokaslr",
	"kaslr",
	"init_on_alloc",
	"init_on_free",
	"transparent_hugepage",
	"nosmp",
	"maxcpus",
	"nr_cpus",
	"earlyprintk",
	"earlycon",
	"debugexit",
	"initrd",
	"BOOT_IMAGE",
	"noapic",
	"nolapic",
	"acpi",
	"clocksource",
	"tsc",
	"slab_nomerge",
	"kunit",
	"oops",
	"printk.time",
	"random.trust_cpu",
	"nowatchdog",
	"reboot",
	"mem",
};

static const char *line = "";

struct word {
	const char *key, *value; /* value NULL: a bare key */
};
static struct word *words;
static size_t word_count;
const char *param_init_args[INIT_WORDS_MAX + 2];
const char *param_init_env[INIT_WORDS_MAX + 4];

const char *param_line(void)
{
	return line;
}

/* The last one counts. */
const char *param_get(const char *key)
{
	for (size_t i = word_count; i-- > 0;)
		if (cmdline_key_equal(words[i].key, key))
			return words[i].value ? words[i].value : "";
	return NULL;
}

bool param_flag(const char *key)
{
	const char *value = param_get(key);

	return value && !*value;
}

bool param_u64(const char *key, u64 *value)
{
	const char *text = param_get(key);

	return text && *text && parse_u64(text, 0, value) == 0;
}

/* Also known: options of modules, "module.option=value", which this kernel has none of. */
static bool key_is_known(const char *key)
{
	for (size_t i = 0; i < ARRAY_LEN(known_words); i++)
		if (cmdline_key_equal(key, known_words[i]))
			return true;
	return strchr(key, '.');
}

static void list_append(const char **list, size_t max, const char *word)
{
	size_t i = 0;

	while (list[i])
		i++;
	if (i < max)
		list[i] = word;
}

static void pass_to_init(char *key, char *value, bool argument)
{
	if (value && !argument)
		list_append(param_init_env, ARRAY_LEN(param_init_env) - 1, cmdline_join(key, value));
	else
		list_append(param_init_args, ARRAY_LEN(param_init_args) - 1,
			    value ? cmdline_join(key, value) : key);
}

void param_init(const char *command_line)
{
	size_t length = strlen(command_line);
	char *copy = boot_memory_alloc(length + 1), *cursor = copy, *key, *value;
	bool rest = false;

	line = command_line;
	memcpy(copy, command_line, length + 1);
	words = boot_memory_alloc((length / 2 + 1) * sizeof(*words));
	param_init_args[0] = "init"; /* replaced by the program's path */
	param_init_env[0] = "HOME=/";
	param_init_env[1] = "TERM=linux";
	while ((key = cmdline_next(&cursor, &value))) {
		if (rest)
			pass_to_init(key, value, true);
		else if (!value && strcmp(key, "--") == 0)
			rest = true;
		else if (key_is_known(key))
			words[word_count++] = (struct word){ key, value };
		else
			pass_to_init(key, value, false);
	}
}
