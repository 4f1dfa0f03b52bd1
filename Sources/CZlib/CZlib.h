/* zlib, for the compressed sections of trace.dat version 7. */
#ifndef BREAKTRACE_CZLIB_H
#define BREAKTRACE_CZLIB_H
#include <zlib.h>
#endif
