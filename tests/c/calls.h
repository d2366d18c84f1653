/*
 * Every function of the header that takes a pointer, in one table: what its arguments are and how to call it.
 * The tests of wrong arguments go through the table, so a function added here is tested against all of them.
 */
#ifndef CALLS_H
#define CALLS_H

#include "check.h"

enum { MOST_ARGUMENTS = 6 };

/*
 * Kinds of arguments, one letter each in the order of the parameters:
 *   d  a database              o  an operation that must be there   p  an operation that may be missing
 *   t  a text that must be there                                    m  a text that may be missing
 *   b  a text whose absence is an invalid argument here             j  the options
 *   f  a function that must be there                                h  a function that may be missing
 *   r  where a result goes
 */
struct call {
    const char *name;
    const char *kinds;
    int32_t (*run)(void *const *arguments, char **out);
    const char *texts[MOST_ARGUMENTS];
    bool has_out;
    /* The role below which it is denied. */
    enum { USER, SUPERVISOR, ADMIN } role;
};

extern const struct call calls[];

/* Arguments that are right. */
void right_arguments(const struct call *call, rpmadb *db, rpmadb_op *op, void *arguments[MOST_ARGUMENTS]);

/* Calls it and checks the status, once with `out` and once without where it has one. */
bool check_call(const struct call *call, int32_t expected, void *const *arguments, const char *why);

#endif
