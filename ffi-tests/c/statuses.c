/*
 * Provokes every status from every function that documents it, and checks that a refused call has written nothing.
 *
 * Not provoked: GAUNT_ERR_INTERNAL, which means a defect of the library.
 */
#include "support.h"

#include <stdint.h>

static void desc_init(void) {
    gaunt_plan_desc room[2];
    memset(room, CANARY, sizeof room);
    CHECK_STATUS(gaunt_plan_desc_init(NULL, sizeof *room), GAUNT_ERR_NULL_POINTER);
    CHECK_STATUS(gaunt_plan_desc_init(room, 0), GAUNT_ERR_ABI_MISMATCH);
    CHECK_STATUS(gaunt_plan_desc_init(room, sizeof *room - 1), GAUNT_ERR_ABI_MISMATCH);
    CHECK_STATUS(gaunt_plan_desc_init(room, sizeof *room + 8), GAUNT_ERR_ABI_MISMATCH);
    CHECK_STATUS(gaunt_plan_desc_init(askew(room), sizeof *room), GAUNT_ERR_MISALIGNED);
    CHECK(untouched(room, sizeof room));
    CHECK_SUCCESS(gaunt_plan_desc_init(room, sizeof *room));
    CHECK(untouched(room + 1, sizeof *room));
}

/* What the three functions that take a description say to it: the same. */
static void refused(const gaunt_plan_desc *desc, gaunt_status expected) {
    size_t sizes[5];
    const gaunt_plan *plan;
    block memory = block_new(1 << 14, FENCE_AT_END);
    memset(sizes, CANARY, sizeof sizes);
    memset(&plan, CANARY, sizeof plan);
    arm(&memory);
    CHECK_STATUS(gaunt_plan_memory(desc, &sizes[0], &sizes[1]), expected);
    CHECK_STATUS(gaunt_plan_lengths(desc, 1, &sizes[2], &sizes[3], &sizes[4]), expected);
    CHECK_STATUS(gaunt_plan_init(desc, memory.data, memory.bytes, &plan), expected);
    CHECK(untouched(sizes, sizeof sizes));
    CHECK(untouched(&plan, sizeof plan));
    CHECK(untouched(memory.data, memory.bytes));
    block_free(&memory);
}

static void descriptions(void) {
    static const struct {
        size_t offset;
        int32_t below, above; /* next to the valid numbers */
    } members[] = {
        {offsetof(gaunt_plan_desc, operation), -1, 3},     {offsetof(gaunt_plan_desc, dtype), 0, 3},
        {offsetof(gaunt_plan_desc, layout), -1, 3},        {offsetof(gaunt_plan_desc, normalization), -1, 3},
        {offsetof(gaunt_plan_desc, parts1), -1, 2},        {offsetof(gaunt_plan_desc, parts2), -1, 2},
        {offsetof(gaunt_plan_desc, broadcast1), -1, 4},    {offsetof(gaunt_plan_desc, broadcast2), -1, 4},
        {offsetof(gaunt_plan_desc, weights1), -1, 3},      {offsetof(gaunt_plan_desc, weights2), -1, 3},
        {offsetof(gaunt_plan_desc, weights3), -1, 3},      {offsetof(gaunt_plan_desc, engine), -1, 4},
        {offsetof(gaunt_plan_desc, isa), -1, 5},           {offsetof(gaunt_plan_desc, reserved0), -1, 1},
        {offsetof(gaunt_plan_desc, lmax1), -1, INT32_MIN}, {offsetof(gaunt_plan_desc, lmax2), -1, INT32_MIN},
        {offsetof(gaunt_plan_desc, lmax3), -1, INT32_MIN},
    };
    gaunt_plan_desc good = describe(GAUNT_DTYPE_F64, 1, 1, 2), desc;

    refused(NULL, GAUNT_ERR_NULL_POINTER);
    gaunt_plan_desc room[2] = {good, good};
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

    static const int32_t beyond[][4] = {
        {1, 1, 3, GAUNT_ENGINE_AUTO},
        {GAUNT_LMAX_INPUT + 1, 0, 0, GAUNT_ENGINE_AUTO},
        {0, GAUNT_LMAX_INPUT + 1, 0, GAUNT_ENGINE_GRID},
        {INT32_MAX, INT32_MAX, INT32_MAX, GAUNT_ENGINE_AUTO},
        {GAUNT_LMAX_DIRECT + 1, 0, 0, GAUNT_ENGINE_DIRECT},
        {0, GAUNT_LMAX_DIRECT + 1, 0, GAUNT_ENGINE_DIRECT},
    };
    for (size_t i = 0; i < sizeof beyond / sizeof *beyond; ++i) {
        desc = describe(GAUNT_DTYPE_F64, beyond[i][0], beyond[i][1], beyond[i][2]);
        desc.engine = beyond[i][3];
        refused(&desc, GAUNT_ERR_UNSUPPORTED);
    }

    /* two parts are for both operations together */
    for (int32_t operation = GAUNT_OPERATION_PRODUCT; operation <= GAUNT_OPERATION_BRACKET; ++operation) {
        desc = good;
        desc.operation = operation;
        desc.parts1 = GAUNT_PARTS_BOTH;
        refused(&desc, GAUNT_ERR_UNSUPPORTED);
        desc.parts1 = GAUNT_PARTS_NATURAL;
        desc.parts2 = GAUNT_PARTS_BOTH;
        refused(&desc, GAUNT_ERR_UNSUPPORTED);
    }

    desc = good;
    desc.n_channels = UINT64_MAX;
    refused(&desc, GAUNT_ERR_OVERFLOW);
}

static void memory_and_lengths(void) {
    gaunt_plan_desc desc = describe(GAUNT_DTYPE_F64, 1, 1, 2);
    size_t sizes[6];
    memset(sizes, CANARY, sizeof sizes);
    CHECK_STATUS(gaunt_plan_memory(&desc, askew(&sizes[0]), &sizes[2]), GAUNT_ERR_MISALIGNED);
    CHECK_STATUS(gaunt_plan_memory(&desc, &sizes[0], askew(&sizes[2])), GAUNT_ERR_MISALIGNED);
    CHECK_STATUS(gaunt_plan_lengths(&desc, 1, askew(&sizes[0]), &sizes[2], &sizes[4]), GAUNT_ERR_MISALIGNED);
    CHECK_STATUS(gaunt_plan_lengths(&desc, 1, &sizes[0], askew(&sizes[2]), &sizes[4]), GAUNT_ERR_MISALIGNED);
    CHECK_STATUS(gaunt_plan_lengths(&desc, 1, &sizes[0], &sizes[2], askew(&sizes[4])), GAUNT_ERR_MISALIGNED);
    CHECK_STATUS(gaunt_plan_lengths(&desc, SIZE_MAX, &sizes[0], &sizes[2], &sizes[4]), GAUNT_ERR_OVERFLOW);
    CHECK(untouched(sizes, sizeof sizes));

    CHECK_SUCCESS(gaunt_plan_memory(&desc, NULL, NULL));
    CHECK_SUCCESS(gaunt_plan_lengths(&desc, 1, NULL, NULL, NULL));
    CHECK_SUCCESS(gaunt_plan_memory(&desc, &sizes[0], &sizes[1]));
    CHECK(sizes[0] > 0 && sizes[0] % GAUNT_ALIGNMENT == 0 && sizes[1] % GAUNT_ALIGNMENT == 0);
}

static void init(void) {
    gaunt_plan_desc desc = describe(GAUNT_DTYPE_F64, 1, 1, 2);
    size_t bytes = 0;
    CHECK_SUCCESS(gaunt_plan_memory(&desc, &bytes, NULL));
    block memory = block_new(bytes + GAUNT_ALIGNMENT, FENCE_AT_END);
    unsigned char *start = memory.data;
    const gaunt_plan *plans[2];
    arm(&memory);
    memset(plans, CANARY, sizeof plans);
    CHECK_STATUS(gaunt_plan_init(&desc, NULL, bytes, plans), GAUNT_ERR_NULL_POINTER);
    CHECK_STATUS(gaunt_plan_init(&desc, start, bytes, NULL), GAUNT_ERR_NULL_POINTER);
    CHECK_STATUS(gaunt_plan_init(&desc, start, bytes, askew(plans)), GAUNT_ERR_MISALIGNED);
    CHECK_STATUS(gaunt_plan_init(&desc, start + GAUNT_ALIGNMENT / 2, bytes, plans), GAUNT_ERR_MISALIGNED);
    CHECK_STATUS(gaunt_plan_init(&desc, start, bytes - 1, plans), GAUNT_ERR_MEMORY_TOO_SMALL);
    CHECK_STATUS(gaunt_plan_init(&desc, start, 0, plans), GAUNT_ERR_MEMORY_TOO_SMALL);
    CHECK(untouched(memory.data, memory.bytes));
    CHECK(untouched(plans, sizeof plans));

    CHECK_SUCCESS(gaunt_plan_init(&desc, start, bytes + GAUNT_ALIGNMENT, plans));
    CHECK((const void *)plans[0] == memory.data);
    CHECK(untouched(start + bytes, GAUNT_ALIGNMENT)); /* more than asked for is left alone */
    block_free(&memory);
}

static void plan_describe(void) {
    gaunt_plan_desc desc = describe(GAUNT_DTYPE_F64, 1, 1, 2), room[2];
    prepared p = prepare(&desc, FENCE_AT_END);
    block nothing = block_new(p.memory.bytes, FENCE_AT_END);
    memset(room, CANARY, sizeof room);
    CHECK_STATUS(gaunt_plan_describe(NULL, room, sizeof *room), GAUNT_ERR_NULL_POINTER);
    CHECK_STATUS(gaunt_plan_describe(p.plan, NULL, sizeof *room), GAUNT_ERR_NULL_POINTER);
    CHECK_STATUS(gaunt_plan_describe(askew(p.memory.data), room, sizeof *room), GAUNT_ERR_MISALIGNED);
    CHECK_STATUS(gaunt_plan_describe(p.plan, askew(room), sizeof *room), GAUNT_ERR_MISALIGNED);
    CHECK_STATUS(gaunt_plan_describe(nothing.data, room, sizeof *room), GAUNT_ERR_ABI_MISMATCH);
    CHECK_STATUS(gaunt_plan_describe(p.plan, room, sizeof *room - 1), GAUNT_ERR_ABI_MISMATCH);
    CHECK(untouched(room, sizeof room));
    block_free(&nothing);
    prepared_free(&p);
}

/* Calls with all arguments good but one. */
#define REFUSED(MEMBER, VALUE, STATUS)                                                                                 \
    do {                                                                                                               \
        arguments a = good;                                                                                            \
        a.MEMBER = (VALUE);                                                                                            \
        CHECK_STATUS(execute(dtype, &a), STATUS);                                                                      \
    } while (0)

static void execution(int32_t dtype) {
    size_t bytes = element_bytes(dtype), n = 3, n1 = n * 4, n2 = n * 4, n3 = n * 9;
    int32_t other_dtype = dtype == GAUNT_DTYPE_F32 ? GAUNT_DTYPE_F64 : GAUNT_DTYPE_F32;
    gaunt_plan_desc desc = describe(dtype, 1, 1, 2), other_desc = describe(other_dtype, 1, 1, 2);
    desc.engine = GAUNT_ENGINE_GRID; /* the one that needs a workspace */
    prepared p = prepare(&desc, FENCE_AT_END), other = prepare(&other_desc, FENCE_AT_END);
    size_t ws_bytes = p.workspace.bytes;
    require(ws_bytes > 0, "the grid engine needs a workspace");

    /* x1, out and x2 side by side, so that arrays may touch; a spare element for a misaligned or longer array */
    block arrays = block_new((n1 + n3 + n2 + 1) * bytes, FENCE_AT_END);
    block lines = block_new(2 * ws_bytes, FENCE_AT_END), nothing = block_new(p.memory.bytes, FENCE_AT_END);
    unsigned char *x1 = arrays.data, *out = x1 + n1 * bytes, *x2 = out + n3 * bytes, *ws = lines.data;
    arguments good = {p.plan, n, x1, n1, x2, n2, NULL, out, n3, ws, ws_bytes};
    arm(&arrays);
    arm(&lines);

    REFUSED(plan, NULL, GAUNT_ERR_NULL_POINTER);
    REFUSED(plan, askew(p.memory.data), GAUNT_ERR_MISALIGNED);
    REFUSED(plan, nothing.data, GAUNT_ERR_ABI_MISMATCH);
    REFUSED(plan, other.plan, GAUNT_ERR_DTYPE_MISMATCH);
    REFUSED(n_samples, SIZE_MAX, GAUNT_ERR_OVERFLOW);

    REFUSED(x1, NULL, GAUNT_ERR_NULL_POINTER);
    REFUSED(x2, NULL, GAUNT_ERR_NULL_POINTER);
    REFUSED(out, NULL, GAUNT_ERR_NULL_POINTER);
    REFUSED(x1, askew(x1), GAUNT_ERR_MISALIGNED);
    REFUSED(x2, askew(x2), GAUNT_ERR_MISALIGNED);
    REFUSED(out, askew(out), GAUNT_ERR_MISALIGNED);
    REFUSED(x1_len, n1 - 1, GAUNT_ERR_SIZE_MISMATCH);
    REFUSED(x1_len, n1 + 1, GAUNT_ERR_SIZE_MISMATCH);
    REFUSED(x2_len, n2 - 1, GAUNT_ERR_SIZE_MISMATCH);
    REFUSED(x2_len, n2 + 1, GAUNT_ERR_SIZE_MISMATCH);
    REFUSED(out_len, n3 - 1, GAUNT_ERR_SIZE_MISMATCH);
    REFUSED(out_len, n3 + 1, GAUNT_ERR_SIZE_MISMATCH);
    REFUSED(n_samples, n - 1, GAUNT_ERR_SIZE_MISMATCH);

    REFUSED(workspace, NULL, GAUNT_ERR_NULL_POINTER);
    REFUSED(workspace, ws + GAUNT_ALIGNMENT / 2, GAUNT_ERR_MISALIGNED);
    REFUSED(workspace_bytes, ws_bytes - 1, GAUNT_ERR_MEMORY_TOO_SMALL);

    REFUSED(x1, out, GAUNT_ERR_ALIASING);
    REFUSED(x1, x1 + bytes, GAUNT_ERR_ALIASING);
    REFUSED(x2, x2 - bytes, GAUNT_ERR_ALIASING);
    REFUSED(out, ws, GAUNT_ERR_ALIASING);
    REFUSED(x1, ws, GAUNT_ERR_ALIASING);
    REFUSED(x2, ws + ws_bytes - bytes, GAUNT_ERR_ALIASING);
    REFUSED(out, p.memory.data, GAUNT_ERR_ALIASING);
    REFUSED(workspace, p.memory.data, GAUNT_ERR_ALIASING);

    /* no weights asked for */
    double room[2] = {1, 1};
    weights one = weights_new(dtype, room, 2, NULL, 0, NULL, 0);
    REFUSED(w, &one, GAUNT_ERR_SIZE_MISMATCH);

    /* two shared weights of x1 asked for */
    desc.weights1 = GAUNT_WEIGHTS_SHARED;
    prepared weighted = prepare(&desc, FENCE_AT_END);
    require(weighted.workspace.bytes <= lines.bytes, "weights need little workspace");
    arguments unweighted = good;
    good.plan = weighted.plan;
    good.workspace_bytes = weighted.workspace.bytes;
    weights none = weights_new(dtype, NULL, 0, NULL, 0, NULL, 0), missing = weights_new(dtype, NULL, 2, NULL, 0, NULL, 0);
    weights misaligned = weights_new(dtype, askew(room), 2, NULL, 0, NULL, 0);
    weights longer = weights_new(dtype, room, 3, NULL, 0, NULL, 0), in_out = weights_new(dtype, out, 2, NULL, 0, NULL, 0);
    weights in_workspace = weights_new(dtype, ws, 2, NULL, 0, NULL, 0), pair[2] = {one, one};
    REFUSED(w, NULL, GAUNT_ERR_SIZE_MISMATCH);
    REFUSED(w, &none, GAUNT_ERR_SIZE_MISMATCH);
    REFUSED(w, &longer, GAUNT_ERR_SIZE_MISMATCH);
    REFUSED(w, &missing, GAUNT_ERR_NULL_POINTER);
    REFUSED(w, &misaligned, GAUNT_ERR_MISALIGNED);
    REFUSED(w, askew(pair), GAUNT_ERR_MISALIGNED);
    REFUSED(w, &in_out, GAUNT_ERR_ALIASING);
    REFUSED(w, &in_workspace, GAUNT_ERR_ALIASING);

    /* nothing to do is success, with and without pointers */
    arguments a = {p.plan, 0, NULL, 0, NULL, 0, NULL, NULL, 0, ws, ws_bytes};
    CHECK_SUCCESS(execute(dtype, &a));
    a = (arguments){p.plan, 0, x1, 0, x2, 0, NULL, out, 0, ws, ws_bytes};
    CHECK_SUCCESS(execute(dtype, &a));
    CHECK(untouched(arrays.data, arrays.bytes));

    /* what is allowed: arrays that touch, equal operands, empty weights, a larger workspace */
    memset(arrays.data, 0, (n1 + n3 + n2) * bytes);
    good.w = &one;
    CHECK_SUCCESS(execute(dtype, &good));
    good = unweighted;
    CHECK_SUCCESS(execute(dtype, &good));
    good.w = &none;
    CHECK_SUCCESS(execute(dtype, &good));
    good.x2 = x1;
    CHECK_SUCCESS(execute(dtype, &good));
    good.workspace_bytes = lines.bytes;
    CHECK_SUCCESS(execute(dtype, &good));
    CHECK(untouched(x2 + n2 * bytes, bytes));

    prepared_free(&weighted);
    block_free(&nothing);
    block_free(&lines);
    block_free(&arrays);
    prepared_free(&other);
    prepared_free(&p);
}

static void no_channels(int32_t dtype) {
    gaunt_plan_desc desc = describe(dtype, 1, 1, 2);
    desc.n_channels = 0;
    prepared p = prepare(&desc, FENCE_AT_END);
    block empty = block_new(0, FENCE_AT_END);
    CHECK_SUCCESS(run(&p, 3, &empty, &empty, NULL, &empty));
    block_free(&empty);
    prepared_free(&p);
}

typedef gaunt_status path_constant(int32_t l1, int32_t l2, int32_t l3, double *constant);

static void path_constants(path_constant *of_path) {
    enum { LMAX = 2 * GAUNT_LMAX_INPUT };
    double room[3];
    memset(room, CANARY, sizeof room);
    CHECK_STATUS(of_path(1, 1, 1, NULL), GAUNT_ERR_NULL_POINTER);
    for (int slot = 0; slot < 3; ++slot) {
        static const int32_t wrong[][2] = {{-1, GAUNT_ERR_INVALID_ARGUMENT}, {INT32_MIN, GAUNT_ERR_INVALID_ARGUMENT},
                                           {LMAX + 1, GAUNT_ERR_UNSUPPORTED}, {INT32_MAX, GAUNT_ERR_UNSUPPORTED}};
        for (size_t i = 0; i < sizeof wrong / sizeof *wrong; ++i) {
            int32_t l[3] = {1, 1, 1};
            l[slot] = wrong[i][0];
            CHECK_STATUS(of_path(l[0], l[1], l[2], room), wrong[i][1]);
        }
    }
    CHECK_STATUS(of_path(1, 1, 1, askew(room)), GAUNT_ERR_MISALIGNED);
    CHECK(untouched(room, sizeof room));

    CHECK_SUCCESS(of_path(LMAX, LMAX, LMAX, room + 1));
    CHECK_SUCCESS(of_path(1, 1, 3, room + 1)); /* no path: zero, not an error */
    CHECK(room[1] == 0);
    CHECK(untouched(room, sizeof *room) && untouched(room + 2, sizeof *room));
}

int main(void) {
    desc_init();
    descriptions();
    memory_and_lengths();
    init();
    plan_describe();
    path_constants(gaunt_product_path_constant);
    path_constants(gaunt_bracket_path_constant);
    for (int32_t dtype = GAUNT_DTYPE_F32; dtype <= GAUNT_DTYPE_F64; ++dtype) {
        execution(dtype);
        no_channels(dtype);
    }
    return finish("statuses");
}
