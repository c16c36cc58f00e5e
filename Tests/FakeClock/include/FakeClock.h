// Nothing to call: the library is preloaded (LD_PRELOAD) into a process, whose wall clock it changes. See clock.c.
