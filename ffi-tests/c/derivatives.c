/*
 * Brackets against formulas, product and bracket together against either; of every operation, jvp against executions,
 * vjp against jvp, which is its transpose, and the derivatives of vjp that the header gives against differences. In
 * every element type, layout, engine and ISA level. Every status of these functions; a refused call writes nothing.
 */
#include "support.h"

#include <stdint.h>

enum { SAMPLES = 3, CHANNELS = 19 }; /* full vectors of every width, and tails */

/*
 * The arrays of a jvp or a vjp: operands, weights, the change of each (jvp: its tangent; vjp: its gradient), and the
 * result (jvp: how it changes; vjp: the cotangent).
 */
enum { X1, X2, W1, W2, W3, ARGUMENTS, CHANGES = ARGUMENTS, RESULT = CHANGES + ARGUMENTS, ARRAYS };

/* Sets of arguments. */
enum { OPERANDS = 1 << X1 | 1 << X2, ALL = (1 << ARGUMENTS) - 1 };

/* ---- kernels ----------------------------------------------------------------------------------------------------- */

/* One element type, layout, engine, ISA level and set of degrees; the tests vary the rest. */
typedef void test(const gaunt_plan_desc *);

static void for_each_kernel(test *run_test) {
    static const int32_t kernels[][4] = {
        {GAUNT_ENGINE_DIRECT, 2, 2, 2}, /* in the arrays themselves where these allow it */
        {GAUNT_ENGINE_DIRECT, 2, 3, 4},
        {GAUNT_ENGINE_DIRECT, 3, 2, 5}, /* derivatives are beyond this engine, so on the grid */
        {GAUNT_ENGINE_DIRECT, 4, 1, 1}, /* degrees 3 and 4 cannot contribute */
        {GAUNT_ENGINE_GRID, 2, 3, 4},
        {GAUNT_ENGINE_GRID, 6, 1, 3},
        {GAUNT_ENGINE_GRID, 7, 6, 5}, /* more rings than are transformed at once */
        {GAUNT_ENGINE_FOURIER, 2, 3, 4},
        {GAUNT_ENGINE_FOURIER, 6, 1, 3},
    };
    for (int32_t dtype = GAUNT_DTYPE_F32; dtype <= GAUNT_DTYPE_F64; ++dtype)
        for (int32_t layout = GAUNT_LAYOUT_LM_CHANNEL; layout <= GAUNT_LAYOUT_E3NN_BLOCKS; ++layout)
            for (size_t k = 0; k < sizeof kernels / sizeof *kernels; ++k)
                for (int32_t isa = GAUNT_ISA_SCALAR; isa <= gaunt_cpu_isa(); ++isa) {
                    gaunt_plan_desc desc = describe(dtype, kernels[k][1], kernels[k][2], kernels[k][3]);
                    desc.engine = kernels[k][0];
                    desc.layout = layout;
                    desc.isa = isa;
                    desc.n_channels = CHANNELS;
                    run_test(&desc);
                }
}

/* ---- calls ------------------------------------------------------------------------------------------------------- */

/* The structs of weights, tangents and gradients are such members one after another, for either element type: abi.c. */
typedef struct {
    void *data;
    size_t len;
} array;

/* The arguments of a jvp or a vjp of either element type. */
typedef struct {
    const gaunt_plan *plan;
    size_t n_samples;
    array x1, x2;
    const array *weights, *changes;
    array result;
    int32_t accumulate;
    void *workspace;
    size_t workspace_bytes;
} call;

static call call_new(const prepared *p, size_t n_samples, const array arrays[ARRAYS], int32_t accumulate) {
    call c = {p->plan,
              n_samples,
              arrays[X1],
              arrays[X2],
              arrays + W1,
              arrays + CHANGES,
              arrays[RESULT],
              accumulate,
              p->workspace.data,
              p->workspace.bytes};
    return c;
}

typedef gaunt_status derivative(int32_t dtype, const call *c);

static gaunt_status jvp(int32_t dtype, const call *c) {
    if (dtype == GAUNT_DTYPE_F32)
        return gaunt_jvp_f32(c->plan, c->n_samples, c->x1.data, c->x1.len, c->x2.data, c->x2.len,
                             (const void *)c->weights, (const void *)c->changes, c->accumulate, c->result.data,
                             c->result.len, c->workspace, c->workspace_bytes);
    return gaunt_jvp_f64(c->plan, c->n_samples, c->x1.data, c->x1.len, c->x2.data, c->x2.len, (const void *)c->weights,
                         (const void *)c->changes, c->accumulate, c->result.data, c->result.len, c->workspace,
                         c->workspace_bytes);
}

static gaunt_status vjp(int32_t dtype, const call *c) {
    if (dtype == GAUNT_DTYPE_F32)
        return gaunt_vjp_f32(c->plan, c->n_samples, c->x1.data, c->x1.len, c->x2.data, c->x2.len,
                             (const void *)c->weights, c->result.data, c->result.len, (const void *)c->changes,
                             c->accumulate, c->workspace, c->workspace_bytes);
    return gaunt_vjp_f64(c->plan, c->n_samples, c->x1.data, c->x1.len, c->x2.data, c->x2.len, (const void *)c->weights,
                         c->result.data, c->result.len, (const void *)c->changes, c->accumulate, c->workspace,
                         c->workspace_bytes);
}

/* A plan, and random arguments, tangents and a cotangent for it; where gradients and results go, filled with NaN. */
typedef struct {
    prepared p;
    size_t n_samples;
    block arguments[ARGUMENTS], tangents[ARGUMENTS], gradients[ARGUMENTS], cotangent, out;
} batch;

static block nan_array(size_t bytes, fence side) {
    block b = block_new(bytes, side);
    memset(b.data, 0xff, bytes);
    return b;
}

static batch batch_new(const gaunt_plan_desc *d, size_t n_samples, fence side) {
    size_t lens[ARGUMENTS] = {0}, out_len = 0;
    CHECK_SUCCESS(gaunt_plan_lengths(d, n_samples, &lens[X1], &lens[X2], &out_len));
    lens[W1] = weights_len(d->weights1, d->lmax1, d->n_channels);
    lens[W2] = weights_len(d->weights2, d->lmax2, d->n_channels);
    lens[W3] = weights_len(d->weights3, d->lmax3, d->n_channels);
    batch b;
    b.p = prepare(d, side);
    b.n_samples = n_samples;
    for (unsigned a = 0; a < ARGUMENTS; ++a) {
        b.arguments[a] = random_array(d->dtype, lens[a], a, side);
        b.tangents[a] = random_array(d->dtype, lens[a], ARGUMENTS + a, side);
        b.gradients[a] = nan_array(lens[a] * element_bytes(d->dtype), side);
    }
    b.cotangent = random_array(d->dtype, out_len, 2 * ARGUMENTS, side);
    b.out = nan_array(out_len * element_bytes(d->dtype), side);
    return b;
}

static void batch_free(batch *b) {
    block_free(&b->out);
    block_free(&b->cotangent);
    for (size_t a = 0; a < ARGUMENTS; ++a) {
        block_free(&b->gradients[a]);
        block_free(&b->tangents[a]);
        block_free(&b->arguments[a]);
    }
    prepared_free(&b->p);
}

static array whole(const batch *b, const block *x) {
    return (array){x->data, x->bytes / element_bytes(b->p.desc.dtype)};
}

/* Calls with the changes of some arguments. */
static void derive(derivative *f, const batch *b, const block changes[ARGUMENTS], unsigned selected,
                   const block *result, int32_t accumulate) {
    array arrays[ARRAYS];
    for (size_t a = 0; a < ARGUMENTS; ++a) {
        arrays[a] = whole(b, &b->arguments[a]);
        arrays[CHANGES + a] = selected >> a & 1 ? whole(b, &changes[a]) : (array){NULL, 0};
    }
    arrays[RESULT] = whole(b, result);
    call c = call_new(&b->p, b->n_samples, arrays, accumulate);
    CHECK_SUCCESS(f(b->p.desc.dtype, &c));
}

/* out = the derivative along some tangents. */
static void push(const batch *b, unsigned selected, int32_t accumulate) {
    derive(jvp, b, b->tangents, selected, &b->out, accumulate);
}

/* Some gradients, from the cotangent. */
static void pull(const batch *b, unsigned selected, int32_t accumulate) {
    derive(vjp, b, b->gradients, selected, &b->cotangent, accumulate);
}

/* out = the operation itself. */
static void forward(const batch *b) {
    const array w[] = {whole(b, &b->arguments[W1]), whole(b, &b->arguments[W2]), whole(b, &b->arguments[W3])};
    weights of_call = weights_new(b->p.desc.dtype, w[0].data, w[0].len, w[1].data, w[1].len, w[2].data, w[2].len);
    CHECK_SUCCESS(run(&b->p, b->n_samples, &b->arguments[X1], &b->arguments[X2], &of_call, &b->out));
}

/* In more digits than the library has, so that only the library's roundings count. */
static double dot(const batch *b, const block *x, const block *y) {
    long double sum = 0;
    for (size_t i = 0; i < whole(b, x).len; ++i)
        sum += (long double)get(b->p.desc.dtype, x->data, i) * get(b->p.desc.dtype, y->data, i);
    return (double)sum;
}

/* The sum over some arguments of the dot products of gradient and tangent. */
static double dot_gradients(const batch *b, unsigned selected) {
    double sum = 0;
    for (size_t a = 0; a < ARGUMENTS; ++a)
        if (selected >> a & 1) sum += dot(b, &b->gradients[a], &b->tangents[a]);
    return sum;
}

static void swap(block *x, block *y) {
    block kept = *x;
    *x = *y;
    *y = kept;
}

/* ---- brackets ---------------------------------------------------------------------------------------------------- */

/*
 * How much larger than for a product the terms of an operation may be, for two functions of the given degrees.
 *
 * In brackets, gradients take the place of functions. As sum_m |grad Y_lm|^2 = l (l + 1) (2 l + 1) / (4 pi), where
 * sum_m Y_lm^2 = (2 l + 1) / (4 pi), the sum of squares over all degrees is lmax (lmax + 2) / 2 times as large.
 */
static double enlargement(int32_t operation, int32_t lmax1, int32_t lmax2) {
    double bracket = sqrt(0.5 * lmax1 * (lmax1 + 2) * 0.5 * lmax2 * (lmax2 + 2));
    return operation == GAUNT_OPERATION_PRODUCT ? 1 : operation == GAUNT_OPERATION_BRACKET ? bracket : 1 + bracket;
}

/*
 * What rounding may do to an output of operands whose coefficients are at most 1: the norm of either part, then, is at
 * most lmax + 1. As tolerance(); the same sums bound the direct engine's terms, as its coefficients are at most
 * integral |grad Y_1| |grad Y_2| |Y_3|.
 */
static double allowed_error(const gaunt_plan_desc *d) {
    double n_terms = d->parts1 == GAUNT_PARTS_BOTH && d->parts2 == GAUNT_PARTS_BOTH ? 2 : 1; /* of either kind */
    return n_terms * enlargement(d->operation, d->lmax1, d->lmax2) * tolerance(d, d->lmax1 + 1, d->lmax2 + 1);
}

/* A coefficient of an array without broadcast, with one part. */
static double coefficient(const batch *b, const block *x, int32_t lmax, size_t s, size_t c, size_t lm) {
    return get(b->p.desc.dtype, x->data, offset(b->p.desc.layout, lmax, CHANNELS, s, c, lm));
}

static const double of_vectors = 0.4886025119029199; /* Y_1m = sqrt(3 / (4 pi)) (y, z, x) */

/* The bracket of linear functions is linear: the cross product of their vectors. */
static void cross_products(const gaunt_plan_desc *desc) {
    gaunt_plan_desc d = *desc;
    d.operation = GAUNT_OPERATION_BRACKET;
    d.lmax1 = d.lmax2 = d.lmax3 = 1;
    batch b = batch_new(&d, SAMPLES, FENCE_AT_END);
    forward(&b);
    for (size_t s = 0; s < SAMPLES; ++s)
        for (size_t c = 0; c < CHANNELS; ++c) {
            double x[4], y[4];
            for (size_t lm = 0; lm < 4; ++lm) {
                x[lm] = coefficient(&b, &b.arguments[X1], 1, s, c, lm);
                y[lm] = coefficient(&b, &b.arguments[X2], 1, s, c, lm);
            }
            const double expected[] = {0, x[2] * y[3] - x[3] * y[2], x[3] * y[1] - x[1] * y[3],
                                       x[1] * y[2] - x[2] * y[1]};
            for (size_t lm = 0; lm < 4; ++lm)
                CHECK(fabs(coefficient(&b, &b.out, 1, s, c, lm) - of_vectors * expected[lm]) <= allowed_error(&d));
        }
    batch_free(&b);
}

/* The bracket of z with a function is minus its derivative by the azimuth: from order m to order -m, times m. */
static void azimuths(const gaunt_plan_desc *desc) {
    gaunt_plan_desc d = *desc;
    d.operation = GAUNT_OPERATION_BRACKET;
    d.lmax2 = d.lmax3 = d.lmax1;
    d.lmax1 = 1;
    batch b = batch_new(&d, SAMPLES, FENCE_AT_END);
    for (size_t s = 0; s < SAMPLES; ++s)
        for (size_t c = 0; c < CHANNELS; ++c)
            for (size_t lm = 0; lm < 4; ++lm)
                set(d.dtype, b.arguments[X1].data, offset(d.layout, 1, CHANNELS, s, c, lm), lm == 2);
    forward(&b);
    for (size_t s = 0; s < SAMPLES; ++s)
        for (size_t c = 0; c < CHANNELS; ++c)
            for (size_t lm = 0; lm < n_lm(d.lmax3); ++lm) {
                size_t l = degree(lm), mirrored = 2 * (l * l + l) - lm;
                double m = (double)lm - (double)(l * l + l);
                double expected = -m * of_vectors * coefficient(&b, &b.arguments[X2], d.lmax2, s, c, mirrored);
                CHECK(fabs(coefficient(&b, &b.out, d.lmax3, s, c, lm) - expected) <= allowed_error(&d));
            }
    batch_free(&b);
}

static void antisymmetry(const gaunt_plan_desc *desc) {
    gaunt_plan_desc d = *desc, turned = *desc;
    d.operation = turned.operation = GAUNT_OPERATION_BRACKET;
    turned.lmax1 = d.lmax2;
    turned.lmax2 = d.lmax1;
    batch b = batch_new(&d, SAMPLES, FENCE_AT_END), other = batch_new(&turned, SAMPLES, FENCE_AT_END);
    memcpy(other.arguments[X1].data, b.arguments[X2].data, b.arguments[X2].bytes);
    memcpy(other.arguments[X2].data, b.arguments[X1].data, b.arguments[X1].bytes);
    forward(&b);
    forward(&other);
    for (size_t i = 0; i < whole(&b, &b.out).len; ++i) {
        double sum = get(d.dtype, b.out.data, i) + get(d.dtype, other.out.data, i);
        CHECK(fabs(sum) <= allowed_error(&d) + allowed_error(&turned));
    }
    batch_free(&other);
    batch_free(&b);
}

/* Copies one part, 0 natural or 1 pseudo, out of an array that may have both. */
static void copy_part(block *to, const block *from, int32_t parts, int part) {
    size_t bytes = to->bytes / SAMPLES, n_parts = parts == GAUNT_PARTS_BOTH ? 2 : 1;
    for (size_t s = 0; s < SAMPLES; ++s)
        memcpy((char *)to->data + s * bytes, (char *)from->data + (s * n_parts + (size_t)part) * bytes, bytes);
}

/*
 * Product and bracket together are products and brackets of parts: a product is pseudo if one of its operands is, a
 * bracket if the product is not. So natural operands have their product as natural part, their bracket as pseudo part.
 */
static void parts(const gaunt_plan_desc *desc) {
    for (int i = 0; i < 4; ++i) {
        gaunt_plan_desc d = *desc;
        d.operation = GAUNT_OPERATION_PRODUCT_AND_BRACKET;
        d.parts1 = i & 1 ? GAUNT_PARTS_BOTH : GAUNT_PARTS_NATURAL;
        d.parts2 = i & 2 ? GAUNT_PARTS_BOTH : GAUNT_PARTS_NATURAL;
        batch both = batch_new(&d, SAMPLES, FENCE_AT_END);
        size_t len = whole(&both, &both.out).len, of_part = len / SAMPLES / 2;
        block expected = block_new(len * sizeof(double), FENCE_AT_END);
        double *sums = expected.data; /* fresh pages are zero */
        for (int32_t operation = GAUNT_OPERATION_PRODUCT; operation <= GAUNT_OPERATION_BRACKET; ++operation) {
            gaunt_plan_desc of_one = *desc;
            of_one.operation = operation;
            batch one = batch_new(&of_one, SAMPLES, FENCE_AT_END);
            CHECK(one.out.bytes * 2 == both.out.bytes);
            for (int part1 = 0; part1 <= d.parts1; ++part1)
                for (int part2 = 0; part2 <= d.parts2; ++part2) {
                    copy_part(&one.arguments[X1], &both.arguments[X1], d.parts1, part1);
                    copy_part(&one.arguments[X2], &both.arguments[X2], d.parts2, part2);
                    forward(&one);
                    size_t part = (size_t)(part1 + part2 + (operation == GAUNT_OPERATION_BRACKET)) % 2;
                    for (size_t s = 0; s < SAMPLES; ++s)
                        for (size_t k = 0; k < of_part; ++k)
                            sums[(2 * s + part) * of_part + k] += get(d.dtype, one.out.data, s * of_part + k);
                }
            batch_free(&one);
        }
        forward(&both);
        for (size_t k = 0; k < len; ++k)
            CHECK(fabs(get(d.dtype, both.out.data, k) - sums[k]) <= 2 * allowed_error(&d));
        block_free(&expected);
        batch_free(&both);
    }
}

/* ---- derivatives ------------------------------------------------------------------------------------------------- */

/* The largest error met, in units of the allowed one. */
static double worst;

/*
 * What rounding may do to dot products of cotangents and derivatives, of tangents and gradients, for random numbers.
 *
 * These are sums over products and at most five tangents of integrals f1 f2 f3, computed as <f1 f2, f3> or in another
 * turn. As in vectors.c the roundings, N on the way to a result and in its sum over products, are a random walk: they
 * leave an error of the norm sqrt(N) u ||f1 f2||, and ||f1 f2|| is about ||f1|| ||f2|| / sqrt(4 pi). Coefficients are
 * evenly spread over (-1, 1], with the root mean square 1 / sqrt(3): a function with one part has the norm
 * (lmax + 1) / sqrt(3), and the dot product with f3 passes on 1 / sqrt(3) of the error. Harmonics that are not
 * orthonormal scale integrals by at most sqrt(4 pi), weights by at most 1. Three times what is typical is allowed:
 * enough for chance, too little for one bad coefficient.
 */
static void check_equal(const gaunt_plan_desc *d, double got, double expected, double scale) {
    const double four_pi = 12.566370614359172;
    const int32_t l[] = {d->lmax1, d->lmax2, d->lmax3};
    double n = 4.5 * (l[0] + l[1] + l[2]) + 19 + SAMPLES * CHANNELS; /* roundings(), in every turn */
    double norms = 0; /* of the two functions that make most */
    for (size_t i = 0; i < 3; ++i) {
        int32_t l1 = l[i], l2 = l[(i + 1) % 3];
        norms = fmax(norms, enlargement(d->operation, l1, l2) * (l1 + 1) * (l2 + 1) / 3.0);
    }
    if (d->operation == GAUNT_OPERATION_PRODUCT_AND_BRACKET) norms *= 2; /* sqrt(2) for two parts */
    double harmonics = d->normalization == GAUNT_NORM_INTEGRAL ? 1 : sqrt(four_pi);
    double typical = sqrt(n * SAMPLES * CHANNELS) * 0.5 * epsilon(d->dtype) * norms * harmonics / sqrt(3 * four_pi);
    double error = fabs(got - expected), allowed = 3 * scale * typical;
    CHECK(error <= allowed);
    if (error > worst * allowed) worst = error / allowed;
}

/*
 * What changes along some tangents, weighted with a cotangent: by executions, as the operation is linear in every
 * argument; by jvp; and by vjp. Then all of it again, added to what is there.
 */
static void agree(batch *b, unsigned selected) {
    double expected = 0;
    for (size_t a = 0; a < ARGUMENTS; ++a)
        if (selected >> a & 1 && b->tangents[a].bytes) {
            swap(&b->arguments[a], &b->tangents[a]);
            forward(b);
            swap(&b->arguments[a], &b->tangents[a]);
            expected += dot(b, &b->cotangent, &b->out);
        }
    for (int32_t accumulate = 0; accumulate <= 1; ++accumulate) {
        push(b, selected, accumulate);
        pull(b, selected, accumulate);
        double times = 1 + accumulate;
        check_equal(&b->p.desc, dot(b, &b->cotangent, &b->out), times * expected, times);
        check_equal(&b->p.desc, dot_gradients(b, selected), times * expected, times);
    }
}

static void add(const batch *b, const block *x, const block *y, double factor) {
    int32_t dtype = b->p.desc.dtype;
    for (size_t i = 0; i < whole(b, x).len; ++i)
        set(dtype, x->data, i, get(dtype, x->data, i) + factor * get(dtype, y->data, i));
}

/*
 * <u1, gradient by x1> + <u2, gradient by x2> has the gradients that the header gives. It is linear in the cotangent,
 * and in either operand up to a constant, so that differences of any step tell them. Sums of random numbers are exact.
 */
static void second_derivatives(batch *b) {
    enum { COTANGENT = X2 + 1 };
    for (unsigned variable = X1; variable <= COTANGENT; ++variable) {
        const block *at = variable == COTANGENT ? &b->cotangent : &b->arguments[variable];
        block step = random_array(b->p.desc.dtype, whole(b, at).len, 77, FENCE_AT_END);
        double slope;
        if (variable == COTANGENT) {
            push(b, OPERANDS, 0);
            slope = dot(b, &b->out, &step);
        } else {
            unsigned other = X1 + X2 - variable;
            swap(&b->arguments[other], &b->tangents[other]);
            pull(b, 1u << variable, 0);
            swap(&b->arguments[other], &b->tangents[other]);
            slope = dot(b, &b->gradients[variable], &step);
        }
        pull(b, OPERANDS, 0);
        double before = dot_gradients(b, OPERANDS);
        add(b, at, &step, 1);
        pull(b, OPERANDS, 0);
        double after = dot_gradients(b, OPERANDS);
        add(b, at, &step, -1);
        check_equal(&b->p.desc, after - before, slope, 4); /* slope, before, and after twice as much */
        block_free(&step);
    }
}

/* Whether all samples have the same part of an argument's array. */
static int is_shared(const gaunt_plan_desc *d, size_t argument) {
    const int32_t broadcasts[] = {d->broadcast1, d->broadcast2};
    return argument > X2 || broadcasts[argument] >= GAUNT_BROADCAST_SAMPLES;
}

static array of_sample(const batch *b, const block *x, size_t s, int shared) {
    array all = whole(b, x);
    size_t len = shared ? all.len : all.len / SAMPLES, start = shared ? 0 : s * len;
    return (array){(char *)all.data + start * element_bytes(b->p.desc.dtype), len};
}

/* Not bits: what is accumulated on 0 has no -0. */
static int same_numbers(const batch *b, const block *x, const block *y) {
    for (size_t i = 0; i < whole(b, x).len; ++i)
        if (get(b->p.desc.dtype, x->data, i) != get(b->p.desc.dtype, y->data, i)) return 0;
    return 1;
}

/* Sample after sample, accumulated, as all at once, wherever the arrays lie. */
static void reproducibility(batch *b) {
    const gaunt_plan_desc *d = &b->p.desc;
    batch split = batch_new(d, SAMPLES, FENCE_AT_START);
    push(b, ALL, 0);
    pull(b, ALL, 0);
    memset(split.out.data, 0, split.out.bytes);
    for (size_t a = 0; a < ARGUMENTS; ++a) memset(split.gradients[a].data, 0, split.gradients[a].bytes);
    for (size_t s = 0; s < SAMPLES; ++s) {
        array arrays[ARRAYS];
        for (size_t a = 0; a < ARGUMENTS; ++a) {
            arrays[a] = of_sample(&split, &split.arguments[a], s, is_shared(d, a));
            arrays[CHANGES + a] = of_sample(&split, &split.tangents[a], s, is_shared(d, a));
        }
        arrays[RESULT] = of_sample(&split, &split.out, s, 0);
        call c = call_new(&split.p, 1, arrays, 1);
        CHECK_SUCCESS(jvp(d->dtype, &c));
        for (size_t a = 0; a < ARGUMENTS; ++a)
            arrays[CHANGES + a] = of_sample(&split, &split.gradients[a], s, is_shared(d, a));
        c.result = of_sample(&split, &split.cotangent, s, 0);
        CHECK_SUCCESS(vjp(d->dtype, &c));
    }
    CHECK(same_numbers(b, &b->out, &split.out));
    for (size_t a = 0; a < ARGUMENTS; ++a) CHECK(same_numbers(b, &b->gradients[a], &split.gradients[a]));
    batch_free(&split);
}

/* One of 0 to n - 1, at random, the same in every run of the program. */
static int32_t draw(int32_t n) {
    static unsigned state = 1;
    state = state * 1664525u + 1013904223u;
    return (int32_t)(state >> 16) % n;
}

/* Every operation, as plain as can be and with broadcasts, weights and a normalisation drawn anew for every kernel. */
static void derivatives(const gaunt_plan_desc *desc) {
    static const int32_t forms[][3] = {
        {GAUNT_OPERATION_PRODUCT, GAUNT_PARTS_NATURAL, GAUNT_PARTS_NATURAL},
        {GAUNT_OPERATION_BRACKET, GAUNT_PARTS_NATURAL, GAUNT_PARTS_NATURAL},
        {GAUNT_OPERATION_PRODUCT_AND_BRACKET, GAUNT_PARTS_NATURAL, GAUNT_PARTS_NATURAL},
        {GAUNT_OPERATION_PRODUCT_AND_BRACKET, GAUNT_PARTS_BOTH, GAUNT_PARTS_NATURAL},
        {GAUNT_OPERATION_PRODUCT_AND_BRACKET, GAUNT_PARTS_NATURAL, GAUNT_PARTS_BOTH},
        {GAUNT_OPERATION_PRODUCT_AND_BRACKET, GAUNT_PARTS_BOTH, GAUNT_PARTS_BOTH},
    };
    for (size_t i = 0; i < sizeof forms / sizeof *forms; ++i)
        for (int plain = 0; plain <= 1; ++plain) {
            gaunt_plan_desc d = *desc;
            d.operation = forms[i][0];
            d.parts1 = forms[i][1];
            d.parts2 = forms[i][2];
            if (!plain) {
                d.broadcast1 = draw(4);
                d.broadcast2 = draw(4);
                d.normalization = draw(3);
                d.weights1 = draw(3);
                d.weights2 = draw(3);
                d.weights3 = draw(3);
            }
            batch b = batch_new(&d, SAMPLES, FENCE_AT_END);
            agree(&b, plain ? OPERANDS : 1 + (unsigned)draw(ALL));
            if (!plain) second_derivatives(&b);
            reproducibility(&b);
            batch_free(&b);
        }
}

/* Without samples or channels: gradients of what they share are empty sums, and tangents change nothing. */
static void nothing(const gaunt_plan_desc *desc) {
    for (int channels = 0; channels <= 1; ++channels) {
        gaunt_plan_desc d = *desc;
        d.n_channels = channels ? 0 : CHANNELS;
        d.broadcast1 = channels ? GAUNT_BROADCAST_CHANNELS : GAUNT_BROADCAST_SAMPLES;
        d.weights1 = d.weights3 = GAUNT_WEIGHTS_SHARED;
        batch b = batch_new(&d, channels ? SAMPLES : 0, FENCE_AT_END);
        CHECK(b.gradients[X1].bytes && !b.gradients[X2].bytes && b.gradients[W1].bytes && !b.out.bytes);
        push(&b, ALL, 0);
        pull(&b, ALL, 0);
        for (size_t a = 0; a < ARGUMENTS; ++a)
            for (size_t i = 0; i < whole(&b, &b.gradients[a]).len; ++i)
                CHECK(get(d.dtype, b.gradients[a].data, i) == 0);
        for (size_t a = 0; a < ARGUMENTS; ++a) arm(&b.gradients[a]);
        pull(&b, ALL, 1);
        for (size_t a = 0; a < ARGUMENTS; ++a) CHECK(untouched(b.gradients[a].data, b.gradients[a].bytes));
        batch_free(&b);
    }
}

/* ---- statuses ---------------------------------------------------------------------------------------------------- */

static int is_output(derivative *f, size_t i) {
    return f == jvp ? i == RESULT : i >= CHANGES && i < RESULT;
}

/* Calls with all arguments good but one. */
#define REFUSED(MEMBER, VALUE, STATUS)                                                                                 \
    do {                                                                                                               \
        call c = call_new(&p, n, arrays, 0);                                                                           \
        c.MEMBER = (VALUE);                                                                                            \
        CHECK_STATUS(f(dtype, &c), STATUS);                                                                            \
    } while (0)

#define REFUSED_ARRAY(I, DATA, LEN, STATUS)                                                                            \
    do {                                                                                                               \
        array spoilt[ARRAYS];                                                                                          \
        memcpy(spoilt, arrays, sizeof arrays);                                                                         \
        spoilt[I] = (array){DATA, LEN};                                                                                \
        call c = call_new(&p, n, spoilt, 0);                                                                           \
        CHECK_STATUS(f(dtype, &c), STATUS);                                                                            \
    } while (0)

static void statuses(derivative *f, int32_t dtype) {
    size_t bytes = element_bytes(dtype), n = 3;
    int32_t other_dtype = dtype == GAUNT_DTYPE_F32 ? GAUNT_DTYPE_F64 : GAUNT_DTYPE_F32;
    gaunt_plan_desc desc = describe(dtype, 1, 1, 2), other_desc = describe(other_dtype, 1, 1, 2);
    desc.weights1 = desc.weights2 = desc.weights3 = GAUNT_WEIGHTS_SHARED;
    prepared p = prepare(&desc, FENCE_AT_END), other = prepare(&other_desc, FENCE_AT_END);
    size_t ws_bytes = p.workspace.bytes;
    require(ws_bytes > 0, "derivatives need a workspace");

    /* side by side, so that arrays may touch; a spare element for a misaligned or longer array */
    const size_t lens[ARRAYS] = {n * 4, n * 4, 2, 2, 3, n * 4, n * 4, 2, 2, 3, n * 9};
    size_t total = 0;
    for (size_t i = 0; i < ARRAYS; ++i) total += lens[i];
    block memory = block_new((total + 1) * bytes, FENCE_AT_END), zeros = block_new(p.memory.bytes, FENCE_AT_END);
    arm(&memory);
    arm(&p.workspace);
    array arrays[ARRAYS];
    unsigned char *end = memory.data, *ws = p.workspace.data;
    for (size_t i = 0; i < ARRAYS; ++i) {
        arrays[i] = (array){end, lens[i]};
        end += lens[i] * bytes;
    }

    REFUSED(plan, NULL, GAUNT_ERR_NULL_POINTER);
    REFUSED(plan, askew(p.memory.data), GAUNT_ERR_MISALIGNED);
    REFUSED(plan, zeros.data, GAUNT_ERR_ABI_MISMATCH);
    REFUSED(plan, other.plan, GAUNT_ERR_DTYPE_MISMATCH);
    REFUSED(weights, NULL, GAUNT_ERR_SIZE_MISMATCH);
    REFUSED(weights, askew(arrays), GAUNT_ERR_MISALIGNED);
    REFUSED(changes, NULL, GAUNT_ERR_NULL_POINTER);
    REFUSED(changes, askew(arrays), GAUNT_ERR_MISALIGNED);
    REFUSED(accumulate, -1, GAUNT_ERR_INVALID_ARGUMENT);
    REFUSED(accumulate, 2, GAUNT_ERR_INVALID_ARGUMENT);
    REFUSED(n_samples, SIZE_MAX, GAUNT_ERR_OVERFLOW);
    REFUSED(n_samples, n - 1, GAUNT_ERR_SIZE_MISMATCH);
    for (size_t i = 0; i < ARRAYS; ++i) {
        REFUSED_ARRAY(i, NULL, lens[i], GAUNT_ERR_NULL_POINTER);
        REFUSED_ARRAY(i, askew(arrays[i].data), lens[i], GAUNT_ERR_MISALIGNED);
        REFUSED_ARRAY(i, arrays[i].data, lens[i] - 1, GAUNT_ERR_SIZE_MISMATCH);
        REFUSED_ARRAY(i, arrays[i].data, lens[i] + 1, GAUNT_ERR_SIZE_MISMATCH);
        /* only changes may be left out */
        if (i < CHANGES || i == RESULT) REFUSED_ARRAY(i, NULL, 0, GAUNT_ERR_SIZE_MISMATCH);
    }
    REFUSED(workspace, NULL, GAUNT_ERR_NULL_POINTER);
    REFUSED(workspace, ws + GAUNT_ALIGNMENT / 2, GAUNT_ERR_MISALIGNED);
    REFUSED(workspace_bytes, ws_bytes - 1, GAUNT_ERR_MEMORY_TOO_SMALL);

    /* an output and any other array have an element in common; any array and the workspace have */
    for (size_t i = 0; i < ARRAYS; ++i) {
        for (size_t k = 0; k < ARRAYS; ++k) {
            if (i == k || !(is_output(f, i) || is_output(f, k))) continue;
            unsigned char *last = (unsigned char *)arrays[k].data + (lens[k] - 1) * bytes;
            REFUSED_ARRAY(i, arrays[k].data, lens[i], GAUNT_ERR_ALIASING);
            REFUSED_ARRAY(i, last, lens[i], GAUNT_ERR_ALIASING);
        }
        REFUSED_ARRAY(i, ws, lens[i], GAUNT_ERR_ALIASING);
        REFUSED_ARRAY(i, ws + ws_bytes - bytes, lens[i], GAUNT_ERR_ALIASING);
    }

    CHECK(untouched(memory.data, memory.bytes));
    CHECK(untouched(ws, ws_bytes));

    /* what is allowed: arrays that touch, no changes at all, inputs that overlap */
    memset(memory.data, 0, total * bytes);
    call c = call_new(&p, n, arrays, 0);
    CHECK_SUCCESS(f(dtype, &c));
    const array none[ARGUMENTS] = {{NULL, 0}};
    c.changes = none;
    CHECK_SUCCESS(f(dtype, &c));
    arrays[X2].data = arrays[f == jvp ? CHANGES : RESULT].data = memory.data;
    c = call_new(&p, n, arrays, 0);
    CHECK_SUCCESS(f(dtype, &c));
    CHECK(untouched(end, bytes));

    block_free(&zeros);
    block_free(&memory);
    prepared_free(&other);
    prepared_free(&p);
}

/* ---- self-check -------------------------------------------------------------------------------------------------- */

/* The memory of a check of this plan. */
static block check_memory(const prepared *p) {
    size_t bytes = 0;
    CHECK_SUCCESS(gaunt_plan_self_check_memory(p->plan, &bytes));
    block memory = block_new(bytes, FENCE_AT_END);
    memset(memory.data, 0xff, bytes);
    return memory;
}

/* What the library finds in a sound plan. */
static void self_check(const gaunt_plan_desc *desc) {
    for (int32_t operation = GAUNT_OPERATION_PRODUCT; operation <= GAUNT_OPERATION_PRODUCT_AND_BRACKET; ++operation) {
        gaunt_plan_desc d = *desc;
        d.operation = operation;
        prepared p = prepare(&d, FENCE_AT_END);
        block memory = check_memory(&p);
        double found = NAN;
        CHECK_SUCCESS(gaunt_plan_self_check(p.plan, 1, memory.data, memory.bytes, &found));
        CHECK(found > 0 && found <= 1);
        block_free(&memory);
        prepared_free(&p);
    }
}

/* And in one whose tables somebody has written to: their end, a quarter of the plan, off by one in a thousand. */
static void damage(int32_t engine) {
    gaunt_plan_desc desc = describe(GAUNT_DTYPE_F64, 9, 9, 9);
    desc.operation = GAUNT_OPERATION_BRACKET;
    desc.engine = engine;
    prepared p = prepare(&desc, FENCE_AT_END);
    size_t n = p.memory.bytes / sizeof(double);
    double *tables = p.memory.data, found = NAN;
    for (size_t i = n - n / 4; i < n; ++i) tables[i] *= 1.001;
    block memory = check_memory(&p);
    CHECK_SUCCESS(gaunt_plan_self_check(p.plan, 1, memory.data, memory.bytes, &found));
    CHECK(found > 1);
    block_free(&memory);
    prepared_free(&p);
}

static void self_check_statuses(void) {
    gaunt_plan_desc desc = describe(GAUNT_DTYPE_F32, 3, 2, 4), large = describe(GAUNT_DTYPE_F32, 200, 200, 257);
    large.engine = GAUNT_ENGINE_GRID;
    prepared p = prepare(&desc, FENCE_AT_END), l = prepare(&large, FENCE_AT_END);
    block memory = check_memory(&p), zeros = block_new(p.memory.bytes, FENCE_AT_END);
    size_t bytes = memory.bytes, size;
    double found;
    memset(&size, CANARY, sizeof size);
    memset(&found, CANARY, sizeof found);
    CHECK_STATUS(gaunt_plan_self_check_memory(NULL, &size), GAUNT_ERR_NULL_POINTER);
    CHECK_STATUS(gaunt_plan_self_check_memory(p.plan, NULL), GAUNT_ERR_NULL_POINTER);
    CHECK_STATUS(gaunt_plan_self_check_memory(askew(p.memory.data), &size), GAUNT_ERR_MISALIGNED);
    CHECK_STATUS(gaunt_plan_self_check_memory(zeros.data, &size), GAUNT_ERR_ABI_MISMATCH);
    CHECK_STATUS(gaunt_plan_self_check_memory(l.plan, &size), GAUNT_ERR_UNSUPPORTED);
    CHECK_STATUS(gaunt_plan_self_check(NULL, 1, memory.data, bytes, &found), GAUNT_ERR_NULL_POINTER);
    CHECK_STATUS(gaunt_plan_self_check(p.plan, 1, NULL, bytes, &found), GAUNT_ERR_NULL_POINTER);
    CHECK_STATUS(gaunt_plan_self_check(p.plan, 1, memory.data, bytes, NULL), GAUNT_ERR_NULL_POINTER);
    CHECK_STATUS(gaunt_plan_self_check(zeros.data, 1, memory.data, bytes, &found), GAUNT_ERR_ABI_MISMATCH);
    CHECK_STATUS(gaunt_plan_self_check(l.plan, 1, memory.data, bytes, &found), GAUNT_ERR_UNSUPPORTED);
    CHECK_STATUS(gaunt_plan_self_check(p.plan, 1, askew(memory.data), bytes, &found), GAUNT_ERR_MISALIGNED);
    CHECK_STATUS(gaunt_plan_self_check(p.plan, 1, memory.data, bytes - 1, &found), GAUNT_ERR_MEMORY_TOO_SMALL);
    CHECK(untouched(&size, sizeof size) && untouched(&found, sizeof found));
    block_free(&zeros);
    block_free(&memory);
    prepared_free(&l);
    prepared_free(&p);
}

int main(void) {
    for_each_kernel(cross_products);
    for_each_kernel(azimuths);
    for_each_kernel(antisymmetry);
    for_each_kernel(parts);
    for_each_kernel(derivatives);
    for_each_kernel(nothing);
    for (int32_t dtype = GAUNT_DTYPE_F32; dtype <= GAUNT_DTYPE_F64; ++dtype) {
        statuses(jvp, dtype);
        statuses(vjp, dtype);
    }
    for_each_kernel(self_check);
    damage(GAUNT_ENGINE_GRID);
    damage(GAUNT_ENGINE_FOURIER);
    self_check_statuses();
    printf("largest error of derivatives: %.2f of the bound\n", worst);
    return finish("derivatives");
}
