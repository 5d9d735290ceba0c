//! The tables against exact values.

use std::collections::BTreeSet;
use std::vec;
use std::vec::Vec;
use std::{format, iter};

use super::tolerance::{
    AZIMUTH_ROUNDINGS, BRACKET_ROUNDINGS, GAUNT_ROUNDINGS, LEGENDRE_ULPS, Roundoff, UNDERFLOW,
};
use crate::reference;
use crate::tables::gaunt::{ClassTerms, LMAX_DIRECT, Output, Pair, Wanted, n_classes};
use crate::tables::grid::{GridTable, fill_grid_table, gauss_legendre, grid_table_len};
use crate::tables::octahedral::{N_GROUPS, RULES};
use crate::tables::{Constants, DoubleDouble};

/// Exact values to 25 digits; `make_vectors.py` beside it tells the format.
const EXACT: &str = include_str!("../../ffi-tests/vectors/tables.txt");

/// One unit in the last place of a value.
fn ulp(value: f64) -> f64 {
    f64::from_bits(value.abs().to_bits() + 1) - value.abs()
}

/// The words of the exact values of one kind: indices and, as text, numbers.
pub(super) fn exact(kind: &str) -> impl Iterator<Item = Vec<&'static str>> {
    EXACT
        .lines()
        .filter_map(move |line| line.strip_prefix(kind))
        .map(|rest| rest.split_whitespace().collect())
}

/// A grid table in `f64`: the constant one, or computed where there is none.
fn with_table<R>(n_theta: usize, lmax: usize, check: impl FnOnce(GridTable<'_, f64>) -> R) -> R {
    if let Some(constant) = f64::grid_table(n_theta) {
        check(GridTable::new(n_theta, n_theta - 1, constant).unwrap())
    } else {
        let mut table = vec![f64::NAN; grid_table_len(n_theta, lmax)];
        fill_grid_table(n_theta, lmax, &mut table, |value| value).unwrap();
        check(GridTable::new(n_theta, lmax, &table).unwrap())
    }
}

/// The terms of all classes are the non-zeros of the reference, each once.
fn assert_terms(wanted: Wanted) {
    let degrees = (0..=LMAX_DIRECT).flat_map(|l1| (0..=l1).map(move |l2| (l1, l2)));
    for ((l1, l2), budget) in degrees.flat_map(|degrees| [12, 24].map(|budget| (degrees, budget))) {
        let mut expected = std::collections::BTreeMap::new();
        let mut expect = |bracket, i, j, k, value| {
            assert!(expected.insert((Output { index: k, bracket }, i, j), value).is_none());
        };
        if wanted.product {
            let expect = |i, j, k, value| expect(false, i, j, k, value);
            reference::for_each_term(reference::gaunt_coefficient, l1, l2, l1 + l2, expect);
        }
        if wanted.bracket {
            let expect = |i, j, k, value| expect(true, i, j, k, value);
            reference::for_each_term(reference::bracket_coefficient, l1, l2, l1 + l2, expect);
        }
        let n_classes = n_classes(wanted, l1 + l2, budget);
        for class in 0..n_classes {
            let terms = ClassTerms::new(wanted, [l1, l2, l1 + l2], n_classes, class);
            assert!(
                terms.output(budget).is_none() || n_classes == 8,
                "a class has more outputs than its budget"
            );
            let (mut quads, mut slots) = (BTreeSet::new(), BTreeSet::new());
            for term in (0..terms.len()).map(|t| terms.get(t).unwrap()) {
                let output = terms.output(term.slot).unwrap();
                assert_eq!(term.bracket, output.bracket, "{term:?}");
                let side = terms.side(term.quad, usize::from(term.sine)).unwrap();
                let takes = if term.bracket { side.taken_by.bracket } else { side.taken_by.product };
                assert!(takes, "{term:?}");
                let second_sign = if term.difference { -1.0 } else { 1.0 };
                let (mirror_sign, roundings) =
                    if term.bracket { (-1.0, BRACKET_ROUNDINGS) } else { (1.0, GAUNT_ROUNDINGS) };
                let products =
                    iter::once((side.first, 1.0)).chain(side.second.map(|pair| (pair, second_sign)));
                for (Pair { i, j, mirrored }, sign) in products {
                    let mirror = mirrored.then_some((j, i, sign * mirror_sign));
                    for (i, j, sign) in iter::once((i, j, sign)).chain(mirror) {
                        let reference = expected.remove(&(output, i, j)).unwrap();
                        let error = (sign * term.value - reference).abs();
                        let bound = (roundings + 1.0) * f64::UNIT * reference.abs(); // and the table's own rounding
                        assert!(error <= bound, "{term:?} instead of {reference}");
                    }
                }
                assert_eq!(term.starts_quad, quads.insert(term.quad), "{term:?}");
                assert_eq!(term.starts_sum, slots.insert(term.slot), "{term:?}");
            }
        }
        assert!(expected.is_empty(), "missing terms {expected:?}");
    }
}

#[test]
fn sparse_coefficients_agree_with_the_reference_to_the_last_bits() {
    assert_terms(Wanted { product: true, bracket: false });
    assert_terms(Wanted { product: false, bracket: true });
    assert_terms(Wanted { product: true, bracket: true });
}

/// Square and cube roots of double-double numbers keep their digits: a few times 2⁻¹⁰⁴, three times for a cube.
#[test]
fn roots_are_right_to_the_last_digits() {
    for n in 1..500 {
        let number = DoubleDouble::ratio(n, 7);
        let (square, cube) = (number.sqrt(), number.cbrt());
        for power in [square.mul(square), cube.mul(cube).mul(cube)] {
            let error = power.sub(number).to_f64().abs();
            assert!(error <= 2.0_f64.powi(-100) * number.to_f64(), "{n}/7: {error:e}");
        }
    }
}

#[test]
fn octahedral_tables_are_as_long_as_their_shape_says() {
    for rule in &RULES {
        let len = rule.table_start(N_GROUPS);
        assert_eq!(f32::octahedral_table(rule.degree).map(<[f32]>::len), Some(len), "{rule:?}");
        assert_eq!(f64::octahedral_table(rule.degree).map(<[f64]>::len), Some(len), "{rule:?}");
    }
}

#[test]
fn quadrature_rules_are_exact_to_the_last_bit() {
    let mut rules = vec![];
    for words in exact("gauss ") {
        let [n, j, node, weight] = words[..] else { panic!("{words:?}") };
        let (n, j): (usize, usize) = (n.parse().unwrap(), j.parse().unwrap());
        let (x, w) = gauss_legendre(n, j);
        for (actual, expected) in [(x.to_f64(), node), (w.to_f64(), weight)] {
            assert!(actual == expected.parse::<f64>().unwrap(), "{n} {j}: {actual:e} instead of {expected}");
        }
        rules.push((n, j));
    }
    let northern = |n: usize| (0..n.div_ceil(2)).map(move |j| (n, j));
    assert!(rules.iter().copied().eq((1..=25).chain([97]).flat_map(northern)));
}

/// A decimal of the file as the nearest `f64` and what that leaves out, together exact to the file's digits.
fn decimal(text: &str) -> (f64, f64) {
    let nearest: f64 = text.parse().unwrap();
    let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
    // Rust prints floats exactly: 32 digits after the point of both, as integers, and their difference.
    let width = "1.".len() + 32 + usize::from(text.starts_with('-'));
    let digits = |mantissa: &str| format!("{mantissa:0<width$}").replace('.', "").parse::<i128>().unwrap();
    let printed = format!("{nearest:.32e}");
    let (nearest_mantissa, nearest_exponent) = printed.split_once('e').unwrap();
    assert_eq!(exponent.trim_start_matches('+'), nearest_exponent);
    let rest = digits(mantissa) - digits(nearest_mantissa);
    (nearest, format!("{rest}e{}", nearest_exponent.parse::<i32>().unwrap() - 32).parse().unwrap())
}

/// How far `entry` is from `p · ∛w`, in units in its last place: by the cube of `entry / p`, in pairs of `f64`, so that
/// no rounding of this computation counts.
fn ulps_from_product(entry: f64, (p, p_rest): (f64, f64), (w, w_rest): (f64, f64)) -> f64 {
    let ratio = entry / p;
    let ratio_rest = ((-ratio).mul_add(p, entry) - ratio * p_rest) / p;
    let square = ratio * ratio;
    let square_rest = ratio.mul_add(ratio, -square) + 2.0 * ratio * ratio_rest;
    let cube = square * ratio;
    let cube_rest = square.mul_add(ratio, -cube) + square_rest * ratio + square * ratio_rest;
    let relative = ((cube - w) + (cube_rest - w_rest)) / (3.0 * w);
    (relative * entry / ulp(entry)).abs()
}

#[test]
fn legendre_functions_are_exact_to_the_last_bit() {
    let (mut worst, mut count): (f64, usize) = (0.0, 0);
    for (n_theta, lmax) in [(7, 6), (25, 24), (97, 192)] {
        let weights: Vec<_> = exact(&format!("gauss {n_theta} ")).map(|words| decimal(words[2])).collect();
        with_table(n_theta, lmax, |table| {
            assert_eq!(table.lmax, lmax);
            for words in exact(&format!("legendre {n_theta} ")) {
                let at = [0, 1, 2].map(|i| words[i].parse::<usize>().unwrap());
                let ([node, l, m], p) = (at, words[3]);
                let row = (0..m).map(|m| lmax + 1 - m).sum::<usize>() + l - m;
                let entry = table.legendre[row * n_theta.div_ceil(2) + node];
                let (w, p) = (weights[node], if p == "0" { (0.0, 0.0) } else { decimal(p) });
                if p.0.abs() < UNDERFLOW {
                    // Zero exactly, or relative to the table's largest entries, which are about 1.
                    let bound = if p.0 == 0.0 { 0.0 } else { UNDERFLOW * f64::UNIT };
                    assert!((entry - p.0 * w.0.cbrt()).abs() <= bound, "{n_theta} rings {at:?}: {entry:e}");
                } else {
                    let error = ulps_from_product(entry, p, w);
                    assert!(error <= LEGENDRE_ULPS, "{n_theta} rings {at:?}: {entry:e} is {error} ulp off");
                    worst = worst.max(error);
                }
                count += 1;
            }
        });
    }
    assert_eq!(count, exact("legendre ").count());
    std::println!("{count} Legendre functions: worst error {worst:.4} ulp");
}

#[test]
fn azimuth_functions_agree_with_the_standard_library() {
    let mut worst: f64 = 0.0;
    for n_theta in (1..=25).chain([26, 97]) {
        with_table(n_theta, 2 * n_theta, |table| {
            let folded = n_theta.div_ceil(2);
            assert_eq!(table.cosine.len(), folded * (table.lmax + 1));
            for (m, k) in (0..=table.lmax).flat_map(|m| (0..folded).map(move |k| (m, k))) {
                // mφ = turn / n_theta quarter turns: the nearest whole number of them, and at most half a one left.
                let turn = m * (2 * k + 1);
                let quarters = (2 * turn + n_theta) / (2 * n_theta);
                let left = turn as f64 - (quarters * n_theta) as f64;
                let (sin, cos) = (left * core::f64::consts::FRAC_PI_2 / n_theta as f64).sin_cos();
                let (cos, sin) = [(cos, sin), (-sin, cos), (-cos, -sin), (sin, -cos)][quarters % 4];
                // Two mirror images of the meridian φ = π/2, four of every other, 2π / (2 n_theta) each.
                let images = if 2 * k + 1 == n_theta { 2.0 } else { 4.0 };
                let factor = (images * core::f64::consts::PI / n_theta as f64).cbrt();
                let at = m * folded + k;
                for (actual, expected) in [(table.cosine[at], factor * cos), (table.sine[at], factor * sin)] {
                    let (error, bound) =
                        ((actual - expected).abs(), AZIMUTH_ROUNDINGS * f64::UNIT * expected.abs());
                    assert!(
                        error <= bound,
                        "{n_theta} rings, m = {m}, k = {k}: {actual} instead of {expected}"
                    );
                    worst = worst.max(if error == 0.0 { 0.0 } else { error / bound });
                }
            }
        });
    }
    std::println!("azimuth: worst error / bound {worst:.3}");
}
