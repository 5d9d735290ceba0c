//! Fast Fourier transforms of complex lane vectors: mixed radix, in place, every lane by itself.
//!
//! A complex number is two neighbouring lane vectors, `[re, im]`. The transform decimates in frequency and leaves its
//! output in digit-reversed order; its adjoint decimates in time and takes its input in that order. In between only
//! pointwise operations happen, which do not care, so that nothing is ever reordered.
#![allow(unsafe_code)]
// Indices are what the formulas and the safety arguments speak of.
#![allow(clippy::needless_range_loop)]

use bytemuck::Pod;
use pulp::{Simd, WithSimd};

use super::{LaneOps, cast_mut};

/// A complex number in every lane.
type Complex<V> = [V; 2];

/// The transforms of one length, with its roots of unity `e^(2πi k / len)`, `k < len`, as `[k][re, im]`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fft<'t, T> {
    len: usize,
    radices: Radices,
    roots: &'t [T],
}

impl<'t, T: LaneOps> Fft<'t, T> {
    /// `None` if the roots are fewer, or the length is not `2^a 3^b 5^c`.
    #[inline(always)]
    pub(crate) fn new(len: usize, roots: &'t [T]) -> Option<Self> {
        let radices = Radices::of(len)?;
        if roots.len() >= 2 * len { Some(Self { len, radices, roots }) } else { None }
    }
}

/// About twice the instructions of a transform. `None` unless the length is `2^a 3^b 5^c`.
pub(crate) fn fft_cost(len: usize) -> Option<usize> {
    Some(len * Radices::of(len)?.cost)
}

/// The radices of the stages of a transform, one after the other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Radices {
    list: [u8; MAX_STAGES],
    count: usize,
    /// About twice the instructions per number.
    cost: usize,
}

/// Enough for lengths below 3^9.
const MAX_STAGES: usize = 8;

impl Radices {
    /// The cheapest for a length `2^a 3^b 5^c`. `None` for others.
    pub(crate) fn of(len: usize) -> Option<Self> {
        let mut rest = len.max(1);
        let [twos, threes, fives] = [2, 3, 5].map(|prime| {
            let mut power = 0;
            while rest.is_multiple_of(prime) {
                (rest, power) = (rest / prime, power + 1);
            }
            power
        });
        if rest != 1 {
            return None;
        }
        // Some threes take a two each; the other twos make as few stages as they can.
        let candidates = (0..=twos.min(threes)).filter_map(|sixes| {
            let twos = twos - sixes;
            let (eights, fours) = match twos % 3 {
                _ if twos <= 1 => (0, 0),
                0 => (twos / 3, 0),
                1 => (twos / 3 - 1, 2),
                _ => (twos / 3, 1),
            };
            // Radix, how many, and about twice its instructions per number: arithmetic, two loads and two stores.
            let stages = [
                (8, eights, 29),
                (6, sixes, 28),
                (4, fours, 22),
                (2, usize::from(twos == 1), 16),
                (3, threes - sixes, 23),
                (5, fives, 29),
            ];
            let mut radices = Self { list: [1; MAX_STAGES], count: 0, cost: 0 };
            for (radix, times, cost) in stages {
                for _ in 0..times {
                    *radices.list.get_mut(radices.count)? = radix;
                    radices.count += 1;
                    radices.cost += cost;
                }
            }
            Some(radices)
        });
        candidates.min_by_key(|radices| radices.cost)
    }

    /// One after the other.
    #[inline(always)]
    pub(crate) fn as_slice(&self) -> &[u8] {
        self.list.get(..self.count).unwrap_or(&[])
    }
}

/// `x[k] ← Σ_j x[j] e^(2πi jk / len)`, in digit-reversed order, for `count` transforms one after the other. `None` if `x` is
/// shorter than they are.
pub(crate) struct Forward<'a, T, V> {
    pub(crate) fft: Fft<'a, T>,
    pub(crate) count: usize,
    pub(crate) x: &'a mut [V],
}

impl<T: LaneOps, V: Pod> WithSimd for Forward<'_, T, V> {
    type Output = Option<()>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, s: S) -> Option<()> {
        let Self { fft: Fft { len, radices, roots }, count, x } = self;
        let x = cast_mut::<_, T::Lanes<S>>(x).get_mut(..2 * len * count)?;
        for x in x.chunks_mut(2 * at_a_time(len)) {
            // `n` is the length of the transforms that remain, `step` their number.
            let (mut n, mut step) = (len, 1);
            for radix in radices.as_slice() {
                macro_rules! stages {
                    ($($radix:literal)*) => {
                        match radix {
                            $($radix => {
                                n /= $radix;
                                // SAFETY: `x` holds a multiple of `len` numbers, the roots are `len`, and the radices
                                // make up the length: `len = $radix · n · step`.
                                unsafe { stage::<S, T, $radix, false>(s, x, roots, n, step) };
                                step *= $radix;
                            })*
                            _ => return None,
                        }
                    };
                }
                stages!(2 3 4 5 6 8);
            }
        }
        Some(())
    }
}

/// The adjoint of [`Forward`]: `x[j] ← Σ_k x[k] e^(−2πi jk / len)` for `x[k]` in digit-reversed order.
pub(crate) struct Adjoint<'a, T, V> {
    pub(crate) fft: Fft<'a, T>,
    pub(crate) count: usize,
    pub(crate) x: &'a mut [V],
}

impl<T: LaneOps, V: Pod> WithSimd for Adjoint<'_, T, V> {
    type Output = Option<()>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, s: S) -> Option<()> {
        let Self { fft: Fft { len, radices, roots }, count, x } = self;
        let x = cast_mut::<_, T::Lanes<S>>(x).get_mut(..2 * len * count)?;
        for x in x.chunks_mut(2 * at_a_time(len)) {
            // The stages of the transform in reverse: `m` is the length of the transforms done, `rest` their number.
            let (mut m, mut rest) = (1, len);
            for radix in radices.as_slice().iter().rev() {
                macro_rules! stages {
                    ($($radix:literal)*) => {
                        match radix {
                            $($radix => {
                                rest /= $radix;
                                // SAFETY: as above: `len = $radix · m · rest`.
                                unsafe { stage::<S, T, $radix, true>(s, x, roots, m, rest) };
                                m *= $radix;
                            })*
                            _ => return None,
                        }
                    };
                }
                stages!(2 3 4 5 6 8);
            }
        }
        Some(())
    }
}

/// How many numbers of transforms of a length go through the stages together: a multiple of the length, and about as many
/// as the nearest cache holds (16 KiB with AVX2).
#[inline(always)]
fn at_a_time(len: usize) -> usize {
    let mut numbers = len.max(1);
    while 2 * numbers <= 256 {
        numbers *= 2;
    }
    numbers
}

/// One stage: `step` transforms of length `RADIX · m` become `RADIX · step` of length `m`, or the adjoint of that.
///
/// # Safety
/// `roots` must hold `RADIX · m · step` complex numbers, and `x` a multiple of that.
#[inline(always)]
unsafe fn stage<S: Simd, T: LaneOps, const RADIX: usize, const ADJOINT: bool>(
    s: S,
    x: &mut [T::Lanes<S>],
    roots: &[T],
    m: usize,
    step: usize,
) {
    let mut twiddles = [[T::splat(s, T::zeroed()); 2]; RADIX];
    // SAFETY: `0 < m`, and the contract.
    unsafe { butterflies::<S, T, RADIX, ADJOINT, false>(s, x, 0, m, &twiddles) };
    for k in 1..m {
        for q in 1..RADIX {
            let root = 2 * q * k * step;
            // SAFETY: `q k step <= (RADIX − 1) (m − 1) step`, below the number of roots.
            let re = unsafe { *roots.get_unchecked(root) };
            // SAFETY: as above.
            let im = unsafe { *roots.get_unchecked(root + 1) };
            twiddles[q] = [T::splat(s, re), T::splat(s, im)];
        }
        // SAFETY: `k < m`, and the contract.
        unsafe { butterflies::<S, T, RADIX, ADJOINT, true>(s, x, k, m, &twiddles) };
    }
}

/// The butterflies of a stage that share their twiddle factors: number `k` of every transform.
///
/// The adjoint is the same computation on `[im, re]`: swapping the parts of `z` gives `i z*`, which turns a
/// multiplication by `w` into one by `w*`.
///
/// # Safety
/// `x` must hold a multiple of `RADIX · m` complex numbers, and `k < m`.
#[inline(always)]
unsafe fn butterflies<S: Simd, T: LaneOps, const RADIX: usize, const ADJOINT: bool, const TWIDDLED: bool>(
    s: S,
    x: &mut [T::Lanes<S>],
    k: usize,
    m: usize,
    twiddles: &[Complex<T::Lanes<S>>; RADIX],
) {
    let (re, im) = if ADJOINT { (1, 0) } else { (0, 1) };
    let mut first = k;
    while first < x.len() / 2 {
        let mut values = [[T::splat(s, T::zeroed()); 2]; RADIX];
        for q in 0..RADIX {
            let index = 2 * (first + q * m);
            // SAFETY: `first + q m` lies in the same transform of length `RADIX · m` as `first`.
            values[q][0] = unsafe { *x.get_unchecked(index + re) };
            // SAFETY: as above.
            values[q][1] = unsafe { *x.get_unchecked(index + im) };
            if ADJOINT && TWIDDLED && q > 0 {
                values[q] = times::<S, T>(s, values[q], twiddles[q]);
            }
        }
        let mut values = butterfly::<S, T, RADIX>(s, values);
        for q in 0..RADIX {
            if !ADJOINT && TWIDDLED && q > 0 {
                values[q] = times::<S, T>(s, values[q], twiddles[q]);
            }
            let index = 2 * (first + q * m);
            // SAFETY: as above.
            unsafe { *x.get_unchecked_mut(index + re) = values[q][0] };
            // SAFETY: as above.
            unsafe { *x.get_unchecked_mut(index + im) = values[q][1] };
        }
        first += RADIX * m;
    }
}

/// `a b`.
#[inline(always)]
pub(crate) fn times<S: Simd, T: LaneOps>(
    s: S,
    a: Complex<T::Lanes<S>>,
    b: Complex<T::Lanes<S>>,
) -> Complex<T::Lanes<S>> {
    [
        T::mul_add(s, T::neg(s, a[1]), b[1], T::mul(s, a[0], b[0])),
        T::mul_add(s, a[1], b[0], T::mul(s, a[0], b[1])),
    ]
}

/// `a + b`.
#[inline(always)]
fn plus<S: Simd, T: LaneOps>(s: S, a: Complex<T::Lanes<S>>, b: Complex<T::Lanes<S>>) -> Complex<T::Lanes<S>> {
    [T::add(s, a[0], b[0]), T::add(s, a[1], b[1])]
}

/// `a − b`.
#[inline(always)]
fn minus<S: Simd, T: LaneOps>(
    s: S,
    a: Complex<T::Lanes<S>>,
    b: Complex<T::Lanes<S>>,
) -> Complex<T::Lanes<S>> {
    [T::sub(s, a[0], b[0]), T::sub(s, a[1], b[1])]
}

/// `a + i b` and `a − i b`.
#[inline(always)]
fn quarter_turns<S: Simd, T: LaneOps>(
    s: S,
    a: Complex<T::Lanes<S>>,
    b: Complex<T::Lanes<S>>,
) -> [Complex<T::Lanes<S>>; 2] {
    [[T::sub(s, a[0], b[1]), T::add(s, a[1], b[0])], [T::add(s, a[0], b[1]), T::sub(s, a[1], b[0])]]
}

/// `a + factor · b` with a real factor.
#[inline(always)]
fn plus_scaled<S: Simd, T: LaneOps>(
    s: S,
    a: Complex<T::Lanes<S>>,
    factor: T::Lanes<S>,
    b: Complex<T::Lanes<S>>,
) -> Complex<T::Lanes<S>> {
    [T::mul_add(s, factor, b[0], a[0]), T::mul_add(s, factor, b[1], a[1])]
}

/// The transform of length `RADIX`, in natural order.
#[inline(always)]
fn butterfly<S: Simd, T: LaneOps, const RADIX: usize>(
    s: S,
    x: [Complex<T::Lanes<S>>; RADIX],
) -> [Complex<T::Lanes<S>>; RADIX] {
    let mut y = x;
    if RADIX == 2 {
        y[0] = plus::<S, T>(s, x[0], x[1]);
        y[1] = minus::<S, T>(s, x[0], x[1]);
    } else if RADIX == 3 {
        // cos 2π/3 = −½ and sin 2π/3 = √¾.
        let (half, sine) =
            (T::splat(s, T::from_f64(-0.5)), T::splat(s, T::from_f64(0.866_025_403_784_438_6)));
        let (sum, difference) = (plus::<S, T>(s, x[1], x[2]), minus::<S, T>(s, x[1], x[2]));
        y[0] = plus::<S, T>(s, x[0], sum);
        let even = plus_scaled::<S, T>(s, x[0], half, sum);
        let odd = [T::mul(s, sine, difference[0]), T::mul(s, sine, difference[1])];
        [y[1], y[2]] = quarter_turns::<S, T>(s, even, odd);
    } else if RADIX == 4 {
        let (sum02, difference02) = (plus::<S, T>(s, x[0], x[2]), minus::<S, T>(s, x[0], x[2]));
        let (sum13, difference13) = (plus::<S, T>(s, x[1], x[3]), minus::<S, T>(s, x[1], x[3]));
        y[0] = plus::<S, T>(s, sum02, sum13);
        y[2] = minus::<S, T>(s, sum02, sum13);
        [y[1], y[3]] = quarter_turns::<S, T>(s, difference02, difference13);
    } else if RADIX == 5 {
        // Cosine and sine of 2π/5 and of 4π/5.
        let (c1, s1) =
            (T::splat(s, T::from_f64(0.309_016_994_374_947_45)), T::from_f64(0.951_056_516_295_153_5));
        let (c2, s2) =
            (T::splat(s, T::from_f64(-0.809_016_994_374_947_5)), T::from_f64(0.587_785_252_292_473_1));
        let (s1, s2, minus_s1) =
            (T::splat(s, s1), T::splat(s, s2), T::splat(s, T::from_f64(-0.951_056_516_295_153_5)));
        let (sum14, difference14) = (plus::<S, T>(s, x[1], x[4]), minus::<S, T>(s, x[1], x[4]));
        let (sum23, difference23) = (plus::<S, T>(s, x[2], x[3]), minus::<S, T>(s, x[2], x[3]));
        y[0] = plus::<S, T>(s, x[0], plus::<S, T>(s, sum14, sum23));
        let even1 = plus_scaled::<S, T>(s, plus_scaled::<S, T>(s, x[0], c1, sum14), c2, sum23);
        let even2 = plus_scaled::<S, T>(s, plus_scaled::<S, T>(s, x[0], c2, sum14), c1, sum23);
        let odd1 = [T::mul(s, s2, difference23[0]), T::mul(s, s2, difference23[1])];
        let odd1 = plus_scaled::<S, T>(s, odd1, s1, difference14);
        let odd2 = [T::mul(s, s2, difference14[0]), T::mul(s, s2, difference14[1])];
        let odd2 = plus_scaled::<S, T>(s, odd2, minus_s1, difference23);
        [y[1], y[4]] = quarter_turns::<S, T>(s, even1, odd1);
        [y[2], y[3]] = quarter_turns::<S, T>(s, even2, odd2);
    } else if RADIX == 6 {
        // By the Chinese remainder theorem (Good 1958): `j = 3a + 2b` and `k = 3c + 4d` modulo 6 make
        // `e^(2πi jk / 6) = (−1)^(ac) e^(2πi bd / 3)`.
        let [a0, a1, a2] = butterfly::<S, T, 3>(s, [x[0], x[2], x[4]]);
        let [b0, b1, b2] = butterfly::<S, T, 3>(s, [x[3], x[5], x[1]]);
        (y[0], y[3]) = (plus::<S, T>(s, a0, b0), minus::<S, T>(s, a0, b0));
        (y[4], y[1]) = (plus::<S, T>(s, a1, b1), minus::<S, T>(s, a1, b1));
        (y[2], y[5]) = (plus::<S, T>(s, a2, b2), minus::<S, T>(s, a2, b2));
    } else if RADIX == 8 {
        let [a0, a1, a2, a3] = butterfly::<S, T, 4>(s, [x[0], x[2], x[4], x[6]]);
        let [b0, b1, b2, b3] = butterfly::<S, T, 4>(s, [x[1], x[3], x[5], x[7]]);
        // Times e^(iπ/4) and e^(3iπ/4).
        let root = T::splat(s, T::from_f64(core::f64::consts::FRAC_1_SQRT_2));
        let b1 = [T::mul(s, root, T::sub(s, b1[0], b1[1])), T::mul(s, root, T::add(s, b1[0], b1[1]))];
        let minus_b3 = [T::mul(s, root, T::add(s, b3[0], b3[1])), T::mul(s, root, T::sub(s, b3[1], b3[0]))];
        (y[0], y[4]) = (plus::<S, T>(s, a0, b0), minus::<S, T>(s, a0, b0));
        (y[1], y[5]) = (plus::<S, T>(s, a1, b1), minus::<S, T>(s, a1, b1));
        [y[2], y[6]] = quarter_turns::<S, T>(s, a2, b2);
        (y[3], y[7]) = (minus::<S, T>(s, a3, minus_b3), plus::<S, T>(s, a3, minus_b3));
    }
    y
}
