/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/rcu.h"

#include <stdbool.h>

#include "base/arena.h"

#if defined(__SANITIZE_THREAD__)
#define RCU_TELLS_ORDER
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define RCU_TELLS_ORDER
#endif
#endif

#ifdef RCU_TELLS_ORDER
/*
 * ThreadSanitizer cannot see the order that liburcu keeps, as that is built
 * without it.  Here it is told, and no more than is true: what came before
 * rcu_defer() and before a reader's quiescent state came before the function
 * that was deferred, and that before the end of rcu_drain().
 */
#include <stdatomic.h>

const char *__tsan_default_suppressions(void);

const char *
__tsan_default_suppressions(void)
{
	return "called_from_lib:liburcu-qsbr.so\n";
}

static _Atomic unsigned order;

static void
order_before(void)
{
	atomic_fetch_add_explicit(&order, 1, memory_order_release);
}

static void
order_after(void)
{
	atomic_fetch_add_explicit(&order, 1, memory_order_acquire);
}

struct deferred {
	struct rcu_head rcu;
	struct rcu_head *head;
	void (*fn)(struct rcu_head *head);
};

static void
deferred_run(struct rcu_head *head)
{
	struct deferred *d = (struct deferred *)head; /* its first member */

	order_after();
	d->fn(d->head);
	free(d);
	order_before();
}

static void
defer(struct rcu_head *head, void (*fn)(struct rcu_head *head))
{
	struct deferred *d = xcalloc(1, sizeof(*d));

	d->head = head;
	d->fn = fn;
	order_before();
	call_rcu(&d->rcu, deferred_run);
}

#else

static void
order_before(void)
{
}

static void
order_after(void)
{
}

static void
defer(struct rcu_head *head, void (*fn)(struct rcu_head *head))
{
	call_rcu(head, fn);
}

#endif

void
rcu_thread_begin(void)
{
	urcu_qsbr_register_thread();
}

void
rcu_thread_end(void)
{
	order_before();
	urcu_qsbr_unregister_thread();
}

void
rcu_quiescent(void)
{
	order_before();
	urcu_qsbr_quiescent_state();
}

void
rcu_sleep(void)
{
	order_before();
	urcu_qsbr_thread_offline();
}

void
rcu_wake(void)
{
	urcu_qsbr_thread_online();
}

struct waiting {
	struct rcu_head *head;
	void (*fn)(struct rcu_head *head);
};

/* Main's. */
static bool held;
static VEC(struct waiting) waiting;

void
rcu_hold(void)
{
	held = true;
}

void
rcu_release(void)
{
	held = false;
	for (size_t i = 0; i < waiting.n; i++)
		defer(waiting.at[i].head, waiting.at[i].fn);
	vec_free(&waiting);
}

void
rcu_defer(struct rcu_head *head, void (*fn)(struct rcu_head *head))
{
	const struct waiting w = {head, fn};

	if (held)
		vec_push(&waiting, w);
	else
		defer(head, fn);
}

void
rcu_drain(void)
{
	rcu_release();
	rcu_barrier();
	order_after();
}
