//! The direct engine: sparse Gaunt coefficients in straight-line code, no transform.
//!
//! `out[k] = Σ G_ijk x1[i] x2[j]` with every index and coefficient a compile-time constant: the loop over the terms is
//! unrolled, so that coefficients become immediate broadcasts and the sums stay in registers. One kernel exists per pair
//! `lmax1 >= lmax2` (the product is symmetric); it works output degree by output degree, so that one kernel serves every
//! `lmax3`.

use pulp::Simd;

use crate::index::n_lm;
use crate::lanes::LaneOps;
use crate::tables::gaunt::{LMAX_DIRECT, TermsOf};

/// Lane vectors of an operand's buffer, whatever its degree.
pub(crate) const OPERAND_LANES: usize = n_lm(LMAX_DIRECT);
/// Lane vectors of the output's buffer, whatever its degree.
pub(crate) const OUTPUT_LANES: usize = n_lm(2 * LMAX_DIRECT);

/// Whether the engine serves these degrees.
pub(crate) const fn supports(lmax1: usize, lmax2: usize) -> bool {
    lmax1 <= LMAX_DIRECT && lmax2 <= LMAX_DIRECT
}

/// `out = x1 · x2` up to degree `lmax3` for coefficients in flat order, `lmax1 = L1 >= lmax2 = L2`.
#[inline(always)]
#[allow(clippy::unnecessary_semicolon)] // of the unrolled loop
pub(crate) fn product<S: Simd, T: LaneOps, const L1: usize, const L2: usize>(
    s: S,
    lmax3: usize,
    x1: &[T::Lanes<S>; OPERAND_LANES],
    x2: &[T::Lanes<S>; OPERAND_LANES],
    out: &mut [T::Lanes<S>; OUTPUT_LANES],
) {
    output_degree::<S, T, L1, L2, 0>(s, x1, x2, out);
    seq_macro::seq!(L3 in 1..=6 {
        if const { L3 <= L1 + L2 } && L3 <= lmax3 {
            output_degree::<S, T, L1, L2, L3>(s, x1, x2, out);
        }
    });
}

/// Output degree `L3` of [`product`].
#[inline(always)]
#[allow(clippy::erasing_op, clippy::identity_op, clippy::unnecessary_semicolon)] // of the unrolled loops
fn output_degree<S: Simd, T: LaneOps, const L1: usize, const L2: usize, const L3: usize>(
    s: S,
    x1: &[T::Lanes<S>; OPERAND_LANES],
    x2: &[T::Lanes<S>; OPERAND_LANES],
    out: &mut [T::Lanes<S>; OUTPUT_LANES],
) {
    // A constant: every branch, index and coefficient below is known at compile time. The outer groups keep the compiler
    // from seeing the terms that do not exist.
    let terms = &TermsOf::<L1, L2, L3>::TERMS;
    let mut sums = [T::splat(s, T::zeroed()); OUTPUT_LANES];
    seq_macro::seq!(GROUP in 0..11 {
        if const { 16 * GROUP < TermsOf::<L1, L2, L3>::TERMS.len() } {
            seq_macro::seq!(N in 0..16 {
                if let Some(term) = terms.get(16 * GROUP + N) {
                    let scaled = T::mul(s, T::splat(s, T::from_f64(term.value)), x1[term.i]);
                    sums[term.k] = T::mul_add(s, scaled, x2[term.j], sums[term.k]);
                }
            });
        }
    });
    let degree = L3 * L3..(L3 + 1) * (L3 + 1);
    out[degree.clone()].copy_from_slice(&sums[degree]);
}
