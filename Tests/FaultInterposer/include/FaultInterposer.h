/* A library that is loaded before the C library (LD_PRELOAD) and lets system calls fail that would
   have succeeded. It is told what to do by variables of the environment:

     FAULT_REPORT  a file of at least sizeof(struct fault_report) bytes, where the report appears
     FAULT_SIDE    `write` or `read`: which calls are counted
     FAULT_AS      the error number; or `short`: half of what is asked for is written or read; or
                   `kill`, `signal:N`: the process ends there; or `torn`: it is killed when half
                   of what is asked for is written
     FAULT_AT      the number of the call that fails, from 1; without it calls are only counted
     FAULT_FROM    instead of FAULT_AT: this call fails and every one behind it

     FAULT_STREAMS if set, standard input, output and error are disturbed, too
     FAULT_DISK    a folder: its ext4 file system loses its power there, and what was not made
                   durable, and then the process is killed
     FAULT_SITES   a file that gets 8 bytes for each call that is counted: whence it came
     FAULT_OUTSIDE a file that the process tries to open at each call, and the network with it
     FAULT_COPIES  a file that gets a copy of all that is written, to standard output, to standard
                   error and to sockets, too: two lengths of 4 bytes, the name of the place, and
                   the bytes
     FAULT_CLOCK   seconds since 1970 at which the clock of the day stands still; all that is random
                   is the same in each process then, so that what two of them leave can be compared
     FAULT_BELOW   a folder below which nothing can be renamed or linked, as in an object store

   Only calls that can give the error at all are counted; mlock only where FAULT_CALL names it, and
   then as one that writes. */
#ifndef FAULT_INTERPOSER_H
#define FAULT_INTERPOSER_H

#include <stdint.h>

struct fault_report {
    /* The calls that could have failed. */
    uint64_t calls;
    /* Those that did. */
    uint64_t faults;
    /* The name of the first one that did. */
    char first[16];
    /* How often neither the file outside nor the network could be reached, and how often one of
       them could after that. */
    uint64_t kept, escapes;
    /* How often a manager of libdispatch began to look after worker threads, which it does through
       files that are closed to a confined process. */
    uint64_t managers;
    /* How many files were opened in a way that another programme would inherit them. */
    uint64_t inheritable;
    /* How often memory that had been locked was given up: full of zeros, or not. */
    uint64_t wiped, unwiped;
};

#endif
