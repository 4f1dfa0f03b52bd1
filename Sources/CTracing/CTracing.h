// What Swift sees of libtracefs and libtraceevent.
//
// Their variadic functions are not imported by Swift; the few that are needed get an inline wrapper
// with a fixed argument list here, named after the function with the prefix `bt_`.
#ifndef BREAKTRACE_CTRACING_H
#define BREAKTRACE_CTRACING_H

#include <event-parse.h>
#include <kbuffer.h>
#include <stdlib.h>
#include <trace-seq.h>
#include <tracefs.h>

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

#endif
