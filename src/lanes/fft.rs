//! Fast Fourier transforms of complex lane vectors: mixed radix, every lane by itself.
//!
//! A complex number is two neighbouring lane vectors, `[re, im]`. The transform decimates in frequency and leaves its
//! output in digit-reversed order; its adjoint decimates in time and takes its input in that order. In between only
//! pointwise operations happen, which do not care, so that nothing is ever reordered.
//!
//! Passes over memory around the stages cost about half as much as these: they are loads and stores. So the first stage can
//! take its numbers from wherever they are ([`Fft::start`]), and the last one can be done together with the
//! pointwise product and the first stage of the adjoint ([`Fft::couple`]). Short transforms that are always done as a whole are
//! one butterfly ([`Radices::whole`]).
#![allow(unsafe_code)]
// Indices are what the formulas and the safety arguments speak of.
#![allow(clippy::needless_range_loop)]

use core::ops::Range;

use bytemuck::Pod;
use pulp::{Simd, WithSimd};

use super::{LaneOps, cast_mut};

/// A complex number in every lane.
pub(crate) type Complex<V> = [V; 2];

/// The transforms of one length, with its roots of unity `e^(2πi k / len)`, `k < len`, as `[k][re, im]`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fft<'t, T> {
    radices: Radices,
    roots: &'t [T],
}

/// The radices of the stages of a transform, one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Radices {
    /// Their product.
    len: usize,
    list: [u8; MAX_STAGES],
    count: usize,
    /// About twice the instructions per number.
    cost: usize,
}

/// Enough for lengths below 3^9.
const MAX_STAGES: usize = 8;

impl Radices {
    /// For transforms that are always done as a whole, which are neither [started](Fft::start) nor [coupled](Fft::couple): a
    /// single one for lengths whose numbers 32 registers hold (with 16, what goes over the stack is still less than another pass
    /// over memory), else as [`Self::of`].
    pub(crate) fn whole(len: usize) -> Option<Self> {
        let (radix, cost) = match len {
            10 => (10, 26),
            12 => (12, 25),
            14 => (14, 31),
            _ => return Self::of(len),
        };
        let mut list = [1; MAX_STAGES];
        list[0] = radix;
        Some(Self { len, list, count: 1, cost })
    }

    /// The cheapest for a length `2^a 3^b 5^c`: at least two, large ones first, after 1 if there are fewer. `None` for other
    /// lengths.
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
                (5, fives, 29),
                (4, fours, 22),
                (3, threes - sixes, 23),
                (2, usize::from(twos == 1), 16),
            ];
            let n_stages: usize = stages.iter().map(|(_, times, _)| times).sum();
            let mut radices = Self {
                len: len.max(1),
                list: [1; MAX_STAGES],
                count: 2_usize.saturating_sub(n_stages),
                cost: 0,
            };
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

    /// About twice the instructions of a transform.
    pub(crate) fn cost(&self) -> usize {
        self.len * self.cost
    }

    /// One after the other.
    #[inline(always)]
    pub(crate) fn as_slice(&self) -> &[u8] {
        self.list.get(..self.count).unwrap_or(&[])
    }
}

/// Evaluates `$body` with the constant `$RADIX`.
macro_rules! with_radix {
    ($radix:expr, |$RADIX:ident| $body:expr) => {
        with_radix!(@ $radix, $RADIX, $body, 1 2 3 4 5 6 8)
    };
    (@ $radix:expr, $RADIX:ident, $body:expr, $($literal:literal)*) => {
        match $radix {
            $($literal => {
                const $RADIX: usize = $literal;
                $body
            })*
            _ => return None,
        }
    };
}

impl<'t, T: LaneOps> Fft<'t, T> {
    /// The transforms by these radices. `None` if the roots are fewer.
    #[inline(always)]
    pub(crate) fn new(radices: Radices, roots: &'t [T]) -> Option<Self> {
        if roots.len() >= 2 * radices.len { Some(Self { radices, roots }) } else { None }
    }

    /// How many transforms go through the stages together: about as many as the nearest cache holds (16 KiB with AVX2).
    #[inline(always)]
    fn at_a_time(&self) -> usize {
        let mut count = 1;
        while 2 * count * self.radices.len <= 256 {
            count *= 2;
        }
        count
    }

    /// All stages.
    #[inline(always)]
    pub(crate) fn all(&self) -> Range<usize> {
        0..self.radices.count
    }

    /// All stages but the first and the last.
    #[inline(always)]
    pub(crate) fn inner(&self) -> Range<usize> {
        1..self.radices.count - 1
    }

    /// All stages but the last, which is the adjoint's first.
    #[inline(always)]
    pub(crate) fn before_last(&self) -> Range<usize> {
        0..self.radices.count - 1
    }

    /// The first stage of `count` transforms. `None` if numbers are missing, or `x` is shorter than they are.
    #[inline(always)]
    pub(crate) fn start<S: Simd>(
        &self,
        s: S,
        numbers: &impl Numbers<S, T>,
        count: usize,
        x: &mut [T::Lanes<S>],
    ) -> Option<()> {
        let len = self.radices.len;
        let x = x.get_mut(..2 * len * count)?.as_mut_ptr();
        if !numbers.covers(count, len) {
            return None;
        }
        with_radix!(*self.radices.as_slice().first()?, |RADIX| {
            let stage = Stage { roots: self.roots, m: len / RADIX, step: 1 };
            // SAFETY: the numbers are there, `x` holds `count` transforms, the roots are `len`, and the radix divides it.
            unsafe { stage.run::<S, _, RADIX, false>(s, numbers, count, x) }
        });
        Some(())
    }

    /// The last stage of the transforms `f` and `g`, the sum of their products (the difference, if there are two), and the
    /// first stage of its adjoint, which is added to what is there if `accumulate`. Real and imaginary parts are different
    /// samples of real functions. `f` may be `None` if there is one term: then `out` holds it. `None` if lengths differ.
    #[inline(always)]
    pub(crate) fn couple<S: Simd, const TERMS: usize>(
        &self,
        s: S,
        f: Option<[&[T::Lanes<S>]; TERMS]>,
        g: [&[T::Lanes<S>]; TERMS],
        out: &mut [T::Lanes<S>],
        accumulate: bool,
    ) -> Option<()> {
        if (f.is_none() && TERMS > 1) || f.iter().flatten().chain(&g).any(|x| x.len() != out.len()) {
            return None;
        }
        with_radix!(*self.radices.as_slice().last()?, |RADIX| {
            couple::<S, T, TERMS, RADIX>(s, minus_one(s, self.roots), f, g, out, accumulate);
        });
        Some(())
    }
}

/// Where a transform's numbers come from.
///
/// # Safety
/// What is covered can be read.
pub(crate) unsafe trait Numbers<S: Simd, T: LaneOps> {
    /// Whether there are so many transforms of so many numbers.
    fn covers(&self, count: usize, len: usize) -> bool;

    /// Number `i` of a transform.
    ///
    /// # Safety
    /// It must be [covered](Self::covers).
    unsafe fn read(&self, s: S, transform: usize, i: usize) -> Complex<T::Lanes<S>>;
}

/// The numbers of transforms of length `len`, one after the other, where the results go as well.
struct InPlace<V> {
    x: *const V,
    len: usize,
}

// SAFETY: who makes one sees to it.
unsafe impl<S: Simd, T: LaneOps> Numbers<S, T> for InPlace<T::Lanes<S>> {
    #[inline(always)]
    fn covers(&self, _: usize, _: usize) -> bool {
        true
    }

    #[inline(always)]
    unsafe fn read(&self, _: S, transform: usize, i: usize) -> Complex<T::Lanes<S>> {
        let number = self.x.cast::<Complex<T::Lanes<S>>>().wrapping_add(transform * self.len + i);
        // SAFETY: covered.
        unsafe { *number }
    }
}

/// `x[k] ← Σ_j x[j] e^(2πi jk / len)`, in digit-reversed order, for `count` transforms one after the other, or some of the
/// stages of that. `None` if `x` is shorter than they are.
pub(crate) struct Forward<'a, T, V> {
    pub(crate) fft: &'a Fft<'a, T>,
    pub(crate) stages: Range<usize>,
    pub(crate) count: usize,
    pub(crate) x: &'a mut [V],
}

impl<T: LaneOps, V: Pod> WithSimd for Forward<'_, T, V> {
    type Output = Option<()>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, s: S) -> Option<()> {
        let Self { fft, stages, count, x } = self;
        let Fft { radices, roots } = *fft;
        let len = radices.len;
        let mut rest = cast_mut::<_, T::Lanes<S>>(x).get_mut(..2 * len * count)?;
        if stages == fft.all() && single_stages::<S, T, false>(s, fft, rest) {
            return Some(());
        }
        let (mut remaining, at_a_time) = (count, fft.at_a_time());
        while remaining > 0 {
            let count = remaining.min(at_a_time);
            let (x, others) = rest.split_at_mut_checked(2 * len * count)?;
            (rest, remaining) = (others, remaining - count);
            // `n` is the length of the transforms that remain, `step` their number.
            let (mut n, mut step) = (len, 1);
            for (i, radix) in radices.as_slice().iter().enumerate() {
                with_radix!(*radix, |RADIX| {
                    n /= RADIX;
                    if RADIX > 1 && stages.contains(&i) {
                        let stage = Stage { roots, m: n, step };
                        // SAFETY: `x` holds `count` transforms, the roots are `len`, and the radices make up the length:
                        // `len = RADIX · n · step`.
                        unsafe { stage.in_place::<S, RADIX, false>(s, count * step, x) };
                    }
                    step *= RADIX;
                });
            }
        }
        Some(())
    }
}

/// The adjoint of [`Forward`]: `x[j] ← Σ_k x[k] e^(−2πi jk / len)` for `x[k]` in digit-reversed order.
pub(crate) struct Adjoint<'a, T, V> {
    pub(crate) fft: &'a Fft<'a, T>,
    pub(crate) stages: Range<usize>,
    pub(crate) count: usize,
    pub(crate) x: &'a mut [V],
}

impl<T: LaneOps, V: Pod> WithSimd for Adjoint<'_, T, V> {
    type Output = Option<()>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, s: S) -> Option<()> {
        let Self { fft, stages, count, x } = self;
        let Fft { radices, roots } = *fft;
        let len = radices.len;
        let mut rest = cast_mut::<_, T::Lanes<S>>(x).get_mut(..2 * len * count)?;
        if stages == fft.all() && single_stages::<S, T, true>(s, fft, rest) {
            return Some(());
        }
        let (mut remaining, at_a_time) = (count, fft.at_a_time());
        while remaining > 0 {
            let count = remaining.min(at_a_time);
            let (x, others) = rest.split_at_mut_checked(2 * len * count)?;
            (rest, remaining) = (others, remaining - count);
            // The stages of the transform in reverse: `m` is the length of the transforms done, `step` their number.
            let (mut m, mut step) = (1, len);
            for (i, radix) in radices.as_slice().iter().enumerate().rev() {
                with_radix!(*radix, |RADIX| {
                    step /= RADIX;
                    if RADIX > 1 && stages.contains(&i) {
                        let stage = Stage { roots, m, step };
                        // SAFETY: as above: `len = RADIX · m · step`.
                        unsafe { stage.in_place::<S, RADIX, true>(s, count * step, x) };
                    }
                    m *= RADIX;
                });
            }
        }
        Some(())
    }
}

/// One stage: `step` transforms of length `RADIX · m` become `RADIX · step` of length `m`, or the adjoint of that.
struct Stage<'a, T> {
    roots: &'a [T],
    m: usize,
    step: usize,
}

impl<T: LaneOps> Stage<'_, T> {
    /// # Safety
    /// As for [`Self::run`], for numbers that are there already.
    #[inline(always)]
    unsafe fn in_place<S: Simd, const RADIX: usize, const ADJOINT: bool>(
        &self,
        s: S,
        count: usize,
        x: &mut [T::Lanes<S>],
    ) {
        let x = x.as_mut_ptr();
        let numbers = InPlace { x, len: RADIX * self.m };
        // SAFETY: the contract; no other reference to them is in use.
        unsafe { self.run::<S, _, RADIX, ADJOINT>(s, &numbers, count, x) };
    }

    /// The stage for `count` transforms of length `RADIX · m`.
    ///
    /// # Safety
    /// There must be `RADIX · m · step` roots, so many numbers, and room for
    /// them at `x`.
    #[inline(always)]
    unsafe fn run<S: Simd, N: Numbers<S, T>, const RADIX: usize, const ADJOINT: bool>(
        &self,
        s: S,
        numbers: &N,
        count: usize,
        x: *mut T::Lanes<S>,
    ) {
        let mut twiddles = [[T::splat(s, T::zeroed()); 2]; RADIX];
        // SAFETY: `0 < m`, and the contract.
        unsafe { self.butterflies::<S, N, RADIX, ADJOINT, false>(s, numbers, count, x, 0, &twiddles) };
        for k in 1..self.m {
            for q in 1..RADIX {
                // SAFETY: `q k step <= (RADIX − 1) (m − 1) step`, below the number of roots.
                twiddles[q] = unsafe { splat_complex::<S, T>(s, self.roots, q * k * self.step) };
            }
            // SAFETY: `k < m`, and the contract.
            unsafe {
                self.butterflies::<S, N, RADIX, ADJOINT, true>(s, numbers, count, x, k, &twiddles);
            }
        }
    }

    /// The butterflies of a stage that share their twiddle factors: number `k` of every transform.
    ///
    /// The adjoint is the same computation on `[im, re]`: swapping the parts of `z` gives `i z*`, which turns a
    /// multiplication by `w` into one by `w*`.
    ///
    /// # Safety
    /// As for [`Self::run`], and `k < m`.
    #[inline(always)]
    unsafe fn butterflies<
        S: Simd,
        N: Numbers<S, T>,
        const RADIX: usize,
        const ADJOINT: bool,
        const TWIDDLED: bool,
    >(
        &self,
        s: S,
        numbers: &N,
        count: usize,
        x: *mut T::Lanes<S>,
        k: usize,
        twiddles: &[Complex<T::Lanes<S>>; RADIX],
    ) {
        let x = x.cast::<Complex<T::Lanes<S>>>();
        // Twiddle factors are work enough for the multipliers.
        let minus_one = if TWIDDLED { None } else { Some(minus_one(s, self.roots)) };
        for transform in 0..count {
            let mut values = [[T::splat(s, T::zeroed()); 2]; RADIX];
            for q in 0..RADIX {
                // SAFETY: `k + q m < RADIX · m`, and the contract.
                values[q] = unsafe { numbers.read(s, transform, k + q * self.m) };
                if ADJOINT {
                    values[q] = swapped(values[q]);
                    if TWIDDLED && q > 0 {
                        values[q] = times::<S, T>(s, values[q], twiddles[q]);
                    }
                }
            }
            let mut values = butterfly::<S, T, RADIX>(s, minus_one, values);
            for q in 0..RADIX {
                if !ADJOINT && TWIDDLED && q > 0 {
                    values[q] = times::<S, T>(s, values[q], twiddles[q]);
                }
                if ADJOINT {
                    values[q] = swapped(values[q]);
                }
                let number = x.wrapping_add(transform * RADIX * self.m + k + q * self.m);
                // SAFETY: as above.
                unsafe { *number = values[q] };
            }
        }
    }
}

/// Transforms of a [single](Radices::whole) stage, or their adjoints; `false` (nothing done) for others.
#[inline(always)]
fn single_stages<S: Simd, T: LaneOps, const ADJOINT: bool>(
    s: S,
    Fft { radices, roots, .. }: &Fft<'_, T>,
    x: &mut [T::Lanes<S>],
) -> bool {
    let minus_one = minus_one(s, roots);
    macro_rules! single {
        ($($radix:literal)*) => {
            match radices.as_slice() {
                $([$radix] => single_stage::<S, T, $radix, ADJOINT>(s, minus_one, x),)*
                _ => return false,
            }
        };
    }
    single!(10 12 14);
    true
}

/// See [`single_stages`].
#[inline(always)]
fn single_stage<S: Simd, T: LaneOps, const RADIX: usize, const ADJOINT: bool>(
    s: S,
    minus_one: T::Lanes<S>,
    x: &mut [T::Lanes<S>],
) {
    for x in x.as_chunks_mut::<2>().0.as_chunks_mut::<RADIX>().0 {
        let mut values = *x;
        for q in 0..RADIX {
            values[q] = if ADJOINT { swapped(values[q]) } else { values[q] };
        }
        values = butterfly::<S, T, RADIX>(s, Some(minus_one), values);
        for q in 0..RADIX {
            x[q] = if ADJOINT { swapped(values[q]) } else { values[q] };
        }
    }
}

/// See [`Fft::couple`].
#[inline(always)]
fn couple<S: Simd, T: LaneOps, const TERMS: usize, const RADIX: usize>(
    s: S,
    minus_one: T::Lanes<S>,
    f: Option<[&[T::Lanes<S>]; TERMS]>,
    g: [&[T::Lanes<S>]; TERMS],
    out: &mut [T::Lanes<S>],
    accumulate: bool,
) {
    let minus_one = Some(minus_one);
    let (groups, _) = out.as_chunks_mut::<2>().0.as_chunks_mut::<RADIX>();
    for (i, out) in groups.iter_mut().enumerate() {
        let mut sum = [[T::splat(s, T::zeroed()); 2]; RADIX];
        for term in 0..TERMS {
            let f = match f {
                None => *out,
                // SAFETY: `f` and `g` are as long as `out`, here and below.
                Some(f) => unsafe { group(f[term], i) },
            };
            let f = butterfly::<S, T, RADIX>(s, minus_one, f);
            // SAFETY: as above.
            let g = butterfly::<S, T, RADIX>(s, minus_one, unsafe { group(g[term], i) });
            for q in 0..RADIX {
                for part in 0..2 {
                    let product = T::mul(s, f[q][part], g[q][part]);
                    sum[q][part] = if term == 0 { product } else { T::sub(s, sum[q][part], product) };
                }
            }
        }
        for q in 0..RADIX {
            sum[q] = swapped(sum[q]);
        }
        let sum = butterfly::<S, T, RADIX>(s, minus_one, sum);
        for q in 0..RADIX {
            let [im, re] = sum[q];
            out[q] = if accumulate { [T::add(s, out[q][0], re), T::add(s, out[q][1], im)] } else { [re, im] };
        }
    }
}

/// The `i`-th so many complex numbers.
///
/// # Safety
/// They must exist.
#[inline(always)]
unsafe fn group<V: Copy, const RADIX: usize>(x: &[V], i: usize) -> [Complex<V>; RADIX] {
    let group = x.as_ptr().cast::<[Complex<V>; RADIX]>().wrapping_add(i);
    // SAFETY: the contract.
    unsafe { *group }
}

/// Complex number `i` of `[i][re, im]`, in every lane.
///
/// # Safety
/// It must exist.
#[inline(always)]
unsafe fn splat_complex<S: Simd, T: LaneOps>(s: S, numbers: &[T], i: usize) -> Complex<T::Lanes<S>> {
    // SAFETY: the contract.
    let re = unsafe { *numbers.get_unchecked(2 * i) };
    // SAFETY: as above.
    let im = unsafe { *numbers.get_unchecked(2 * i + 1) };
    [T::splat(s, re), T::splat(s, im)]
}

/// −1 from the roots of unity, see [`butterfly`].
#[inline(always)]
fn minus_one<S: Simd, T: LaneOps>(s: S, roots: &[T]) -> T::Lanes<S> {
    T::neg(s, T::splat(s, roots.first().copied().unwrap_or(T::zeroed())))
}

/// `i z*`.
#[inline(always)]
fn swapped<V>([re, im]: Complex<V>) -> Complex<V> {
    [im, re]
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

/// `a − b`, see [`butterfly`].
#[inline(always)]
fn minus<S: Simd, T: LaneOps>(
    s: S,
    minus_one: Option<T::Lanes<S>>,
    a: Complex<T::Lanes<S>>,
    b: Complex<T::Lanes<S>>,
) -> Complex<T::Lanes<S>> {
    [subtract::<S, T>(s, minus_one, a[0], b[0]), subtract::<S, T>(s, minus_one, a[1], b[1])]
}

/// `a − b`, see [`butterfly`].
#[inline(always)]
fn subtract<S: Simd, T: LaneOps>(
    s: S,
    minus_one: Option<T::Lanes<S>>,
    a: T::Lanes<S>,
    b: T::Lanes<S>,
) -> T::Lanes<S> {
    match minus_one {
        Some(minus_one) => T::mul_add(s, minus_one, b, a),
        None => T::sub(s, a, b),
    }
}

/// `a + i b` and `a − i b`.
#[inline(always)]
fn quarter_turns<S: Simd, T: LaneOps>(
    s: S,
    minus_one: Option<T::Lanes<S>>,
    a: Complex<T::Lanes<S>>,
    b: Complex<T::Lanes<S>>,
) -> [Complex<T::Lanes<S>>; 2] {
    [
        [subtract::<S, T>(s, minus_one, a[0], b[1]), T::add(s, a[1], b[0])],
        [T::add(s, a[0], b[1]), subtract::<S, T>(s, minus_one, a[1], b[0])],
    ]
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
///
/// It is mostly sums and differences. Where processors have units for them beside those for products (AMD since Zen), half of
/// these would idle: differences are multiply-adds with `minus_one`, which are rounded likewise. (It is loaded: the compiler
/// would make differences again of a constant.) Where there are products enough, without `minus_one` and inside butterflies of
/// 5 and 7, they stay subtractions.
#[inline(always)]
fn butterfly<S: Simd, T: LaneOps, const RADIX: usize>(
    s: S,
    minus_one: Option<T::Lanes<S>>,
    x: [Complex<T::Lanes<S>>; RADIX],
) -> [Complex<T::Lanes<S>>; RADIX] {
    let mut y = x;
    if RADIX == 2 {
        y[0] = plus::<S, T>(s, x[0], x[1]);
        y[1] = minus::<S, T>(s, minus_one, x[0], x[1]);
    } else if RADIX == 3 {
        // cos 2π/3 = −½ and sin 2π/3 = √¾.
        let (half, sine) =
            (T::splat(s, T::from_f64(-0.5)), T::splat(s, T::from_f64(0.866_025_403_784_438_6)));
        let (sum, difference) = (plus::<S, T>(s, x[1], x[2]), minus::<S, T>(s, minus_one, x[1], x[2]));
        y[0] = plus::<S, T>(s, x[0], sum);
        let even = plus_scaled::<S, T>(s, x[0], half, sum);
        let odd = [T::mul(s, sine, difference[0]), T::mul(s, sine, difference[1])];
        [y[1], y[2]] = quarter_turns::<S, T>(s, minus_one, even, odd);
    } else if RADIX == 4 {
        let (sum02, difference02) = (plus::<S, T>(s, x[0], x[2]), minus::<S, T>(s, minus_one, x[0], x[2]));
        let (sum13, difference13) = (plus::<S, T>(s, x[1], x[3]), minus::<S, T>(s, minus_one, x[1], x[3]));
        y[0] = plus::<S, T>(s, sum02, sum13);
        y[2] = minus::<S, T>(s, minus_one, sum02, sum13);
        [y[1], y[3]] = quarter_turns::<S, T>(s, minus_one, difference02, difference13);
    } else if RADIX == 5 {
        // Cosine and sine of 2π/5 and of 4π/5.
        let (c1, s1) =
            (T::splat(s, T::from_f64(0.309_016_994_374_947_45)), T::from_f64(0.951_056_516_295_153_5));
        let (c2, s2) =
            (T::splat(s, T::from_f64(-0.809_016_994_374_947_5)), T::from_f64(0.587_785_252_292_473_1));
        let (s1, s2, minus_s1) =
            (T::splat(s, s1), T::splat(s, s2), T::splat(s, T::from_f64(-0.951_056_516_295_153_5)));
        let (sum14, difference14) = (plus::<S, T>(s, x[1], x[4]), minus::<S, T>(s, None, x[1], x[4]));
        let (sum23, difference23) = (plus::<S, T>(s, x[2], x[3]), minus::<S, T>(s, None, x[2], x[3]));
        y[0] = plus::<S, T>(s, x[0], plus::<S, T>(s, sum14, sum23));
        let even1 = plus_scaled::<S, T>(s, plus_scaled::<S, T>(s, x[0], c1, sum14), c2, sum23);
        let even2 = plus_scaled::<S, T>(s, plus_scaled::<S, T>(s, x[0], c2, sum14), c1, sum23);
        let odd1 = [T::mul(s, s2, difference23[0]), T::mul(s, s2, difference23[1])];
        let odd1 = plus_scaled::<S, T>(s, odd1, s1, difference14);
        let odd2 = [T::mul(s, s2, difference14[0]), T::mul(s, s2, difference14[1])];
        let odd2 = plus_scaled::<S, T>(s, odd2, minus_s1, difference23);
        [y[1], y[4]] = quarter_turns::<S, T>(s, minus_one, even1, odd1);
        [y[2], y[3]] = quarter_turns::<S, T>(s, minus_one, even2, odd2);
    } else if RADIX == 6 {
        // By the Chinese remainder theorem (Good 1958): `j = 3a + 2b` and `k = 3c + 4d` modulo 6 make
        // `e^(2πi jk / 6) = (−1)^(ac) e^(2πi bd / 3)`.
        let [a0, a1, a2] = butterfly::<S, T, 3>(s, minus_one, [x[0], x[2], x[4]]);
        let [b0, b1, b2] = butterfly::<S, T, 3>(s, minus_one, [x[3], x[5], x[1]]);
        (y[0], y[3]) = (plus::<S, T>(s, a0, b0), minus::<S, T>(s, minus_one, a0, b0));
        (y[4], y[1]) = (plus::<S, T>(s, a1, b1), minus::<S, T>(s, minus_one, a1, b1));
        (y[2], y[5]) = (plus::<S, T>(s, a2, b2), minus::<S, T>(s, minus_one, a2, b2));
    } else if RADIX == 10 {
        // As 6: `j = 5a + 2b` and `k = 5c + 6d` modulo 10 make `(−1)^(ac) e^(2πi bd / 5)`.
        let a = butterfly::<S, T, 5>(s, minus_one, [x[0], x[2], x[4], x[6], x[8]]);
        let b = butterfly::<S, T, 5>(s, minus_one, [x[5], x[7], x[9], x[1], x[3]]);
        for d in 0..5 {
            y[6 * d % 10] = plus::<S, T>(s, a[d], b[d]);
            y[(6 * d + 5) % 10] = minus::<S, T>(s, None, a[d], b[d]);
        }
    } else if RADIX == 12 {
        // Likewise `j = 3a + 4b` and `k = 9c + 4d` modulo 12 make `i^(ac) e^(2πi bd / 3)`.
        let mut rows = [[x[0]; 3]; 4];
        for a in 0..4 {
            let row = [x[3 * a], x[(3 * a + 4) % 12], x[(3 * a + 8) % 12]];
            rows[a] = butterfly::<S, T, 3>(s, minus_one, row);
        }
        for d in 0..3 {
            let column = [rows[0][d], rows[1][d], rows[2][d], rows[3][d]];
            let column = butterfly::<S, T, 4>(s, minus_one, column);
            for c in 0..4 {
                y[(9 * c + 4 * d) % 12] = column[c];
            }
        }
    } else if RADIX == 14 {
        // Likewise `j = 7a + 2b` and `k = 7c + 8d` modulo 14 make `(−1)^(ac) e^(2πi bd / 7)`.
        let a = butterfly7::<S, T>(s, minus_one, [x[0], x[2], x[4], x[6], x[8], x[10], x[12]]);
        let b = butterfly7::<S, T>(s, minus_one, [x[7], x[9], x[11], x[13], x[1], x[3], x[5]]);
        for d in 0..7 {
            y[8 * d % 14] = plus::<S, T>(s, a[d], b[d]);
            y[(8 * d + 7) % 14] = minus::<S, T>(s, None, a[d], b[d]);
        }
    } else if RADIX == 8 {
        let [a0, a1, a2, a3] = butterfly::<S, T, 4>(s, minus_one, [x[0], x[2], x[4], x[6]]);
        let [b0, b1, b2, b3] = butterfly::<S, T, 4>(s, minus_one, [x[1], x[3], x[5], x[7]]);
        // Times e^(iπ/4) and e^(3iπ/4).
        let root = T::splat(s, T::from_f64(core::f64::consts::FRAC_1_SQRT_2));
        let b1 = [
            T::mul(s, root, subtract::<S, T>(s, minus_one, b1[0], b1[1])),
            T::mul(s, root, T::add(s, b1[0], b1[1])),
        ];
        let minus_b3 = [
            T::mul(s, root, T::add(s, b3[0], b3[1])),
            T::mul(s, root, subtract::<S, T>(s, minus_one, b3[1], b3[0])),
        ];
        (y[0], y[4]) = (plus::<S, T>(s, a0, b0), minus::<S, T>(s, minus_one, a0, b0));
        (y[1], y[5]) = (plus::<S, T>(s, a1, b1), minus::<S, T>(s, minus_one, a1, b1));
        [y[2], y[6]] = quarter_turns::<S, T>(s, minus_one, a2, b2);
        (y[3], y[7]) = (minus::<S, T>(s, minus_one, a3, minus_b3), plus::<S, T>(s, a3, minus_b3));
    }
    y
}

/// [`butterfly`] of length 7.
#[inline(always)]
fn butterfly7<S: Simd, T: LaneOps>(
    s: S,
    minus_one: Option<T::Lanes<S>>,
    x: [Complex<T::Lanes<S>>; 7],
) -> [Complex<T::Lanes<S>>; 7] {
    // Cosines and sines of 2π/7, 4π/7 and 6π/7.
    const COSINES: [f64; 3] = [0.623_489_801_858_733_5, -0.222_520_933_956_314_4, -0.900_968_867_902_419_1];
    const SINES: [f64; 3] = [0.781_831_482_468_029_8, 0.974_927_912_181_823_6, 0.433_883_739_117_558_1];
    let (mut y, mut sums, mut differences) = (x, [x[0]; 3], [x[0]; 3]);
    for j in 0..3 {
        sums[j] = plus::<S, T>(s, x[j + 1], x[6 - j]);
        differences[j] = minus::<S, T>(s, None, x[j + 1], x[6 - j]);
        y[0] = plus::<S, T>(s, y[0], sums[j]);
    }
    for k in 1..4 {
        let (mut even, mut odd) = (x[0], [T::splat(s, T::zeroed()); 2]);
        for j in 1..4 {
            // The cosine of 2π jk/7 is that of 2π (7 − jk)/7, the sine the opposite.
            let (turn, is_beyond) = if j * k % 7 < 4 { (j * k % 7, false) } else { (7 - j * k % 7, true) };
            let cosine = T::splat(s, T::from_f64(COSINES[turn - 1]));
            let sine = if is_beyond { -SINES[turn - 1] } else { SINES[turn - 1] };
            let sine = T::splat(s, T::from_f64(sine));
            even = plus_scaled::<S, T>(s, even, cosine, sums[j - 1]);
            odd = if j == 1 {
                [T::mul(s, sine, differences[0][0]), T::mul(s, sine, differences[0][1])]
            } else {
                plus_scaled::<S, T>(s, odd, sine, differences[j - 1])
            };
        }
        [y[k], y[7 - k]] = quarter_turns::<S, T>(s, minus_one, even, odd);
    }
    y
}
