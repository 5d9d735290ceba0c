/*
 * Rotations from C: what comes out is the function at rotated points, in every element type, layout, form and ISA level;
 * the statuses of every function, and that a refused call has written nothing.
 */
#include "support.h"

#include <stdint.h>

enum { SAMPLES = 3, LMAX = 2 };

/* A plan with its memory and one workspace, both of exactly the size that the library asks for. */
typedef struct {
    gaunt_rotation_desc desc; /* as decided by the library */
    const gaunt_rotation *plan;
    block memory, workspace;
} prepared_rotation;

static gaunt_rotation_desc rotation_of(int32_t dtype, int32_t lmax) {
    gaunt_rotation_desc desc;
    CHECK_SUCCESS(gaunt_rotation_desc_init(&desc, sizeof desc));
    desc.dtype = dtype;
    desc.lmax = lmax;
    return desc;
}

static prepared_rotation prepare_rotation(const gaunt_rotation_desc *desc) {
    prepared_rotation p;
    size_t plan_bytes = 0, workspace_bytes = 0;
    gaunt_status status = gaunt_rotation_memory(desc, &plan_bytes, &workspace_bytes);
    require(status == GAUNT_SUCCESS, gaunt_status_string(status));
    p.memory = block_new(plan_bytes, FENCE_AT_END);
    p.workspace = block_new(workspace_bytes, FENCE_AT_END);
    memset(p.workspace.data, 0xff, workspace_bytes); /* NaN: old contents may not matter */
    status = gaunt_rotation_init(desc, p.memory.data, plan_bytes, &p.plan);
    require(status == GAUNT_SUCCESS, gaunt_status_string(status));
    CHECK_SUCCESS(gaunt_rotation_describe(p.plan, &p.desc, sizeof p.desc));
    return p;
}

static void prepared_rotation_free(prepared_rotation *p) {
    block_free(&p->workspace);
    block_free(&p->memory);
}

/* The arguments of one execution, of either element type. */
typedef struct {
    const gaunt_rotation *plan;
    int32_t sense;
    size_t n_samples;
    const void *rotations;
    size_t rotations_len;
    const void *x;
    size_t x_len;
    void *out;
    size_t out_len;
    void *workspace;
    size_t workspace_bytes;
} rotation_arguments;

static gaunt_status rotate(int32_t dtype, const rotation_arguments *a) {
    if (dtype == GAUNT_DTYPE_F32)
        return gaunt_rotation_execute_f32(a->plan, a->sense, a->n_samples, a->rotations, a->rotations_len, a->x,
                                          a->x_len, a->out, a->out_len, a->workspace, a->workspace_bytes);
    return gaunt_rotation_execute_f64(a->plan, a->sense, a->n_samples, a->rotations, a->rotations_len, a->x, a->x_len,
                                      a->out, a->out_len, a->workspace, a->workspace_bytes);
}

/* ---- what comes out ---------------------------------------------------------------------------------------------- */

/* The harmonics to degree 2 of conventions.md. */
static void harmonics(const double r[3], double y[9]) {
    double a = r[0], b = r[1], c = r[2];
    const double values[9] = {
        0.28209479177387814,         0.4886025119029199 * b,     0.4886025119029199 * c,
        0.4886025119029199 * a,      1.0925484305920792 * a * b, 1.0925484305920792 * b * c,
        0.31539156525252005 * (3 * c * c - 1), 1.0925484305920792 * a * c, 0.5462742152960396 * (a * a - b * b),
    };
    memcpy(y, values, sizeof values);
}

/* Unit quaternions with components that are exact in either type, and their matrices. */
static const double quaternions[SAMPLES][4] = {{0.5, -0.5, 0.5, 0.5}, {0.6, 0, 0.8, 0}, {1, 0, 0, 0}};
static const double matrices[SAMPLES][9] = {
    {0, -1, 0, 0, 0, 1, -1, 0, 0},
    {-0.28, 0, 0.96, 0, 1, 0, -0.96, 0, -0.28},
    {1, 0, 0, 0, 1, 0, 0, 0, 1},
};

/* The rotation in a form; the form of a direction stands for another rotation, whose matrix this gives. */
static size_t write_rotation(const gaunt_rotation_desc *d, size_t s, void *numbers, size_t at, double matrix[9]) {
    memcpy(matrix, matrices[s], sizeof matrices[s]);
    switch (d->form) {
    case GAUNT_ROTATION_MATRIX:
        for (size_t i = 0; i < 9; ++i) set(d->dtype, numbers, at + i, matrices[s][i]);
        return 9;
    case GAUNT_ROTATION_QUATERNION:
        for (size_t i = 0; i < 4; ++i) set(d->dtype, numbers, at + i, quaternions[s][i]);
        return 4;
    default: {
        /* (sin, 0, cos) of an angle, five times as long: about y */
        double sine = s == 0 ? 0.6 : s == 1 ? -0.8 : 0, cosine = s == 0 ? 0.8 : s == 1 ? -0.6 : 1;
        const double about_y[9] = {cosine, 0, -sine, 0, 1, 0, sine, 0, cosine};
        set(d->dtype, numbers, at, 5 * sine);
        set(d->dtype, numbers, at + 1, 0);
        set(d->dtype, numbers, at + 2, 5 * cosine);
        memcpy(matrix, about_y, sizeof about_y);
        return 3;
    }
    }
}

static void points(const gaunt_rotation_desc *desc) {
    static const double direction[3] = {2.0 / 7, -3.0 / 7, 6.0 / 7};
    prepared_rotation p = prepare_rotation(desc);
    size_t bytes = element_bytes(desc->dtype), n = desc->n_channels, rotations_len = 0, len = 0;
    CHECK_SUCCESS(gaunt_rotation_lengths(desc, SAMPLES, &rotations_len, &len));
    CHECK(len == SAMPLES * n * n_lm(LMAX));
    block rotations = block_new(rotations_len * bytes, FENCE_AT_END), x = block_new(len * bytes, FENCE_AT_END);
    block out = block_new(len * bytes, FENCE_AT_END), back = block_new(len * bytes, FENCE_AT_END);
    double all[SAMPLES][9];
    size_t at = 0;
    for (size_t s = 0; s < SAMPLES; ++s)
        if (s == 0 || !desc->shared)
            at += write_rotation(desc, s, rotations.data, at, all[s]);
        else
            memcpy(all[s], all[0], sizeof all[0]);
    CHECK(at == rotations_len);
    unsigned seed = 1;
    for (size_t i = 0; i < len; ++i) set(desc->dtype, x.data, i, pseudo_random(&seed));
    rotation_arguments a = {p.plan, GAUNT_SENSE_FORWARD, SAMPLES,  rotations.data,   rotations_len,    x.data,
                            len,    out.data,            len,      p.workspace.data, p.workspace.bytes};
    CHECK_SUCCESS(rotate(desc->dtype, &a));
    a.sense = GAUNT_SENSE_INVERSE;
    a.x = out.data;
    a.out = back.data;
    CHECK_SUCCESS(rotate(desc->dtype, &a));
    for (size_t s = 0; s < SAMPLES; ++s) {
        double turned_back[3], here[9], there[9];
        for (size_t i = 0; i < 3; ++i)
            turned_back[i] = all[s][i] * direction[0] + all[s][3 + i] * direction[1] + all[s][6 + i] * direction[2];
        harmonics(direction, here);
        harmonics(turned_back, there);
        for (size_t c = 0; c < n; ++c) {
            double after = 0, before = 0, returned = 0;
            for (size_t lm = 0; lm < n_lm(LMAX); ++lm) {
                size_t i = offset(desc->layout, LMAX, n, s, c, lm);
                after += get(desc->dtype, out.data, i) * here[lm];
                before += get(desc->dtype, x.data, i) * there[lm];
                returned = fmax(returned, fabs(get(desc->dtype, back.data, i) - get(desc->dtype, x.data, i)));
            }
            /* Coefficients of at most 1: norms per degree of at most sqrt(2l + 1), of harmonics less than that; in all
             * 9 / 2. An error of 3 turns of 5, 2 exchanges of 8, and 8 l for the matrix: 47 roundings in norm. */
            CHECK(fabs(after - before) <= 47 * 4.5 * 0.5 * epsilon(desc->dtype));
            CHECK(returned <= 2 * 47 * 2.3 * 0.5 * epsilon(desc->dtype));
        }
    }
    block_free(&back);
    block_free(&out);
    block_free(&x);
    block_free(&rotations);
    prepared_rotation_free(&p);
}

static void all_points(int32_t dtype) {
    static const uint64_t channels[] = {1, 5, 8, 16, 37};
    for (int32_t layout = GAUNT_LAYOUT_LM_CHANNEL; layout <= GAUNT_LAYOUT_E3NN_BLOCKS; ++layout)
        for (int32_t form = GAUNT_ROTATION_MATRIX; form <= GAUNT_ROTATION_TO_POLE; ++form)
            for (int32_t isa = GAUNT_ISA_SCALAR; isa <= gaunt_cpu_isa(); ++isa)
                for (size_t k = 0; k < sizeof channels / sizeof *channels; ++k)
                    for (int32_t shared = 0; shared <= 1; ++shared) {
                        gaunt_rotation_desc desc = rotation_of(dtype, LMAX);
                        desc.layout = layout;
                        desc.form = form;
                        desc.isa = isa;
                        desc.shared = shared;
                        desc.n_channels = channels[k];
                        points(&desc);
                    }
}

/* ---- statuses ---------------------------------------------------------------------------------------------------- */

#define OFFSET(MEMBER, BYTES) CHECK(offsetof(gaunt_rotation_desc, MEMBER) == (BYTES))

static void descriptions_are_kept(void) {
    OFFSET(struct_size, 0);
    OFFSET(dtype, 4);
    OFFSET(lmax, 8);
    OFFSET(layout, 12);
    OFFSET(form, 16);
    OFFSET(shared, 20);
    OFFSET(isa, 24);
    OFFSET(reserved0, 28);
    OFFSET(n_channels, 32);
    OFFSET(reserved, 40);
    CHECK(sizeof(gaunt_rotation_desc) == 72);

    gaunt_rotation_desc room[2], got;
    memset(room, CANARY, sizeof room);
    CHECK_STATUS(gaunt_rotation_desc_init(NULL, sizeof *room), GAUNT_ERR_NULL_POINTER);
    CHECK_STATUS(gaunt_rotation_desc_init(room, sizeof *room - 1), GAUNT_ERR_ABI_MISMATCH);
    CHECK_STATUS(gaunt_rotation_desc_init(askew(room), sizeof *room), GAUNT_ERR_MISALIGNED);
    CHECK(untouched(room, sizeof room));
    CHECK_SUCCESS(gaunt_rotation_desc_init(room, sizeof *room));
    CHECK(untouched(room + 1, sizeof *room));
    CHECK(room->struct_size == sizeof *room && room->dtype == GAUNT_DTYPE_F64 && room->lmax == 0);
    CHECK(room->layout == GAUNT_LAYOUT_LM_CHANNEL && room->form == GAUNT_ROTATION_MATRIX && room->shared == 0);
    CHECK(room->isa == GAUNT_ISA_AUTO && room->reserved0 == 0 && room->n_channels == 1);

    gaunt_rotation_desc desc = rotation_of(GAUNT_DTYPE_F32, 3);
    desc.layout = GAUNT_LAYOUT_E3NN_BLOCKS;
    desc.form = GAUNT_ROTATION_TO_POLE;
    desc.shared = 1;
    desc.isa = GAUNT_ISA_SCALAR;
    desc.n_channels = 6;
    prepared_rotation p = prepare_rotation(&desc);
    CHECK(!memcmp(&p.desc, &desc, sizeof desc)); /* no padding: see the offsets */
    memset(&got, CANARY, sizeof got);
    block nothing = block_new(p.memory.bytes, FENCE_AT_END);
    CHECK_STATUS(gaunt_rotation_describe(NULL, &got, sizeof got), GAUNT_ERR_NULL_POINTER);
    CHECK_STATUS(gaunt_rotation_describe(p.plan, NULL, sizeof got), GAUNT_ERR_NULL_POINTER);
    CHECK_STATUS(gaunt_rotation_describe(askew(p.memory.data), &got, sizeof got), GAUNT_ERR_MISALIGNED);
    CHECK_STATUS(gaunt_rotation_describe(nothing.data, &got, sizeof got), GAUNT_ERR_ABI_MISMATCH);
    CHECK_STATUS(gaunt_rotation_describe(p.plan, &got, sizeof got + 1), GAUNT_ERR_ABI_MISMATCH);
    CHECK(untouched(&got, sizeof got));
    block_free(&nothing);
    prepared_rotation_free(&p);
}

/* What the three functions that take a description say to it: the same. */
static void refused(const gaunt_rotation_desc *desc, gaunt_status expected) {
    size_t sizes[4];
    const gaunt_rotation *plan;
    block memory = block_new(1 << 14, FENCE_AT_END);
    memset(sizes, CANARY, sizeof sizes);
    memset(&plan, CANARY, sizeof plan);
    arm(&memory);
    CHECK_STATUS(gaunt_rotation_memory(desc, &sizes[0], &sizes[1]), expected);
    CHECK_STATUS(gaunt_rotation_lengths(desc, 1, &sizes[2], &sizes[3]), expected);
    CHECK_STATUS(gaunt_rotation_init(desc, memory.data, memory.bytes, &plan), expected);
    CHECK(untouched(sizes, sizeof sizes) && untouched(&plan, sizeof plan) && untouched(memory.data, memory.bytes));
    block_free(&memory);
}

static void refused_descriptions(void) {
    static const struct {
        size_t offset;
        int32_t below, above; /* next to the valid numbers */
    } members[] = {
        {offsetof(gaunt_rotation_desc, dtype), 0, 3},      {offsetof(gaunt_rotation_desc, lmax), -1, INT32_MIN},
        {offsetof(gaunt_rotation_desc, layout), -1, 3},    {offsetof(gaunt_rotation_desc, form), -1, 3},
        {offsetof(gaunt_rotation_desc, shared), -1, 2},    {offsetof(gaunt_rotation_desc, isa), -1, 5},
        {offsetof(gaunt_rotation_desc, reserved0), -1, 1},
    };
    gaunt_rotation_desc good = rotation_of(GAUNT_DTYPE_F64, 1), room[2] = {good, good}, desc;
    refused(NULL, GAUNT_ERR_NULL_POINTER);
    refused(askew(room), GAUNT_ERR_MISALIGNED);
    desc = good;
    desc.struct_size += 1;
    refused(&desc, GAUNT_ERR_ABI_MISMATCH);
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
    desc.lmax = GAUNT_LMAX_INPUT + 1;
    refused(&desc, GAUNT_ERR_UNSUPPORTED);
    desc = good;
    desc.n_channels = UINT64_MAX;
    refused(&desc, GAUNT_ERR_OVERFLOW);

    /* out pointers */
    size_t sizes[4], bytes = 0;
    memset(sizes, CANARY, sizeof sizes);
    CHECK_STATUS(gaunt_rotation_memory(&good, askew(&sizes[0]), &sizes[2]), GAUNT_ERR_MISALIGNED);
    CHECK_STATUS(gaunt_rotation_memory(&good, &sizes[0], askew(&sizes[2])), GAUNT_ERR_MISALIGNED);
    CHECK_STATUS(gaunt_rotation_lengths(&good, 1, askew(&sizes[0]), &sizes[2]), GAUNT_ERR_MISALIGNED);
    CHECK_STATUS(gaunt_rotation_lengths(&good, 1, &sizes[0], askew(&sizes[2])), GAUNT_ERR_MISALIGNED);
    CHECK_STATUS(gaunt_rotation_lengths(&good, SIZE_MAX / 2, &sizes[0], &sizes[2]), GAUNT_ERR_OVERFLOW);
    CHECK(untouched(sizes, sizeof sizes));
    CHECK_SUCCESS(gaunt_rotation_memory(&good, NULL, NULL));
    CHECK_SUCCESS(gaunt_rotation_lengths(&good, 1, NULL, NULL));

    CHECK_SUCCESS(gaunt_rotation_memory(&good, &bytes, NULL));
    block memory = block_new(bytes + GAUNT_ALIGNMENT, FENCE_AT_END);
    const gaunt_rotation *plans[2];
    unsigned char *start = memory.data;
    arm(&memory);
    memset(plans, CANARY, sizeof plans);
    CHECK_STATUS(gaunt_rotation_init(&good, NULL, bytes, plans), GAUNT_ERR_NULL_POINTER);
    CHECK_STATUS(gaunt_rotation_init(&good, start, bytes, NULL), GAUNT_ERR_NULL_POINTER);
    CHECK_STATUS(gaunt_rotation_init(&good, start, bytes, askew(plans)), GAUNT_ERR_MISALIGNED);
    CHECK_STATUS(gaunt_rotation_init(&good, start + GAUNT_ALIGNMENT / 2, bytes, plans), GAUNT_ERR_MISALIGNED);
    CHECK_STATUS(gaunt_rotation_init(&good, start, bytes - 1, plans), GAUNT_ERR_MEMORY_TOO_SMALL);
    CHECK(untouched(memory.data, memory.bytes) && untouched(plans, sizeof plans));
    block_free(&memory);
}

/* Calls with all arguments good but one. */
#define REFUSED(MEMBER, VALUE, STATUS)                                                                                 \
    do {                                                                                                               \
        rotation_arguments a = good;                                                                                   \
        a.MEMBER = (VALUE);                                                                                            \
        CHECK_STATUS(rotate(dtype, &a), STATUS);                                                                       \
    } while (0)

static void refused_executions(int32_t dtype) {
    size_t bytes = element_bytes(dtype), n = 3, len = n * 4;
    gaunt_rotation_desc desc = rotation_of(dtype, 1);
    gaunt_rotation_desc other_desc = rotation_of(dtype == GAUNT_DTYPE_F32 ? GAUNT_DTYPE_F64 : GAUNT_DTYPE_F32, 1);
    desc.form = other_desc.form = GAUNT_ROTATION_TO_POLE;
    prepared_rotation p = prepare_rotation(&desc), other = prepare_rotation(&other_desc);
    size_t ws_bytes = p.workspace.bytes;

    /* rotations, out and x side by side, so that arrays may touch; a spare element for a misaligned or longer array */
    block arrays = block_new((3 * n + 2 * len + 1) * bytes, FENCE_AT_END), lines = block_new(2 * ws_bytes, FENCE_AT_END);
    block nothing = block_new(p.memory.bytes, FENCE_AT_END);
    unsigned char *rotations = arrays.data, *out = rotations + 3 * n * bytes, *x = out + len * bytes, *ws = lines.data;
    arm(&arrays); /* tiny numbers, which are directions */
    rotation_arguments good = {p.plan, GAUNT_SENSE_FORWARD, n, rotations, 3 * n, x, len, out, len, ws, ws_bytes};
    REFUSED(plan, NULL, GAUNT_ERR_NULL_POINTER);
    REFUSED(plan, askew(p.memory.data), GAUNT_ERR_MISALIGNED);
    REFUSED(plan, nothing.data, GAUNT_ERR_ABI_MISMATCH);
    REFUSED(plan, other.plan, GAUNT_ERR_DTYPE_MISMATCH);
    REFUSED(sense, -1, GAUNT_ERR_INVALID_ARGUMENT);
    REFUSED(sense, 2, GAUNT_ERR_INVALID_ARGUMENT);
    REFUSED(n_samples, SIZE_MAX / 2, GAUNT_ERR_OVERFLOW);
    REFUSED(rotations, NULL, GAUNT_ERR_NULL_POINTER);
    REFUSED(x, NULL, GAUNT_ERR_NULL_POINTER);
    REFUSED(out, NULL, GAUNT_ERR_NULL_POINTER);
    REFUSED(rotations, rotations + 1, GAUNT_ERR_MISALIGNED);
    REFUSED(x, x + 1, GAUNT_ERR_MISALIGNED);
    REFUSED(out, out + 1, GAUNT_ERR_MISALIGNED);
    REFUSED(n_samples, n + 1, GAUNT_ERR_SIZE_MISMATCH);
    REFUSED(rotations_len, 3 * n - 1, GAUNT_ERR_SIZE_MISMATCH);
    REFUSED(x_len, len + 1, GAUNT_ERR_SIZE_MISMATCH);
    REFUSED(out_len, len - 1, GAUNT_ERR_SIZE_MISMATCH);
    REFUSED(workspace, NULL, GAUNT_ERR_NULL_POINTER);
    REFUSED(workspace, ws + bytes, GAUNT_ERR_MISALIGNED);
    REFUSED(workspace_bytes, ws_bytes - 1, GAUNT_ERR_MEMORY_TOO_SMALL);
    REFUSED(out, x, GAUNT_ERR_ALIASING);
    REFUSED(out, x - bytes, GAUNT_ERR_ALIASING);
    REFUSED(out, out - bytes, GAUNT_ERR_ALIASING);
    REFUSED(out, ws, GAUNT_ERR_ALIASING);
    REFUSED(x, ws, GAUNT_ERR_ALIASING);
    REFUSED(rotations, ws, GAUNT_ERR_ALIASING);
    CHECK(untouched(arrays.data, arrays.bytes));

    /* the last rotation is none */
    set(dtype, rotations, 3 * n - 1, (double)NAN);
    CHECK_STATUS(rotate(dtype, &good), GAUNT_ERR_INVALID_ROTATION);
    for (size_t i = 0; i < 3; ++i) set(dtype, rotations, 3 * n - 1 - i, 0);
    CHECK_STATUS(rotate(dtype, &good), GAUNT_ERR_INVALID_ROTATION);
    CHECK(untouched(out, (2 * len + 1) * bytes));
    set(dtype, rotations, 3 * n - 1, -1);
    CHECK_SUCCESS(rotate(dtype, &good)); /* arrays that touch */
    CHECK(!untouched(out, len * bytes) && untouched(x, (len + 1) * bytes));
    rotation_arguments none = {p.plan, GAUNT_SENSE_FORWARD, 0, NULL, 0, NULL, 0, NULL, 0, ws, ws_bytes};
    CHECK_SUCCESS(rotate(dtype, &none));

    block_free(&nothing);
    block_free(&lines);
    block_free(&arrays);
    prepared_rotation_free(&other);
    prepared_rotation_free(&p);
}

int main(void) {
    descriptions_are_kept();
    refused_descriptions();
    for (int32_t dtype = GAUNT_DTYPE_F32; dtype <= GAUNT_DTYPE_F64; ++dtype) {
        all_points(dtype);
        refused_executions(dtype);
    }
    return finish("rotation");
}
