/*
 * The compiled peer: a product through the list of non-zero coupling coefficients, as a careful user would write it.
 * Nothing here knows degrees; the list says it all.
 *
 * Layout of all arrays: [sample][coefficient][channel], channels contiguous. The list is sorted by output coefficient,
 * so that an output stays in registers while its terms are added up; the innermost loop runs over channels.
 */

#include "vector.h"
#include <stddef.h>
#include <stdint.h>

/* Vectors of channels that are worked on together: enough independent sums to hide the latency of a multiply-add, few
 * enough to stay in registers. */
#define VECTORS 8

/* The non-zero coefficients: out[k] += value[t] * x[i[t]] * y[j[t]] for the terms first[k] <= t < first[k + 1]. */
typedef struct sparse_terms {
    const int32_t *first; /* [n_out + 1] */
    const int32_t *i, *j; /* [first[n_out]] */
    const float *value;   /* [first[n_out]] */
} sparse_terms;

/* VECTORS * LANES channels of one sample. */
static void multiply_block(const sparse_terms *terms, size_t n_out, size_t n_channels, const float *x, const float *y,
                           float *out)
{
    for (size_t k = 0; k < n_out; k++) {
        vector sum[VECTORS] = {{0}};
        for (int32_t t = terms->first[k]; t < terms->first[k + 1]; t++) {
            const vector *a = (const vector *)(x + (size_t)terms->i[t] * n_channels);
            const vector *b = (const vector *)(y + (size_t)terms->j[t] * n_channels);
            const vector value = (vector){0} + terms->value[t];
#pragma GCC unroll 8
            for (int v = 0; v < VECTORS; v++)
                sum[v] += value * (a[v] * b[v]);
        }
#pragma GCC unroll 8
        for (int v = 0; v < VECTORS; v++)
            ((vector *)(out + k * n_channels))[v] = sum[v];
    }
}

/* One channel of one sample: what is left over. */
static void multiply_one(const sparse_terms *terms, size_t n_out, size_t n_channels, const float *x, const float *y,
                         float *out)
{
    for (size_t k = 0; k < n_out; k++) {
        float sum = 0;
        for (int32_t t = terms->first[k]; t < terms->first[k + 1]; t++)
            sum += terms->value[t] * (x[(size_t)terms->i[t] * n_channels] * y[(size_t)terms->j[t] * n_channels]);
        out[k * n_channels] = sum;
    }
}

/* The product of n_samples times n_channels pairs: x [n_samples][n_x][n_channels], y [n_samples][n_y][n_channels],
 * out [n_samples][n_out][n_channels], which overlaps neither. */
void sparse_cg(const sparse_terms *terms, size_t n_samples, size_t n_channels, size_t n_x, size_t n_y, size_t n_out,
               const float *x, const float *y, float *out)
{
    for (size_t s = 0; s < n_samples; s++) {
        const float *a = x + s * n_x * n_channels;
        const float *b = y + s * n_y * n_channels;
        float *z = out + s * n_out * n_channels;
        size_t c = 0;
        for (; c + VECTORS * LANES <= n_channels; c += VECTORS * LANES)
            multiply_block(terms, n_out, n_channels, a + c, b + c, z + c);
        for (; c < n_channels; c++)
            multiply_one(terms, n_out, n_channels, a + c, b + c, z + c);
    }
}
