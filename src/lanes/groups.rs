//! Vectors as groups of 128 bits: the shuffles that transposing takes, in the instructions of every level with vectors.
//!
//! A group holds neighbouring elements of one lane in memory, and one element of neighbouring lanes in a row. The
//! shuffles stay inside groups; which groups make a vector is a matter of loads and stores. So the same few steps serve
//! vectors of one, two and four groups.
#![cfg_attr(not(any(target_arch = "x86_64", target_arch = "aarch64")), allow(dead_code, unused_variables))]
#![allow(clippy::needless_range_loop)] // iterators around vectors may stay calls

use bytemuck::Pod;
use pulp::Simd;

/// The most groups of a vector.
pub(super) const MAX_GROUPS: usize = 4;

/// A level whose vectors consist of groups. Elements are only moved: vectors are the same for all types of them.
pub(super) trait Groups: Simd {
    /// 128 bits.
    type Group: Pod;
    type Vector: Copy;
    /// Groups of a vector.
    const COUNT: usize;

    /// The vector of the first groups.
    fn join(self, groups: [Self::Group; MAX_GROUPS]) -> Self::Vector;

    /// The groups of a vector, repeated if there are few.
    fn split(self, vector: Self::Vector) -> [Self::Group; MAX_GROUPS];

    /// Group `i` of vector `k` becomes group `k` of vector `i`, of the first [`Self::COUNT`] vectors.
    fn exchange(self, vectors: [Self::Vector; MAX_GROUPS]) -> [Self::Vector; MAX_GROUPS];

    /// `a0 b0 a1 b1 …` in every group: from its lower halves, and from its upper ones. Elements have the size of `T`.
    fn zip<T>(self, a: Self::Vector, b: Self::Vector) -> [Self::Vector; 2];

    /// Takes `x0 y0 z0 x1 | y1 z1 x2 y2 | z2 x3 y3 z3` in every group apart into `x`, `y` and `z`. Elements have 32 bits.
    fn unzip_triples(self, triples: [Self::Vector; 3]) -> [Self::Vector; 3];

    /// The inverse of [`Self::unzip_triples`].
    fn zip_triples(self, xyz: [Self::Vector; 3]) -> [Self::Vector; 3];
}

/// Transposes every group of `LEN` vectors of `LEN` elements per group: log2 `LEN` perfect shuffles.
#[inline(always)]
pub(super) fn transpose<G: Groups, T, const LEN: usize>(
    groups: G,
    mut vectors: [G::Vector; LEN],
) -> [G::Vector; LEN] {
    for _ in 0..LEN.ilog2() {
        let halves = vectors;
        for i in 0..LEN / 2 {
            [vectors[2 * i], vectors[2 * i + 1]] = groups.zip::<T>(halves[i], halves[LEN / 2 + i]);
        }
    }
    vectors
}

/// Deals the groups of four vectors in turns: group `q` of all of them becomes group `q / 4` of vector `q % 4`.
#[inline(always)]
pub(super) fn deal<G: Groups>(groups: G, vectors: [G::Vector; 4]) -> [G::Vector; 4] {
    let (mut dealt, step) = (vectors, 4 / G::COUNT);
    for start in 0..step {
        let mut taken = [vectors[start]; MAX_GROUPS];
        for group in 1..G::COUNT {
            taken[group] = vectors[start + group * step];
        }
        let exchanged = groups.exchange(taken);
        for group in 0..G::COUNT {
            dealt[G::COUNT * start + group] = exchanged[group];
        }
    }
    dealt
}

/// The inverse of [`deal`].
#[inline(always)]
pub(super) fn collect<G: Groups>(groups: G, dealt: [G::Vector; 4]) -> [G::Vector; 4] {
    let (mut vectors, step) = (dealt, 4 / G::COUNT);
    for start in 0..step {
        let mut taken = [dealt[G::COUNT * start]; MAX_GROUPS];
        for group in 1..G::COUNT {
            taken[group] = dealt[G::COUNT * start + group];
        }
        let exchanged = groups.exchange(taken);
        for group in 0..G::COUNT {
            vectors[start + group * step] = exchanged[group];
        }
    }
    vectors
}

/// `Some(value)` with the [`Groups`] of a level, `None` if it has none.
macro_rules! with_groups {
    ($s:expr, $groups:ident => $value:expr) => {{
        // Which type it is the compiler knows: no test remains.
        let level: &dyn core::any::Any = &$s;
        #[cfg(target_arch = "x86_64")]
        if let Some(&$groups) = level.downcast_ref::<pulp::x86::V4>() {
            Some($value)
        } else if let Some(&$groups) = level.downcast_ref::<pulp::x86::V3>() {
            Some($value)
        } else {
            None
        }
        #[cfg(target_arch = "aarch64")]
        if let Some(&$groups) = level.downcast_ref::<pulp::aarch64::Neon>() {
            Some($value)
        } else {
            None
        }
        #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
        {
            let _: Option<&pulp::Scalar> = level.downcast_ref();
            None
        }
    }};
}
pub(super) use with_groups;

#[cfg(target_arch = "x86_64")]
mod x86 {
    use core::arch::x86_64::{__m128, __m256, __m512};

    use pulp::x86::{V3, V4};

    use super::{Groups, MAX_GROUPS};

    /// The selector of `shufps`: two elements of its first operand, then two of its second.
    const fn select(a0: i32, a1: i32, b0: i32, b1: i32) -> i32 {
        a0 | a1 << 2 | b0 << 4 | b1 << 6
    }

    /// The methods that are `unpck` and `shufps`, in the names of a level.
    macro_rules! shuffles {
        (
            $feature:ident: $shuffle:ident, $to_f64:ident, $to_f32:ident,
            $low32:ident, $high32:ident, $low64:ident, $high64:ident
        ) => {
            #[inline(always)]
            fn zip<T>(self, a: Self::Vector, b: Self::Vector) -> [Self::Vector; 2] {
                let avx = self.$feature;
                if size_of::<T>() == 4 {
                    [avx.$low32(a, b), avx.$high32(a, b)]
                } else {
                    let (a, b) = (avx.$to_f64(a), avx.$to_f64(b));
                    [avx.$to_f32(avx.$low64(a, b)), avx.$to_f32(avx.$high64(a, b))]
                }
            }

            #[inline(always)]
            fn unzip_triples(self, [first, middle, last]: [Self::Vector; 3]) -> [Self::Vector; 3] {
                let avx = self.$feature;
                let yz01 = avx.$shuffle::<{ select(1, 2, 0, 1) }>(first, middle);
                let xy23 = avx.$shuffle::<{ select(2, 3, 1, 2) }>(middle, last);
                [
                    avx.$shuffle::<{ select(0, 3, 0, 2) }>(first, xy23),
                    avx.$shuffle::<{ select(0, 2, 1, 3) }>(yz01, xy23),
                    avx.$shuffle::<{ select(1, 3, 0, 3) }>(yz01, last),
                ]
            }

            #[inline(always)]
            fn zip_triples(self, [x, y, z]: [Self::Vector; 3]) -> [Self::Vector; 3] {
                let avx = self.$feature;
                let x02y02 = avx.$shuffle::<{ select(0, 2, 0, 2) }>(x, y);
                let y13z13 = avx.$shuffle::<{ select(1, 3, 1, 3) }>(y, z);
                let z02x13 = avx.$shuffle::<{ select(0, 2, 1, 3) }>(z, x);
                [
                    avx.$shuffle::<{ select(0, 2, 0, 2) }>(x02y02, z02x13),
                    avx.$shuffle::<{ select(0, 2, 1, 3) }>(y13z13, x02y02),
                    avx.$shuffle::<{ select(1, 3, 1, 3) }>(z02x13, y13z13),
                ]
            }
        };
    }

    impl Groups for V3 {
        type Group = __m128;
        type Vector = __m256;
        const COUNT: usize = 2;

        #[inline(always)]
        fn join(self, [a, b, ..]: [__m128; MAX_GROUPS]) -> __m256 {
            self.avx._mm256_insertf128_ps::<1>(self.avx._mm256_castps128_ps256(a), b)
        }

        #[inline(always)]
        fn split(self, vector: __m256) -> [__m128; MAX_GROUPS] {
            let a = self.avx._mm256_castps256_ps128(vector);
            let b = self.avx._mm256_extractf128_ps::<1>(vector);
            [a, b, a, b]
        }

        #[inline(always)]
        fn exchange(self, [a, b, ..]: [__m256; MAX_GROUPS]) -> [__m256; MAX_GROUPS] {
            let first = self.avx._mm256_permute2f128_ps::<0x20>(a, b);
            let second = self.avx._mm256_permute2f128_ps::<0x31>(a, b);
            [first, second, first, second]
        }

        shuffles! {
            avx: _mm256_shuffle_ps, _mm256_castps_pd, _mm256_castpd_ps,
            _mm256_unpacklo_ps, _mm256_unpackhi_ps, _mm256_unpacklo_pd, _mm256_unpackhi_pd
        }
    }

    impl Groups for V4 {
        type Group = __m128;
        type Vector = __m512;
        const COUNT: usize = 4;

        #[inline(always)]
        fn join(self, [a, b, c, d]: [__m128; MAX_GROUPS]) -> __m512 {
            let avx = self.avx512f;
            let vector = avx._mm512_insertf32x4::<1>(avx._mm512_castps128_ps512(a), b);
            avx._mm512_insertf32x4::<3>(avx._mm512_insertf32x4::<2>(vector, c), d)
        }

        #[inline(always)]
        fn split(self, vector: __m512) -> [__m128; MAX_GROUPS] {
            let avx = self.avx512f;
            [
                avx._mm512_castps512_ps128(vector),
                avx._mm512_extractf32x4_ps::<1>(vector),
                avx._mm512_extractf32x4_ps::<2>(vector),
                avx._mm512_extractf32x4_ps::<3>(vector),
            ]
        }

        #[inline(always)]
        fn exchange(self, [a, b, c, d]: [__m512; MAX_GROUPS]) -> [__m512; MAX_GROUPS] {
            const EVEN: i32 = select(0, 2, 0, 2);
            const ODD: i32 = select(1, 3, 1, 3);
            let avx = self.avx512f;
            let a02b02 = avx._mm512_shuffle_f32x4::<EVEN>(a, b);
            let a13b13 = avx._mm512_shuffle_f32x4::<ODD>(a, b);
            let c02d02 = avx._mm512_shuffle_f32x4::<EVEN>(c, d);
            let c13d13 = avx._mm512_shuffle_f32x4::<ODD>(c, d);
            [
                avx._mm512_shuffle_f32x4::<EVEN>(a02b02, c02d02),
                avx._mm512_shuffle_f32x4::<EVEN>(a13b13, c13d13),
                avx._mm512_shuffle_f32x4::<ODD>(a02b02, c02d02),
                avx._mm512_shuffle_f32x4::<ODD>(a13b13, c13d13),
            ]
        }

        shuffles! {
            avx512f: _mm512_shuffle_ps, _mm512_castps_pd, _mm512_castpd_ps,
            _mm512_unpacklo_ps, _mm512_unpackhi_ps, _mm512_unpacklo_pd, _mm512_unpackhi_pd
        }
    }
}

#[cfg(target_arch = "aarch64")]
mod aarch64 {
    use core::arch::aarch64::float32x4_t;

    use bytemuck::cast;
    use pulp::aarch64::Neon;

    use super::{Groups, MAX_GROUPS};

    impl Groups for Neon {
        type Group = float32x4_t;
        type Vector = float32x4_t;
        const COUNT: usize = 1;

        #[inline(always)]
        fn join(self, [vector, ..]: [float32x4_t; MAX_GROUPS]) -> float32x4_t {
            vector
        }

        #[inline(always)]
        fn split(self, vector: float32x4_t) -> [float32x4_t; MAX_GROUPS] {
            [vector; MAX_GROUPS]
        }

        #[inline(always)]
        fn exchange(self, vectors: [float32x4_t; MAX_GROUPS]) -> [float32x4_t; MAX_GROUPS] {
            vectors
        }

        #[inline(always)]
        fn zip<T>(self, a: float32x4_t, b: float32x4_t) -> [float32x4_t; 2] {
            let neon = self.neon;
            if size_of::<T>() == 4 {
                [neon.vzip1q_f32(a, b), neon.vzip2q_f32(a, b)]
            } else {
                let (a, b) = (neon.vreinterpretq_f64_f32(a), neon.vreinterpretq_f64_f32(b));
                let (low, high) = (neon.vzip1q_f64(a, b), neon.vzip2q_f64(a, b));
                [neon.vreinterpretq_f32_f64(low), neon.vreinterpretq_f32_f64(high)]
            }
        }

        // One group is all there is: the compiler finds the shuffles.
        #[inline(always)]
        fn unzip_triples(self, triples: [float32x4_t; 3]) -> [float32x4_t; 3] {
            let [x0, y0, z0, x1, y1, z1, x2, y2, z2, x3, y3, z3]: [f32; 12] = cast(triples);
            cast([x0, x1, x2, x3, y0, y1, y2, y3, z0, z1, z2, z3])
        }

        #[inline(always)]
        fn zip_triples(self, xyz: [float32x4_t; 3]) -> [float32x4_t; 3] {
            let [x0, x1, x2, x3, y0, y1, y2, y3, z0, z1, z2, z3]: [f32; 12] = cast(xyz);
            cast([x0, y0, z0, x1, y1, z1, x2, y2, z2, x3, y3, z3])
        }
    }
}
