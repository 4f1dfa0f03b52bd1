/* libzstd, for the compressed sections of trace.dat version 7. */
#ifndef BREAKTRACE_CZSTD_H
#define BREAKTRACE_CZSTD_H
#include <zstd.h>
#endif
