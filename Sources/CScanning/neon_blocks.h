/* Blocks of 64 bytes on 64-bit ARM. Each of those processors has Advanced SIMD ("NEON"): there is
 * nothing to ask for at run time. */
#ifndef SLUICE_NEON_BLOCKS_H
#define SLUICE_NEON_BLOCKS_H

#if defined(__aarch64__) && !defined(__AARCH64EB__)
#include <arm_neon.h>
#include <stdint.h>
#define HAS_NEON 1

/* The place of each byte in its group of eight, as a bit. */
static const uint8_t neon_bits[16] = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};

/* Bit i speaks of byte i; all bits of a byte are equal. */
static inline uint64_t neon_mask(uint8x16x4_t bytes) {
    const uint8x16_t bits = vld1q_u8(neon_bits);
    uint8x16_t low = vpaddq_u8(vandq_u8(bytes.val[0], bits), vandq_u8(bytes.val[1], bits));
    uint8x16_t high = vpaddq_u8(vandq_u8(bytes.val[2], bits), vandq_u8(bytes.val[3], bits));
    uint8x16_t all = vpaddq_u8(low, high);
    return vgetq_lane_u64(vreinterpretq_u64_u8(vpaddq_u8(all, all)), 0);
}

static inline uint64_t neon_equal(uint8x16x4_t block, uint8_t byte) {
    const uint8x16_t wanted = vdupq_n_u8(byte);
    uint8x16x4_t found;
    for (int i = 0; i < 4; i++) found.val[i] = vceqq_u8(block.val[i], wanted);
    return neon_mask(found);
}

/* The bytes of this value or less. */
static inline uint64_t neon_at_most(uint8x16x4_t block, uint8_t byte) {
    const uint8x16_t largest = vdupq_n_u8(byte);
    uint8x16x4_t found;
    for (int i = 0; i < 4; i++) found.val[i] = vcleq_u8(block.val[i], largest);
    return neon_mask(found);
}

#endif
#endif
