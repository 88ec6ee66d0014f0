/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The wrapper of liburcu-qsbr: what a query reads is freed only when no worker
 * can still see it.
 *
 * Every thread that reads a published pointer calls rcu_thread_begin() first,
 * rcu_quiescent() once per batch, and rcu_sleep()/rcu_wake() around anything
 * that blocks.  rcu_defer() never blocks; its function runs in a thread of
 * liburcu's own.
 */
#ifndef BASE_RCU_H
#define BASE_RCU_H

#include <urcu-qsbr.h>

void rcu_thread_begin(void);
void rcu_thread_end(void);
void rcu_quiescent(void);
void rcu_sleep(void);
void rcu_wake(void);

/* fn(head) after all readers of now have passed a quiescent state. */
void rcu_defer(struct rcu_head *head, void (*fn)(struct rcu_head *head));

/* From rcu_hold() to rcu_release() what is deferred only waits in line, and so
 * starts no thread: a thread would keep the rights that main drops.  Main. */
void rcu_hold(void);
void rcu_release(void);

/* Waits for all rcu_defer() so far; for the end of the process and tests. */
void rcu_drain(void);

#endif
