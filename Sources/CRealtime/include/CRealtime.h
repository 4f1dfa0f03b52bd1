#ifndef BT_RT
#define BT_RT
#endif
