/*
 * Parameters: CK_HT_SAMPLE  int32_t or int16_t
 *             CK_HT_STEP2   name of the function
 * The includer has bit_length(), decode_u() and lanes_of(). Both macros are undefined at the end.
 *
 * All magnitudes are computed in 32 bits modulo 2^32: k_max + half_steps <= 30 makes legal values fit, and U_q <= P + 2 keeps
 * illegal ones from shifting by 32 or more. Whether 16 bits suffice the caller sees in u_max.
 */
static ck_status CK_HT_STEP2(const ck_ht_job *job) {
    ck_ht_lane *lane = job->lane;
    const ck_ht_block *block = job->block;
    const uint8_t *magsgn = job->magsgn;
    /* Per boundary the OR of 2 (mu - 1) + 1 of its two samples: has the bit length of the larger exponent (7.3.7). */
    uint32_t seams[CK_HT_MAX_SIDE / 2 + 2];
    CK_HT_SAMPLE no_row[CK_HT_MAX_SIDE];
    const uint32_t plane = block->k_max - 1u - block->missing_msbs, down = 1u - block->half_steps;
    const int general = ck_ht_job_is_general(job);
    size_t position = 0;
    uint32_t u_max = 0;
    memset(seams, 0, (lane->quads_x + 2) * sizeof seams[0]);
    for (uint32_t y = 0; y < lane->quads_y; y++) {
        ck_ht_prefetch_ahead(job, y, sizeof(CK_HT_SAMPLE));
        CK_HT_SAMPLE *upper = (CK_HT_SAMPLE *)block->out + 2 * y * block->out_stride;
        CK_HT_SAMPLE *lower = 2 * y + 1 < block->height ? upper + block->out_stride : no_row;
        const uint32_t *tags = lane->tags + ck_ht_record(lane, y, 0);
        const uint16_t *raw = lane->raw + ck_ht_record(lane, y, 0);
        uint32_t left_seam = 0, u[2] = {0, 0};
        for (uint32_t x = 0; x < lane->quads_x; x++) {
            uint32_t tag = tags[x / 2] >> (x & 1 ? 16 : 0);
            const uint32_t rho = tag & 15;
            if (!(x & 1)) {
                if (y == 0) {
                    u[0] = lane->first_u[x];
                    u[1] = lane->first_u[x + 1];
                } else {
                    decode_u(raw[x / 2], tags[x / 2], u);
                }
            }
            /* gamma_q: more than one significant sample. Choices here are as good as random: none is a branch. */
            uint32_t gamma = 0u - ((rho & (rho - 1)) != 0), any = 0u - (rho != 0);
            uint32_t above = (bit_length(seams[x] | seams[x + 1] | 1) - 1) & gamma, kappa = above > 1 ? above : 1;
            uint32_t exponent = (kappa + u[x & 1]) & any;
            if (exponent > lane->limit) return CK_ERR_DAMAGED;
            if (exponent > u_max) u_max = exponent;
            if (exponent <= 14 && !general) {
                /* Four lanes of 16 bits in a word, as all that a quad takes fits 64 bits, wherever it begins. */
                const uint64_t sigma = lanes_of(rho), lengths = sigma * exponent - lanes_of(tag >> CK_TAG_KNOWN & 15);
                uint64_t bits = ck_load64(magsgn + (position >> 3)) >> (position & 7);
                uint64_t v = lanes_of(tag >> CK_TAG_ONE & 15) << exponent >> 1;
                for (uint32_t n = 0; n < 4; n++) {
                    const uint32_t m = (uint32_t)(lengths >> 16 * n) & 0xFF;
                    v |= (bits & (((uint64_t)1 << m) - 1)) << 16 * n;
                    bits >>= m;
                }
                position += lengths * LANES >> 48;
                const uint64_t seen = (v | LANES) & sigma * 0xFFFF;
                const uint64_t magnitudes = (seen + LANES) >> 1 & LANES * 0x7FFF; /* mu, or 0 for 0 */
                const uint64_t sign = v & LANES, values = (magnitudes ^ sign * 0xFFFF) + sign;
                upper[2 * x] = (int16_t)values, lower[2 * x] = (int16_t)(values >> 16);
                if (2 * x + 1 < block->width) upper[2 * x + 1] = (int16_t)(values >> 32), lower[2 * x + 1] = (int16_t)(values >> 48);
                seams[x] = left_seam | (seen >> 16 & 0xFFFF);
                left_seam = (uint32_t)(seen >> 48);
                continue;
            }
            uint32_t seen[4] = {0, 0, 0, 0}, values[4] = {0, 0, 0, 0};
            for (uint32_t n = 0; n < 4; n++) {
                if (!(rho >> n & 1)) continue;
                uint32_t m = exponent - (tag >> (CK_TAG_KNOWN + n) & 1);
                uint64_t bits = ck_load64(magsgn + (position >> 3)) >> (position & 7);
                uint32_t v = (uint32_t)(bits & (((uint64_t)1 << m) - 1)) | (tag >> (CK_TAG_ONE + n) & 1) << m;
                position += m;
                uint32_t sign = 0u - (v & 1), magnitude = (((v | 1) + 2) << plane) >> down;
                values[n] = (magnitude ^ sign) - sign;
                seen[n] = v | 1;
            }
            seams[x] = left_seam | seen[1];
            left_seam = seen[3];
            upper[2 * x] = (CK_HT_SAMPLE)values[0];
            lower[2 * x] = (CK_HT_SAMPLE)values[1];
            if (2 * x + 1 < block->width) {
                upper[2 * x + 1] = (CK_HT_SAMPLE)values[2];
                lower[2 * x + 1] = (CK_HT_SAMPLE)values[3];
            }
        }
        seams[lane->quads_x] = left_seam;
        /* An encoder may leave out one last byte of ones, not more (7.1.2). */
        if (position > job->nbits + 8) return CK_ERR_DAMAGED;
    }
    lane->u_max = u_max;
    return CK_OK;
}

#undef CK_HT_SAMPLE
#undef CK_HT_STEP2
