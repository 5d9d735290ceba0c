//! The reference's coefficients of product and bracket: against the definition of the bracket, and both against the
//! Clebsch–Gordan coefficients of angular momenta.

use core::f64::consts::{FRAC_1_SQRT_2, TAU};
use std::collections::BTreeSet;
use std::vec;
use std::vec::Vec;

use super::support::Random;
use super::tolerance::{
    BRACKET_ROUNDINGS, GAUNT_ROUNDINGS, Roundoff, bracket_quadrature_error, difference_error, gauss_legendre,
    ladder_error, largest, reference_harmonics_error,
};
use crate::reference::{bracket_coefficient, gaunt_coefficient};
use crate::{bracket_path_constant, flat_index, n_lm, product_path_constant, reference};

fn orders(l: usize) -> impl Iterator<Item = isize> + Clone {
    -l.cast_signed()..=l.cast_signed()
}

/// All `(l, m)` to `lmax` in flat order.
fn degrees_and_orders(lmax: usize) -> impl Iterator<Item = (usize, isize)> + Clone {
    (0..=lmax).flat_map(|l| orders(l).map(move |m| (l, m)))
}

/// A point of a quadrature: its weight, the harmonics and their derivatives along `θ` and, over `sin θ`, along `φ`.
struct Point {
    weight: f64,
    harmonics: Vec<f64>,
    theta: Vec<f64>,
    phi: Vec<f64>,
}

impl Point {
    fn new(lmax: usize, cos: f64, phi: f64, weight: f64) -> Self {
        let sin = (1.0 - cos * cos).sqrt();
        let mut y = vec![0.0; n_lm(lmax)];
        reference::harmonics(lmax, [sin * phi.cos(), sin * phi.sin(), cos], &mut y);
        // sin θ dP̄_lm/dθ = l cos θ P̄_lm − √((2l + 1) (l² − m²) / (2l − 1)) P̄_l−1,m
        let along_theta = |(l, m): (usize, isize)| {
            let mut slope = l as f64 * cos * y[flat_index(l, m)];
            if m.unsigned_abs() < l {
                let square = ((2 * l + 1) * (l * l - m.unsigned_abs().pow(2))) as f64 / (2 * l - 1) as f64;
                slope -= square.sqrt() * y[flat_index(l - 1, m)];
            }
            slope / sin
        };
        let along_phi = |(l, m): (usize, isize)| -m as f64 * y[flat_index(l, -m)] / sin;
        let (theta, phi) = (
            degrees_and_orders(lmax).map(along_theta).collect(),
            degrees_and_orders(lmax).map(along_phi).collect(),
        );
        Self { weight, harmonics: y, theta, phi }
    }
}

#[test]
fn bracket_coefficients_are_integrals_of_cross_products() {
    const LMAX: usize = 6;
    let n_theta = 3 * LMAX / 2 + 1;
    let points: Vec<_> = gauss_legendre(n_theta)
        .into_iter()
        .flat_map(|node| (0..2 * n_theta).map(move |k| (node, TAU * (k as f64 + 0.5) / (2 * n_theta) as f64)))
        .map(|((cos, weight), phi)| Point::new(LMAX, cos, phi, weight * TAU / (2 * n_theta) as f64))
        .collect();
    let mut worst: f64 = 0.0;
    for ((i, (l1, m1)), (j, (l2, m2))) in degrees_and_orders(LMAX)
        .enumerate()
        .flat_map(|a| degrees_and_orders(LMAX).enumerate().map(move |b| (a, b)))
    {
        let bracket = |point: &Point| point.theta[i] * point.phi[j] - point.phi[i] * point.theta[j];
        let samples: Vec<_> = points.iter().map(|point| point.weight * bracket(point)).collect();
        for (k, (l3, m3)) in degrees_and_orders(LMAX).enumerate() {
            let integral = points.iter().zip(&samples).map(|(point, sample)| sample * point.harmonics[k]);
            let integral: f64 = integral.sum();
            let coefficient = bracket_coefficient([l1, l2, l3], [m1, m2, m3]);
            let bound =
                bracket_quadrature_error([l1, l2, l3]) + BRACKET_ROUNDINGS * f64::UNIT * coefficient.abs();
            let error = (integral - coefficient).abs();
            assert!(
                error <= bound,
                "({l1}, {m1}) ({l2}, {m2}) ({l3}, {m3}): {coefficient} instead of {integral}"
            );
            worst = worst.max(if error == 0.0 { 0.0 } else { error / bound });
        }
    }
    std::println!("brackets of harmonics by quadrature: worst error / bound {worst:.3}");
}

/// `r̂·(∇f × ∇g)` with gradients by central differences along the axes.
#[test]
fn the_bracket_is_a_cross_product_of_gradients() {
    const STEP: f64 = 1.0 / 65536.0;
    let evaluate = |x: &[f64], direction: [f64; 3]| {
        let mut y = vec![0.0; x.len()];
        reference::harmonics(x.len().isqrt() - 1, direction, &mut y);
        x.iter().zip(y).map(|(x, y)| x * y).sum::<f64>()
    };
    let gradient = |x: &[f64], direction: [f64; 3]| {
        [0, 1, 2].map(|axis| {
            let shifted = |by: f64| {
                let mut direction = direction;
                direction[axis] += by;
                evaluate(x, direction)
            };
            (shifted(STEP) - shifted(-STEP)) / (2.0 * STEP)
        })
    };
    let mut random = Random(7);
    for (l1, l2) in [(1, 1), (2, 1), (1, 3), (4, 4), (5, 3)] {
        let (f, g): (Vec<f64>, Vec<f64>) = (random.values(n_lm(l1)), random.values(n_lm(l2)));
        let lmax3 = l1 + l2 - 1; // the degree l1 + l2 is even
        let mut bracket = vec![f64::NAN; n_lm(lmax3)];
        reference::bracket(l1, l2, lmax3, &f, &g, &mut bracket);
        let slope = |l: usize, x: &[f64]| l as f64 * largest(x);
        let [error1, error2] = [&f, &g].map(|x| 3.0_f64.sqrt() * difference_error(x, STEP));
        let value = largest(&bracket);
        let bound = error1 * (slope(l2, &g) + error2)
            + slope(l1, &f) * error2
            + ((n_lm(lmax3) + n_lm(l1) * n_lm(l2)) as f64 + BRACKET_ROUNDINGS) * f64::UNIT * value
            + reference_harmonics_error(lmax3) * bracket.iter().map(|x| x.abs()).sum::<f64>();
        for _ in 0..20 {
            let direction = [random.value(), random.value(), random.value()];
            let norm = direction.iter().map(|x| x * x).sum::<f64>().sqrt();
            let r @ [x, y, z] = direction.map(|x| x / norm);
            let ([fx, fy, fz], [gx, gy, gz]) = (gradient(&f, r), gradient(&g, r));
            let expected = x * (fy * gz - fz * gy) + y * (fz * gx - fx * gz) + z * (fx * gy - fy * gx);
            let actual = evaluate(&bracket, r);
            assert!(
                (actual - expected).abs() <= bound,
                "degrees {l1}, {l2}: {actual} instead of {expected} ± {bound:.1e}"
            );
        }
        assert!(bound < 1e-4 * value, "the differences are too rough to tell anything");
    }
}

#[test]
fn bracket_coefficients_are_antisymmetric_and_cyclic() {
    const LMAX: usize = 5;
    let close = |a: f64, b: f64| (a - b).abs() <= 2.0 * BRACKET_ROUNDINGS * f64::UNIT * a.abs();
    for (l1, m1) in degrees_and_orders(LMAX) {
        for (l2, m2) in degrees_and_orders(LMAX) {
            for (l3, m3) in degrees_and_orders(LMAX) {
                let value = bracket_coefficient([l1, l2, l3], [m1, m2, m3]);
                let swapped = bracket_coefficient([l2, l1, l3], [m2, m1, m3]);
                let turned = bracket_coefficient([l2, l3, l1], [m2, m3, m1]);
                assert!(close(value, -swapped), "{value} and {swapped}: {l1} {l2} {l3}, {m1} {m2} {m3}");
                assert!(close(value, turned), "{value} and {turned}: {l1} {l2} {l3}, {m1} {m2} {m3}");
                assert!(value == 0.0 || (l1 + l2 + l3) % 2 == 1, "{l1} {l2} {l3}, {m1} {m2} {m3}");
            }
        }
    }
}

#[test]
fn coefficients_out_of_range() {
    for coefficient in [gaunt_coefficient, bracket_coefficient] {
        assert_eq!(coefficient([1, 1, 1], [2, -1, 1]), 0.0);
        assert_eq!(coefficient([1, 1, 2], [-1, 1, 3]), 0.0);
        assert_eq!(coefficient([2, 2, 5], [0, -1, 1]), 0.0);
        assert!(coefficient([40, 40, 40], [0, 1, 1]).is_finite());
        assert!(coefficient([40, 40, 41], [0, 1, -1]).is_nan());
    }
}

/// Non-zeros for operands to degree `L`: of product and bracket, with outputs to `2L` and to `L`; by exact arithmetic.
const NON_ZEROS: [[usize; 4]; 7] = [
    [1, 0, 1, 0],
    [21, 6, 10, 6],
    [162, 82, 83, 54],
    [708, 424, 353, 258],
    [2229, 1512, 1158, 894],
    [5605, 4086, 2907, 2358],
    [12322, 9440, 6460, 5436],
];

#[test]
fn every_term_is_found_once() {
    for (lmax, counts) in NON_ZEROS.into_iter().enumerate() {
        let count = |bracket: bool, lmax3: usize| {
            let mut found = BTreeSet::new();
            let mut insert = |i, j, k, value| {
                assert!(value != 0.0 && found.insert((i, j, k)), "term {i} {j} {k} twice");
            };
            if bracket {
                reference::for_each_term(bracket_coefficient, lmax, lmax, lmax3, &mut insert);
            } else {
                reference::for_each_term(gaunt_coefficient, lmax, lmax, lmax3, &mut insert);
            }
            found.len()
        };
        assert_eq!(
            [count(false, 2 * lmax), count(true, 2 * lmax), count(false, lmax), count(true, lmax)],
            counts
        );
    }
}

/// Clebsch–Gordan coefficients `⟨l1 m1, l2 m2 | l3 m3⟩` of one path with the usual phases, by ladder operators.
struct ClebschGordan {
    l: [usize; 3],
    /// By `m3` from `l3` down to 0, then by `m1` from `−l1` up; `m2` is the difference.
    states: Vec<Vec<f64>>,
}

impl ClebschGordan {
    fn new(l @ [l1, l2, l3]: [usize; 3]) -> Self {
        // L± |l, m⟩ = √((l ∓ m) (l ± m + 1)) |l, m ± 1⟩, zero beyond the ends.
        let up = |l: usize, m: isize| {
            let l = l.cast_signed();
            if -l <= m && m < l { (((l - m) * (l + m + 1)) as f64).sqrt() } else { 0.0 }
        };
        let down = |l: usize, m: isize| up(l, -m);
        let (n1, l1_signed, l3_signed) = (2 * l1 + 1, l1.cast_signed(), l3.cast_signed());
        // The highest state is raised to nothing; its component with the largest m1 is positive.
        let mut state = vec![0.0; n1];
        state[n1 - 1] = 1.0;
        for m1 in (-l1_signed..l1_signed).rev() {
            let (from, to) = ((m1 + 1 + l1_signed).unsigned_abs(), (m1 + l1_signed).unsigned_abs());
            state[to] = -state[from] * up(l2, l3_signed - m1 - 1) / up(l1, m1);
        }
        let norm = state.iter().map(|c| c * c).sum::<f64>().sqrt();
        state.iter_mut().for_each(|c| *c /= norm);
        let mut states = vec![state];
        for m3 in (1..=l3_signed).rev() {
            let above = states.last().unwrap();
            let lowered = orders(l1).enumerate().map(|(i, m1)| {
                let of_first = above.get(i + 1).map_or(0.0, |c| c * down(l1, m1 + 1));
                let of_second = above[i] * down(l2, m3 - m1);
                (of_first + of_second) / down(l3, m3)
            });
            states.push(lowered.collect());
        }
        Self { l, states }
    }

    fn get(&self, m: [isize; 3]) -> f64 {
        let [l1, l2, l3] = self.l.map(usize::cast_signed);
        if m[0] + m[1] != m[2] || m[0].abs() > l1 || m[1].abs() > l2 || m[2].abs() > l3 {
            return 0.0;
        }
        // Under reversal of all orders, a state is multiplied by (−1)^(l1 + l2 − l3).
        let reversed = if m[2] < 0 { -1 } else { 1 };
        let value = self.states[(l3 - m[2].abs()).unsigned_abs()][(reversed * m[0] + l1).unsigned_abs()];
        if m[2] < 0 && (l1 + l2 - l3) % 2 == 1 { -value } else { value }
    }

    /// e3nn's `wigner_3j` for real harmonics of orders `m`: `Σ Q1 Q2 Q3* ⟨…⟩`, of norm 1. With `q = (−i)^l / √2` the
    /// coefficients `Q` of the complex harmonics of orders `−|m|` and `|m|` are `q` and `(−1)^m q` for a cosine, `−i q` and
    /// `i (−1)^m q` for a sine.
    fn real(&self, m: [isize; 3]) -> f64 {
        // Complex orders with a real factor and a power of −i.
        let parts = [0, 1, 2].map(|slot: usize| {
            let (order, size) = (m[slot], m[slot].abs());
            let sign = if size % 2 == 0 { 1.0 } else { -1.0 };
            let power = self.l[slot] + usize::from(order < 0);
            let minus = if order == 0 { vec![] } else { vec![(-size, FRAC_1_SQRT_2, power)] };
            let plus = match order {
                0 => (0, 1.0, power),
                1.. => (size, sign * FRAC_1_SQRT_2, power),
                _ => (size, -sign * FRAC_1_SQRT_2, power),
            };
            minus.into_iter().chain([plus]).collect::<Vec<_>>()
        });
        let mut sum = [0.0; 2]; // real and imaginary
        for (m1, factor1, power1) in &parts[0] {
            for (m2, factor2, power2) in &parts[1] {
                for (m3, factor3, power3) in &parts[2] {
                    let term = factor1 * factor2 * factor3 * self.get([*m1, *m2, *m3]);
                    let power = (power1 + power2 + 3 * power3) % 4; // the third one conjugate
                    sum[power % 2] += if power == 0 || power == 3 { term } else { -term };
                }
            }
        }
        let bound = ladder_error(self.l);
        assert!(sum[1].abs() <= bound, "{:?} {m:?}: imaginary part {}", self.l, sum[1]);
        sum[0] / ((2 * self.l[2] + 1) as f64).sqrt()
    }
}

/// `G = k w` and `B = κ w`, with no exception of sign, for all paths to degree 12.
#[test]
fn coefficients_are_path_constants_times_real_wigner_symbols() {
    const LMAX: usize = 12;
    let mut worst: f64 = 0.0;
    for l1 in 0..=LMAX {
        for l2 in 0..=LMAX {
            for l3 in l1.abs_diff(l2)..=LMAX.min(l1 + l2) {
                let l = [l1, l2, l3];
                let clebsch_gordan = ClebschGordan::new(l);
                let (product, bracket) =
                    (product_path_constant(l).unwrap(), bracket_path_constant(l).unwrap());
                for (m1, m2) in orders(l1).flat_map(|m1| orders(l2).map(move |m2| (m1, m2))) {
                    let sizes = BTreeSet::from([(m1.abs() + m2.abs()), (m1.abs() - m2.abs()).abs()]);
                    let both = sizes.into_iter().flat_map(|m3| BTreeSet::from([m3, -m3]));
                    for m3 in both.filter(|m3| m3.unsigned_abs() <= l3) {
                        let m = [m1, m2, m3];
                        let symbol = clebsch_gordan.real(m);
                        for (coefficient, constant, roundings) in [
                            (gaunt_coefficient(l, m), product, GAUNT_ROUNDINGS),
                            (bracket_coefficient(l, m), bracket, BRACKET_ROUNDINGS),
                        ] {
                            let error = (coefficient - constant * symbol).abs();
                            let bound = constant * ladder_error(l)
                                + (roundings + 2.0) * f64::UNIT * coefficient.abs();
                            assert!(
                                error <= bound,
                                "{l:?} {m:?}: {coefficient} instead of {}",
                                constant * symbol
                            );
                            worst = worst.max(if error == 0.0 { 0.0 } else { error / constant });
                        }
                    }
                }
            }
        }
    }
    std::println!("real Wigner symbols by ladder operators: worst error {worst:.1e}");
}
