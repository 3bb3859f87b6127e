/* Terminals: modes, control characters and window size, as the TC* and TIOC* requests pass them. */
#pragma once

/* Indices of c_cc. */
#define VINTR 0
#define VQUIT 1
#define VERASE 2
#define VKILL 3
#define VEOF 4
#define VTIME 5
#define VMIN 6
#define VSWTC 7
#define VSTART 8
#define VSTOP 9
#define VSUSP 10
#define VEOL 11
#define VREPRINT 12
#define VDISCARD 13
#define VWERASE 14
#define VLNEXT 15
#define VEOL2 16
#define ABI_NCCS 19

/* c_iflag */
#define IGNBRK 0x1
#define BRKINT 0x2
#define IGNPAR 0x4
#define PARMRK 0x8
#define INPCK 0x10
#define ISTRIP 0x20
#define INLCR 0x40
#define IGNCR 0x80
#define ICRNL 0x100
#define IUCLC 0x200
#define IXON 0x400
#define IXANY 0x800
#define IXOFF 0x1000
#define IMAXBEL 0x2000
#define IUTF8 0x4000

/* c_oflag */
#define OPOST 0x1
#define OLCUC 0x2
#define ONLCR 0x4
#define OCRNL 0x8
#define ONOCR 0x10
#define ONLRET 0x20
#define OFILL 0x40
#define OFDEL 0x80
#define NLDLY 0x100
#define NL0 0
#define NL1 0x100
#define CRDLY 0x600
#define CR0 0
#define CR1 0x200
#define CR2 0x400
#define CR3 0x600
#define TABDLY 0x1800
#define TAB0 0
#define TAB1 0x800
#define TAB2 0x1000
#define TAB3 0x1800
#define XTABS 0x1800
#define BSDLY 0x2000
#define BS0 0
#define BS1 0x2000
#define VTDLY 0x4000
#define VT0 0
#define VT1 0x4000
#define FFDLY 0x8000
#define FF0 0
#define FF1 0x8000

/* c_cflag */
#define CBAUD 0x100f
#define B0 0
#define B50 0x1
#define B75 0x2
#define B110 0x3
#define B134 0x4
#define B150 0x5
#define B200 0x6
#define B300 0x7
#define B600 0x8
#define B1200 0x9
#define B1800 0xa
#define B2400 0xb
#define B4800 0xc
#define B9600 0xd
#define B19200 0xe
#define B38400 0xf
#define B57600 0x1001
#define B115200 0x1002
#define B230400 0x1003
#define B460800 0x1004
#define B500000 0x1005
#define B576000 0x1006
#define B921600 0x1007
#define B1000000 0x1008
#define B1152000 0x1009
#define B1500000 0x100a
#define B2000000 0x100b
#define B2500000 0x100c
#define B3000000 0x100d
#define B3500000 0x100e
#define B4000000 0x100f
#define CBAUDEX 0x1000
#define BOTHER 0x1000
#define CSIZE 0x30
#define CS5 0
#define CS6 0x10
#define CS7 0x20
#define CS8 0x30
#define CSTOPB 0x40
#define CREAD 0x80
#define PARENB 0x100
#define PARODD 0x200
#define HUPCL 0x400
#define CLOCAL 0x800
#define CIBAUD 0x100f0000
#define IBSHIFT 16
#define CMSPAR 0x40000000
#define CRTSCTS 0x80000000

/* c_lflag */
#define ISIG 0x1
#define ICANON 0x2
#define XCASE 0x4
#define ECHO 0x8
#define ECHOE 0x10
#define ECHOK 0x20
#define ECHONL 0x40
#define NOFLSH 0x80
#define TOSTOP 0x100
#define ECHOCTL 0x200
#define ECHOPRT 0x400
#define ECHOKE 0x800
#define FLUSHO 0x1000
#define PENDIN 0x4000
#define IEXTEN 0x8000
#define EXTPROC 0x10000

/* TCXONC, TCFLSH, modem lines. */
#define TCOOFF 0
#define TCOON 1
#define TCIOFF 2
#define TCION 3
#define TCIFLUSH 0
#define TCOFLUSH 1
#define TCIOFLUSH 2
#define TIOCM_LE 0x1
#define TIOCM_DTR 0x2
#define TIOCM_RTS 0x4
#define TIOCM_ST 0x8
#define TIOCM_SR 0x10
#define TIOCM_CTS 0x20
#define TIOCM_CAR 0x40
#define TIOCM_RNG 0x80
#define TIOCM_DSR 0x100
#define N_TTY 0

struct abi_termios {
	unsigned int c_iflag;
	unsigned int c_oflag;
	unsigned int c_cflag;
	unsigned int c_lflag;
	unsigned char c_line;
	unsigned char c_cc[ABI_NCCS];
};
_Static_assert(sizeof(struct abi_termios) == 36, "abi_termios");

struct abi_termios2 {
	unsigned int c_iflag;
	unsigned int c_oflag;
	unsigned int c_cflag;
	unsigned int c_lflag;
	unsigned char c_line;
	unsigned char c_cc[ABI_NCCS];
	unsigned int c_ispeed;
	unsigned int c_ospeed;
};
_Static_assert(sizeof(struct abi_termios2) == 44, "abi_termios2");

struct abi_winsize {
	unsigned short ws_row;
	unsigned short ws_col;
	unsigned short ws_xpixel;
	unsigned short ws_ypixel;
};
_Static_assert(sizeof(struct abi_winsize) == 8, "abi_winsize");
