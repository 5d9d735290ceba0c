/* What the C test programs share: checks, fenced memory, arrays of either element type, plans, the test vectors. */
#ifndef GAUNT_TEST_SUPPORT_H
#define GAUNT_TEST_SUPPORT_H

#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */
#endif

#include <gaunt.h>

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* ---- checks ---------------------------------------------------------------------------------------------------- */

static int checks, failures;

static inline void check(int passed, const char *what, const char *file, int line) {
    ++checks;
    if (!passed && ++failures <= 20) fprintf(stderr, "%s:%d: failed: %s\n", file, line, what);
}

#define CHECK(condition) check(!!(condition), #condition, __FILE__, __LINE__)

static inline void check_status(gaunt_status got, gaunt_status expected, const char *what, const char *file, int line) {
    check(got == expected, what, file, line);
    if (got != expected && failures <= 20)
        fprintf(stderr, "    status %d (%s), expected %d\n", (int)got, gaunt_status_string(got), (int)expected);
}

#define CHECK_STATUS(call, expected) check_status((call), (expected), #call, __FILE__, __LINE__)
#define CHECK_SUCCESS(call) CHECK_STATUS(call, GAUNT_SUCCESS)

/* The exit code; no check at all is a failure too. */
static inline int finish(const char *program) {
    printf("%s: %d checks, %d failed\n", program, checks, failures);
    return failures || !checks;
}

/* Stops where going on makes no sense. */
static inline void require(int condition, const char *what) {
    if (condition) return;
    fprintf(stderr, "cannot go on: %s\n", what);
    exit(1);
}

/* ---- fenced memory --------------------------------------------------------------------------------------------- */

/*
 * Memory of exactly so many bytes that lies against a page which may not be touched, at its end or at its start: one
 * element too far is a fault, whatever instructions do it. (AddressSanitizer does not see what a library compiled
 * without it reads and writes; the fence does.)
 */
typedef struct {
    void *data;
    size_t bytes;
    void *map;
    size_t map_bytes;
} block;

typedef enum { FENCE_AT_END, FENCE_AT_START } fence;

static inline block block_new(size_t bytes, fence side) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t body = (bytes + page - 1) / page * page;
    block b = {NULL, bytes, NULL, body + 2 * page};
    b.map = mmap(NULL, b.map_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    require(b.map != MAP_FAILED, "mmap");
    unsigned char *start = (unsigned char *)b.map + page;
    if (body) require(!mprotect(start, body, PROT_READ | PROT_WRITE), "mprotect");
    b.data = side == FENCE_AT_END ? start + (body - bytes) : start;
    return b;
}

static inline void block_free(block *b) {
    munmap(b->map, b->map_bytes);
}

/* ---- refused calls --------------------------------------------------------------------------------------------- */

/* What memory holds before a call that is to be refused, and afterwards if nothing was written. */
enum { CANARY = 0xa5 };

static inline void arm(const block *b) {
    memset(b->data, CANARY, b->bytes);
}

static inline int untouched(const void *data, size_t bytes) {
    for (size_t i = 0; i < bytes; ++i)
        if (((const unsigned char *)data)[i] != CANARY) return 0;
    return 1;
}

/* An address one byte off, for a pointer of any type. */
static inline void *askew(void *pointer) {
    return (unsigned char *)pointer + 1;
}

/* ---- arrays of either element type ----------------------------------------------------------------------------- */

static inline size_t element_bytes(int32_t dtype) {
    return dtype == GAUNT_DTYPE_F32 ? sizeof(float) : sizeof(double);
}

static inline double epsilon(int32_t dtype) {
    return dtype == GAUNT_DTYPE_F32 ? (double)FLT_EPSILON : DBL_EPSILON;
}

static inline double get(int32_t dtype, const void *array, size_t i) {
    return dtype == GAUNT_DTYPE_F32 ? (double)((const float *)array)[i] : ((const double *)array)[i];
}

static inline void set(int32_t dtype, void *array, size_t i, double value) {
    if (dtype == GAUNT_DTYPE_F32)
        ((float *)array)[i] = (float)value;
    else
        ((double *)array)[i] = value;
}

/* Number of coefficients up to degree lmax. */
static inline size_t n_lm(int32_t lmax) {
    return (size_t)(lmax + 1) * (size_t)(lmax + 1);
}

static inline size_t degree(size_t lm) {
    size_t l = 0;
    while ((l + 1) * (l + 1) <= lm) ++l;
    return l;
}

/* Where coefficient lm of a sample and channel lies in an array that is not broadcast. */
static inline size_t offset(int32_t layout, int32_t lmax, size_t n_channels, size_t sample, size_t channel, size_t lm) {
    size_t n = n_lm(lmax), l = degree(lm), base = sample * n * n_channels;
    switch (layout) {
    case GAUNT_LAYOUT_LM_CHANNEL: return base + lm * n_channels + channel;
    case GAUNT_LAYOUT_CHANNEL_LM: return base + channel * n + lm;
    default: return base + l * l * n_channels + channel * (2 * l + 1) + (lm - l * l); /* e3nn_blocks */
    }
}

/* Pseudo-random multiples of 1/64 in (-1, 1]: products of two of them are exact in either element type. */
static inline double pseudo_random(unsigned *state) {
    *state = *state * 1664525u + 1013904223u;
    return ((double)(*state >> 25) - 63.0) / 64.0;
}

static inline block random_array(int32_t dtype, size_t len, unsigned seed, fence side) {
    block b = block_new(len * element_bytes(dtype), side);
    for (size_t i = 0; i < len; ++i) set(dtype, b.data, i, pseudo_random(&seed));
    return b;
}

/* ---- plans ----------------------------------------------------------------------------------------------------- */

static inline gaunt_plan_desc describe(int32_t dtype, int32_t lmax1, int32_t lmax2, int32_t lmax3) {
    gaunt_plan_desc desc;
    CHECK_SUCCESS(gaunt_plan_desc_init(&desc, sizeof desc));
    desc.dtype = dtype;
    desc.lmax1 = lmax1;
    desc.lmax2 = lmax2;
    desc.lmax3 = lmax3;
    return desc;
}

/* A plan with its memory and one workspace, both of exactly the size that the library asks for. */
typedef struct {
    gaunt_plan_desc desc; /* as decided by the library */
    const gaunt_plan *plan;
    block memory, workspace;
} prepared;

static inline prepared prepare(const gaunt_plan_desc *desc, fence side) {
    prepared p;
    size_t plan_bytes = 0, workspace_bytes = 0;
    gaunt_status status = gaunt_plan_memory(desc, &plan_bytes, &workspace_bytes);
    require(status == GAUNT_SUCCESS, gaunt_status_string(status));
    p.memory = block_new(plan_bytes, side);
    p.workspace = block_new(workspace_bytes, side);
    memset(p.workspace.data, 0xff, workspace_bytes); /* NaN: old contents may not matter */
    status = gaunt_plan_init(desc, p.memory.data, plan_bytes, &p.plan);
    require(status == GAUNT_SUCCESS, gaunt_status_string(status));
    CHECK_SUCCESS(gaunt_plan_describe(p.plan, &p.desc, sizeof p.desc));
    return p;
}

static inline void prepared_free(prepared *p) {
    block_free(&p->workspace);
    block_free(&p->memory);
}

/* Number of weights of one operand or of the output. */
static inline size_t weights_len(int32_t kind, int32_t lmax, size_t n_channels) {
    size_t degrees = (size_t)lmax + 1;
    return kind == GAUNT_WEIGHTS_NONE ? 0 : kind == GAUNT_WEIGHTS_SHARED ? degrees : degrees * n_channels;
}

/* The weights of one call, of either element type. */
typedef union {
    gaunt_weights_f32 f32;
    gaunt_weights_f64 f64;
} weights;

static inline weights weights_new(int32_t dtype, const void *w1, size_t len1, const void *w2, size_t len2,
                                  const void *w3, size_t len3) {
    weights w;
    if (dtype == GAUNT_DTYPE_F32)
        w.f32 = (gaunt_weights_f32){w1, len1, w2, len2, w3, len3};
    else
        w.f64 = (gaunt_weights_f64){w1, len1, w2, len2, w3, len3};
    return w;
}

/* The arguments of one execution, of either element type. */
typedef struct {
    const gaunt_plan *plan;
    size_t n_samples;
    const void *x1;
    size_t x1_len;
    const void *x2;
    size_t x2_len;
    const weights *w;
    void *out;
    size_t out_len;
    void *workspace;
    size_t workspace_bytes;
} arguments;

static inline gaunt_status execute(int32_t dtype, const arguments *a) {
    if (dtype == GAUNT_DTYPE_F32)
        return gaunt_execute_f32(a->plan, a->n_samples, a->x1, a->x1_len, a->x2, a->x2_len, (const void *)a->w, a->out,
                                 a->out_len, a->workspace, a->workspace_bytes);
    return gaunt_execute_f64(a->plan, a->n_samples, a->x1, a->x1_len, a->x2, a->x2_len, (const void *)a->w, a->out,
                             a->out_len, a->workspace, a->workspace_bytes);
}

/* Executes a prepared plan on blocks of the right length. */
static inline gaunt_status run(const prepared *p, size_t n_samples, const block *x1, const block *x2, const weights *w,
                               const block *out) {
    size_t bytes = element_bytes(p->desc.dtype);
    arguments a = {p->plan,
                   n_samples,
                   x1->data,
                   x1->bytes / bytes,
                   x2->data,
                   x2->bytes / bytes,
                   w,
                   out->data,
                   out->bytes / bytes,
                   p->workspace.data,
                   p->workspace.bytes};
    return execute(p->desc.dtype, &a);
}

/* Euclidean norm. */
static inline double norm(const double *x, size_t n) {
    double sum = 0;
    for (size_t i = 0; i < n; ++i) sum += x[i] * x[i];
    return sqrt(sum);
}

/*
 * What rounding may do to an output coefficient of the product of operands with the given norms, orthonormal harmonics.
 *
 * Every engine computes sums of terms, each a product of an operand's coefficient and constants, and to first order the
 * error of such a sum is at most N u times the sum of |terms|, where u = epsilon / 2 and N counts the roundings between
 * a term and the result.
 *
 * grid: a sample of f is the sum of x_lm Y_lm over (l, m), hence by Cauchy-Schwarz
 *     sum |terms| <= ||x|| sqrt(sum Y_lm^2) = ||x|| (lmax + 1) / sqrt(4 pi) =: F.
 * An output is the sum of w f g Y_lm over the grid with the positive weights w of a rule that is exact for 1 and for
 * Y_lm^2 (products of degrees 8, 9 and 6, 6, 12, whose rules have negative weights, are not tested here), hence sum |terms| <= F1 F2 sqrt(sum w) sqrt(sum w Y_lm^2) = F1 F2 sqrt(4 pi).
 * The roundings: a synthesis adds at most lmax + 1 degrees, then 2 lmax + 1 orders; the analysis adds 2 D points of a
 * ring and D rings, D = (lmax1 + lmax2 + lmax3) / 2 + 1; 16 are for the constants, the products and the folding of
 * symmetric points.
 *
 * direct: the terms are G x1 x2 themselves. Cauchy-Schwarz with sum_lm2 G^2 <= integral (Y_l1m1 Y_l3m3)^2 and
 * sum_lm1 Y_l1m1^2 = (lmax1 + 1)^2 / (4 pi) gives sum |terms| <= ||x1|| ||x2|| (lmax1 + 1) / sqrt(4 pi), which is less
 * than for the grid, and no output has more terms than the grid engine has roundings at the degrees up to 3.
 */
static inline double roundings(const gaunt_plan_desc *d) {
    return 3.0 * (d->lmax1 + d->lmax2) + 1.5 * (d->lmax1 + d->lmax2 + d->lmax3) + 3.0 + 16.0;
}

static inline double tolerance(const gaunt_plan_desc *d, double norm1, double norm2) {
    const double four_pi = 12.566370614359172;
    return roundings(d) * 0.5 * epsilon(d->dtype) * norm1 * norm2 * (d->lmax1 + 1) * (d->lmax2 + 1) / sqrt(four_pi);
}

/* ---- test vectors ---------------------------------------------------------------------------------------------- */

typedef struct {
    int32_t lmax1, lmax2, lmax3;
    double *x1, *x2, *expected, *absolute;
} vector_case;

static inline double next_number(FILE *file) {
    double value = 0;
    require(fscanf(file, "%lf", &value) == 1, "vectors.txt ends early");
    return value;
}

static inline double *next_array(FILE *file, size_t n) {
    double *x = malloc(n * sizeof *x);
    require(x != NULL, "malloc");
    for (size_t i = 0; i < n; ++i) x[i] = next_number(file);
    return x;
}

/* Opens the file of the program's only argument, behind its comments. */
static inline FILE *open_vectors(int argc, char **argv) {
    require(argc == 2, "usage: PROGRAM vectors.txt");
    FILE *file = fopen(argv[1], "r");
    require(file != NULL, argv[1]);
    int c = fgetc(file);
    while (c == '#') {
        while (c != '\n' && c != EOF) c = fgetc(file);
        c = fgetc(file);
    }
    ungetc(c, file);
    return file;
}

static inline vector_case next_case(FILE *file) {
    vector_case v;
    v.lmax1 = (int32_t)next_number(file);
    v.lmax2 = (int32_t)next_number(file);
    v.lmax3 = (int32_t)next_number(file);
    v.x1 = next_array(file, n_lm(v.lmax1));
    v.x2 = next_array(file, n_lm(v.lmax2));
    v.expected = next_array(file, n_lm(v.lmax3));
    v.absolute = next_array(file, n_lm(v.lmax3));
    return v;
}

static inline void case_free(vector_case *v) {
    free(v->x1);
    free(v->x2);
    free(v->expected);
    free(v->absolute);
}

#endif
