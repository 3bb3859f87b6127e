/* The kernel's termios, which the C library replaces by its own. */
#include <linux/termios.h>

#include <abi_same.h>

#include <abi/termios.h>

TEST(termios)
{
	SAME_SIZE(abi_termios, struct termios);
	SAME(abi_termios, struct termios, c_iflag);
	SAME(abi_termios, struct termios, c_oflag);
	SAME(abi_termios, struct termios, c_cflag);
	SAME(abi_termios, struct termios, c_lflag);
	SAME(abi_termios, struct termios, c_line);
	SAME(abi_termios, struct termios, c_cc);
	SAME_SIZE(abi_termios2, struct termios2);
	SAME(abi_termios2, struct termios2, c_cc);
	SAME(abi_termios2, struct termios2, c_ispeed);
	SAME(abi_termios2, struct termios2, c_ospeed);
	EXPECT_EQ(ABI_NCCS, NCCS);
}
