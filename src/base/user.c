/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/user.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { USER_CLAIMED_MAX = 32 };

char *
user_name(char buf[USER_NAME_MAX], uid_t uid)
{
	const struct passwd *pw = getpwuid(uid);

	if (pw != NULL)
		snprintf(buf, USER_NAME_MAX, "%s", pw->pw_name);
	else
		snprintf(buf, USER_NAME_MAX, "uid %u", uid);
	return buf;
}

bool
user_is_name(const char *name)
{
	static const char letters[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
	static const char rest[] = "0123456789._-@\\";
	size_t n = 0;

	while (name[n] != '\0' &&
	    (strchr(letters, name[n]) != NULL ||
		(n > 0 && strchr(rest, name[n]) != NULL) || name[n] == '_'))
		n++;
	n += n > 0 && name[n] == '$';
	return n > 0 && name[n] == '\0' && n <= USER_CLAIMED_MAX;
}

void
user_behalf(char buf[USER_NAME_MAX], const char *claimed)
{
	char own[USER_NAME_MAX];

	if (claimed == NULL || !user_is_name(claimed) ||
	    strcmp(claimed, "root") == 0 || strcmp(claimed, buf) == 0)
		return;
	snprintf(own, sizeof(own), "%s", buf);
	snprintf(buf, USER_NAME_MAX, "%.32s (%.24s)", claimed, own);
}

bool
user_find(const char *name, uid_t *uid, gid_t *gid, struct error *err)
{
	const struct passwd *pw;

	errno = 0;
	pw = getpwnam(name);
	if (pw == NULL)
		return error_set(err, "user %s: %s", name,
		    errno != 0 ? strerror(errno) : "no such user");
	*uid = pw->pw_uid;
	*gid = pw->pw_gid;
	return true;
}

bool
user_become(const char *name, struct error *err)
{
	uid_t uid;
	gid_t gid;

	if (!user_find(name, &uid, &gid, err))
		return false;
	if (getuid() == uid && geteuid() == uid && getgid() == gid)
		return true; /* what could be dropped was, before */
	if (setgroups(0, NULL) != 0 || setgid(gid) != 0 || setuid(uid) != 0)
		return error_set(err, "user %s: %s", name, strerror(errno));
	return true;
}

/* All of them are in the lower word. */
static const uint32_t kept[] = {
    [USER_SERVES] = 1u << CAP_DAC_OVERRIDE,
    [USER_RUNS_COMMANDS] = 1u << CAP_DAC_OVERRIDE | 1u << CAP_NET_RAW |
	1u << CAP_SETUID | 1u << CAP_SETGID,
};

static bool
keep_capabilities(uint32_t low)
{
	struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct sets[2];

	if (syscall(SYS_capget, &head, sets) != 0)
		return false;
	/* Those that programs inherit leave the ambient set with them. */
	for (size_t i = 0; i < 2; i++) {
		uint32_t mask = i == 0 ? low : 0;

		sets[i].effective &= mask;
		sets[i].permitted &= mask;
		sets[i].inheritable &= mask;
	}
	return syscall(SYS_capset, &head, sets) == 0;
}

bool
user_confine(enum user_work work, struct error *err)
{
	/* A user namespace may forbid it; its groups are none of ours. */
	if (geteuid() == 0 && setgroups(0, NULL) != 0 && errno != EPERM)
		return error_set(err, "setgroups: %s", strerror(errno));
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return error_set(
		    err, "PR_SET_NO_NEW_PRIVS: %s", strerror(errno));
	return keep_capabilities(kept[work]) ||
	    error_set(err, "capabilities: %s", strerror(errno));
}
