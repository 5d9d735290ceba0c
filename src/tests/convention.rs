//! Conversion from and to the conventions of other libraries: each is evaluated here by its own published formula, and
//! compared with numbers that the library itself printed where there are any.

use core::f64::consts::PI;
use std::vec;
use std::vec::Vec;

use super::support::Random;
use super::tolerance::{ROOT_ROUNDINGS, ROUND_TRIP_ROUNDINGS, Roundoff, reference_harmonics_error};
use crate::{Convention, Error, LMAX_INPUT, flat_index, from_convention, n_lm, reference, to_convention};

const ALL: [Convention; 8] = [
    Convention::E3nnIntegral,
    Convention::E3nnComponent,
    Convention::E3nnNorm,
    Convention::Sphericart,
    Convention::Complex,
    Convention::Shtns,
    Convention::Shtools,
    Convention::E3x,
];

fn factorial(n: usize) -> f64 {
    (1..=n).map(|k| k as f64).product()
}

fn binomial(n: usize, k: usize) -> f64 {
    factorial(n) / (factorial(k) * factorial(n - k))
}

/// `P_l^m(x)` without Condon–Shortley phase (Abramowitz & Stegun 8.5.3).
fn legendre(l: usize, m: usize, x: f64) -> f64 {
    let mut previous = 0.0;
    let mut current =
        (1..=m).map(|k| (2 * k - 1) as f64).product::<f64>() * (1.0 - x * x).powf(m as f64 / 2.0);
    for k in m..l {
        let next = ((2 * k + 1) as f64 * x * current - (k + m) as f64 * previous) / (k + 1 - m) as f64;
        (previous, current) = (current, next);
    }
    current
}

/// Colatitude's cosine, and azimuth.
fn angles([x, y, z]: [f64; 3]) -> (f64, f64) {
    (z, y.atan2(x))
}

/// `K P_l^m e^(imφ)` for `m >= 0`, real and imaginary part, `∫|Y|² = 1`.
fn complex_without_phase(l: usize, m: usize, direction: [f64; 3]) -> [f64; 2] {
    let (x, phi) = angles(direction);
    let norm = ((2 * l + 1) as f64 / (4.0 * PI) * factorial(l - m) / factorial(l + m)).sqrt();
    let magnitude = norm * legendre(l, m, x);
    [magnitude * (m as f64 * phi).cos(), magnitude * (m as f64 * phi).sin()]
}

/// Real harmonics with a norm (`∫ Y² dΩ`), `z` the polar axis.
fn real(l: usize, m: isize, square_integral: f64, direction: [f64; 3]) -> f64 {
    let [cosine, sine] = complex_without_phase(l, m.unsigned_abs(), direction);
    let factor = square_integral.sqrt() * if m == 0 { 1.0 } else { 2.0_f64.sqrt() };
    factor * if m < 0 { sine } else { cosine }
}

/// E3x's definition, by sums over powers of the coordinates; Racah's normalisation.
fn e3x(l: usize, m: isize, [x, y, z]: [f64; 3]) -> f64 {
    let order = m.unsigned_abs();
    let sum = |part: fn(f64) -> f64| -> f64 {
        let term = |k: usize| {
            let quarter_turns = (order - k) as f64;
            binomial(order, k)
                * x.powf(k as f64)
                * y.powf(quarter_turns)
                * part(PI / 2.0 * quarter_turns).round()
        };
        (0..=order).map(term).sum()
    };
    let zonal = |k: usize| {
        let sign = if k.is_multiple_of(2) { 1.0 } else { -1.0 };
        sign * 0.5_f64.powf(l as f64) * binomial(l, k) * binomial(2 * l - 2 * k, l) * factorial(l - 2 * k)
            / factorial(l - 2 * k - order)
            * z.powf((l - 2 * k - order) as f64)
    };
    let pi =
        (factorial(l - order) / factorial(l + order)).sqrt() * (0..=(l - order) / 2).map(zonal).sum::<f64>();
    match m {
        ..0 => 2.0_f64.sqrt() * pi * sum(f64::sin),
        0 => pi,
        1.. => 2.0_f64.sqrt() * pi * sum(f64::cos),
    }
}

/// All degrees and orders in flat order.
fn degrees_and_orders(lmax: usize) -> impl Iterator<Item = (usize, isize)> {
    (0..=lmax).flat_map(|l| (-l.cast_signed()..=l.cast_signed()).map(move |m| (l, m)))
}

/// The function that coefficients stand for, at a direction in our axes.
fn evaluate(convention: Convention, lmax: usize, c: &[f64], direction @ [x, y, z]: [f64; 3]) -> f64 {
    let flat = |harmonic: &dyn Fn(usize, isize) -> f64| -> f64 {
        degrees_and_orders(lmax).map(|(l, m)| c[flat_index(l, m)] * harmonic(l, m)).sum()
    };
    // e3nn's coordinates of the direction, and its harmonics: polar axis y, azimuth from z towards x.
    let e3nn = |l: usize, m: isize, square_integral: f64| {
        let [ex, ey, ez] = [y, z, x];
        real(l, m, square_integral, [ez, ex, ey])
    };
    match convention {
        Convention::E3nnIntegral => flat(&|l, m| e3nn(l, m, 1.0)),
        Convention::E3nnComponent => flat(&|l, m| e3nn(l, m, 4.0 * PI)),
        Convention::E3nnNorm => flat(&|l, m| e3nn(l, m, 4.0 * PI / (2 * l + 1) as f64)),
        Convention::Sphericart => flat(&|l, m| real(l, m, 1.0, direction)),
        Convention::Complex => degrees_and_orders(lmax)
            .map(|(l, m)| {
                let [re, im] = complex_without_phase(l, m.unsigned_abs(), direction);
                let phase = if m % 2 == 0 { 1.0 } else { -1.0 };
                // Y_l,−m = (−1)ᵐ Y_lm*, Y_lm = (−1)ᵐ K P e^(imφ); the imaginary parts of the sum cancel.
                let [re, im] = if m < 0 { [re, -im] } else { [phase * re, phase * im] };
                let i = 2 * flat_index(l, m);
                c[i] * re - c[i + 1] * im
            })
            .sum(),
        Convention::Shtns => {
            let mut i = 0;
            let mut sum = 0.0;
            for m in 0..=lmax {
                for l in m..=lmax {
                    let [re, im] = complex_without_phase(l, m, direction);
                    let factor = if m == 0 { 1.0 } else { 2.0 } * if m % 2 == 0 { 1.0 } else { -1.0 };
                    sum += factor * (c[i] * re - c[i + 1] * im);
                    i += 2;
                }
            }
            sum
        }
        Convention::Shtools => {
            let (t, phi) = angles(direction);
            let term = |(l, m): (usize, usize)| {
                let norm = (if m == 0 { 1.0 } else { 2.0 } * (2 * l + 1) as f64 * factorial(l - m)
                    / factorial(l + m))
                .sqrt();
                let size = lmax + 1;
                let (cosine, sine) = (c[l * size + m], c[(size + l) * size + m]);
                let angle = m as f64 * phi;
                norm * legendre(l, m, t) * (cosine * angle.cos() + sine * angle.sin())
            };
            (0..=lmax).flat_map(|l| (0..=l).map(move |m| (l, m))).map(term).sum()
        }
        Convention::E3x => {
            let mut sum = 0.0;
            for l in 0..=lmax {
                let orders = (1..=l.cast_signed()).rev().flat_map(|m| [m, -m]).chain([0]);
                sum += orders.enumerate().map(|(i, m)| c[l * l + i] * e3x(l, m, direction)).sum::<f64>();
            }
            sum
        }
    }
}

/// Conversions of some vectors in an element type.
fn converted<T: Roundoff>(convention: Convention, lmax: usize, ours: &[f64]) -> Vec<f64> {
    let ours: Vec<T> = ours.iter().map(|x| T::from_f64(*x)).collect();
    let n_vectors = ours.len() / n_lm(lmax);
    let mut theirs = vec![T::from_f64(f64::NAN); n_vectors * convention.len(lmax)];
    to_convention(convention, lmax, n_vectors, &ours, &mut theirs).unwrap();
    theirs.into_iter().map(T::to_f64).collect()
}

/// The error of `Σ x_lm Y_lm` by the formulas above: at most twice that of the reference for the recurrence and the
/// factorials, once for the reference itself; and the conversion's rounding of every coefficient, two parts each.
fn evaluation_error<T: Roundoff>(lmax: usize, ours: &[f64]) -> f64 {
    let of = |(x, (l, _)): (&f64, (usize, isize))| {
        let largest = ((2 * l + 1) as f64 / (4.0 * PI)).sqrt();
        x.abs() * (3.0 * reference_harmonics_error(l) + 4.0 * T::UNIT * largest)
    };
    ours.iter().zip(degrees_and_orders(lmax)).map(of).sum::<f64>() + 2.0 * n_lm(lmax) as f64 * f64::UNIT
}

fn functions_are_the_same<T: Roundoff>() {
    let mut random = Random(31);
    for convention in ALL {
        for lmax in 0..=5 {
            let ours = random.values::<f64>(n_lm(lmax));
            let theirs = converted::<T>(convention, lmax, &ours);
            for _ in 0..5 {
                let r = [random.value(), random.value(), random.value()];
                let norm = r.iter().map(|r| r * r).sum::<f64>().sqrt();
                let direction = r.map(|r| r / norm);
                let mut y = vec![0.0; n_lm(lmax)];
                reference::harmonics(lmax, direction, &mut y);
                let expected: f64 = ours.iter().zip(&y).map(|(x, y)| x * y).sum();
                let actual = evaluate(convention, lmax, &theirs, direction);
                let (error, bound) = ((actual - expected).abs(), evaluation_error::<T>(lmax, &ours));
                assert!(
                    error <= bound,
                    "{convention:?} to degree {lmax}: {actual} and {expected} differ by {error:.1e} > {bound:.1e}"
                );
            }
        }
    }
}

#[test]
fn functions_are_the_same_f32() {
    functions_are_the_same::<f32>();
}

#[test]
fn functions_are_the_same_f64() {
    functions_are_the_same::<f64>();
}

/// The direction of the printed vectors, in the coordinates of each library.
const DIRECTION: [f64; 3] = [2.0 / 7.0, -3.0 / 7.0, 6.0 / 7.0];

/// e3nn 0.6.0 on `PyTorch` 2.15: `o3.spherical_harmonics([0, 1, 2, 3], DIRECTION, normalize=False, normalization=…)`.
#[rustfmt::skip]
const E3NN: [(Convention, [f64; 16]); 3] = [
    (Convention::E3nnIntegral, [
        0.282_094_791_773_878_14,
        0.139_600_717_686_548_55, -0.209_401_076_529_822_82, 0.418_802_153_059_645_63,
        0.267_562_880_961_325_47, -0.133_781_440_480_662_73, -0.141_604_376_235_825_3, -0.401_344_321_441_988_2,
        0.356_750_507_948_434,
        0.357_810_690_101_288_13, -0.303_387_789_898_134, -0.010_659_960_337_363_631, 0.332_921_159_686_808_47,
        -0.031_979_881_012_090_89, -0.404_517_053_197_512, 0.247_715_093_147_045_62,
    ]),
    (Convention::E3nnComponent, [
        1.0,
        0.494_871_659_305_393_45, -0.742_307_488_958_090_2, 1.484_614_977_916_180_4,
        0.948_485_717_438_550_9, -0.474_242_858_719_275_46, -0.501_974_443_928_524_2, -1.422_728_576_157_826_6,
        1.264_647_623_251_400_1,
        1.268_405_871_130_376_5, -1.075_481_713_045_322_3, -0.037_788_575_500_920_46, 1.180_174_783_069_627_6,
        -0.113_365_726_502_761_37, -1.433_975_617_393_763, 0.878_127_141_551_799_2,
    ]),
    (Convention::E3nnNorm, [
        1.0,
        0.285_714_285_714_285_7, -0.428_571_428_571_428_55, 0.857_142_857_142_857_1,
        0.424_175_707_976_051_5, -0.212_087_853_988_025_74, -0.224_489_795_918_367_32, -0.636_263_561_964_077_3,
        0.565_567_610_634_735_4,
        0.479_412_356_643_602_54, -0.406_493_878_902_236_15, -0.014_282_739_024_974_797, 0.446_064_139_941_690_86,
        -0.042_848_217_074_924_39, -0.541_991_838_536_314_8, 0.331_900_862_291_724_83,
    ]),
];

/// `SciPy` 1.17.1: `sph_harm_y(l, m, θ, φ)` at `DIRECTION`, `m = −l … l`.
#[rustfmt::skip]
const SCIPY: [[f64; 2]; 16] = [
    [0.282_094_791_773_878_14, 0.0],
    [0.098_712_614_134_667_31, 0.148_068_921_202_000_96], [0.418_802_153_059_645_6, 0.0],
    [-0.098_712_614_134_667_31, 0.148_068_921_202_000_96],
    [-0.039_415_734_900_325_48, 0.094_597_763_760_781_16], [0.189_195_527_521_562_32, 0.283_793_291_282_343_5],
    [0.379_757_190_814_258_6, 0.0],
    [-0.189_195_527_521_562_32, 0.283_793_291_282_343_5], [-0.039_415_734_900_325_48, -0.094_597_763_760_781_16],
    [-0.055_954_215_414_309_255, 0.010_947_563_885_408_343],
    [-0.089_386_484_819_237_55, 0.214_527_563_566_170_17], [0.246_860_665_416_639_98, 0.370_290_998_124_959_97],
    [0.215_419_573_914_993_45, 0.0],
    [-0.246_860_665_416_639_98, 0.370_290_998_124_959_97], [-0.089_386_484_819_237_55, -0.214_527_563_566_170_17],
    [0.055_954_215_414_309_255, 0.010_947_563_885_408_343],
];

/// Our coefficients with another library's own values of its harmonics give the function's value.
#[test]
fn values_of_other_libraries() {
    let mut random = Random(32);
    let ours = random.values::<f64>(16);
    let value = |direction: [f64; 3]| {
        let mut y = [0.0; 16];
        reference::harmonics(3, direction, &mut y);
        ours.iter().zip(y).map(|(x, y)| x * y).sum::<f64>()
    };
    let bound = evaluation_error::<f64>(3, &ours);
    let [x, y, z] = DIRECTION;
    for (convention, harmonics) in E3NN {
        let theirs = converted::<f64>(convention, 3, &ours);
        let sum: f64 = theirs.iter().zip(harmonics).map(|(c, y)| c * y).sum();
        let expected = value([z, x, y]); // the point (x, y, z) of e3nn
        assert!((sum - expected).abs() <= bound, "{convention:?}: {sum} instead of {expected}");
    }
    let theirs = converted::<f64>(Convention::Complex, 3, &ours);
    let products = theirs.chunks(2).zip(SCIPY);
    let [re, im] = products.fold([0.0, 0.0], |[re, im], (c, y)| {
        [re + c[0] * y[0] - c[1] * y[1], im + c[0] * y[1] + c[1] * y[0]]
    });
    assert!((re - value(DIRECTION)).abs() <= bound && im.abs() <= bound, "{re} + {im} i");
}

/// The functions `x` and `y` on the sphere, in our axes: the values that `conventions.md` states.
#[test]
fn literal_values() {
    const X_OURS: f64 = 2.046_653_415_892_977; // √(4π/3)
    const X_COMPLEX: f64 = 1.447_202_509_116_535_3; // √(2π/3)
    const X_FOUR_PI: f64 = 0.577_350_269_189_625_8; // 1/√3
    // Convention, then index and value of every element that is not zero, of x and of y.
    type Entries = &'static [(usize, f64)];
    const EXPECTED: [(Convention, Entries, Entries); 8] = [
        (Convention::E3nnIntegral, &[(3, X_OURS)], &[(1, X_OURS)]),
        (Convention::E3nnComponent, &[(3, X_FOUR_PI)], &[(1, X_FOUR_PI)]),
        (Convention::E3nnNorm, &[(3, 1.0)], &[(1, 1.0)]),
        (Convention::Sphericart, &[(3, X_OURS)], &[(1, X_OURS)]),
        (Convention::Complex, &[(2, X_COMPLEX), (6, -X_COMPLEX)], &[(3, X_COMPLEX), (7, X_COMPLEX)]),
        (Convention::Shtns, &[(4, -X_COMPLEX)], &[(5, X_COMPLEX)]),
        (Convention::Shtools, &[(3, X_FOUR_PI)], &[(7, X_FOUR_PI)]),
        (Convention::E3x, &[(1, 1.0)], &[(2, 1.0)]),
    ];
    for (convention, x, y) in EXPECTED {
        for (index, entries) in [(3, x), (1, y)] {
            let mut ours = [0.0; 4];
            ours[index] = X_OURS;
            let theirs = converted::<f64>(convention, 1, &ours);
            for (i, value) in theirs.iter().enumerate() {
                let expected = entries.iter().find(|entry| entry.0 == i).map_or(0.0, |entry| entry.1);
                let bound = (ROOT_ROUNDINGS + ROUND_TRIP_ROUNDINGS) * f64::UNIT * expected.abs();
                assert!(
                    (value - expected).abs() <= bound,
                    "{convention:?}[{i}]: {value} instead of {expected}"
                );
            }
        }
    }
}

/// There and back again, of several vectors, to the largest degree; every coefficient has a slot of its own.
fn comes_back<T: Roundoff>() {
    for convention in ALL {
        for (lmax, n_vectors) in [(0, 2), (1, 3), (7, 2), (LMAX_INPUT, 1)] {
            let ours = Random(33).values::<T>(n_vectors * n_lm(lmax));
            let mut theirs = vec![T::from_f64(f64::NAN); n_vectors * convention.len(lmax)];
            to_convention(convention, lmax, n_vectors, &ours, &mut theirs).unwrap();
            let mut back = vec![T::from_f64(f64::NAN); ours.len()];
            from_convention(convention, lmax, n_vectors, &theirs, &mut back).unwrap();
            for (k, (back, x)) in back.iter().zip(&ours).enumerate() {
                let bound = ROUND_TRIP_ROUNDINGS * T::UNIT * x.to_f64().abs();
                let error = (back.to_f64() - x.to_f64()).abs();
                assert!(error <= bound, "{convention:?} to degree {lmax}, [{k}]: {back:?} instead of {x:?}");
            }
        }
    }
}

#[test]
fn comes_back_f32() {
    comes_back::<f32>();
}

#[test]
fn comes_back_f64() {
    comes_back::<f64>();
}

/// Complex coefficients of a complex function: its real part is taken. What no coefficient stands for is not read.
#[test]
fn complex_functions_and_padding() {
    let mut random = Random(34);
    let [re, im] = [random.values::<f64>(16), random.values::<f64>(16)];
    let (c, d) =
        (converted::<f64>(Convention::Complex, 3, &re), converted::<f64>(Convention::Complex, 3, &im));
    // c + i d.
    let sum: Vec<f64> = c.chunks(2).zip(d.chunks(2)).flat_map(|(c, d)| [c[0] - d[1], c[1] + d[0]]).collect();
    let mut back = [f64::NAN; 16];
    from_convention(Convention::Complex, 3, 1, &sum, &mut back).unwrap();
    let bound = 2.0 * ROUND_TRIP_ROUNDINGS * f64::UNIT * 2.0;
    assert!(back.iter().zip(&re).all(|(back, re)| (back - re).abs() <= bound));

    let mut theirs = converted::<f64>(Convention::Shtools, 2, &re[..9]);
    let reached = [0, 3, 4, 6, 7, 8, 9 + 4, 9 + 7, 9 + 8];
    assert!(theirs.iter().enumerate().all(|(i, value)| (*value == 0.0) != reached.contains(&i)));
    theirs.iter_mut().enumerate().filter(|(i, _)| !reached.contains(i)).for_each(|(_, x)| *x = f64::NAN);
    let mut back = [f64::NAN; 9];
    from_convention(Convention::Shtools, 2, 1, &theirs, &mut back).unwrap();
    assert!(back.iter().zip(&re).all(|(back, re)| (back - re).abs() <= bound));
}

#[test]
fn wrong_arguments_are_refused_and_nothing_is_written() {
    let to = |convention, lmax, n_vectors, ours: usize, theirs: usize| {
        let (ours, mut theirs) = (vec![1.0; ours], vec![7.0; theirs]);
        let result = to_convention(convention, lmax, n_vectors, &ours, &mut theirs);
        assert!(result.is_ok() || theirs.iter().all(|value| *value == 7.0));
        let from = from_convention(convention, lmax, n_vectors, &theirs, &mut ours.clone());
        assert_eq!(from, result);
        result
    };
    let mismatch = |array, expected, received| Err(Error::LengthMismatch { array, expected, received });
    for convention in ALL {
        let len = 2 * convention.len(2);
        assert_eq!(to(convention, 2, 2, 18, len), Ok(()));
        assert_eq!(to(convention, 2, 2, 17, len), mismatch("ours", 18, 17));
        assert_eq!(to(convention, 2, 2, 18, len + 1), mismatch("theirs", len, len + 1));
        assert_eq!(to(convention, 2, 0, 0, 0), Ok(()));
        assert_eq!(to(convention, LMAX_INPUT + 1, 0, 0, 0), Err(Error::Unsupported));
        assert_eq!(to(convention, 2, usize::MAX / 4, 0, 0), Err(Error::Overflow));
    }
}
