//! Element types with their vectors, and running code compiled for an ISA level.

use bytemuck::Pod;
use gaunt::{CacheLine, Isa};
use pulp::{Simd, WithSimd};

/// An element type: `f32` or `f64`.
pub(crate) trait Element: Pod + Into<f64> {
    /// Unit roundoff.
    const ROUNDOFF: f64;
    /// A vector of the ISA level.
    type Vector<S: Simd>: Pod;

    fn round(value: f64) -> Self;
    fn splat<S: Simd>(s: S, value: Self) -> Self::Vector<S>;
    /// `a · b + c` as the library's kernels compute it: fused unless the level is scalar.
    fn mul_add<S: Simd>(s: S, a: Self::Vector<S>, b: Self::Vector<S>, c: Self::Vector<S>) -> Self::Vector<S>;

    /// Elements of a vector.
    fn lanes<S: Simd>() -> usize {
        size_of::<Self::Vector<S>>() / size_of::<Self>()
    }
}

macro_rules! impl_element {
    ($t:ident, $vector:ident, $splat:ident, $mul_add:ident) => {
        impl Element for $t {
            const ROUNDOFF: f64 = $t::EPSILON as f64 / 2.0;
            type Vector<S: Simd> = S::$vector;

            #[allow(clippy::cast_possible_truncation)] // rounding is what is asked for
            fn round(value: f64) -> Self {
                value as Self
            }
            #[inline(always)]
            fn splat<S: Simd>(s: S, value: Self) -> S::$vector {
                s.$splat(value)
            }
            #[inline(always)]
            fn mul_add<S: Simd>(s: S, a: S::$vector, b: S::$vector, c: S::$vector) -> S::$vector {
                s.$mul_add(a, b, c)
            }
        }
    };
}

impl_element!(f32, f32s, splat_f32s, mul_add_e_f32s);
impl_element!(f64, f64s, splat_f64s, mul_add_e_f64s);

/// Runs an operation compiled for a level that this CPU has.
pub(crate) fn vectorize<Op: WithSimd>(isa: Isa, op: Op) -> Op::Output {
    #[cfg(target_arch = "x86_64")]
    if isa == Isa::Avx512
        && let Some(token) = pulp::x86::V4::try_new()
    {
        return Simd::vectorize(token, op);
    }
    #[cfg(target_arch = "x86_64")]
    if isa == Isa::Avx2
        && let Some(token) = pulp::x86::V3::try_new()
    {
        return Simd::vectorize(token, op);
    }
    #[cfg(target_arch = "aarch64")]
    if isa == Isa::Neon
        && let Some(token) = pulp::aarch64::Neon::try_new()
    {
        return Simd::vectorize(token, op);
    }
    assert_eq!(isa, Isa::Scalar, "the command line admits only levels that the CPU has");
    Simd::vectorize(pulp::Scalar, op)
}

/// An array at the start of a cache line, so that times do not depend on where the allocator puts it.
pub(crate) struct Array<T> {
    lines: Vec<CacheLine>,
    len: usize,
    element: std::marker::PhantomData<T>,
}

impl<T: Element> Array<T> {
    pub(crate) fn zeroed(len: usize) -> Self {
        let lines = vec![CacheLine::ZERO; (len * size_of::<T>()).div_ceil(size_of::<CacheLine>())];
        Self { lines, len, element: std::marker::PhantomData }
    }

    pub(crate) fn get(&self) -> &[T] {
        &bytemuck::cast_slice(&self.lines)[..self.len]
    }

    pub(crate) fn get_mut(&mut self) -> &mut [T] {
        &mut bytemuck::cast_slice_mut(&mut self.lines)[..self.len]
    }
}
