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

/// Most outputs of a class, whatever the budget.
pub(crate) const MAX_CLASS_LEN: usize = 24;

/// Room for the terms of one class: the largest number for operands to degree [`LMAX_DIRECT`].
pub(crate) const MAX_TERMS: usize = 208;

/// One step of `sum[slot] += value · p`, where `p` is the pair product `x1[i] · x2[j]`, or `x1[i] · x2[j] + x1[j] · x2[i]`
/// if `mirrored` (the coefficients are symmetric).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Term {
    pub(crate) i: usize,
    pub(crate) j: usize,
    pub(crate) mirrored: bool,
    /// Whether the term before had another pair.
    pub(crate) starts_pair: bool,
    pub(crate) slot: usize,
    /// Whether no term before had this slot.
    pub(crate) starts_sum: bool,
    pub(crate) value: f64,
}

/// The terms of the product of functions to degrees `lmax1 >= lmax2` that make one *class* of outputs.
///
/// The product respects the three mirror planes of the coordinate axes, so that outputs fall into classes by the parity
/// of `l`, by sine or cosine, and by the parity of `m`, and every pair of inputs contributes to one class only. Taking
/// class by class, the sums of a class stay in registers, and no pair product is computed twice.
#[derive(Clone, Copy)]
pub(crate) struct ClassTerms {
    outputs: [usize; MAX_CLASS_LEN],
    n_outputs: usize,
    terms: [Term; MAX_TERMS],
    n_terms: usize,
}

/// In how many classes the outputs to degree `lmax3` are taken so that none has more than `budget`: 1, 2, 4 or 8.
pub(crate) const fn n_classes(lmax3: usize, budget: usize) -> usize {
    let mut n_classes = 1;
    while n_classes < 8 {
        let (mut class, mut largest) = (0, 0);
        while class < n_classes {
            let (mut len, mut k) = (0, 0);
            while k < (lmax3 + 1) * (lmax3 + 1) {
                len += (class_of(k, n_classes) == class) as usize;
                k += 1;
            }
            largest = if len > largest { len } else { largest };
            class += 1;
        }
        if largest <= budget {
            break;
        }
        n_classes *= 2;
    }
    n_classes
}

/// The class of an output: all classes are split by the parity of `l` first, then by sine or cosine, then by the parity
/// of `m`.
const fn class_of(index: usize, n_classes: usize) -> usize {
    let (l, m) = degree_order(index);
    let bits = (l % 2) as usize | ((m < 0) as usize) << 1 | ((m % 2 != 0) as usize) << 2;
    bits % n_classes
}

impl ClassTerms {
    /// All non-zero terms of a class, pair by pair.
    pub(crate) const fn new([lmax1, lmax2, lmax3]: [usize; 3], n_classes: usize, class: usize) -> Self {
        let term =
            Term { i: 0, j: 0, mirrored: false, starts_pair: false, slot: 0, starts_sum: false, value: 0.0 };
        let mut list =
            Self { outputs: [0; MAX_CLASS_LEN], n_outputs: 0, terms: [term; MAX_TERMS], n_terms: 0 };
        let mut k = 0;
        while k < (lmax3 + 1) * (lmax3 + 1) {
            if class_of(k, n_classes) == class {
                list.outputs[list.n_outputs] = k;
                list.n_outputs += 1;
            }
            k += 1;
        }
        let (n1, n2) = ((lmax1 + 1) * (lmax1 + 1), (lmax2 + 1) * (lmax2 + 1));
        let (mut started, mut last_pair) = ([false; MAX_CLASS_LEN], (usize::MAX, usize::MAX));
        let coefficients = &COEFFICIENTS;
        let mut t = 0;
        while t < coefficients.len {
            let coefficient = coefficients.list[t];
            let (low, high) = coefficient.pair;
            // A pair that exists in both orders, one that exists with `high` as the first operand's only, or none.
            let ((i, j), mirrored) = if high < n2 { ((low, high), low < high) } else { ((high, low), false) };
            let k = coefficient.output;
            if i < n1 && j < n2 && k < (lmax3 + 1) * (lmax3 + 1) && coefficient.class % n_classes == class {
                let mut slot = 0;
                while list.outputs[slot] != k {
                    slot += 1;
                }
                let starts_pair = i != last_pair.0 || j != last_pair.1;
                let (starts_sum, value) = (!started[slot], coefficient.value);
                list.terms[list.n_terms] = Term { i, j, mirrored, starts_pair, slot, starts_sum, value };
                list.n_terms += 1;
                started[slot] = true;
                last_pair = (i, j);
            }
            t += 1;
        }
        list
    }

    /// Number of terms.
    pub(crate) const fn len(&self) -> usize {
        self.n_terms
    }

    /// Term number `t`, if there are that many.
    #[inline(always)]
    pub(crate) const fn get(&self, t: usize) -> Option<Term> {
        if t < self.n_terms { Some(self.terms[t]) } else { None }
    }

    /// Flat index of the output that a slot sums up, if there are that many.
    #[inline(always)]
    pub(crate) const fn output(&self, slot: usize) -> Option<usize> {
        if slot < self.n_outputs { Some(self.outputs[slot]) } else { None }
    }
}

/// A non-zero coefficient, for a pair of operands' flat indices `low <= high` in either order.
#[derive(Clone, Copy)]
struct Coefficient {
    pair: (usize, usize),
    output: usize,
    /// The output's class of eight.
    class: usize,
    value: f64,
}

/// All non-zero coefficients for operands to degree [`LMAX_DIRECT`], ordered by `low`, then `high`, then output.
struct Coefficients {
    len: usize,
    list: [Coefficient; 388],
}

const COEFFICIENTS: Coefficients = {
    let none = Coefficient { pair: (0, 0), output: 0, class: 0, value: 0.0 };
    let mut coefficients = Coefficients { len: 0, list: [none; 388] };
    let n = (LMAX_DIRECT + 1) * (LMAX_DIRECT + 1);
    let mut low = 0;
    while low < n {
        let mut high = low;
        while high < n {
            let mut output = 0;
            while output < (2 * LMAX_DIRECT + 1) * (2 * LMAX_DIRECT + 1) {
                let ((l1, m1), (l2, m2), (l3, m3)) =
                    (degree_order(low), degree_order(high), degree_order(output));
                let value = gaunt([l1, l2, l3], [m1, m2, m3]);
                if value != 0.0 {
                    coefficients.list[coefficients.len] =
                        Coefficient { pair: (low, high), output, class: class_of(output, 8), value };
                    coefficients.len += 1;
                }
                output += 1;
            }
            high += 1;
        }
        low += 1;
    }
    coefficients
};

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
