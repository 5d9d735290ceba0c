/*
 * What is timed from C: the library and the sparse loop, called again and again without the interpreter between the
 * calls, and the core's rate of multiply-adds. All functions return seconds of the monotonic clock.
 */

#include "vector.h"
#include <gaunt.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

typedef struct sparse_terms sparse_terms;
void sparse_cg(const sparse_terms *terms, size_t n_samples, size_t n_channels, size_t n_x, size_t n_y, size_t n_out,
               const float *x, const float *y, float *out);

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* gaunt_execute_f32, which the caller loads; weights are not used. Negative: the status of the call that failed. */
double time_gaunt(gaunt_status (*execute)(const gaunt_plan *, size_t, const float *, size_t, const float *, size_t,
                                          const gaunt_weights_f32 *, float *, size_t, void *, size_t),
                  const gaunt_plan *plan, size_t n_samples, const float *x, size_t x_len, const float *y, size_t y_len,
                  float *out, size_t out_len, void *workspace, size_t workspace_bytes, size_t repetitions)
{
    const double start = now();
    for (size_t r = 0; r < repetitions; r++) {
        const gaunt_status status =
            execute(plan, n_samples, x, x_len, y, y_len, NULL, out, out_len, workspace, workspace_bytes);
        if (status != GAUNT_SUCCESS)
            return (double)status;
    }
    return now() - start;
}

/* sparse_cg, see there. */
double time_sparse_cg(const sparse_terms *terms, size_t n_samples, size_t n_channels, size_t n_x, size_t n_y,
                      size_t n_out, const float *x, const float *y, float *out, size_t repetitions)
{
    const double start = now();
    for (size_t r = 0; r < repetitions; r++)
        sparse_cg(terms, n_samples, n_channels, n_x, n_y, n_out, x, y, out);
    return now() - start;
}

/* More than latency times units of a core, and few enough to leave a register for each factor. */
#define CHAINS 12

int32_t fma_lanes(void)
{
    return LANES;
}

/* CHAINS * repetitions vector multiply-adds in independent chains x <- a x + b, which tend to 1. */
double time_fma(size_t repetitions, float *result)
{
    vector a = {0}, b = {0}, x[CHAINS];
    a += 0.75f;
    b += 0.25f;
    for (int i = 0; i < CHAINS; i++)
        x[i] = (vector){0} + (float)i;
    /* The compiler has to take both as unknown, and to keep them in registers. */
    __asm__ volatile("" : "+m"(a), "+m"(b));
    const vector factor = a, summand = b;
    const double start = now();
    for (size_t r = 0; r < repetitions; r++) {
#pragma GCC unroll 12
        for (int i = 0; i < CHAINS; i++)
            x[i] = x[i] * factor + summand;
    }
    const double elapsed = now() - start;
    vector sum = {0};
    for (int i = 0; i < CHAINS; i++)
        sum += x[i];
    *result = sum[0];
    return elapsed;
}

int32_t fma_chains(void)
{
    return CHAINS;
}
