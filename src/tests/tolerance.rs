//! Error bounds, all in one place: each is `N · u · Σ|terms|` with the unit roundoff `u` of the element type, the sum of
//! absolute values of the terms the engine adds up, and `N` the number of roundings on the longest path from an input to
//! the output (Higham, *Accuracy and Stability of Numerical Algorithms*, §3.1: `(1 + δ)^N`, `|δ| <= u`; the higher orders
//! are covered by counting one rounding more).

use std::vec;
use std::vec::Vec;

use crate::reference;
use crate::{Engine, Real, n_lm};

/// Unit roundoff.
pub(super) trait Roundoff: Real {
    const UNIT: f64;
    const NAME: &'static str;
    fn to_f64(self) -> f64;
}

impl Roundoff for f32 {
    const UNIT: f64 = f32::EPSILON as f64 / 2.0;
    const NAME: &'static str = "f32";
    fn to_f64(self) -> f64 {
        f64::from(self)
    }
}

impl Roundoff for f64 {
    const UNIT: f64 = f64::EPSILON / 2.0;
    const NAME: &'static str = "f64";
    fn to_f64(self) -> f64 {
        self
    }
}

/// Roundings on the longest path through an engine. Weights and normalisation add three products per array, counted
/// always.
pub(super) fn roundings(engine: Engine, [l1, l2, l3]: [usize; 3]) -> usize {
    let scaling = 3 * 3;
    let oracle = 4; // the oracle's coefficients, in f64
    let path = if engine == Engine::Direct {
        // Coefficient; its factor, one product or the sum of four; their product (scalar level); one addition per term:
        // an output has at most one term per `(l, |m|)` of the smaller operand, admissible |m| of the other (two), and l.
        let (small, large) = (l1.min(l2), l1.max(l2));
        let factor = if small == 0 { 1 } else { 4 };
        1 + factor + 1 + (small + 1) * (small + 2) * (large + 1)
    } else {
        let n_theta = (l1 + l2 + l3) / 2 + 1;
        // Per operand: two table entries; a sum over at most l/2 + 1 degrees, a butterfly, a sum over at most
        // l/2 + 1 orders, each sum with one product.
        let synthesis = |l: usize| 2 + (l / 2 + 2) + 1 + (l / 2 + 2);
        // Four products of parts.
        let pointwise = 4;
        // Two table entries, sums over half the meridians of a half circle and half the rings.
        let analysis = 2 + (n_theta.div_ceil(2) + 1) + 1 + (n_theta.div_ceil(2) + 1);
        synthesis(l1) + synthesis(l2) + pointwise + analysis
    };
    path + scaling + oracle + 1
}

/// Legendre entries of the grid tables, in units in the last place: the final rounding, and before it the recurrence in
/// double-double, a few hundred steps of a few 2⁻¹⁰⁴ each relative to the largest neighbour: 2⁻⁴⁰ ulp, and room for
/// values 2²⁰ times smaller than their neighbours.
pub(super) const LEGENDRE_ULPS: f64 = 0.5 + 1.0 / (1 << 20) as f64;

/// 2⁻⁹⁶⁰: the rounding errors that a double-double of this size carries end at 2⁻¹⁰⁶⁶, just above the smallest `f64`;
/// those of smaller ones get lost.
pub(super) const UNDERFLOW: f64 = f64::from_bits((1023 - 960) << 52);

/// Cosines and sines with their factor, evaluated in `f64`: three roundings of the angle in the first octant, where it
/// passes on at most its relative error, two of cosine or sine, a third of three and two of the cube root, one of the
/// product, one of the entry that is compared.
pub(super) const AZIMUTH_ROUNDINGS: f64 = 3.0 + 2.0 + 1.0 + 2.0 + 1.0 + 1.0;

/// `Σ|G_ijk x_i y_j|` for every output: what the direct engine adds up.
pub(super) fn direct_terms(
    terms: &[(usize, usize, usize, f64)],
    n3: usize,
    x1: &[f64],
    x2: &[f64],
) -> Vec<f64> {
    let mut sums = vec![0.0; n3];
    for &(i, j, k, g) in terms {
        sums[k] += (g * x1[i] * x2[j]).abs();
    }
    sums
}

/// What the grid engine adds up, in absolute values: `Σ_points w |Y_lm| F1 F2`, `F = Σ|x_lm Y_lm|`. It dominates the
/// folded sums because `|Y_lm|` is the same at all mirror images of a point.
pub(super) struct GridTerms {
    weights: Vec<f64>,
    /// `|Y_lm|` per point.
    harmonics: Vec<Vec<f64>>,
}

impl GridTerms {
    pub(super) fn new([l1, l2, l3]: [usize; 3]) -> Self {
        let n_theta = (l1 + l2 + l3) / 2 + 1;
        let n_phi = 2 * n_theta;
        let lmax = l1.max(l2).max(l3);
        let (mut weights, mut harmonics) = (Vec::new(), Vec::new());
        for (cos, weight) in gauss_legendre(n_theta) {
            for k in 0..n_phi {
                let phi = core::f64::consts::TAU * (k as f64 + 0.5) / n_phi as f64;
                let sin = (1.0 - cos * cos).sqrt();
                let mut y = vec![0.0; n_lm(lmax)];
                reference::harmonics(lmax, [sin * phi.cos(), sin * phi.sin(), cos], &mut y);
                weights.push(weight * core::f64::consts::TAU / n_phi as f64);
                harmonics.push(y.into_iter().map(f64::abs).collect());
            }
        }
        Self { weights, harmonics }
    }

    pub(super) fn sums(&self, n3: usize, x1: &[f64], x2: &[f64]) -> Vec<f64> {
        let mut sums = vec![0.0; n3];
        for (weight, y) in self.weights.iter().zip(&self.harmonics) {
            let magnitude = |x: &[f64]| x.iter().zip(y).map(|(x, y)| x.abs() * y).sum::<f64>();
            let value = weight * magnitude(x1) * magnitude(x2);
            sums.iter_mut().zip(y).for_each(|(sum, y)| *sum += value * y);
        }
        sums
    }
}

/// Roundings of [`reference::gaunt_coefficient`]: for each 3j symbol one of the integer sum, half of four of the root's
/// argument, the root, a product; for the factor half of five, and the root; the products of these and 1/√2.
pub(super) const GAUNT_ROUNDINGS: f64 = 2.0 * (1.0 + 2.0 + 1.0 + 1.0) + 3.5 + 4.0;

/// Roundings of a root of a fraction of π, compared with a decimal: half of three for π, product and quotient, the root,
/// the decimal.
pub(super) const ROOT_ROUNDINGS: f64 = 1.5 + 1.0 + 1.0;

/// A bound of [`GridTerms::sums`] in closed form, and of `Σ|G_ijk x_i y_j|` too. By Cauchy and Schwarz
/// `∫|Y_lm| F1 F2 <= √(∫ F1² F2²) <= √4π max F1 max F2`, and `F = Σ|x_lm Y_lm| <= Σ_l ‖x_l‖ √((2l + 1)/4π)` because
/// `Σ_m Y_lm² = (2l + 1)/4π`.
pub(super) fn terms_bound(x1: &[f64], x2: &[f64]) -> f64 {
    let four_pi = 4.0 * core::f64::consts::PI;
    let largest = |x: &[f64]| {
        let of_degree = |l: usize| {
            let norm = x[l * l..n_lm(l)].iter().map(|x| x * x).sum::<f64>().sqrt();
            norm * ((2 * l + 1) as f64 / four_pi).sqrt()
        };
        (0..x.len().isqrt()).map(of_degree).sum::<f64>()
    };
    four_pi.sqrt() * largest(x1) * largest(x2)
}

/// The error of a harmonic of degree `l` by [`reference::harmonics`]. Near the poles, where it is worst, an error made
/// at degree `k` of the recurrence has grown `l − k + 1` times at degree `l`: with six roundings per degree `3 l²` in
/// all, then 8 per order and 8 for the direction and the start. Relative to the largest value, `√((2l + 1)/4π)`.
pub(super) fn harmonics_error(l: usize) -> f64 {
    (3 * l * l + 8 * l + 8) as f64 * f64::UNIT * ((2 * l + 1) as f64 / (4.0 * core::f64::consts::PI)).sqrt()
}

/// Roundings of a product by plain quadrature in `f64`, see `large`: in each of a term's three harmonics, errors at
/// degree `k` grow `min(l − k + 1, 1 / sin θ)` times, on average over the sphere's area less than twice, so 12 `l`; the
/// angles, `m φ` to `2π lmax`, have absolute errors of 8 `lmax`, in three factors; then the sums over degrees, orders,
/// meridians and rings.
pub(super) fn textbook_roundings([l1, l2, l3]: [usize; 3]) -> usize {
    let n_theta = (l1 + l2 + l3) / 2 + 1;
    let lmax = l1.max(l2).max(l3);
    3 * (12 + 8) * lmax + 3 * (l1 + l2) + 3 * n_theta + 16
}

/// Gauss–Legendre nodes and weights in plain `f64`: good enough for bounds, and independent of the library's tables.
pub(super) fn gauss_legendre(n: usize) -> Vec<(f64, f64)> {
    let nodes = (0..n).map(|j| {
        let mut x = (core::f64::consts::PI * (j as f64 + 0.75) / (n as f64 + 0.5)).cos();
        let mut slope = 1.0;
        for _ in 0..10 {
            let (mut p, mut previous) = (x, 1.0);
            for k in 1..n {
                let k = k as f64;
                (previous, p) = (p, ((2.0 * k + 1.0) * x * p - k * previous) / (k + 1.0));
            }
            slope = n as f64 * (previous - x * p) / (1.0 - x * x);
            x -= p / slope;
        }
        (x, 2.0 / ((1.0 - x * x) * slope * slope))
    });
    nodes.collect()
}

/// Roundings of a coefficient on its way to another convention and back: scale, factor and the rounding to the element
/// type; their inverses, the sum of two slots, and the rounding again.
pub(super) const ROUND_TRIP_ROUNDINGS: f64 = 3.0 + 3.0 + 1.0 + 1.0;

/// The error of the rotated coefficients of degree `l`, in norm, relative to theirs. A turn about `z` makes three roundings,
/// of cosine or sine, product and sum, in each of a pair's two results: less than 5 in norm. An exchange of axes adds up `n =
/// l/2 + 1` terms of a row that has norm 1: `n + 2` roundings, and at most `√n` in norm. Cosine and sine of `m` times an
/// angle are right to 9 roundings of `f64` per step. A matrix whose elements are rounded to the type is off by an angle of 8,
/// which `l` multiplies.
pub(super) fn rotation_error<T: Roundoff>(l: usize) -> f64 {
    let n = (l / 2 + 1) as f64;
    let in_type = 3.0 * 5.0 + 2.0 * (n + 2.0) * n.sqrt() + 8.0 * l as f64;
    in_type * T::UNIT + 40.0 * l as f64 * f64::UNIT
}
