/* The binary interface: struct layouts, constants, versions, status strings. */
#include "support.h"

#define OFFSET(MEMBER, BYTES) CHECK(offsetof(gaunt_plan_desc, MEMBER) == (BYTES))
#define ARRAY(STRUCT, MEMBER, PLACE)                                                                                   \
    CHECK(offsetof(STRUCT, MEMBER) == 2 * (PLACE) * sizeof(void *));                                                   \
    CHECK(offsetof(STRUCT, MEMBER##_len) == (2 * (PLACE) + 1) * sizeof(void *))

static void structs(void) {
    OFFSET(struct_size, 0);
    OFFSET(operation, 4);
    OFFSET(dtype, 8);
    OFFSET(lmax1, 12);
    OFFSET(lmax2, 16);
    OFFSET(lmax3, 20);
    OFFSET(layout, 24);
    OFFSET(normalization, 28);
    OFFSET(parts1, 32);
    OFFSET(parts2, 36);
    OFFSET(broadcast1, 40);
    OFFSET(broadcast2, 44);
    OFFSET(weights1, 48);
    OFFSET(weights2, 52);
    OFFSET(weights3, 56);
    OFFSET(engine, 60);
    OFFSET(isa, 64);
    OFFSET(reserved0, 68);
    OFFSET(n_channels, 72);
    OFFSET(reserved, 80);
    CHECK(sizeof(gaunt_plan_desc) == 112);
    CHECK(sizeof(gaunt_status) == 4);

    /* arrays one after the other, each a pointer and a length */
    ARRAY(gaunt_weights_f32, weights1, 0);
    ARRAY(gaunt_weights_f32, weights2, 1);
    ARRAY(gaunt_weights_f32, weights3, 2);
    ARRAY(gaunt_weights_f64, weights1, 0);
    ARRAY(gaunt_weights_f64, weights2, 1);
    ARRAY(gaunt_weights_f64, weights3, 2);
    ARRAY(gaunt_tangents_f32, x1, 0);
    ARRAY(gaunt_tangents_f32, x2, 1);
    ARRAY(gaunt_tangents_f64, x1, 0);
    ARRAY(gaunt_tangents_f64, x2, 1);
    ARRAY(gaunt_tangents_f32, weights1, 2);
    ARRAY(gaunt_tangents_f32, weights2, 3);
    ARRAY(gaunt_tangents_f32, weights3, 4);
    ARRAY(gaunt_tangents_f64, weights1, 2);
    ARRAY(gaunt_tangents_f64, weights2, 3);
    ARRAY(gaunt_tangents_f64, weights3, 4);
    ARRAY(gaunt_gradients_f32, x1, 0);
    ARRAY(gaunt_gradients_f32, x2, 1);
    ARRAY(gaunt_gradients_f32, weights1, 2);
    ARRAY(gaunt_gradients_f32, weights2, 3);
    ARRAY(gaunt_gradients_f32, weights3, 4);
    ARRAY(gaunt_gradients_f64, x1, 0);
    ARRAY(gaunt_gradients_f64, x2, 1);
    ARRAY(gaunt_gradients_f64, weights1, 2);
    ARRAY(gaunt_gradients_f64, weights2, 3);
    ARRAY(gaunt_gradients_f64, weights3, 4);
    CHECK(sizeof(gaunt_weights_f32) == 6 * sizeof(void *) && sizeof(gaunt_weights_f64) == 6 * sizeof(void *));
    CHECK(sizeof(gaunt_tangents_f32) == 10 * sizeof(void *) && sizeof(gaunt_tangents_f64) == 10 * sizeof(void *));
    CHECK(sizeof(gaunt_gradients_f32) == 10 * sizeof(void *) && sizeof(gaunt_gradients_f64) == 10 * sizeof(void *));
}

/* The library sees the members where the header puts them: the defaults, and a plan that says what it was given. */
static void members(void) {
    gaunt_plan_desc desc, got;
    memset(&desc, 0xff, sizeof desc);
    CHECK_SUCCESS(gaunt_plan_desc_init(&desc, sizeof desc));
    CHECK(desc.struct_size == sizeof desc && desc.operation == GAUNT_OPERATION_PRODUCT);
    CHECK(desc.dtype == GAUNT_DTYPE_F64 && desc.lmax1 == 0 && desc.lmax2 == 0 && desc.lmax3 == 0);
    CHECK(desc.layout == GAUNT_LAYOUT_LM_CHANNEL && desc.normalization == GAUNT_NORM_INTEGRAL);
    CHECK(desc.parts1 == GAUNT_PARTS_NATURAL && desc.parts2 == GAUNT_PARTS_NATURAL);
    CHECK(desc.broadcast1 == GAUNT_BROADCAST_NONE && desc.broadcast2 == GAUNT_BROADCAST_NONE);
    CHECK(desc.weights1 == GAUNT_WEIGHTS_NONE && desc.weights2 == GAUNT_WEIGHTS_NONE);
    CHECK(desc.weights3 == GAUNT_WEIGHTS_NONE && desc.engine == GAUNT_ENGINE_AUTO && desc.isa == GAUNT_ISA_AUTO);
    CHECK(desc.reserved0 == 0 && desc.n_channels == 1);
    for (size_t i = 0; i < sizeof desc.reserved / sizeof *desc.reserved; ++i) CHECK(desc.reserved[i] == 0);

    /* neighbours of different values */
    desc.operation = GAUNT_OPERATION_PRODUCT_AND_BRACKET;
    desc.dtype = GAUNT_DTYPE_F32;
    desc.lmax1 = 5;
    desc.lmax2 = 3;
    desc.lmax3 = 7;
    desc.layout = GAUNT_LAYOUT_E3NN_BLOCKS;
    desc.normalization = GAUNT_NORM_COMPONENT;
    desc.parts1 = GAUNT_PARTS_NATURAL;
    desc.parts2 = GAUNT_PARTS_BOTH;
    desc.broadcast1 = GAUNT_BROADCAST_CHANNELS;
    desc.broadcast2 = GAUNT_BROADCAST_BOTH;
    desc.weights1 = GAUNT_WEIGHTS_PER_CHANNEL;
    desc.weights2 = GAUNT_WEIGHTS_NONE;
    desc.weights3 = GAUNT_WEIGHTS_SHARED;
    desc.engine = GAUNT_ENGINE_GRID;
    desc.isa = GAUNT_ISA_SCALAR;
    desc.n_channels = 6;
    prepared p = prepare(&desc, FENCE_AT_END);
    memset(&got, 0xff, sizeof got);
    CHECK_SUCCESS(gaunt_plan_describe(p.plan, &got, sizeof got));
    CHECK(!memcmp(&got, &desc, sizeof got)); /* no padding: see the offsets */
    prepared_free(&p);
}

static void versions(void) {
    char text[32];
    snprintf(text, sizeof text, "%d.%d.%d", GAUNT_VERSION_MAJOR, GAUNT_VERSION_MINOR, GAUNT_VERSION_PATCH);
    CHECK(!strncmp(text, GAUNT_VERSION_STRING, strlen(text))); /* a pre-release tag may follow */
    CHECK(gaunt_version() == GAUNT_VERSION_NUMBER);
    CHECK(GAUNT_VERSION_NUMBER == GAUNT_VERSION_MAJOR * 65536 + GAUNT_VERSION_MINOR * 256 + GAUNT_VERSION_PATCH);
    CHECK(gaunt_abi_version() == GAUNT_ABI_VERSION);
    CHECK(gaunt_cpu_isa() >= GAUNT_ISA_SCALAR && gaunt_cpu_isa() <= GAUNT_ISA_AVX512);
#ifdef __aarch64__
    CHECK(gaunt_cpu_isa() == GAUNT_ISA_NEON);
#endif
}

static void status_strings(void) {
    /* all statuses, which are consecutive, then one that is none */
    for (gaunt_status a = GAUNT_SUCCESS; a >= GAUNT_ERR_INVALID_ROTATION - 1; --a) {
        CHECK(gaunt_status_string(a) != NULL && *gaunt_status_string(a));
        for (gaunt_status b = GAUNT_SUCCESS; b > a; --b)
            CHECK(strcmp(gaunt_status_string(a), gaunt_status_string(b)) != 0);
    }
    CHECK(!strcmp(gaunt_status_string(GAUNT_ERR_INVALID_ROTATION - 1), "unknown status"));
    CHECK(!strcmp(gaunt_status_string(1), "unknown status"));
    CHECK(!strcmp(gaunt_status_string(INT32_MIN), "unknown status"));
}

int main(void) {
    structs();
    members();
    versions();
    status_strings();
    return finish("abi");
}
