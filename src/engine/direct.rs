//! The direct engine: sparse Gaunt coefficients in straight-line code, no transform.
//!
//! `out[k] = Σ G_ijk x1[i] x2[j]` with every index and coefficient a compile-time constant: the loop over the terms is
//! unrolled, so that coefficients become broadcasts from memory and the sums stay in registers, class by class of
//! outputs ([`ClassTerms`]). Kernels exist for `lmax1 >= lmax2` (the product is symmetric) and outputs to `lmax1` or to
//! `lmax1 + lmax2`; for another `lmax3` the next larger one is computed.

use pulp::{Simd, WithSimd};

use crate::index::n_lm;
use crate::lanes::{FirstRows, FirstRowsMut, LaneOps, RowCount, Rows, RowsMut};
use crate::tables::gaunt::{ClassTerms, LMAX_DIRECT, n_classes};

/// Whether the engine serves these degrees.
pub(crate) const fn supports(lmax1: usize, lmax2: usize) -> bool {
    lmax1 <= LMAX_DIRECT && lmax2 <= LMAX_DIRECT
}

/// The degree to which the kernel for these degrees computes the output, at least `lmax3`.
pub(crate) const fn computed_lmax3([lmax1, lmax2, lmax3]: [usize; 3]) -> usize {
    let larger = if lmax1 > lmax2 { lmax1 } else { lmax2 };
    if lmax3 <= larger { larger } else { lmax1 + lmax2 }
}

/// `out = x1 · x2` for coefficients in flat order and `blocks` blocks of lanes; `out` has rows to [`computed_lmax3`].
/// `None` if there are no blocks, rows are missing or not equally distant in all three, or for degrees that the engine does not serve.
#[inline(always)]
pub(crate) fn product<S: Simd, T: LaneOps>(
    s: S,
    [lmax1, lmax2, lmax3]: [usize; 3],
    blocks: usize,
    x1: Rows<'_, T, T::Lanes<S>>,
    x2: Rows<'_, T, T::Lanes<S>>,
    out: RowsMut<'_, T, T::Lanes<S>>,
) -> Option<()> {
    let (lmax1, lmax2, x1, x2) = if lmax1 >= lmax2 { (lmax1, lmax2, x1, x2) } else { (lmax2, lmax1, x2, x1) };
    macro_rules! kernels {
        ($(($l1:literal, $l2:literal, $l3:literal))*) => {
            match (lmax1, lmax2, computed_lmax3([lmax1, lmax2, lmax3])) {
                $(($l1, $l2, $l3) => s.vectorize(Product::<T, _, $l1, $l2, $l3> { blocks, x1, x2, out }),)*
                _ => None,
            }
        };
    }
    const { assert!(LMAX_DIRECT == 3) };
    kernels! {
        (0, 0, 0) (1, 0, 1) (1, 1, 1) (1, 1, 2) (2, 0, 2) (2, 1, 2) (2, 1, 3) (2, 2, 2) (2, 2, 4)
        (3, 0, 3) (3, 1, 3) (3, 1, 4) (3, 2, 3) (3, 2, 5) (3, 3, 3) (3, 3, 6)
    }
}

/// The kernel of one triple of degrees, a `#[target_feature]` frame of its own.
struct Product<'a, T, V, const L1: usize, const L2: usize, const L3: usize> {
    blocks: usize,
    x1: Rows<'a, T, V>,
    x2: Rows<'a, T, V>,
    out: RowsMut<'a, T, V>,
}

impl<T: LaneOps, V: bytemuck::Pod, const L1: usize, const L2: usize, const L3: usize> WithSimd
    for Product<'_, T, V, L1, L2, L3>
{
    type Output = Option<()>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, s: S) -> Option<()> {
        let Self { blocks, x1, x2, out } = self;
        let (x1, x2) = (x1.cast::<T::Lanes<S>>()?, x2.cast::<T::Lanes<S>>()?);
        // One distance for all three, so that the row offsets fit into the general registers.
        let stride = x1.row_stride();
        let (x1, x2) = (x1.first(blocks, stride)?, x2.first(blocks, stride)?);
        let mut out = out.cast::<T::Lanes<S>>()?.first(blocks, stride)?;
        for block in 0..blocks {
            let rows = (&x1, &x2, &mut out);
            // Sums of a class, a pair product, its two fixed factors and a coefficient share the register file.
            if const { S::REGISTER_COUNT >= 32 } {
                classes::<S, T, L1, L2, L3, 24>(s, block, rows);
            } else {
                classes::<S, T, L1, L2, L3, 12>(s, block, rows);
            }
        }
        Some(())
    }
}

/// The number of coefficients to degree `L`.
struct Degree<const L: usize>;

impl<const L: usize> RowCount for Degree<L> {
    const ROWS: usize = n_lm(L);
}

/// The rows of two operands and of the output.
type ThreeRows<'r, 'a, T, V, const L1: usize, const L2: usize, const L3: usize> = (
    &'r FirstRows<'a, T, V, Degree<L1>>,
    &'r FirstRows<'a, T, V, Degree<L2>>,
    &'r mut FirstRowsMut<'a, T, V, Degree<L3>>,
);

/// All classes of one block, none with more than `BUDGET` outputs.
#[inline(always)]
#[allow(clippy::unnecessary_semicolon)] // of the unrolled loop
fn classes<S: Simd, T: LaneOps, const L1: usize, const L2: usize, const L3: usize, const BUDGET: usize>(
    s: S,
    block: usize,
    (x1, x2, out): ThreeRows<'_, '_, T, T::Lanes<S>, L1, L2, L3>,
) {
    seq_macro::seq!(CLASS in 0..8 {
        if const { CLASS < ClassesTo::<L3, BUDGET>::COUNT } {
            class::<S, T, L1, L2, L3, BUDGET, CLASS>(s, block, (x1, x2, &mut *out));
        }
    });
}

/// The number of classes as a constant, evaluated once.
struct ClassesTo<const L3: usize, const BUDGET: usize>;

impl<const L3: usize, const BUDGET: usize> ClassesTo<L3, BUDGET> {
    const COUNT: usize = n_classes(L3, BUDGET);
}

/// The terms of a class as a constant, evaluated once.
struct TermsOf<const L1: usize, const L2: usize, const L3: usize, const BUDGET: usize, const CLASS: usize>;

impl<const L1: usize, const L2: usize, const L3: usize, const BUDGET: usize, const CLASS: usize>
    TermsOf<L1, L2, L3, BUDGET, CLASS>
{
    const TERMS: ClassTerms = ClassTerms::new([L1, L2, L3], ClassesTo::<L3, BUDGET>::COUNT, CLASS);
    const LEN: usize = Self::TERMS.len();
}

/// One class of one block.
#[inline(always)]
#[allow(clippy::erasing_op, clippy::identity_op, clippy::unnecessary_semicolon)] // of the unrolled loops
fn class<
    S: Simd,
    T: LaneOps,
    const L1: usize,
    const L2: usize,
    const L3: usize,
    const BUDGET: usize,
    const CLASS: usize,
>(
    s: S,
    block: usize,
    (x1, x2, out): ThreeRows<'_, '_, T, T::Lanes<S>, L1, L2, L3>,
) {
    // A constant: every branch, index and coefficient below is known at compile time. The outer groups keep the compiler
    // from seeing the terms that do not exist.
    let terms = &TermsOf::<L1, L2, L3, BUDGET, CLASS>::TERMS;
    let mut sums = [T::splat(s, T::zeroed()); BUDGET];
    let mut pair = T::splat(s, T::zeroed());
    seq_macro::seq!(GROUP in 0..13 {
        if const { 16 * GROUP < TermsOf::<L1, L2, L3, BUDGET, CLASS>::LEN } {
            seq_macro::seq!(N in 0..16 {
                if let Some(term) = terms.get(16 * GROUP + N) {
                    if term.starts_pair {
                        pair = T::mul(s, x1.get(block, term.i), x2.get(block, term.j));
                        if term.mirrored {
                            pair = T::mul_add(s, x1.get(block, term.j), x2.get(block, term.i), pair);
                        }
                    }
                    let value = T::splat(s, T::from_f64(term.value));
                    sums[term.slot] = if term.starts_sum {
                        T::mul(s, value, pair)
                    } else {
                        T::mul_add(s, value, pair, sums[term.slot])
                    };
                }
            });
        }
    });
    seq_macro::seq!(SLOT in 0..24 {
        if const { SLOT < BUDGET } && let Some(output) = terms.output(SLOT) {
            out.set(block, output, sums[SLOT]);
        }
    });
}
