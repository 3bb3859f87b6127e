/*
 * uname_fields.c - uname fills every field as programs rely on.
 * mutants: uname=0 uname=ENOSYS uname=fill(name,390)
 */
#include "contract.h"
#include <sys/utsname.h>

int main(void)
{
	struct utsname name;
	int major = 0, minor = 0;

	memset(&name, 'x', sizeof(name));
	must(uname(&name));
	say("%s %s", name.sysname, name.machine);
	expect(strnlen(name.nodename, sizeof(name.nodename)) < sizeof(name.nodename));
	expect(name.nodename[0] && name.release[0] && name.version[0]);
	expect(sscanf(name.release, "%d.%d", &major, &minor) == 2);
	expect(major >= 3);
	expect(memchr(name.version, 0, sizeof(name.version)) != NULL);
	expect(memchr(name.domainname, 0, sizeof(name.domainname)) != NULL);
	return 0;
}
