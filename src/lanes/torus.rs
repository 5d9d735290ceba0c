//! Functions on a torus: what the transforms over azimuths read of the rings.
#![allow(unsafe_code)]

use pulp::Simd;

use super::LaneOps;
use super::fft::{Complex, Numbers};

/// From orders to azimuths: the coefficients of `e^(imφ)` of complex functions whose real and imaginary parts are the values on
/// the two rings of a pair, `Re Σ z*_m e^(imφ)`.
pub(crate) struct RingPairs<'a, V> {
    /// `[order][pair][ring][cos, sin]`
    pub(crate) rings: &'a [V],
    /// Lane vectors of an order.
    pub(crate) row_len: usize,
    /// The pair that is transformed first.
    pub(crate) first: usize,
    pub(crate) lmax: usize,
    pub(crate) n_phi: usize,
}

// SAFETY: `covers` asks for what is read.
unsafe impl<S: Simd, T: LaneOps> Numbers<S, T> for RingPairs<'_, T::Lanes<S>> {
    #[inline(always)]
    fn covers(&self, count: usize, len: usize) -> bool {
        let Self { rings, row_len, first, lmax, n_phi } = self;
        len == *n_phi
            && 2 * lmax < len
            && 4 * (first + count) <= *row_len
            && row_len * (lmax + 1) <= rings.len()
    }

    #[inline(always)]
    unsafe fn read(&self, s: S, transform: usize, i: usize) -> Complex<T::Lanes<S>> {
        let is_positive = i <= self.lmax;
        let m = if is_positive { i } else { self.n_phi - i };
        if m > self.lmax {
            return [T::splat(s, T::zeroed()); 2];
        }
        let pair = m * self.row_len + 4 * (self.first + transform);
        // SAFETY: covered, here and below.
        let [cos1, sin1] = unsafe { complex(self.rings, pair / 2) };
        // SAFETY: as above.
        let [cos2, sin2] = unsafe { complex(self.rings, pair / 2 + 1) };
        if m == 0 {
            [cos1, cos2]
        } else if is_positive {
            [T::add(s, cos1, sin2), T::sub(s, cos2, sin1)]
        } else {
            [T::sub(s, cos1, sin2), T::add(s, sin1, cos2)]
        }
    }
}

/// Complex number `i` of `[i][re, im]`.
///
/// # Safety
/// It must exist.
#[inline(always)]
unsafe fn complex<V: Copy>(numbers: &[V], i: usize) -> Complex<V> {
    let number = numbers.as_ptr().cast::<Complex<V>>().wrapping_add(i);
    // SAFETY: the contract.
    unsafe { *number }
}
