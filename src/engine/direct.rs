//! The direct engine: sparse Gaunt coefficients in straight-line code, no transform.
//!
//! `out[k] = Σ G_ijk x1[i] x2[j]` with every index and coefficient a compile-time constant: the loop over the terms is
//! unrolled, so that coefficients become broadcasts from memory and the sums stay in registers, class by class of
//! outputs ([`ClassTerms`]). Kernels exist for `lmax1 >= lmax2` (the product is symmetric, the bracket changes its sign) and
//! outputs to `lmax1 − lmax2` (of gradients), `lmax1` or `lmax1 + lmax2`; for another `lmax3` the next larger one is computed.

use core::marker::PhantomData;

use pulp::{Simd, WithSimd};

use crate::index::n_lm;
use crate::lanes::{
    BlockCounts, BlockPlace, CAN_PREFETCH, CacheLine, FixedRows, FixedRowsMut, LaneOps, RowCount, Rows,
    RowsAhead, TwoRowsMut, settle, share_of_block,
};
use crate::tables::gaunt::{
    ClassTerms, LMAX_DIRECT, MAX_CLASS_LEN, Output, Pair, Side, Term, Wanted, n_classes,
};

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

/// Where the product of two functions goes, and where their bracket, what is wanted of them.
pub(crate) struct Results<'a, T, V> {
    pub(crate) rows: TwoRowsMut<'a, T, V>,
    /// Whether they are added to what is there.
    pub(crate) accumulate: bool,
}

/// The product and the bracket of `x1` and `x2` for coefficients in flat order and these blocks of lanes; results have
/// rows to [`computed_lmax3`]. Where memory `is_far`, asks for what comes next; blocks have to be neighbours then.
/// `None` if there are no blocks, rows are missing or not equally distant everywhere, or for degrees that the engine does not
/// serve.
///
/// For operands of equal degrees one kernel makes both with fewer operations than two, as both need `x1[i] x2[j]` and
/// `x1[j] x2[i]`. (Where degrees differ, most products have no mirror image, and there is less to save; with output to degree 8
/// there are too many sums for 16 registers.)
#[inline(always)]
pub(crate) fn couple<'a, S: Simd, T: LaneOps>(
    s: S,
    [lmax1, lmax2, lmax3]: [usize; 3],
    blocks: BlockCounts,
    x1: &Rows<'a, T, T::Lanes<S>>,
    x2: &Rows<'a, T, T::Lanes<S>>,
    results: &mut Results<'a, T, T::Lanes<S>>,
    is_far: bool,
) -> Option<()> {
    let swapped = lmax1 < lmax2;
    let (lmax1, lmax2, x1, x2) = if swapped { (lmax2, lmax1, x2, x1) } else { (lmax1, lmax2, x1, x2) };
    macro_rules! run {
        ($kind:ident: $l1:literal, $l2:literal, $l3:literal, $budget:literal) => {{
            type Problem = $kind::Problem<$l1, $l2, $l3, $budget>;
            let (results, problem) = (&mut *results, PhantomData);
            let coupling = Coupling { swapped, blocks, is_far, x1, x2, results, problem };
            $kind::outline::<S, Coupling<T, T::Lanes<S>, Problem>>(s, coupling)
        }};
        // Sums of a class, the factors and a coefficient share the register file.
        ($kind:ident: $l1:literal, $l2:literal, $l3:literal) => {
            if const { S::REGISTER_COUNT >= 32 } {
                run!($kind: $l1, $l2, $l3, 24)
            } else {
                run!($kind: $l1, $l2, $l3, 12)
            }
        };
    }
    let [product, bracket] = results.rows.parts();
    macro_rules! kernels {
        (together: $(($t1:literal, $t2:literal, $t3:literal))* apart: $(($l1:literal, $l2:literal, $l3:literal))*) => {
            match (lmax1, lmax2, computed_lmax3([lmax1, lmax2, lmax3])) {
                $(($t1, $t2, $t3) => match (product, bracket) {
                    (true, true) => run!(both: $t1, $t2, $t3),
                    (true, false) => run!(product: $t1, $t2, $t3),
                    (false, true) => run!(bracket: $t1, $t2, $t3),
                    (false, false) => Some(()),
                },)*
                $(($l1, $l2, $l3) => {
                    if product {
                        run!(product: $l1, $l2, $l3)?;
                    }
                    if bracket {
                        run!(bracket: $l1, $l2, $l3)?;
                    }
                    Some(())
                })*
                _ => None,
            }
        };
    }
    const { assert!(LMAX_DIRECT == 4) };
    kernels! {
        together: (1, 1, 1) (1, 1, 2) (2, 2, 2) (2, 2, 4) (3, 3, 3) (3, 3, 6) (4, 4, 4)
        apart: (0, 0, 0) (1, 0, 1) (1, 1, 0) (2, 0, 2) (2, 1, 1) (2, 1, 2) (2, 1, 3) (2, 2, 0) (3, 0, 3) (3, 1, 2)
        (3, 1, 3) (3, 1, 4) (3, 2, 1) (3, 2, 3) (3, 2, 5) (3, 3, 0) (4, 0, 4) (4, 1, 3) (4, 1, 4) (4, 1, 5) (4, 2, 2)
        (4, 2, 4) (4, 2, 6) (4, 3, 1) (4, 3, 4) (4, 3, 7) (4, 4, 0) (4, 4, 8)
    }
}

/// What a kernel computes, in constants.
trait Constants {
    const WANTED: Wanted;
    const DEGREES: [usize; 3];
    /// So many sums at a time.
    const BUDGET: usize;
    const N_CLASSES: usize = n_classes(Self::WANTED, Self::DEGREES[2], Self::BUDGET);
}

/// A module for the kernels of the product, one for those of the bracket, one for those of both: modules are what the compiler
/// works on in parallel, and all kernels together take it minutes.
macro_rules! kinds {
    ($($kind:ident: $product:literal, $bracket:literal;)*) => {$(
        mod $kind {
            use pulp::{Simd, WithSimd};

            use crate::tables::gaunt::Wanted;

            pub(super) struct Problem<const L1: usize, const L2: usize, const L3: usize, const BUDGET: usize>;

            impl<const L1: usize, const L2: usize, const L3: usize, const BUDGET: usize> super::Constants
                for Problem<L1, L2, L3, BUDGET>
            {
                const WANTED: Wanted = Wanted { product: $product, bracket: $bracket };
                const DEGREES: [usize; 3] = [L1, L2, L3];
                const BUDGET: usize = BUDGET;
            }

            /// [`crate::isa::outline`].
            #[inline(never)]
            pub(super) fn outline<S: Simd, Op: WithSimd>(s: S, op: Op) -> Op::Output {
                s.vectorize(op)
            }
        }
    )*};
}

kinds! {
    product: true, false;
    bracket: false, true;
    both: true, true;
}

/// A kernel, a `#[target_feature]` frame of its own: all classes of a block, then the next block.
struct Coupling<'r, 'a, T, V, P> {
    /// Whether the operands have changed places, as their degrees asked for.
    swapped: bool,
    blocks: BlockCounts,
    /// Whether memory is far.
    is_far: bool,
    x1: &'r Rows<'a, T, V>,
    x2: &'r Rows<'a, T, V>,
    results: &'r mut Results<'a, T, V>,
    problem: PhantomData<P>,
}

impl<T: LaneOps, V: bytemuck::Pod, P: Constants> WithSimd for Coupling<'_, '_, T, V, P> {
    type Output = Option<()>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, s: S) -> Option<()> {
        // Shorter rows are one sequence for hardware.
        let are_long = self.blocks.of_sample >= OperandsAhead::<T, T::Lanes<S>, P>::SHARING;
        let asks = CAN_PREFETCH && self.is_far && are_long;
        // Among the few instructions of a block of low degree, a test whether to ask would be felt: it is made once, between two
        // loops (of which there is one only where nothing can be asked for). Larger kernels test, as they take long to compile.
        if asks || const { P::DEGREES[0] > 2 } {
            self.run::<S, true>(s, asks)
        } else {
            self.run::<S, false>(s, false)
        }
    }
}

impl<T: LaneOps, V: bytemuck::Pod, P: Constants> Coupling<'_, '_, T, V, P> {
    /// All blocks. Asks for what comes next if it `MAY_ASK` and `asks`.
    #[inline(always)]
    #[allow(clippy::unnecessary_semicolon)] // of the unrolled loop
    fn run<S: Simd, const MAY_ASK: bool>(self, s: S, asks: bool) -> Option<()> {
        let Self { swapped, blocks, x1, x2, results: Results { rows, accumulate }, .. } = self;
        let (x1, x2) = (x1.cast::<T::Lanes<S>>()?, x2.cast::<T::Lanes<S>>()?);
        // One distance for all, so that the row offsets fit into the general registers.
        let stride = x1.row_stride();
        let (x1, x2) = (x1.first::<Slot<P, 0>>(blocks, stride)?, x2.first::<Slot<P, 1>>(blocks, stride)?);
        let [product, bracket] = rows.cast::<T::Lanes<S>>()?.first::<Slot<P, 2>>(blocks, stride)?;
        let mut product = if P::WANTED.product { Some(product?) } else { None };
        let mut bracket = if P::WANTED.bracket { Some(bracket?) } else { None };
        let sign = T::splat(s, T::from_f64(if swapped { -1.0 } else { 1.0 }));
        for sample in 0..blocks.samples {
            let mut ahead = if MAY_ASK && asks {
                let place = BlockPlace { sample: sample + 1, block: 0 };
                let lines = blocks.of_sample.div_ceil(OperandsAhead::<T, T::Lanes<S>, P>::SHARING);
                Some(OperandsAhead::<T, T::Lanes<S>, P> {
                    x1: x1.ahead(place, lines),
                    x2: x2.ahead(place, lines),
                    product: product.as_ref().map(|rows| rows.ahead(place, lines)),
                    bracket: bracket.as_ref().map(|rows| rows.ahead(place, lines)),
                    problem: PhantomData,
                })
            } else {
                None
            };
            for block in 0..blocks.of_sample {
                if let Some(ahead) = &mut ahead {
                    ahead.ask(block, blocks.of_sample);
                }
                let (x1, x2) = (x1.block(sample, block), x2.block(sample, block));
                let mut rows = ResultRows::<T, T::Lanes<S>, Slot<P, 2>> {
                    product: product.as_mut().map(|rows| rows.block(sample, block)),
                    bracket: bracket.as_mut().map(|rows| rows.block(sample, block)),
                };
                seq_macro::seq!(CLASS in 0..8 {
                    if const { CLASS < P::N_CLASSES } {
                        couple_class::<S, T, P, CLASS>(s, sign, x1, x2, *accumulate, &mut rows);
                    }
                });
            }
        }
        Some(())
    }
}

/// The rows of the function in a slot.
struct Slot<P, const SLOT: usize>(PhantomData<P>);

impl<P: Constants, const SLOT: usize> RowCount for Slot<P, SLOT> {
    const ROWS: usize = n_lm(P::DEGREES[SLOT]);
}

/// The rows of the next sample, or of what comes after this call, which are asked for while one is worked on.
struct OperandsAhead<T, V, P> {
    x1: RowsAhead<T>,
    x2: RowsAhead<T>,
    product: Option<RowsAhead<T>>,
    bracket: Option<RowsAhead<T>>,
    problem: PhantomData<(V, P)>,
}

impl<T, V, P: Constants> OperandsAhead<T, V, P> {
    /// The rows of so many neighbouring blocks share cache lines.
    const SHARING: usize = size_of::<CacheLine>() / size_of::<V>();

    /// Asks for what is due with a block of so many. The arrays take turns, as memory is read fastest.
    #[inline(always)]
    fn ask(&mut self, block: usize, of_sample: usize) {
        let n1 = share_of_block(n_lm(P::DEGREES[0]), block, of_sample, Self::SHARING);
        let n2 = share_of_block(n_lm(P::DEGREES[1]), block, of_sample, Self::SHARING);
        let n3 = share_of_block(n_lm(P::DEGREES[2]), block, of_sample, Self::SHARING);
        for n in 0..n1.max(n2).max(n3) {
            if n < n1 {
                self.x1.ask(1);
            }
            if n < n2 {
                self.x2.ask(1);
            }
            if n < n3 {
                if let Some(rows) = &mut self.product {
                    rows.ask(1);
                }
                if let Some(rows) = &mut self.bracket {
                    rows.ask(1);
                }
            }
        }
    }
}

/// The rows of one block of the results.
struct ResultRows<'a, T, V, N> {
    product: Option<FixedRowsMut<'a, T, V, N>>,
    bracket: Option<FixedRowsMut<'a, T, V, N>>,
}

impl<'a, T, V, N> ResultRows<'a, T, V, N> {
    /// Those that an output is among.
    #[inline(always)]
    fn of(&mut self, output: Output) -> Option<&mut FixedRowsMut<'a, T, V, N>> {
        if output.bracket { self.bracket.as_mut() } else { self.product.as_mut() }
    }
}

/// One class of outputs of a block; those of brackets times `sign`, unless the degrees are equal: then operands need not change
/// places.
#[inline(always)]
#[allow(clippy::erasing_op, clippy::identity_op, clippy::unnecessary_semicolon)] // of the unrolled loops
fn couple_class<S: Simd, T: LaneOps, P: Constants, const CLASS: usize>(
    s: S,
    sign: T::Lanes<S>,
    x1: FixedRows<'_, T, T::Lanes<S>, Slot<P, 0>>,
    x2: FixedRows<'_, T, T::Lanes<S>, Slot<P, 1>>,
    accumulate: bool,
    results: &mut ResultRows<'_, T, T::Lanes<S>, Slot<P, 2>>,
) {
    let zero = T::splat(s, T::zeroed());
    let mut sums = Sums { slots: [zero; MAX_CLASS_LEN], factors: [[[zero; 2]; 2]; 2] };
    seq_macro::seq!(GROUP in 0..16 {
        if const { 16 * GROUP < TermsOf::<P, CLASS>::LEN } {
            add_terms::<S, T, P, CLASS, GROUP>(s, x1, x2, &mut sums);
        }
    });
    let Sums { mut slots, .. } = sums;
    seq_macro::seq!(SLOT in 0..24 {
        if const { P::WANTED.bracket && P::DEGREES[0] != P::DEGREES[1] }
            && let Some(Output { bracket: true, .. }) = TermsOf::<P, CLASS>::TERMS.output(SLOT)
        {
            slots[SLOT] = T::mul(s, sign, slots[SLOT]);
        }
    });
    if accumulate {
        seq_macro::seq!(SLOT in 0..24 {
            if let Some(output) = TermsOf::<P, CLASS>::TERMS.output(SLOT)
                && let Some(rows) = results.of(output)
            {
                slots[SLOT] = T::add(s, rows.get(output.index), slots[SLOT]);
            }
        });
    }
    seq_macro::seq!(SLOT in 0..24 {
        if let Some(output) = TermsOf::<P, CLASS>::TERMS.output(SLOT)
            && let Some(rows) = results.of(output)
        {
            rows.set(output.index, slots[SLOT]);
        }
    });
}

/// The terms of a class as a constant, evaluated once. (A reference, so that its mentions are no copies.)
struct TermsOf<P, const CLASS: usize>(PhantomData<P>);

impl<P: Constants, const CLASS: usize> TermsOf<P, CLASS> {
    const TERMS: &ClassTerms = &ClassTerms::new(P::WANTED, P::DEGREES, P::N_CLASSES, CLASS);
    const LEN: usize = Self::TERMS.len();
}

/// What decides about the code of term number `16 GROUP + N` of a class: constants, so that only what there is gets compiled.
/// (Most terms start no side, which is the longest part of this: every one would have it, to be thrown away later.)
struct TermAt<P, const CLASS: usize, const GROUP: usize, const N: usize>(PhantomData<P>);

impl<P: Constants, const CLASS: usize, const GROUP: usize, const N: usize> TermAt<P, CLASS, GROUP, N> {
    const TERM: Option<&Term> = TermsOf::<P, CLASS>::TERMS.get(16 * GROUP + N);
    const EXISTS: bool = Self::TERM.is_some();
    const STARTS_SUM: bool = matches!(Self::TERM, Some(Term { starts_sum: true, .. }));
    const STARTS_COSINES: bool = Self::starts_side(0);
    const STARTS_SINES: bool = Self::starts_side(1);

    /// Whether it is the first one of a quad that has this side.
    const fn starts_side(sine: usize) -> bool {
        match Self::TERM {
            Some(Term { starts_quad: true, quad, .. }) => {
                TermsOf::<P, CLASS>::TERMS.side(*quad, sine).is_some()
            }
            _ => false,
        }
    }
}

/// The sums of one class for one block, slot by slot, as far as they have been added up.
struct Sums<V> {
    slots: [V; MAX_CLASS_LEN],
    /// The factors of the current quad: for product and bracket, of the cosines and sines, the sum and the difference of the
    /// two products.
    factors: [[[V; 2]; 2]; 2],
}

/// Adds up the terms number `16 GROUP..` of a class, at most 16.
#[inline(always)]
#[allow(clippy::erasing_op, clippy::identity_op, clippy::unnecessary_semicolon)] // of the unrolled loop
fn add_terms<S: Simd, T: LaneOps, P: Constants, const CLASS: usize, const GROUP: usize>(
    s: S,
    x1: FixedRows<'_, T, T::Lanes<S>, Slot<P, 0>>,
    x2: FixedRows<'_, T, T::Lanes<S>, Slot<P, 1>>,
    Sums { slots, factors }: &mut Sums<T::Lanes<S>>,
) {
    // A constant: every index and coefficient below is known at compile time.
    let terms = TermsOf::<P, CLASS>::TERMS;
    seq_macro::seq!(N in 0..16 {
        if TermAt::<P, CLASS, GROUP, N>::EXISTS
            && let Some(term) = TermAt::<P, CLASS, GROUP, N>::TERM
        {
            if TermAt::<P, CLASS, GROUP, N>::STARTS_COSINES
                && let Some(side) = terms.side(term.quad, 0)
            {
                [factors[0][0], factors[1][0]] = side_factors::<S, T, P>(s, x1, x2, side);
            }
            if TermAt::<P, CLASS, GROUP, N>::STARTS_SINES
                && let Some(side) = terms.side(term.quad, 1)
            {
                [factors[0][1], factors[1][1]] = side_factors::<S, T, P>(s, x1, x2, side);
            }
            let factor = factors[usize::from(term.bracket)][usize::from(term.sine)][usize::from(term.difference)];
            let (value, slot) = (T::splat(s, T::from_f64(term.value)), &mut slots[term.slot]);
            let sum = if TermAt::<P, CLASS, GROUP, N>::STARTS_SUM {
                T::mul(s, value, factor)
            } else {
                T::mul_add(s, value, factor, *slot)
            };
            *slot = settle::<S, T>(sum); // before anything of a later quad
        }
    });
}

/// For product and bracket, the sum and the difference of the two products of a side; what no term takes the compiler leaves
/// out.
#[inline(always)]
fn side_factors<S: Simd, T: LaneOps, P: Constants>(
    s: S,
    x1: FixedRows<'_, T, T::Lanes<S>, Slot<P, 0>>,
    x2: FixedRows<'_, T, T::Lanes<S>, Slot<P, 1>>,
    side: &Side,
) -> [[T::Lanes<S>; 2]; 2] {
    let first = pair_products::<S, T, P>(s, x1, x2, side.taken_by, side.first);
    match side.second {
        None => [[first[0]; 2], [first[1]; 2]],
        Some(second) => {
            let second = pair_products::<S, T, P>(s, x1, x2, side.taken_by, second);
            [
                [T::add(s, first[0], second[0]), T::sub(s, first[0], second[0])],
                [T::add(s, first[1], second[1]), T::sub(s, first[1], second[1])],
            ]
        }
    }
}

/// The product of a pair of coefficients with its mirror image: added for the product and subtracted for the bracket, such
/// that it is exactly the opposite if the operands change places.
#[inline(always)]
fn pair_products<S: Simd, T: LaneOps, P: Constants>(
    s: S,
    x1: FixedRows<'_, T, T::Lanes<S>, Slot<P, 0>>,
    x2: FixedRows<'_, T, T::Lanes<S>, Slot<P, 1>>,
    taken_by: Wanted,
    Pair { i, j, mirrored }: Pair,
) -> [T::Lanes<S>; 2] {
    let product = T::mul(s, x1.get(i), x2.get(j));
    if !mirrored {
        return [product; 2];
    }
    if const { !P::WANTED.bracket } || !taken_by.bracket {
        return [T::mul_add(s, x1.get(j), x2.get(i), product); 2];
    }
    let mirror_image = T::mul(s, x1.get(j), x2.get(i));
    [T::add(s, product, mirror_image), T::sub(s, product, mirror_image)]
}
