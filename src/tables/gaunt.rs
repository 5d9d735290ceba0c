//! Sparse real coefficients of the product, `G = ∫ Y_l1m1 Y_l2m2 Y_l3m3 dΩ`, and of the bracket,
//! `B = ∫ r̂·(∇Y_l1m1 × ∇Y_l2m2) Y_l3m3 dΩ`, exact up to the final rounding.
//!
//! With `J = l1 + l2 + l3`, `a = J − 2 l3`, `b = J − 2 l2`, `c = J − 2 l1` the Wigner 3j symbol is (Racah 1942, with the
//! factorials gathered into binomials, so that the sum is an integer)
//!
//! `3j = (−1)^(l1 − l2 − m3) · Σ_t (−1)^t C(a, t) C(b, l1 − m1 − t) C(c, l2 + m2 − t) · √(Π (l_i ± m_i)! / ((J + 1)! a! b! c!))`
//!
//! and the real Gaunt coefficient is `√((2l1 + 1)(2l2 + 1)(2l3 + 1) / 4π) · 3j(000) · 3j(±|m|) · {1, (−1)^m, ±(−1)^m / √2}`
//! by the cases of [`coupling`]. The bracket coefficient has `√(l1 (l1 + 1) l2 (l2 + 1)) · 3j(1 −1 0)` instead of
//! `3j(000)`: gradients are harmonics of spin ±1. The root joins the factorials `(l1 ± 1)! (l2 ± 1)!` of that symbol to
//! `(l1 + 1)!² (l2 + 1)!²`.

#![allow(clippy::cast_possible_wrap, clippy::cast_possible_truncation, clippy::cast_sign_loss)] // small integers

use super::double_double::DoubleDouble as Dd;

/// Largest degree of the direct engine's operands.
pub(crate) const LMAX_DIRECT: usize = 4;

/// Most outputs of a class, whatever the budget.
pub(crate) const MAX_CLASS_LEN: usize = 24;

/// Room for the terms of one class: the largest number for operands to degree [`LMAX_DIRECT`].
pub(crate) const MAX_TERMS: usize = 248;

/// Room for the quads of one class: pairs of positions `(l, |m|)` to degree [`LMAX_DIRECT`].
const MAX_QUADS: usize = N_POSITIONS * (N_POSITIONS + 1) / 2;
const N_POSITIONS: usize = (LMAX_DIRECT + 1) * (LMAX_DIRECT + 2) / 2;

/// A product of coefficients by flat index: `x1[i] · x2[j]`, or if `mirrored` `x1[i] · x2[j] + x1[j] · x2[i]`, for the
/// bracket `x1[i] · x2[j] − x1[j] · x2[i]` (the coefficients are symmetric or antisymmetric).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pair {
    pub(crate) i: usize,
    pub(crate) j: usize,
    pub(crate) mirrored: bool,
}

/// What is computed of two functions: the product, the bracket, or both.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted {
    pub(crate) product: bool,
    pub(crate) bracket: bool,
}

/// The products of one *quad*, the positions `(l, |m|)` and `(l', |m'|)` of two coefficients, that make cosines, or those
/// that make sines.
///
/// As `cos a cos b ∓ sin a sin b = cos (a ± b)` and `sin a cos b ± cos a sin b = sin (a ± b)`, a term takes the sum or the
/// difference of the two products, one multiplication instead of two. The bracket takes one factor's derivative by `φ`, a
/// sine for a cosine: what makes cosines in the product makes sines in the bracket, and the other way round.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Side {
    /// cos cos, or sin cos.
    pub(crate) first: Pair,
    /// sin sin, or cos sin, if there is one.
    pub(crate) second: Option<Pair>,
    /// What takes them.
    pub(crate) taken_by: Wanted,
}

/// A coefficient of the product or of the bracket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Output {
    /// Flat.
    pub(crate) index: usize,
    pub(crate) bracket: bool,
}

/// One step of `sums[slot] += value · factor`, where the factor is the sum or the difference of a side of the quad.
#[derive(Clone, Copy, Debug)]
#[allow(clippy::struct_excessive_bools)] // what the kernel does for this term, known when it is compiled
pub(crate) struct Term {
    pub(crate) quad: usize,
    /// Whether the term before belonged to another quad.
    pub(crate) starts_quad: bool,
    pub(crate) bracket: bool,
    pub(crate) sine: bool,
    pub(crate) difference: bool,
    pub(crate) slot: usize,
    /// Whether no term before had this slot.
    pub(crate) starts_sum: bool,
    pub(crate) value: f64,
}

/// The terms of the product, the bracket or both of functions to degrees `lmax1 >= lmax2` that make one *class* of outputs.
///
/// Both respect the three mirror planes of the coordinate axes (the bracket with a change of sign), so that outputs fall into
/// classes by the parity of `l`, by the parity of `m`, and by sine or cosine, and every pair of inputs contributes to one
/// class only. Taking class by class, the sums of a class stay in registers, and no product is computed twice.
#[derive(Clone, Copy)]
pub(crate) struct ClassTerms {
    outputs: [Output; MAX_CLASS_LEN],
    n_outputs: usize,
    /// Cosines and sines of the product; a side without terms is `None`.
    quads: [[Option<Side>; 2]; MAX_QUADS],
    n_quads: usize,
    terms: [Term; MAX_TERMS],
    n_terms: usize,
}

/// In how many classes the outputs to degree `lmax3` are taken so that none has more than `budget`, if 8 suffice: 1, 2, 4
/// or 8.
pub(crate) const fn n_classes(wanted: Wanted, lmax3: usize, budget: usize) -> usize {
    let mut n_classes = 1;
    while n_classes < 8 {
        let (mut class, mut fits) = (0, true);
        while class < n_classes {
            fits &= Outputs::new(wanted, lmax3, n_classes, class).len <= budget;
            class += 1;
        }
        if fits {
            break;
        }
        n_classes *= 2;
    }
    n_classes
}

/// The class of an output: that of the pairs of inputs that make it. All classes are split by the parity of `l1 + l2`
/// first, then by that of `m1 + m2`, then by that of the number of sines.
const fn class_of(Output { index, bracket }: Output, n_classes: usize) -> usize {
    let (l, m) = degree_order(index);
    // The bracket has odd `l1 + l2 + l3`, and a sine for a cosine.
    let (l, sines) = (l % 2 + bracket as i64, (m < 0) != bracket);
    let bits = (l % 2) as usize | ((m % 2 != 0) as usize) << 1 | (sines as usize) << 2;
    bits % n_classes
}

/// The outputs of a class, those of the product first.
#[derive(Clone, Copy)]
struct Outputs {
    list: [Output; N_OUTPUTS],
    len: usize,
}

/// Room for the outputs of both, should they be one class: operands to degree [`LMAX_DIRECT`], output to the sum.
const N_OUTPUTS: usize = 2 * (2 * LMAX_DIRECT + 1) * (2 * LMAX_DIRECT + 1);

impl Outputs {
    const fn new(wanted: Wanted, lmax3: usize, n_classes: usize, class: usize) -> Self {
        let mut outputs = Self { list: [Output { index: 0, bracket: false }; N_OUTPUTS], len: 0 };
        let n_lm = (lmax3 + 1) * (lmax3 + 1);
        let mut k = 0;
        while k < 2 * n_lm {
            let output = Output { index: k % n_lm, bracket: k >= n_lm };
            let is_wanted = if output.bracket { wanted.bracket } else { wanted.product };
            if is_wanted && class_of(output, n_classes) == class {
                outputs.list[outputs.len] = output;
                outputs.len += 1;
            }
            k += 1;
        }
        outputs
    }
}

impl ClassTerms {
    /// All non-zero terms of a class, quad by quad.
    pub(crate) const fn new(
        wanted: Wanted,
        [lmax1, lmax2, lmax3]: [usize; 3],
        n_classes: usize,
        class: usize,
    ) -> Self {
        let term = Term {
            quad: 0,
            starts_quad: false,
            bracket: false,
            sine: false,
            difference: false,
            slot: 0,
            starts_sum: false,
            value: 0.0,
        };
        let outputs = Outputs::new(wanted, lmax3, n_classes, class);
        let mut list = Self {
            outputs: [outputs.list[0]; MAX_CLASS_LEN],
            n_outputs: outputs.len,
            quads: [[None; 2]; MAX_QUADS],
            n_quads: 0,
            terms: [term; MAX_TERMS],
            n_terms: 0,
        };
        let mut slot = 0;
        while slot < outputs.len {
            list.outputs[slot] = outputs.list[slot];
            slot += 1;
        }
        let (mut started, mut last_quad) = ([false; MAX_CLASS_LEN], usize::MAX);
        let (mut of_product, mut of_bracket) =
            (if wanted.product { 0 } else { PRODUCT.len }, if wanted.bracket { 0 } else { BRACKET.len });
        while of_product < PRODUCT.len || of_bracket < BRACKET.len {
            // Quad by quad.
            let bracket = of_product == PRODUCT.len
                || of_bracket < BRACKET.len && BRACKET.list[of_bracket].quad < PRODUCT.list[of_product].quad;
            let coefficient = if bracket { BRACKET.list[of_bracket] } else { PRODUCT.list[of_product] };
            of_bracket += bracket as usize;
            of_product += !bracket as usize;

            let Coefficient { quad, low, high, sine, difference, output, class: class_of_8, value } =
                coefficient;
            let exists = high.0 <= lmax1 && low.0 <= lmax2 && output < (lmax3 + 1) * (lmax3 + 1);
            if exists && class_of_8 % n_classes == class {
                let starts_quad = quad != last_quad;
                list.n_quads += starts_quad as usize;
                let both = high.0 <= lmax2;
                let quad_index = list.n_quads - 1;
                let mut side = side_of(low, high, sine, both);
                if let Some(Side { taken_by, .. }) = list.quads[quad_index][sine as usize] {
                    side.taken_by = taken_by;
                }
                side.taken_by.bracket |= bracket;
                side.taken_by.product |= !bracket;
                list.quads[quad_index][sine as usize] = Some(side);
                // The coefficient has the lower position first, the only product here the higher one.
                let value = if bracket && !both { -value } else { value };

                let mut slot = 0;
                while list.outputs[slot].index != output || list.outputs[slot].bracket != bracket {
                    slot += 1;
                }
                let starts_sum = !started[slot];
                list.terms[list.n_terms] = Term {
                    quad: quad_index,
                    starts_quad,
                    bracket,
                    sine,
                    difference,
                    slot,
                    starts_sum,
                    value,
                };
                list.n_terms += 1;
                started[slot] = true;
                last_quad = quad;
            }
        }
        list
    }

    /// Number of terms.
    pub(crate) const fn len(&self) -> usize {
        self.n_terms
    }

    /// Term number `t`, if there are that many.
    #[inline(always)]
    pub(crate) const fn get(&self, t: usize) -> Option<&Term> {
        if t < self.n_terms { Some(&self.terms[t]) } else { None }
    }

    /// The products of a quad that make cosines (0) or sines (1) in the product, if a term takes them.
    #[inline(always)]
    pub(crate) const fn side(&self, quad: usize, sine: usize) -> Option<&Side> {
        self.quads[quad][sine].as_ref()
    }

    /// The output that a slot sums up, if there are that many.
    #[inline(always)]
    pub(crate) const fn output(&self, slot: usize) -> Option<Output> {
        if slot < self.n_outputs { Some(self.outputs[slot]) } else { None }
    }
}

/// Degree and absolute order.
type Position = (usize, usize);

/// Flat index of the cosine or the sine at a position.
const fn index_at((l, m): Position, sine: bool) -> usize {
    if sine { l * l + l - m } else { l * l + l + m }
}

/// The products of the quad of two positions that make cosines or sines in the product. `both`: whether both operands have
/// the degree of `high`, so that products exist in both orders; otherwise it is the first operand's.
const fn side_of(low: Position, high: Position, sine: bool, both: bool) -> Side {
    let first_sine = sine && low.1 > 0;
    let second_exists = low.1 > 0 && high.1 > 0 && !(sine && low.0 == high.0 && low.1 == high.1);
    let (low_index, high_index) = (index_at(low, first_sine), index_at(high, sine != first_sine));
    let first = Pair::new(low_index, high_index, both);
    let second = if second_exists {
        let (low_index, high_index) = (index_at(low, !first_sine), index_at(high, sine == first_sine));
        Some(Pair::new(low_index, high_index, both))
    } else {
        None
    };
    Side { first, second, taken_by: Wanted { product: false, bracket: false } }
}

impl Pair {
    const fn new(low: usize, high: usize, both: bool) -> Self {
        if both {
            Self { i: low, j: high, mirrored: low != high }
        } else {
            Self { i: high, j: low, mirrored: false }
        }
    }
}

/// A non-zero coefficient of the first product of one side of a quad; that of the second product, if there is one, is
/// the same or, for a `difference`, the opposite.
#[derive(Clone, Copy)]
struct Coefficient {
    /// Counts quads.
    quad: usize,
    low: Position,
    high: Position,
    sine: bool,
    difference: bool,
    output: usize,
    /// The output's class of eight.
    class: usize,
    value: f64,
}

/// All non-zero coefficients for operands to degree [`LMAX_DIRECT`], quad by quad, then by output degree and absolute
/// order, so that the equal coefficients of a cosine and a sine are neighbours.
struct Coefficients {
    len: usize,
    list: [Coefficient; N_COEFFICIENTS],
}

/// Room for the coefficients of either: the number of the product's.
const N_COEFFICIENTS: usize = 724;

// References: each mention of a constant is a copy of it, which took the compiler minutes to make for all kernels.
const PRODUCT: &Coefficients = &Coefficients::new(false);
const BRACKET: &Coefficients = &Coefficients::new(true);

const fn next_position((l, m): Position) -> Position {
    if m < l { (l, m + 1) } else { (l + 1, 0) }
}

impl Coefficients {
    #[allow(clippy::large_stack_arrays)] // at compile time
    const fn new(bracket: bool) -> Self {
        let none = Coefficient {
            quad: 0,
            low: (0, 0),
            high: (0, 0),
            sine: false,
            difference: false,
            output: 0,
            class: 0,
            value: 0.0,
        };
        let mut coefficients = Self { len: 0, list: [none; N_COEFFICIENTS] };
        let (mut quad, mut low) = (0, (0, 0));
        while low.0 <= LMAX_DIRECT {
            let mut high = low;
            while high.0 <= LMAX_DIRECT {
                coefficients.push_quad(bracket, quad, low, high);
                quad += 1;
                high = next_position(high);
            }
            low = next_position(low);
        }
        coefficients
    }

    /// Appends the coefficients of the quad of two positions.
    const fn push_quad(&mut self, bracket: bool, quad: usize, low: Position, high: Position) {
        let mut l = high.0 - low.0;
        while l <= low.0 + high.0 {
            let mut m = high.1.abs_diff(low.1);
            while m <= low.1 + high.1 && m <= l {
                self.push(bracket, quad, low, high, index_at((l, m), false));
                if m > 0 {
                    self.push(bracket, quad, low, high, index_at((l, m), true));
                }
                // The orders are |m1 − m2| and m1 + m2, which are the same if one is zero.
                m = if m < low.1 + high.1 { low.1 + high.1 } else { m + 1 };
            }
            l += 1;
        }
    }

    /// Appends one coefficient, unless it is zero.
    #[allow(clippy::float_cmp)] // one formula gives both, the same bits but for the sign
    const fn push(&mut self, bracket: bool, quad: usize, low: Position, high: Position, output: usize) {
        let sine = (degree_order(output).1 < 0) != bracket;
        let Side { first, second, .. } = side_of(low, high, sine, true);
        let value = coefficient(bracket, first, output);
        if value == 0.0 {
            return;
        }
        let difference = match second {
            Some(second) => {
                let other = coefficient(bracket, second, output);
                assert!(other == value || other == -value);
                other != value
            }
            None => false,
        };
        let class = class_of(Output { index: output, bracket }, 8);
        self.list[self.len] = Coefficient { quad, low, high, sine, difference, output, class, value };
        self.len += 1;
    }
}

/// The coefficient of a product for an output.
const fn coefficient(bracket: bool, pair: Pair, output: usize) -> f64 {
    let ((l1, m1), (l2, m2), (l3, m3)) = (degree_order(pair.i), degree_order(pair.j), degree_order(output));
    coupling(bracket, [l1, l2, l3], [m1, m2, m3])
}

/// The degree and order of a flat index.
const fn degree_order(index: usize) -> (i64, i64) {
    let mut l = 0;
    while (l + 1) * (l + 1) <= index {
        l += 1;
    }
    (l as i64, index as i64 - (l * l + l) as i64)
}

/// The real coefficient of product or bracket for small degrees (`J <= 16`: every integer below is exact); 0.0 exactly
/// where it vanishes.
const fn coupling(bracket: bool, l: [i64; 3], m: [i64; 3]) -> f64 {
    let j = l[0] + l[1] + l[2];
    let triangle = l[0] <= l[1] + l[2] && l[1] <= l[0] + l[2] && l[2] <= l[0] + l[1];
    let sines = (m[0] < 0) as u32 + (m[1] < 0) as u32 + (m[2] < 0) as u32;
    if j % 2 != bracket as i64 || !triangle || sines % 2 != bracket as u32 {
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
    let spins = if bracket { [1, -1, 0] } else { [0, 0, 0] };
    let sums = racah_sum(l, spins) * racah_sum(l, signed);
    if sums == 0 {
        return 0.0; // accidental zeros
    }

    // The signs (−1)^(l1 − l2 − m3) of both symbols, and the case's own sign.
    let mut negative = (sums < 0) ^ (signed[2] % 2 != 0) ^ (abs[big] % 2 != 0);
    let none_zero = abs[small1] != 0 && abs[small2] != 0;
    let (sine1, sine2) = (m[small1] < 0, m[small2] < 0);
    negative ^= if bracket { !sine1 && !sine2 } else { none_zero && sine1 && sine2 };

    let (a, b, c) = (j - 2 * l[2], j - 2 * l[1], j - 2 * l[0]);
    let denominator = factorial(j + 1) * factorial(a) * factorial(b) * factorial(c);
    let mut square = Dd::ONE;
    let mut i = 0;
    while i < 3 {
        let spin = factorial(l[i] + spins[i].abs());
        let lengths = (2 * l[i] + 1) as u128 * spin * spin;
        let orders = factorial(l[i] + m[i]) * factorial(l[i] - m[i]);
        square = square.mul(Dd::from_integer(lengths)).mul(Dd::from_integer(orders));
        i += 1;
    }
    let halves = if none_zero { 8.0 } else { 4.0 }; // 4π, and the 1/√2
    let root = square.div(Dd::PI.scale(halves)).sqrt();
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
