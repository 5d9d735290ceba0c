//! Engines: ways to compute the same product.

pub(crate) mod direct;
pub(crate) mod fourier;
pub(crate) mod grid;

use pulp::Simd;

use crate::lanes::{BlockRows, BlockRowsMut, LaneOps};

/// A transform pair: coefficients ↔ samples, such that the analysis of the pointwise product, or bracket, of two
/// synthesised functions is its exact projection. What the samples are is the engine's own business; an operation
/// synthesises, combines pointwise, analyses.
///
/// `rings` is working memory. `None` if a slice is too short or a row is missing.
pub(crate) trait Transform<T: LaneOps>: Copy {
    /// The samples of the function whose coefficients are the rows of a block, in flat order, and those of two components
    /// of its gradient, as far as asked for.
    fn synthesise<S: Simd>(
        &self,
        s: S,
        lmax: usize,
        x: BlockRows<'_, T, T::Lanes<S>>,
        rings: &mut [T::Lanes<S>],
        values: Option<&mut [T::Lanes<S>]>,
        gradient: Option<[&mut [T::Lanes<S>]; 2]>,
    ) -> Option<()>;

    /// The samples of `f g`, added to what is there if `accumulate`.
    fn multiply<S: Simd>(
        &self,
        s: S,
        f: &[T::Lanes<S>],
        g: &[T::Lanes<S>],
        out: &mut [T::Lanes<S>],
        accumulate: bool,
    ) -> Option<()>;

    /// The samples of the bracket of two functions from those of their gradients, likewise; exactly the opposite if the
    /// functions change places.
    fn bracket<S: Simd>(
        &self,
        s: S,
        f: [&[T::Lanes<S>]; 2],
        g: [&[T::Lanes<S>]; 2],
        out: &mut [T::Lanes<S>],
        accumulate: bool,
    ) -> Option<()>;

    /// Makes the rows of a block the coefficients of the projection of a function with these samples, which are lost.
    fn analyse<S: Simd>(
        &self,
        s: S,
        lmax: usize,
        samples: &mut [T::Lanes<S>],
        rings: &mut [T::Lanes<S>],
        x: BlockRowsMut<'_, T, T::Lanes<S>>,
    ) -> Option<()>;
}

/// `value`, added to what is there if `accumulate`.
#[inline(always)]
fn put<S: Simd, T: LaneOps>(s: S, out: &mut T::Lanes<S>, value: T::Lanes<S>, accumulate: bool) {
    *out = if accumulate { T::add(s, *out, value) } else { value };
}
