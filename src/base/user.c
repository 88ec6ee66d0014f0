/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/user.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

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
	if (setgroups(0, NULL) != 0 || setgid(gid) != 0 || setuid(uid) != 0)
		return error_set(err, "user %s: %s", name, strerror(errno));
	return true;
}
