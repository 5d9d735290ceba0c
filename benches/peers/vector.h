/* The widest vectors of single precision that the compiler was told this core has. */

#ifndef PEERS_VECTOR_H
#define PEERS_VECTOR_H

#if defined(__AVX512F__)
#define VECTOR_BYTES 64
#elif defined(__AVX2__)
#define VECTOR_BYTES 32
#else
#define VECTOR_BYTES 16
#endif

#define LANES (VECTOR_BYTES / 4)

/* Aligned like its elements only; may look at any array of float. */
typedef float vector __attribute__((vector_size(VECTOR_BYTES), aligned(4), may_alias));

#endif
