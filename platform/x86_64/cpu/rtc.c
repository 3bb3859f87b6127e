/* The battery-backed clock (MC146818), in UTC. */
#include <platform/time.h>

#include <lib/compiler.h>
#include <x86/acpi.h>
#include <x86/io.h>

#define CMOS_INDEX 0x70
#define CMOS_DATA 0x71

enum {
	RTC_SECOND = 0,
	RTC_MINUTE = 2,
	RTC_HOUR = 4,
	RTC_DAY = 7,
	RTC_MONTH = 8,
	RTC_YEAR = 9,
	RTC_STATUS_A = 0xa,
	RTC_STATUS_B = 0xb,
};
#define STATUS_A_UPDATING 0x80
#define STATUS_B_BINARY 0x04
#define STATUS_B_24_HOURS 0x02
#define HOUR_PM 0x80

/* An update takes 2 ms; a read of a port some 0.1 to 2 us. */
#define UPDATE_SPINS 100000
#define READ_ATTEMPTS 4

struct rtc {
	u8 second, minute, hour, day, month, year, century;
};

static u8 cmos_read(u8 index)
{
	outb(CMOS_INDEX, index);
	return inb(CMOS_DATA);
}

static bool update_wait(void)
{
	unsigned int spins;

	for (spins = 0; spins < UPDATE_SPINS; spins++)
		if (!(cmos_read(RTC_STATUS_A) & STATUS_A_UPDATING))
			return true;
	return false;
}

static struct rtc rtc_read(void)
{
	u8 century = acpi_fixed.century_register;

	return (struct rtc){
		.second = cmos_read(RTC_SECOND),
		.minute = cmos_read(RTC_MINUTE),
		.hour = cmos_read(RTC_HOUR),
		.day = cmos_read(RTC_DAY),
		.month = cmos_read(RTC_MONTH),
		.year = cmos_read(RTC_YEAR),
		.century = century ? cmos_read(century) : 0,
	};
}

static bool rtc_equal(struct rtc a, struct rtc b)
{
	return a.second == b.second && a.minute == b.minute && a.hour == b.hour && a.day == b.day &&
	       a.month == b.month && a.year == b.year && a.century == b.century;
}

static unsigned int number(u8 value, u8 status_b)
{
	return status_b & STATUS_B_BINARY ? value : (value >> 4) * 10u + (value & 0xf);
}

static unsigned int hour_number(u8 hour, u8 status_b)
{
	unsigned int h = number(hour & ~HOUR_PM, status_b);

	if (status_b & STATUS_B_24_HOURS)
		return number(hour, status_b);
	return h % 12 + (hour & HOUR_PM ? 12 : 0);
}

/* From March 1 of the year 0. */
#define DAYS_TO_1970 719468

/* Days from 1970-01-01 in the Gregorian calendar; a year is counted from March, so that the leap day is its last. */
static u64 days_from_date(unsigned int year, unsigned int month, unsigned int day)
{
	unsigned int months = (month + 9) % 12;
	u64 years = year - (month < 3);
	u64 leap_days = years / 4 - years / 100 + years / 400;

	return years * 365 + leap_days + (153 * months + 2) / 5 + day - 1 - DAYS_TO_1970;
}

static u64 rtc_seconds(struct rtc rtc)
{
	u8 status = cmos_read(RTC_STATUS_B);
	unsigned int year = number(rtc.year, status), month = number(rtc.month, status);
	unsigned int day = number(rtc.day, status), century = number(rtc.century, status);
	u64 seconds;

	/* Without a century register: 1970 to 2069. */
	if (century < 19 || century > 29)
		century = year < 70 ? 20 : 19;
	if (month < 1 || month > 12 || day < 1 || day > 31)
		return 0;
	year += century * 100;
	if (year < 1970)
		return 0;
	seconds = (days_from_date(year, month, day) * 24 + hour_number(rtc.hour, status)) * 3600;
	return seconds + number(rtc.minute, status) * 60 + number(rtc.second, status);
}

u64 wall_clock_read(void)
{
	int attempt;

	/* An update may begin between two reads: the same value twice is a good one. */
	for (attempt = 0; attempt < READ_ATTEMPTS && update_wait(); attempt++) {
		struct rtc first = rtc_read();

		if (rtc_equal(first, rtc_read()))
			return rtc_seconds(first);
	}
	return 0;
}
