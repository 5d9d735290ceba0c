//! Constants of the harmonics: recurrence over the degree, values at the pole, ladder factors of the derivatives.
//!
//! With `n = l − m`, the `m`-th derivative of the Legendre polynomial `P_l`, divided by its value at 1, is the Gegenbauer
//! polynomial `p_lm = C_n / C_n(1)` of parameter `m + ½`, whose recurrence (DLMF 18.9.1, 18.6.1) becomes
//!
//! ```text
//! (l + m + 1) p_{l+1,m} = (2l + 1) z p_lm − (l − m) p_{l−1,m}        p_mm = 1
//! ```
//!
//! and what turns it into a harmonic is the constant
//!
//! ```text
//! peak_lm = √((2 − δ_m0) (2l + 1) (l + m)! / (l − m)!) / (2ᵐ m!)        ∫ Y² = 4π
//! ```
//!
//! to degree 64 at most 4·10¹³.

#![allow(clippy::large_stack_arrays)] // nothing here runs but in the compiler
#![allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // small integers; roundings that are asked for

use super::double_double::DoubleDouble as Dd;
use crate::index::n_triangle;

/// Largest degree of the harmonics.
pub(crate) const LMAX: usize = 64;

/// From degree `l` to `l + 1` at order `m`: `p_{l+1,m} = forward · z p_lm − backward · p_{l−1,m}`. `forward − backward = 1`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step<T> {
    /// `(2l + 1) / (l + m + 1)`.
    pub(crate) forward: T,
    /// `(l − m) / (l + m + 1)`.
    pub(crate) backward: T,
}

/// What depends on the normalisation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Norms<T> {
    /// `peak_lm`, order by order.
    pub(crate) peaks: [T; n_triangle(LMAX)],
    /// Per degree `l >= 1`, the ratio of the norms of degrees `l` and `l − 1`: `√((2l + 1) / (2l − 1))` or 1.
    pub(crate) ratios: [T; LMAX + 1],
}

/// All constants in one element type.
#[derive(Clone, Copy, Debug)]
pub struct HarmonicsTable<T> {
    /// Order by order, each from degree `m` to [`LMAX`].
    steps: [Step<T>; n_triangle(LMAX)],
    /// For `∫ Y² = 4π` and for `∫ Y² = 4π / (2l + 1)`.
    norms: [Norms<T>; 2],
    /// `√((l − m)(l + m))`, degree by degree.
    axial: [T; n_triangle(LMAX)],
    /// `½ √(k (k − 1))`.
    pub(crate) ladder: [T; 2 * LMAX + 1],
    pub(crate) range: Range<T>,
}

/// Powers of two that keep squares of components inside the range of the element type.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Range<T> {
    /// Components above this are multiplied by `shrink` first, those below `small` by `grow`.
    pub(crate) large: T,
    pub(crate) small: T,
    pub(crate) shrink: T,
    pub(crate) grow: T,
    /// `1 / shrink` and `1 / grow`.
    pub(crate) unshrink: T,
    pub(crate) ungrow: T,
    /// The largest `1 / |r|` by which derivatives are multiplied: no harmonic's derivative overflows with it.
    pub(crate) max_reciprocal: T,
}

/// Where order `m` starts.
const fn column(m: usize) -> usize {
    m * (LMAX + 1) - (m * m - m) / 2
}

impl<T> HarmonicsTable<T> {
    /// The steps of order `m` from degree `m` to `lmax`, one less than there are degrees.
    #[inline(always)]
    pub(crate) fn steps(&self, m: usize, lmax: usize) -> Option<&[Step<T>]> {
        self.steps.get(column(m)..column(m) + lmax.checked_sub(m)?)
    }

    /// `∫ Y² = 4π / (2l + 1)` instead of `4π`.
    #[inline(always)]
    pub(crate) fn norms(&self, per_degree: bool) -> &Norms<T> {
        let [component, norm] = &self.norms;
        if per_degree { norm } else { component }
    }

    /// `√((l − m)(l + m))` for `m` from 0 to `l`.
    #[inline(always)]
    pub(crate) fn axial(&self, l: usize) -> Option<&[T]> {
        self.axial.get(l * (l + 1) / 2..n_triangle(l))
    }
}

impl<T> Norms<T> {
    /// `peak_lm` of order `m` from degree `m` to `lmax`.
    #[inline(always)]
    pub(crate) fn peaks(&self, m: usize, lmax: usize) -> Option<&[T]> {
        self.peaks.get(column(m)..=column(m) + lmax.checked_sub(m)?)
    }
}

const fn integer(n: usize) -> Dd {
    Dd::from_integer(n as u128)
}

/// `√n`.
const fn root(n: usize) -> Dd {
    integer(n).sqrt()
}

const fn steps() -> [Step<f64>; n_triangle(LMAX)] {
    let mut steps = [Step { forward: 0.0, backward: 0.0 }; n_triangle(LMAX)];
    let (mut m, mut i) = (0, 0);
    while m <= LMAX {
        let mut l = m;
        while l <= LMAX {
            let denominator = (l + m + 1) as f64;
            // Quotients of small integers: one rounding.
            steps[i] =
                Step { forward: (2 * l + 1) as f64 / denominator, backward: (l - m) as f64 / denominator };
            (l, i) = (l + 1, i + 1);
        }
        m += 1;
    }
    steps
}

const fn norms(per_degree: bool) -> Norms<f64> {
    let mut norms = Norms { peaks: [0.0; n_triangle(LMAX)], ratios: [1.0; LMAX + 1] };
    let mut l = 0;
    while l <= LMAX {
        if !per_degree && l > 0 {
            norms.ratios[l] = Dd::ratio(2 * l as u128 + 1, 2 * l as u128 - 1).sqrt().to_f64();
        }
        // The square, from one order to the next: times (2) (l + m)(l − m + 1) / (4 m²).
        let mut square = if per_degree { Dd::ONE } else { integer(2 * l + 1) };
        let mut m = 0;
        while m <= l {
            if m > 0 {
                let doubled = if m == 1 { 2 } else { 1 };
                let factor = (doubled * (l + m) * (l - m + 1), 4 * m * m);
                square = square.mul(Dd::ratio(factor.0 as u128, factor.1 as u128));
            }
            norms.peaks[column(m) + l - m] = square.sqrt().to_f64();
            m += 1;
        }
        l += 1;
    }
    norms
}

const fn axial() -> [f64; n_triangle(LMAX)] {
    let mut axial = [0.0; n_triangle(LMAX)];
    let (mut l, mut i) = (0, 0);
    while l <= LMAX {
        let mut m = 0;
        while m <= l {
            axial[i] = root((l - m) * (l + m)).to_f64();
            (m, i) = (m + 1, i + 1);
        }
        l += 1;
    }
    axial
}

const fn ladder() -> [f64; 2 * LMAX + 1] {
    let mut ladder = [0.0; 2 * LMAX + 1];
    let mut k = 2;
    while k < ladder.len() {
        ladder[k] = 0.5 * root(k * (k - 1)).to_f64();
        k += 1;
    }
    ladder
}

/// `2ᵏ`.
const fn power_of_two(k: i64) -> f64 {
    f64::from_bits(((1023 + k) as u64) << 52)
}

pub(super) static TABLE_F64: HarmonicsTable<f64> = HarmonicsTable {
    steps: steps(),
    norms: [norms(false), norms(true)],
    axial: axial(),
    ladder: ladder(),
    range: Range {
        large: power_of_two(500),
        small: power_of_two(-400),
        shrink: power_of_two(-600),
        grow: power_of_two(700),
        unshrink: power_of_two(600),
        ungrow: power_of_two(-700),
        max_reciprocal: power_of_two(1006),
    },
};

pub(super) static TABLE_F32: HarmonicsTable<f32> = {
    use super::rounded;
    let double = &TABLE_F64;
    let mut steps = [Step { forward: 0.0, backward: 0.0 }; n_triangle(LMAX)];
    let mut i = 0;
    while i < steps.len() {
        let Step { forward, backward } = double.steps[i];
        steps[i] = Step { forward: forward as f32, backward: backward as f32 };
        i += 1;
    }
    let [component, norm] = &double.norms;
    HarmonicsTable {
        steps,
        norms: [
            Norms { peaks: rounded(&component.peaks), ratios: rounded(&component.ratios) },
            Norms { peaks: rounded(&norm.peaks), ratios: rounded(&norm.ratios) },
        ],
        axial: rounded(&double.axial),
        ladder: rounded(&double.ladder),
        range: Range {
            large: power_of_two(62) as f32,
            small: power_of_two(-50) as f32,
            shrink: power_of_two(-66) as f32,
            grow: power_of_two(100) as f32,
            unshrink: power_of_two(66) as f32,
            ungrow: power_of_two(-100) as f32,
            max_reciprocal: power_of_two(110) as f32,
        },
    }
};
