/* Checksum of the output, strip by strip as rows are finished. */
#include "ck_htj2k_decoder.h"

/* Polynomials over GF(2) modulo that of CRC-32; the highest bit is the coefficient of x^0. */
enum { X_TO_8 = 0x00800000 };
#define CRC_POLYNOMIAL 0xEDB88320u

static uint32_t multiply(uint32_t a, uint32_t b)
{
    uint32_t product = 0;
    for (; a; a <<= 1) {
        if (a >> 31)
            product ^= b;
        b = b >> 1 ^ (b & 1 ? CRC_POLYNOMIAL : 0);
    }
    return product;
}

uint32_t ck_crc32_join(uint32_t front, uint32_t back, uint64_t back_nbytes)
{
    /* Bytes that follow multiply what came before by x^8 each; the inversions at both ends cancel out. */
    for (uint32_t power = X_TO_8; back_nbytes; back_nbytes >>= 1, power = multiply(power, power))
        if (back_nbytes & 1)
            front = multiply(power, front);
    return front ^ back;
}

int ck_sums_output(const ck_htj2k_decoder *d)
{
    /* Rows of tiles side by side do not follow one another; planes are packed row by row whatever the tiles were. */
    return d->checksum && (d->planar ? d->step == CK_STEP_PACK : d->siz.tiles_x == 1 && d->step == CK_STEP_FINISH);
}

void ck_reset_sums(ck_htj2k_decoder *d)
{
    for (uint32_t i = 0; i < d->workers; i++)
        d->sum[i] = (ck_strip_sum){.value = i == 0 ? d->checksum_so_far : 0};
}

void ck_join_sums(ck_htj2k_decoder *d)
{
    if (!ck_sums_output(d))
        return;
    d->checksum_so_far = d->sum[0].value;
    for (uint32_t i = 1; i < d->workers; i++)
        d->checksum_so_far = ck_crc32_join(d->checksum_so_far, d->sum[i].value, d->sum[i].nbytes);
}

void ck_htj2k_set_checksum(ck_htj2k_decoder *d, ck_checksum checksum)
{
    d->checksum = checksum;
}

int ck_htj2k_checksum(const ck_htj2k_decoder *d, uint32_t *value)
{
    *value = d->checksum_so_far;
    return d->checksum && d->step == CK_STEP_DONE && (d->planar || d->siz.tiles_x == 1);
}
