//! The lane layer: elements, vectors of lanes, aligned memory and the dense microkernels.
//!
//! One SIMD lane is one (sample, channel); a *lane vector* holds one coefficient (or one function value) of as many
//! of them as the ISA level has lanes. This layer knows vectors and matrices but no spherical harmonics, and it is
//! generic over [`pulp::Simd`]: which instructions come out is decided by [`Level::run`](crate::isa::Level::run).

mod azimuths;
mod fft;
mod groups;
mod interleave;
mod matrix;
mod planes;
mod prefetch;
mod rows;
mod runs;
mod settle;
mod torus;
mod transpose;
mod triangle;

pub(crate) use azimuths::{Azimuths, analyse_orders, synthesise_orders};
pub(crate) use fft::{Adjoint, Fft, Forward, Radices, times};
pub(crate) use interleave::{LaneElements, LaneRows, read_lanes, write_lanes};
pub(crate) use matrix::{DENSE, Matrix, OrderRows, Panel, SignedRow, SignedRows, multiply, multiply_evenly};
pub(crate) use planes::{Multiples, Strided, rotate_planes};
pub(crate) use prefetch::{Ahead, CAN_PREFETCH, NEAR, prefetch};
pub(crate) use rows::{
    BlockCounts, BlockPlace, BlockRows, BlockRowsMut, FirstRowsMut, FixedRows, FixedRowsMut, RowCount, Rows,
    RowsAhead, RowsShape, TwoRowsMut, share, share_of_block,
};
pub(crate) use runs::Runs;
pub(crate) use settle::settle;
pub(crate) use torus::RingPairs;
pub(crate) use transpose::Transposition;
pub(crate) use triangle::{MAX_RINGS, Triangle, analyse_triangle, synthesise_triangle};

use bytemuck::{Pod, Zeroable};
use pulp::Simd;

/// 64 aligned bytes: the unit of caller-owned memory (tables of large plans, workspaces).
///
/// The alignment matters for speed: vector accesses that cross cache lines halve the kernels' speed with AVX-512.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub struct CacheLine([u8; 64]);

// SAFETY: 64 bytes without padding or invalid bit patterns.
#[allow(unsafe_code)]
unsafe impl Zeroable for CacheLine {}
// SAFETY: as above.
#[allow(unsafe_code)]
unsafe impl Pod for CacheLine {}

impl CacheLine {
    /// Zeroed memory.
    pub const ZERO: Self = Self([0; 64]);
}

/// Arithmetic on lane vectors of an element type; `pulp` names it per type, kernels need it generic.
pub trait LaneOps: Pod + Send + Sync {
    /// A vector of lanes.
    type Lanes<S: Simd>: Pod + Send + Sync;
    /// True or false for every lane.
    type Mask<S: Simd>: Copy;
    /// From 1 to the next larger number.
    const EPSILON: Self;

    /// Rounds to this type.
    fn from_f64(value: f64) -> Self;
    /// `self · rhs`.
    fn times(self, rhs: Self) -> Self;
    /// `self + rhs`.
    fn plus(self, rhs: Self) -> Self;
    /// Every lane the same.
    fn splat<S: Simd>(s: S, value: Self) -> Self::Lanes<S>;
    /// `a + b`.
    fn add<S: Simd>(s: S, a: Self::Lanes<S>, b: Self::Lanes<S>) -> Self::Lanes<S>;
    /// `a − b`.
    fn sub<S: Simd>(s: S, a: Self::Lanes<S>, b: Self::Lanes<S>) -> Self::Lanes<S>;
    /// `−a`.
    fn neg<S: Simd>(s: S, a: Self::Lanes<S>) -> Self::Lanes<S>;
    /// `a · b`.
    fn mul<S: Simd>(s: S, a: Self::Lanes<S>, b: Self::Lanes<S>) -> Self::Lanes<S>;
    /// `a · b + c`, fused where the level has fused instructions (all but scalar).
    fn mul_add<S: Simd>(s: S, a: Self::Lanes<S>, b: Self::Lanes<S>, c: Self::Lanes<S>) -> Self::Lanes<S>;
    /// `a / b`.
    fn div<S: Simd>(s: S, a: Self::Lanes<S>, b: Self::Lanes<S>) -> Self::Lanes<S>;
    /// `√a`.
    fn sqrt<S: Simd>(s: S, a: Self::Lanes<S>) -> Self::Lanes<S>;
    /// `|a|`.
    fn abs<S: Simd>(s: S, a: Self::Lanes<S>) -> Self::Lanes<S>;
    /// Whether `a <= b`; false if one is NaN.
    fn less_or_equal<S: Simd>(s: S, a: Self::Lanes<S>, b: Self::Lanes<S>) -> Self::Mask<S>;
    /// `a` where the mask is true, else `b`.
    fn select<S: Simd>(s: S, mask: Self::Mask<S>, a: Self::Lanes<S>, b: Self::Lanes<S>) -> Self::Lanes<S>;
}

macro_rules! impl_lane_ops {
    (
        $t:ty, $lanes:ident, $mask:ident, $splat:ident, $add:ident, $sub:ident, $mul:ident, $mul_add:ident,
        $div:ident, $sqrt:ident, $abs:ident, $less_or_equal:ident, $select:ident
    ) => {
        impl LaneOps for $t {
            type Lanes<S: Simd> = S::$lanes;
            type Mask<S: Simd> = S::$mask;
            const EPSILON: Self = <$t>::EPSILON;

            #[inline(always)]
            #[allow(clippy::cast_possible_truncation)] // rounding is what is asked for
            fn from_f64(value: f64) -> Self {
                value as Self
            }
            #[inline(always)]
            fn times(self, rhs: Self) -> Self {
                self * rhs
            }
            #[inline(always)]
            fn plus(self, rhs: Self) -> Self {
                self + rhs
            }
            #[inline(always)]
            fn splat<S: Simd>(s: S, value: Self) -> S::$lanes {
                s.$splat(value)
            }
            #[inline(always)]
            fn add<S: Simd>(s: S, a: S::$lanes, b: S::$lanes) -> S::$lanes {
                s.$add(a, b)
            }
            #[inline(always)]
            fn sub<S: Simd>(s: S, a: S::$lanes, b: S::$lanes) -> S::$lanes {
                s.$sub(a, b)
            }
            #[inline(always)]
            fn neg<S: Simd>(s: S, a: S::$lanes) -> S::$lanes {
                s.$sub(s.$splat(-0.0), a) // not `pulp`'s function, which is not always inlined
            }
            #[inline(always)]
            fn mul<S: Simd>(s: S, a: S::$lanes, b: S::$lanes) -> S::$lanes {
                s.$mul(a, b)
            }
            #[inline(always)]
            fn mul_add<S: Simd>(s: S, a: S::$lanes, b: S::$lanes, c: S::$lanes) -> S::$lanes {
                s.$mul_add(a, b, c)
            }
            #[inline(always)]
            fn div<S: Simd>(s: S, a: S::$lanes, b: S::$lanes) -> S::$lanes {
                s.$div(a, b)
            }
            #[inline(always)]
            fn sqrt<S: Simd>(s: S, a: S::$lanes) -> S::$lanes {
                s.$sqrt(a)
            }
            #[inline(always)]
            fn abs<S: Simd>(s: S, a: S::$lanes) -> S::$lanes {
                s.$abs(a)
            }
            #[inline(always)]
            fn less_or_equal<S: Simd>(s: S, a: S::$lanes, b: S::$lanes) -> S::$mask {
                s.$less_or_equal(a, b)
            }
            #[inline(always)]
            fn select<S: Simd>(s: S, mask: S::$mask, a: S::$lanes, b: S::$lanes) -> S::$lanes {
                s.$select(mask, a, b)
            }
        }
    };
}

impl_lane_ops!(
    f32,
    f32s,
    m32s,
    splat_f32s,
    add_f32s,
    sub_f32s,
    mul_f32s,
    mul_add_e_f32s,
    div_f32s,
    sqrt_f32s,
    abs_f32s,
    less_than_or_equal_f32s,
    select_f32s
);
impl_lane_ops!(
    f64,
    f64s,
    m64s,
    splat_f64s,
    add_f64s,
    sub_f64s,
    mul_f64s,
    mul_add_e_f64s,
    div_f64s,
    sqrt_f64s,
    abs_f64s,
    less_than_or_equal_f64s,
    select_f64s
);

/// The most lanes of any element type and level.
pub(crate) const MAX_LANES: usize = 16;

/// In place of a degree that is a constant parameter: any, known only when it runs.
pub(crate) const ANY: usize = usize::MAX;

/// Lanes of `T` in a vector of `S`.
pub(crate) const fn lane_count<S: Simd, T: LaneOps>() -> usize {
    size_of::<T::Lanes<S>>() / size_of::<T>()
}

/// Views cache lines as lane vectors or elements.
#[inline(always)]
pub(crate) fn cast_mut<A: Pod, B: Pod>(memory: &mut [A]) -> &mut [B] {
    // Only sizes can fail, never for the pairs used here (powers of two up to 64 bytes, alignment descending).
    bytemuck::try_cast_slice_mut(memory).unwrap_or(&mut [])
}

/// Memory that is not taken yet.
pub(crate) struct Remaining<'a, V>(pub(crate) &'a mut [V]);

impl<'a, V> Remaining<'a, V> {
    /// Takes the next piece; `None` if there is not as much.
    #[inline(always)]
    pub(crate) fn take(&mut self, len: usize) -> Option<&'a mut [V]> {
        let (piece, rest) = core::mem::take(&mut self.0).split_at_mut_checked(len)?;
        self.0 = rest;
        Some(piece)
    }
}

/// Views elements as lane vectors, or lane vectors as elements.
#[inline(always)]
pub(crate) fn cast<A: Pod, B: Pod>(memory: &[A]) -> &[B] {
    bytemuck::try_cast_slice(memory).unwrap_or(&[])
}
