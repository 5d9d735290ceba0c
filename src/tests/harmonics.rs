//! Harmonics of vectors: closed forms, a recurrence in double-double by another route, derivatives, edge cases, batches.
#![allow(clippy::cast_possible_truncation, clippy::cast_possible_wrap)] // degrees

use std::vec;
use std::vec::Vec;

use super::oracle::{array_index, gather};
use super::support::{Random, dirty_lines, levels};
use super::tolerance::{
    Roundoff, harmonics_gradient_roundings, harmonics_roundings, reference_harmonics_error,
};
use crate::tables::DoubleDouble as Dd;
use crate::{
    Error, HarmonicsDesc, HarmonicsKind, Isa, LMAX_HARMONICS, Layout, Normalization, Real, flat_index, n_lm,
};

/// Harmonics by `SciPy`, e3nn and sphericart; `make_harmonics.py` tells the format.
const PEERS: &str = include_str!("../../ffi-tests/vectors/harmonics.txt");

const LAYOUTS: [Layout; 3] = [Layout::LmChannel, Layout::ChannelLm, Layout::E3nnBlocks];
const KINDS: [HarmonicsKind; 2] = [HarmonicsKind::Surface, HarmonicsKind::Solid];
const NORMALIZATIONS: [Normalization; 3] =
    [Normalization::Integral, Normalization::Component, Normalization::Norm];

fn describe(lmax: usize, kind: HarmonicsKind, isa: Isa) -> HarmonicsDesc {
    HarmonicsDesc { kind, isa: Some(isa), ..HarmonicsDesc::new(lmax) }
}

fn values<T: Real>(desc: &HarmonicsDesc, n_samples: usize, xyz: &[T]) -> Vec<T> {
    let mut values = vec![T::from_f64(f64::NAN); desc.lengths(n_samples).unwrap().values];
    let mut workspace = dirty_lines(desc.workspace_len().unwrap());
    desc.values(n_samples, xyz, &mut values, &mut workspace).unwrap();
    values
}

/// The values and their derivatives.
fn gradients<T: Real>(desc: &HarmonicsDesc, n_samples: usize, xyz: &[T]) -> [Vec<T>; 4] {
    let len = desc.lengths(n_samples).unwrap().values;
    let [mut y, mut dx, mut dy, mut dz] = [(); 4].map(|()| vec![T::from_f64(f64::NAN); len]);
    let mut workspace = dirty_lines(desc.workspace_len().unwrap());
    desc.gradients(n_samples, xyz, &mut y, [&mut dx, &mut dy, &mut dz], &mut workspace).unwrap();
    [y, dx, dy, dz]
}

fn vjp<T: Real>(desc: &HarmonicsDesc, n_samples: usize, xyz: &[T], d_values: &[T]) -> Vec<T> {
    let mut d_xyz = vec![T::from_f64(f64::NAN); desc.lengths(n_samples).unwrap().xyz];
    let mut workspace = dirty_lines(desc.workspace_len().unwrap());
    desc.vjp(n_samples, xyz, d_values, &mut d_xyz, &mut workspace).unwrap();
    d_xyz
}

fn cast<T: Real>(values: &[f64]) -> Vec<T> {
    values.iter().map(|value| T::from_f64(*value)).collect()
}

/// Directions everywhere, near the poles, near the equator, where the recurrence changes, and on the axes; exact in
/// `f32`.
fn vectors() -> Vec<[f64; 3]> {
    let mut random = Random(40);
    let mut vectors = vec![
        [1.0, 0.0, 0.0],
        [0.0, -1.0, 0.0],
        [0.0, 0.0, 1.0],
        [0.0, 0.0, -1.0],
        [0.375, -0.5, 0.625],
        [0.375, 0.5, -0.625],
        [1.0, 1.0, 1.0],
    ];
    for (planar, axial) in [(1.0, 1.0), (1.0 / 1024.0, 1.0), (1.0 / 64.0, -1.0), (0.125, 1.0), (1.0, 0.0625)]
    {
        for _ in 0..8 {
            vectors.push([random.value() * planar, random.value() * planar, random.value() * axial]);
        }
    }
    vectors
}

/// Fully normalised associated Legendre functions by the textbook's three-term recurrence, in double-double: what it
/// loses near the poles, `l²` roundings of 2⁻¹⁰⁴, does not matter. Orthonormal, of the direction.
fn exact(lmax: usize, xyz: [Dd; 3]) -> Vec<Dd> {
    let [x, y, z] = xyz;
    let norm = x.mul(x).add(y.mul(y)).add(z.mul(z)).sqrt();
    let [x, y, z] = [x.div(norm), y.div(norm), z.div(norm)];
    let integer = |n: usize| Dd::from_integer(n as u128);
    let (mut cosine, mut sine) = (Dd::ONE, Dd::ZERO);
    let mut diagonal = Dd::ONE.div(Dd::PI.scale(4.0)).sqrt();
    let mut values = vec![Dd::ZERO; n_lm(lmax)];
    for m in 0..=lmax {
        if m > 0 {
            diagonal = diagonal.mul(integer(2 * m + 1).div(integer(2 * m)).sqrt());
            if m == 1 {
                diagonal = diagonal.mul(integer(2).sqrt());
            }
            (cosine, sine) = (cosine.mul(x).sub(sine.mul(y)), cosine.mul(y).add(sine.mul(x)));
        }
        let (mut current, mut previous, mut previous_factor) = (diagonal, Dd::ZERO, Dd::ONE);
        for l in m..=lmax {
            values[l * l + l - m] = current.mul(sine);
            values[l * l + l + m] = current.mul(cosine);
            let factor = integer(4 * (l + 1) * (l + 1) - 1).div(integer((l + 1) * (l + 1) - m * m)).sqrt();
            let next = factor.mul(z.mul(current).sub(previous.div(previous_factor)));
            (previous, current, previous_factor) = (current, next, factor);
        }
    }
    values
}

/// Central differences of [`exact`]: a step of 10⁻⁹ leaves 10⁻¹⁴ of truncation at degree 64, 10⁻²² of rounding.
fn exact_gradients(lmax: usize, xyz: [f64; 3]) -> [Vec<f64>; 3] {
    let norm = xyz.iter().map(|x| x * x).sum::<f64>().sqrt();
    let step = norm * (2.0_f64).powi(-32);
    [0, 1, 2].map(|axis| {
        let shifted = |sign: f64| {
            let mut xyz = xyz.map(Dd::new);
            xyz[axis] = xyz[axis].add(Dd::new(sign * step));
            exact(lmax, xyz)
        };
        let (after, before) = (shifted(1.0), shifted(-1.0));
        after.iter().zip(&before).map(|(a, b)| a.sub(*b).to_f64() / (2.0 * step)).collect()
    })
}

/// The factor from orthonormal harmonics of degree `l`.
fn norm_factor(normalization: Normalization, l: usize) -> f64 {
    let four_pi = 4.0 * core::f64::consts::PI;
    match normalization {
        Normalization::Integral => 1.0,
        Normalization::Component => four_pi.sqrt(),
        Normalization::Norm => (four_pi / (2 * l + 1) as f64).sqrt(),
    }
}

/// `M_l`, the largest value of an orthonormal harmonic of degree `l`.
fn largest(l: usize) -> f64 {
    ((2 * l + 1) as f64 / (4.0 * core::f64::consts::PI)).sqrt()
}

/// Values and gradients of both kinds, every normalisation and level, against the recurrence in double-double.
fn agrees_with_exact<T: Roundoff>() {
    let lmax = LMAX_HARMONICS;
    let vectors = vectors();
    let xyz = cast::<T>(&vectors.concat());
    let (mut worst, mut worst_gradient) = (vec![0.0_f64; lmax + 1], vec![0.0_f64; lmax + 1]);
    let references: Vec<_> = vectors
        .iter()
        .map(|v| {
            let values: Vec<f64> = exact(lmax, v.map(Dd::new)).into_iter().map(Dd::to_f64).collect();
            (values, exact_gradients(lmax, *v))
        })
        .collect();
    for isa in levels() {
        for normalization in NORMALIZATIONS {
            for kind in KINDS {
                let desc = HarmonicsDesc { normalization, ..describe(lmax, kind, isa) };
                let [y, dx, dy, dz] = gradients(&desc, vectors.len(), &xyz);
                assert!(y == values(&desc, vectors.len(), &xyz), "gradients change the values");
                for (i, (vector, (expected, slopes))) in vectors.iter().zip(&references).enumerate() {
                    let norm = vector.iter().map(|x| x * x).sum::<f64>().sqrt();
                    for (l, k) in (0..=lmax).flat_map(|l| (l * l..(l + 1) * (l + 1)).map(move |k| (l, k))) {
                        let factor = norm_factor(normalization, l);
                        let power = if kind == HarmonicsKind::Solid { norm.powi(l as i32) } else { 1.0 };
                        let scale = power * factor * largest(l);
                        let at = i * n_lm(lmax) + k;
                        let error = (y[at].to_f64() - power * factor * expected[k]).abs() / scale / T::UNIT;
                        // Below it, f32 has fewer digits: of p_lm, which is multiplied by up to 4·10¹³.
                        let smallest =
                            if T::NAME == "f32" { 4e13 * f64::from(f32::MIN_POSITIVE) } else { 0.0 };
                        let digits = 1.0 + smallest / scale;
                        let bound = harmonics_roundings(l) * digits;
                        assert!(
                            error <= bound,
                            "{desc:?} {} {vector:?} degree {l}, {k}: {} instead of {}, {error:.1} u > {bound:.1} u",
                            T::NAME,
                            y[at].to_f64(),
                            power * factor * expected[k]
                        );
                        worst[l] = worst[l].max(error / digits);
                        for (axis, derivative) in [&dx, &dy, &dz].into_iter().enumerate() {
                            // ∇(r^l Y) = r^l ∇Y + l r^(l−1) r̂ Y
                            let radial = if kind == HarmonicsKind::Solid {
                                l as f64 * vector[axis] / (norm * norm) * expected[k]
                            } else {
                                0.0
                            };
                            let slope = power * factor * (slopes[axis][k] + radial);
                            let scale = scale * l.max(1) as f64 / norm;
                            let error = (derivative[at].to_f64() - slope).abs() / scale / T::UNIT;
                            let digits = 1.0 + smallest / scale;
                            let bound = harmonics_gradient_roundings(l) * digits;
                            assert!(
                                error <= bound,
                                "{desc:?} {} {vector:?} degree {l}, derivative {axis} of {k}: {} instead of {slope}, \
                                 {error:.1} u > {bound:.1} u",
                                T::NAME,
                                derivative[at].to_f64()
                            );
                            worst_gradient[l] = worst_gradient[l].max(error / digits);
                        }
                    }
                }
            }
        }
    }
    for l in [0, 1, 2, 3, 4, 6, 8, 10, 16, 32, 48, 64] {
        std::println!(
            "{} degree {l}: errors of values {:.1} u, of gradients {:.1} u",
            T::NAME,
            worst[l],
            worst_gradient[l]
        );
    }
}

#[test]
fn values_and_gradients_agree_with_double_double_f32() {
    agrees_with_exact::<f32>();
}

#[test]
fn values_and_gradients_agree_with_double_double_f64() {
    agrees_with_exact::<f64>();
}

/// The polynomials to degree 4, as tables of them list them.
fn closed_forms([x, y, z]: [f64; 3]) -> [f64; 25] {
    let pi = core::f64::consts::PI;
    let [x2, y2, z2] = [x * x, y * y, z * z];
    let r2 = x2 + y2 + z2;
    let root = |numerator: f64, denominator: f64| (numerator / (denominator * pi)).sqrt();
    [
        root(1.0, 4.0),
        root(3.0, 4.0) * y,
        root(3.0, 4.0) * z,
        root(3.0, 4.0) * x,
        root(15.0, 4.0) * x * y,
        root(15.0, 4.0) * y * z,
        root(5.0, 16.0) * (3.0 * z2 - r2),
        root(15.0, 4.0) * x * z,
        root(15.0, 16.0) * (x2 - y2),
        root(35.0, 32.0) * y * (3.0 * x2 - y2),
        root(105.0, 4.0) * x * y * z,
        root(21.0, 32.0) * y * (5.0 * z2 - r2),
        root(7.0, 16.0) * z * (5.0 * z2 - 3.0 * r2),
        root(21.0, 32.0) * x * (5.0 * z2 - r2),
        root(105.0, 16.0) * z * (x2 - y2),
        root(35.0, 32.0) * x * (x2 - 3.0 * y2),
        root(315.0, 16.0) * x * y * (x2 - y2),
        root(315.0, 32.0) * y * z * (3.0 * x2 - y2),
        root(45.0, 16.0) * x * y * (7.0 * z2 - r2),
        root(45.0, 32.0) * y * z * (7.0 * z2 - 3.0 * r2),
        root(9.0, 256.0) * (35.0 * z2 * z2 - 30.0 * z2 * r2 + 3.0 * r2 * r2),
        root(45.0, 32.0) * x * z * (7.0 * z2 - 3.0 * r2),
        root(45.0, 64.0) * (x2 - y2) * (7.0 * z2 - r2),
        root(315.0, 32.0) * x * z * (x2 - 3.0 * y2),
        root(315.0, 256.0) * (x2 * x2 - 6.0 * x2 * y2 + y2 * y2),
    ]
}

#[test]
fn closed_forms_to_degree_4() {
    for isa in levels() {
        for vector in vectors() {
            let expected = closed_forms(vector);
            let solid = values(&describe(4, HarmonicsKind::Solid, isa), 1, &vector);
            let surface = values(&describe(4, HarmonicsKind::Surface, isa), 1, &vector);
            let norm = vector.iter().map(|x| x * x).sum::<f64>().sqrt();
            for (l, k) in (0..=4_usize).flat_map(|l| (l * l..(l + 1) * (l + 1)).map(move |k| (l, k))) {
                let power = norm.powi(l as i32);
                // The closed form's own: some sixteen roundings of terms that are up to 8 times the result's bound.
                let bound = (harmonics_roundings(l) + 128.0) * f64::UNIT * largest(l);
                assert!((solid[k] - expected[k]).abs() <= bound * power, "{isa:?} {vector:?} solid {k}");
                assert!((surface[k] - expected[k] / power).abs() <= bound, "{isa:?} {vector:?} surface {k}");
            }
        }
    }
}

#[test]
fn other_packages_agree() {
    let mut lines = PEERS.lines().skip_while(|line| line.starts_with('#'));
    let numbers =
        |line: &str| -> Vec<f64> { line.split(' ').map(|number| number.parse().unwrap()).collect() };
    let n: usize = lines.next().unwrap().parse().unwrap();
    let vectors: Vec<_> = (0..n).map(|_| numbers(lines.next().unwrap())).collect();
    let mut blocks = 0;
    while let Some(title) = lines.next() {
        let [name, lmax, kind, normalization, derivatives] = *title.split(' ').collect::<Vec<_>>() else {
            panic!("{title}");
        };
        let lmax: usize = lmax.parse().unwrap();
        let kind = if kind == "solid" { HarmonicsKind::Solid } else { HarmonicsKind::Surface };
        let names = ["integral", "component", "norm"];
        let normalization = NORMALIZATIONS[names.iter().position(|n| *n == normalization).unwrap()];
        for vector in &vectors {
            let expected: Vec<_> =
                (0..if derivatives == "1" { 4 } else { 1 }).map(|_| numbers(lines.next().unwrap())).collect();
            let norm = vector.iter().map(|x| x * x).sum::<f64>().sqrt();
            for isa in levels() {
                let desc = HarmonicsDesc { normalization, ..describe(lmax, kind, isa) };
                let got = gradients(&desc, 1, vector);
                for (array, expected) in expected.iter().enumerate() {
                    assert_eq!(expected.len(), n_lm(lmax));
                    for (k, expected) in expected.iter().enumerate() {
                        let l = k.isqrt();
                        let power = if kind == HarmonicsKind::Solid { norm.powi(l as i32) } else { 1.0 };
                        let scale = norm_factor(normalization, l) * largest(l) * power * f64::UNIT;
                        // Ours, and that of the textbook's recurrence, or of angles near the poles.
                        let textbook = reference_harmonics_error(l) / largest(l) / f64::UNIT;
                        let bound = if array == 0 {
                            scale * (harmonics_roundings(l) + textbook)
                        } else {
                            scale * (harmonics_gradient_roundings(l) + 3.0 * textbook) * l as f64 / norm
                        };
                        let error = (got[array][k] - expected).abs();
                        assert!(
                            error <= bound,
                            "{name} {desc:?} {vector:?} array {array}, {k}: {} instead of {expected}",
                            got[array][k]
                        );
                    }
                }
            }
        }
        blocks += 1;
    }
    assert_eq!(blocks, 7);
}

/// `r · ∇R = l R` for solid harmonics, `r · ∇Y = 0` for the direction's.
fn euler<T: Roundoff>() {
    let lmax = 20;
    for isa in levels() {
        for kind in KINDS {
            for vector in vectors() {
                let [y, dx, dy, dz] = gradients(&describe(lmax, kind, isa), 1, &cast::<T>(&vector));
                let norm = vector.iter().map(|x| x * x).sum::<f64>().sqrt();
                for (l, k) in (0..=lmax).flat_map(|l| (l * l..(l + 1) * (l + 1)).map(move |k| (l, k))) {
                    let along: f64 = [&dx, &dy, &dz].iter().zip(vector).map(|(d, x)| d[k].to_f64() * x).sum();
                    let (power, expected) = match kind {
                        HarmonicsKind::Solid => (norm.powi(l as i32), l as f64 * y[k].to_f64()),
                        HarmonicsKind::Surface => (1.0, 0.0),
                    };
                    // Three derivatives, and `l` times the value.
                    let bound = 3.0_f64.sqrt() * harmonics_gradient_roundings(l) + harmonics_roundings(l);
                    let bound = bound * l.max(1) as f64 * largest(l) * T::UNIT * power;
                    assert!((along - expected).abs() <= bound, "{isa:?} {kind:?} {vector:?} {k}");
                }
            }
        }
    }
}

#[test]
fn gradients_obey_euler() {
    euler::<f32>();
    euler::<f64>();
}

/// Central differences of the `f64` kernel itself: with a step of 2⁻¹⁸ the truncation is about `(l h)² / 6` of the
/// derivative, the rounding `8 (l + 1) u / h`.
#[test]
fn gradients_are_finite_differences() {
    let (lmax, step) = (12, (2.0_f64).powi(-18));
    for isa in levels() {
        for kind in KINDS {
            let desc = describe(lmax, kind, isa);
            for vector in [[0.3, -0.8, 0.6], [0.0625, 0.03125, -1.0], [0.8, 0.55, 0.125]] {
                let slopes = gradients(&desc, 1, &vector);
                for axis in 0..3 {
                    let [after, before] = [step, -step].map(|step| {
                        let mut vector = vector;
                        vector[axis] += step;
                        values(&desc, 1, &vector)
                    });
                    for k in 0..n_lm(lmax) {
                        let difference = (after[k] - before[k]) / (2.0 * step);
                        let l = k.isqrt() as f64;
                        let truncation = (l + 1.0).powi(3) * step * step;
                        let rounding = harmonics_roundings(k.isqrt()) * f64::UNIT / step;
                        let bound = 2.0 * largest(k.isqrt()) * (truncation + rounding);
                        let error = (difference - slopes[1 + axis][k]).abs();
                        assert!(error <= bound, "{desc:?} {vector:?} {axis} {k}: {error:.1e} > {bound:.1e}");
                    }
                }
            }
        }
    }
}

/// The vjp is the transpose of the derivative.
fn transposed<T: Roundoff>() {
    let mut random = Random(8);
    for isa in levels() {
        for (kind, normalization) in KINDS.into_iter().zip([Normalization::Component, Normalization::Norm]) {
            for lmax in [0, 1, 2, 3, 5, 8, 13, 30, LMAX_HARMONICS] {
                for (layout, n_channels) in LAYOUTS.into_iter().zip([1, 5, 3]) {
                    let desc =
                        HarmonicsDesc { n_channels, layout, normalization, ..describe(lmax, kind, isa) };
                    let n_samples = 7;
                    let lengths = desc.lengths(n_samples).unwrap();
                    let xyz: Vec<T> = random.values(lengths.xyz);
                    let d_values: Vec<T> = random.values(lengths.values);
                    let [_, derivatives @ ..] = gradients(&desc, n_samples, &xyz);
                    let d_xyz = vjp(&desc, n_samples, &xyz, &d_values);
                    for (sample, channel) in (0..n_samples).flat_map(|s| (0..n_channels).map(move |c| (s, c)))
                    {
                        let at = (sample, channel);
                        let g = gather(&d_values, layout, lmax, n_channels, at);
                        let start = 3 * (sample * n_channels + channel);
                        let vector = [0, 1, 2].map(|axis| xyz[start + axis].to_f64());
                        let norm = vector.iter().map(|x| x * x).sum::<f64>().sqrt();
                        let power = |l: usize| {
                            if kind == HarmonicsKind::Solid { norm.powi(l as i32) } else { 1.0 }
                        };
                        // Errors of the derivatives, and the roundings of the sum itself: three per degree and order.
                        let bound: f64 = (0..=lmax)
                            .map(|l| {
                                let size: f64 = g[l * l..(l + 1) * (l + 1)].iter().map(|g| g.abs()).sum();
                                let roundings = 2.0 * harmonics_gradient_roundings(l) + (4 * lmax + 8) as f64;
                                let scale = norm_factor(normalization, l) * largest(l) * power(l) / norm;
                                2.0 * roundings * l as f64 * scale * size * T::UNIT
                            })
                            .sum();
                        for (axis, derivative) in derivatives.iter().enumerate() {
                            let derivative = gather(derivative, layout, lmax, n_channels, at);
                            let expected: f64 = derivative.iter().zip(&g).map(|(d, g)| d * g).sum();
                            let error = (d_xyz[start + axis].to_f64() - expected).abs();
                            assert!(error <= bound, "{desc:?} {at:?} {axis}: {error:.1e} > {bound:.1e}");
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn vjp_is_the_transposed_derivative() {
    transposed::<f32>();
    transposed::<f64>();
}

/// What is symmetric under a mirror has the same bits, what is antisymmetric the negative ones.
fn mirrors<T: Roundoff>() {
    let lmax = 9;
    for isa in levels() {
        for kind in KINDS {
            let desc = describe(lmax, kind, isa);
            for [x, y, z] in vectors() {
                let of = |vector: [f64; 3]| gradients(&desc, 1, &cast::<T>(&vector));
                let original = of([x, y, z]);
                let mirrored = [of([-x, y, z]), of([x, -y, z]), of([x, y, -z])];
                let exchanged = of([y, x, z]);
                for (l, m) in
                    (0..=lmax).flat_map(|l| (-l.cast_signed()..=l.cast_signed()).map(move |m| (l, m)))
                {
                    let (k, sine, odd) = (flat_index(l, m), m < 0, m % 2 != 0);
                    // cos mφ and sin mφ under φ → π − φ and φ → −φ, P_lm under z → −z.
                    let odd_in = [sine != odd, sine, (l + m.unsigned_abs()) % 2 == 1];
                    for (mirror, mirrored) in mirrored.iter().enumerate() {
                        for array in 0..4 {
                            let negative = odd_in[mirror] != (array == mirror + 1);
                            let value = original[array][k].to_f64();
                            let expected = if negative { -value } else { value };
                            assert!(
                                mirrored[array][k].to_f64() == expected,
                                "{desc:?} {:?} mirror {mirror} array {array} ({l}, {m})",
                                [x, y, z]
                            );
                        }
                    }
                    // φ → π/2 − φ: cos mφ becomes cos(mπ/2) cos mφ + sin(mπ/2) sin mφ, and so on.
                    let quarter = m.unsigned_abs() % 4;
                    let other = if odd { flat_index(l, -m) } else { k };
                    let negative = match (sine, quarter) {
                        (false, 2 | 3) | (true, 0 | 3) => m != 0,
                        _ => false,
                    };
                    let value = original[0][other].to_f64();
                    assert!(
                        exchanged[0][k].to_f64() == if negative { -value } else { value },
                        "{desc:?} {:?} exchanged ({l}, {m})",
                        [x, y, z]
                    );
                }
            }
        }
    }
}

#[test]
fn mirror_images_have_the_same_bits() {
    mirrors::<f32>();
    mirrors::<f64>();
}

/// Zero, denormal and huge vectors: what the documentation promises.
fn extreme_vectors<T: Roundoff>(tiny: f64, huge: f64) {
    let lmax = 6;
    let ones = vec![T::from_f64(1.0); n_lm(lmax)];
    for isa in levels() {
        let surface = describe(lmax, HarmonicsKind::Surface, isa);
        let solid = describe(lmax, HarmonicsKind::Solid, isa);
        for zero in [[0.0; 3], [-0.0; 3], [0.0, -0.0, 0.0]] {
            let zero = cast::<T>(&zero);
            for desc in [&surface, &solid] {
                let [y, dx, dy, dz] = gradients(desc, 1, &zero);
                assert!(
                    (y[0].to_f64() - closed_forms([0.0; 3])[0]).abs() <= T::UNIT,
                    "{desc:?}: Y_00 at zero"
                );
                assert!(y[1..].iter().all(|y| y.to_f64() == 0.0), "{desc:?} at zero: {y:?}");
                let slope = if desc.kind == HarmonicsKind::Solid {
                    (3.0 / 4.0 / core::f64::consts::PI).sqrt()
                } else {
                    0.0
                };
                for (k, derivatives) in dx.iter().zip(&dy).zip(&dz).enumerate() {
                    let ((dx, dy), dz) = derivatives;
                    let expected = [3, 1, 2].map(|of| if of == k { slope } else { 0.0 });
                    for (got, expected) in [dx, dy, dz].into_iter().zip(expected) {
                        let bound = harmonics_gradient_roundings(1) * T::UNIT * expected;
                        assert!(
                            (got.to_f64() - expected).abs() <= bound,
                            "{desc:?} derivatives of {k} at zero"
                        );
                    }
                }
                let d_xyz = vjp(desc, 1, &zero, &ones);
                assert!(
                    d_xyz.iter().all(|d| (d.to_f64() - slope).abs() <= 40.0 * T::UNIT * slope),
                    "{desc:?} vjp at zero: {d_xyz:?}"
                );
            }
        }
        // A vector of any size has the harmonics of its direction: multiples of a power of two, with the same bits.
        for direction in [[0.5, -0.75, 1.0], [1.0, -0.75, 0.5], [0.25, 0.0, 1.0], [-0.5, 1.0, 0.0]] {
            let expected = values(&surface, 1, &cast::<T>(&direction));
            for size in [tiny, tiny * 1024.0, (2.0_f64).powi(-75), (2.0_f64).powi(63), huge / 1024.0, huge] {
                let vector = cast::<T>(&direction.map(|x| x * size));
                assert!(values(&surface, 1, &vector) == expected, "{direction:?} times {size:e}");
                let [_, slopes @ ..] = gradients(&surface, 1, &vector);
                assert!(
                    slopes.concat().iter().all(|d| d.to_f64().is_finite()),
                    "{direction:?} times {size:e}"
                );
                assert!(vjp(&surface, 1, &vector, &ones).iter().all(|d| d.to_f64().is_finite()));
                // Solid: degree 1 is representable wherever the vector is.
                let degree_1 = describe(1, HarmonicsKind::Solid, isa);
                let [y, dx, dy, dz] = gradients(&degree_1, 1, &vector);
                let factor = (3.0 / 4.0 / core::f64::consts::PI).sqrt();
                for (k, axis) in [(1, 1), (2, 2), (3, 0)] {
                    let x = vector[axis].to_f64();
                    // Rounded to denormal numbers, if it is one.
                    let bound = 16.0 * T::UNIT * factor * size + 2.0 * tiny;
                    assert!(
                        (y[k].to_f64() - factor * x).abs() <= bound,
                        "{direction:?} times {size:e}: {y:?}"
                    );
                    let slope = [&dx, &dy, &dz][axis][k].to_f64();
                    assert!((slope - factor).abs() <= harmonics_gradient_roundings(1) * T::UNIT, "{slope}");
                }
            }
        }
        // Gradients of the direction's harmonics go as 1 / |r| where that can be.
        for size in [(2.0_f64).powi(-90), (2.0_f64).powi(90)] {
            let direction = [0.5, -0.75, 1.0];
            let [_, near @ ..] = gradients(&surface, 1, &cast::<T>(&direction));
            let [_, far @ ..] = gradients(&surface, 1, &cast::<T>(&direction.map(|x| x * size)));
            for (near, far) in near.concat().iter().zip(far.concat()) {
                let error = (near.to_f64() - far.to_f64() * size).abs();
                assert!(error <= 4.0 * T::UNIT * near.to_f64().abs(), "1 / |r| at {size:e}");
            }
        }
    }
}

#[test]
fn zero_denormal_and_huge_vectors_f32() {
    extreme_vectors::<f32>((2.0_f64).powi(-146), (2.0_f64).powi(127));
}

#[test]
fn zero_denormal_and_huge_vectors_f64() {
    extreme_vectors::<f64>((2.0_f64).powi(-1022) / 1024.0, (2.0_f64).powi(1023));
}

/// Sizes around the vector widths (1 to 16 lanes).
const SIZES: [usize; 16] = [0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 35];

/// Every vector of a batch has, in every layout, the bits that it has alone.
fn split_does_not_matter<T: Roundoff>() {
    for isa in levels() {
        for (kind, layout) in KINDS.into_iter().flat_map(|kind| LAYOUTS.map(|layout| (kind, layout))) {
            for (size, lmax) in SIZES.into_iter().flat_map(|size| [0, 1, 2, 5].map(|lmax| (size, lmax))) {
                for (n_samples, n_channels) in [(size, 1), (1, size), (size, 3), (3, 16)] {
                    let desc = HarmonicsDesc { n_channels, layout, ..describe(lmax, kind, isa) };
                    let single = describe(lmax, kind, isa);
                    let lengths = desc.lengths(n_samples).unwrap();
                    let mut random = Random(size as u64);
                    let (xyz, d_values): (Vec<T>, Vec<T>) =
                        (random.values(lengths.xyz), random.values(lengths.values));
                    assert_eq!(lengths.xyz, 3 * n_samples * n_channels);
                    let outputs = gradients(&desc, n_samples, &xyz);
                    let only_values = values(&desc, n_samples, &xyz);
                    assert!(only_values == outputs[0], "{desc:?}");
                    let d_xyz = vjp(&desc, n_samples, &xyz, &d_values);
                    for (sample, channel) in (0..n_samples).flat_map(|s| (0..n_channels).map(move |c| (s, c)))
                    {
                        let pick = |array: &[T]| -> Vec<T> {
                            let of_degree = |l: usize| (0..=2 * l).map(move |i| (sample, channel, l, i));
                            let indices = (0..=lmax).flat_map(of_degree);
                            indices.map(|at| array[array_index(layout, lmax, n_channels, at)]).collect()
                        };
                        let coordinates = 3 * (sample * n_channels + channel)..;
                        let vector = &xyz[coordinates.clone()][..3];
                        let alone = gradients(&single, 1, vector);
                        for (alone, array) in alone.iter().zip(&outputs) {
                            assert!(*alone == pick(array), "{desc:?} {n_samples} samples");
                        }
                        let alone = vjp(&single, 1, vector, &pick(&d_values));
                        assert!(alone == d_xyz[coordinates][..3], "{desc:?} {n_samples} samples, vjp");
                    }
                }
            }
        }
    }
}

#[test]
fn split_does_not_matter_f32() {
    split_does_not_matter::<f32>();
}

#[test]
fn split_does_not_matter_f64() {
    split_does_not_matter::<f64>();
}

/// Batches longer than what goes through the kernels together.
#[test]
fn long_batches_are_their_parts() {
    for isa in levels() {
        for lmax in [1, 4] {
            let desc = describe(lmax, HarmonicsKind::Surface, isa);
            let n = 2500;
            let xyz = Random(3).values::<f32>(3 * n);
            let d_values = Random(4).values::<f32>(n * n_lm(lmax));
            let whole = (gradients(&desc, n, &xyz), vjp(&desc, n, &xyz, &d_values));
            for (part, xyz) in xyz.chunks(3 * 100).enumerate() {
                let of = |array: &[f32], len: usize| array[part * 100 * len..(part + 1) * 100 * len].to_vec();
                for (part, array) in gradients(&desc, 100, xyz).iter().zip(&whole.0) {
                    assert!(*part == of(array, n_lm(lmax)), "{desc:?}");
                }
                assert!(vjp(&desc, 100, xyz, &of(&d_values, n_lm(lmax))) == of(&whole.1, 3), "{desc:?}");
            }
        }
    }
}

#[test]
fn alignment_of_user_arrays_does_not_matter() {
    for isa in levels() {
        for layout in LAYOUTS {
            let desc = HarmonicsDesc { n_channels: 16, layout, ..describe(3, HarmonicsKind::Surface, isa) };
            let lengths = desc.lengths(2).unwrap();
            let (xyz, d_values) =
                (Random(5).values::<f32>(lengths.xyz), Random(6).values::<f32>(lengths.values));
            let (expected, expected_vjp) = (values(&desc, 2, &xyz), vjp(&desc, 2, &xyz, &d_values));
            let mut workspace = dirty_lines(desc.workspace_len().unwrap());
            for shift in 1..4 {
                let shifted = |x: &[f32]| [&vec![0.5; shift], x].concat();
                let (xyz, d_values) = (shifted(&xyz), shifted(&d_values));
                let (xyz, d_values) = (&xyz[shift..], &d_values[shift..]);
                let mut out = vec![f32::NAN; lengths.values + shift];
                desc.values(2, xyz, &mut out[shift..], &mut workspace).unwrap();
                assert!(out[shift..] == expected, "{desc:?} shifted by {shift} elements");
                let mut out = vec![f32::NAN; lengths.xyz + shift];
                desc.vjp(2, xyz, d_values, &mut out[shift..], &mut workspace).unwrap();
                assert!(out[shift..] == expected_vjp, "{desc:?} shifted by {shift} elements");
            }
        }
    }
}

#[test]
fn a_broken_vector_stays_alone() {
    let n = 35;
    let cases = levels().into_iter().flat_map(|isa| KINDS.map(|kind| (isa, kind)));
    for ((isa, kind), lmax) in cases.flat_map(|case| [1, 3].map(|lmax| (case, lmax))) {
        let desc = describe(lmax, kind, isa);
        let clean = Random(7).values::<f64>(3 * n);
        let d_values = Random(9).values::<f64>(n * n_lm(lmax));
        let (expected, expected_vjp) = (gradients(&desc, n, &clean), vjp(&desc, n, &clean, &d_values));
        for (axis, value) in [0, 1, 2].into_iter().flat_map(|a| [f64::NAN, f64::INFINITY].map(|v| (a, v))) {
            for broken in [0, 4, n - 1] {
                let mut xyz = clean.clone();
                xyz[3 * broken + axis] = value;
                let outputs = gradients(&desc, n, &xyz);
                let d_xyz = vjp(&desc, n, &xyz, &d_values);
                for i in 0..n {
                    for (array, expected) in outputs.iter().zip(&expected) {
                        let of = |array: &[f64]| array[i * n_lm(lmax)..(i + 1) * n_lm(lmax)].to_vec();
                        assert!(i == broken || of(array) == of(expected), "{desc:?}: {i} is touched");
                    }
                    assert!(i == broken || d_xyz[3 * i..3 * i + 3] == expected_vjp[3 * i..3 * i + 3]);
                }
                // Some value of every degree tells.
                let of = |array: &[f64]| array[broken * n_lm(lmax)..(broken + 1) * n_lm(lmax)].to_vec();
                for l in 1..=lmax {
                    assert!(
                        of(&outputs[0])[l * l..(l + 1) * (l + 1)].iter().any(|y| !y.is_finite()),
                        "{desc:?} hides {value} in degree {l}"
                    );
                }
                // (Gradients of solid harmonics of degree 1 are constant.)
                let told = d_xyz[3 * broken..3 * broken + 3].iter().any(|d| !d.is_finite());
                assert!(told || (lmax, kind) == (1, HarmonicsKind::Solid), "{desc:?} vjp");
            }
        }
    }
}

#[test]
fn what_cannot_be_done_is_refused_and_nothing_is_written() {
    let desc = HarmonicsDesc { n_channels: 2, ..HarmonicsDesc::new(2) };
    let lengths = desc.lengths(3).unwrap();
    assert_eq!((lengths.xyz, lengths.values), (18, 54));
    let (xyz, values) = (vec![0.5_f32; 19], vec![0.5_f32; 55]);
    let mut lines = dirty_lines(desc.workspace_len().unwrap());
    let mismatch = |array, expected, received| Err(Error::LengthMismatch { array, expected, received });
    let mut out = vec![7.0_f32; 55];
    let [mut dx, mut dy, mut dz] = [(); 3].map(|()| vec![7.0_f32; 55]);

    assert_eq!(desc.values(3, &xyz, &mut out[..54], &mut lines), mismatch("xyz", 18, 19));
    assert_eq!(desc.values(3, &xyz[..18], &mut out[..53], &mut lines), mismatch("values", 54, 53));
    for (i, name) in ["dx", "dy", "dz"].into_iter().enumerate() {
        let mut derivatives = [&mut dx[..54], &mut dy[..54], &mut dz[..54]];
        let short = core::mem::take(&mut derivatives[i]);
        derivatives[i] = &mut short[..53];
        let result = desc.gradients(3, &xyz[..18], &mut out[..54], derivatives, &mut lines);
        assert_eq!(result, mismatch(name, 54, 53));
    }
    assert_eq!(desc.vjp(3, &xyz[..18], &values, &mut out[..18], &mut lines), mismatch("d_values", 54, 55));
    assert_eq!(desc.vjp(3, &xyz[..18], &values[..54], &mut out[..17], &mut lines), mismatch("d_xyz", 18, 17));
    let (expected, received) = (lines.len(), lines.len() - 1);
    let short = Err(Error::StorageTooSmall { expected, received });
    assert_eq!(desc.values(3, &xyz[..18], &mut out[..54], &mut lines[1..]), short);

    let beyond = HarmonicsDesc { lmax: LMAX_HARMONICS + 1, ..desc };
    assert_eq!(beyond.lengths(1), Err(Error::Unsupported));
    assert_eq!(beyond.workspace_len(), Err(Error::Unsupported));
    assert_eq!(beyond.values(3, &xyz[..18], &mut out[..54], &mut lines), Err(Error::Unsupported));
    let huge = HarmonicsDesc { n_channels: usize::MAX / 2, ..HarmonicsDesc::new(0) };
    assert_eq!(huge.lengths(1), Err(Error::Overflow)); // the vectors; the values would fit
    assert_eq!(HarmonicsDesc::new(3).lengths(usize::MAX / 8), Err(Error::Overflow));
    assert!([out, dx, dy, dz].concat().iter().all(|x| *x == 7.0));

    for empty in [HarmonicsDesc { n_channels: 0, ..desc }, desc] {
        let n_samples = if empty.n_channels == 0 { 5 } else { 0 };
        let mut nothing: [&mut [f64]; 5] = Default::default();
        let [y, dx, dy, dz, d_xyz] = &mut nothing;
        assert_eq!(empty.values(n_samples, &[], y, &mut lines), Ok(()));
        assert_eq!(empty.gradients(n_samples, &[], y, [dx, dy, dz], &mut lines), Ok(()));
        assert_eq!(empty.vjp(n_samples, &[], &[], d_xyz, &mut lines), Ok(()));
    }
}

/// The constants against exact quotients of factorials.
#[test]
fn peaks_are_values_of_derivatives_at_the_pole() {
    let table = crate::tables::Constants::harmonics_table();
    let table: &crate::tables::harmonics::HarmonicsTable<f64> = table;
    let mut largest: f64 = 0.0;
    for (per_degree, l) in [false, true].into_iter().flat_map(|n| (0..=LMAX_HARMONICS).map(move |l| (n, l))) {
        for m in 0..=l {
            // (2) (2l + 1) Π (l − m + 1 … l + m) / Π (2k)², factor by factor.
            let mut square = Dd::new(if per_degree { 1.0 } else { (2 * l + 1) as f64 });
            for k in 1..=m {
                square = square.scale(((l + k) * (l + 1 - k)) as f64).div(Dd::new((4 * k * k) as f64));
            }
            let expected = square.scale(if m > 0 { 2.0 } else { 1.0 }).sqrt().to_f64();
            let got = *table.norms(per_degree).peaks(m, l).unwrap().last().unwrap();
            assert!((got - expected).abs() <= expected * f64::UNIT, "peak ({l}, {m})");
            largest = largest.max(got);
        }
    }
    assert!((3e13..4e13).contains(&largest), "{largest:e}");
}
