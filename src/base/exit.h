/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The exit codes of meridianctl, which the daemon's replies carry.
 */
#ifndef BASE_EXIT_H
#define BASE_EXIT_H

enum exit_code {
	EXIT_DONE,
	EXIT_WRONG, /* refused, or found wrong */
	EXIT_USAGE,
	EXIT_NO_DAEMON,
	EXIT_NO_SUCH,
	EXIT_TIMED_OUT
};

#endif
