/*
 * Every case of vectors.txt, in every element type, layout, engine and ISA level, for batches around the vector widths.
 *
 *     vectors ../vectors/vectors.txt
 */
#include "support.h"

/* The largest error met, in units of the allowed one, over all runs: tells how much room the tolerances leave. */
static double worst, worst_typical;
static unsigned levels; /* bit n: level n executed */

/* Small integers that tell samples and channels apart; products with them are exact. */
static double scale1(size_t sample, size_t channel) {
    return (double)(1 + (7 * sample + 3 * channel) % 13);
}

static double scale2(size_t sample, size_t channel) {
    return (sample + channel) % 2 ? -1.0 : (double)(1 + (sample + 5 * channel) % 11);
}

static void fill(const gaunt_plan_desc *d, int32_t lmax, size_t n_samples, const double *x,
                 double (*scale)(size_t, size_t), const block *array) {
    for (size_t s = 0; s < n_samples; ++s)
        for (size_t c = 0; c < d->n_channels; ++c)
            for (size_t lm = 0; lm < n_lm(lmax); ++lm)
                set(d->dtype, array->data, offset(d->layout, lmax, d->n_channels, s, c, lm), x[lm] * scale(s, c));
}

static void compare(const vector_case *v, const gaunt_plan_desc *d, size_t n_samples, const block *out) {
    double norm1 = norm(v->x1, n_lm(v->lmax1)), norm2 = norm(v->x2, n_lm(v->lmax2));
    for (size_t s = 0; s < n_samples; ++s)
        for (size_t c = 0; c < d->n_channels; ++c) {
            double factor = scale1(s, c) * scale2(s, c), sum = 0;
            for (size_t lm = 0; lm < n_lm(v->lmax3); ++lm) {
                double got = get(d->dtype, out->data, offset(d->layout, v->lmax3, d->n_channels, s, c, lm));
                double error = fabs(got / factor - v->expected[lm]);
                double allowed = d->engine == GAUNT_ENGINE_DIRECT
                                     ? roundings(d) * 0.5 * epsilon(d->dtype) * v->absolute[lm]
                                     : tolerance(d, norm1, norm2);
                CHECK(error <= allowed); /* false for NaN; 0 <= 0 where the selection rules leave no term */
                if (error > worst * allowed) worst = error / allowed;
                sum += error * error;
            }
            /*
             * The bound above is never reached: roundings cancel. As a random walk they leave an error whose norm is of
             * the order sqrt(N) u ||f g||, and ||f g|| is about ||x1|| ||x2|| / sqrt(4 pi) for random coefficients.
             * Seven times that is allowed here, enough for chance, too little for one bad constant.
             */
            double typical = sqrt(roundings(d)) * epsilon(d->dtype) * norm1 * norm2;
            CHECK(sqrt(sum) <= typical);
            if (sqrt(sum) > worst_typical * typical) worst_typical = sqrt(sum) / typical;
        }
}

static void run_batch(const vector_case *v, const gaunt_plan_desc *desc, size_t n_samples, fence side) {
    prepared p = prepare(desc, side);
    CHECK(p.desc.engine == desc->engine || (desc->engine == GAUNT_ENGINE_AUTO && p.desc.engine != GAUNT_ENGINE_AUTO));
    CHECK(p.desc.isa >= GAUNT_ISA_SCALAR && p.desc.isa <= desc->isa);
    levels |= 1u << p.desc.isa;

    size_t x1_len = 0, x2_len = 0, out_len = 0, bytes = element_bytes(desc->dtype);
    CHECK_SUCCESS(gaunt_plan_lengths(desc, n_samples, &x1_len, &x2_len, &out_len));
    CHECK(x1_len == n_samples * n_lm(v->lmax1) * desc->n_channels);
    CHECK(x2_len == n_samples * n_lm(v->lmax2) * desc->n_channels);
    CHECK(out_len == n_samples * n_lm(v->lmax3) * desc->n_channels);
    block x1 = block_new(x1_len * bytes, side), x2 = block_new(x2_len * bytes, side);
    block out = block_new(out_len * bytes, side);
    memset(out.data, 0xff, out.bytes); /* NaN: whatever is not written is found */
    fill(desc, v->lmax1, n_samples, v->x1, scale1, &x1);
    fill(desc, v->lmax2, n_samples, v->x2, scale2, &x2);
    CHECK_SUCCESS(run(&p, n_samples, &x1, &x2, NULL, &out));
    compare(v, &p.desc, n_samples, &out);
    block_free(&out);
    block_free(&x2);
    block_free(&x1);
    prepared_free(&p);
}

static void run_all(const vector_case *v) {
    static const struct {
        size_t n_samples, n_channels;
    } shapes[] = {{1, 1}, {3, 5}, {1, 17}, {33, 1}, {2, 8}, {1, 31}, {2, 64}, {0, 3}, {3, 0}};
    static const int32_t dtypes[] = {GAUNT_DTYPE_F32, GAUNT_DTYPE_F64};
    static const int32_t layouts[] = {GAUNT_LAYOUT_LM_CHANNEL, GAUNT_LAYOUT_CHANNEL_LM, GAUNT_LAYOUT_E3NN_BLOCKS};
    static const int32_t engines[] = {GAUNT_ENGINE_AUTO, GAUNT_ENGINE_GRID, GAUNT_ENGINE_FOURIER, GAUNT_ENGINE_DIRECT};
    int direct = v->lmax1 <= GAUNT_LMAX_DIRECT && v->lmax2 <= GAUNT_LMAX_DIRECT;
    size_t n_engines = direct ? 4 : 3;

    for (size_t t = 0; t < 2; ++t)
        for (size_t l = 0; l < 3; ++l)
            for (size_t e = 0; e < n_engines; ++e)
                for (int32_t isa = GAUNT_ISA_SCALAR; isa <= gaunt_cpu_isa(); ++isa)
                    for (size_t k = 0; k < sizeof shapes / sizeof *shapes; ++k) {
                        gaunt_plan_desc desc = describe(dtypes[t], v->lmax1, v->lmax2, v->lmax3);
                        desc.layout = layouts[l];
                        desc.engine = engines[e];
                        desc.isa = isa;
                        desc.n_channels = shapes[k].n_channels;
                        run_batch(v, &desc, shapes[k].n_samples, FENCE_AT_END);
                        run_batch(v, &desc, shapes[k].n_samples, FENCE_AT_START);
                    }
}

/* The single coefficients of vectors.txt: the product of two harmonics has them as its coefficients. */
static void run_coefficient(FILE *file) {
    int32_t lm[6];
    for (int i = 0; i < 6; ++i) lm[i] = (int32_t)next_number(file);
    double expected = next_number(file);

    gaunt_plan_desc desc = describe(GAUNT_DTYPE_F64, lm[0], lm[2], lm[4]);
    prepared p = prepare(&desc, FENCE_AT_END);
    block x1 = block_new(n_lm(lm[0]) * sizeof(double), FENCE_AT_END); /* fresh pages are zero */
    block x2 = block_new(n_lm(lm[2]) * sizeof(double), FENCE_AT_END);
    block out = block_new(n_lm(lm[4]) * sizeof(double), FENCE_AT_END);
    ((double *)x1.data)[lm[0] * lm[0] + lm[0] + lm[1]] = 1;
    ((double *)x2.data)[lm[2] * lm[2] + lm[2] + lm[3]] = 1;
    CHECK_SUCCESS(run(&p, 1, &x1, &x2, NULL, &out));
    double got = ((double *)out.data)[lm[4] * lm[4] + lm[4] + lm[5]];
    CHECK(fabs(got - expected) <= tolerance(&desc, 1, 1));
    block_free(&out);
    block_free(&x2);
    block_free(&x1);
    prepared_free(&p);
}

/* The path constants of vectors.txt: of the product if the degrees add up to an even number, where the bracket's is zero. */
static void run_path(FILE *file) {
    int32_t l[3];
    for (int i = 0; i < 3; ++i) l[i] = (int32_t)next_number(file);
    double expected = next_number(file), constants[2] = {NAN, NAN};
    CHECK_SUCCESS(gaunt_product_path_constant(l[0], l[1], l[2], &constants[0]));
    CHECK_SUCCESS(gaunt_bracket_path_constant(l[0], l[1], l[2], &constants[1]));
    int parity = (l[0] + l[1] + l[2]) % 2;
    CHECK(fabs(constants[parity] - expected) <= DBL_EPSILON * expected); /* one unit in the last place, or two */
    CHECK(constants[1 - parity] == 0);
}

int main(int argc, char **argv) {
    FILE *file = open_vectors(argc, argv);
    for (int n = (int)next_number(file); n > 0; --n) run_coefficient(file);
    for (int n = (int)next_number(file); n > 0; --n) {
        vector_case v = next_case(file);
        run_all(&v);
        case_free(&v);
    }
    for (int n = (int)next_number(file); n > 0; --n) run_path(file);
    fclose(file);

    static const char *names[] = {"", " scalar", " neon", " avx2", " avx512"};
    printf("levels executed:");
    for (int isa = GAUNT_ISA_SCALAR; isa <= GAUNT_ISA_AVX512; ++isa) printf("%s", levels >> isa & 1 ? names[isa] : "");
    printf("\nlargest error: %.1e of the bound, norm %.2f of the typical one\n", worst, worst_typical);
    CHECK(levels >> gaunt_cpu_isa() & 1);
    return finish("vectors");
}
