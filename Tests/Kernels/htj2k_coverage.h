/* Which features the random streams had, and which they never had. */
#ifndef HTJ2K_COVERAGE_H
#define HTJ2K_COVERAGE_H

#include "htj2k_test.h"

/* One encoded stream, its content kind, how it was rewritten (NULL: it was not) and decoded. */
void cover_stream(const stream_spec *spec, uint32_t content, uint32_t workers);
void cover_packets(const stream_spec *spec, const repack_spec *packets);
void cover_reduction(uint32_t reduction);
/* Prints the table; answers how many features no stream had. */
uint32_t report_coverage(void);

#endif
