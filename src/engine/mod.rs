//! Engines: ways to compute the same product.

pub(crate) mod direct;
pub(crate) mod fourier;
pub(crate) mod grid;
pub(crate) mod octahedral;
mod parts;

use pulp::{Simd, WithSimd};

use crate::lanes::{BlockRows, BlockRowsMut, LaneOps};

/// A transform pair: coefficients ↔ samples, such that the analysis of the pointwise product, or bracket, of two
/// synthesised functions is its exact projection. What the samples are is the engine's own business; an operation
/// synthesises, combines pointwise, analyses.
///
/// Synthesis sums over degrees first, then over orders; what is in between, the values for every order, are *rings*. Samples need
/// not be there all at a time: they come in parts, one after the other, all of which have the same rings.
///
/// `None` everywhere if a slice is too short, or coefficients that have to come do not.
pub(crate) trait Transform<T: LaneOps>: Copy {
    /// How many blocks it takes at a time: their coefficients come one block after the other, how their samples lie is its own
    /// business.
    const BLOCKS: usize = 1;

    /// [`crate::isa::outline`], in the transform's module: modules are what the compiler works on in parallel.
    #[inline(never)]
    fn outline<S: Simd, Op: WithSimd>(s: S, op: Op) -> Op::Output {
        s.vectorize(op)
    }

    /// How many parts the samples come in.
    fn n_parts(&self) -> usize;

    /// Where a part starts among the samples of all parts.
    fn part_start(&self, part: usize) -> usize;

    /// The part's samples of a function, and those of two components of its gradient, as far as there are slices for them. The
    /// coefficients `x`, in flat order, come with the first part, which makes `rings` those of all that is to be sampled.
    fn synthesise<S: Simd>(
        &self,
        s: S,
        part: usize,
        lmax: usize,
        x: Option<BlockRows<'_, T, T::Lanes<S>>>,
        rings: &mut [T::Lanes<S>],
        values: Option<&mut [T::Lanes<S>]>,
        gradient: Option<[&mut [T::Lanes<S>]; 2]>,
    ) -> Option<()>;

    /// The part's samples of `f g`, added to what is there if `accumulate`. Those of `f` are `None` if `out` holds them.
    fn multiply<S: Simd>(
        &self,
        s: S,
        part: usize,
        f: Option<&[T::Lanes<S>]>,
        g: &[T::Lanes<S>],
        out: &mut [T::Lanes<S>],
        accumulate: bool,
    ) -> Option<()>;

    /// The samples of the bracket of two functions from those of their gradients, likewise; exactly the opposite if the
    /// functions change places.
    fn bracket<S: Simd>(
        &self,
        s: S,
        part: usize,
        f: [&[T::Lanes<S>]; 2],
        g: [&[T::Lanes<S>]; 2],
        out: &mut [T::Lanes<S>],
        accumulate: bool,
    ) -> Option<()>;

    /// The adjoint: brings the part's samples, which are lost, to the rings, and makes `x`, which comes with the last part, the
    /// coefficients, in flat order, of the projection.
    fn analyse<S: Simd>(
        &self,
        s: S,
        part: usize,
        lmax: usize,
        samples: &mut [T::Lanes<S>],
        rings: &mut [T::Lanes<S>],
        x: Option<BlockRowsMut<'_, T, T::Lanes<S>>>,
    ) -> Option<()>;
}
