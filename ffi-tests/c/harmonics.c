/*
 * Harmonics of vectors: values, gradients and vjp against formulas, in fenced memory; every status; nothing is written
 * when a call is refused.
 */
#include "support.h"

#include <stdint.h>

static gaunt_harmonics_desc describe_harmonics(int32_t lmax) {
    gaunt_harmonics_desc desc;
    CHECK_SUCCESS(gaunt_harmonics_desc_init(&desc, sizeof desc));
    desc.lmax = lmax;
    return desc;
}

/* The arguments of one call, of either element type; what a function does not take is left out. */
typedef struct {
    const gaunt_harmonics_desc *desc;
    size_t n_samples;
    const void *xyz;
    size_t xyz_len;
    void *values, *dx, *dy, *dz;
    size_t values_len;
    void *d_xyz;
    size_t d_xyz_len;
    void *workspace;
    size_t workspace_bytes;
} call;

typedef enum { VALUES, GRADIENTS, VJP } function;

static gaunt_status harmonics(function f, int32_t dtype, const call *c) {
    if (dtype == GAUNT_DTYPE_F32) {
        if (f == VALUES)
            return gaunt_harmonics_values_f32(c->desc, c->n_samples, c->xyz, c->xyz_len, c->values, c->values_len,
                                              c->workspace, c->workspace_bytes);
        if (f == GRADIENTS)
            return gaunt_harmonics_gradients_f32(c->desc, c->n_samples, c->xyz, c->xyz_len, c->values, c->dx, c->dy,
                                                 c->dz, c->values_len, c->workspace, c->workspace_bytes);
        return gaunt_harmonics_vjp_f32(c->desc, c->n_samples, c->xyz, c->xyz_len, c->values, c->values_len, c->d_xyz,
                                       c->d_xyz_len, c->workspace, c->workspace_bytes);
    }
    if (f == VALUES)
        return gaunt_harmonics_values_f64(c->desc, c->n_samples, c->xyz, c->xyz_len, c->values, c->values_len,
                                          c->workspace, c->workspace_bytes);
    if (f == GRADIENTS)
        return gaunt_harmonics_gradients_f64(c->desc, c->n_samples, c->xyz, c->xyz_len, c->values, c->dx, c->dy, c->dz,
                                             c->values_len, c->workspace, c->workspace_bytes);
    return gaunt_harmonics_vjp_f64(c->desc, c->n_samples, c->xyz, c->xyz_len, c->values, c->values_len, c->d_xyz,
                                   c->d_xyz_len, c->workspace, c->workspace_bytes);
}

/* Degree 2 of a batch with all that belongs to it, every array fenced on its own. */
typedef struct {
    gaunt_harmonics_desc desc;
    block xyz, values, dx, dy, dz, d_xyz, workspace;
    call call;
} batch;

static batch batch_new(int32_t dtype, gaunt_harmonics_desc desc, size_t n_samples, fence side) {
    size_t bytes = element_bytes(dtype), xyz_len = 0, values_len = 0, workspace_bytes = 0;
    CHECK_SUCCESS(gaunt_harmonics_lengths(&desc, n_samples, &xyz_len, &values_len));
    CHECK_SUCCESS(gaunt_harmonics_memory(&desc, &workspace_bytes));
    CHECK(xyz_len == 3 * n_samples * desc.n_channels);
    CHECK(values_len == n_samples * desc.n_channels * n_lm(desc.lmax));
    batch b;
    b.desc = desc;
    b.xyz = block_new(xyz_len * bytes, side);
    b.values = block_new(values_len * bytes, side);
    b.dx = block_new(values_len * bytes, side);
    b.dy = block_new(values_len * bytes, side);
    b.dz = block_new(values_len * bytes, side);
    b.d_xyz = block_new(xyz_len * bytes, side);
    b.workspace = block_new(workspace_bytes, side);
    memset(b.workspace.data, 0xff, workspace_bytes); /* NaN: old contents may not matter */
    unsigned state = 7;
    for (size_t i = 0; i < xyz_len; ++i) set(dtype, b.xyz.data, i, pseudo_random(&state));
    call c = {NULL,        n_samples,  b.xyz.data,  xyz_len,      b.values.data, b.dx.data,        b.dy.data,
              b.dz.data, values_len, b.d_xyz.data, xyz_len, b.workspace.data, workspace_bytes};
    b.call = c;
    return b;
}

static void batch_free(batch *b) {
    block *blocks[] = {&b->xyz, &b->values, &b->dx, &b->dy, &b->dz, &b->d_xyz, &b->workspace};
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; ++i) block_free(blocks[i]);
}

/* Orthonormal solid harmonics to degree 2 and their derivatives, at l*l + l + m. */
static void solid(const double r[3], double y[4][9]) {
    const double pi = 3.14159265358979323846, a = sqrt(3 / (4 * pi)), b = sqrt(15 / (4 * pi)), c = sqrt(5 / (16 * pi));
    const double X = r[0], Y = r[1], Z = r[2];
    const double formulas[4][9] = {
        {sqrt(1 / (4 * pi)), a * Y, a * Z, a * X, b * X * Y, b * Y * Z, c * (2 * Z * Z - X * X - Y * Y), b * X * Z,
         b / 2 * (X * X - Y * Y)},
        {0, 0, 0, a, b * Y, 0, -2 * c * X, b * Z, b * X},
        {0, a, 0, 0, b * X, b * Z, -2 * c * Y, 0, -b * Y},
        {0, 0, a, 0, 0, b * Y, 4 * c * Z, b * X, 0},
    };
    memcpy(y, formulas, sizeof formulas);
}

static void numbers(int32_t dtype, fence side) {
    static const int32_t layouts[] = {GAUNT_LAYOUT_LM_CHANNEL, GAUNT_LAYOUT_CHANNEL_LM, GAUNT_LAYOUT_E3NN_BLOCKS};
    static const size_t sizes[][2] = {{0, 1}, {1, 1}, {1, 7}, {17, 1}, {5, 3}, {2, 16}};
    const double four_pi = 12.566370614359172;
    for (size_t i = 0; i < 3 * 3 * 2 * 6; ++i) {
        gaunt_harmonics_desc desc = describe_harmonics(2);
        desc.layout = layouts[i % 3];
        desc.normalization = (int32_t)(i / 3 % 3);
        desc.kind = i / 9 % 2 ? GAUNT_HARMONICS_SOLID : GAUNT_HARMONICS_SURFACE;
        size_t n_samples = sizes[i / 18][0], n_channels = sizes[i / 18][1], n_lm2 = 9;
        desc.n_channels = n_channels;
        batch b = batch_new(dtype, desc, n_samples, side);
        b.call.desc = &b.desc;
        CHECK_SUCCESS(harmonics(GRADIENTS, dtype, &b.call));
        block values = block_new(b.values.bytes, side), gradient = block_new(b.values.bytes, side);
        call only_values = b.call;
        only_values.values = values.data;
        CHECK_SUCCESS(harmonics(VALUES, dtype, &only_values));
        CHECK(!memcmp(values.data, b.values.data, values.bytes));
        unsigned state = 3;
        for (size_t k = 0; k < b.call.values_len; ++k) set(dtype, gradient.data, k, pseudo_random(&state));
        call vjp = b.call;
        vjp.values = gradient.data;
        CHECK_SUCCESS(harmonics(VJP, dtype, &vjp));

        for (size_t pair = 0; pair < n_samples * n_channels; ++pair) {
            double r[3], y[4][9], square = 0, pulled_back[3] = {0, 0, 0}, scale = 0;
            for (size_t axis = 0; axis < 3; ++axis) {
                r[axis] = get(dtype, b.xyz.data, 3 * pair + axis);
                square += r[axis] * r[axis];
            }
            solid(r, y);
            for (size_t lm = 0; lm < n_lm2; ++lm) {
                int l = (int)degree(lm);
                double factor = desc.normalization == GAUNT_NORM_INTEGRAL    ? 1
                                : desc.normalization == GAUNT_NORM_COMPONENT ? sqrt(four_pi)
                                                                             : sqrt(four_pi / (2 * l + 1));
                double length = desc.kind == GAUNT_HARMONICS_SOLID ? 1 : pow(square, -0.5 * l);
                size_t at = offset(desc.layout, 2, n_channels, pair / n_channels, pair % n_channels, lm);
                /* 24 (l + 1) roundings relative to the largest value, l / |r| times that for derivatives. */
                double largest = factor * length * sqrt((2 * l + 1) / four_pi) * pow(square, 0.5 * l);
                double tol = 24 * (l + 1) * 0.5 * epsilon(dtype) * largest, g = get(dtype, gradient.data, at);
                CHECK(fabs(get(dtype, b.values.data, at) - factor * length * y[0][lm]) <= tol);
                const block *derivatives[] = {&b.dx, &b.dy, &b.dz};
                for (size_t axis = 0; axis < 3; ++axis) {
                    double slope = y[1 + axis][lm];
                    if (desc.kind == GAUNT_HARMONICS_SURFACE) slope -= l * r[axis] / square * y[0][lm];
                    slope *= factor * length;
                    CHECK(fabs(get(dtype, derivatives[axis]->data, at) - slope) <= tol * l / sqrt(square));
                    pulled_back[axis] += g * slope;
                }
                scale += 2 * tol * l / sqrt(square) * fabs(g);
            }
            for (size_t axis = 0; axis < 3; ++axis)
                CHECK(fabs(get(dtype, b.d_xyz.data, 3 * pair + axis) - pulled_back[axis]) <= scale);
        }
        block_free(&values);
        block_free(&gradient);
        batch_free(&b);
    }
}

static void desc_init(void) {
    CHECK(sizeof(gaunt_harmonics_desc) == 64 && offsetof(gaunt_harmonics_desc, struct_size) == 0);
    CHECK(offsetof(gaunt_harmonics_desc, lmax) == 4 && offsetof(gaunt_harmonics_desc, layout) == 8);
    CHECK(offsetof(gaunt_harmonics_desc, normalization) == 12 && offsetof(gaunt_harmonics_desc, kind) == 16);
    CHECK(offsetof(gaunt_harmonics_desc, isa) == 20 && offsetof(gaunt_harmonics_desc, n_channels) == 24);
    CHECK(offsetof(gaunt_harmonics_desc, reserved) == 32);

    gaunt_harmonics_desc room[2];
    memset(room, CANARY, sizeof room);
    CHECK_STATUS(gaunt_harmonics_desc_init(NULL, sizeof *room), GAUNT_ERR_NULL_POINTER);
    CHECK_STATUS(gaunt_harmonics_desc_init(room, 0), GAUNT_ERR_ABI_MISMATCH);
    CHECK_STATUS(gaunt_harmonics_desc_init(room, sizeof *room + 8), GAUNT_ERR_ABI_MISMATCH);
    CHECK_STATUS(gaunt_harmonics_desc_init(askew(room), sizeof *room), GAUNT_ERR_MISALIGNED);
    CHECK(untouched(room, sizeof room));
    CHECK_SUCCESS(gaunt_harmonics_desc_init(room, sizeof *room));
    CHECK(room->lmax == 0 && room->n_channels == 1 && room->layout == GAUNT_LAYOUT_LM_CHANNEL);
    CHECK(room->kind == GAUNT_HARMONICS_SURFACE && room->normalization == GAUNT_NORM_INTEGRAL);
    CHECK(untouched(room + 1, sizeof *room));
}

/* What every function says to a description. */
static void refused(const gaunt_harmonics_desc *desc, gaunt_status expected) {
    batch b = batch_new(GAUNT_DTYPE_F64, describe_harmonics(2), 3, FENCE_AT_END);
    size_t sizes[3];
    memset(sizes, CANARY, sizeof sizes);
    CHECK_STATUS(gaunt_harmonics_memory(desc, &sizes[0]), expected);
    CHECK_STATUS(gaunt_harmonics_lengths(desc, 1, &sizes[1], &sizes[2]), expected);
    CHECK(untouched(sizes, sizeof sizes));
    b.call.desc = desc;
    for (function f = VALUES; f <= VJP; ++f) {
        arm(&b.values);
        arm(&b.d_xyz);
        CHECK_STATUS(harmonics(f, GAUNT_DTYPE_F64, &b.call), expected);
        CHECK_STATUS(harmonics(f, GAUNT_DTYPE_F32, &b.call), expected);
        CHECK(untouched(b.values.data, b.values.bytes) && untouched(b.d_xyz.data, b.d_xyz.bytes));
    }
    batch_free(&b);
}

static void descriptions(void) {
    static const struct {
        size_t offset;
        int32_t below, above; /* next to the valid numbers */
    } members[] = {
        {offsetof(gaunt_harmonics_desc, layout), -1, 3}, {offsetof(gaunt_harmonics_desc, normalization), -1, 3},
        {offsetof(gaunt_harmonics_desc, kind), -1, 2},   {offsetof(gaunt_harmonics_desc, isa), -1, 5},
        {offsetof(gaunt_harmonics_desc, lmax), -1, INT32_MIN},
    };
    gaunt_harmonics_desc good = describe_harmonics(2), desc;
    refused(NULL, GAUNT_ERR_NULL_POINTER);
    gaunt_harmonics_desc room[2] = {good, good};
    refused(askew(room), GAUNT_ERR_MISALIGNED);
    for (int delta = -1; delta <= 1; delta += 2) {
        desc = good;
        desc.struct_size += (uint32_t)delta;
        refused(&desc, GAUNT_ERR_ABI_MISMATCH);
    }
    for (size_t i = 0; i < sizeof members / sizeof *members; ++i) {
        desc = good;
        memcpy((unsigned char *)&desc + members[i].offset, &members[i].below, sizeof(int32_t));
        refused(&desc, GAUNT_ERR_INVALID_ARGUMENT);
        memcpy((unsigned char *)&desc + members[i].offset, &members[i].above, sizeof(int32_t));
        refused(&desc, GAUNT_ERR_INVALID_ARGUMENT);
    }
    for (size_t i = 0; i < sizeof good.reserved / sizeof *good.reserved; ++i) {
        desc = good;
        desc.reserved[i] = 1;
        refused(&desc, GAUNT_ERR_INVALID_ARGUMENT);
    }
    desc = good;
    desc.lmax = GAUNT_LMAX_HARMONICS + 1;
    refused(&desc, GAUNT_ERR_UNSUPPORTED);
    desc.lmax = INT32_MAX;
    refused(&desc, GAUNT_ERR_UNSUPPORTED);
    desc = good;
    desc.n_channels = UINT64_MAX;
    refused(&desc, GAUNT_ERR_OVERFLOW);
}

static void memory_and_lengths(void) {
    gaunt_harmonics_desc desc = describe_harmonics(2);
    size_t sizes[4];
    memset(sizes, CANARY, sizeof sizes);
    CHECK_STATUS(gaunt_harmonics_memory(&desc, NULL), GAUNT_ERR_NULL_POINTER);
    CHECK_STATUS(gaunt_harmonics_memory(&desc, askew(sizes)), GAUNT_ERR_MISALIGNED);
    CHECK_STATUS(gaunt_harmonics_lengths(&desc, 1, askew(sizes), &sizes[2]), GAUNT_ERR_MISALIGNED);
    CHECK_STATUS(gaunt_harmonics_lengths(&desc, 1, &sizes[0], askew(&sizes[2])), GAUNT_ERR_MISALIGNED);
    CHECK_STATUS(gaunt_harmonics_lengths(&desc, SIZE_MAX, &sizes[0], &sizes[1]), GAUNT_ERR_OVERFLOW);
    CHECK(untouched(sizes, sizeof sizes));
    CHECK_SUCCESS(gaunt_harmonics_lengths(&desc, 1, NULL, NULL));
    desc.lmax = GAUNT_LMAX_HARMONICS;
    CHECK_SUCCESS(gaunt_harmonics_memory(&desc, &sizes[0]));
    CHECK(sizes[0] > 0 && sizes[0] % GAUNT_ALIGNMENT == 0 && sizes[0] <= 1200000);
    desc.lmax = 4;
    CHECK_SUCCESS(gaunt_harmonics_memory(&desc, &sizes[0]));
    CHECK(sizes[0] <= 20480);
}

/* Calls with all arguments good but one. */
#define REFUSED(FUNCTION, MEMBER, VALUE, STATUS)                                                                       \
    do {                                                                                                               \
        call c = b.call;                                                                                               \
        c.MEMBER = (VALUE);                                                                                            \
        CHECK_STATUS(harmonics(FUNCTION, dtype, &c), STATUS);                                                          \
    } while (0)

static void execution(int32_t dtype) {
    batch b = batch_new(dtype, describe_harmonics(2), 3, FENCE_AT_END);
    b.call.desc = &b.desc;
    size_t xyz_len = b.call.xyz_len, values_len = b.call.values_len, ws_bytes = b.workspace.bytes;
    block lines = block_new(ws_bytes + GAUNT_ALIGNMENT, FENCE_AT_END);
    const block *outputs[] = {&b.values, &b.dx, &b.dy, &b.dz, &b.d_xyz, &lines};
    for (size_t i = 0; i < sizeof outputs / sizeof *outputs; ++i) arm(outputs[i]);
    b.call.workspace = lines.data;
    unsigned char *ws = lines.data, *values = b.values.data;

    for (function f = VALUES; f <= VJP; ++f) {
        REFUSED(f, n_samples, SIZE_MAX, GAUNT_ERR_OVERFLOW);
        REFUSED(f, n_samples, 2, GAUNT_ERR_SIZE_MISMATCH);
        REFUSED(f, xyz, NULL, GAUNT_ERR_NULL_POINTER);
        REFUSED(f, xyz, askew(b.xyz.data), GAUNT_ERR_MISALIGNED);
        REFUSED(f, xyz_len, xyz_len - 1, GAUNT_ERR_SIZE_MISMATCH);
        REFUSED(f, xyz_len, xyz_len + 1, GAUNT_ERR_SIZE_MISMATCH);
        REFUSED(f, values, NULL, GAUNT_ERR_NULL_POINTER);
        REFUSED(f, values, askew(values), GAUNT_ERR_MISALIGNED);
        REFUSED(f, values_len, values_len - 1, GAUNT_ERR_SIZE_MISMATCH);
        REFUSED(f, values_len, values_len + 1, GAUNT_ERR_SIZE_MISMATCH);
        REFUSED(f, workspace, NULL, GAUNT_ERR_NULL_POINTER);
        REFUSED(f, workspace, ws + GAUNT_ALIGNMENT / 2, GAUNT_ERR_MISALIGNED);
        REFUSED(f, workspace_bytes, ws_bytes - 1, GAUNT_ERR_MEMORY_TOO_SMALL);
        REFUSED(f, workspace_bytes, 0, GAUNT_ERR_MEMORY_TOO_SMALL);
        REFUSED(f, xyz, ws, GAUNT_ERR_ALIASING);
        REFUSED(f, values, ws, GAUNT_ERR_ALIASING);
    }
    REFUSED(VALUES, xyz, values, GAUNT_ERR_ALIASING);
    REFUSED(GRADIENTS, xyz, b.dy.data, GAUNT_ERR_ALIASING);
    REFUSED(GRADIENTS, dx, NULL, GAUNT_ERR_NULL_POINTER);
    REFUSED(GRADIENTS, dy, NULL, GAUNT_ERR_NULL_POINTER);
    REFUSED(GRADIENTS, dz, NULL, GAUNT_ERR_NULL_POINTER);
    REFUSED(GRADIENTS, dx, askew(b.dx.data), GAUNT_ERR_MISALIGNED);
    REFUSED(GRADIENTS, dx, values, GAUNT_ERR_ALIASING);
    REFUSED(GRADIENTS, dy, b.dx.data, GAUNT_ERR_ALIASING);
    REFUSED(GRADIENTS, dz, b.dx.data, GAUNT_ERR_ALIASING);
    REFUSED(GRADIENTS, dz, ws, GAUNT_ERR_ALIASING);
    REFUSED(VJP, d_xyz, NULL, GAUNT_ERR_NULL_POINTER);
    REFUSED(VJP, d_xyz, askew(b.d_xyz.data), GAUNT_ERR_MISALIGNED);
    REFUSED(VJP, d_xyz_len, xyz_len - 1, GAUNT_ERR_SIZE_MISMATCH);
    REFUSED(VJP, d_xyz, (void *)(uintptr_t)b.call.xyz, GAUNT_ERR_ALIASING);
    REFUSED(VJP, d_xyz, values, GAUNT_ERR_ALIASING);
    REFUSED(VJP, d_xyz, ws, GAUNT_ERR_ALIASING);
    for (size_t i = 0; i < sizeof outputs / sizeof *outputs; ++i)
        CHECK(untouched(outputs[i]->data, outputs[i]->bytes));

    for (function f = VALUES; f <= VJP; ++f) CHECK_SUCCESS(harmonics(f, dtype, &b.call));
    CHECK(untouched(ws + ws_bytes, GAUNT_ALIGNMENT)); /* more than asked for is left alone */
    call nothing = {&b.desc, 0, NULL, 0, NULL, NULL, NULL, NULL, 0, NULL, 0, ws, ws_bytes};
    for (function f = VALUES; f <= VJP; ++f) CHECK_SUCCESS(harmonics(f, dtype, &nothing));
    block_free(&lines);
    batch_free(&b);
}

int main(void) {
    desc_init();
    descriptions();
    memory_and_lengths();
    for (int32_t dtype = GAUNT_DTYPE_F32; dtype <= GAUNT_DTYPE_F64; ++dtype) {
        execution(dtype);
        numbers(dtype, FENCE_AT_END);
        numbers(dtype, FENCE_AT_START);
    }
    return finish("harmonics");
}
