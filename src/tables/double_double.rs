//! Double-double arithmetic in `const fn`: 106 significant bits, so that tables are right to the last bit of `f64`.
//!
//! The classical error-free transformations (Dekker 1971; Knuth, TAOCP 2, 4.2.2; Hida, Li & Bailey 2001), without FMA
//! because constant evaluation has none. Relative error of each operation: a few times 2⁻¹⁰⁴.

/// The unevaluated sum `hi + lo` with `|lo| <= ulp(hi) / 2`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DoubleDouble {
    hi: f64,
    lo: f64,
}

use DoubleDouble as Dd;

/// `a + b` exactly, as sum and rounding error.
const fn two_sum(a: f64, b: f64) -> Dd {
    let hi = a + b;
    let bb = hi - a;
    Dd { hi, lo: (a - (hi - bb)) + (b - bb) }
}

/// As [`two_sum`] for `|a| >= |b|`.
const fn quick_two_sum(a: f64, b: f64) -> Dd {
    let hi = a + b;
    Dd { hi, lo: b - (hi - a) }
}

/// Upper 26 bits and the rest.
const fn split(a: f64) -> (f64, f64) {
    let t = 134_217_729.0 * a; // 2²⁷ + 1
    let hi = t - (t - a);
    (hi, a - hi)
}

/// `a · b` exactly, as product and rounding error.
const fn two_product(a: f64, b: f64) -> Dd {
    let hi = a * b;
    let ((ah, al), (bh, bl)) = (split(a), split(b));
    Dd { hi, lo: ((ah * bh - hi) + ah * bl + al * bh) + al * bl }
}

impl Dd {
    pub(crate) const ZERO: Self = Self::new(0.0);
    pub(crate) const ONE: Self = Self::new(1.0);
    /// π, from its first 107 bits.
    pub(crate) const PI: Self = Self { hi: core::f64::consts::PI, lo: 1.224_646_799_147_353_2e-16 };

    pub(crate) const fn new(value: f64) -> Self {
        Self { hi: value, lo: 0.0 }
    }

    /// An integer, exactly below 2¹⁰⁶.
    #[allow(clippy::cast_possible_truncation)] // into its two halves
    pub(crate) const fn from_integer(n: u128) -> Self {
        let upper = (n >> 53) as u64 as f64;
        let lower = (n as u64 & ((1 << 53) - 1)) as f64;
        two_sum(upper * (1_u64 << 53) as f64, lower)
    }

    /// The quotient of two integers.
    pub(crate) const fn ratio(numerator: u128, denominator: u128) -> Self {
        Self::from_integer(numerator).div(Self::from_integer(denominator))
    }

    /// The nearest `f64`.
    pub(crate) const fn to_f64(self) -> f64 {
        self.hi + self.lo
    }

    pub(crate) const fn neg(self) -> Self {
        Self { hi: -self.hi, lo: -self.lo }
    }

    pub(crate) const fn add(self, rhs: Self) -> Self {
        let s = two_sum(self.hi, rhs.hi);
        let t = two_sum(self.lo, rhs.lo);
        let s = quick_two_sum(s.hi, s.lo + t.hi);
        quick_two_sum(s.hi, s.lo + t.lo)
    }

    pub(crate) const fn sub(self, rhs: Self) -> Self {
        self.add(rhs.neg())
    }

    pub(crate) const fn mul(self, rhs: Self) -> Self {
        let p = two_product(self.hi, rhs.hi);
        quick_two_sum(p.hi, p.lo + (self.hi * rhs.lo + self.lo * rhs.hi))
    }

    pub(crate) const fn scale(self, factor: f64) -> Self {
        let p = two_product(self.hi, factor);
        quick_two_sum(p.hi, p.lo + self.lo * factor)
    }

    pub(crate) const fn div(self, rhs: Self) -> Self {
        // Long division with three quotient digits.
        let q1 = self.hi / rhs.hi;
        let r = self.sub(rhs.scale(q1));
        let q2 = r.hi / rhs.hi;
        let r = r.sub(rhs.scale(q2));
        let q3 = r.hi / rhs.hi;
        quick_two_sum(q1, q2).add(Self::new(q3))
    }

    /// The square root of a non-negative number.
    pub(crate) const fn sqrt(self) -> Self {
        if self.hi <= 0.0 {
            return Self::ZERO;
        }
        // Halving the exponent of the bit pattern gives two digits; Heron's iteration doubles them each time.
        let mut root = f64::from_bits((self.hi.to_bits() >> 1) + (1023 << 51));
        let mut i = 0;
        while i < 4 {
            root = 0.5 * (root + self.hi / root);
            i += 1;
        }
        // One Newton step in double-double: √a ≈ r + (a − r²) / 2r.
        let error = self.sub(two_product(root, root));
        two_sum(root, error.hi * 0.5 / root)
    }

    /// The cube root of a positive number.
    pub(crate) fn cbrt(self) -> Self {
        // A third of the exponent, then Newton's r − (r − a/r²)/3 in `f64`, then once in double-double.
        let mut root = f64::from_bits(self.hi.to_bits() / 3 + (682 << 52));
        for _ in 0..6 {
            root -= (root - self.hi / (root * root)) / 3.0;
        }
        let square = two_product(root, root);
        let error = self.sub(square.scale(root));
        two_sum(root, error.hi / (3.0 * square.hi))
    }

    /// `(cos, sin)` of `π · numerator / denominator`, exact where they are 0, ±1.
    pub(crate) fn cos_sin_pi(numerator: u64, denominator: u64) -> (Self, Self) {
        let denominator = denominator.max(1); // lets the compiler see that no division can panic
        // Reduce in integers: the angle is quarter · π/2 + π · rest / (2 · denominator), rest < denominator.
        let half_turn = numerator / denominator % 2;
        let doubled = 2 * (numerator % denominator);
        let (quarter, rest) = if doubled < denominator {
            (2 * half_turn, doubled)
        } else {
            (2 * half_turn + 1, doubled - denominator)
        };
        // Fold at π/4 so that the series run on [0, π/4].
        let folded = 2 * rest > denominator;
        let small = if folded { denominator - rest } else { rest };
        let angle = Self::PI.mul(Self::ratio(u128::from(small), 2 * u128::from(denominator)));
        let (mut cos, mut sin) = (angle.cos_series(), angle.sin_series());
        if folded {
            (cos, sin) = (sin, cos);
        }
        match quarter {
            0 => (cos, sin),
            1 => (sin.neg(), cos),
            2 => (cos.neg(), sin.neg()),
            _ => (sin, cos.neg()),
        }
    }

    /// Σ (−1)ⁿ x²ⁿ / (2n)! on [0, π/4]; the first omitted term is below 10⁻³⁵.
    fn cos_series(self) -> Self {
        self.alternating_series(Self::ONE, 0)
    }

    /// Σ (−1)ⁿ x²ⁿ⁺¹ / (2n + 1)! on [0, π/4].
    fn sin_series(self) -> Self {
        self.alternating_series(self, 1)
    }

    fn alternating_series(self, first: Self, power: u32) -> Self {
        let square = self.mul(self);
        let (mut term, mut sum) = (first, first);
        for n in (power..28).step_by(2) {
            term = term.mul(square).div(Self::new(f64::from((n + 1) * (n + 2)))).neg();
            sum = sum.add(term);
        }
        sum
    }
}
