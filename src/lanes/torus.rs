//! Functions on a torus, between their series and the numbers of transforms: what the matrices of a transform pair write, and
//! what its transforms read.
#![allow(unsafe_code)]

use core::f64::consts::SQRT_2;
use core::ops::Range;

use pulp::Simd;

use super::LaneOps;
use super::fft::{Complex, Numbers};
use super::matrix::Target;

/// What is sampled of a function.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Component {
    Value,
    /// `∂f/∂θ`
    ByTheta,
    /// `1/sin θ ∂f/∂φ`
    ByPhi,
}

impl Component {
    /// Whether the series of an order are sines: odd orders are, and of the components of a gradient even ones.
    #[inline(always)]
    pub(crate) fn is_sine(self, m: usize) -> bool {
        m.is_multiple_of(2) != (self == Self::Value)
    }

    /// The coefficients of the component, from the coefficients `z` of frequency `u` of the function (by `φ`, of the series
    /// of derivatives).
    #[inline(always)]
    fn of_frequency<S: Simd, T: LaneOps>(
        self,
        s: S,
        u: usize,
        is_sine: bool,
        z: Complex<T::Lanes<S>>,
    ) -> Complex<T::Lanes<S>> {
        match self {
            Self::Value => z,
            // (2 cos uθ)' = −u 2 sin uθ, (2 sin uθ)' = u 2 cos uθ
            Self::ByTheta => {
                let factor = if is_sine { -(u as f64) } else { u as f64 };
                let factor = T::splat(s, T::from_f64(factor));
                [T::mul(s, factor, z[0]), T::mul(s, factor, z[1])]
            }
            // (c cos mφ + s sin mφ)' = m (s cos mφ − c sin mφ); there is no sine of order 0, and no derivative.
            Self::ByPhi => [z[1], T::neg(s, z[0])],
        }
    }
}

/// The coefficients of `e^(2πi un / n_theta)` at the quarter steps, for every second frequency `u` from the first. From the
/// coefficients `z_u` of `2 cos uθ` or of `2 sin uθ`, with `w = e^(iπu / 2 n_theta)`, for sines times `−i`, and
/// `z' = z_{n_theta − u}`, they are
///
/// ```text
/// cosines:  w (z − i z'), w* (z + i z')        sines:  w (z + i z'), w* (z − i z')
/// ```
///
/// for the frequencies `u` and `n_theta − u`. What is written is `z`, row by row in that order, and stored is what it
/// contributes to both.
pub(crate) struct QuarterSteps<'a, 't, T, V> {
    /// The coefficients, `[u][re, im]`, of one order.
    pub(crate) row: &'a mut [V],
    pub(crate) n_theta: usize,
    /// The first frequency.
    pub(crate) first: usize,
    pub(crate) component: Component,
    pub(crate) is_sine: bool,
    /// `w^u`, for sines times `−i`, below half of `n_theta`.
    pub(crate) quarters: &'t [[T; 2]],
}

// SAFETY: `covers` asks for all frequencies and factors.
unsafe impl<S: Simd, T: LaneOps> Target<S, T> for QuarterSteps<'_, '_, T, T::Lanes<S>> {
    #[inline(always)]
    fn covers(&self, rows: usize, columns: usize) -> bool {
        columns == 2
            && self.first + 2 * rows < self.n_theta + 2
            && 2 * self.n_theta <= self.row.len()
            && self.n_theta / 2 <= self.quarters.len()
    }

    #[inline(always)]
    unsafe fn write<const COLUMNS: usize>(
        &mut self,
        s: S,
        row: usize,
        _: Range<usize>,
        values: &[T::Lanes<S>; COLUMNS],
    ) {
        let (Some(cos), Some(sin)) = (values.first(), values.get(1)) else { return };
        let (u, n_theta) = (self.first + 2 * row, self.n_theta);
        let z = self.component.of_frequency::<S, T>(s, u, self.is_sine, [*cos, *sin]);
        let numbers = self.row.as_mut_ptr().cast::<Complex<T::Lanes<S>>>();
        let half = n_theta / 2;
        if u == 0 || u == half {
            let factor = if u == half { SQRT_2 } else { f64::from(u8::from(!self.is_sine)) };
            let factor = T::splat(s, T::from_f64(factor));
            // SAFETY: covered.
            unsafe { *numbers.wrapping_add(u) = [T::mul(s, factor, z[0]), T::mul(s, factor, z[1])] };
            return;
        }
        let low = u.min(n_theta - u);
        let high = n_theta - low;
        // SAFETY: covered, here and below: `0 < low < n_theta / 2`.
        let [re, im] = unsafe { *self.quarters.get_unchecked(low) };
        let w = [T::splat(s, re), T::splat(s, im)];
        // SAFETY: as above.
        let low = unsafe { &mut *numbers.wrapping_add(low) };
        // SAFETY: as above, and not the same.
        let high = unsafe { &mut *numbers.wrapping_add(high) };
        // `w z = [a₀ − b₀, a₁ + b₁]` and `w* z = [a₀ + b₀, a₁ − b₁]`.
        let a = [T::mul(s, w[0], z[0]), T::mul(s, w[0], z[1])];
        let b = [T::mul(s, w[1], z[1]), T::mul(s, w[1], z[0])];
        let (forth, back) =
            ([T::sub(s, a[0], b[0]), T::add(s, a[1], b[1])], [T::add(s, a[0], b[0]), T::sub(s, a[1], b[1])]);
        if u < half {
            (*low, *high) = (forth, back);
        } else if self.is_sine {
            // i w z, −i w* z
            *low = [T::sub(s, low[0], forth[1]), T::add(s, low[1], forth[0])];
            *high = [T::add(s, high[0], back[1]), T::sub(s, high[1], back[0])];
        } else {
            // −i w z, i w* z
            *low = [T::add(s, low[0], forth[1]), T::sub(s, low[1], forth[0])];
            *high = [T::sub(s, high[0], back[1]), T::add(s, high[1], back[0])];
        }
    }
}

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
