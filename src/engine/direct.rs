//! The direct engine: sparse Gaunt coefficients in straight-line code, no transform.
//!
//! `out[k] = Σ G_ijk x1[i] x2[j]` with every index and coefficient a compile-time constant: the loop over the terms is
//! unrolled, so that coefficients become broadcasts from memory and the sums stay in registers, class by class of
//! outputs ([`ClassTerms`]). Kernels exist for `lmax1 >= lmax2` (the product is symmetric, the bracket changes its sign) and
//! outputs to `lmax1 − lmax2` (of gradients), `lmax1` or `lmax1 + lmax2`; for another `lmax3` the next larger one is computed.

use pulp::{Simd, WithSimd};

use crate::index::n_lm;
use crate::isa::outline;
use crate::lanes::{FixedRows, FixedRowsMut, LaneOps, RowCount, Rows, RowsMut, settle};
use crate::tables::gaunt::{ClassTerms, LMAX_DIRECT, MAX_CLASS_LEN, Pair, Side, Term, n_classes};

/// Whether the engine serves these degrees.
pub(crate) const fn supports(lmax1: usize, lmax2: usize) -> bool {
    lmax1 <= LMAX_DIRECT && lmax2 <= LMAX_DIRECT
}

/// The degree to which the kernel for these degrees computes the output, at least `lmax3`.
pub(crate) const fn computed_lmax3([lmax1, lmax2, lmax3]: [usize; 3]) -> usize {
    let (larger, difference) = if lmax1 > lmax2 { (lmax1, lmax1 - lmax2) } else { (lmax2, lmax2 - lmax1) };
    if lmax3 <= difference {
        difference
    } else if lmax3 <= larger {
        larger
    } else {
        lmax1 + lmax2
    }
}

/// `out = x1 · x2`, or the bracket of the two, for coefficients in flat order and `blocks` blocks of lanes; `out` has rows to
/// [`computed_lmax3`]. `None` if there are no blocks, rows are missing or not equally distant in all three, or for degrees
/// that the engine does not serve.
#[inline(always)]
pub(crate) fn couple<S: Simd, T: LaneOps>(
    s: S,
    bracket: bool,
    [lmax1, lmax2, lmax3]: [usize; 3],
    blocks: usize,
    x1: Rows<'_, T, T::Lanes<S>>,
    x2: Rows<'_, T, T::Lanes<S>>,
    out: RowsMut<'_, T, T::Lanes<S>>,
) -> Option<()> {
    let swapped = lmax1 < lmax2;
    let (lmax1, lmax2, x1, x2) = if swapped { (lmax2, lmax1, x2, x1) } else { (lmax1, lmax2, x1, x2) };
    macro_rules! kernels {
        ($(($l1:literal, $l2:literal, $l3:literal))*) => {
            match (lmax1, lmax2, computed_lmax3([lmax1, lmax2, lmax3]), bracket) {
                // Sums of a class, the factors and a coefficient share the register file.
                $(($l1, $l2, $l3, false) => if const { S::REGISTER_COUNT >= 32 } {
                    outline(s, Coupling::<T, _, false, $l1, $l2, $l3, 24> { swapped, blocks, x1, x2, out })
                } else {
                    outline(s, Coupling::<T, _, false, $l1, $l2, $l3, 12> { swapped, blocks, x1, x2, out })
                },
                ($l1, $l2, $l3, true) => if const { S::REGISTER_COUNT >= 32 } {
                    outline(s, Coupling::<T, _, true, $l1, $l2, $l3, 24> { swapped, blocks, x1, x2, out })
                } else {
                    outline(s, Coupling::<T, _, true, $l1, $l2, $l3, 12> { swapped, blocks, x1, x2, out })
                },)*
                _ => None,
            }
        };
    }
    const { assert!(LMAX_DIRECT == 4) };
    kernels! {
        (0, 0, 0) (1, 0, 1) (1, 1, 0) (1, 1, 1) (1, 1, 2) (2, 0, 2) (2, 1, 1) (2, 1, 2) (2, 1, 3) (2, 2, 0) (2, 2, 2)
        (2, 2, 4) (3, 0, 3) (3, 1, 2) (3, 1, 3) (3, 1, 4) (3, 2, 1) (3, 2, 3) (3, 2, 5) (3, 3, 0) (3, 3, 3) (3, 3, 6)
        (4, 0, 4) (4, 1, 3) (4, 1, 4) (4, 1, 5) (4, 2, 2) (4, 2, 4) (4, 2, 6) (4, 3, 1) (4, 3, 4) (4, 3, 7) (4, 4, 0)
        (4, 4, 4) (4, 4, 8)
    }
}

/// The kernel of one triple of degrees, a `#[target_feature]` frame of its own: all classes of a block, then the next block.
struct Coupling<
    'a,
    T,
    V,
    const BRACKET: bool,
    const L1: usize,
    const L2: usize,
    const L3: usize,
    const BUDGET: usize,
> {
    /// Whether the operands have changed places, as their degrees asked for.
    swapped: bool,
    blocks: usize,
    x1: Rows<'a, T, V>,
    x2: Rows<'a, T, V>,
    out: RowsMut<'a, T, V>,
}

impl<
    T: LaneOps,
    V: bytemuck::Pod,
    const BRACKET: bool,
    const L1: usize,
    const L2: usize,
    const L3: usize,
    const BUDGET: usize,
> WithSimd for Coupling<'_, T, V, BRACKET, L1, L2, L3, BUDGET>
{
    type Output = Option<()>;

    #[inline(always)]
    #[allow(clippy::unnecessary_semicolon)] // of the unrolled loop
    fn with_simd<S: Simd>(self, s: S) -> Option<()> {
        let Self { swapped, blocks, x1, x2, out } = self;
        let (x1, x2) = (x1.cast::<T::Lanes<S>>()?, x2.cast::<T::Lanes<S>>()?);
        // One distance for all three, so that the row offsets fit into the general registers.
        let stride = x1.row_stride();
        let (x1, x2) = (x1.first::<Degree<L1>>(blocks, stride)?, x2.first::<Degree<L2>>(blocks, stride)?);
        let mut out = out.cast::<T::Lanes<S>>()?.first::<Degree<L3>>(blocks, stride)?;
        let sign = T::splat(s, T::from_f64(if swapped { -1.0 } else { 1.0 }));
        for block in 0..blocks {
            let (x1, x2, mut out) = (x1.block(block), x2.block(block), out.block(block));
            seq_macro::seq!(CLASS in 0..8 {
                if const { CLASS < ClassesTo::<L3, BUDGET>::COUNT } {
                    couple_class::<S, T, BRACKET, L1, L2, L3, BUDGET, CLASS>(s, sign, x1, x2, &mut out);
                }
            });
        }
        Some(())
    }
}

/// One class of outputs of a block; those of brackets times `sign`, unless the degrees are equal: then operands need not change
/// places.
#[inline(always)]
#[allow(clippy::erasing_op, clippy::identity_op, clippy::unnecessary_semicolon)] // of the unrolled loops
fn couple_class<
    S: Simd,
    T: LaneOps,
    const BRACKET: bool,
    const L1: usize,
    const L2: usize,
    const L3: usize,
    const BUDGET: usize,
    const CLASS: usize,
>(
    s: S,
    sign: T::Lanes<S>,
    x1: FixedRows<'_, T, T::Lanes<S>, Degree<L1>>,
    x2: FixedRows<'_, T, T::Lanes<S>, Degree<L2>>,
    out: &mut FixedRowsMut<'_, T, T::Lanes<S>, Degree<L3>>,
) {
    let zero = T::splat(s, T::zeroed());
    let mut sums = Sums { slots: [zero; MAX_CLASS_LEN], factors: [[zero; 2]; 2] };
    seq_macro::seq!(GROUP in 0..16 {
        if const { 16 * GROUP < TermsOf::<BRACKET, L1, L2, L3, BUDGET, CLASS>::LEN } {
            add_terms::<S, T, BRACKET, L1, L2, L3, BUDGET, CLASS, GROUP>(s, x1, x2, &mut sums);
        }
    });
    seq_macro::seq!(SLOT in 0..24 {
        if let Some(output) = TermsOf::<BRACKET, L1, L2, L3, BUDGET, CLASS>::TERMS.output(SLOT) {
            let sum = sums.slots[SLOT];
            out.set(output, if BRACKET && L1 != L2 { T::mul(s, sign, sum) } else { sum });
        }
    });
}

/// The number of coefficients to degree `L`.
struct Degree<const L: usize>;

impl<const L: usize> RowCount for Degree<L> {
    const ROWS: usize = n_lm(L);
}

/// The number of classes as a constant, evaluated once.
struct ClassesTo<const L3: usize, const BUDGET: usize>;

impl<const L3: usize, const BUDGET: usize> ClassesTo<L3, BUDGET> {
    const COUNT: usize = n_classes(L3, BUDGET);
}

/// The terms of a class as a constant, evaluated once.
struct TermsOf<
    const BRACKET: bool,
    const L1: usize,
    const L2: usize,
    const L3: usize,
    const BUDGET: usize,
    const CLASS: usize,
>;

impl<
    const BRACKET: bool,
    const L1: usize,
    const L2: usize,
    const L3: usize,
    const BUDGET: usize,
    const CLASS: usize,
> TermsOf<BRACKET, L1, L2, L3, BUDGET, CLASS>
{
    const TERMS: ClassTerms = ClassTerms::new(BRACKET, [L1, L2, L3], ClassesTo::<L3, BUDGET>::COUNT, CLASS);
    const LEN: usize = Self::TERMS.len();
}

/// The sums of one class for one block, slot by slot, as far as they have been added up.
struct Sums<V> {
    slots: [V; MAX_CLASS_LEN],
    /// The factors of the current quad: of its cosines and sines, the sum and the difference of the two products.
    factors: [[V; 2]; 2],
}

/// Adds up the terms number `16 GROUP..` of a class, at most 16.
#[inline(always)]
#[allow(clippy::erasing_op, clippy::identity_op, clippy::unnecessary_semicolon)] // of the unrolled loop
fn add_terms<
    S: Simd,
    T: LaneOps,
    const BRACKET: bool,
    const L1: usize,
    const L2: usize,
    const L3: usize,
    const BUDGET: usize,
    const CLASS: usize,
    const GROUP: usize,
>(
    s: S,
    x1: FixedRows<'_, T, T::Lanes<S>, Degree<L1>>,
    x2: FixedRows<'_, T, T::Lanes<S>, Degree<L2>>,
    Sums { slots, factors }: &mut Sums<T::Lanes<S>>,
) {
    // A constant: every branch, index and coefficient below is known at compile time.
    let terms = &TermsOf::<BRACKET, L1, L2, L3, BUDGET, CLASS>::TERMS;
    seq_macro::seq!(N in 0..16 {
        if let Some(term) = terms.get(16 * GROUP + N) {
            if term.starts_quad {
                if let Some(side) = terms.side(term.quad, 0) {
                    factors[0] = sum_and_difference::<S, T, BRACKET, _, _>(s, x1, x2, side);
                }
                if let Some(side) = terms.side(term.quad, 1) {
                    factors[1] = sum_and_difference::<S, T, BRACKET, _, _>(s, x1, x2, side);
                }
            }
            let factor = factors[usize::from(term.sine)][usize::from(term.difference)];
            add_term::<S, T>(s, term, factor, slots);
        }
    });
}

/// Adds a term to its slot, before anything of a later quad.
#[inline(always)]
fn add_term<S: Simd, T: LaneOps>(
    s: S,
    term: &Term,
    factor: T::Lanes<S>,
    slots: &mut [T::Lanes<S>; MAX_CLASS_LEN],
) {
    let value = T::splat(s, T::from_f64(term.value));
    let sum = if term.starts_sum {
        T::mul(s, value, factor)
    } else {
        T::mul_add(s, value, factor, slots[term.slot])
    };
    slots[term.slot] = settle::<S, T>(sum);
}

/// The sum and the difference of the two products of a side; what no term takes the compiler leaves out.
#[inline(always)]
fn sum_and_difference<S: Simd, T: LaneOps, const BRACKET: bool, N1: RowCount, N2: RowCount>(
    s: S,
    x1: FixedRows<'_, T, T::Lanes<S>, N1>,
    x2: FixedRows<'_, T, T::Lanes<S>, N2>,
    side: &Side,
) -> [T::Lanes<S>; 2] {
    let first = product_of::<S, T, BRACKET, N1, N2>(s, x1, x2, side.first);
    match side.second {
        None => [first, first],
        Some(second) => {
            let second = product_of::<S, T, BRACKET, N1, N2>(s, x1, x2, second);
            [T::add(s, first, second), T::sub(s, first, second)]
        }
    }
}

/// The product of a pair of coefficients: with its mirror image, added for the product and subtracted for the bracket, such
/// that it is exactly the opposite if the operands change places.
#[inline(always)]
fn product_of<S: Simd, T: LaneOps, const BRACKET: bool, N1: RowCount, N2: RowCount>(
    s: S,
    x1: FixedRows<'_, T, T::Lanes<S>, N1>,
    x2: FixedRows<'_, T, T::Lanes<S>, N2>,
    Pair { i, j, mirrored }: Pair,
) -> T::Lanes<S> {
    let product = T::mul(s, x1.get(i), x2.get(j));
    if !mirrored {
        product
    } else if BRACKET {
        T::sub(s, product, T::mul(s, x1.get(j), x2.get(i)))
    } else {
        T::mul_add(s, x1.get(j), x2.get(i), product)
    }
}
