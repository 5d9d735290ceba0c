//! Engines: ways to compute the same product.

pub(crate) mod direct;
pub(crate) mod fourier;
pub(crate) mod grid;
pub(crate) mod octahedral;
mod parts;

use pulp::Simd;

use crate::lanes::LaneOps;

/// What is sampled of a function: its values, the two components of its gradient that the engine takes, or both.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sampled {
    pub(crate) values: bool,
    pub(crate) gradient: bool,
}

/// A transform pair: coefficients ↔ samples, such that the analysis of the pointwise product, or bracket, of two
/// synthesised functions is its exact projection. What the samples are is the engine's own business; an operation
/// synthesises, combines pointwise, analyses.
///
/// Synthesis sums over degrees first, then over orders; in between are the *rings*, the values for every order. Samples need
/// not be there all at a time: they come in parts, one after the other, all of which have the same rings.
///
/// `None` everywhere if a slice is too short.
pub(crate) trait Transform<T: LaneOps>: Copy {
    /// How many parts the samples come in.
    fn n_parts(&self) -> usize;

    /// Where a part starts among the samples of all parts.
    fn part_start(&self, part: usize) -> usize;

    /// The rings of the function with the coefficients `x`, in flat order, with all that is to be sampled.
    fn sum_degrees<S: Simd>(
        &self,
        s: S,
        lmax: usize,
        sampled: Sampled,
        x: &[T::Lanes<S>],
        rings: &mut [T::Lanes<S>],
    ) -> Option<()>;

    /// The part's samples of the function with these rings, and those of two components of its gradient, as far as there are
    /// slices for them: for all that is sampled.
    fn sum_orders<S: Simd>(
        &self,
        s: S,
        part: usize,
        lmax: usize,
        rings: &[T::Lanes<S>],
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

    /// The adjoint of [`Self::sum_orders`]: what the part's samples, which are lost, contribute to the rings.
    fn project_orders<S: Simd>(
        &self,
        s: S,
        part: usize,
        lmax: usize,
        samples: &mut [T::Lanes<S>],
        rings: &mut [T::Lanes<S>],
    ) -> Option<()>;

    /// Makes `x` the coefficients, in flat order, of the projection of a function with these rings, which are lost.
    fn project_degrees<S: Simd>(
        &self,
        s: S,
        lmax: usize,
        rings: &mut [T::Lanes<S>],
        x: &mut [T::Lanes<S>],
    ) -> Option<()>;
}
