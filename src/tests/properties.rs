//! What a product of functions must satisfy, whatever its coefficients: properties under random inputs.

use std::vec;
use std::vec::Vec;

use proptest::prelude::*;

use super::support::{Random, execute, levels};
use super::tolerance::{Roundoff, Terms, gauss_legendre, roundings};
use crate::tables::gaunt::LMAX_DIRECT;
use crate::{Engine, Isa, PlanDesc, Weights, n_lm, reference};

/// One sample and channel through an engine.
fn product<T: Roundoff>(
    engine: Engine,
    isa: Isa,
    [l1, l2, l3]: [usize; 3],
    x1: &[f64],
    x2: &[f64],
) -> Vec<f64> {
    let mut desc = PlanDesc::product(l1, l2, l3);
    (desc.engine, desc.isa) = (engine, Some(isa));
    let cast = |x: &[f64]| x.iter().map(|x| T::from_f64(*x)).collect::<Vec<T>>();
    execute(&desc, 1, &cast(x1), &cast(x2), &Weights::default()).into_iter().map(T::to_f64).collect()
}

/// The bound of an engine's error, per output.
fn bounds<T: Roundoff>(engine: Engine, degrees: [usize; 3], x1: &[f64], x2: &[f64]) -> Vec<f64> {
    let unit = roundings(engine, degrees) as f64 * T::UNIT;
    Terms::new(engine, degrees).sums(x1, x2).into_iter().map(|sum| unit * sum).collect()
}

fn assert_close(what: &str, actual: &[f64], expected: &[f64], bounds: &[f64]) {
    for (k, ((actual, expected), bound)) in actual.iter().zip(expected).zip(bounds).enumerate() {
        let error = (actual - expected).abs();
        assert!(
            error <= *bound,
            "{what}, coefficient {k}: {actual} and {expected} differ by {error:.1e} > {bound:.1e}"
        );
    }
}

/// An engine with degrees it serves.
fn case() -> impl Strategy<Value = (Engine, [usize; 3], u64)> {
    let direct = (0..=LMAX_DIRECT, 0..=LMAX_DIRECT).prop_map(|(l1, l2)| (Engine::Direct, l1, l2));
    let grid = (0..=9_usize, 0..=9_usize).prop_map(|(l1, l2)| (Engine::Grid, l1, l2));
    let fourier = (0..=9_usize, 0..=9_usize).prop_map(|(l1, l2)| (Engine::Fourier, l1, l2));
    let all = prop_oneof![direct, grid, fourier]
        .prop_flat_map(|(engine, l1, l2)| (Just(engine), Just(l1), Just(l2), 0..=l1 + l2))
        .prop_map(|(engine, l1, l2, l3)| (engine, [l1, l2, l3]));
    // Degrees for which the grid engine has kernels.
    let known = (5..=9_usize).prop_map(|l| (Engine::Grid, [l, l, l]));
    (prop_oneof![3 => all, 1 => known], any::<u64>())
        .prop_map(|((engine, degrees), seed)| (engine, degrees, seed))
}

/// Runs a property on every level of the machine, for both element types.
macro_rules! everywhere {
    ($property:ident, $($argument:expr),*) => {
        for isa in levels() {
            $property::<f32>(isa, $($argument),*);
            $property::<f64>(isa, $($argument),*);
        }
    };
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn bilinear((engine, degrees, seed) in case()) { everywhere!(is_bilinear, engine, degrees, seed); }

    #[test]
    fn symmetric((engine, degrees, seed) in case()) { everywhere!(is_symmetric, engine, degrees, seed); }

    #[test]
    fn constant_is_neutral((engine, degrees, seed) in case()) { everywhere!(has_neutral, engine, degrees, seed); }

    #[test]
    fn pointwise((engine, degrees, seed) in case()) { everywhere!(is_pointwise, engine, degrees, seed); }

    #[test]
    fn truncation_is_a_prefix((engine, degrees, seed) in case()) { everywhere!(is_prefix, engine, degrees, seed); }

    #[test]
    fn equivariant((engine, degrees, seed) in case()) { everywhere!(is_equivariant, engine, degrees, seed); }

    #[test]
    fn selection_rules((engine, degrees, seed) in case()) { everywhere!(obeys_selection_rules, engine, degrees, seed); }
}

fn is_bilinear<T: Roundoff>(isa: Isa, engine: Engine, degrees: [usize; 3], seed: u64) {
    let mut random = Random(seed);
    // Small dyadic coefficients: every combination below is exact in f32.
    let mut operand =
        |l: usize| -> Vec<f64> { (0..n_lm(l)).map(|_| (random.value() * 64.0).round() / 64.0).collect() };
    let (a, b, y) = (operand(degrees[0]), operand(degrees[0]), operand(degrees[1]));
    let combined: Vec<f64> = a.iter().zip(&b).map(|(a, b)| 2.0 * a - 0.5 * b).collect();
    let (pa, pb) = (product::<T>(engine, isa, degrees, &a, &y), product::<T>(engine, isa, degrees, &b, &y));
    let expected: Vec<f64> = pa.iter().zip(&pb).map(|(a, b)| 2.0 * a - 0.5 * b).collect();
    let weight: Vec<f64> = a.iter().zip(&b).map(|(a, b)| 2.0 * a.abs() + 0.5 * b.abs()).collect();
    let bounds: Vec<f64> =
        bounds::<T>(engine, degrees, &weight, &y).iter().map(|bound| 2.0 * bound).collect();
    assert_close("bilinearity", &product::<T>(engine, isa, degrees, &combined, &y), &expected, &bounds);
}

fn is_symmetric<T: Roundoff>(isa: Isa, engine: Engine, degrees @ [l1, l2, l3]: [usize; 3], seed: u64) {
    let mut random = Random(seed);
    let (x, y) = (random.values::<f64>(n_lm(l1)), random.values::<f64>(n_lm(l2)));
    let forward = product::<T>(engine, isa, degrees, &x, &y);
    let backward = product::<T>(engine, isa, [l2, l1, l3], &y, &x);
    let bounds: Vec<f64> = bounds::<T>(engine, degrees, &x, &y).iter().map(|bound| 2.0 * bound).collect();
    assert_close("symmetry", &forward, &backward, &bounds);
}

fn has_neutral<T: Roundoff>(isa: Isa, engine: Engine, [l1, l2, _]: [usize; 3], seed: u64) {
    let x = Random(seed).values::<f64>(n_lm(l1));
    // The function 1 has the coefficient √4π of Y_00, rounded to the element type.
    let mut one = vec![0.0; n_lm(l2)];
    one[0] = T::from_f64((4.0 * core::f64::consts::PI).sqrt()).to_f64();
    let degrees = [l1, l2, l1];
    let mut bounds = bounds::<T>(engine, degrees, &x, &one);
    bounds.iter_mut().zip(&x).for_each(|(bound, x)| *bound += T::UNIT * x.abs());
    assert_close("product with 1", &product::<T>(engine, isa, degrees, &x, &one), &x, &bounds);
}

/// `Σ_lm x_lm Y_lm` at a direction, and the same with absolute values.
fn evaluate(x: &[f64], lmax: usize, direction: [f64; 3]) -> (f64, f64) {
    let mut y = vec![0.0; n_lm(lmax)];
    reference::harmonics(lmax, direction, &mut y);
    x.iter().zip(&y).fold((0.0, 0.0), |(sum, abs), (x, y)| (sum + x * y, abs + (x * y).abs()))
}

fn is_pointwise<T: Roundoff>(isa: Isa, engine: Engine, [l1, l2, _]: [usize; 3], seed: u64) {
    let mut random = Random(seed);
    let (x, y) = (random.values::<f64>(n_lm(l1)), random.values::<f64>(n_lm(l2)));
    let degrees = [l1, l2, l1 + l2];
    let z = product::<T>(engine, isa, degrees, &x, &y);
    let bounds = bounds::<T>(engine, degrees, &x, &y);
    for _ in 0..4 {
        let direction = [random.value(), random.value(), random.value() + 1.5];
        let ((f, f_abs), (g, g_abs)) = (evaluate(&x, l1, direction), evaluate(&y, l2, direction));
        let (h, h_abs) = evaluate(&z, l1 + l2, direction);
        // The coefficients' bounds at this point, and the roundings of the three evaluations in f64: a harmonic of
        // degree l takes about 4 l.
        let at_point = evaluate_abs(&bounds, l1 + l2, direction);
        let evaluation = (8 * (l1 + l2) + n_lm(l1 + l2) + 16) as f64 * f64::UNIT * (h_abs + f_abs * g_abs);
        let error = (h - f * g).abs();
        assert!(
            error <= at_point + evaluation,
            "{degrees:?} {engine:?} at {direction:?}: {h} instead of {}",
            f * g
        );
    }
}

/// `Σ_lm |x_lm Y_lm|`.
fn evaluate_abs(x: &[f64], lmax: usize, direction: [f64; 3]) -> f64 {
    evaluate(x, lmax, direction).1
}

fn is_prefix<T: Roundoff>(isa: Isa, engine: Engine, degrees @ [l1, l2, l3]: [usize; 3], seed: u64) {
    let mut random = Random(seed);
    let (x, y) = (random.values::<f64>(n_lm(l1)), random.values::<f64>(n_lm(l2)));
    let full_degrees = [l1, l2, l1 + l2];
    let (cut, full) =
        (product::<T>(engine, isa, degrees, &x, &y), product::<T>(engine, isa, full_degrees, &x, &y));
    // Where all of the operands still contributes, the direct engine runs the same instructions.
    if engine == Engine::Direct && l3 >= l1.abs_diff(l2) {
        assert!(cut == full[..n_lm(l3)], "the direct engine truncates bit for bit");
    }
    let (of_cut, of_full) = (bounds::<T>(engine, degrees, &x, &y), bounds::<T>(engine, full_degrees, &x, &y));
    let bounds: Vec<f64> = of_cut.iter().zip(&of_full).map(|(cut, full)| cut + full).collect();
    assert_close("truncation", &cut, &full[..n_lm(l3)], &bounds);
}

/// The coefficients of `f(Rᵀ r)`, by quadrature that is exact for them; in f64.
fn rotate(x: &[f64], lmax: usize, rotation: &[[f64; 3]; 3]) -> Vec<f64> {
    let mut rotated = vec![0.0; n_lm(lmax)];
    let n_phi = 2 * lmax + 1;
    for (cos, weight) in gauss_legendre(lmax + 1) {
        for k in 0..n_phi {
            let phi = core::f64::consts::TAU * k as f64 / n_phi as f64;
            let sin = (1.0 - cos * cos).sqrt();
            let r = [sin * phi.cos(), sin * phi.sin(), cos];
            let back = [0, 1, 2].map(|i| (0..3).map(|j| rotation[j][i] * r[j]).sum::<f64>());
            let value = evaluate(x, lmax, back).0 * weight * core::f64::consts::TAU / n_phi as f64;
            let mut y = vec![0.0; n_lm(lmax)];
            reference::harmonics(lmax, r, &mut y);
            rotated.iter_mut().zip(&y).for_each(|(rotated, y)| *rotated += value * y);
        }
    }
    rotated
}

/// A rotation from a random unit quaternion.
fn random_rotation(random: &mut Random) -> [[f64; 3]; 3] {
    let mut q = [random.value(), random.value(), random.value(), random.value()];
    let norm = q.iter().map(|q| q * q).sum::<f64>().sqrt().max(1e-3);
    q.iter_mut().for_each(|q| *q /= norm);
    let [w, x, y, z] = q;
    [
        [1.0 - 2.0 * (y * y + z * z), 2.0 * (x * y - w * z), 2.0 * (x * z + w * y)],
        [2.0 * (x * y + w * z), 1.0 - 2.0 * (x * x + z * z), 2.0 * (y * z - w * x)],
        [2.0 * (x * z - w * y), 2.0 * (y * z + w * x), 1.0 - 2.0 * (x * x + y * y)],
    ]
}

fn is_equivariant<T: Roundoff>(isa: Isa, engine: Engine, degrees @ [l1, l2, l3]: [usize; 3], seed: u64) {
    let mut random = Random(seed);
    let (x, y) = (random.values::<f64>(n_lm(l1)), random.values::<f64>(n_lm(l2)));
    let rotation = random_rotation(&mut random);
    let then_rotated = rotate(&product::<T>(engine, isa, degrees, &x, &y), l3, &rotation);
    let rotated = product::<T>(engine, isa, degrees, &rotate(&x, l1, &rotation), &rotate(&y, l2, &rotation));
    // Rotations mix the 2l + 1 orders, so compare norms: every coefficient is at most the norm of its degree's bounds.
    // The rotated operands are rounded to the element type once more, and the rotations themselves run in f64 over
    // (lmax + 1)(2 lmax + 1) points: 2u and 2 l² · 16 · u64 of the same terms.
    let bound_of = |x: &[f64], y: &[f64]| bounds::<T>(engine, degrees, x, y);
    let (before, after) =
        (bound_of(&x, &y), bound_of(&rotate(&x, l1, &rotation), &rotate(&y, l2, &rotation)));
    let rotations = 3.0 + 32.0 * n_lm(l1.max(l2).max(l3)) as f64 * f64::UNIT / T::UNIT;
    let total: f64 = before.iter().chain(&after).map(|bound| bound * bound).sum::<f64>().sqrt() * rotations;
    assert_close("equivariance", &rotated, &then_rotated, &vec![total; n_lm(l3)]);
}

/// Operands of one degree each: only `|l1 − l2|, |l1 − l2| + 2, …, l1 + l2` may come out.
fn obeys_selection_rules<T: Roundoff>(
    isa: Isa,
    engine: Engine,
    degrees @ [l1, l2, l3]: [usize; 3],
    seed: u64,
) {
    let mut random = Random(seed);
    let mut only = |l: usize| {
        let mut x = vec![0.0; n_lm(l)];
        x[l * l..].copy_from_slice(&random.values::<f64>(2 * l + 1));
        x
    };
    let (x, y) = (only(l1), only(l2));
    let z = product::<T>(engine, isa, degrees, &x, &y);
    let bounds = bounds::<T>(engine, degrees, &x, &y);
    for l in 0..=l3 {
        let forbidden_parity = (l1 + l2 + l) % 2 == 1;
        let forbidden = forbidden_parity || l < l1.abs_diff(l2);
        for k in l * l..(l + 1) * (l + 1) {
            let exact = engine == Engine::Direct || (engine == Engine::Grid && forbidden_parity);
            if forbidden && exact {
                assert!(
                    z[k] == 0.0,
                    "{degrees:?} {engine:?}: coefficient {k} of degree {l} is {} instead of 0",
                    z[k]
                );
            } else if forbidden {
                assert!(z[k].abs() <= bounds[k], "{degrees:?} {engine:?}: coefficient {k} is {}", z[k]);
            }
        }
    }
}
