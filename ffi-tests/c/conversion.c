/*
 * Layouts and conventions into one another: every element arrives where the layout says, literal values of conventions.md
 * come out, and a refused call has written nothing.
 */
#include "support.h"

#include <stdint.h>

/* ---- layouts ---------------------------------------------------------------------------------------------------- */

typedef struct {
    int32_t lmax;
    size_t n_channels, n_samples;
    int32_t from;
    const void *x;
    size_t x_len;
    int32_t to;
    void *out;
    size_t out_len;
} conversion;

static gaunt_status convert(int32_t dtype, const conversion *c) {
    if (dtype == GAUNT_DTYPE_F32)
        return gaunt_convert_layout_f32(c->lmax, c->n_channels, c->n_samples, c->from, c->x, c->x_len, c->to, c->out,
                                        c->out_len);
    return gaunt_convert_layout_f64(c->lmax, c->n_channels, c->n_samples, c->from, c->x, c->x_len, c->to, c->out,
                                    c->out_len);
}

static void layouts(int32_t dtype) {
    static const size_t channels[] = {1, 3, 4, 8, 11, 16, 20, 33};
    size_t bytes = element_bytes(dtype), n_samples = 2;
    for (int32_t lmax = 0; lmax <= 6; ++lmax)
        for (size_t k = 0; k < sizeof channels / sizeof *channels; ++k)
            for (int32_t pair = 0; pair < 9; ++pair) {
                size_t n = channels[k], len = n_samples * n * n_lm(lmax);
                block x = block_new(len * bytes, FENCE_AT_END), out = block_new(len * bytes, FENCE_AT_END);
                for (size_t i = 0; i < len; ++i) set(dtype, x.data, i, (double)i);
                conversion c = {lmax, n, n_samples, pair / 3, x.data, len, pair % 3, out.data, len};
                CHECK_SUCCESS(convert(dtype, &c));
                int arrived = 1;
                for (size_t i = 0; i < len; ++i) {
                    size_t lm = i % n_lm(lmax), channel = i / n_lm(lmax) % n, sample = i / n_lm(lmax) / n;
                    arrived &= get(dtype, out.data, offset(c.to, lmax, n, sample, channel, lm)) ==
                               get(dtype, x.data, offset(c.from, lmax, n, sample, channel, lm));
                }
                CHECK(arrived);
                block_free(&out);
                block_free(&x);
            }
}

/* Calls with all arguments good but one. */
#define REFUSED(MEMBER, VALUE, STATUS)                                                                                 \
    do {                                                                                                               \
        conversion a = good;                                                                                           \
        a.MEMBER = (VALUE);                                                                                            \
        CHECK_STATUS(convert(dtype, &a), STATUS);                                                                      \
    } while (0)

static void layout_statuses(int32_t dtype) {
    size_t bytes = element_bytes(dtype), len = 3 * 2 * 4;
    block arrays = block_new((2 * len + 1) * bytes, FENCE_AT_END);
    arm(&arrays);
    unsigned char *x = arrays.data, *out = x + len * bytes;
    conversion good = {1, 2, 3, GAUNT_LAYOUT_LM_CHANNEL, x, len, GAUNT_LAYOUT_E3NN_BLOCKS, out, len};
    REFUSED(lmax, -1, GAUNT_ERR_INVALID_ARGUMENT);
    REFUSED(from, -1, GAUNT_ERR_INVALID_ARGUMENT);
    REFUSED(to, 3, GAUNT_ERR_INVALID_ARGUMENT);
    REFUSED(lmax, GAUNT_LMAX_INPUT + 1, GAUNT_ERR_UNSUPPORTED);
    REFUSED(n_channels, SIZE_MAX / 2, GAUNT_ERR_OVERFLOW);
    REFUSED(n_samples, SIZE_MAX / 4, GAUNT_ERR_OVERFLOW);
    REFUSED(x, NULL, GAUNT_ERR_NULL_POINTER);
    REFUSED(out, NULL, GAUNT_ERR_NULL_POINTER);
    REFUSED(x, x + 1, GAUNT_ERR_MISALIGNED);
    REFUSED(out, out + 1, GAUNT_ERR_MISALIGNED);
    REFUSED(x_len, len - 1, GAUNT_ERR_SIZE_MISMATCH);
    REFUSED(out_len, len + 1, GAUNT_ERR_SIZE_MISMATCH);
    REFUSED(out, x, GAUNT_ERR_ALIASING);
    REFUSED(out, out - bytes, GAUNT_ERR_ALIASING);
    conversion nothing = {1, 2, 0, 0, NULL, 0, 1, NULL, 0};
    CHECK_SUCCESS(convert(dtype, &nothing));
    CHECK(untouched(arrays.data, arrays.bytes));
    CHECK_SUCCESS(convert(dtype, &good)); /* arrays that touch */
    block_free(&arrays);
}

/* ---- conventions ------------------------------------------------------------------------------------------------- */

static gaunt_status to_theirs(int32_t dtype, int32_t convention, int32_t lmax, size_t n, const void *ours,
                              size_t ours_len, void *theirs, size_t theirs_len) {
    if (dtype == GAUNT_DTYPE_F32)
        return gaunt_to_convention_f32(convention, lmax, n, ours, ours_len, theirs, theirs_len);
    return gaunt_to_convention_f64(convention, lmax, n, ours, ours_len, theirs, theirs_len);
}

static gaunt_status from_theirs(int32_t dtype, int32_t convention, int32_t lmax, size_t n, const void *theirs,
                                size_t theirs_len, void *ours, size_t ours_len) {
    if (dtype == GAUNT_DTYPE_F32)
        return gaunt_from_convention_f32(convention, lmax, n, theirs, theirs_len, ours, ours_len);
    return gaunt_from_convention_f64(convention, lmax, n, theirs, theirs_len, ours, ours_len);
}

/* The function x on the sphere: index and value of what is not zero. */
static const struct {
    int32_t convention;
    size_t len; /* to degree 1 */
    size_t index;
    double value;
} literals[] = {
    {GAUNT_CONVENTION_E3NN_INTEGRAL, 4, 3, 2.0466534158929770},
    {GAUNT_CONVENTION_E3NN_COMPONENT, 4, 3, 0.57735026918962576},
    {GAUNT_CONVENTION_E3NN_NORM, 4, 3, 1},
    {GAUNT_CONVENTION_SPHERICART, 4, 3, 2.0466534158929770},
    {GAUNT_CONVENTION_COMPLEX, 8, 6, -1.4472025091165353}, /* and the opposite at 2 */
    {GAUNT_CONVENTION_SHTNS, 6, 4, -1.4472025091165353},
    {GAUNT_CONVENTION_SHTOOLS, 8, 3, 0.57735026918962576},
    {GAUNT_CONVENTION_E3X, 4, 1, 1},
};

static void conventions(int32_t dtype) {
    size_t bytes = element_bytes(dtype);
    for (size_t k = 0; k < sizeof literals / sizeof *literals; ++k) {
        size_t ours_len = 0, theirs_len = 0;
        int32_t convention = literals[k].convention;
        CHECK_SUCCESS(gaunt_convention_lengths(convention, 1, 2, &ours_len, &theirs_len));
        CHECK(ours_len == 8 && theirs_len == 2 * literals[k].len);
        block ours = block_new(ours_len * bytes, FENCE_AT_END), theirs = block_new(theirs_len * bytes, FENCE_AT_END);
        block back = block_new(ours_len * bytes, FENCE_AT_END);
        for (size_t i = 0; i < ours_len; ++i) set(dtype, ours.data, i, i == 7 ? 2.0466534158929770 : 0);
        CHECK_SUCCESS(to_theirs(dtype, convention, 1, 2, ours.data, ours_len, theirs.data, theirs_len));
        for (size_t i = 0; i < theirs_len; ++i) {
            double expected = i == literals[k].len + literals[k].index ? literals[k].value : 0;
            if (convention == GAUNT_CONVENTION_COMPLEX && i == 10) expected = -literals[k].value;
            /* the coefficient, the literal, three roundings of the factor, the result */
            CHECK(fabs(get(dtype, theirs.data, i) - expected) <= 3 * epsilon(dtype) * fabs(expected));
        }
        CHECK_SUCCESS(from_theirs(dtype, convention, 1, 2, theirs.data, theirs_len, back.data, ours_len));
        for (size_t i = 0; i < ours_len; ++i)
            CHECK(fabs(get(dtype, back.data, i) - get(dtype, ours.data, i)) <= 4 * epsilon(dtype) * 2.05 * (i == 7));
        block_free(&back);
        block_free(&theirs);
        block_free(&ours);
    }
}

static void convention_statuses(int32_t dtype) {
    size_t bytes = element_bytes(dtype), n = 9, lens[4];
    block arrays = block_new((2 * n + 1) * bytes, FENCE_AT_END), sizes = {lens, sizeof lens, NULL, 0};
    arm(&arrays);
    memset(lens, CANARY, sizeof lens);
    unsigned char *ours = arrays.data, *theirs = ours + n * bytes;
    const struct {
        int32_t convention, lmax;
        size_t n_vectors;
        void *ours;
        size_t ours_len;
        void *theirs;
        size_t theirs_len;
        gaunt_status status;
    } refused[] = {
        {-1, 2, 1, ours, n, theirs, n, GAUNT_ERR_INVALID_ARGUMENT},
        {GAUNT_CONVENTION_E3X + 1, 2, 1, ours, n, theirs, n, GAUNT_ERR_INVALID_ARGUMENT},
        {0, -1, 1, ours, n, theirs, n, GAUNT_ERR_INVALID_ARGUMENT},
        {0, GAUNT_LMAX_INPUT + 1, 1, ours, n, theirs, n, GAUNT_ERR_UNSUPPORTED},
        {0, 2, SIZE_MAX / 2, ours, n, theirs, n, GAUNT_ERR_OVERFLOW},
        {0, 2, 1, NULL, n, theirs, n, GAUNT_ERR_NULL_POINTER},
        {0, 2, 1, ours, n, NULL, n, GAUNT_ERR_NULL_POINTER},
        {0, 2, 1, ours + 1, n, theirs, n, GAUNT_ERR_MISALIGNED},
        {0, 2, 1, ours, n, theirs + 1, n, GAUNT_ERR_MISALIGNED},
        {0, 2, 1, ours, n - 1, theirs, n, GAUNT_ERR_SIZE_MISMATCH},
        {0, 2, 1, ours, n, theirs, n + 1, GAUNT_ERR_SIZE_MISMATCH},
        {0, 2, 1, ours, n, ours, n, GAUNT_ERR_ALIASING},
        {0, 2, 1, ours, n, theirs - bytes, n, GAUNT_ERR_ALIASING},
    };
    for (size_t i = 0; i < sizeof refused / sizeof *refused; ++i) {
        CHECK_STATUS(to_theirs(dtype, refused[i].convention, refused[i].lmax, refused[i].n_vectors, refused[i].ours,
                               refused[i].ours_len, refused[i].theirs, refused[i].theirs_len),
                     refused[i].status);
        CHECK_STATUS(from_theirs(dtype, refused[i].convention, refused[i].lmax, refused[i].n_vectors,
                                 refused[i].theirs, refused[i].theirs_len, refused[i].ours, refused[i].ours_len),
                     refused[i].status);
        if (refused[i].status <= GAUNT_ERR_INVALID_ARGUMENT && refused[i].status >= GAUNT_ERR_OVERFLOW)
            CHECK_STATUS(gaunt_convention_lengths(refused[i].convention, refused[i].lmax, refused[i].n_vectors, &lens[0],
                                                  &lens[2]),
                         refused[i].status);
    }
    CHECK_STATUS(gaunt_convention_lengths(0, 2, 1, (void *)((char *)lens + 1), &lens[2]), GAUNT_ERR_MISALIGNED);
    CHECK_STATUS(gaunt_convention_lengths(0, 2, 1, &lens[2], (void *)((char *)lens + 1)), GAUNT_ERR_MISALIGNED);
    CHECK_SUCCESS(gaunt_convention_lengths(0, 2, 1, NULL, NULL));
    CHECK_SUCCESS(to_theirs(dtype, 0, 2, 0, NULL, 0, NULL, 0));
    CHECK_SUCCESS(from_theirs(dtype, 0, 2, 0, NULL, 0, NULL, 0));
    CHECK(untouched(arrays.data, arrays.bytes) && untouched(sizes.data, sizes.bytes));
    block_free(&arrays);
}

int main(void) {
    for (int32_t dtype = GAUNT_DTYPE_F32; dtype <= GAUNT_DTYPE_F64; ++dtype) {
        layouts(dtype);
        layout_statuses(dtype);
        conventions(dtype);
        convention_statuses(dtype);
    }
    return finish("conversion");
}
