/*
 * What a plan promises beyond the bare product: weights, broadcasts and normalisations mean what plain loops make of
 * them; NaN and infinity stay in their sample and channel; bits do not depend on batch splits, alignment or old
 * workspace contents.
 */
#include "support.h"

enum { SAMPLES = 5, CHANNELS = 11 }; /* 55 products: no multiple of any vector width */

/* One element type, layout, engine, ISA level and set of degrees; the tests vary the rest. */
typedef void test(const gaunt_plan_desc *);

static void for_each_kernel(test *run_test) {
    static const int32_t kernels[][4] = {
        {GAUNT_ENGINE_DIRECT, 2, 3, 4},
        {GAUNT_ENGINE_GRID, 2, 3, 4},
        {GAUNT_ENGINE_GRID, 5, 4, 6},
        {GAUNT_ENGINE_FOURIER, 2, 3, 4},
        {GAUNT_ENGINE_FOURIER, 5, 4, 6},
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

/* ---- weights, broadcasts, normalisations ----------------------------------------------------------------------- */

/* Where an operand has coefficient lm of a sample and channel. */
static size_t operand_offset(const gaunt_plan_desc *d, int32_t broadcast, int32_t lmax, size_t s, size_t c, size_t lm) {
    switch (broadcast) {
    case GAUNT_BROADCAST_CHANNELS: return s * n_lm(lmax) + lm;
    case GAUNT_BROADCAST_SAMPLES: return offset(d->layout, lmax, CHANNELS, 0, c, lm);
    case GAUNT_BROADCAST_BOTH: return lm;
    default: return offset(d->layout, lmax, CHANNELS, s, c, lm);
    }
}

static size_t operand_len(int32_t broadcast, int32_t lmax) {
    switch (broadcast) {
    case GAUNT_BROADCAST_CHANNELS: return SAMPLES * n_lm(lmax);
    case GAUNT_BROADCAST_SAMPLES: return CHANNELS * n_lm(lmax);
    case GAUNT_BROADCAST_BOTH: return n_lm(lmax);
    default: return SAMPLES * CHANNELS * n_lm(lmax);
    }
}

static double weight(const gaunt_plan_desc *d, int32_t kind, const block *w, size_t l, size_t channel) {
    switch (kind) {
    case GAUNT_WEIGHTS_SHARED: return get(d->dtype, w->data, l);
    case GAUNT_WEIGHTS_PER_CHANNEL: return get(d->dtype, w->data, l * CHANNELS + channel);
    default: return 1;
    }
}

/* The factor from a coefficient of the description's harmonics to one of orthonormal harmonics: ||Y_lm||. */
static double harmonic_norm(const gaunt_plan_desc *d, size_t l) {
    const double four_pi = 12.566370614359172;
    switch (d->normalization) {
    case GAUNT_NORM_COMPONENT: return sqrt(four_pi);
    case GAUNT_NORM_NORM: return sqrt(four_pi / (double)(2 * l + 1));
    default: return 1;
    }
}

/* One way to broadcast, weight and normalise, against a plan without any of these, which vectors.c has checked. */
static void meaning_of(const gaunt_plan_desc *d, const prepared *plain) {
    size_t x1_len = 0, x2_len = 0, out_len = 0;
    CHECK_SUCCESS(gaunt_plan_lengths(d, SAMPLES, &x1_len, &x2_len, &out_len));
    CHECK(x1_len == operand_len(d->broadcast1, d->lmax1));
    CHECK(x2_len == operand_len(d->broadcast2, d->lmax2));
    CHECK(out_len == operand_len(GAUNT_BROADCAST_NONE, d->lmax3));

    block x1 = random_array(d->dtype, x1_len, 1, FENCE_AT_END), x2 = random_array(d->dtype, x2_len, 2, FENCE_AT_END);
    block out = random_array(d->dtype, out_len, 3, FENCE_AT_END);
    block w1 = random_array(d->dtype, weights_len(d->weights1, d->lmax1, CHANNELS), 4, FENCE_AT_END);
    block w2 = random_array(d->dtype, weights_len(d->weights2, d->lmax2, CHANNELS), 5, FENCE_AT_END);
    block w3 = random_array(d->dtype, weights_len(d->weights3, d->lmax3, CHANNELS), 6, FENCE_AT_END);
    size_t bytes = element_bytes(d->dtype);
    weights w = weights_new(d->dtype, w1.data, w1.bytes / bytes, w2.data, w2.bytes / bytes, w3.data, w3.bytes / bytes);
    prepared p = prepare(d, FENCE_AT_END);
    CHECK_SUCCESS(run(&p, SAMPLES, &x1, &x2, &w, &out));

    size_t n1 = n_lm(d->lmax1), n2 = n_lm(d->lmax2), n3 = n_lm(d->lmax3);
    block y1 = block_new(n1 * sizeof(double), FENCE_AT_END), y2 = block_new(n2 * sizeof(double), FENCE_AT_END);
    block z = block_new(n3 * sizeof(double), FENCE_AT_END);
    double *a = y1.data, *b = y2.data, *product = z.data;
    for (size_t s = 0; s < SAMPLES; ++s)
        for (size_t c = 0; c < CHANNELS; ++c) {
            for (size_t lm = 0; lm < n1; ++lm)
                a[lm] = get(d->dtype, x1.data, operand_offset(d, d->broadcast1, d->lmax1, s, c, lm)) *
                        weight(d, d->weights1, &w1, degree(lm), c) * harmonic_norm(d, degree(lm));
            for (size_t lm = 0; lm < n2; ++lm)
                b[lm] = get(d->dtype, x2.data, operand_offset(d, d->broadcast2, d->lmax2, s, c, lm)) *
                        weight(d, d->weights2, &w2, degree(lm), c) * harmonic_norm(d, degree(lm));
            CHECK_SUCCESS(run(plain, 1, &y1, &y2, NULL, &z));
            double allowed = tolerance(d, norm(a, n1), norm(b, n2)) + tolerance(&plain->desc, norm(a, n1), norm(b, n2));
            for (size_t lm = 0; lm < n3; ++lm) {
                double factor = weight(d, d->weights3, &w3, degree(lm), c) / harmonic_norm(d, degree(lm));
                double got = get(d->dtype, out.data, offset(d->layout, d->lmax3, CHANNELS, s, c, lm));
                CHECK(fabs(got - product[lm] * factor) <= allowed * fabs(factor));
            }
        }
    block_free(&z);
    block_free(&y2);
    block_free(&y1);
    prepared_free(&p);
    block_free(&w3);
    block_free(&w2);
    block_free(&w1);
    block_free(&out);
    block_free(&x2);
    block_free(&x1);
}

static void meaning(const gaunt_plan_desc *desc) {
    gaunt_plan_desc plain_desc = describe(GAUNT_DTYPE_F64, desc->lmax1, desc->lmax2, desc->lmax3);
    prepared plain = prepare(&plain_desc, FENCE_AT_END);
    gaunt_plan_desc d = *desc;
    for (d.broadcast1 = GAUNT_BROADCAST_NONE; d.broadcast1 <= GAUNT_BROADCAST_BOTH; ++d.broadcast1)
        for (d.broadcast2 = GAUNT_BROADCAST_NONE; d.broadcast2 <= GAUNT_BROADCAST_BOTH; ++d.broadcast2)
            for (d.normalization = GAUNT_NORM_INTEGRAL; d.normalization <= GAUNT_NORM_NORM; ++d.normalization)
                for (int32_t kind = GAUNT_WEIGHTS_NONE; kind <= GAUNT_WEIGHTS_PER_CHANNEL; ++kind) {
                    /* in turn: every array takes every kind, next to every other kind */
                    d.weights1 = kind;
                    d.weights2 = (kind + d.normalization) % 3;
                    d.weights3 = (kind + d.broadcast1) % 3;
                    meaning_of(&d, &plain);
                }
    prepared_free(&plain);
}

/* ---- samples and channels are independent ----------------------------------------------------------------------- */

/* Arrays for SAMPLES samples, without broadcasts. */
static block operand(const gaunt_plan_desc *d, int32_t lmax, unsigned seed, fence side) {
    return random_array(d->dtype, operand_len(GAUNT_BROADCAST_NONE, lmax), seed, side);
}

/* Bits that are equal, unlike numbers that compare equal. */
static int same_bits(const gaunt_plan_desc *d, const block *a, const block *b, size_t i) {
    size_t bytes = element_bytes(d->dtype);
    return !memcmp((char *)a->data + i * bytes, (char *)b->data + i * bytes, bytes);
}

static void isolation(const gaunt_plan_desc *d) {
    prepared p = prepare(d, FENCE_AT_END);
    block x1 = operand(d, d->lmax1, 1, FENCE_AT_END), x2 = operand(d, d->lmax2, 2, FENCE_AT_END);
    block clean = operand(d, d->lmax3, 3, FENCE_AT_END), out = operand(d, d->lmax3, 4, FENCE_AT_END);
    CHECK_SUCCESS(run(&p, SAMPLES, &x1, &x2, NULL, &clean));
    for (size_t victim = 0; victim < SAMPLES * CHANNELS; victim += 9) {
        size_t sample = victim / CHANNELS, channel = victim % CHANNELS;
        const block *poisoned = victim % 2 ? &x1 : &x2;
        size_t at = offset(d->layout, victim % 2 ? d->lmax1 : d->lmax2, CHANNELS, sample, channel, victim % 4);
        double healthy = get(d->dtype, poisoned->data, at);
        set(d->dtype, poisoned->data, at, victim % 3 ? (double)NAN : (double)INFINITY);
        CHECK_SUCCESS(run(&p, SAMPLES, &x1, &x2, NULL, &out));
        set(d->dtype, poisoned->data, at, healthy);

        int others_kept = 1, victim_spoilt = 0;
        for (size_t s = 0; s < SAMPLES; ++s)
            for (size_t c = 0; c < CHANNELS; ++c)
                for (size_t lm = 0; lm < n_lm(d->lmax3); ++lm) {
                    size_t i = offset(d->layout, d->lmax3, CHANNELS, s, c, lm);
                    if (s == sample && c == channel)
                        victim_spoilt |= !isfinite(get(d->dtype, out.data, i));
                    else
                        others_kept &= same_bits(d, &clean, &out, i);
                }
        CHECK(others_kept);
        CHECK(victim_spoilt);
    }
    block_free(&out);
    block_free(&clean);
    block_free(&x2);
    block_free(&x1);
    prepared_free(&p);
}

static void reproducibility(const gaunt_plan_desc *d) {
    prepared p = prepare(d, FENCE_AT_END);
    block x1 = operand(d, d->lmax1, 1, FENCE_AT_END), x2 = operand(d, d->lmax2, 2, FENCE_AT_END);
    block whole = operand(d, d->lmax3, 3, FENCE_AT_END), out = operand(d, d->lmax3, 4, FENCE_AT_END);
    CHECK_SUCCESS(run(&p, SAMPLES, &x1, &x2, NULL, &whole));

    /* the batch in parts */
    size_t bytes = element_bytes(d->dtype);
    size_t n1 = n_lm(d->lmax1) * CHANNELS, n2 = n_lm(d->lmax2) * CHANNELS, n3 = n_lm(d->lmax3) * CHANNELS;
    for (size_t part = 1; part < SAMPLES; ++part) {
        memset(out.data, 0, out.bytes);
        for (size_t s = 0; s < SAMPLES; s += part) {
            size_t n = SAMPLES - s < part ? SAMPLES - s : part;
            arguments a = {p.plan,
                           n,
                           (char *)x1.data + s * n1 * bytes,
                           n * n1,
                           (char *)x2.data + s * n2 * bytes,
                           n * n2,
                           NULL,
                           (char *)out.data + s * n3 * bytes,
                           n * n3,
                           p.workspace.data,
                           p.workspace.bytes};
            CHECK_SUCCESS(execute(d->dtype, &a));
        }
        CHECK(!memcmp(whole.data, out.data, out.bytes));
    }

    /* other alignment: arrays that start a page instead of ending one; other workspace contents */
    block y1 = operand(d, d->lmax1, 1, FENCE_AT_START), y2 = operand(d, d->lmax2, 2, FENCE_AT_START);
    block z = operand(d, d->lmax3, 5, FENCE_AT_START);
    CHECK((size_t)y1.data % GAUNT_ALIGNMENT == 0 && (size_t)x1.data % GAUNT_ALIGNMENT != 0);
    memset(p.workspace.data, 0, p.workspace.bytes);
    CHECK_SUCCESS(run(&p, SAMPLES, &y1, &y2, NULL, &z));
    CHECK(!memcmp(whole.data, z.data, z.bytes));

    block_free(&z);
    block_free(&y2);
    block_free(&y1);
    block_free(&out);
    block_free(&whole);
    block_free(&x2);
    block_free(&x1);
    prepared_free(&p);
}

int main(void) {
    for_each_kernel(meaning);
    for_each_kernel(isolation);
    for_each_kernel(reproducibility);
    return finish("semantics");
}
