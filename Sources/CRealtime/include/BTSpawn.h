#ifndef BT_SPAWN_H
#define BT_SPAWN_H

#include <sys/types.h>

/* Starts a child that waits until bt_spawn_release() and then executes arguments[0], found in PATH, with an empty signal
 * mask. posix_spawn(3) cannot start a process that waits: tracing is armed for its id in between. Gives the child's id, or
 * -errno; *gate is the descriptor to release it by. */
pid_t bt_spawn_waiting(char *const _Nullable *_Nonnull arguments, int *_Nonnull gate);

/* Lets the child go on and closes the gate. Gives 0, or the errno with which the command could not be executed. */
int bt_spawn_release(int gate);

/* A descriptor that is ready when the child ends (pidfd_open(2), which Swift cannot call: syscall(2) is variadic), or -1. */
int bt_pidfd(pid_t child);

#endif
