/* What the files of /sys have in common. Never leaves kernel/fs/sysfs. */
#pragma once

void sysfs_collapse_add(void); /* kernel/mm/transparent_hugepage/khugepaged */
