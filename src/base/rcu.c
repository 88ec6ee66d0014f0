/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/rcu.h"

void
rcu_thread_begin(void)
{
	urcu_qsbr_register_thread();
}

void
rcu_thread_end(void)
{
	urcu_qsbr_unregister_thread();
}

void
rcu_quiescent(void)
{
	urcu_qsbr_quiescent_state();
}

void
rcu_sleep(void)
{
	urcu_qsbr_thread_offline();
}

void
rcu_wake(void)
{
	urcu_qsbr_thread_online();
}

void
rcu_defer(struct rcu_head *head, void (*fn)(struct rcu_head *head))
{
	call_rcu(head, fn);
}

void
rcu_drain(void)
{
	rcu_barrier();
}
