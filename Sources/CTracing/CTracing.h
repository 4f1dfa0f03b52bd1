// What Swift sees of libtracefs and libtraceevent.
//
// Their variadic functions are not imported by Swift; the few that are needed get an inline wrapper
// with a fixed argument list here, named after the function with the prefix `bt_`.
#ifndef BREAKTRACE_CTRACING_H
#define BREAKTRACE_CTRACING_H

#include <errno.h>
#include <event-parse.h>
#include <fcntl.h>
#include <kbuffer.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <trace-seq.h>
#include <tracefs.h>
#include <unistd.h>

/// tracefs_tracer_set(instance, TRACEFS_TRACER_CUSTOM, name): sets a tracer by its name.
static inline int bt_tracer_set(struct tracefs_instance *instance, const char *name)
{
	return tracefs_tracer_set(instance, TRACEFS_TRACER_CUSTOM, name);
}

/// tep_print_event() with the format that prints only the event's own fields ("%s", TEP_PRINT_INFO).
static inline void bt_print_event_fields(struct tep_handle *tep, struct trace_seq *seq,
					 struct tep_record *record)
{
	tep_print_event(tep, seq, record, "%s", TEP_PRINT_INFO);
}

/// pidfd_open(2), which Swift cannot call because syscall(2) is variadic: a descriptor that is readable once the
/// process is over, closed on exec; -1 and errno where the kernel or the process does not allow it.
static inline int bt_pidfd_open(pid_t pid)
{
#ifdef SYS_pidfd_open
	return (int)syscall(SYS_pidfd_open, pid, 0);
#else
	(void)pid;
	errno = ENOSYS;
	return -1;
#endif
}

/// pipe(2) with both ends closed on exec: pipe2(2) is a GNU extension that Swift's view of the C library leaves out.
static inline int bt_pipe(int ends[2])
{
	return (int)syscall(SYS_pipe2, ends, O_CLOEXEC);
}

/* GNU extensions of spawn.h, which Swift's view of the C library may leave out. */
#ifndef POSIX_SPAWN_SETSID
#define POSIX_SPAWN_SETSID 0x80
#endif
extern int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *, int);
extern char **environ;

/// posix_spawn(3) of a process that stays when this one goes: its own session, `input` as standard input, the other
/// standard descriptors on /dev/null, all others closed, signals at their defaults and those of terminal, service
/// manager and pipes blocked. Returns 0 or the errno.
static inline int bt_spawn_detached(pid_t *pid, const char *path, char *const *argv, int input)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t all, blocked;
	int error = posix_spawn_file_actions_init(&actions);

	if (error)
		return error;
	error = posix_spawnattr_init(&attributes);
	if (error) {
		posix_spawn_file_actions_destroy(&actions);
		return error;
	}
	sigfillset(&all);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGINT);
	sigaddset(&blocked, SIGTERM);
	sigaddset(&blocked, SIGHUP);
	sigaddset(&blocked, SIGQUIT);
	sigaddset(&blocked, SIGPIPE);
	posix_spawnattr_setsigdefault(&attributes, &all);
	posix_spawnattr_setsigmask(&attributes, &blocked);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGDEF |
						      POSIX_SPAWN_SETSIGMASK);
	error = posix_spawn_file_actions_adddup2(&actions, input, 0);
	if (!error)
		error = posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", 1 /* O_WRONLY */, 0);
	if (!error)
		error = posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", 1 /* O_WRONLY */, 0);
	if (!error)
		error = posix_spawn_file_actions_addclosefrom_np(&actions, 3);
	if (!error)
		error = posix_spawn(pid, path, &actions, &attributes, argv, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return error;
}

#endif
