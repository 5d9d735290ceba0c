//! Parts of functions under two mirror symmetries, and how they multiply.

use pulp::Simd;

use crate::lanes::LaneOps;

/// The parts of a product. Parts multiply like pairs of signs: `h_p = Σ_q f_q g_{p ∘ q}` with `0` neutral, `q ∘ q = 0` and
/// `1 ∘ 2 = 3`, `1 ∘ 3 = 2`, `2 ∘ 3 = 1`: 16 multiply-adds instead of the 28 operations of unfolding, multiplying and
/// folding.
#[inline(always)]
pub(super) fn convolve<S: Simd, T: LaneOps>(
    s: S,
    f: [T::Lanes<S>; 4],
    [g0, g1, g2, g3]: [T::Lanes<S>; 4],
) -> [T::Lanes<S>; 4] {
    [
        dot::<S, T>(s, f, [g0, g1, g2, g3]),
        dot::<S, T>(s, f, [g1, g0, g3, g2]),
        dot::<S, T>(s, f, [g2, g3, g0, g1]),
        dot::<S, T>(s, f, [g3, g2, g1, g0]),
    ]
}

/// Likewise where only one part is there beside the even one.
#[inline(always)]
pub(super) fn convolve_two<S: Simd, T: LaneOps>(
    s: S,
    [f0, f1]: [T::Lanes<S>; 2],
    [g0, g1]: [T::Lanes<S>; 2],
) -> [T::Lanes<S>; 2] {
    [T::mul_add(s, f1, g1, T::mul(s, f0, g0)), T::mul_add(s, f1, g0, T::mul(s, f0, g1))]
}

/// `Σ_i x_i y_i`.
#[inline(always)]
fn dot<S: Simd, T: LaneOps>(s: S, x: [T::Lanes<S>; 4], y: [T::Lanes<S>; 4]) -> T::Lanes<S> {
    let sum = T::mul(s, x[0], y[0]);
    let sum = T::mul_add(s, x[1], y[1], sum);
    let sum = T::mul_add(s, x[2], y[2], sum);
    T::mul_add(s, x[3], y[3], sum)
}

/// `a − b`.
#[inline(always)]
pub(super) fn difference<S: Simd, T: LaneOps, const N: usize>(
    s: S,
    mut a: [T::Lanes<S>; N],
    b: [T::Lanes<S>; N],
) -> [T::Lanes<S>; N] {
    for i in 0..N {
        a[i] = T::sub(s, a[i], b[i]);
    }
    a
}

/// `a + b`.
#[inline(always)]
pub(super) fn sum<S: Simd, T: LaneOps, const N: usize>(
    s: S,
    mut a: [T::Lanes<S>; N],
    b: [T::Lanes<S>; N],
) -> [T::Lanes<S>; N] {
    for i in 0..N {
        a[i] = T::add(s, a[i], b[i]);
    }
    a
}
