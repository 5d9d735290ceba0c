//! Sparse real Gaunt coefficients `G = ∫ Y_l1m1 Y_l2m2 Y_l3m3 dΩ`, exact up to the final rounding.
//!
//! With `J = l1 + l2 + l3`, `a = J − 2 l3`, `b = J − 2 l2`, `c = J − 2 l1` the Wigner 3j symbol is (Racah 1942, with the
//! factorials gathered into binomials, so that the sum is an integer)
//!
//! `3j = (−1)^(l1 − l2 − m3) · Σ_t (−1)^t C(a, t) C(b, l1 − m1 − t) C(c, l2 + m2 − t) · √(Π (l_i ± m_i)! / ((J + 1)! a! b! c!))`
//!
//! and the real Gaunt coefficient is `√((2l1 + 1)(2l2 + 1)(2l3 + 1) / 4π) · 3j(000) · 3j(±|m|) · {1, (−1)^m, ±(−1)^m / √2}`
//! by the cases of [`gaunt`].

#![allow(clippy::cast_possible_wrap, clippy::cast_possible_truncation, clippy::cast_sign_loss)] // small integers

use super::double_double::DoubleDouble as Dd;

/// Largest degree of the direct engine's operands.
pub(crate) const LMAX_DIRECT: usize = 3;

/// Room for the terms of one output degree: the largest number for operands to degree [`LMAX_DIRECT`].
pub(crate) const MAX_TERMS: usize = 176;

/// `out[k] += value · x1[i] · x2[j]`, flat indices.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Term {
    pub(crate) i: usize,
    pub(crate) j: usize,
    pub(crate) k: usize,
    pub(crate) value: f64,
}

/// The terms of the product of functions to degrees `lmax1`, `lmax2` that make output degree `l3`.
#[derive(Clone, Copy)]
pub(crate) struct Terms {
    len: usize,
    terms: [Term; MAX_TERMS],
}

impl Terms {
    /// All non-zero terms, ordered by `i`, then `j`, then `k`.
    pub(crate) const fn new(lmax1: usize, lmax2: usize, l3: usize) -> Self {
        let mut list = Self { len: 0, terms: [Term { i: 0, j: 0, k: 0, value: 0.0 }; MAX_TERMS] };
        let mut i = 0;
        while i < (lmax1 + 1) * (lmax1 + 1) {
            let mut j = 0;
            while j < (lmax2 + 1) * (lmax2 + 1) {
                let mut m3 = -(l3 as i64);
                while m3 <= l3 as i64 {
                    let ((l1, m1), (l2, m2)) = (degree_order(i), degree_order(j));
                    let value = gaunt([l1, l2, l3 as i64], [m1, m2, m3]);
                    if value != 0.0 {
                        let k = ((l3 * l3 + l3) as i64 + m3) as usize;
                        list.terms[list.len] = Term { i, j, k, value };
                        list.len += 1;
                    }
                    m3 += 1;
                }
                j += 1;
            }
            i += 1;
        }
        list
    }

    /// Number of terms.
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    /// Term number `t`, if there are that many.
    pub(crate) const fn get(&self, t: usize) -> Option<Term> {
        if t < self.len { Some(self.terms[t]) } else { None }
    }
}

/// The terms of one output degree as a constant, evaluated once.
pub(crate) struct TermsOf<const L1: usize, const L2: usize, const L3: usize>;

impl<const L1: usize, const L2: usize, const L3: usize> TermsOf<L1, L2, L3> {
    pub(crate) const TERMS: Terms = Terms::new(L1, L2, L3);
}

/// The degree and order of a flat index.
const fn degree_order(index: usize) -> (i64, i64) {
    let mut l = 0;
    while (l + 1) * (l + 1) <= index {
        l += 1;
    }
    (l as i64, index as i64 - (l * l + l) as i64)
}

/// The real Gaunt coefficient for small degrees (`J <= 12`: every integer below is exact); 0.0 exactly where it vanishes.
const fn gaunt(l: [i64; 3], m: [i64; 3]) -> f64 {
    let j = l[0] + l[1] + l[2];
    let triangle = l[0] <= l[1] + l[2] && l[1] <= l[0] + l[2] && l[2] <= l[0] + l[1];
    let sines = (m[0] < 0) as u32 + (m[1] < 0) as u32 + (m[2] < 0) as u32;
    if j % 2 != 0 || !triangle || sines % 2 == 1 {
        return 0.0;
    }
    let abs = [m[0].abs(), m[1].abs(), m[2].abs()];
    // The slot with the largest |m|: it must be the sum of the other two.
    let big = if abs[0] >= abs[1] && abs[0] >= abs[2] {
        0
    } else if abs[1] >= abs[2] {
        1
    } else {
        2
    };
    let (small1, small2) = ((big + 1) % 3, (big + 2) % 3);
    if abs[big] != abs[small1] + abs[small2] {
        return 0.0;
    }
    let mut signed = abs;
    signed[big] = -abs[big];
    let sums = racah_sum(l, [0, 0, 0]) * racah_sum(l, signed);
    if sums == 0 {
        return 0.0; // accidental zeros
    }

    // The signs (−1)^(l1 − l2 − m3) of both symbols, and the case's own sign.
    let mut negative = (sums < 0) ^ (signed[2] % 2 != 0) ^ (abs[big] % 2 != 0);
    let none_zero = abs[small1] != 0 && abs[small2] != 0;
    if none_zero && m[small1] < 0 && m[small2] < 0 {
        negative = !negative;
    }

    let (a, b, c) = (j - 2 * l[2], j - 2 * l[1], j - 2 * l[0]);
    let denominator = factorial(j + 1) * factorial(a) * factorial(b) * factorial(c);
    let mut numerator = 1;
    let mut i = 0;
    while i < 3 {
        numerator *= (2 * l[i] + 1) as u128 * factorial(l[i]) * factorial(l[i]);
        numerator *= factorial(l[i] + m[i]) * factorial(l[i] - m[i]);
        i += 1;
    }
    let halves = if none_zero { 8.0 } else { 4.0 }; // 4π, and the 1/√2
    let root = Dd::from_integer(numerator).div(Dd::PI.scale(halves)).sqrt();
    let value = Dd::from_integer(sums.unsigned_abs()).mul(root).div(Dd::from_integer(denominator)).to_f64();
    if negative { -value } else { value }
}

/// The integer sum of the 3j symbol.
const fn racah_sum(l: [i64; 3], m: [i64; 3]) -> i128 {
    let j = l[0] + l[1] + l[2];
    let (a, b, c) = (j - 2 * l[2], j - 2 * l[1], j - 2 * l[0]);
    let (mut sum, mut t) = (0, 0);
    while t <= a {
        let term = binomial(a, t) * binomial(b, l[0] - m[0] - t) * binomial(c, l[1] + m[1] - t);
        sum += if t % 2 == 0 { term } else { -term };
        t += 1;
    }
    sum
}

/// `C(n, k)`, zero outside `0 <= k <= n`.
const fn binomial(n: i64, k: i64) -> i128 {
    if k < 0 || k > n {
        return 0;
    }
    let (mut value, mut i) = (1, 0);
    while i < k {
        value = value * (n - i) as i128 / (i + 1) as i128;
        i += 1;
    }
    value
}

/// `n!`.
const fn factorial(n: i64) -> u128 {
    let (mut value, mut i) = (1, 2);
    while i <= n {
        value *= i as u128;
        i += 1;
    }
    value
}
