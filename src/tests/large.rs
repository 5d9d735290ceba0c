//! Degrees beyond the constant tables, up to the largest.

use core::f64::consts::{PI, TAU};
use std::vec;
use std::vec::Vec;

use super::support::{Random, dirty_lines, execute, levels};
use super::tolerance::{
    Roundoff, Terms, gauss_legendre, reference_harmonics_error, roundings, terms_bound, textbook_roundings,
};
use crate::isa::Level;
use crate::lanes::cast;
use crate::{CacheLine, Engine, Isa, LMAX_INPUT, Plan, PlanDesc, Weights, flat_index, n_lm, reference};

/// The two operands of one channel.
type Operands = [Vec<f64>; 2];

/// The highest level, for the largest degrees.
fn best_level() -> Isa {
    levels().into_iter().max().unwrap()
}

/// Executes a plan with these operands as channels and returns the outputs.
fn product<T: Roundoff>(
    engine: Engine,
    isa: Isa,
    [l1, l2, l3]: [usize; 3],
    channels: &[Operands],
) -> Vec<Vec<f64>> {
    let mut desc = PlanDesc::product(l1, l2, l3);
    (desc.isa, desc.engine, desc.n_channels) = (Some(isa), engine, channels.len());
    let interleaved = |which: usize, lmax: usize| -> Vec<T> {
        (0..n_lm(lmax)).flat_map(|i| channels.iter().map(move |x| T::from_f64(x[which][i]))).collect()
    };
    let out = execute(&desc, 1, &interleaved(0, l1), &interleaved(1, l2), &Weights::default());
    (0..channels.len())
        .map(|c| out[c..].iter().step_by(channels.len()).map(|z| z.to_f64()).collect())
        .collect()
}

#[allow(clippy::cast_possible_truncation)] // smaller than n
fn below(n: usize, random: &mut Random) -> usize {
    (random.bits() % n as u64) as usize
}

/// All `(l, m)` of degrees `0..=lmax`.
fn degrees_and_orders(lmax: usize) -> impl Iterator<Item = (usize, isize)> {
    (0..=lmax.cast_signed()).flat_map(|l| (-l..=l).map(move |m| (l.cast_unsigned(), m)))
}

/// The reference itself, at the degrees that the other tests rely on: `Σ_m Y_lm² = (2l + 1) / 4π` everywhere.
#[test]
fn reference_harmonics_are_stable() {
    const LMAX: usize = 2 * LMAX_INPUT;
    let (mut y, mut random, mut worst) = (vec![0.0; n_lm(LMAX)], Random(31), 0.0_f64);
    let mut directions = vec![[0.0, 0.0, 1.0], [0.0, 0.0, -1.0], [1.0, 0.0, 0.0], [0.0, -1.0, 0.0]];
    directions.extend([1e-300, 1e-9, 1e-3, 0.03].map(|distance| [distance, -0.5 * distance, -1.0]));
    directions.extend((0..4).map(|_| [random.value(), random.value(), random.value()]));
    for direction in directions {
        reference::harmonics(LMAX, direction, &mut y);
        for l in 0..=LMAX {
            let sum: f64 = y[l * l..n_lm(l)].iter().map(|y| y * y).sum();
            let amplitude = y[l * l..n_lm(l)].iter().map(|y| y.abs()).sum::<f64>();
            let expected = (2 * l + 1) as f64 / (4.0 * PI);
            let bound =
                2.0 * reference_harmonics_error(l) * amplitude + (2 * l + 3) as f64 * f64::UNIT * expected;
            assert!((sum - expected).abs() <= bound, "{direction:?} l = {l}: {sum} instead of {expected}");
            worst = worst.max((sum - expected).abs() / bound);
        }
    }
    std::println!("Σ Y²: worst error / bound {worst:.1e}");
}

/// The product by quadrature as a textbook has it: all points, plain weights, nodes and harmonics in `f64`. For every
/// channel the coefficients and the sums of absolute values of the terms, as `GridTerms` defines them.
fn textbook(degrees @ [l1, l2, l3]: [usize; 3], channels: &[Operands]) -> Vec<[Vec<f64>; 2]> {
    /// `Σ_lm x_lm P̄_lm t_m(φ)` along a ring.
    fn ring(x: &[f64], lmax: usize, legendre: &[f64], azimuth: &[Vec<f64>]) -> Vec<f64> {
        let mut orders = vec![0.0; azimuth.len()];
        for l in 0..=lmax {
            let terms = x[l * l..n_lm(l)].iter().zip(&legendre[l * l..n_lm(l)]);
            orders[azimuth.len() / 2 - l..].iter_mut().zip(terms).for_each(|(sum, (x, p))| *sum += x * p);
        }
        let mut values = vec![0.0; azimuth[0].len()];
        for (sum, along) in orders.iter().zip(azimuth).filter(|(sum, _)| **sum != 0.0) {
            values.iter_mut().zip(along).for_each(|(value, t)| *value += sum * t);
        }
        values
    }
    let lmax = l1.max(l2).max(l3);
    let n_theta = degrees.iter().sum::<usize>() / 2 + 1;
    let n_phi = 2 * n_theta;
    let phi = |k: usize| TAU * (k as f64 + 0.5) / n_phi as f64;
    let azimuth: Vec<Vec<f64>> = (-lmax.cast_signed()..=lmax.cast_signed())
        .map(|m| {
            let angle = |k| phi(k) * m.unsigned_abs() as f64;
            (0..n_phi).map(|k| if m < 0 { angle(k).sin() } else { angle(k).cos() }).collect()
        })
        .collect();
    let absolute = |x: &[f64]| x.iter().map(|x| x.abs()).collect::<Vec<f64>>();
    let azimuths = [azimuth.clone(), azimuth.iter().map(|along| absolute(along)).collect()];
    let mut results = vec![[vec![0.0; n_lm(l3)], vec![0.0; n_lm(l3)]]; channels.len()];
    for (cos, weight) in gauss_legendre(n_theta) {
        // On the meridian φ = 0 the cosine harmonics are the Legendre functions; the sines' ones are the same.
        let mut legendre = vec![0.0; n_lm(lmax)];
        reference::harmonics(lmax, [(1.0 - cos * cos).sqrt(), 0.0, cos], &mut legendre);
        for (l, m) in degrees_and_orders(lmax).filter(|(_, m)| *m < 0) {
            legendre[flat_index(l, m)] = legendre[flat_index(l, -m)];
        }
        let legendres = [legendre.clone(), absolute(&legendre)];
        for ([x1, x2], result) in channels.iter().zip(&mut results) {
            let operands = [[x1.clone(), x2.clone()], [absolute(x1), absolute(x2)]];
            for (((azimuth, legendre), [x1, x2]), out) in
                azimuths.iter().zip(&legendres).zip(&operands).zip(result)
            {
                let (f, g) = (ring(x1, l1, legendre, azimuth), ring(x2, l2, legendre, azimuth));
                let area = weight * TAU / n_phi as f64;
                let product: Vec<f64> = f.iter().zip(&g).map(|(f, g)| area * f * g).collect();
                let integral = |along: &Vec<f64>| product.iter().zip(along).map(|(value, t)| value * t).sum();
                let orders: Vec<f64> = azimuth[lmax - l3..=lmax + l3].iter().map(integral).collect();
                for l in 0..=l3 {
                    let terms = orders[l3 - l..].iter().zip(&legendre[l * l..n_lm(l)]);
                    out[l * l..].iter_mut().zip(terms).for_each(|(out, (f, p))| *out += f * p);
                }
            }
        }
    }
    results
}

/// A channel of sparse operands and, in `f64`, one of dense operands: in `f32` the worst case of that many terms is
/// larger than the product. Prints the worst ratio of error to bound.
fn agrees_with_the_textbook<T: Roundoff>(degrees @ [l1, l2, _]: [usize; 3], levels: &[Isa]) {
    let mut random = Random(41);
    // The last degree's zonal, sectoral and one other harmonic, and one of any degree.
    let mut sparse = |lmax: usize| {
        let sectoral = lmax.cast_signed();
        let last = [0, sectoral, -sectoral].map(|m| flat_index(lmax, m));
        let others = [lmax * lmax + below(2 * lmax + 1, &mut random), below(n_lm(lmax), &mut random)];
        let mut x = vec![0.0; n_lm(lmax)];
        last.into_iter().chain(others).zip([1.0, -1.0, 0.75, 0.5, -0.5]).for_each(|(k, value)| x[k] = value);
        x
    };
    let mut channels = vec![[sparse(l1), sparse(l2)]];
    if T::UNIT == f64::UNIT {
        channels.push([random.values(n_lm(l1)), random.values(n_lm(l2))]);
    }
    let expected = textbook(degrees, &channels);
    let unit = roundings(Engine::Grid, degrees) as f64 * T::UNIT;
    let bounds = unit + textbook_roundings(degrees) as f64 * f64::UNIT;
    for isa in levels {
        let actual = product::<T>(Engine::Grid, *isa, degrees, &channels);
        for (channel, ([expected, sums], actual)) in expected.iter().zip(actual).enumerate() {
            let mut worst: f64 = 0.0;
            for (k, ((actual, expected), sum)) in actual.iter().zip(expected).zip(sums).enumerate() {
                let (error, bound) = ((actual - expected).abs(), bounds * sum);
                assert!(
                    error <= bound,
                    "{degrees:?} {isa:?} {} channel {channel}: out[{k}] = {actual} instead of {expected}, \
                     error {error:.1e} > bound {bound:.1e}",
                    T::NAME
                );
                worst = worst.max(error / bound);
            }
            std::println!(
                "{degrees:?} {isa:?} {} channel {channel}: worst error / bound {worst:.1e}",
                T::NAME
            );
        }
    }
    // The bounds are small against what is computed.
    let norm = |x: &[f64]| x.iter().map(|x| x * x).sum::<f64>().sqrt();
    for [z, sums] in &expected {
        let ratio = norm(z) / (bounds * norm(sums));
        assert!(ratio > 50.0, "{degrees:?} {}: the product is only {ratio:.1e} bounds", T::NAME);
    }
}

#[test]
fn medium_products_agree_with_the_textbook() {
    for degrees in [[40, 7, 33], [64, 64, 64], [64, 64, 128]] {
        agrees_with_the_textbook::<f32>(degrees, &levels());
        agrees_with_the_textbook::<f64>(degrees, &levels());
    }
}

// One plan each: making its tables takes a second or two.

#[test]
fn products_with_one_large_operand_agree_with_the_textbook() {
    agrees_with_the_textbook::<f32>([LMAX_INPUT, 3, LMAX_INPUT + 3], &[best_level()]);
}

#[test]
fn products_with_a_small_output_agree_with_the_textbook() {
    agrees_with_the_textbook::<f32>([LMAX_INPUT, LMAX_INPUT, 16], &[best_level()]);
}

#[test]
fn the_largest_products_agree_with_the_textbook() {
    agrees_with_the_textbook::<f64>([LMAX_INPUT; 3], &[best_level()]);
}

/// Products of two harmonics, coefficient by coefficient, as far as the exact coefficients go.
fn harmonics_multiply_to_gaunt_coefficients<T: Roundoff>(degrees @ [l1, l2, l3]: [usize; 3]) {
    let mut random = Random(43);
    let mut harmonic = |lmax: usize| {
        let lmax = lmax.min(reference::MAX_DEGREE_SUM / 2);
        let pick = below(n_lm(lmax), &mut random);
        degrees_and_orders(lmax).nth(pick).unwrap()
    };
    let pairs: Vec<_> = (0..32).map(|_| [harmonic(l1), harmonic(l2)]).collect();
    let channels: Vec<Operands> = pairs
        .iter()
        .map(|pair| {
            [(pair[0], l1), (pair[1], l2)].map(|((l, m), lmax)| {
                let mut x = vec![0.0; n_lm(lmax)];
                x[flat_index(l, m)] = 1.0;
                x
            })
        })
        .collect();
    let unit = roundings(Engine::Grid, degrees) as f64 * T::UNIT;
    let (mut worst, mut significant): (f64, usize) = (0.0, 0);
    for isa in levels() {
        let out = product::<T>(Engine::Grid, isa, degrees, &channels);
        for (([(la, ma), (lb, mb)], x), out) in pairs.iter().zip(&channels).zip(&out) {
            let bound = unit * terms_bound(&x[0], &x[1]);
            let exact = degrees_and_orders(l3).filter(|(lc, _)| la + lb + lc <= reference::MAX_DEGREE_SUM);
            for (lc, mc) in exact {
                let expected = reference::gaunt_coefficient([*la, *lb, lc], [*ma, *mb, mc]);
                let error = (out[flat_index(lc, mc)] - expected).abs();
                assert!(
                    error <= bound,
                    "{isa:?} ({la}, {ma}) · ({lb}, {mb}) at ({lc}, {mc}): error {error:.1e} > {bound:.1e}"
                );
                worst = worst.max(error / bound);
                significant += usize::from(expected.abs() > 10.0 * bound);
            }
        }
    }
    assert!(significant > 100, "{significant} coefficients stand out from the bounds");
    std::println!(
        "{degrees:?} {}: worst error / bound {worst:.1e}, {significant} coefficients stand out",
        T::NAME
    );
}

#[test]
fn products_of_harmonics_are_gaunt_coefficients() {
    for degrees in [[40, 7, 33], [64, 64, 64]] {
        harmonics_multiply_to_gaunt_coefficients::<f32>(degrees);
        harmonics_multiply_to_gaunt_coefficients::<f64>(degrees);
    }
}

/// Without truncation the product of the functions is the function of the product, at any direction.
#[test]
fn products_are_pointwise() {
    for (degrees @ [l1, l2, l3], isas) in
        [([64, 64, 128], levels()), ([LMAX_INPUT, 3, LMAX_INPUT + 3], vec![best_level()])]
    {
        let mut random = Random(47);
        let channels = [[random.values(n_lm(l1)), random.values(n_lm(l2))]];
        let [x1, x2] = &channels[0];
        let mut directions = vec![[0.0, 0.0, 1.0], [0.0, 0.0, -1.0], [1e-3, -2e-3, 1.0], [0.0, 1.0, 0.0]];
        directions.extend((0..12).map(|_| [random.value(), random.value(), random.value()]));
        let mut worst: f64 = 0.0;
        for isa in isas {
            let z = &product::<f64>(Engine::Grid, isa, degrees, &channels)[0];
            // The same for every coefficient.
            let bound = roundings(Engine::Grid, degrees) as f64 * f64::UNIT * terms_bound(x1, x2);
            for direction in &directions {
                let mut y = vec![0.0; n_lm(l3)];
                reference::harmonics(l3, *direction, &mut y);
                // The function's value, the sum of absolute values, and the error that the harmonics bring in.
                let evaluate = |x: &[f64]| {
                    let terms = x.iter().zip(&y).map(|(x, y)| x * y);
                    let harmonics =
                        x.iter().enumerate().map(|(k, x)| x.abs() * reference_harmonics_error(k.isqrt()));
                    let magnitude: f64 = terms.clone().map(f64::abs).sum();
                    (
                        terms.sum::<f64>(),
                        magnitude,
                        harmonics.sum::<f64>() + x.len() as f64 * f64::UNIT * magnitude,
                    )
                };
                let ((f, f_sum, f_error), (g, g_sum, g_error)) = (evaluate(x1), evaluate(x2));
                let (h, _, h_error) = evaluate(z);
                let coefficients = bound * y.iter().map(|y| y.abs()).sum::<f64>();
                let (error, bound) =
                    ((h - f * g).abs(), coefficients + h_error + f_error * g_sum + f_sum * g_error);
                assert!(error <= bound, "{degrees:?} {isa:?} at {direction:?}: {h} instead of {}", f * g);
                worst = worst.max(error / bound);
                assert!(bound < 1e-3 * f_sum * g_sum);
            }
        }
        std::println!("{degrees:?}: worst error / bound {worst:.1e}");
    }
}

/// Both engines for large degrees, which share nothing but the arrays, and also where the readable references end.
fn engines_agree<T: Roundoff>(degrees @ [l1, l2, _]: [usize; 3], isas: &[Isa]) {
    let mut random = Random(53);
    let channels: Vec<Operands> =
        (0..3).map(|_| [random.values(n_lm(l1)), random.values(n_lm(l2))]).collect();
    let terms = Terms::new(Engine::Fourier, degrees);
    let [grid_unit, fourier_unit] =
        [Engine::Grid, Engine::Fourier].map(|engine| roundings(engine, degrees) as f64 * T::UNIT);
    for isa in isas {
        let [grid, fourier] =
            [Engine::Grid, Engine::Fourier].map(|engine| product::<T>(engine, *isa, degrees, &channels));
        let (mut worst, mut largest): (f64, f64) = (0.0, 0.0);
        for ((x, grid), fourier) in channels.iter().zip(&grid).zip(&fourier) {
            // The same for every coefficient.
            let bound = grid_unit * terms_bound(&x[0], &x[1]) + fourier_unit * terms.sums(&x[0], &x[1])[0];
            for (k, (a, b)) in grid.iter().zip(fourier).enumerate() {
                let error = (a - b).abs();
                assert!(error <= bound, "{degrees:?} {isa:?} {}: [{k}] {a} and {b} > {bound:.1e}", T::NAME);
                worst = worst.max(error / bound);
                largest = largest.max(error / grid.iter().fold(0.0, |max: f64, z| max.max(z.abs())));
            }
        }
        std::println!(
            "{degrees:?} {isa:?} {}: grid and fourier differ by {largest:.1e} of the largest output, {worst:.1e} of the bound",
            T::NAME
        );
    }
}

#[test]
fn grid_and_fourier_agree() {
    for degrees in [[33, 32, 40], [40, 7, 33], [64, 64, 64]] {
        engines_agree::<f32>(degrees, &levels());
        engines_agree::<f64>(degrees, &levels());
    }
    engines_agree::<f64>([128, 120, 100], &[best_level()]);
}

/// All pairs of degrees to 24, with outputs to the larger one, to the sum and in between.
#[test]
fn grid_and_fourier_agree_to_degree_24() {
    for (l1, l2) in (0..=24).flat_map(|l1| (0..=24).map(move |l2| (l1, l2))) {
        for l3 in [l1.max(l2), l1 + l2, usize::midpoint(l1, l2)] {
            engines_agree::<f32>([l1, l2, l3], &[best_level()]);
            engines_agree::<f64>([l1, l2, l3], &[best_level()]);
        }
    }
}

#[test]
fn grid_and_fourier_agree_at_the_largest_degree() {
    engines_agree::<f64>([LMAX_INPUT; 3], &[best_level()]);
}

fn tables_leave_out_what_is_negligible<T: Roundoff>(engine: Engine) {
    let mut desc = PlanDesc::product(96, 96, 96);
    desc.engine = engine;
    let mut tables = dirty_lines(desc.memory::<T>().unwrap().tables);
    Plan::<T>::new(&desc, &mut tables).unwrap();
    let epsilon = T::EPSILON.to_f64();
    // (Lines that are not filled to the end are NaN there.)
    let entries = || cast::<_, T>(&tables).iter().map(|x| x.to_f64().abs()).filter(|x| !x.is_nan());
    assert!(entries().any(|x| x == 0.0) && entries().any(|x| x > 0.1));
    assert!(entries().all(|x| x == 0.0 || x > 0.99 * epsilon.powi(3)), "{engine:?}");
}

/// Numbers whose products are subnormal would cost time and make no difference.
#[test]
fn tables_hold_nothing_close_to_subnormal() {
    for engine in [Engine::Grid, Engine::Fourier] {
        tables_leave_out_what_is_negligible::<f32>(engine);
        tables_leave_out_what_is_negligible::<f64>(engine);
    }
}

/// On the grid tables of 50 MiB in `f64`, half of that in `f32`, and a workspace of fewer than 450 000 lane vectors.
#[test]
fn memory_of_the_largest_plan() {
    const MIB: usize = 1 << 20;
    let mut desc = PlanDesc::product(LMAX_INPUT, LMAX_INPUT, LMAX_INPUT);
    desc.engine = Engine::Grid;
    let bytes = |lines: usize| lines * size_of::<CacheLine>();
    let (single, double) = (desc.memory::<f32>().unwrap(), desc.memory::<f64>().unwrap());
    assert!((49 * MIB..50 * MIB).contains(&bytes(double.tables)), "{double:?}");
    assert_eq!(single.tables, double.tables.div_ceil(2));
    assert_eq!(single.workspace, double.workspace); // as many lane vectors, of the same size
    for isa in levels() {
        desc.isa = Some(isa);
        let vector = Level::up_to(Some(isa)).lanes::<f64>() * size_of::<f64>();
        let vectors = bytes(desc.memory::<f64>().unwrap().workspace) / vector;
        assert!(vectors < 450_000, "{isa:?}: {vectors} vectors");
    }
}
