//! The literal values that `conventions.md` states, of the reference and of every engine.

use core::f64::consts::PI;
use std::vec;
use std::vec::Vec;

use super::support::{execute, levels};
use super::tolerance::{
    BRACKET_ROUNDINGS, GAUNT_ROUNDINGS, ROOT_ROUNDINGS, Roundoff, Terms, reference_harmonics_error, roundings,
};
use crate::{
    Engine, Isa, Layout, Normalization, PlanDesc, Weights, bracket_path_constant, flat_index, n_lm,
    product_path_constant, reference,
};

// Flat indices of the harmonics that are proportional to a coordinate.
const Y: usize = 1;
const Z: usize = 2;
const X: usize = 3;

/// `G(0,0; l,m; l,m) = 1/√4π`.
const G_CONSTANT: f64 = 0.282_094_791_773_878_14;
/// `G(1,0; 1,0; 2,0) = 1/√5π`.
const G_ZZ: f64 = 0.252_313_252_202_016;
/// `G(1,−1; 1,1; 2,−2) = √(15/π)/10`.
const G_XY: f64 = 0.218_509_686_118_415_8;

/// Coefficients that are not zero, by flat index.
type Entries = &'static [(usize, f64)];

/// The products of harmonics of degree 1: factors, and the coefficients that are not zero.
const DEGREE_ONE: [(usize, usize, Entries); 6] = [
    (X, X, &[(0, G_CONSTANT), (6, -0.5 * G_ZZ), (8, G_XY)]),
    (Y, Y, &[(0, G_CONSTANT), (6, -0.5 * G_ZZ), (8, -G_XY)]),
    (Z, Z, &[(0, G_CONSTANT), (6, G_ZZ)]),
    (X, Y, &[(4, G_XY)]),
    (Y, Z, &[(5, G_XY)]),
    (X, Z, &[(7, G_XY)]),
];

/// Every engine on every level.
fn engines() -> impl Iterator<Item = (Engine, Isa)> {
    levels().into_iter().flat_map(|isa| [(Engine::Direct, isa), (Engine::Grid, isa), (Engine::Fourier, isa)])
}

/// Coefficients from the ones that are not zero.
fn sparse(lmax: usize, entries: &[(usize, f64)]) -> Vec<f64> {
    let mut x = vec![0.0; n_lm(lmax)];
    entries.iter().for_each(|&(k, value)| x[k] = value);
    x
}

/// `∫ Y² dΩ` for degree `l`.
fn square_integral(normalization: Normalization, l: usize) -> f64 {
    match normalization {
        Normalization::Integral => 1.0,
        Normalization::Component => 4.0 * PI,
        Normalization::Norm => 4.0 * PI / (2 * l + 1) as f64,
    }
}

/// Every engine on every level, in both element types, multiplies to these coefficients.
fn assert_product(
    normalization: Normalization,
    [l1, l2, l3]: [usize; 3],
    x1: &[f64],
    x2: &[f64],
    expected: &[f64],
) {
    fn check<T: Roundoff>(desc: &PlanDesc, x1: &[f64], x2: &[f64], expected: &[f64]) {
        let cast = |x: &[f64]| x.iter().map(|x| T::from_f64(*x)).collect::<Vec<T>>();
        let out = execute(desc, 1, &cast(x1), &cast(x2), &Weights::default());
        // The bounds refer to coefficients of orthonormal harmonics.
        let factor = |k: usize| square_integral(desc.normalization, k.isqrt()).sqrt();
        let scale = |x: &[f64]| x.iter().enumerate().map(|(k, x)| x * factor(k)).collect::<Vec<_>>();
        let degrees = [desc.lmax1, desc.lmax2, desc.lmax3];
        let sums = Terms::new(desc.engine, degrees).sums(&scale(x1), &scale(x2));
        let unit = roundings(desc.engine, degrees) as f64 * T::UNIT;
        assert_eq!(out.len(), expected.len());
        for (k, ((actual, expected), sum)) in out.iter().zip(expected).zip(sums).enumerate() {
            let error = (actual.to_f64() - expected).abs();
            assert!(error <= unit * sum / factor(k), "{desc:?} out[{k}]: {actual:?} instead of {expected}");
        }
    }
    for (engine, isa) in engines() {
        let mut desc = PlanDesc::product(l1, l2, l3);
        (desc.engine, desc.isa, desc.normalization) = (engine, Some(isa), normalization);
        check::<f32>(&desc, x1, x2, expected);
        check::<f64>(&desc, x1, x2, expected);
    }
}

#[test]
fn flat_indices() {
    let pairs = (0..4_isize).flat_map(|l| (-l..=l).map(move |m| (l.cast_unsigned(), m)));
    let indices: Vec<usize> = pairs.map(|(l, m)| flat_index(l, m)).collect();
    assert_eq!(indices, (0..16).collect::<Vec<_>>());
    assert_eq!((flat_index(1, -1), flat_index(1, 0), flat_index(1, 1)), (Y, Z, X));
    assert_eq!([0, 1, 2, 3].map(n_lm), [1, 4, 9, 16]);
}

#[test]
fn harmonics_to_degree_two() {
    // Normalised: (2, −3, 6) / 7 and so on.
    for [x, y, z] in [[2.0, -3.0, 6.0], [-6.0, 2.0, -3.0], [3.0, 6.0, 2.0]].map(|r| r.map(|r: f64| r / 7.0)) {
        let expected = [
            0.282_094_791_773_878_14,
            0.488_602_511_902_919_9 * y,
            0.488_602_511_902_919_9 * z,
            0.488_602_511_902_919_9 * x,
            1.092_548_430_592_079_2 * x * y,
            1.092_548_430_592_079_2 * y * z,
            0.315_391_565_252_520_05 * (3.0 * z * z - 1.0),
            1.092_548_430_592_079_2 * x * z,
            0.546_274_215_296_039_6 * (x * x - y * y),
        ];
        for scale in [1.0, 5.0] {
            let mut harmonics = [f64::NAN; 9];
            reference::harmonics(2, [scale * x, scale * y, scale * z], &mut harmonics);
            for (k, (actual, expected)) in harmonics.into_iter().zip(expected).enumerate() {
                let error = (actual - expected).abs();
                assert!(
                    error <= reference_harmonics_error(k.isqrt()),
                    "harmonic {k}: {actual} instead of {expected}"
                );
            }
        }
    }
    // The literals are these roots.
    let roots =
        [1.0 / (4.0 * PI), 3.0 / (4.0 * PI), 15.0 / (4.0 * PI), 5.0 / (16.0 * PI), 15.0 / (16.0 * PI)];
    let literals = [
        0.282_094_791_773_878_14,
        0.488_602_511_902_919_9,
        1.092_548_430_592_079_2,
        0.315_391_565_252_520_05,
        0.546_274_215_296_039_6,
    ];
    for (root, literal) in roots.map(f64::sqrt).into_iter().zip(literals) {
        assert!((root - literal).abs() <= ROOT_ROUNDINGS * f64::UNIT * literal, "{root} and {literal}");
    }
}

#[test]
fn gaunt_coefficients_of_the_reference() {
    let assert_close = |actual: f64, expected: f64| {
        let bound = GAUNT_ROUNDINGS * f64::UNIT * expected.abs();
        assert!((actual - expected).abs() <= bound, "{actual} instead of {expected}");
    };
    let degree_order = |k: usize| (k.isqrt(), k.cast_signed() - (k.isqrt() * (k.isqrt() + 1)).cast_signed());
    for (i, j, entries) in DEGREE_ONE {
        let expected = sparse(2, entries);
        for (k, expected) in expected.iter().enumerate() {
            let ((l1, m1), (l2, m2), (l3, m3)) = (degree_order(i), degree_order(j), degree_order(k));
            assert_close(reference::gaunt_coefficient([l1, l2, l3], [m1, m2, m3]), *expected);
        }
        let mut out = [f64::NAN; 9];
        reference::product(1, 1, 2, &sparse(1, &[(i, 1.0)]), &sparse(1, &[(j, 1.0)]), &mut out);
        out.iter().zip(expected).for_each(|(actual, expected)| assert_close(*actual, expected));
    }
    for (l, m) in (0..=20).map(degree_order).chain([(60, -60), (60, 31), (60, 0)]) {
        assert_close(reference::gaunt_coefficient([0, l, l], [0, m, m]), G_CONSTANT);
    }
}

/// `B(1,−1; 1,0; 1,1) = √(3/4π)`, antisymmetric and unchanged by turning: the only brackets of degree 1.
#[test]
fn brackets_of_degree_one() {
    const B_YZX: f64 = 0.488_602_511_902_919_9;
    let bound = BRACKET_ROUNDINGS * f64::UNIT * B_YZX;
    for (f, g, h) in [(Y, Z, X), (Z, X, Y), (X, Y, Z)] {
        let (x1, x2) = (sparse(1, &[(f, 1.0)]), sparse(1, &[(g, 1.0)]));
        for (x1, x2, sign) in [(&x1, &x2, 1.0), (&x2, &x1, -1.0)] {
            let mut out = [f64::NAN; 9];
            reference::bracket(1, 1, 2, x1, x2, &mut out);
            let expected = sparse(2, &[(h, sign * B_YZX)]);
            for (k, (actual, expected)) in out.iter().zip(&expected).enumerate() {
                let bound = if k == h { bound } else { 0.0 };
                assert!((actual - expected).abs() <= bound, "{f} {g} [{k}]: {actual} instead of {expected}");
            }
        }
    }
}

#[test]
fn path_constants() {
    for (actual, literal, square) in [
        (product_path_constant([0, 0, 0]), G_CONSTANT, 1.0 / (4.0 * PI)),
        (product_path_constant([1, 1, 2]), 0.690_988_298_942_671, 3.0 / (2.0 * PI)),
        (bracket_path_constant([1, 1, 1]), 1.196_826_841_204_298, 9.0 / (2.0 * PI)),
    ] {
        assert_eq!(actual, Ok(literal));
        assert!((square.sqrt() - literal).abs() <= ROOT_ROUNDINGS * f64::UNIT * literal, "{literal}");
    }
}

#[test]
fn products_of_degree_one() {
    for (i, j, entries) in DEGREE_ONE {
        let expected = sparse(2, entries);
        for (i, j) in [(i, j), (j, i)] {
            let (x1, x2) = (sparse(1, &[(i, 1.0)]), sparse(1, &[(j, 1.0)]));
            assert_product(Normalization::Integral, [1, 1, 2], &x1, &x2, &expected);
        }
    }
}

/// The constant function 1 has these coefficients, and multiplying by it changes nothing.
#[test]
fn the_constant_function() {
    let x = [0.5, -1.0, 2.0, 0.75, -0.25, 1.5, 3.0, -2.5, 1.0];
    let four_pi_root = 3.544_907_701_811_032;
    for (normalization, one) in
        [(Normalization::Integral, four_pi_root), (Normalization::Component, 1.0), (Normalization::Norm, 1.0)]
    {
        assert_product(normalization, [2, 0, 2], &x, &[one], &x);
        assert_product(normalization, [0, 2, 2], &[one], &x, &x);
    }
}

/// `x² = 1/3 − (3z² − 1)/6 + (x² − y²)/2`, in the harmonics of each normalisation.
#[test]
fn the_square_of_x() {
    let four_pi_root = (4.0 * PI).sqrt();
    let (component, norm) = (
        // Y = 1, √3 x, √5 (3z² − 1)/2, √15 (x² − y²)/2
        (1.0 / 3.0_f64.sqrt(), [1.0 / 3.0, -1.0 / (3.0 * 5.0_f64.sqrt()), 1.0 / 15.0_f64.sqrt()]),
        // Y = 1, x, (3z² − 1)/2, √3 (x² − y²)/2
        (1.0, [1.0 / 3.0, -1.0 / 3.0, 1.0 / 3.0_f64.sqrt()]),
    );
    let integral = (component.0 * four_pi_root, component.1.map(|c| c * four_pi_root));
    for (normalization, (x, [constant, zonal, sectoral])) in [
        (Normalization::Integral, integral),
        (Normalization::Component, component),
        (Normalization::Norm, norm),
    ] {
        let operand = sparse(1, &[(X, x)]);
        let expected = sparse(2, &[(0, constant), (6, zonal), (8, sectoral)]);
        assert_product(normalization, [1, 1, 2], &operand, &operand, &expected);
    }
}

/// The mean of `Y²` over the sphere is `∫ Y² / 4π`.
#[test]
fn square_integrals() {
    for (k, normalization) in (0..16_usize).flat_map(|k| {
        [Normalization::Integral, Normalization::Component, Normalization::Norm].map(|n| (k, n))
    }) {
        let expected = match normalization {
            Normalization::Integral => G_CONSTANT, // 1/4π of the function 1, whose coefficient is √4π
            Normalization::Component => 1.0,
            Normalization::Norm => 1.0 / (2 * k.isqrt() + 1) as f64,
        };
        let operand = sparse(3, &[(k, 1.0)]);
        assert_product(normalization, [3, 3, 0], &operand, &operand, &[expected]);
    }
}

/// A layout with two operands and their product, element by element, for two channels: `x · z` and `z · z`.
type LayoutCase = (Layout, [f64; 8], [f64; 8], [f64; 18]);

#[rustfmt::skip] // columns
const LAYOUTS: [LayoutCase; 3] = [
    // (l, m) (0,0)   (1,−1)  (1,0)   (1,1)
    (Layout::LmChannel,
        [     0., 0., 0., 0., 0., 1., 1., 0.],
        [     0., 0., 0., 0., 1., 1., 0., 0.],
        [     0., G_CONSTANT, 0., 0., 0., 0., 0., 0.,
    //        (2,−2)  (2,−1)  (2,0)     (2,1)     (2,2)
              0., 0., 0., 0., 0., G_ZZ, G_XY, 0., 0., 0.]),
    // channel 0                                  channel 1
    (Layout::ChannelLm,
        [0., 0., 0., 1.,                          0., 0., 1., 0.],
        [0., 0., 1., 0.,                          0., 0., 1., 0.],
        [0., 0., 0., 0., 0., 0., 0., G_XY, 0.,    G_CONSTANT, 0., 0., 0., 0., 0., G_ZZ, 0., 0.]),
    // degree 0           degree 1                  degree 2
    (Layout::E3nnBlocks,
        [0., 0.,          0., 0., 1.,  0., 1., 0.],
        [0., 0.,          0., 1., 0.,  0., 1., 0.],
        [0., G_CONSTANT,  0., 0., 0.,  0., 0., 0.,  0., 0., 0., G_XY, 0.,  0., 0., G_ZZ, 0., 0.]),
];

#[test]
fn layouts() {
    for (engine, isa) in engines() {
        for (layout, x1, x2, expected) in LAYOUTS {
            let mut desc = PlanDesc::product(1, 1, 2);
            (desc.engine, desc.isa, desc.layout, desc.n_channels) = (engine, Some(isa), layout, 2);
            // A second sample follows: the same with the first operand doubled.
            let (x1, x2) = ([x1, x1.map(|x| 2.0 * x)].concat(), [x2, x2].concat());
            let out = execute::<f64>(&desc, 2, &x1, &x2, &Weights::default());
            let expected = [expected, expected.map(|z| 2.0 * z)].concat();
            // Of one coefficient 2 and one coefficient 1.
            let sums = Terms::new(engine, [1, 1, 2]).sums(&sparse(1, &[(X, 2.0)]), &sparse(1, &[(X, 1.0)]));
            let bound = roundings(engine, [1, 1, 2]) as f64 * f64::UNIT * sums.iter().sum::<f64>();
            assert_eq!(out.len(), expected.len());
            for (i, (actual, expected)) in out.iter().zip(&expected).enumerate() {
                let error = (actual - expected).abs();
                assert!(error <= bound, "{desc:?} out[{i}]: {actual} instead of {expected}");
            }
        }
    }
}
