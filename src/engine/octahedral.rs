//! The grid engine's transform pair for degrees that have kernels of their own: coefficients ↔ samples at the points of a rule
//! with the symmetry of the octahedron.
//!
//! Such a rule is no product of rings and meridians, so a transform is one sum over coefficients instead of two short ones; but
//! it has up to a third fewer points, and symmetry divides it into ten ([`groups`](crate::tables::octahedral)), each a product
//! with a dense matrix. To degree 9 that is less arithmetic in far fewer, and longer, loops.
//!
//! Samples are the functions' parts at the points that represent the others, group by group; those of a class and its exchanged
//! one side by side, the latter at the exchanged points. Parts of classes multiply like signs, `h_p = Σ_q f_q g_{p xor q}`. Where
//! there are eight, sums and differences of two make that two of four ([`convolve`]), twice as large: half of the weight is in the
//! tables, so that it comes out right. What is even or odd when `x` and `y` are exchanged is added up to values at both points,
//! multiplied, and taken apart again. Of two blocks the samples of a representative follow one another.

use core::marker::PhantomData;

use pulp::{Simd, WithSimd};

use super::Transform;
use super::parts::{convolve, convolve_two, difference, sum};
use crate::index::n_lm;
use crate::lanes::{
    BlockRows, BlockRowsMut, DENSE, FirstRowsMut, LaneOps, Matrix, Panel, RowCount, SignedRow, SignedRows,
    lane_count, multiply_evenly, settle, share,
};
use crate::tables::octahedral::{Group, N_GROUPS, OctahedralRule, Zone, functions_start};

/// Hands the kernels there are to a macro: the degree of the rule, and those of the functions, of which two have the first and
/// one the second.
macro_rules! octahedral_kernels {
    ($receiver:ident) => {
        $receiver!((15, 5, 5)(19, 6, 6)(21, 7, 7)(25, 8, 8)(27, 9, 9)(25, 6, 12))
    };
}
pub(crate) use octahedral_kernels;

/// A kernel for products of three functions.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OctahedralKernel {
    /// The degree of the rule.
    pub(crate) rule: usize,
    /// Those of two functions, and of one.
    pub(crate) low: usize,
    pub(crate) high: usize,
    /// Lane vectors for the samples of a function, of one block.
    pub(crate) samples_len: usize,
}

macro_rules! array_of {
    ($(($rule:literal, $low:literal, $high:literal))*) => {
        [$(OctahedralKernel::new($rule, $low, $high)),*]
    };
}

const KERNELS: &[OctahedralKernel] = &octahedral_kernels!(array_of);

impl OctahedralKernel {
    const fn new(rule: usize, low: usize, high: usize) -> Self {
        let samples_len = OctahedralRule::of_degree(rule).samples_start(N_GROUPS);
        Self { rule, low, high, samples_len }
    }

    /// That for functions of these degrees, if there is one.
    pub(crate) fn of_degrees([l1, l2, l3]: [usize; 3]) -> Option<Self> {
        let (low, high, total) = (l1.min(l2).min(l3), l1.max(l2).max(l3), l1 + l2 + l3);
        let serves = |kernel: &&Self| {
            (kernel.low, kernel.high) == (low, high) && 2 * kernel.low + kernel.high == total
        };
        KERNELS.iter().find(serves).copied()
    }
}

/// So many blocks are taken at a time where [more than one](blocks_at_a_time) are.
pub(crate) const PAIR: usize = 2;

/// How many blocks are taken at a time: pairs where registers are few, which goes with instructions that do nothing but bring a
/// coefficient to all lanes. It serves two blocks then, and so does a line of the cache that holds both. (Time of pairs over that
/// of single blocks, AVX2, `f32`, 2 samples of 128 channels, degrees 5 and 8: 0.99, 0.92; Zen 3. With AVX-512, a prototype, 1.0
/// to 1.13; Cascade Lake.)
pub(crate) const fn blocks_at_a_time<S: Simd, T: LaneOps>() -> usize {
    if lane_count::<S, T>() > 1 && S::REGISTER_COUNT < 32 { PAIR } else { 1 }
}

/// [`blocks_at_a_time`], at a level.
pub(crate) struct BlocksAtATime<T>(pub(crate) PhantomData<T>);

impl<T: LaneOps> WithSimd for BlocksAtATime<T> {
    type Output = usize;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> usize {
        blocks_at_a_time::<S, T>()
    }
}

/// The transform pair of the rule of degree `RULE` for functions of degree `LOW` and `HIGH`, for one or two blocks at a time.
#[derive(Clone, Copy)]
pub(crate) struct Octahedral<
    't,
    T,
    const RULE: usize,
    const LOW: usize,
    const HIGH: usize,
    const BLOCKS: usize,
> {
    /// The rule's table.
    pub(crate) table: &'t [T],
}

/// `$body` with the number of columns, one, two or four, as a constant parameter.
macro_rules! by_columns {
    ($columns:expr, |$constant:ident| $body:expr) => {
        match const { $columns } {
            1 => {
                const $constant: usize = 1;
                $body
            }
            2 => {
                const $constant: usize = 2;
                $body
            }
            4 => {
                const $constant: usize = 4;
                $body
            }
            _ => None,
        }
    };
}

/// Points that are exchanged in pairs: where their samples begin, of even and of odd functions, and of those of exchanged classes
/// at the first and at the second point.
#[derive(Clone, Copy)]
struct Pairs<const N: usize, const M: usize> {
    even: [usize; N],
    odd: [usize; N],
    first: [usize; M],
    second: [usize; M],
}

/// Values at a point: of parts that are made of even and odd functions, and of those of exchanged classes.
type Values<V, const N: usize, const M: usize> = ([V; N], [V; M]);

impl<T: LaneOps, const RULE: usize, const LOW: usize, const HIGH: usize, const BLOCKS: usize>
    Octahedral<'_, T, RULE, LOW, HIGH, BLOCKS>
{
    const RULE: OctahedralRule = {
        let rule = OctahedralRule::of_degree(RULE);
        assert!(LOW <= HIGH && 2 * LOW + HIGH <= RULE && HIGH <= rule.lmax);
        assert!((BLOCKS == 1 || BLOCKS == PAIR) && N_GROUPS == 10); // as macros below say
        rule
    };
    const SAMPLES: usize = BLOCKS * Self::RULE.samples_start(N_GROUPS);

    /// General points: the classes 0, 3, 4, 7 and 1, 2, 5, 6.
    const PAIRS: Pairs<4, 4> = Pairs {
        even: Self::starts([0, 2, 4, 6], Zone::Pairs),
        odd: Self::starts([1, 3, 5, 7], Zone::Pairs),
        first: Self::columns(Zone::Pairs, Zone::Exchanged),
        second: Self::columns(Zone::Exchanged, Zone::Pairs),
    };
    const FIXED: [[usize; 4]; 2] =
        [Self::starts([0, 2, 4, 6], Zone::Fixed), Self::columns(Zone::Fixed, Zone::Fixed)];

    /// `x = 0` and `y = 0`: the classes 0, 4 and 2, 6, or 1, 5.
    const UPRIGHT: Pairs<2, 2> = {
        let [first, second, fifth, sixth] = Self::columns(Zone::Upright, Zone::Upright);
        Pairs {
            even: Self::starts([0, 4], Zone::Upright),
            odd: Self::starts([1, 5], Zone::Upright),
            first: [second, sixth],
            second: [first, fifth],
        }
    };

    /// `z = 0`: the classes 0, 3 and 1, 2.
    const PLANE_PAIRS: Pairs<2, 2> = {
        let [first, second, ..] = Self::columns(Zone::PlanePairs, Zone::PlaneExchanged);
        let [third, fourth, ..] = Self::columns(Zone::PlaneExchanged, Zone::PlanePairs);
        Pairs {
            even: Self::starts([0, 2], Zone::PlanePairs),
            odd: Self::starts([1, 3], Zone::PlanePairs),
            first: [first, second],
            second: [third, fourth],
        }
    };
    const PLANE_FIXED: [[usize; 2]; 2] = {
        let [first, second, ..] = Self::columns(Zone::PlaneFixed, Zone::PlaneFixed);
        [Self::starts([0, 2], Zone::PlaneFixed), [first, second]]
    };

    /// The axes of `x` and `y`: the classes 0 and 1, or 2; that of `z`: 0 and 4.
    const AXES: Pairs<1, 1> = {
        let [first, second, ..] = Self::columns(Zone::AxisX, Zone::AxisX);
        Pairs {
            even: Self::starts([0], Zone::AxisX),
            odd: Self::starts([1], Zone::AxisX),
            first: [first],
            second: [second],
        }
    };
    const AXIS_Z: [usize; 2] = Self::starts([0, 4], Zone::AxisZ);

    /// Where samples of a zone begin, in groups of these numbers.
    const fn starts<const N: usize>(groups: [usize; N], zone: Zone) -> [usize; N] {
        let (mut starts, mut i) = (groups, 0);
        while i < N {
            let group = Group::ALL[groups[i]];
            let zone_start = Self::RULE.zone_start(group, zone as usize) * group.columns();
            starts[i] = BLOCKS * (Self::RULE.samples_start(groups[i]) + zone_start);
            i += 1;
        }
        starts
    }

    /// Likewise of the classes 1, 2, 5 and 6; of 2 and 6 at the point with which one of the zone is exchanged.
    const fn columns(zone: Zone, exchanged: Zone) -> [usize; 4] {
        let ([first, fifth], [second, sixth]) = (Self::starts([8, 9], zone), Self::starts([8, 9], exchanged));
        [first, second + 1, fifth, sixth + 1]
    }

    /// The values `[function][representative]` of a group.
    #[inline(always)]
    fn group<const GROUP: usize, const LMAX: usize>(table: &[T]) -> Option<&[T]> {
        table.get(
            const {
                let start = Self::RULE.table_start(GROUP);
                start..start + Functions::<GROUP, LMAX>::ROWS * Representatives::<RULE, GROUP>::ROWS
            },
        )
    }

    /// The table, whose length is a constant from here on.
    #[inline(always)]
    fn table(&self) -> Option<&[T]> {
        self.table.get(..const { Self::RULE.table_start(N_GROUPS) })
    }

    #[inline(always)]
    fn synthesise_group<S: Simd, const GROUP: usize, const LMAX: usize>(
        s: S,
        table: &[T],
        x: &[T::Lanes<S>],
        samples: &mut [T::Lanes<S>],
    ) -> Option<()> {
        let (functions, representatives) =
            (Functions::<GROUP, LMAX>::ROWS, Representatives::<RULE, GROUP>::ROWS);
        let data = Self::group::<GROUP, LMAX>(table)?;
        let a = Matrix { data, row_stride: 1, column_stride: representatives, staircase: DENSE };
        let b = x.get(const { BLOCKS * functions_start(GROUP, LMAX) }..)?;
        let out = samples.get_mut(const { BLOCKS * Self::RULE.samples_start(GROUP) }..)?;
        by_columns!(Group::ALL[GROUP].columns() * BLOCKS, |COLUMNS| {
            let (b, out) = (Panel { data: b, stride: COLUMNS }, Panel { data: out, stride: COLUMNS });
            multiply_evenly::<S, T, Representatives<RULE, GROUP>, COLUMNS>(s, functions, a, &b, out)
        })
    }

    #[inline(always)]
    fn analyse_group<S: Simd, const GROUP: usize, const LMAX: usize>(
        s: S,
        table: &[T],
        samples: &[T::Lanes<S>],
        rows: &mut FirstRowsMut<'_, T, T::Lanes<S>, UpTo<LMAX>>,
    ) -> Option<()> {
        let representatives = Representatives::<RULE, GROUP>::ROWS;
        let data = Self::group::<GROUP, LMAX>(table)?;
        let a = Matrix { data, row_stride: representatives, column_stride: 1, staircase: DENSE };
        let b = samples.get(const { BLOCKS * Self::RULE.samples_start(GROUP) }..)?;
        let order = UpTo::<LMAX>::BY_GROUP
            .get(const { functions_start(GROUP, LMAX)..functions_start(GROUP + 1, LMAX) })?;
        let out = SignedRows { s, rows, order, columns: const { Group::ALL[GROUP].columns() } };
        by_columns!(Group::ALL[GROUP].columns() * BLOCKS, |COLUMNS| {
            let b = Panel { data: b, stride: COLUMNS };
            multiply_evenly::<S, T, Functions<GROUP, LMAX>, COLUMNS>(s, representatives, a, &b, out)
        })
    }

    /// Samples, group by group, from coefficients, which are brought into that order first: most are read several times.
    ///
    /// What comes later is asked for meanwhile, if it is far, about as many lines with each group.
    #[inline(always)]
    #[allow(clippy::unnecessary_semicolon)] // of the unrolled loop
    fn synthesise_all<S: Simd, const LMAX: usize>(
        &self,
        s: S,
        mut x: BlockRows<'_, T, T::Lanes<S>>,
        in_groups: &mut [T::Lanes<S>],
        samples: &mut [T::Lanes<S>],
    ) -> Option<()> {
        // (Lengths are constants from here on.)
        let (table, samples) = (self.table()?, samples.get_mut(..Self::SAMPLES)?);
        let mut ahead = x.ahead();
        let x = x.in_place::<UpTo<LMAX>, BLOCKS>()?;
        let in_groups = in_groups.get_mut(..const { BLOCKS * n_lm(LMAX) })?;
        const { assert!(n_lm(LMAX) <= 169) };
        seq_macro::seq!(N in 0..169 {
            if const { N < n_lm(LMAX) } {
                let SignedRow { row, is_opposite } = const { UpTo::<LMAX>::BY_GROUP[N] };
                let (first, columns) = const { UpTo::<LMAX>::place(N, BLOCKS) };
                for block in 0..BLOCKS {
                    let value = x.block(0, block).get(row);
                    *in_groups.get_mut(first + block * columns)? = if is_opposite { T::neg(s, value) } else { value };
                }
            }
        });
        seq_macro::seq!(GROUP in 0..10 {
            Self::synthesise_group::<S, GROUP, LMAX>(s, table, in_groups, samples)?;
            if let Some(ahead) = &mut ahead {
                ahead.ask(const { UpTo::<LMAX>::lines_with(GROUP) });
            }
        });
        Some(())
    }

    /// Coefficients, where they belong, from samples.
    #[inline(always)]
    #[allow(clippy::unnecessary_semicolon)] // of the unrolled loop
    fn analyse_all<S: Simd, const LMAX: usize>(
        &self,
        s: S,
        samples: &[T::Lanes<S>],
        mut x: BlockRowsMut<'_, T, T::Lanes<S>>,
    ) -> Option<()> {
        let (table, samples) = (self.table()?, samples.get(..Self::SAMPLES)?);
        let mut ahead = x.ahead();
        let mut rows = x.in_place::<UpTo<LMAX>, BLOCKS>()?;
        seq_macro::seq!(GROUP in 0..10 {
            Self::analyse_group::<S, GROUP, LMAX>(s, table, samples, &mut rows)?;
            if let Some(ahead) = &mut ahead {
                ahead.ask(const { UpTo::<LMAX>::lines_with(GROUP) });
            }
        });
        Some(())
    }
}

impl<T: LaneOps, const RULE: usize, const LOW: usize, const HIGH: usize, const BLOCKS: usize> Transform<T>
    for Octahedral<'_, T, RULE, LOW, HIGH, BLOCKS>
{
    const BLOCKS: usize = BLOCKS;

    #[inline(always)]
    fn n_parts(&self) -> usize {
        1
    }

    #[inline(always)]
    fn part_start(&self, _: usize) -> usize {
        0
    }

    /// (There are no rings; coefficients group by group take their place.)
    #[inline(always)]
    fn synthesise<S: Simd>(
        &self,
        s: S,
        _: usize,
        lmax: usize,
        x: Option<BlockRows<'_, T, T::Lanes<S>>>,
        in_groups: &mut [T::Lanes<S>],
        values: Option<&mut [T::Lanes<S>]>,
        gradient: Option<[&mut [T::Lanes<S>]; 2]>,
    ) -> Option<()> {
        let (Some(samples), None) = (values, gradient) else { return None };
        if lmax == LOW {
            self.synthesise_all::<S, LOW>(s, x?, in_groups, samples)
        } else if const { HIGH != LOW } && lmax == HIGH {
            self.synthesise_all::<S, HIGH>(s, x?, in_groups, samples)
        } else {
            None
        }
    }

    #[inline(always)]
    fn analyse<S: Simd>(
        &self,
        s: S,
        _: usize,
        lmax: usize,
        samples: &mut [T::Lanes<S>],
        _: &mut [T::Lanes<S>],
        x: Option<BlockRowsMut<'_, T, T::Lanes<S>>>,
    ) -> Option<()> {
        if lmax == LOW {
            self.analyse_all::<S, LOW>(s, samples, x?)
        } else if const { HIGH != LOW } && lmax == HIGH {
            self.analyse_all::<S, HIGH>(s, samples, x?)
        } else {
            None
        }
    }

    #[inline(always)]
    fn multiply<S: Simd>(
        &self,
        s: S,
        _: usize,
        f: Option<&[T::Lanes<S>]>,
        g: &[T::Lanes<S>],
        out: &mut [T::Lanes<S>],
        accumulate: bool,
    ) -> Option<()> {
        if accumulate {
            return None; // a function has one part only, and that is one product
        }
        let (g, out) = (g.get(..Self::SAMPLES)?, out.get_mut(..Self::SAMPLES)?);
        if let Some(f) = f {
            let f = f.get(..Self::SAMPLES)?;
            // What follows reads the first operand where it writes. (Settled, or the compiler calls a function to copy.)
            for i in 0..Self::SAMPLES {
                *out.get_mut(i)? = settle::<S, T>(*f.get(i)?);
            }
        }
        for i in 0..BLOCKS * Self::RULE.pairs {
            let zone = Self::PAIRS;
            let ([f0, f1], [g0, g1]) = (zone.read::<S, T>(s, out, i)?, zone.read::<S, T>(s, g, i)?);
            let h = [multiply_general::<S, T>(s, f0, g0), multiply_general::<S, T>(s, f1, g1)];
            zone.write::<S, T>(s, out, i, h)?;
        }
        for i in 0..BLOCKS * Self::RULE.fixed {
            let [even, exchanged] = Self::FIXED;
            let f = (read(out, even, i)?, read(out, exchanged, 2 * i)?);
            let g = (read(g, even, i)?, read(g, exchanged, 2 * i)?);
            let (h, columns) = multiply_general::<S, T>(s, f, g);
            write(out, even, i, h)?;
            write(out, exchanged, 2 * i, columns)?;
        }
        let upright = 2 * Self::RULE.plane_pairs + Self::RULE.plane_fixed;
        multiply_on_planes::<S, T>(s, Self::UPRIGHT, BLOCKS * upright, g, out)?;
        multiply_on_planes::<S, T>(s, Self::PLANE_PAIRS, BLOCKS * Self::RULE.plane_pairs, g, out)?;
        for i in 0..BLOCKS * Self::RULE.plane_fixed {
            let [even, exchanged] = Self::PLANE_FIXED;
            let f = (read(out, even, i)?, read(out, exchanged, 2 * i)?);
            let g = (read(g, even, i)?, read(g, exchanged, 2 * i)?);
            let (h, columns) = multiply_on_plane::<S, T>(s, f, g);
            write(out, even, i, h)?;
            write(out, exchanged, 2 * i, columns)?;
        }
        for i in 0..BLOCKS {
            let (zone, places) = (Self::AXES, Self::AXIS_Z);
            let ([f0, f1], [g0, g1]) = (zone.read::<S, T>(s, out, i)?, zone.read::<S, T>(s, g, i)?);
            let h = [multiply_on_axis::<S, T>(s, f0, g0), multiply_on_axis::<S, T>(s, f1, g1)];
            zone.write::<S, T>(s, out, i, h)?;
            let h = convolve_two::<S, T>(s, read(out, places, i)?, read(g, places, i)?);
            write(out, places, i, h)?;
        }
        Some(())
    }

    /// Brackets have no such kernels.
    #[inline(always)]
    fn bracket<S: Simd>(
        &self,
        _: S,
        _: usize,
        _: [&[T::Lanes<S>]; 2],
        _: [&[T::Lanes<S>]; 2],
        _: &mut [T::Lanes<S>],
        _: bool,
    ) -> Option<()> {
        None
    }
}

/// A product of functions at a general point, twice as large: the values of classes 0, 3, 4, 7 and of 1, 2, 5, 6. What is even in
/// `z`, and what is odd, makes values at `z` and at `−z`.
#[inline(always)]
fn multiply_general<S: Simd, T: LaneOps>(
    s: S,
    ([f0, f3, f4, f7], [f1, f2, f5, f6]): Values<T::Lanes<S>, 4, 4>,
    ([g0, g3, g4, g7], [g1, g2, g5, g6]): Values<T::Lanes<S>, 4, 4>,
) -> Values<T::Lanes<S>, 4, 4> {
    let (f_even, f_odd) = ([f0, f1, f2, f3], [f4, f5, f6, f7]);
    let (g_even, g_odd) = ([g0, g1, g2, g3], [g4, g5, g6, g7]);
    let above = convolve::<S, T>(s, sum::<S, T, 4>(s, f_even, f_odd), sum::<S, T, 4>(s, g_even, g_odd));
    let below =
        convolve::<S, T>(s, difference::<S, T, 4>(s, f_even, f_odd), difference::<S, T, 4>(s, g_even, g_odd));
    let [h0, h1, h2, h3] = sum::<S, T, 4>(s, above, below);
    let [h4, h5, h6, h7] = difference::<S, T, 4>(s, above, below);
    ([h0, h3, h4, h7], [h1, h2, h5, h6])
}

/// A product at a point on a plane, where four classes are left.
#[inline(always)]
fn multiply_on_plane<S: Simd, T: LaneOps>(
    s: S,
    ([f0, f1], [f2, f3]): Values<T::Lanes<S>, 2, 2>,
    ([g0, g1], [g2, g3]): Values<T::Lanes<S>, 2, 2>,
) -> Values<T::Lanes<S>, 2, 2> {
    let [h0, h1, h2, h3] = convolve::<S, T>(s, [f0, f1, f2, f3], [g0, g1, g2, g3]);
    ([h0, h1], [h2, h3])
}

/// Products with what `out` holds at so many pairs of points on planes.
#[inline(always)]
fn multiply_on_planes<S: Simd, T: LaneOps>(
    s: S,
    zone: Pairs<2, 2>,
    count: usize,
    g: &[T::Lanes<S>],
    out: &mut [T::Lanes<S>],
) -> Option<()> {
    for i in 0..count {
        let ([f0, f1], [g0, g1]) = (zone.read::<S, T>(s, out, i)?, zone.read::<S, T>(s, g, i)?);
        let h = [multiply_on_plane::<S, T>(s, f0, g0), multiply_on_plane::<S, T>(s, f1, g1)];
        zone.write::<S, T>(s, out, i, h)?;
    }
    Some(())
}

/// A product at a point on an axis, where two are.
#[inline(always)]
fn multiply_on_axis<S: Simd, T: LaneOps>(
    s: S,
    ([f0], [f1]): Values<T::Lanes<S>, 1, 1>,
    ([g0], [g1]): Values<T::Lanes<S>, 1, 1>,
) -> Values<T::Lanes<S>, 1, 1> {
    let [h0, h1] = convolve_two::<S, T>(s, [f0, f1], [g0, g1]);
    ([h0], [h1])
}

impl<const N: usize, const M: usize> Pairs<N, M> {
    /// Values at the points of pair number `i`.
    #[inline(always)]
    fn read<S: Simd, T: LaneOps>(
        self,
        s: S,
        samples: &[T::Lanes<S>],
        i: usize,
    ) -> Option<[Values<T::Lanes<S>, N, M>; 2]> {
        let (even, odd) = (read(samples, self.even, i)?, read(samples, self.odd, i)?);
        let (first, second) = (read(samples, self.first, 2 * i)?, read(samples, self.second, 2 * i)?);
        Some([(sum::<S, T, N>(s, even, odd), first), (difference::<S, T, N>(s, even, odd), second)])
    }

    /// The adjoint: writes what is to be multiplied by even and by odd functions, and by exchanged ones, and added up.
    #[inline(always)]
    fn write<S: Simd, T: LaneOps>(
        self,
        s: S,
        samples: &mut [T::Lanes<S>],
        i: usize,
        [(h0, first), (h1, second)]: [Values<T::Lanes<S>, N, M>; 2],
    ) -> Option<()> {
        write(samples, self.even, i, sum::<S, T, N>(s, h0, h1))?;
        write(samples, self.odd, i, difference::<S, T, N>(s, h0, h1))?;
        write(samples, self.first, 2 * i, first)?;
        write(samples, self.second, 2 * i, second)
    }
}

/// Samples number `i` from these places on.
#[inline(always)]
fn read<V: Copy, const N: usize>(samples: &[V], places: [usize; N], i: usize) -> Option<[V; N]> {
    let mut values = [*samples.get(places[0] + i)?; N];
    for n in 1..N {
        values[n] = *samples.get(places[n] + i)?;
    }
    Some(values)
}

#[inline(always)]
fn write<V: Copy, const N: usize>(
    samples: &mut [V],
    places: [usize; N],
    i: usize,
    values: [V; N],
) -> Option<()> {
    for n in 0..N {
        *samples.get_mut(places[n] + i)? = values[n];
    }
    Some(())
}

/// The representatives of a group.
struct Representatives<const RULE: usize, const GROUP: usize>;

impl<const RULE: usize, const GROUP: usize> RowCount for Representatives<RULE, GROUP> {
    const ROWS: usize = OctahedralRule::of_degree(RULE).n_representatives(Group::ALL[GROUP]);
}

/// The functions of a group to a degree.
struct Functions<const GROUP: usize, const LMAX: usize>;

impl<const GROUP: usize, const LMAX: usize> RowCount for Functions<GROUP, LMAX> {
    const ROWS: usize = Group::ALL[GROUP].n_functions(LMAX);
}

/// The rows of the coefficients to a degree.
struct UpTo<const LMAX: usize>;

impl<const LMAX: usize> RowCount for UpTo<LMAX> {
    const ROWS: usize = n_lm(LMAX);
}

impl<const LMAX: usize> UpTo<LMAX> {
    /// How many lines are asked for with a group.
    const fn lines_with(group: usize) -> usize {
        share(n_lm(LMAX), group..group + 1, N_GROUPS)
    }

    /// Where number `n` of [the rows group by group](Self::BY_GROUP) lies among those of so many blocks: that of the first block,
    /// and the distance from one block to the next. (Those of a function and its exchanged one follow one another block by block.)
    const fn place(n: usize, blocks: usize) -> (usize, usize) {
        let mut group = 0;
        while group + 1 < N_GROUPS && functions_start(group + 1, LMAX) <= n {
            group += 1;
        }
        let (start, columns) = (functions_start(group, LMAX), Group::ALL[group].columns());
        let (function, column) = ((n - start) / columns, (n - start) % columns);
        (blocks * (start + function * columns) + column, columns)
    }

    /// The rows of coefficients group by group, as [`functions_start`] counts them, those of a function and its exchanged one in
    /// turns. (As many as to the largest degree; the rest is not used. A reference, so that its mentions are no copies.)
    const BY_GROUP: &'static [SignedRow; n_lm(12)] = &{
        let (mut rows, mut count) = ([SignedRow { row: 0, is_opposite: false }; n_lm(12)], 0);
        let mut number = 0;
        while number < N_GROUPS {
            let group = Group::ALL[number];
            let (is_sine, least, step) = group.orders();
            let mut l = 0;
            while l <= LMAX {
                let (mut order, mut column) = (0, 0);
                while order < group.n_orders(l) {
                    let m = least + order * step;
                    let row = if is_sine || column == 1 { l * (l + 1) - m } else { l * (l + 1) + m };
                    rows[count] = SignedRow { row, is_opposite: column == 1 && m % 4 == 3 };
                    count += 1;
                    column = (column + 1) % group.columns();
                    if column == 0 {
                        order += 1;
                    }
                }
                l += 1;
            }
            number += 1;
        }
        assert!(count == n_lm(LMAX));
        rows
    };
}
