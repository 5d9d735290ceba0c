//! Error bounds, all in one place: each is `N · u · Σ|terms|` with the unit roundoff `u` of the element type, the sum of
//! absolute values of the terms the engine adds up, and `N` the number of roundings on the longest path from an input to
//! the output (Higham, *Accuracy and Stability of Numerical Algorithms*, §3.1: `(1 + δ)^N`, `|δ| <= u`; the higher orders
//! are covered by counting one rounding more).

use std::vec;
use std::vec::Vec;

use realfft::RealFftPlanner;

use super::octahedral::points_without_images;
use super::support::terms;
use crate::engine::fourier;
use crate::engine::octahedral::OctahedralKernel;
use crate::lanes::Radices;
use crate::reference;
use crate::tables::octahedral::{Group, OctahedralRule};
use crate::{Engine, Real, flat_index, n_lm};

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
pub(super) fn roundings(engine: Engine, degrees: [usize; 3]) -> usize {
    path_roundings(engine, degrees, true)
}

/// Likewise of a bracket: the direct engine's factors have one rounding more, and so have the fourier engine's components for
/// their factor; both transforms take the difference of two products.
pub(super) fn bracket_roundings(engine: Engine, degrees: [usize; 3]) -> usize {
    roundings(engine, degrees) + 2 + 1
}

/// Likewise of a derivative with respect to an operand, that of the third degree here, by product or bracket.
pub(super) fn derivative_roundings(engine: Engine, degrees: [usize; 3]) -> usize {
    path_roundings(engine, degrees, false) + 2 + 1
}

fn path_roundings(engine: Engine, [l1, l2, l3]: [usize; 3], forward: bool) -> usize {
    let scaling = 3 * 3;
    let oracle = 4; // the oracle's coefficients, in f64
    let path = match engine {
        Engine::Direct => {
            // Coefficient; its factor, one product or the sum of four; their product (scalar level); one addition per
            // term: an output has at most one term per `(l, |m|)` of the smaller operand, admissible |m| of the other
            // (two), and l.
            let (small, large) = (l1.min(l2), l1.max(l2));
            let factor = if small == 0 { 1 } else { 4 };
            1 + factor + 1 + (small + 1) * (small + 2) * (large + 1)
        }
        Engine::Fourier => {
            // Derivatives are on the same torus for all three, the largest.
            let bandwidth = if forward { l1 + l2 } else { l1 + l2 + l3 - l1.min(l2).min(l3) };
            let lmax = if forward { l1.max(l2) } else { l1.max(l2).max(l3) };
            let lmax3 = if forward { l3 } else { lmax };
            let sizes = fourier::sizes(lmax, lmax3, bandwidth, l1 + l2 + l3, false).unwrap();
            let (theta, phi) = (Radices::whole(sizes.n_theta).unwrap(), Radices::of(sizes.n_phi).unwrap());
            let transforms = fft_roundings(&theta) + fft_roundings(&phi);
            // Table entry and a sum over at most l/2 + 1 degrees, each with a product; the quarter steps (an addition, a
            // complex product, its table entry), the sums that pair two rings.
            let synthesis = |l: usize| 1 + 2 * (l / 2 + 1) + 6 + 1 + transforms;
            // The same backwards with a sum over at most half the frequencies of the product.
            let analysis = 1 + 2 * (bandwidth / 2 + 1) + 6 + 1 + transforms;
            synthesis(l1) + synthesis(l2) + 1 + analysis
        }
        _ => {
            let n_theta = (l1 + l2 + l3) / 2 + 1;
            // Per operand: two table entries; a sum over at most l/2 + 1 degrees, a butterfly, a sum over at most
            // l/2 + 1 orders, each sum with one product.
            let synthesis = |l: usize| 2 + (l / 2 + 2) + 1 + (l / 2 + 2);
            // Four products of parts.
            let pointwise = 4;
            // Two table entries, sums over half the meridians of a half circle and half the rings.
            let analysis = 2 + (n_theta.div_ceil(2) + 1) + 1 + (n_theta.div_ceil(2) + 1);
            // (Where products have kernels of their own, brackets have not.)
            let of_kernel = octahedral_roundings(contributing([l1, l2, l3])).unwrap_or(0);
            (synthesis(l1) + synthesis(l2) + pointwise + analysis).max(of_kernel)
        }
    };
    path + scaling + oracle + 1
}

/// The degrees that can contribute, by the triangle rule.
fn contributing([l1, l2, l3]: [usize; 3]) -> [usize; 3] {
    [l1.min(l2 + l3), l2.min(l1 + l3), l3.min(l1 + l2)]
}

/// Roundings on the longest path through the grid engine's kernel for products of these degrees, if there is one.
fn octahedral_roundings(degrees @ [l1, l2, _]: [usize; 3]) -> Option<usize> {
    let rule = OctahedralRule::of_degree(OctahedralKernel::of_degrees(degrees)?.rule);
    let longest = |count: &dyn Fn(Group) -> usize| Group::ALL.into_iter().map(count).max().unwrap_or(0);
    // Per operand: the table entry, a sum over the functions of a group with a product, the sums of even and odd functions, and
    // of those at `z` and at `−z`.
    let synthesis = |l: usize| 1 + longest(&|group| group.n_functions(l)) + 1 + 2;
    // Four products of parts; taking apart what was added up.
    let pointwise = 4 + 2;
    // The table entry, a sum over the representatives.
    let analysis = 1 + longest(&|group| rule.n_representatives(group)) + 1;
    Some(synthesis(l1) + synthesis(l2) + pointwise + analysis)
}

/// The error of a fast Fourier transform relative to its result, both in the Euclidean norm, in units of `u` (Higham,
/// chapter 24, for any radix). A stage of radix `r` computes every number of a butterfly from `r` others with an error of
/// `c_r u` times the sum of their moduli, hence `c_r √r u` in norm: two complex additions or one, products with constants
/// (with their rounding) and sums of them, and 4 for the twiddle factor.
///
/// A butterfly of 6, 10 or 14 is one of 3, 5 or 7 (which is no stage by itself, and counts 13) and an addition, one of 12 is
/// one of 3 and one of 4, one of 8 is one of 4, an eighth of a turn (an addition and a rounded factor) and an addition.
pub(super) fn fft_roundings(radices: &Radices) -> usize {
    let of_stage = |radix: &u8| match radix {
        1 => 0,
        2 => 8,  // (1 + 4) √2
        3 => 20, // (7 + 4) √3
        4 => 12, // (2 + 4) √4
        5 => 36, // (12 + 4) √5
        6 => 30, // (7 + 1 + 4) √6
        8 => 29, // (2 + 3 + 1 + 4) √8
        // Without twiddle factors:
        10 => 42, // (12 + 1) √10
        12 => 32, // (7 + 2) √12
        14 => 53, // (13 + 1) √14
        _ => unreachable!("radix {radix}"),
    };
    radices.as_slice().iter().map(of_stage).sum()
}

/// Legendre entries of the grid tables, in units in the last place: the final rounding, and before it the recurrence in
/// double-double, a few hundred steps of a few 2⁻¹⁰⁴ each relative to the largest neighbour: 2⁻⁴⁰ ulp, and room for
/// values 2²⁰ times smaller than their neighbours.
pub(super) const LEGENDRE_ULPS: f64 = 0.5 + 1.0 / (1 << 20) as f64;

/// Constants of the Fourier basis, relative to `u`: the final rounding, and before it recurrences and sums in
/// double-double with 40 bits more. When they are compared, the exact value's rounding, and those of the weight that the
/// projection carries: two in the weight, one in the quotient.
pub(super) const FOURIER_TABLE_ROUNDINGS: f64 = 1.0 + 1.0 + 3.0 + 1.0 / (1 << 20) as f64;

/// What some hundred operations in double-double, 2⁻¹⁰⁴ each, leave of a zero among numbers below 1.
pub(super) const DOUBLE_DOUBLE_NOISE: f64 = f64::from_bits((1023 - 95) << 52);

/// 2⁻⁹⁶⁰: the rounding errors that a double-double of this size carries end at 2⁻¹⁰⁶⁶, just above the smallest `f64`;
/// those of smaller ones get lost.
pub(super) const UNDERFLOW: f64 = f64::from_bits((1023 - 960) << 52);

/// Cosines and sines with their factor, evaluated in `f64`: three roundings of the angle in the first octant, where it
/// passes on at most its relative error, two of cosine or sine, a third of three and two of the cube root, one of the
/// product, one of the entry that is compared.
pub(super) const AZIMUTH_ROUNDINGS: f64 = 3.0 + 2.0 + 1.0 + 2.0 + 1.0 + 1.0;

/// What an engine adds up, in absolute values, for products of some degrees.
pub(super) enum Terms {
    /// `Σ|G_ijk x_i y_j|`.
    Direct { terms: Vec<(usize, usize, usize, f64)>, n3: usize },
    /// `Σ_points |w Y_lm| F1 F2`.
    Grid { terms: GridTerms, n3: usize },
    /// The same for all outputs.
    Fourier { terms: FourierTerms, n3: usize },
    /// Of a bracket by a transform, by a bound: the same for all outputs.
    Bracket { fourier: Option<FourierTerms>, n3: usize },
}

impl Terms {
    pub(super) fn new(engine: Engine, degrees @ [l1, l2, l3]: [usize; 3]) -> Self {
        let n3 = n_lm(l3);
        match engine {
            Engine::Direct => Self::Direct { terms: terms(reference::gaunt_coefficient, degrees), n3 },
            Engine::Fourier => Self::Fourier { terms: FourierTerms::new(l1.max(l2)), n3 },
            _ => Self::Grid { terms: GridTerms::new(degrees, true), n3 },
        }
    }

    /// Likewise of the product beside the bracket.
    pub(super) fn beside_bracket(engine: Engine, degrees @ [_, _, l3]: [usize; 3]) -> Self {
        match engine {
            Engine::Direct | Engine::Fourier => Self::new(engine, degrees),
            _ => Self::Grid { terms: GridTerms::new(degrees, false), n3: n_lm(l3) },
        }
    }

    /// Likewise of the bracket.
    pub(super) fn of_bracket(engine: Engine, degrees @ [l1, l2, l3]: [usize; 3]) -> Self {
        let n3 = n_lm(l3);
        match engine {
            Engine::Direct => Self::Direct { terms: terms(reference::bracket_coefficient, degrees), n3 },
            Engine::Fourier => Self::Bracket { fourier: Some(FourierTerms::new(l1.max(l2))), n3 },
            _ => Self::Bracket { fourier: None, n3 },
        }
    }

    /// For every output.
    pub(super) fn sums(&self, x1: &[f64], x2: &[f64]) -> Vec<f64> {
        match self {
            Self::Direct { terms, n3 } => direct_terms(terms, *n3, x1, x2),
            Self::Grid { terms, n3 } => terms.sums(*n3, x1, x2),
            Self::Fourier { terms, n3 } => vec![terms.bound(x1, x2); *n3],
            Self::Bracket { fourier: Some(terms), n3 } => vec![terms.bracket_bound(x1, x2); *n3],
            // As `terms_bound`, of two products of components.
            Self::Bracket { fourier: None, n3 } => {
                let pi = core::f64::consts::PI;
                vec![2.0 * (4.0 * pi).sqrt() * largest_gradient(x1) * largest_gradient(x2); *n3]
            }
        }
    }
}

/// `Σ|C_ijk x_i y_j|` for every output.
pub(super) fn direct_terms(
    terms: &[(usize, usize, usize, f64)],
    n3: usize,
    x1: &[f64],
    x2: &[f64],
) -> Vec<f64> {
    let mut sums = vec![0.0; n3];
    for &(i, j, k, coefficient) in terms {
        sums[k] += (coefficient * x1[i] * x2[j]).abs();
    }
    sums
}

/// What the fourier engine works with, in norms, because its transforms have errors relative to norms only.
///
/// A function `f` is a sum of `2 S_mu {cos, sin} uθ {cos, sin} mφ` on the torus with `|S_mu| <= Σ_l |x_lm c_u|`; its
/// root mean square is at most `R_f = √(2 Σ S_mu²)`. With `sup |f|` the product's samples have errors of
/// `N u (R_f sup |g| + sup |f| R_g)`, root mean square. An output is the mean of the samples times a function with
/// root mean square below `2π`: `2π Σ_u (2 − δ_u0) projection_u {cos, sin} uθ cos mφ` has the square
/// `4π² ½ π ∫ P̄² sin² θ dθ <= 2π²` by Parseval's identity.
pub(super) struct FourierTerms {
    lmax: usize,
    /// `|c_u|` for the flat index of `(l, |m|)` and `u <= lmax + 1`.
    series: Vec<Vec<f64>>,
}

impl FourierTerms {
    fn new(lmax: usize) -> Self {
        Self {
            lmax,
            series: fourier_series(lmax).into_iter().map(|c| c.into_iter().map(f64::abs).collect()).collect(),
        }
    }

    fn bound(&self, x1: &[f64], x2: &[f64]) -> f64 {
        let mean = |x: &[f64]| self.mean(x, |_, series| series.clone());
        2.0 * core::f64::consts::PI * (mean(x1) * largest(x2) + largest(x1) * mean(x2))
    }

    /// Likewise of the bracket, two products of a component of one gradient with the other component of the other one.
    fn bracket_bound(&self, x1: &[f64], x2: &[f64]) -> f64 {
        let by_theta = |x: &[f64]| {
            self.mean(x, |_, series| series.iter().enumerate().map(|(u, c)| u as f64 * c).collect())
        };
        // `turn_u` is a sum of `2m c_v` over `v > u` of one parity.
        let by_phi = |x: &[f64]| {
            self.mean(x, |m, series| {
                let of = |u: usize| series.iter().skip(u + 1).step_by(2).map(|c| 2.0 * m as f64 * c).sum();
                (0..series.len()).map(of).collect()
            })
        };
        let (g1, g2) = (largest_gradient(x1), largest_gradient(x2));
        let errors = (by_theta(x1) + by_phi(x1)) * g2 + g1 * (by_theta(x2) + by_phi(x2));
        2.0 * core::f64::consts::PI * errors
    }

    /// The root mean square on the torus, where `component` makes the absolute coefficients of what is sampled from the order
    /// and those of a harmonic.
    fn mean(&self, x: &[f64], component: impl Fn(usize, &Vec<f64>) -> Vec<f64>) -> f64 {
        let lmax = x.len().isqrt() - 1;
        let mut square = 0.0;
        for m in -lmax.cast_signed()..=lmax.cast_signed() {
            let mut sums = vec![0.0; self.lmax + 2];
            for l in m.unsigned_abs()..=lmax {
                let series = component(m.unsigned_abs(), &self.series[flat_index(l, m.abs())]);
                let x = x[flat_index(l, m)].abs();
                sums.iter_mut().zip(series).for_each(|(sum, c)| *sum += x * c);
            }
            square += sums.iter().map(|s| 2.0 * s * s).sum::<f64>();
        }
        square.sqrt()
    }
}

/// The trigonometric series of `P̄_l|m|(cos θ)` to `lmax`, by fast Fourier transforms of its values: for the flat index of
/// `(l, |m|)` the coefficients of `2 cos uθ` (even `m`, without the 2 for `u = 0`) or `2 sin uθ` (odd `m`).
pub(super) fn fourier_series(lmax: usize) -> Vec<Vec<f64>> {
    let n = 2 * lmax + 2;
    let values: Vec<Vec<f64>> = (0..=n / 2)
        .map(|j| {
            let (sin, cos) = (core::f64::consts::TAU * j as f64 / n as f64).sin_cos();
            let mut y = vec![0.0; n_lm(lmax)];
            // On the meridian φ = 0; sin π is not quite zero.
            reference::harmonics(lmax, [if j == n / 2 { 0.0 } else { sin }, 0.0, cos], &mut y);
            y
        })
        .collect();
    let transform = RealFftPlanner::<f64>::new().plan_fft_forward(n);
    let mut series = vec![Vec::new(); n_lm(lmax)];
    for l in 0..=lmax {
        for m in 0..=l {
            let index = flat_index(l, m.cast_signed());
            let mirrored = if m % 2 == 0 { 1.0 } else { -1.0 };
            let value =
                |j: usize| if j <= n / 2 { values[j][index] } else { mirrored * values[n - j][index] };
            let mut samples: Vec<f64> = (0..n).map(value).collect();
            let mut spectrum = transform.make_output_vec();
            transform.process(&mut samples, &mut spectrum).unwrap();
            let part = |c: &realfft::num_complex::Complex<f64>| if m % 2 == 0 { c.re } else { -c.im };
            series[index] = spectrum.iter().map(|c| part(c) / n as f64).collect();
        }
    }
    series
}

/// What the grid engine adds up, in absolute values: `Σ_points |w Y_lm| F1 F2`, `F = Σ|x_lm Y_lm|`. It dominates the
/// folded sums because `|Y_lm|` is the same at all mirror images of a point, and `|Y_lm|` or `|Y_l−m|` where `x` and `y` are
/// exchanged.
pub(super) struct GridTerms {
    weights: Vec<f64>,
    /// `|Y_lm|` per point.
    harmonics: Vec<Vec<f64>>,
}

impl GridTerms {
    /// `is_product`: whether the operation is the product alone.
    pub(super) fn new([l1, l2, l3]: [usize; 3], is_product: bool) -> Self {
        let n_theta = (l1 + l2 + l3) / 2 + 1;
        let n_phi = 2 * n_theta;
        let lmax = l1.max(l2).max(l3);
        let (mut weights, mut harmonics) = (Vec::new(), Vec::new());
        let kernel = OctahedralKernel::of_degrees(contributing([l1, l2, l3]));
        if let Some(kernel) = kernel.filter(|_| is_product) {
            for (point, weight) in points_without_images(kernel.rule) {
                let mut y = vec![0.0; n_lm(lmax)];
                reference::harmonics(lmax, point, &mut y);
                weights.push(weight.abs());
                harmonics.push(y.into_iter().map(f64::abs).collect());
            }
            return Self { weights, harmonics };
        }
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

/// Roundings of [`reference::bracket_coefficient`]: those, and half of one more in the factor.
pub(super) const BRACKET_ROUNDINGS: f64 = GAUNT_ROUNDINGS + 0.5;

/// The error of a real Wigner 3j symbol by ladder operators, see `coupling`: relative roundings of the highest state, four
/// per step over `2 l1` steps and three of the norm; then eight per lowering to order 0, relative to the norm of the state.
/// What they leave in other multiplets, up to degree `l = l1 + l2`, grows as lowering multiplies it by
/// `√((l + m)(l − m + 1))` for that degree and divides by the same for `l3`: at most by `√C(l1 + l2 + l3, 2 l3)` on the
/// whole. The real basis adds up two states, with four roundings more.
pub(super) fn ladder_error([l1, l2, l3]: [usize; 3]) -> f64 {
    let growth: f64 = (1..=2 * l3).map(|i| (l1 + l2 - l3 + i) as f64 / i as f64).product();
    2.0 * (8 * l1 + 3 + 8 * l3 + 4) as f64 * f64::UNIT * growth.sqrt()
}

/// Roundings of an element of e3nn's `wigner_3j`, a tensor with `n` non-zeros: five of the Clebsch–Gordan coefficient, six
/// of the three changes of basis and three of adding up four states; half of `n` for the norm, its root, the quotient.
pub(super) fn e3nn_roundings(n: usize) -> f64 {
    5.0 + 6.0 + 3.0 + n as f64 / 2.0 + 2.0
}

/// Roundings of a root of a fraction of π, compared with a decimal: half of three for π, product and quotient, the root,
/// the decimal.
pub(super) const ROOT_ROUNDINGS: f64 = 1.5 + 1.0 + 1.0;

/// A bound of [`GridTerms::sums`] in closed form, and of `Σ|G_ijk x_i y_j|` too. By Cauchy and Schwarz
/// `∫|Y_lm| F1 F2 <= √(∫ F1² F2²) <= √4π max F1 max F2`.
pub(super) fn terms_bound(x1: &[f64], x2: &[f64]) -> f64 {
    (4.0 * core::f64::consts::PI).sqrt() * largest(x1) * largest(x2)
}

/// A bound of `F = Σ|x_lm Y_lm|` on the sphere: `Σ_l ‖x_l‖ √((2l + 1)/4π)`, because `Σ_m Y_lm² = (2l + 1)/4π`.
pub(super) fn largest(x: &[f64]) -> f64 {
    let of_degree = |l: usize| {
        let norm = x[l * l..n_lm(l)].iter().map(|x| x * x).sum::<f64>().sqrt();
        norm * largest_harmonic(l)
    };
    (0..x.len().isqrt()).map(of_degree).sum()
}

/// A bound of `Σ|x_lm ∇Y_lm|` on the sphere: likewise, because `Σ_m |∇Y_lm|² = l (l + 1) (2l + 1)/4π`.
pub(super) fn largest_gradient(x: &[f64]) -> f64 {
    let of_degree = |l: usize| {
        let norm = x[l * l..n_lm(l)].iter().map(|x| x * x).sum::<f64>().sqrt();
        norm * ((l * (l + 1)) as f64).sqrt() * largest_harmonic(l)
    };
    (0..x.len().isqrt()).map(of_degree).sum()
}

/// A bound of the harmonics of degree `l`.
fn largest_harmonic(l: usize) -> f64 {
    ((2 * l + 1) as f64 / (4.0 * core::f64::consts::PI)).sqrt()
}

/// The error of an integral `∫ r̂·(∇Y_l1 × ∇Y_l2) Y_l3 dΩ` by quadrature in `f64`, see `coupling`. Derivatives are sums of
/// at most `√3 l Y_l−1`, `l Y_l` and a few roundings, over `sin θ`: their error is below five times that of `l Y_l`. With
/// `∫ dΩ / sin θ = 2π²` and `|∇Y_lm| <= √(l (l + 1)) max|Y_l|`; then that of the third harmonic, and of products, weights,
/// angles and the sum over the points, `16 (l1 + l2 + l3 + 1)` roundings.
pub(super) fn bracket_quadrature_error([l1, l2, l3]: [usize; 3]) -> f64 {
    let pi = core::f64::consts::PI;
    let gradient = |l: usize| ((l * (l + 1)) as f64).sqrt() * largest_harmonic(l);
    let gradient_error = |l: usize| 5.0 * l as f64 * reference_harmonics_error(l);
    let derivatives = gradient_error(l1) * gradient(l2) + gradient(l1) * gradient_error(l2);
    let rest =
        reference_harmonics_error(l3) + (16 * (l1 + l2 + l3 + 1)) as f64 * f64::UNIT * largest_harmonic(l3);
    2.0 * pi * pi * derivatives * largest_harmonic(l3) + 4.0 * pi * gradient(l1) * gradient(l2) * rest
}

/// The error of a derivative of `f = Σ x_lm Y_lm`, extended along rays, by a central difference over `2 step`. A straight
/// line through a point of the sphere is seen under an angle whose first three derivatives are at most 1, 1 and 2 there, and
/// on a great circle `n` derivatives multiply `max|f|` by at most `lmaxⁿ` (Bernstein). The remainder is `step² / 6` times
/// the third derivative, a few per mille larger than where it is bounded.
pub(super) fn difference_error(x: &[f64], step: f64) -> f64 {
    let lmax = x.len().isqrt() - 1;
    let third = 1.01 * (lmax * (lmax + 1) * (lmax + 2)) as f64 * largest(x);
    let harmonics =
        x.iter().enumerate().map(|(k, x)| x.abs() * reference_harmonics_error(k.isqrt())).sum::<f64>();
    let sums = x.len() as f64 * f64::UNIT * largest(x);
    step * step / 6.0 * third + (harmonics + sums) / step
}

/// The error of a harmonic of degree `l` by [`reference::harmonics`]. Near the poles, where it is worst, an error made
/// at degree `k` of the recurrence has grown `l − k + 1` times at degree `l`: with six roundings per degree `3 l²` in
/// all, then 8 per order and 8 for the direction and the start. Relative to the largest value, `√((2l + 1)/4π)`.
pub(super) fn reference_harmonics_error(l: usize) -> f64 {
    (3 * l * l + 8 * l + 8) as f64 * f64::UNIT * largest_harmonic(l)
}

/// Roundings of a harmonic of degree `l`, relative to the largest value of its degree: derived in `harmonics/values.rs`.
pub(super) fn harmonics_roundings(l: usize) -> f64 {
    (8 * (l + 1)) as f64
}

/// Roundings of a derivative of a harmonic of degree `l`, relative to `l / |r|` times the largest value: derived in
/// `harmonics/derivatives.rs`.
pub(super) fn harmonics_gradient_roundings(l: usize) -> f64 {
    (24 * (l + 1)) as f64
}

/// Bounds of the errors of an energy `⟨(y1 · y2), {y2, y3}⟩` of three vectors, from their solid harmonics, and of any of its
/// forces, by the direct engine in `f64`.
///
/// With every coefficient `y_lm` replaced by `|r|^l √((2l + 1)/4π)`, which is no smaller, the sum of all terms in absolute
/// values bounds the energy; each term has the roundings of the product, of the bracket, of four harmonics and of the
/// contraction. Forces contract gradients of that sum with derivatives of harmonics, at most `l / |r|` times as large; three
/// gradients, of which two are added up.
pub(super) fn chiral_energy_errors(lmax: usize, r: &[f64; 9]) -> (f64, f64) {
    let degrees = [lmax; 3];
    let lengths = [0, 1, 2].map(|i| r[3 * i..3 * i + 3].iter().map(|x| x * x).sum::<f64>().sqrt());
    let largest = |n: f64, derivative: bool| -> Vec<f64> {
        let of = |l: usize| {
            let power = if derivative { l as f64 * n.powf(l as f64 - 1.0) } else { n.powf(l as f64) };
            vec![power * ((2 * l + 1) as f64 / (4.0 * core::f64::consts::PI)).sqrt(); 2 * l + 1]
        };
        (0..=lmax).flat_map(of).collect()
    };
    let y = lengths.map(|n| largest(n, false));
    let dy = lengths.map(|n| largest(n, true));
    let sums = [Terms::new(Engine::Direct, degrees), Terms::of_bracket(Engine::Direct, degrees)];
    let energy = |y1: &[f64], y2: &[f64], y2_again: &[f64], y3: &[f64]| {
        let (product, bracket) = (sums[0].sums(y1, y2), sums[1].sums(y2_again, y3));
        product.iter().zip(&bracket).map(|(z, t)| z * t).sum::<f64>()
    };
    let engines =
        derivative_roundings(Engine::Direct, degrees).max(bracket_roundings(Engine::Direct, degrees));
    let roundings = 2.0 * engines as f64 + 4.0 * harmonics_roundings(lmax) + n_lm(lmax) as f64;
    let of_energy = roundings * f64::UNIT * energy(&y[0], &y[1], &y[1], &y[2]);
    let slopes = energy(&dy[0], &y[1], &y[1], &y[2])
        + energy(&y[0], &dy[1], &y[1], &y[2])
        + energy(&y[0], &y[1], &dy[1], &y[2])
        + energy(&y[0], &y[1], &y[1], &dy[2]);
    (of_energy, (roundings + harmonics_gradient_roundings(lmax) + 2.0) * f64::UNIT * slopes)
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
