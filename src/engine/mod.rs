//! Engines: ways to compute the same product.

pub(crate) mod direct;
pub(crate) mod fourier;
pub(crate) mod grid;

use pulp::Simd;

use crate::lanes::{BlockRows, BlockRowsMut, LaneOps};

/// A transform pair: coefficients ↔ samples, such that the analysis of the product of two synthesised functions is the
/// exact projection of their product. What the samples are is the engine's own business; an operation synthesises,
/// combines pointwise, analyses.
///
/// `rings` is working memory. `None` if a slice is too short or a row is missing.
pub(crate) trait Transform<T: LaneOps>: Copy {
    /// The samples of the function whose coefficients are the rows of a block, in flat order.
    fn synthesise<S: Simd>(
        &self,
        s: S,
        lmax: usize,
        x: BlockRows<'_, T, T::Lanes<S>>,
        rings: &mut [T::Lanes<S>],
        samples: &mut [T::Lanes<S>],
    ) -> Option<()>;

    /// `f ← f · g` pointwise.
    fn multiply_samples<S: Simd>(&self, s: S, f: &mut [T::Lanes<S>], g: &[T::Lanes<S>]) -> Option<()>;

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
