//! The readable reference: slow, scalar, `f64`, straight from the formulas.
//!
//! It shares no code and no table with the engines and is what they are tested against. Use it to check a
//! convention or a port; use a [`Plan`](crate::Plan) for everything else.

use crate::index::flat_index;

/// Largest `l1 + l2 + l3` of [`gaunt_coefficient`] and [`bracket_coefficient`]: their integer sums stay below 2¹²⁶.
pub const MAX_DEGREE_SUM: usize = 120;

/// The real Gaunt coefficient `∫ Y_l1m1 Y_l2m2 Y_l3m3 dΩ` of orthonormal real harmonics, to a few ulp; 0.0 exactly
/// where it vanishes, and for orders out of range.
///
/// From the Wigner 3j symbols of the complex harmonics (Racah's formula with the sum over `t` as integers), by the
/// cases of the signs and sizes of the orders (see [`conventions`](crate::conventions)). NaN if `l1 + l2 + l3` exceeds
/// [`MAX_DEGREE_SUM`].
#[must_use]
pub fn gaunt_coefficient(l: [usize; 3], m: [isize; 3]) -> f64 {
    coefficient(Parity::Even, l, m)
}

/// The real bracket coefficient `∫ r̂·(∇Y_l1m1 × ∇Y_l2m2) Y_l3m3 dΩ` of orthonormal real harmonics on the unit sphere,
/// to a few ulp; 0.0 exactly where it vanishes, and for orders out of range.
///
/// In angles, `r̂·(∇f × ∇g) = (∂f/∂θ ∂g/∂φ − ∂f/∂φ ∂g/∂θ) / sin θ`. By spin-weighted harmonics (Goldberg et al. 1967),
/// `r̂·(∇f × ∇g) = (ð̄f ðg − ðf ð̄g) / 2i` where `ð` and `ð̄` make `√(l (l + 1))` times harmonics of spin 1 and −1, whose
/// integral with a third harmonic is again a product of two 3j symbols. NaN if `l1 + l2 + l3` exceeds
/// [`MAX_DEGREE_SUM`].
#[must_use]
pub fn bracket_coefficient(l: [usize; 3], m: [isize; 3]) -> f64 {
    coefficient(Parity::Odd, l, m)
}

/// The parity of `l1 + l2 + l3` and of the number of sines, which tells the product from the bracket.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Parity {
    Even,
    Odd,
}

/// The integral of the product (even) or of the bracket (odd) of two harmonics with a third one.
fn coefficient(parity: Parity, l: [usize; 3], m: [isize; 3]) -> f64 {
    let sum = l[0] + l[1] + l[2];
    if sum > MAX_DEGREE_SUM {
        return f64::NAN;
    }
    let sines = m.iter().filter(|m| **m < 0).count();
    let parity_of = |n: usize| if n.is_multiple_of(2) { Parity::Even } else { Parity::Odd };
    let in_range = l.iter().zip(m).all(|(l, m)| m.unsigned_abs() <= *l);
    let triangle = 2 * l.into_iter().max().unwrap_or(0) <= sum;
    if parity_of(sum) != parity || parity_of(sines) != parity || !triangle || !in_range {
        return 0.0;
    }
    let [a, b, c] = m.map(isize::abs);
    // The 3j symbol needs orders that add up to zero: the largest takes the other sign. Real harmonics are sums over
    // both signs of the order; 1/√2 is what remains of their normalisation unless an order is zero.
    let (orders, small) = if c == a + b {
        ([a, b, -c], [m[0], m[1]])
    } else if b == a + c {
        ([a, -b, c], [m[0], m[2]])
    } else if a == b + c {
        ([-a, b, c], [m[1], m[2]])
    } else {
        return 0.0;
    };
    let none_zero = small.iter().all(|m| *m != 0);
    let negative = match parity {
        Parity::Even => none_zero && small.iter().all(|m| *m < 0),
        Parity::Odd => small.iter().all(|m| *m >= 0),
    };
    let odd_order = orders.into_iter().min().unwrap_or(0) % 2 != 0;
    let sign = if negative == odd_order { 1.0 } else { -1.0 };
    let factor = if none_zero { sign * core::f64::consts::FRAC_1_SQRT_2 } else { sign };
    let degeneracy = l.iter().map(|l| (2 * l + 1) as f64).product::<f64>() / (4.0 * core::f64::consts::PI);
    let (square, spins) = match parity {
        Parity::Even => (degeneracy, [0; 3]),
        Parity::Odd => (degeneracy * (l[0] * (l[0] + 1) * l[1] * (l[1] + 1)) as f64, [1, -1, 0]),
    };
    factor * libm::sqrt(square) * wigner_3j(l, spins) * wigner_3j(l, orders)
}

/// The Wigner 3j symbol, for degrees that satisfy the triangle rule and orders that are in range and add up to zero.
#[allow(clippy::cast_possible_wrap)] // degrees are at most 120
fn wigner_3j(l: [usize; 3], m: [isize; 3]) -> f64 {
    let sum = l[0] + l[1] + l[2];
    let [a, b, c] = [sum - 2 * l[2], sum - 2 * l[1], sum - 2 * l[0]];
    let mut racah: i128 = 0;
    for t in 0..=a {
        let term = binomial(a, t as isize)
            * binomial(b, l[0] as isize - m[0] - t as isize)
            * binomial(c, l[1] as isize + m[1] - t as isize);
        racah += if t % 2 == 0 { term } else { -term };
    }
    let plus_minus = |i: usize| [l[i].wrapping_add_signed(m[i]), l[i].wrapping_add_signed(-m[i])];
    let [[p0, m0], [p1, m1], [p2, m2]] = [plus_minus(0), plus_minus(1), plus_minus(2)];
    let (numerator, exponent) = factorials(&[p0, m0, p1, m1, p2, m2]);
    let (denominator, subtract) = factorials(&[sum + 1, a, b, c]);
    let exponent = exponent - subtract;
    // √(n/d · 2ᵉ) with an even e.
    let root = libm::sqrt(numerator / denominator * if exponent % 2 == 0 { 1.0 } else { 2.0 });
    let magnitude = libm::ldexp(racah as f64 * root, exponent.div_euclid(2));
    if (l[0] as isize - l[1] as isize - m[2]) % 2 == 0 { magnitude } else { -magnitude }
}

/// `C(n, k)`, zero outside `0 <= k <= n`.
fn binomial(n: usize, k: isize) -> i128 {
    match usize::try_from(k) {
        Ok(k) if k <= n => (0..k).fold(1, |value, i| value * (n - i) as i128 / (i + 1) as i128),
        _ => 0,
    }
}

/// The product of factorials as mantissa and binary exponent, correct to one ulp: a running product with the rounding
/// errors carried along (Ogita, Rump & Oishi 2005).
fn factorials(numbers: &[usize]) -> (f64, i32) {
    let (mut product, mut error, mut exponent) = (1.0, 0.0, 0);
    for factor in numbers.iter().flat_map(|n| 2..=*n) {
        let factor = factor as f64;
        let next = product * factor;
        error = libm::fma(error, factor, libm::fma(product, factor, -next));
        let (mantissa, shift) = libm::frexp(next);
        product = mantissa;
        error = libm::ldexp(error, -shift);
        exponent += shift;
    }
    (product + error, exponent)
}

/// Calls `term(i, j, k, C)` for every non-zero coefficient of `z_k = Σ C_ijk x_i y_j`, flat indices `i`, `j`, `k` of
/// degrees to `lmax1`, `lmax2`, `lmax3`. `coefficient` is [`gaunt_coefficient`] or [`bracket_coefficient`].
pub fn for_each_term(
    coefficient: impl Fn([usize; 3], [isize; 3]) -> f64,
    lmax1: usize,
    lmax2: usize,
    lmax3: usize,
    mut term: impl FnMut(usize, usize, usize, f64),
) {
    for (l1, m1) in degrees_and_orders(lmax1) {
        for (l2, m2) in degrees_and_orders(lmax2) {
            for l3 in l1.abs_diff(l2)..=lmax3.min(l1 + l2) {
                let (a, b) = (m1.abs(), m2.abs());
                // The two possible |m3|, which are the same if an order is zero; cosine and sine.
                for c in [a + b, (a - b).abs()].into_iter().take(if a == 0 || b == 0 { 1 } else { 2 }) {
                    for m3 in [c, -c].into_iter().take(if c == 0 { 1 } else { 2 }) {
                        let value = coefficient([l1, l2, l3], [m1, m2, m3]);
                        if value != 0.0 {
                            term(flat_index(l1, m1), flat_index(l2, m2), flat_index(l3, m3), value);
                        }
                    }
                }
            }
        }
    }
}

/// `out = x1 · x2` up to degree `lmax3`, one sample and one channel, orthonormal harmonics.
///
/// `x1`, `x2`, `out` hold `n_lm(lmax1)`, `n_lm(lmax2)`, `n_lm(lmax3)` coefficients in flat order; missing ones count as
/// zero. Cost: O(L⁵) coefficients, each computed anew.
pub fn product(lmax1: usize, lmax2: usize, lmax3: usize, x1: &[f64], x2: &[f64], out: &mut [f64]) {
    sum_terms(gaunt_coefficient, [lmax1, lmax2, lmax3], x1, x2, out);
}

/// `out = r̂·(∇x1 × ∇x2)`, the bracket of two functions on the unit sphere, up to degree `lmax3`; otherwise as
/// [`product()`].
pub fn bracket(lmax1: usize, lmax2: usize, lmax3: usize, x1: &[f64], x2: &[f64], out: &mut [f64]) {
    sum_terms(bracket_coefficient, [lmax1, lmax2, lmax3], x1, x2, out);
}

fn sum_terms(
    coefficient: impl Fn([usize; 3], [isize; 3]) -> f64,
    [lmax1, lmax2, lmax3]: [usize; 3],
    x1: &[f64],
    x2: &[f64],
    out: &mut [f64],
) {
    out.fill(0.0);
    for_each_term(coefficient, lmax1, lmax2, lmax3, |i, j, k, value| {
        if let (Some(x1), Some(x2), Some(out)) = (x1.get(i), x2.get(j), out.get_mut(k)) {
            *out += value * x1 * x2;
        }
    });
}

/// Real orthonormal harmonics `Y_lm` at a direction (need not be normalised, must not be zero), degrees `0..=lmax` in
/// flat order; `out` holds `n_lm(lmax)` values, missing ones are not written.
pub fn harmonics(lmax: usize, direction: [f64; 3], out: &mut [f64]) {
    let [x, y, z] = direction;
    let norm = libm::sqrt(x * x + y * y + z * z);
    let (x, y, z) = (x / norm, y / norm, z / norm);
    let mut set = |l: usize, m: isize, value: f64| {
        if let Some(slot) = out.get_mut(flat_index(l, m)) {
            *slot = value;
        }
    };
    // (cos mφ, sin mφ) · sinᵐθ = Re, Im (x + iy)ᵐ; with it P̄_lm / sinᵐθ runs over l by the three-term recurrence.
    let (mut cosine, mut sine) = (1.0, 0.0);
    let mut diagonal = libm::sqrt(1.0 / (4.0 * core::f64::consts::PI));
    for m in 0..=lmax {
        let (mut current, mut previous, mut previous_factor) = (diagonal, 0.0, 1.0);
        for l in m..=lmax {
            if m == 0 {
                set(l, 0, current);
            } else {
                set(l, m.cast_signed(), core::f64::consts::SQRT_2 * current * cosine);
                set(l, -m.cast_signed(), core::f64::consts::SQRT_2 * current * sine);
            }
            let next = (l + 1) as f64;
            let factor = libm::sqrt((4.0 * next * next - 1.0) / (next * next - (m * m) as f64));
            (previous, current) = (current, factor * (z * current - previous / previous_factor));
            previous_factor = factor;
        }
        (cosine, sine) = (cosine * x - sine * y, cosine * y + sine * x);
        diagonal *= libm::sqrt((2 * m + 3) as f64 / (2 * m + 2) as f64);
    }
}

/// All `(l, m)` of degrees `0..=lmax` in flat order.
fn degrees_and_orders(lmax: usize) -> impl Iterator<Item = (usize, isize)> {
    (0..=lmax).flat_map(|l| (-l.cast_signed()..=l.cast_signed()).map(move |m| (l, m)))
}
